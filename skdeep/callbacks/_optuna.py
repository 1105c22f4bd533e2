"""Pruning by Optuna: a trial is told of every epoch, and may end the fit."""

from __future__ import annotations

import copy
from typing import Any

from skdeep.callbacks._callback import Callback, RunView
from skdeep.callbacks._early_stopping import rises
from skdeep.exceptions import InvalidNetworkError


class OptunaPruning(Callback):
    """Report every epoch to a trial of Optuna, and end the fit when it is to be pruned.

    For ``callbacks=`` of an estimator inside an objective. Epochs run in the compiled
    engine, one call for each. The trial is shared by all copies of the callback; what
    has been reported of an epoch is not reported again, so that of several folds or
    members the first decides.

    Parameters
    ----------
    trial : optuna.trial.Trial
        The trial of this fit.
    monitor : str, default="val_loss"
        A column of ``history_``. ``val_*`` needs rows to validate on: ``X_val``, or
        ``early_stopping=True``.

    Raises
    ------
    ImportError
        If Optuna is not installed.
    skdeep.exceptions.InvalidNetworkError
        In fit, if there is no such column, or if it falls where the study maximises.
    optuna.TrialPruned
        In fit, if the study's pruner says so; the estimator is as it was. Inside
        ``cross_val_score`` set ``error_score="raise"``, or it counts as a failed fit.

    Examples
    --------
    >>> import optuna
    >>> from sklearn.datasets import load_iris
    >>> from skdeep import DNNClassifier
    >>> from skdeep.callbacks import OptunaPruning
    >>> X, y = load_iris(return_X_y=True)
    >>> def objective(trial):
    ...     net = DNNClassifier(
    ...         (8,),
    ...         learning_rate=trial.suggest_float("learning_rate", 1e-4, 0.1, log=True),
    ...         epochs=10,
    ...         early_stopping=True,
    ...         callbacks=[OptunaPruning(trial)],
    ...         random_state=0,
    ...     )
    ...     return min(net.fit(X, y).history_["val_loss"])
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    >>> study.optimize(objective, n_trials=3)
    >>> len(study.trials[0].intermediate_values)
    10
    """

    max_epochs_between_looks = 1

    def __init__(self, trial: Any, monitor: str = "val_loss"):
        _pruned()  # before anything is trained
        self.trial = trial
        self.monitor = monitor
        self._reported: set[int] = set()

    def __deepcopy__(self, memo: dict[int, Any]) -> OptunaPruning:
        """Copy the arguments; all copies share the trial and the record of it."""
        return copy.copy(self)

    def on_run_begin(self, run: RunView) -> None:
        """Refuse to prune the good ones.

        Parameters
        ----------
        run : RunView
            The run, as it is.
        """
        study = getattr(self.trial, "study", None)  # a fixed trial has none
        if study is None:
            return
        rising = rises(self.monitor, "auto")
        direction = study.direction.name.lower()
        if rising != (direction == "maximize"):
            raise InvalidNetworkError(
                "The monitored column must go where the study goes; got "
                f"{self.monitor}, which should {'rise' if rising else 'fall'}, in a "
                f"study with direction={direction!r}. Monitor another column, or "
                "change the direction and the objective's sign."
            )

    def on_epoch_end(self, run: RunView, logs: list[dict[str, float]]) -> None:
        """Report, and ask.

        Parameters
        ----------
        run : RunView
            The run, as it is.
        logs : list of dict
            Loss, metrics and learning rate of each.
        """
        step = run.epoch - 1  # Optuna's pruners count from 0
        if step in self._reported:
            return
        if self.monitor not in logs[-1]:
            raise InvalidNetworkError(
                f"monitor must be a column of the history, {sorted(logs[-1])}; got "
                f"{self.monitor!r}. Choose one of them; val_* needs rows to validate "
                "on, X_val or early_stopping=True."
            )
        self._reported.add(step)
        self.trial.report(logs[-1][self.monitor], step)
        if self.trial.should_prune():
            raise _pruned()(f"Pruned after epoch {run.epoch}.")


def _pruned() -> type[Exception]:
    """Return what ends a trial."""
    try:
        from optuna import TrialPruned
    except ImportError as error:
        raise ImportError(
            "OptunaPruning reports to trials of Optuna, which is not installed. "
            "Install it: pip install optuna."
        ) from error
    return TrialPruned
