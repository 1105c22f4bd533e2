"""The compiled functions of one key: train and evaluate.

A step (see ``_step``) inside loops over epochs, blocks of batches and batches, compiled
by the backend. The state goes in and comes out; a program remembers nothing of a fit
and has no lock, so threads train with it side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from skdeep.engine._key import ProgramKey
from skdeep.engine._state import DeviceChunk, Epochs, State
from skdeep.engine._step import PLAN, TrainingStep, explained
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
        # One compilation each for any data:
        # test_any_numbers_of_rows_and_epochs_share_a_compilation.
        self._train = backend.compiled(self._train_epochs, key.jit_compile)
        self._evaluate = backend.compiled(self._evaluate_rows, key.jit_compile)

    def array(self, values: Any) -> Any:
        """Put numbers on the device."""
        return self._backend.array(values)

    def numpy(self, array: Any) -> np.ndarray:
        """Copy a device array."""
        return self._backend.numpy(array)

    def start(
        self,
        weights: Sequence[np.ndarray],
        optimizer: Sequence[np.ndarray] | None = None,
    ) -> State:
        """Make the state before the first update, or before the next one."""
        return self._step.start(weights, optimizer)

    def with_plan(self, state: State, inputs: dict[str, Any]) -> dict[str, Any]:
        """Let a plan begin now, however many updates the optimizer remembers."""
        first, _ = PLAN
        if first not in inputs:
            return inputs
        return {**inputs, first: inputs[first] - self._step.n_batches(state)}

    def finish(self, state: State) -> State:
        """Do what the optimizer does after the last epoch: ``use_ema`` averages."""
        return self._step.finish(state)

    def compile(self) -> None:
        """Trace and compile the train function by a call of no epochs."""
        key, array = self.key, self._backend.array
        if key.jit_compile:
            refuse_debugging(load_tensorflow())
        weights = [np.zeros(s, self._dtype) for s in self._step.weight_shapes]
        n_rows, target_type = key.n_chunk_rows, key.objective.target_type
        y_shape = target_type.rows_shape(n_rows, key.objective.n_outputs)
        chunk = DeviceChunk(
            array(np.zeros((n_rows, *key.network.input_shape), self._dtype)),
            array(np.zeros(y_shape, target_type.rows_dtype(self._dtype))),
            array(np.zeros((n_rows,), self._dtype)),
        )
        order = np.zeros(self.order_shape, np.int32)
        # Without epochs nothing runs. ``evaluate`` waits for the first validation rows.
        parts = "optimizer, loss, metrics and activation"
        with explained(parts, "Look at those that are functions or objects."):
            self.train(self.start(weights), {}, chunk, Epochs(order, 0, 0, 0, True))

    def train(
        self,
        state: State,
        hyperparameters: Mapping[str, Any],
        chunk: DeviceChunk,
        epochs: Epochs,
    ) -> tuple[State, Any]:
        """Run epochs over the rows of a chunk.

        Parameters
        ----------
        state : State
            Where to start.
        hyperparameters : mapping
            Values for ``hyperparameter_names`` of the step; "y_scale" and "y_offset"
            if metrics are to be in other units than the targets.
        chunk : DeviceChunk
            The rows, padded by repeating one.
        epochs : Epochs
            Which of them in which order, and how often.

        Returns
        -------
        state : State
            Where it ended.
        history : device array of shape (MAX_EPOCHS, n_columns)
            Of each epoch the values of ``columns``.
        """
        array = self._backend.array
        # As tensors: a plain number would be a constant of the trace, which is made
        # once.
        order, seed, n_rows, n_epochs, starts_epoch = epochs
        on_device = Epochs(
            array(order),
            array(seed, "int32"),
            array(n_rows, "int32"),
            array(n_epochs, "int32"),
            array(starts_epoch),
        )
        state, history = self._train(
            state, self._vector(hyperparameters), chunk, on_device
        )
        return state, history

    def evaluate(
        self,
        state: State,
        hyperparameters: Mapping[str, Any],
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
            chunk,
            array(n_rows, "int32"),
            array(starts_epoch),
        )
        return state._replace(metrics=metrics), results

    def _vector(self, hyperparameters: Mapping[str, Any]) -> Any:
        """The hyperparameters in the step's order, what it does not get is zero.

        The units of the target follow; 1 and 0 where no metric asks for them.
        """
        names, n_outputs = self._step.hyperparameter_names, self.key.objective.n_outputs
        values = [hyperparameters.get(name, 0.0) for name in names]
        scale, offset = np.ones(n_outputs), np.zeros(n_outputs)
        # Only then are units checked to fit into float32; others would overflow below.
        if self.key.objective.metrics:
            scale = hyperparameters.get("y_scale", scale)
            offset = hyperparameters.get("y_offset", offset)
        vector = np.concatenate([values, scale, offset])  # (n_names + 2 * n_outputs,)
        return self._backend.array(vector.astype(self._dtype))

    def _named(self, vector: Any) -> dict[str, Any]:
        """The hyperparameters by name, as scalars of the program, and the units."""
        names, n_outputs = self._step.hyperparameter_names, self.key.objective.n_outputs
        scalars = {name: vector[i] for i, name in enumerate(names)}
        scale, offset = vector[len(names) : -n_outputs], vector[-n_outputs:]
        return {**scalars, "y_scale": scale, "y_offset": offset}

    def _train_epochs(
        self, state: State, vector: Any, chunk: DeviceChunk, epochs: Epochs
    ) -> Any:
        """The body of ``train``: loops over epochs, blocks of batches and batches."""
        from keras import ops

        key, step, backend = self.key, self._step, self._backend
        hyperparameters = self._named(vector)
        order, seed, n_rows, n_epochs, starts_epoch = epochs
        n_block_rows = self.order_shape[1]
        n_blocks = (n_rows + n_block_rows - 1) // n_block_rows
        # True whenever a batch runs, and XLA cannot know: see ``_product``.
        kernels = backend.kernels(n_rows > 0, key.network.depth, key.jit_compile)

        def run_epoch(epoch: Any, state: State, history: Any) -> Any:
            # starts_epoch  epoch  loss and metrics
            # True          0      start
            # False         0      go on: an earlier chunk has begun this epoch
            # any           > 0    start
            anew = ops.logical_or(starts_epoch, epoch > 0)
            state = step.begin_epoch(state, anew, n_rows)
            _, _, state = backend.loop(
                lambda block, *_: block < n_blocks, run_block, (0, epoch, state)
            )
            rate = step.learning_rate(state, hyperparameters)
            row = ops.stack([*step.results(state), ops.cast(rate, self._dtype)])
            return epoch + 1, state, backend.with_row(history, epoch, row)

        def update(state: State, batch: DeviceChunk, n_left: Any) -> State:
            return step.update(state, hyperparameters, batch, n_left, seed, kernels)

        def run_block(block: Any, epoch: Any, state: State) -> Any:
            chosen = backend.row(order, epoch * n_blocks + block)  # (n_block_rows,)
            # One fetch per block, X of (n_block_batches, batch_size, ...): see
            # ``_key``.
            batches = [self._in_batches(backend.rows(a, chosen)) for a in chunk]
            n_rows_left = n_rows - block * n_block_rows
            return (
                block + 1,
                epoch,
                self._train_block(state, batches, n_rows_left, update),
            )

        # Of fixed length: the number of epochs is data.
        history = ops.zeros((MAX_EPOCHS, len(self.columns)), self._dtype)
        _, state, history = backend.loop(
            lambda epoch, *_: epoch < n_epochs,
            run_epoch,
            (0, state, history),
        )
        return state, history

    def _train_block(
        self,
        state: State,
        batches: list[Any],
        n_rows_left: Any,
        update: Callable[[State, DeviceChunk, Any], State],
    ) -> State:
        """The innermost loop: the batches of one block, one after the other."""
        from keras import ops

        batch_size, backend = self.key.batch_size, self._backend

        def run_batch(number: Any, state: State) -> Any:
            batch = DeviceChunk(*(backend.row(a, number) for a in batches))
            n_left = n_rows_left - number * batch_size
            return number + 1, update(state, batch, n_left)

        n_rows_here = ops.minimum(n_rows_left, self.order_shape[1])
        _, state = backend.loop(
            lambda number, _: number * batch_size < n_rows_here, run_batch, (0, state)
        )
        return state

    def _evaluate_rows(
        self,
        weights: list[Any],
        metrics: list[Any],
        vector: Any,
        chunk: DeviceChunk,
        n_rows: Any,
        starts_epoch: Any,
    ) -> Any:
        """The body of ``evaluate``: one loop over batches in order."""
        from keras import ops

        step, batch_size, backend = self._step, self.key.batch_size, self._backend
        hyperparameters = self._named(vector)
        batches = [self._in_batches(a) for a in chunk]  # (n_batches, batch_size, ...)
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
