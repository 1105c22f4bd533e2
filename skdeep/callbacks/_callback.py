"""The seam between a running fit and everything that watches it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np


class RunView(Protocol):
    """What a callback may see and change of a running fit.

    Attributes
    ----------
    epoch : int
        Epochs done, counted over all calls of fit with warm_start; may be set before
        the first epoch.
    last_epoch : int
        The number of epochs at which the run ends by itself.
    n_batches : int
        Batches of one epoch.
    learning_rate : float
        Before decay and schedule; may be set.
    stop : bool
        Set to True to end the run after this epoch, or after this batch.
    interrupted : bool
        Whether Ctrl-C has ended the run.
    finished : bool
        Whether the run has come to an end that it was meant to have.
    state : object
        Weights and optimizer in one; another object whenever one of them changes.
    """

    epoch: int
    last_epoch: int
    n_batches: int
    learning_rate: float
    stop: bool
    interrupted: bool
    finished: bool
    state: Any

    def snapshot(self) -> Any:
        """Return the weights that a run ending here would leave; costs nothing."""

    def restore(self, snapshot: Any) -> None:
        """Go back to the weights of a snapshot."""

    def weights(self) -> list[np.ndarray]:
        """Copy the weights into arrays."""

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Go on with other weights."""

    def optimizer_state(self) -> list[np.ndarray]:
        """Copy what the optimizer remembers into arrays."""

    def set_optimizer_state(self, values: Sequence[np.ndarray]) -> None:
        """Let the optimizer remember something else."""


class Callback:
    """Told of what happens in a run; every hook does nothing by default.

    Attributes
    ----------
    max_epochs_between_looks : float
        The number of epochs after which it must look; between looks many epochs run
        in one compiled call.
    seconds : float
        The time after which it would like to look, as far as epochs allow.
    batches, validation_batches : bool
        Whether it wants to be told of every batch, which takes a call for each.
    best_epoch : int
        The epoch to whose weights it has gone back at the end; 0 if it has not.
    """

    # The safe default: who does not say otherwise is told of every epoch.
    max_epochs_between_looks: float = 1
    seconds: float = math.inf
    batches: bool = False
    validation_batches: bool = False
    best_epoch: int = 0

    def on_run_begin(self, run: RunView) -> None:
        """Before the first epoch.

        Parameters
        ----------
        run : RunView
            The run, as it is.
        """

    def on_epoch_begin(self, run: RunView) -> None:
        """Before the next epochs, one or at most ``max_epochs_between_looks``.

        Parameters
        ----------
        run : RunView
            The run, as it is.
        """

    def on_batch_begin(self, run: RunView, batch: int) -> None:
        """Before a batch, numbered from 0 in its epoch.

        Parameters
        ----------
        run : RunView
            The run, as it is.
        batch : int
            Its number in the epoch, from 0.
        """

    def on_batch_end(self, run: RunView, batch: int, logs: dict[str, float]) -> None:
        """After a batch; ``logs`` are means over the epoch so far.

        Parameters
        ----------
        run : RunView
            The run, as it is.
        batch : int
            Its number in the epoch, from 0.
        logs : dict of str to float
            Means so far.
        """

    def on_validation_begin(self, run: RunView) -> None:
        """Before the validation rows are evaluated.

        Parameters
        ----------
        run : RunView
            The run, as it is.
        """

    def on_validation_batch_begin(self, run: RunView, batch: int) -> None:
        """Before a batch of validation rows.

        Parameters
        ----------
        run : RunView
            The run, as it is.
        batch : int
            Its number in the epoch, from 0.
        """

    def on_validation_batch_end(
        self, run: RunView, batch: int, logs: dict[str, float]
    ) -> None:
        """After a batch of validation rows; ``logs`` are means so far.

        Parameters
        ----------
        run : RunView
            The run, as it is.
        batch : int
            Its number in the epoch, from 0.
        logs : dict of str to float
            Means so far.
        """

    def on_validation_end(self, run: RunView, logs: dict[str, float]) -> None:
        """After the validation rows, with their loss and metrics.

        Parameters
        ----------
        run : RunView
            The run, as it is.
        logs : dict of str to float
            Loss and metrics.
        """

    def on_epoch_end(self, run: RunView, logs: list[dict[str, float]]) -> None:
        """After one or more epochs; ``logs`` has one dict per epoch since last time.

        Parameters
        ----------
        run : RunView
            The run, as it is.
        logs : list of dict
            Loss, metrics and learning rate of each.
        """

    def on_run_end(self, run: RunView) -> None:
        """After the last epoch; called when the run fails, too: see ``finished``.

        Parameters
        ----------
        run : RunView
            The run, as it is.
        """
