"""scikit-learn's callbacks: a task per fit, a subtask per epoch, always torn down."""

from __future__ import annotations

import copy

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdeep import DNNClassifier
from skdeep.callbacks._sklearn_callbacks import begin_tasks

# The protocol came with scikit-learn 1.9.
callback = pytest.importorskip("sklearn.callback")

EPOCHS = 4
# Without XLA, which compiles longer than these networks train.
SMALL = {
    "hidden_layer_sizes": (6,),
    "epochs": EPOCHS,
    "batch_size": 32,
    "learning_rate": 0.01,
    "random_state": 3,
    "jit_compile": False,
}


class Log:
    """Write down what happens, and the scores that a fitted estimator has."""

    def __init__(self, stop_at=None, fail_at=None):
        self.stop_at = stop_at
        self.fail_at = fail_at
        self.events = []
        self.scores = []
        self.given = []

    def setup(self, estimator, context):
        """Before fit."""
        self.events.append("setup")

    def on_fit_task_begin(self, estimator, context):
        """Before a task."""
        self.events.append(f"begin {context.task_name} {context.task_id}")

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        """After a task."""
        self.events.append(f"end {context.task_name} {context.task_id}")
        self.given.append((X, y, metadata))
        self.scores.append(fitted_estimator.score(X, y))
        is_epoch = context.task_name == "epoch"
        if is_epoch and context.task_id == self.fail_at:
            raise RuntimeError("no space")
        return is_epoch and context.task_id == self.stop_at

    def teardown(self, estimator, context):
        """After fit."""
        self.events.append("teardown")


class Family:
    """A callback that meta-estimators hand down: write down the path of every task."""

    max_propagation_depth = None

    def __init__(self):
        self.paths = []

    def setup(self, estimator, context):
        """Nothing to do."""

    def on_fit_task_begin(self, estimator, context):
        """Note the names from the outermost fit down to this task."""
        names = []
        while context is not None:
            names.append(context.source_task_name or context.task_name)
            context = context.parent
        self.paths.append(" > ".join(reversed(names)))

    def on_fit_task_end(self, estimator, context):
        """Nothing to do."""

    def teardown(self, estimator, context):
        """Nothing to do."""


@pytest.mark.fast
def test_a_fit_is_a_task_with_a_subtask_per_epoch(iris):
    """Tasks begin and end in order, between setup and teardown; no bit changes."""
    log = Log()
    expected = DNNClassifier(**SMALL).fit(*iris)

    fitted = DNNClassifier(**SMALL).set_callbacks(log).fit(*iris)

    epochs = [f"{what} epoch {i}" for i in range(EPOCHS) for what in ("begin", "end")]
    wanted = ["setup", "begin fit 0", *epochs, "end fit 0", "teardown"]
    assert log.events == wanted
    assert fitted.history_ == expected.history_
    outputs = fitted.predict_proba(iris[0])
    np.testing.assert_array_equal(outputs, expected.predict_proba(iris[0]))


def test_the_estimator_of_an_epoch_is_what_a_shorter_fit_gives(iris):
    """After k epochs callbacks see the scores of a fit of k epochs."""
    log = Log()
    shorter = [
        DNNClassifier(**SMALL | {"epochs": k}).fit(*iris).score(*iris)
        for k in range(1, EPOCHS + 1)
    ]

    DNNClassifier(**SMALL).set_callbacks(log).fit(*iris)

    assert log.scores == [*shorter, shorter[-1]]


def test_callbacks_get_the_data_as_the_user_gave_it(iris):
    """Names of columns and of classes stay, so a scorer warns of nothing."""
    X = pd.DataFrame(iris[0], columns=["a", "b", "c", "d"])
    y = load_iris().target_names[iris[1]]
    weight = np.linspace(1, 2, len(y))
    log = Log()

    DNNClassifier(**SMALL).set_callbacks(log).fit(X, y, sample_weight=weight)

    for given_X, given_y, metadata in log.given:
        assert given_X is X
        assert given_y is y
        assert metadata == {"sample_weight": weight}


def test_a_callback_can_stop_the_fit(iris):
    """A true value from an epoch's end makes it the last one."""
    log = Log(stop_at=1)

    fitted = DNNClassifier(**SMALL).set_callbacks(log).fit(*iris)

    assert fitted.n_iter_ == 2
    assert log.events[-3:] == ["end epoch 1", "end fit 0", "teardown"]


def test_early_stopping_ends_the_task_with_the_best_weights(cancer):
    """The task of the fit ends with the estimator that fit returns."""
    log = Log()
    settings = SMALL | {"epochs": 30, "early_stopping": True, "patience": 1}

    fitted = DNNClassifier(**settings).set_callbacks(log).fit(*cancer)

    assert log.events.count("begin fit 0") == 1
    assert len(log.scores) == fitted.n_iter_ + 1
    assert log.scores[-1] == fitted.score(*cancer)


