"""The compiled functions of one key: train and evaluate.

A step (see ``_step``) inside loops over blocks of batches and batches, compiled by the
backend. The state goes in and comes out; a program remembers nothing of a fit and has
no lock, so threads train with it side by side.

What takes the time of a compilation is the number of kernels, some 20 ms each however
small. So the host computes what it can, and the loop over epochs is not a loop of its
own: 45 kernels in place of 51 for two hidden layers, 54 in place of 65 with dropout,
L1 and L2. Small weights are updated as one vector (see ``_weight_groups``); all of
them made a warm fit 12 to 60 % longer.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from skdeep.data._training_data import TrainingData
from skdeep.engine._key import ProgramKey
from skdeep.engine._state import BlockPlan, DeviceChunk, Epochs, State
from skdeep.engine._step import PLAN, TrainingStep, explained
from skdeep.engine.backends._loading import load_tensorflow
from skdeep.engine.backends._protocol import Backend
from skdeep.engine.backends._surroundings import refuse_debugging
from skdeep.exceptions import InvalidNetworkError

MAX_EPOCHS = 256  # per call; the length of the history a call returns
N_COUNTS = 1024  # numbers that stay on the device
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
        # Of fixed length: the number of epochs is data.
        history = np.zeros((MAX_EPOCHS, len(self.columns)), self._dtype)
        self._history_start = backend.array(history)
        self._flags = backend.array(False), backend.array(True)
        # Nearly all of a call are those of the call before; making them took as long as
        # training an epoch of 100 rows.
        self._count = functools.lru_cache(N_COUNTS)(
            lambda number: backend.array(number, "int32")
        )
        # One compilation each for any data:
        # test_any_numbers_of_rows_and_epochs_share_a_compilation.
        self._train = self._compiled(TrainingProgram._train_blocks)
        self._evaluate = self._compiled(TrainingProgram._evaluate_rows)

    def _compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Compile one of the functions below, which does not hold the program.

        Otherwise both would wait for the garbage collector when the cache drops them,
        and with them some 5 MiB.
        """
        bound = functools.partial(function, weakref.proxy(self))
        return self._backend.compiled(bound, self.key.jit_compile)

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

    def check_weights(self, *parts: TrainingData | None) -> None:
        """Refuse rows of different weights if the loss has no value for each row."""
        if self._step.weighs_rows:
            return
        weights = [part.weight for part in parts if part is not None]
        if all(np.allclose(weight, 1) for weight in weights):
            return
        raise InvalidNetworkError(
            "loss must return one value per row where rows have weights; got "
            f"{self.key.objective.loss_name}, which returns one for a batch, and "
            "sample_weight or class_weight. Average over the last axis only, or leave "
            "the weights out."
        )

    def with_optimizer(self, state: State, memory: Sequence[np.ndarray]) -> State:
        """Let the optimizer remember something else."""
        return self._step.with_optimizer(state, memory)

    def optimizer_memory(self, state: State) -> list[np.ndarray]:
        """Copy what the optimizer remembers, one array per weight array."""
        return self._step.optimizer_memory(state)

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
        order = array(np.zeros(self.order_shape, np.int32))
        # Without epochs nothing runs. ``evaluate`` waits for the first validation rows.
        parts = "optimizer, loss, metrics and activation"
        advice = "Look at those that are functions or objects: they compute by "
        advice += "keras.ops, not by NumPy or scikit-learn, whose scorers monitor takes"
        advice += ", or set jit_compile=False." if key.jit_compile else "."
        with explained(parts, advice):
            epochs = Epochs(order, 0, 0, 0, 0, True)
            self.train(self.start(weights), self.scalars({}), chunk, epochs)

    def train(
        self,
        state: State,
        scalars: list[Any],
        chunk: DeviceChunk,
        epochs: Epochs,
    ) -> tuple[State, Any]:
        """Run epochs over the rows of a chunk.

        Parameters
        ----------
        state : State
            Where to start.
        scalars : list of device arrays
            See ``scalars``.
        chunk : DeviceChunk
            The rows, padded by repeating one.
        epochs : Epochs
            Which of them in which order, and how often.

        Returns
        -------
        state : State
            Where it ended.
        history : device array of shape (MAX_EPOCHS, n_columns)
            Of each epoch of the order that has run the values of ``columns``.
        """
        # As tensors: a plain number would be a constant of the trace, which is made
        # once.
        count, flags = self._count, self._flags
        n_blocks = -(-epochs.n_rows // self.order_shape[1])
        first_block = n_blocks * epochs.first
        plan = BlockPlan(
            epochs.order,
            count(epochs.seed),
            count(epochs.n_rows),
            count(n_blocks),
            count(first_block),
            count(first_block + n_blocks * epochs.n_epochs),
            flags[bool(epochs.starts_epoch)],
            flags[epochs.n_rows > 0],
        )
        state, history = self._train(state, self._history_start, scalars, chunk, plan)
        return state, history

    def evaluate(
        self,
        state: State,
        scalars: list[Any],
        chunk: DeviceChunk,
        n_rows: int,
        starts_epoch: bool,
    ) -> tuple[State, Any]:
        """Loss and metrics of rows without training; see ``train``."""
        metrics, results = self._evaluate(
            state.weights,
            state.metrics,
            scalars,
            chunk,
            self._count(n_rows),
            self._flags[starts_epoch],
        )
        return state._replace(metrics=metrics), results

    def scalars(self, hyperparameters: Mapping[str, Any]) -> list[Any]:
        """Put hyperparameters on the device in the step's order, absent ones as zero.

        The units of the target follow, "y_scale" and "y_offset", if metrics are to be
        in other units than the targets; 1 and 0 where no metric asks for them.
        """
        names, n_outputs = self._step.hyperparameter_names, self.key.objective.n_outputs
        values = [hyperparameters.get(name, 0.0) for name in names]
        scale, offset = np.ones(n_outputs), np.zeros(n_outputs)
        # Only then are units checked to fit into float32; others would overflow below.
        if self.key.objective.metrics:
            scale = hyperparameters.get("y_scale", scale)
            offset = hyperparameters.get("y_offset", offset)
        # One by one: cutting a vector up takes a kernel for each.
        return [self._backend.array(v, self._dtype) for v in (*values, scale, offset)]

    def _named(self, scalars: list[Any]) -> dict[str, Any]:
        """The hyperparameters by name, and the units."""
        names = (*self._step.hyperparameter_names, "y_scale", "y_offset")
        return dict(zip(names, scalars, strict=True))

    def _train_blocks(
        self,
        state: State,
        history: Any,
        scalars: list[Any],
        chunk: DeviceChunk,
        plan: BlockPlan,
    ) -> Any:
        """The body of ``train``: a loop over the blocks of all epochs."""
        from keras import ops

        key, step, backend = self.key, self._step, self._backend
        hyperparameters = self._named(scalars)
        # True whenever a batch runs, and XLA cannot know: see ``_product``.
        kernels = backend.kernels(plan.always, key.network.depth, key.jit_compile)
        epochs = ops.expand_dims(ops.arange(MAX_EPOCHS, dtype="int32"), 1)

        def update(state: State, batch: DeviceChunk, n_left: Any) -> State:
            return step.update(
                state, hyperparameters, batch, n_left, plan.seed, kernels
            )

        def run_block(number: Any, state: State, history: Any) -> Any:
            epoch, block = number // plan.n_blocks, number % plan.n_blocks
            is_first = ops.equal(block, 0)
            # starts_epoch  epoch  loss and metrics
            # True          0      start
            # False         0      go on: an earlier chunk has begun this epoch
            # any           > 0    start
            anew = ops.logical_or(plan.starts_epoch, epoch > 0)
            anew = ops.logical_and(is_first, anew)
            n_new_rows = ops.where(is_first, plan.n_rows, 0)
            state = step.begin_epoch(state, anew, n_new_rows)
            chosen = backend.row(plan.order, number)  # (n_block_rows,)
            # One fetch per block, X of (n_block_batches, batch_size, ...): see
            # ``_key``.
            batches = [self._in_batches(backend.rows(a, chosen)) for a in chunk]
            n_rows_left = plan.n_rows - block * self.order_shape[1]
            state = self._train_block(state, batches, n_rows_left, update)
            rate = step.learning_rate(state, hyperparameters)
            row = ops.stack([*step.results(state), ops.cast(rate, self._dtype)])
            # The last block of an epoch has the last word. Not by an update of one row,
            # which takes two kernels for the bounds; nor by ==, which in the graph of a
            # session compares objects.
            here = ops.equal(epochs, epoch)
            return number + 1, state, ops.where(here, row, history)

        _, state, history = backend.loop(
            lambda number, *_: number < plan.end_block,
            run_block,
            (plan.first_block, state, history),
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

        def is_left(number: Any, _: State) -> Any:
            here = number < self.key.n_block_batches
            return ops.logical_and(here, number * batch_size < n_rows_left)

        _, state = backend.loop(is_left, run_batch, (0, state))
        return state

    def _evaluate_rows(
        self,
        weights: list[Any],
        metrics: list[Any],
        scalars: list[Any],
        chunk: DeviceChunk,
        n_rows: Any,
        starts_epoch: Any,
    ) -> Any:
        """The body of ``evaluate``: one loop over batches in order."""
        from keras import ops

        step, batch_size, backend = self._step, self.key.batch_size, self._backend
        hyperparameters = self._named(scalars)
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
