"""EpochHalvingSearchCV: a scikit-learn search whose survivors train on."""

import keras
import numpy as np
import pytest
import sklearn
from numpy.testing import assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import skdeep
from skdeep import DNNClassifier
from skdeep.engine import cache_info
from skdeep.model_selection import EpochHalvingRandomSearchCV, EpochHalvingSearchCV

FOLDS = KFold(2, shuffle=True, random_state=0)
RATES = [0.001, 0.003, 0.01, 0.03]


@pytest.fixture
def rows(iris):
    """50 flowers."""
    return iris[0][::3], iris[1][::3]


def net(**changes):
    """A small network; all tests share its program."""
    parameters = {"epochs": 4, "dropout": 0.1, "random_state": 0, **changes}
    return DNNClassifier((4,), **parameters)


def pipeline(**changes):
    """The same behind a scaler."""
    return Pipeline([("scale", CountingScaler()), ("net", net(**changes))])


def search_of(estimator=None, rates=RATES, **changes):
    """A search over learning rates."""
    name = "net__learning_rate" if isinstance(estimator, Pipeline) else "learning_rate"
    given = {"factor": 2, "cv": FOLDS, "scoring": "neg_log_loss", **changes}
    return EpochHalvingSearchCV(estimator or net(), {name: rates}, **given)


def scores_of_winner(search):
    """Its scores on both folds."""
    results = search.cv_results_
    return [results[f"split{k}_test_score"][search.best_index_] for k in range(2)]


def columns(search):
    """The columns of ``cv_results_`` that are no times."""
    return {
        name: np.asarray(values)
        for name, values in search.cv_results_.items()
        if "time" not in name and name != "params"
    }


class CountingScaler(StandardScaler):
    """Counts its fits, those of all clones."""

    n_fits = 0

    def fit(self, X, y=None, sample_weight=None):
        """Count, and fit."""
        type(self).n_fits += 1
        return super().fit(X, y, sample_weight)


@pytest.mark.fast
def test_every_score_is_that_of_a_fit_in_one_go(rows):
    """Survivors train on, and the result is as if they had never stopped."""
    rates = np.geomspace(0.001, 0.03, 7)

    search = search_of(pipeline(decay=0.01), rates).fit(*rows)

    results = search.cv_results_
    assert list(results["iter"]) == [0] * 7 + [1] * 4 + [2] * 3
    assert list(results["n_resources"]) == [1] * 7 + [2] * 4 + [4] * 3
    for row, (params, epochs) in enumerate(
        zip(results["params"], results["n_resources"], strict=True)
    ):
        whole = pipeline(decay=0.01).set_params(**params, net__epochs=epochs)
        expected = cross_val_score(whole, *rows, cv=FOLDS, scoring="neg_log_loss")
        found = [results[f"split{k}_test_score"][row] for k in range(2)]
        assert_array_equal(found, expected)


def test_the_winner_is_refitted_on_all_rows_for_its_epochs(rows):
    """As if it had been known before."""
    X, y = rows

    search = search_of(max_epochs=6, cv=2).fit(X, y)

    alone = net(**search.best_params_, epochs=6, early_stopping=False).fit(X, y)
    assert search.best_estimator_.n_epochs_ == search.best_n_epochs_ == 6
    assert search.best_estimator_.get_params() == alone.get_params()
    assert_array_equal(search.predict_proba(X), alone.predict_proba(X))
    scores = search.cv_results_["mean_test_score"]
    assert search.best_index_ == np.argmax(scores)
    assert search.best_score_ == scores.max()
    assert_array_equal(search.classes_, [0, 1, 2])
    assert search.n_features_in_ == 4


def fewer_epochs(estimator, X, y):
    """Score networks that overfit from the first epoch on."""
    return -estimator.n_epochs_


@pytest.mark.parametrize(("schedule", "n_epochs"), [("constant", 2), ("cosine", 4)])
def test_who_overfits_wins_with_the_epochs_before(rows, schedule, n_epochs):
    """The best score of any rung wins, if a fit of so many epochs gives it."""
    search = search_of(net(schedule=schedule), scoring=fewer_epochs).fit(*rows)

    assert list(search.n_resources_) == [2, 4]
    assert search.best_n_epochs_ == search.best_estimator_.n_epochs_ == n_epochs
    assert search.best_score_ == -n_epochs
    assert search.cv_results_["n_resources"][search.best_index_] == n_epochs


def test_transformers_are_fitted_once_for_every_candidate_and_fold(rows):
    """Rungs after the first train networks only; one program serves them all."""
    search_of(pipeline(jit_compile=True)).fit(*rows)
    before, compiled = CountingScaler.n_fits, cache_info().misses

    search_of(pipeline(jit_compile=True), refit=False).fit(*rows)

    assert CountingScaler.n_fits - before == 4 * 2
    assert cache_info().misses == compiled


def test_threads_find_what_one_finds(rows):
    """Candidates run side by side, to the same bits."""
    one = columns(search_of(return_train_score=True).fit(*rows))

    two = columns(search_of(return_train_score=True, n_jobs=2).fit(*rows))

    assert "mean_train_score" in one
    assert one.keys() == two.keys()
    for name, values in one.items():
        assert_array_equal(two[name], values)