def test_teardown_runs_when_a_callback_fails(iris):
    """The error reaches the user, after teardown; the estimator is not fitted."""
    log = Log(fail_at=1)
    estimator = DNNClassifier(**SMALL).set_callbacks(log)

    with pytest.raises(RuntimeError, match="no space"):
        estimator.fit(*iris)

    assert log.events[-2:] == ["end epoch 1", "teardown"]
    assert not hasattr(estimator, "history_")


def test_teardown_runs_when_the_data_is_refused(iris):
    """Even a fit that fails before its first epoch is torn down."""
    log = Log()

    with pytest.raises(ValueError, match="inconsistent"):
        DNNClassifier(**SMALL).set_callbacks(log).fit(iris[0], iris[1][:-1])

    assert log.events == ["setup", "begin fit 0", "teardown"]


def test_partial_fit_is_a_task_of_one_epoch(iris):
    """Every call is set up and torn down."""
    log = Log()
    estimator = DNNClassifier(**SMALL).set_callbacks(log)

    estimator.partial_fit(*iris, classes=[0, 1, 2]).partial_fit(*iris)

    once = ["setup", "begin fit 0", "begin epoch 0", "end epoch 0", "end fit 0"]
    assert log.events == 2 * [*once, "teardown"]


def test_scoring_monitor_records_a_score_per_epoch(iris):
    """Its log has a row per epoch and one for the fit, with the true scores."""
    log = Log()
    monitor = callback.ScoringMonitor(scoring="accuracy")

    DNNClassifier(**SMALL).set_callbacks(log, monitor).fit(*iris)

    rows = {row["task_id_path"]: row for row in monitor.get_logs().data}
    paths = [*((0, epoch) for epoch in range(EPOCHS)), (0,)]
    assert [rows[path]["accuracy"] for path in paths] == log.scores


def test_a_search_shows_candidates_folds_and_epochs(iris):
    """Tasks nest: search, candidate × fold, epochs; the refit has epochs, too."""
    family = Family()
    search = GridSearchCV(
        DNNClassifier(**SMALL | {"epochs": 2}), {"learning_rate": [0.1, 0.01]}, cv=3
    )

    search.set_callbacks(family).fit(*iris)

    fold = "fit > search > candidate-split-evaluation"
    assert family.paths.count(f"{fold} > epoch") == 2 * 3 * 2
    assert family.paths.count("fit > refit-with-best-params > epoch") == 2


def test_epochs_nest_in_a_pipeline(iris):
    """The network in a Pipeline hears of the Pipeline's callbacks."""
    family = Family()
    pipeline = make_pipeline(StandardScaler(), DNNClassifier(**SMALL))

    pipeline.set_callbacks(family).fit(*iris)

    assert family.paths.count("fit > fit-final-estimator > epoch") == EPOCHS


def test_a_progress_bar_shows_search_and_folds(iris, capsys):
    """scikit-learn's own ProgressBar draws a line per fit of a search."""
    search = GridSearchCV(
        DNNClassifier(**SMALL | {"epochs": 2}), {"learning_rate": [0.1, 0.01]}, cv=2
    )

    search.set_callbacks(callback.ProgressBar()).fit(*iris)

    shown = capsys.readouterr().out
    assert shown.count("candidate-split-evaluation | DNNClassifier - fit") == 2 * 2
    assert shown.count("100%") == 1 + 1 + 4 + 1  # fit, search, folds, refit


@pytest.mark.fast
def test_nobody_listening_costs_nothing(iris):
    """Without callbacks no task is begun, so epochs stay together in long calls."""
    estimator = DNNClassifier(**SMALL)

    assert begin_tasks(estimator, EPOCHS, *iris, None) is None


def test_callbacks_stay_with_copies(iris):
    """A copy of a fitted estimator trains with the same callbacks."""
    log = Log()
    fitted = DNNClassifier(**SMALL).set_callbacks(log).fit(*iris)
    n_events = len(log.events)

    again = copy.copy(fitted).fit(*iris)

    assert len(log.events) == 2 * n_events
    assert again.history_ == fitted.history_


@pytest.mark.slow
def test_callbacks_work_in_worker_processes(iris, tmp_path, capsys):
    """Both kinds of callbacks travel to workers; scores come back from every fold."""
    monitor = callback.ScoringMonitor(scoring="accuracy")
    logger = keras.callbacks.CSVLogger(tmp_path / "log.csv", append=True)
    net = DNNClassifier(**SMALL, callbacks=logger).set_callbacks(monitor)
    search = GridSearchCV(net, {"learning_rate": [0.1, 0.01]}, cv=2, n_jobs=2)

    search.set_callbacks(callback.ProgressBar()).fit(*iris)

    tasks = [row["task_name"] for row in monitor.get_logs().data]
    n_fits = 2 * 2 + 1
    assert tasks.count("epoch") == n_fits * EPOCHS
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert sum(line[0].isdigit() for line in lines) == n_fits * EPOCHS
    assert "candidate-split-evaluation" in capsys.readouterr().out
