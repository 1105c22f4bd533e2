"""Stop when a monitored value no longer improves, and keep the best weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skdeep.callbacks._callback import Callback, RunView
from skdeep.exceptions import DivergenceError, InvalidNetworkError

# Parts of names whose values should rise; all others should fall.
RISING = ("acc", "auc", "precision", "recall", "f1", "score", "r2", "iou", "pearson")


def rises(monitor: str, mode: str) -> bool:
    """Say whether a larger value of ``monitor`` is better."""
    if mode != "auto":
        return mode == "max"
    name = monitor.lower()
    return any(part in name for part in RISING) and "loss" not in name


def check_monitor(monitor: str, columns: Sequence[str]) -> None:
    """Refuse a column that the history will not have."""
    if monitor not in columns:
        raise InvalidNetworkError(
            f"monitor must be a column of the history, {sorted(columns)}; got "
            f"{monitor!r}, which is no scorer of scikit-learn, either. Add the metric "
            "to metrics, or monitor another one."
        )


# A value, since it is part of the job, which may run twice and elsewhere; who watches
# is made anew for every run.
@dataclass(frozen=True)
class StoppingRule:
    """When to stop.

    Attributes
    ----------
    monitor : str
        The column of the history to watch.
    patience : int
        Epochs without improvement after which the run stops.
    min_delta : float
        Smaller improvements do not count.
    rising : bool
        Whether larger is better.
    """

    monitor: str
    patience: int
    min_delta: float
    rising: bool


class EarlyStopping(Callback):
    """Watch one column of the history; keep the best weights.

    Sets: ``best_value``, ``best_epoch``.
    """

    max_epochs_between_looks = 1

    def __init__(self, rule: StoppingRule):
        self.rule = rule
        self.best_value: float | None = None
        self.best_epoch = 0
        self._best: Any = None

    def on_epoch_end(self, run: RunView, logs: list[dict[str, float]]) -> None:
        """Compare, remember, stop."""
        value = logs[-1][self.rule.monitor]
        # As the first value NaN would stay the best: nothing is larger or smaller.
        if not math.isfinite(value):
            raise DivergenceError(
                f"Expected finite numbers to monitor; got {self.rule.monitor}={value} "
                f"in epoch {run.epoch}. Scale the validation rows like the training "
                "rows, or monitor another column."
            )
        gain = 0.0
        if self.best_value is not None:
            gain = (value - self.best_value) * (1 if self.rule.rising else -1)
        # With min_delta=0 an equal value is no improvement, either.
        if self.best_value is None or gain > self.rule.min_delta:
            self.best_value, self.best_epoch = value, run.epoch
            self._best = run.snapshot()
        # Both are counted over all fits, so a continued one has its full patience.
        elif run.epoch - self.best_epoch >= self.rule.patience:
            run.stop = True

    def on_run_end(self, run: RunView) -> None:
        """Go back to the best weights."""
        # Ctrl-C ends here, too: interrupted_ has the best weights so far.
        if self._best is not None:
            run.restore(self._best)
