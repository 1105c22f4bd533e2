"""The seam between a running fit and everything that watches it."""

from __future__ import annotations

from typing import Any, Protocol


class RunView(Protocol):
    """What an observer may see and change of a running fit.

    Attributes
    ----------
    epoch : int
        Epochs done, counted over all calls of fit with warm_start.
    last_epoch : int
        The number of epochs at which the run ends by itself.
    learning_rate : float
        Before decay and schedule; may be set.
    stop : bool
        Set to True to end the run after this epoch.
    """

    epoch: int
    last_epoch: int
    learning_rate: float
    stop: bool

    def snapshot(self) -> Any:
        """Return the weights as they are; costs nothing."""

    def restore(self, snapshot: Any) -> None:
        """Go back to the weights of a snapshot."""


class Observer:
    """Told of what happens in a run; every hook does nothing by default.

    ``every`` is the number of epochs after which the observer wants to look; between
    looks many epochs run in one compiled call.
    """

    every = 1

    def on_run_begin(self, run: RunView) -> None:
        """Before the first epoch."""

    def on_epoch_end(self, run: RunView, logs: list[dict[str, float]]) -> None:
        """After one or more epochs; ``logs`` has one dict per epoch since last time."""

    def on_run_end(self, run: RunView) -> None:
        """After the last epoch; called when fit fails, too."""
