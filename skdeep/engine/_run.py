"""One fit: epochs in segments, losses looked at, callbacks told.

A segment ends where somebody wants to look: a callback, the validation rows, or the
end of what a call can hold. What a fit computes does not depend on where it is cut.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from skdeep.callbacks._callback import Callback
from skdeep.callbacks._early_stopping import EarlyStopping
from skdeep.engine._cache import CACHE
from skdeep.engine._data_feed import DataFeed
from skdeep.engine._job import Job, Outcome
from skdeep.engine._random import RowOrders
from skdeep.engine._state import State
from skdeep.engine._trainer import Trainer
from skdeep.exceptions import DivergenceError

# Ctrl-C is heard between two calls, and the epochs of the broken one are lost; so a
# call should be short for a human and long for a computer.
SECONDS_PER_CALL = 1.0


def run_job(
    job: Job, callbacks: Sequence[Callback] = (), measures: Sequence[Callback] = ()
) -> Outcome:
    """Run a job.

    Parameters
    ----------
    job : Job
        What to train.
    callbacks : sequence of Callback, default=()
        Told of the run, in this order, after the early stopping that the job asks
        for: that one keeps the weights that were measured, before others change them.
    measures : sequence of Callback, default=()
        Told before that one: they measure what it watches.

    Raises
    ------
    skdeep.exceptions.DivergenceError
        If a loss or a weight becomes infinite or NaN.
    """
    weights = job.weights
    if weights is None:  # before compiling: a user's initialiser may be at fault
        weights = job.key.network.draw_weights(job.seeds.weights, job.training)
    program = CACHE.program(job.key)
    program.check_weights(job.training, job.validation)
    stopping = EarlyStopping(job.stopping) if job.stopping else None
    watching = [*measures, *([stopping] if stopping else []), *callbacks]
    run = Run(program, program.start(weights, job.optimizer_state), job, watching)
    validation = DataFeed(program, job.validation) if job.validation else None
    run.execute(DataFeed(program, job.training), validation)
    return Outcome(
        weights=run.weights(),
        optimizer_state=run.optimizer_state(),
        raw_weights=run.raw_weights(),
        n_epochs=run.epoch,
        best_epoch=_best_epoch(run),
        columns=program.columns,
        history=run.history,
        interrupted=run.interrupted,
    )


def _best_epoch(run: Run) -> int:
    """Return the epoch of the weights: the last to go back has the last word."""
    restored = [callback.best_epoch for callback in run.callbacks]
    return next(filter(None, reversed(restored)), run.epoch)


class Run:
    """A fit in progress; what callbacks see of it is ``RunView``.

    Sets while running: ``state``, ``epoch``, ``n_batches``, ``history``,
    ``learning_rate``, ``stop``, ``interrupted``, ``finished``.
    """

    def __init__(
        self,
        program: Trainer,
        state: State,
        job: Job,
        callbacks: Sequence[Callback] = (),
    ):
        self.program = program
        self.state = state
        self.job = job
        # A dict of its own: callbacks set the rate, and the job stays as it is.
        self.hyperparameters = program.with_plan(state, job.program_inputs)
        self.callbacks = list(callbacks)
        self.epoch = job.first_epoch
        self.last_epoch = job.last_epoch
        self.n_batches = 0
        self.history: list[dict[str, float]] = []
        self.stop = False
        self.interrupted = False
        self.finished = False
        self._raw = self._finished = state
        # Without XLA epochs are slow enough for a look at the clock after the first.
        self._epochs_per_second = math.inf if program.key.jit_compile else 0.0
        self._scalars: list[Any] = []  # the hyperparameters on the device; or not yet

    @property
    def learning_rate(self) -> float:
        """The learning rate before decay and schedule."""
        return self.hyperparameters["learning_rate"]

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.hyperparameters["learning_rate"] = float(value)
        self._scalars = []

    def _on_device(self) -> list[Any]:
        """The hyperparameters for the program, put there once per value of the rate."""
        # One by one they took a tenth of an epoch that somebody looks at.
        self._scalars = self._scalars or self.program.scalars(self.hyperparameters)
        return self._scalars

    def snapshot(self) -> Any:
        """Return the weights that a run ending here would leave.

        With ``use_ema`` these are the averages. Tensors never change, so nothing is
        copied.
        """
        return self.program.finish(self.state).weights

    def restore(self, snapshot: Any) -> None:
        """Go back to the weights of a snapshot."""
        self.state = self.state._replace(weights=snapshot)

    def weights(self) -> list[np.ndarray]:
        """Copy the weights into arrays."""
        return [self.program.numpy(w) for w in self.state.weights]

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Go on with other weights."""
        self.restore([self.program.array(w) for w in weights])

    def raw_weights(self) -> list[np.ndarray] | None:
        """Copy the weights behind the averages that the run has left, if it has.

        From averages training would go on as if most of the last steps were undone.
        None if weights and averages are the same, or a callback went back to others.
        """
        if self._raw is self._finished or self.state is not self._finished:
            return None
        return [self.program.numpy(w) for w in self._raw.weights]

    def optimizer_state(self) -> list[np.ndarray]:
        """Copy what the optimizer remembers into arrays."""
        return self.program.optimizer_memory(self.state)

    def set_optimizer_state(self, values: Sequence[np.ndarray]) -> None:
        """Let the optimizer remember something else."""
        self.state = self.program.with_optimizer(self.state, values)

    def execute(self, train: DataFeed, validation: DataFeed | None = None) -> None:
        """Train until the last epoch, a stop, or Ctrl-C: see ``interrupted``."""
        try:
            with ExitStack() as ends:  # every callback hears the end, whatever fails
                # The stack is unwound from its end, so they hear it in their order.
                for callback in reversed(self.callbacks):
                    ends.callback(callback.on_run_end, self)
                self._train(train, validation)
            # After their end: with early stopping these are the best weights, not the
            # last.
            self._check_weights(train)
        except Exception as error:
            if self.interrupted:  # a search would note the error and go on
                raise KeyboardInterrupt from error
            raise

    def _train(self, train: DataFeed, validation: DataFeed | None) -> None:
        """Go from segment to segment."""
        orders = RowOrders(self.job.seeds.order, train.n_rows, self.job.shuffle)
        self.n_batches = train.n_batches
        try:
            self._tell("on_run_begin")
            while self.epoch < self.last_epoch and not self.stop:
                self._tell("on_epoch_begin")
                logs = self._segment(train, validation, orders)
                self._tell("on_epoch_end", logs)
            self.finished = True
        except KeyboardInterrupt:
            self.interrupted = True
        self._raw = self.state
        self.state = self._finished = self.program.finish(self._raw)

    def _tell(self, hook: str, *args: Any) -> None:
        """Call one hook of every callback."""
        for callback in self.callbacks:
            getattr(callback, hook)(self, *args)

    def _segment(
        self, train: DataFeed, validation: DataFeed | None, orders: RowOrders
    ) -> list[dict[str, float]]:
        """Run epochs until somebody wants to look; return one dict per epoch."""
        if any(callback.batches for callback in self.callbacks):
            n_epochs, history = 1, self._epoch_in_batches(train, orders)
        else:
            n_epochs = 1 if validation else self._epochs_until_look(train)
            history = self._epochs(train, orders, n_epochs)
        logs = self._named(history, self.program.columns)
        self._check_losses(logs, train)
        if validation is not None:
            results = self._validate(validation)
            # With validation a segment is one epoch.
            logs[0] |= {f"val_{name}": value for name, value in results.items()}
        self.epoch += n_epochs
        self.history += logs
        return logs

    def _epochs_until_look(self, train: DataFeed) -> int:
        """Say for how many epochs nobody needs to look."""
        n_epochs = [self.last_epoch - self.epoch, train.epochs_per_call]
        seconds = [SECONDS_PER_CALL, *(c.seconds for c in self.callbacks)]
        in_time = min(seconds) * self._epochs_per_second
        wanted = [c.max_epochs_between_looks for c in self.callbacks]
        return max(1, int(min(*n_epochs, *wanted, in_time)))

    def _epochs(self, train: DataFeed, orders: RowOrders, n_epochs: int) -> np.ndarray:
        """Run epochs in one call; return a row of ``columns`` for each."""
        started = time.perf_counter()
        state, history = train.train(
            self.state,
            self._on_device(),
            orders,
            self.job.seeds.dropout,
            self.epoch,
            n_epochs,
        )
        # The history has been copied by now, so the epochs are done, not only started.
        self._epochs_per_second = n_epochs / (time.perf_counter() - started)
        self.state = state
        return history

    def _epoch_in_batches(self, train: DataFeed, orders: RowOrders) -> np.ndarray:
        """Run one epoch in a call per batch; the same numbers, to the last bit."""
        before = self.state
        seed = self.job.seeds.dropout
        try:
            for number, part in enumerate(train.batches(orders, self.epoch)):
                self._tell("on_batch_begin", number)
                self.state, rows = train.train_part(
                    self.state, self._on_device(), part, seed
                )
                history = self.program.numpy(rows)[:1]
                (logs,) = self._named(history, self.program.columns)
                self._tell("on_batch_end", number, logs)
                if self.stop:
                    break
        except KeyboardInterrupt:
            # Orders, history and n_epochs know whole epochs only: half of one is
            # dropped (test_ctrl_c_within_an_epoch_goes_back_to_its_begin).
            self.state = before
            raise
        return history

    def _validate(self, validation: DataFeed) -> dict[str, float]:
        """Evaluate the validation rows; return loss and metrics by name.

        What is measured is what a run ending here would leave, averages if there are
        any, unless a callback such as Keras' SwapEMAWeights has put others in place.
        """
        before = self.state
        self._tell("on_validation_begin")
        is_untouched = self.state is before
        state = self.program.finish(before) if is_untouched else self.state
        if any(callback.validation_batches for callback in self.callbacks):
            results = self._validate_in_batches(validation, state)
        else:
            results = self._measured(validation.evaluate(state, self._on_device()))
        self._tell("on_validation_end", results)
        return results

    def _validate_in_batches(
        self, validation: DataFeed, state: State
    ) -> dict[str, float]:
        """Evaluate in a call per batch."""
        evaluations = validation.evaluations(state, self._on_device())
        for number in range(validation.n_batches):
            self._tell("on_validation_batch_begin", number)
            results = self._measured(next(evaluations))
            self._tell("on_validation_batch_end", number, results)
        return results

    def _measured(self, results: np.ndarray) -> dict[str, float]:
        """Name what was measured on validation rows."""
        (named,) = self._named(results[np.newaxis], self.program.key.objective.names)
        return named

    def _named(self, rows: np.ndarray, names: Sequence[str]) -> list[dict[str, float]]:
        """Turn rows of numbers into dicts of plain floats."""
        # Plain floats, which pickles and files hold without NumPy's classes.
        return [
            dict(zip(names, row, strict=True)) for row in rows.astype(float).tolist()
        ]

    def _check_losses(self, logs: list[dict[str, float]], train: DataFeed) -> None:
        """End the fit at the first loss that is no number."""
        losses = [log["loss"] for log in logs]
        bad = [i for i, loss in enumerate(losses) if not np.isfinite(loss)]
        if not bad:
            return
        before = [*(log["loss"] for log in self.history), *losses[: bad[0]]]
        self._raise_divergence(self.epoch + bad[0] + 1, before, train)

    def _check_weights(self, train: DataFeed) -> None:
        """Look at the weights: the last update came after the last loss."""
        if all(np.isfinite(w).all() for w in self.weights()):
            return
        self._raise_divergence(self.epoch, [h["loss"] for h in self.history], train)

    def _raise_divergence(
        self, epoch: int, before: list[float], train: DataFeed
    ) -> None:
        """Say when it happened, with which numbers, and what to try."""
        last = f"{before[-1]:.3g}" if before else "none, the first was not finite"
        raise DivergenceError(
            f"Expected a finite loss; training diverged in epoch {epoch} (last finite "
            f"loss: {last}, learning_rate={self.learning_rate:g}, {train.ranges()}). "
            "Scale X, for example with StandardScaler or MinMaxScaler, and the target "
            "of a regression with normalize_y=True; lower learning_rate; or set "
            "clipnorm=1.0."
        )
