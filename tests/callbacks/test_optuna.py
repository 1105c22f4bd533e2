"""OptunaPruning: a trial hears of every epoch and may end the fit."""

import os
import signal
import subprocess
import sys

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from skdeep import DNNClassifier
from skdeep.callbacks import OptunaPruning
from skdeep.exceptions import InvalidNetworkError

RUN = """
import os, signal, sys
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from sklearn.datasets import load_iris
from skdeep import DNNClassifier
from skdeep.callbacks import OptunaPruning

path, n_trials, deadly = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
X, y = load_iris(return_X_y=True)

def objective(trial):
    if trial.number == deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    rate = trial.suggest_float("learning_rate", 1e-4, 0.1, log=True)
    net = DNNClassifier((4,), learning_rate=rate, epochs=3, random_state=0)
    net.set_params(callbacks=OptunaPruning(trial, "loss"))
    return net.fit(X[::3], y[::3]).history_["loss"][-1]

storage = JournalStorage(JournalFileBackend(path))
study = optuna.create_study(
    study_name="iris", storage=storage, load_if_exists=True,
    pruner=optuna.pruners.NopPruner(),
)
study.optimize(objective, n_trials=n_trials)
"""


class PruneSecond(optuna.pruners.BasePruner):
    """Ends the second trial after its second epoch."""

    def prune(self, study, trial):
        """Say whether to end it."""
        return trial.number == 1 and trial.last_step == 1


def net(**changes):
    """A small network."""
    return DNNClassifier((4,), epochs=4, random_state=0, **changes)


def journal(path):
    """A storage that several processes may share."""
    return JournalStorage(JournalFileBackend(str(path)))


@pytest.fixture
def rows(iris):
    """50 flowers."""
    return iris[0][::3], iris[1][::3]


@pytest.mark.fast
def test_a_trial_hears_of_every_epoch_and_may_end_the_fit(rows, tmp_path):
    """What is reported is the history; what is pruned trains no further."""
    histories = []

    def objective(trial):
        pruned = net(early_stopping=True, callbacks=[OptunaPruning(trial)])
        histories.append(pruned.fit(*rows).history_["val_loss"])
        return histories[-1][-1]

    study = optuna.create_study(
        storage=journal(tmp_path / "journal.log"), pruner=PruneSecond()
    )
    study.optimize(objective, n_trials=3)

    first, second, third = study.trials
    assert [t.state for t in (first, third)] == [TrialState.COMPLETE] * 2
    assert second.state == TrialState.PRUNED
    assert list(first.intermediate_values) == [0, 1, 2, 3]
    assert list(first.intermediate_values.values()) == histories[0]
    assert list(second.intermediate_values.values()) == histories[0][:2]
    assert len(histories) == 2


def test_looking_changes_nothing(rows):
    """The weights are those of a fit without the callback, in copies of it, too."""
    trial = optuna.create_study().ask()
    watched = clone(net(callbacks=OptunaPruning(trial, "loss")))

    watched.fit(*rows)

    assert watched.history_ == net().fit(*rows).history_
    assert watched.callbacks_[0].trial is trial
    assert watched.get_params()["callbacks__monitor"] == "loss"


def test_of_several_folds_the_first_is_reported(rows):
    """A trial takes one value for each epoch; Optuna would warn of a second."""
    study = optuna.create_study()
    trial = study.ask()

    cross_val_score(net(callbacks=[OptunaPruning(trial, "loss")]), *rows, cv=2)

    assert list(study.trials[0].intermediate_values) == [0, 1, 2, 3]


def test_a_pruned_fit_leaves_the_estimator_as_it_was(rows):
    """The error goes through to Optuna."""
    study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=0.0))
    pruned = net(callbacks=OptunaPruning(study.ask(), "loss"))

    with pytest.raises(optuna.TrialPruned, match="Pruned after epoch 1"):
        pruned.fit(*rows)

    assert not hasattr(pruned, "history_")


@pytest.mark.fast
@pytest.mark.parametrize(
    ("direction", "monitor", "message"),
    [
        ("maximize", "loss", "should fall, in a study with direction='maximize'"),
        ("minimize", "accuracy", "should rise, in a study with direction='minimize'"),
        ("minimize", "val_loss", "val_\\* needs rows to validate on"),
    ],
)
def test_what_would_prune_the_wrong_ones_is_refused(rows, direction, monitor, message):
    """With what to do instead."""
    trial = optuna.create_study(direction=direction).ask()

    with pytest.raises(InvalidNetworkError, match=message):
        net(callbacks=OptunaPruning(trial, monitor)).fit(*rows)


@pytest.mark.slow
def test_two_processes_go_on_with_the_study_of_one_that_was_killed(tmp_path):
    """The journal has every trial that had ended, and the rest follow."""
    path = tmp_path / "journal.log"

    def start(n_trials, deadly):
        arguments = [str(path), str(n_trials), str(deadly)]
        return subprocess.Popen([sys.executable, "-c", RUN, *arguments], env=os.environ)

    killed = start(5, 2)
    assert killed.wait() == -signal.SIGKILL
    both = [start(2, -1), start(2, -1)]
    assert [process.wait() for process in both] == [0, 0]

    study = optuna.load_study(study_name="iris", storage=journal(path))
    states = [trial.state for trial in study.trials]
    assert states.count(TrialState.COMPLETE) == 2 + 4
    assert all(len(t.intermediate_values) == 3 for t in study.trials[:2])
