"""What early stopping watches: a column of the history, or a score of scikit-learn."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer, get_scorer_names

from skdeep._warnings import is_in_search, stacklevel_of_user
from skdeep.callbacks._callback import Callback, RunView
from skdeep.callbacks._early_stopping import StoppingRule, check_monitor, rises
from skdeep.engine._job import Job
from skdeep.estimators._calibration import CALIBRATED_LOSS, CalibratedLoss
from skdeep.estimators._parameters import SHARE_HELD_OUT
from skdeep.exceptions import InvalidNetworkError

Scorer = Callable[..., Any]


def resolved_monitor(monitor: Any, names: Sequence[str]) -> tuple[str, Scorer | None]:
    """Return the column to watch, and the scorer that fills it, if one does.

    Parameters
    ----------
    monitor : str or callable
        As the constructor has it.
    names : sequence of str
        The loss and the metrics.
    """
    if isinstance(monitor, str) and monitor == CALIBRATED_LOSS:
        return monitor, None
    columns = [*names, *(f"val_{name}" for name in names), "learning_rate"]
    if callable(monitor):
        function = getattr(monitor, "_score_func", monitor)
        return f"val_{getattr(function, '__name__', 'score')}", monitor
    column = "val_loss" if monitor == "auto" else monitor
    if column not in columns and column in get_scorer_names():
        return f"val_{column}", get_scorer(column)
    check_monitor(column, columns)
    return column, None


def stopping_rule(parameters: Any, names: Sequence[str]) -> StoppingRule | None:
    """Say when to stop early, if asked to; a wrong monitor is wrong without, too."""
    column, scorer = resolved_monitor(parameters["monitor"], names)
    if column == CALIBRATED_LOSS and parameters.get("calibration") is None:
        raise InvalidNetworkError(
            f"monitor={column!r} is the loss that a classifier's calibration leaves; "
            "got an estimator without. Set calibration='temperature', or monitor "
            "'val_loss'."
        )
    if not parameters["early_stopping"] or parameters["early_stopping"] == "watch":
        return None
    mode = parameters["monitor_mode"]
    is_rising = mode == "auto" and scorer is not None  # of scorers more is better
    return StoppingRule(
        column,
        parameters["patience"],
        parameters["min_delta"],
        is_rising or rises(column, mode),
    )


def warn_if_not_held_out(parameters: Any) -> None:
    """Warn of a share of rows that nobody has asked for, in a fit without others."""
    share = parameters["validation_fraction"]
    is_wanted = parameters["early_stopping"] or parameters.get("calibration")
    if is_wanted or share == SHARE_HELD_OUT or is_in_search():
        return
    warnings.warn(
        "validation_fraction is the share of rows that early stopping or calibration "
        f"hold out; got {share} with early_stopping=False, which holds out none. Set "
        "early_stopping=True, or early_stopping='watch' to evaluate them and never "
        "stop, or leave validation_fraction out.",
        UserWarning,
        stacklevel=stacklevel_of_user(),
    )


def epoch_scores(estimator: Any, job: Job, monitor: Any) -> list[Callback]:
    """Return what scores the epochs of a job, if it has rows to score."""
    column, scorer = resolved_monitor(monitor, job.key.objective.names)
    if job.validation is None:
        return []
    if column == CALIBRATED_LOSS:
        return [CalibratedLoss(job)]
    if scorer is None:
        return []
    return [EpochScore(estimator, job, column, scorer)]


class EpochScore(Callback):
    """Score the validation rows after every epoch, for a column of the history.

    Parameters
    ----------
    estimator : NetworkEstimator
        In whose fit the run happens; a copy of it predicts.
    job : Job
        What trains, with validation rows.
    column : str
        Where the score goes.
    scorer : callable
        (estimator, X, y) -> a number; gets ``sample_weight``, too, if it takes it and
        rows have different weights.
    """

    max_epochs_between_looks = 1

    def __init__(self, estimator: Any, job: Job, column: str, scorer: Scorer):
        # A copy, so that the fit is not seen half-way; no clone, since what fit has
        # found out of the data belongs to it.
        self._view = object.__new__(type(estimator))
        kept = {n: v for n, v in vars(estimator).items() if n != "members_"}
        self._view.__dict__.update(kept)
        # The rows have been checked; again after every epoch would cost more than the
        # prediction, and warn of lost names.
        self._view._check_X = lambda X, *, reset: X
        self._estimator = estimator
        self._job = job
        self._column = column
        self._scorer = scorer
        self._weight = self._sample_weight()

    def _sample_weight(self) -> dict[str, Any]:
        """The weights of the rows, if they say anything and the scorer takes them."""
        assert self._job.validation is not None
        weight = self._job.validation.weight
        function = getattr(self._scorer, "_score_func", self._scorer)
        takes = "sample_weight" in inspect.signature(function).parameters
        return {"sample_weight": weight} if takes and np.ptp(weight) > 0 else {}

    def on_epoch_end(self, run: RunView, logs: list[dict[str, float]]) -> None:
        """Score the weights that a run ending here would leave."""
        assert self._job.validation is not None
        rows = self._job.validation
        weights = [np.array(w) for w in run.snapshot()]
        self._view._fitted = self._estimator._network(self._job, weights)
        score = self._scorer(self._view, rows.X, rows.labels, **self._weight)
        try:
            logs[-1][self._column] = float(score)
        except (TypeError, ValueError) as error:
            raise InvalidNetworkError(
                "monitor must be a scorer that returns one number; got "
                f"{score!r:.80} from {self._scorer!r:.80}. Return a float, larger for "
                "better predictions."
            ) from error
