"""One fit: epochs in segments, losses looked at, observers told.

A segment ends where somebody wants to look: an observer, the validation rows, or the
end of what a call can hold. What a fit computes does not depend on where it is cut.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdeep.callbacks._observer import Observer
from skdeep.engine._batches import Feed
from skdeep.engine._program import State, TrainingProgram
from skdeep.engine._random import RowOrders, Seeds
from skdeep.exceptions import DivergenceError


@dataclass(frozen=True)
class Plan:
    """What a run does: from which epoch to which, with which seeds."""

    first_epoch: int
    last_epoch: int
    shuffle: bool
    seeds: Seeds


class Run:
    """A fit in progress; what observers see of it is ``RunView``.

    Sets while running: ``state``, ``epoch``, ``history``, ``learning_rate``, ``stop``,
    ``interrupted``.
    """

    def __init__(
        self,
        program: TrainingProgram,
        state: State,
        numbers: dict[str, float],
        plan: Plan,
        observers: Sequence[Observer] = (),
    ):
        self.program = program
        self.state = state
        self.numbers = dict(numbers)
        self.plan = plan
        self.observers = list(observers)
        self.epoch = plan.first_epoch
        self.last_epoch = plan.last_epoch
        self.history: list[dict[str, float]] = []
        self.stop = False
        self.interrupted = False

    @property
    def learning_rate(self) -> float:
        """The learning rate before decay and schedule."""
        return self.numbers["learning_rate"]

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.numbers["learning_rate"] = float(value)

    def snapshot(self) -> Any:
        """Return the weights; tensors never change, so nothing is copied."""
        return self.state.weights

    def restore(self, snapshot: Any) -> None:
        """Go back to the weights of a snapshot."""
        self.state = self.state._replace(weights=snapshot)

    def weights(self) -> list[np.ndarray]:
        """Copy the weights into arrays."""
        return [w.numpy() for w in self.state.weights]

    def optimizer_state(self) -> list[np.ndarray]:
        """Copy what the optimizer remembers into arrays."""
        return [v.numpy() for v in self.state.optimizer]

    def execute(self, train: Feed, validation: Feed | None = None) -> None:
        """Train until the last epoch, a stop, or Ctrl-C."""
        orders = RowOrders(self.plan.seeds.order, train.n_rows, self.plan.shuffle)
        try:
            for observer in self.observers:
                observer.on_run_begin(self)
            while self.epoch < self.last_epoch and not self.stop:
                logs = self._segment(train, validation, orders)
                for observer in self.observers:
                    observer.on_epoch_end(self, logs)
        except KeyboardInterrupt:
            self.interrupted = True
        finally:
            for observer in self.observers:
                observer.on_run_end(self)
        self._check_weights(train)
        if self.interrupted:
            warnings.warn(
                f"Training was interrupted in epoch {self.epoch + 1}; the weights of "
                f"epoch {self.epoch} are kept.",
                UserWarning,
                stacklevel=4,
            )

    def _segment(
        self, train: Feed, validation: Feed | None, orders: RowOrders
    ) -> list[dict[str, float]]:
        """Run epochs until somebody wants to look; return one dict per epoch."""
        n_epochs = min(self.last_epoch - self.epoch, train.epochs_per_call)
        for observer in self.observers:
            n_epochs = min(n_epochs, observer.every)
        if validation is not None:
            n_epochs = 1
        state, history = train.train(
            self.state,
            self.numbers,
            orders,
            self.plan.seeds.dropout,
            self.epoch,
            n_epochs,
        )
        logs = [
            dict(zip(self.program.columns, row, strict=True))
            for row in history.astype(float).tolist()
        ]
        self._check_losses(logs, train)
        self.state = state
        if validation is not None:
            results = validation.evaluate(self.state, self.numbers).tolist()
            names = self.program.key.objective.names
            logs[0] |= {f"val_{n}": v for n, v in zip(names, results, strict=True)}
        self.epoch += n_epochs
        self.history += logs
        return logs

    def _check_losses(self, logs: list[dict[str, float]], train: Feed) -> None:
        """End the fit at the first loss that is no number."""
        losses = [log["loss"] for log in logs]
        bad = [i for i, loss in enumerate(losses) if not np.isfinite(loss)]
        if not bad:
            return
        before = [*(log["loss"] for log in self.history), *losses[: bad[0]]]
        self._raise_divergence(self.epoch + bad[0] + 1, before, train)

    def _check_weights(self, train: Feed) -> None:
        """Look at the weights: the last update came after the last loss."""
        if all(np.isfinite(w).all() for w in self.weights()):
            return
        self._raise_divergence(self.epoch, [h["loss"] for h in self.history], train)

    def _raise_divergence(self, epoch: int, before: list[float], train: Feed) -> None:
        """Say when it happened, with which numbers, and what to try."""
        last = f"{before[-1]:.3g}" if before else "none, the first was not finite"
        raise DivergenceError(
            f"Expected a finite loss; training diverged in epoch {epoch} (last finite "
            f"loss: {last}, learning_rate={self.learning_rate:g}, {train.ranges()}). "
            "Scale X, for example with StandardScaler or MinMaxScaler, and the target "
            "of a regression with normalize_y=True; lower learning_rate; or set "
            "clipnorm=1.0."
        )