def test_groups_and_weights_go_where_they_belong(rows):
    """Groups go to the splitter, weights to fit, with routing and without."""
    X, y = rows
    groups, weight = np.arange(50) % 5, y + 1.0
    search = search_of(cv=GroupKFold(2), refit=False, scoring=None)

    found = [scores_of_winner(search.fit(X, y, groups=groups, sample_weight=weight))]
    with sklearn.config_context(enable_metadata_routing=True):
        requesting = net().set_fit_request(sample_weight=True, groups=False)
        requesting.set_score_request(sample_weight=True)
        search.set_params(estimator=requesting)
        search.fit(X, y, groups=groups, sample_weight=weight)
        found.append(scores_of_winner(search))

    best = net(**search.best_params_, epochs=search.best_n_epochs_)
    expected = []
    for train, test in GroupKFold(2).split(X, y, groups):
        best.fit(X[train], y[train], sample_weight=weight[train])
        expected.append(best.score(X[test], y[test], sample_weight=weight[test]))
    assert found == [expected, expected]


def test_failing_candidates_are_out(rows):
    """They get the error score, the search warns, and the others go on."""
    search = search_of(rates=[-1.0, 0.01, 0.003, 0.001])

    with (
        pytest.warns(FitFailedWarning, match="2 fits failed"),
        pytest.warns(UserWarning, match="non-finite"),
    ):
        search.fit(*rows)

    results = search.cv_results_
    assert np.isnan(results["mean_test_score"][0])
    later = results["param_learning_rate"][results["iter"] > 0]
    assert -1.0 not in later
    with pytest.raises(ValueError, match="The 'learning_rate' parameter"):
        clone(search).set_params(error_score="raise").fit(*rows)


def test_of_several_scores_refit_names_the_one_that_decides(rows):
    """All are recorded, one says who survives."""
    scoring = ["accuracy", "neg_log_loss"]

    several = search_of(scoring=scoring, refit="neg_log_loss").fit(*rows)

    one = search_of().fit(*rows)
    assert several.best_params_ == one.best_params_
    assert several.best_score_ == one.best_score_
    assert "mean_test_accuracy" in several.cv_results_
    assert several.score(*rows) == one.score(*rows)
    with pytest.raises(ValueError, match="one must say who survives"):
        search_of(scoring=scoring, refit=False).fit(*rows)


def test_callbacks_of_the_search_hear_of_every_epoch_of_every_rung(rows):
    """Those that a search hands on see the networks train on in a Pipeline, too."""
    pytest.importorskip("sklearn.callback", reason="needs scikit-learn 1.9")
    epochs = EpochLog()
    search = search_of(pipeline(), n_jobs=1)

    search.set_callbacks(epochs).fit(*rows)

    # four candidates for two epochs, three for two more, on two folds, and the refit
    n_refit = search.best_n_epochs_
    assert epochs.tasks.count("epoch") == (4 * 2 + 3 * 2) * 2 + n_refit
    assert epochs.tasks.count("halving-iteration") == 2
    assert epochs.tasks.count("refit-with-best-params") == 1


class EpochLog:
    """A callback of scikit-learn that notes the names of the tasks."""

    max_propagation_depth = None

    def __init__(self):
        self.tasks = []

    def setup(self, estimator, context):
        """Before the search."""

    def teardown(self, estimator, context):
        """After it."""

    def on_fit_task_begin(self, estimator, context):
        """Before a task."""

    def on_fit_task_end(self, estimator, context):
        """After a task, once for every task."""
        self.tasks.append(context.source_task_name or context.task_name)


def test_it_is_a_search_in_every_respect(rows, tmp_path):
    """It clones, copies its parameters, is a classifier, is saved and displayed."""
    steps = [("scale", StandardScaler()), ("net", net())]
    search = search_of(Pipeline(steps))
    copied = clone(search)

    copied.fit(*rows)
    skdeep.save(copied, tmp_path / "search.skdeep")
    loaded = skdeep.load(tmp_path / "search.skdeep")

    assert is_classifier(search)
    assert copied.get_params()["estimator__net__epochs"] == 4
    assert not hasattr(search, "cv_results_")
    assert search.get_params()["estimator__net__warm_start"] is False
    assert_array_equal(loaded.predict(rows[0]), copied.predict(rows[0]))
    assert "EpochHalvingSearchCV" in repr(search)


def test_drawn_candidates_follow_from_random_state(rows):
    """As many are drawn as there are epochs, if the first rung may have one."""
    space = {"learning_rate": RATES, "l2": np.logspace(-6, -2, 9)}
    search = EpochHalvingRandomSearchCV(
        net(), space, factor=2, cv=FOLDS, scoring="neg_log_loss", random_state=1
    )

    first = search.fit(*rows).cv_results_["params"]
    again = clone(search).fit(*rows).cv_results_["params"]

    assert search.n_candidates_ == [4, 3]
    assert search.n_resources_ == [2, 4]
    assert first == again


@pytest.mark.fast
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"estimator": LogisticRegression()}, TypeError, "estimator of skdeep"),
        ({"estimator": net(early_stopping=True)}, ValueError, "early_stopping=False"),
        (
            {"estimator": net(callbacks=[keras.callbacks.TerminateOnNaN()])},
            ValueError,
            "Set callbacks=None",
        ),
        ({"param_grid": {"epochs": [1, 2]}}, ValueError, "Leave it out"),
        ({"param_grid": {"learning_rte": [1]}}, ValueError, "Invalid parameter"),
        ({"min_epochs": 5}, ValueError, "at most the epochs of the last rung, 4"),
        ({"factor": 1}, ValueError, "The 'factor' parameter"),
        ({"max_epochs": 0}, ValueError, "The 'max_epochs' parameter"),
    ],
)
def test_what_cannot_be_searched_is_refused(rows, changes, error, message):
    """Before anything is trained, and with what to do instead."""
    search = search_of()
    search.set_params(**changes)

    with pytest.raises(error, match=message):
        search.fit(*rows)
