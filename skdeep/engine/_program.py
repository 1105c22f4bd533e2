"""The compiled functions of one key: train and evaluate.

A step (see ``_step``) inside loops over epochs, blocks of batches and batches, compiled
by the backend. The state goes in and comes out; a program remembers nothing of a fit
and has no lock, so threads train with it side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skdeep.engine._key import ProgramKey
from skdeep.engine._state import DeviceChunk, State
from skdeep.engine._step import TrainingStep, explained
from skdeep.engine.backends._loading import load_tensorflow
from skdeep.engine.backends._protocol import Backend
from skdeep.engine.backends._surroundings import refuse_debugging

MAX_EPOCHS = 256  # per call; the length of the history a call returns
MIN_ORDER = 131072  # row numbers per call: 300 epochs of 400 rows, 512 KiB


class TrainingProgram:
    """Train and evaluate functions of one key.

    Attributes
    ----------
    key : ProgramKey
        What it was compiled for.
    columns : tuple of str
        What a row of the history holds.
    order_shape : (n_blocks, n_block_rows)
        Of the row numbers that ``train`` takes.
    """

    def __init__(self, key: ProgramKey, backend: Backend):
        self.key = key
        self._backend = backend
        self._dtype = key.network.compute_dtype
        self._step = TrainingStep(key, backend)
        self.columns = self._step.columns
        self.n_bytes = self._step.n_bytes
        n_block_rows = key.n_block_batches * key.batch_size
        n_blocks = -(-max(MIN_ORDER, key.n_chunk_rows) // n_block_rows)
        self.order_shape = (n_blocks, n_block_rows)
        self._train = backend.compiled(self._train_epochs, key.jit_compile)
        self._evaluate = backend.compiled(self._evaluate_rows, key.jit_compile)

    def start(
        self,
        weights: Sequence[np.ndarray],
        optimizer: Sequence[np.ndarray] | None = None,
    ) -> State:
        """Make the state before the first update, or before the next one."""
        return self._step.start(weights, optimizer)

    def finish(self, state: State) -> State:
        """Do what the optimizer does after the last epoch: ``use_ema`` averages."""
        return self._step.finish(state)

    def compile(self) -> None:
        """Trace and compile the train function by a call of no epochs."""
        key, array = self.key, self._backend.array
        if key.jit_compile:
            refuse_debugging(load_tensorflow())
        weights = [np.zeros(s, self._dtype) for s in self._step.weight_shapes]
        multiclass = key.objective.kind == "multiclass"
        n_rows = key.n_chunk_rows
        y_shape = (n_rows,) if multiclass else (n_rows, key.objective.n_outputs)
        chunk = DeviceChunk(
            array(np.zeros((n_rows, *key.network.input_shape), self._dtype)),
            array(np.zeros(y_shape, np.int32 if multiclass else self._dtype)),
            array(np.zeros((n_rows,), self._dtype)),
        )
        order = np.zeros(self.order_shape, np.int32)
        parts = "optimizer, loss, metrics and activation"
        with explained(parts, "Look at those that are functions or objects."):
            self.train(self.start(weights), {}, chunk, order, 0, 0, 0, True)

    def train(
        self,
        state: State,
        hyperparameters: dict[str, float],
        chunk: DeviceChunk,
        order: np.ndarray,
        seed: int,
        n_rows: int,
        n_epochs: int,
        starts_epoch: bool,
    ) -> tuple[State, Any]:
        """Run ``n_epochs`` epochs over ``n_rows`` rows.

        Parameters
        ----------
        state : State
            Where to start.
        hyperparameters : dict
            Values for ``hyperparameter_names`` of the step.
        chunk : DeviceChunk
            The rows, padded by repeating one.
        order : array of shape order_shape, (n_blocks, n_block_rows)
            For every epoch the numbers of its rows, padded to whole blocks.
        seed : int
            Of the dropout masks.
        n_rows, n_epochs : int
            How many rows of each epoch count, how many epochs to run.
        starts_epoch : bool
            Whether loss and metrics start anew with the first epoch; False continues
            an epoch whose earlier rows were in another chunk.

        Returns
        -------
        state : State
            Where it ended.
        history : device array of shape (MAX_EPOCHS, n_columns)
            Of each epoch the values of ``columns``.
        """
        array = self._backend.array
        *lists, history = self._train(
            *state,
            self._vector(hyperparameters),
            *chunk,
            array(order),
            array(seed, "int32"),
            array(n_rows, "int32"),
            array(n_epochs, "int32"),
            array(starts_epoch),
        )
        return State(*lists), history

    def evaluate(
        self,
        state: State,
        hyperparameters: dict[str, float],
        chunk: DeviceChunk,
        n_rows: int,
        starts_epoch: bool,
    ) -> tuple[State, Any]:
        """Loss and metrics of rows without training; see ``train``."""
        array = self._backend.array
        metrics, results = self._evaluate(
            state.weights,
            state.metrics,
            self._vector(hyperparameters),
            *chunk,
            array(n_rows, "int32"),
            array(starts_epoch),
        )
        return state._replace(metrics=metrics), results

    def _vector(self, hyperparameters: dict[str, float]) -> Any:
        """The hyperparameters in the step's order; what it does not get is zero."""
        names = self._step.hyperparameter_names
        values = [hyperparameters.get(name, 0.0) for name in names]
        return self._backend.array(np.asarray(values, self._dtype))

    def _named(self, vector: Any) -> dict[str, Any]:
        """The hyperparameters by name, as scalars of the program."""
        names = self._step.hyperparameter_names
        return {name: vector[i] for i, name in enumerate(names)}

    def _train_epochs(
        self,
        weights: list[Any],
        optimizer: list[Any],
        metrics: list[Any],
        vector: Any,
        X: Any,
        y: Any,
        weight: Any,
        order: Any,
        seed: Any,
        n_rows: Any,
        n_epochs: Any,
        starts_epoch: Any,
    ) -> Any:
        """The body of ``train``: loops over epochs, blocks of batches and batches."""
        from keras import ops

        key, step, backend = self.key, self._step, self._backend
        hyperparameters = self._named(vector)
        n_block_rows = self.order_shape[1]
        n_blocks = (n_rows + n_block_rows - 1) // n_block_rows
        product = backend.product(n_rows > 0, key.network.depth, key.jit_compile)

        def run_epoch(epoch: Any, state: State, history: Any) -> Any:
            anew = ops.logical_or(starts_epoch, epoch > 0)
            state = step.begin_epoch(state, anew, n_rows)
            _, _, state = backend.loop(
                lambda block, *_: block < n_blocks, run_block, (0, epoch, state)
            )
            rate = step.learning_rate(state, hyperparameters)
            row = ops.stack([*step.results(state), ops.cast(rate, self._dtype)])
            return epoch + 1, state, backend.with_row(history, epoch, row)

        def run_block(block: Any, epoch: Any, state: State) -> Any:
            chosen = backend.row(order, epoch * n_blocks + block)
            batches = [
                self._in_batches(backend.rows(a, chosen)) for a in (X, y, weight)
            ]
            n_rows_left = n_rows - block * n_block_rows

            def run_batch(number: Any, state: State) -> Any:
                batch = DeviceChunk(*(backend.row(a, number) for a in batches))
                n_left = n_rows_left - number * key.batch_size
                return number + 1, step.update(
                    state, hyperparameters, batch, n_left, seed, product
                )

            n_rows_here = ops.minimum(n_rows_left, n_block_rows)
            _, state = backend.loop(
                lambda number, _: number * key.batch_size < n_rows_here,
                run_batch,
                (0, state),
            )
            return block + 1, epoch, state

        history = ops.zeros((MAX_EPOCHS, len(self.columns)), self._dtype)
        _, state, history = backend.loop(
            lambda epoch, *_: epoch < n_epochs,
            run_epoch,
            (0, State(weights, optimizer, metrics), history),
        )
        return *state, history

    def _evaluate_rows(
        self,
        weights: list[Any],
        metrics: list[Any],
        vector: Any,
        X: Any,
        y: Any,
        weight: Any,
        n_rows: Any,
        starts_epoch: Any,
    ) -> Any:
        """The body of ``evaluate``: one loop over batches in order."""
        from keras import ops

        step, batch_size, backend = self._step, self.key.batch_size, self._backend
        hyperparameters = self._named(vector)
        batches = [self._in_batches(a) for a in (X, y, weight)]
        state = step.begin_epoch(State(weights, [], metrics), starts_epoch, n_rows)

        def run_batch(number: Any, metrics: list[Any]) -> Any:
            batch = DeviceChunk(*(backend.row(a, number) for a in batches))
            n_left = n_rows - number * batch_size
            now = State(weights, [], metrics)
            now = step.evaluate(now, hyperparameters, batch, n_left)
            return number + 1, now.metrics

        _, metrics = backend.loop(
            lambda number, _: number * batch_size < n_rows,
            run_batch,
            (0, state.metrics),
        )
        return metrics, ops.stack(step.results(State(weights, [], metrics)))

    def _in_batches(self, rows: Any) -> Any:
        """Give an array of rows a first axis of batches."""
        from keras import ops

        return ops.reshape(rows, (-1, self.key.batch_size, *rows.shape[1:]))
