"""The train and evaluate functions of a key in NumPy: nothing is compiled.

A compilation takes a second, however short the fit behind it. An update of a small
dense network takes NumPy some 50 µs, up to twice as long as a compiled one, so a fit of
few updates is over sooner here, and a search over architectures is many of them.
``_choice`` draws the line.

Same masks, same formulas, same order of rows as a compiled program: the weights are the
same to rounding. A program belongs to one run, and has the memory for it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from skdeep.data._training_data import TrainingData
from skdeep.engine._key import ProgramKey
from skdeep.engine._numpy_measures import NumpyLoss, numpy_loss, numpy_metrics
from skdeep.engine._numpy_optimizers import (
    FlatWeights,
    constant_decay,
    make_optimizer,
    runs_in_numpy,
)
from skdeep.engine._numpy_predictor import TURNS
from skdeep.engine._one_thread import ONE_THREAD
from skdeep.engine._random import DropoutFactors
from skdeep.engine._state import DeviceChunk, Epochs, State
from skdeep.keras_objects._numpy_activations import ACTIVATIONS
from skdeep.keras_objects._optimizers import DECAY
from skdeep.networks._memory import aligned
from skdeep.networks._network import NumpyContext, NumpyTraining

MIN_ORDER = 16384  # row numbers per call


def can_train(key: ProgramKey) -> bool:
    """Whether NumPy trains the network of a key: a rule of the key alone."""
    network, objective = key.network, key.objective
    return (
        network.trains_in_numpy
        and runs_in_numpy(key.optimizer)
        and numpy_loss(objective, network.output_activation) is not None
        and numpy_metrics(objective) is not None
    )


class NumpyRecipe:
    """What the programs of one key have in common; it is kept in the cache."""

    n_bytes = 0  # arrays belong to the programs

    def __init__(self, key: ProgramKey):
        self.key = key
        network, objective = key.network, key.objective
        self.shapes = [spec.shape for spec in network.weight_specs()]
        loss = numpy_loss(objective, network.output_activation)
        metrics = numpy_metrics(objective)
        assert loss is not None  # can_train
        assert metrics is not None
        self.loss, self.metrics = loss, metrics

    def program(self) -> NumpyProgram:
        """Make the program of a run."""
        return NumpyProgram(self)


class NumpyProgram:
    """Train and evaluate functions of one run; see ``TrainingProgram``.

    Attributes
    ----------
    key : ProgramKey
        What is trained.
    columns : tuple of str
        What a row of the history holds.
    order_shape : (n_blocks, n_block_rows)
        Of the row numbers that ``train`` takes.
    """

    def __init__(self, recipe: NumpyRecipe):
        key, shapes = recipe.key, recipe.shapes
        self.key = key
        self._dtype = np.dtype(key.network.compute_dtype)
        self.columns = (*key.objective.names, "learning_rate")
        n_block_rows = key.n_block_batches * key.batch_size
        n_blocks = -(-max(MIN_ORDER, key.n_chunk_rows) // n_block_rows)
        self.order_shape = (n_blocks, n_block_rows)
        self._weights = FlatWeights(shapes, self._dtype)
        self._gradients = FlatWeights(shapes, self._dtype)
        self._optimizer = make_optimizer(key.optimizer, shapes, str(self._dtype))
        self._optimizer.remember(None)
        self._optimizer_start = self._optimizer.memory()
        self._loss, self._metrics = recipe.loss, recipe.metrics
        self._output = ACTIVATIONS[recipe.loss.activation]
        # By the number of rows of a batch: whole ones, and the last of an epoch.
        self._parts: dict[int, NumpyTraining] = {}
        self._epochs: dict[int, RowsOfEpoch] = {}  # by the number of their rows
        self._decay = constant_decay(key.optimizer)
        self._dropout_seed, self._factors = 0, self._dropout(0)

    def array(self, values: Any) -> np.ndarray:
        """Give an array."""
        return np.asarray(values)

    def numpy(self, array: Any) -> np.ndarray:
        """Give an array; nothing here is changed later."""
        return np.asarray(array)

    def start(
        self,
        weights: Sequence[np.ndarray],
        optimizer: Sequence[np.ndarray] | None = None,
    ) -> State:
        """Make the state before the first update, or before the next one."""
        start = list(optimizer or self._optimizer_start)
        copies = [np.array(w, self._dtype) for w in weights]
        return State(copies, start, [self._no_sums])

    def with_plan(self, state: State, inputs: dict[str, Any]) -> dict[str, Any]:
        """Return the inputs: there is no schedule that would have a plan."""
        return inputs

    def finish(self, state: State) -> State:
        """Return the state: no optimizer here averages weights."""
        return state

    def check_weights(self, *parts: TrainingData | None) -> None:
        """Do nothing: all losses here have a value for each row."""

    def with_optimizer(self, state: State, memory: Sequence[np.ndarray]) -> State:
        """Let the optimizer remember something else."""
        return state._replace(optimizer=list(memory))

    def optimizer_memory(self, state: State) -> list[np.ndarray]:
        """Copy what the optimizer remembers, in the order of Keras' variables."""
        return [np.array(value) for value in state.optimizer]

    def scalars(self, hyperparameters: Mapping[str, Any]) -> list[Any]:
        """Return the hyperparameters as ``train`` takes them."""
        return [dict(hyperparameters)]

    def train(
        self, state: State, scalars: list[Any], chunk: DeviceChunk, epochs: Epochs
    ) -> tuple[State, np.ndarray]:
        """Run epochs over the rows of a chunk; see ``TrainingProgram.train``."""
        (numbers,) = scalars
        if self._dropout_seed != epochs.seed:
            self._dropout_seed, self._parts = epochs.seed, {}
            self._factors = self._dropout(epochs.seed)
        self._weights.set(state.weights)
        self._optimizer.remember(state.optimizer)
        n_blocks = -(-epochs.n_rows // self.order_shape[1])
        last = epochs.first + epochs.n_epochs
        history = np.zeros((last, len(self.columns)), self._dtype)
        (sums,) = state.metrics
        # Overflow is found in the losses.
        with ONE_THREAD, np.errstate(all="ignore"):
            for epoch in range(epochs.first, last):
                blocks = epochs.order[epoch * n_blocks : (epoch + 1) * n_blocks]
                rows = blocks.reshape(-1)[: epochs.n_rows]
                # An earlier chunk may have begun the first of them.
                if epochs.starts_epoch or epoch > epochs.first:
                    sums = self._no_sums
                with TURNS:  # for threads: see ``_turns``
                    sums = _added(sums, self._train_epoch(chunk, rows, numbers))
                history[epoch] = *self._results(sums), self._rate(numbers)
        weights, memory = self._weights.copies(), self._optimizer.memory()
        return State(weights, memory, [sums]), history

    def evaluate(
        self,
        state: State,
        scalars: list[Any],
        chunk: DeviceChunk,
        n_rows: int,
        starts_epoch: bool,
    ) -> tuple[State, np.ndarray]:
        """Loss and metrics of rows without training; see ``train``."""
        (numbers,) = scalars
        network = self.key.network.without_output_activation.for_prediction
        functions = network.to_numpy(state.weights, _product)
        with ONE_THREAD, TURNS, np.errstate(all="ignore"):
            self._weights.set(state.weights)
            penalty = self._part(1, numbers).penalty
            # Batch by batch, so that nothing depends on how many come at once.
            logits = [
                functools.reduce(_applied, functions, chunk.X[batch])
                for batch in self._batches(n_rows)
            ]
            rows = slice(0, n_rows)
            part = (chunk.y[rows], chunk.weight[rows], np.concatenate(logits))
            sums = self._sums(*part, numbers)
            if penalty:
                sums[:, 0] += penalty() * sums[:, 1]
        (before,) = [self._no_sums] if starts_epoch else state.metrics
        sums = _added(before, sums)
        results = np.array(self._results(sums), self._dtype)
        return state._replace(metrics=[sums]), results

    def _train_epoch(
        self, chunk: DeviceChunk, rows: np.ndarray, numbers: Mapping[str, Any]
    ) -> np.ndarray:
        """Train on some rows in this order; return the sums of every batch."""
        epoch = self._rows_of_epoch(chunk, len(rows))
        epoch.fill(chunk, rows, self._loss)
        penalties = []
        decay = numbers.get(DECAY, self._decay)
        update, gradient = self._optimizer.update, self._loss.gradient
        weights, gradients = self._weights.vector, self._gradients.vector
        parts = {n: self._part(n, numbers) for n in {b.n_rows for b in epoch.batches}}
        for n_rows, x, y, factors, logits in epoch.batches:
            forward, backward, penalty = parts[n_rows]
            outputs = forward(x)[:-1].T
            np.copyto(logits, outputs)
            if penalty:
                penalties.append(penalty())
            delta = gradient(y, outputs)
            backward(np.multiply(delta, factors, delta).T)
            update(weights, gradients, self._rate(numbers), decay)
        sums = self._sums(epoch.y, epoch.weight, epoch.logits, numbers)
        if penalties:
            sums[:, 0] += penalties * sums[:, 1]
        return sums

    def _rows_of_epoch(self, chunk: DeviceChunk, n_rows: int) -> RowsOfEpoch:
        """Room for the rows of an epoch. Sets: ``_epochs``."""
        found = self._epochs.get(n_rows)
        if found is None:
            batches = self._batches(n_rows)
            n_outputs = self.key.network.output_units
            found = RowsOfEpoch(chunk, n_rows, batches, n_outputs, self._dtype)
            self._epochs[n_rows] = found
        return found

    def _batches(self, n_rows: int) -> list[slice]:
        """Where the batches of some rows are."""
        size = self.key.batch_size
        return [slice(i, min(i + size, n_rows)) for i in range(0, n_rows, size)]

    def _part(self, n_rows: int, numbers: Mapping[str, Any]) -> NumpyTraining:
        """The network for batches of some rows. Sets: ``_parts``."""
        part = self._parts.get(n_rows)
        if part is None:
            factors, optimizer = self._factors, self._optimizer

            def dropout(name: str, shape: tuple[int, int]) -> Callable[[], np.ndarray]:
                at = factors.of(name, shape, numbers[name])
                return lambda: at(optimizer.step)

            part = self._parts[n_rows] = self.key.network.to_numpy_training(
                self._weights.vector,
                self._gradients.vector,
                NumpyContext(numbers, n_rows, dropout),
            )
        return part

    def _dropout(self, seed: int) -> DropoutFactors:
        """The masks of a fit."""
        return DropoutFactors(self.key.network.dropout_names, seed, self._dtype)

    def _rate(self, numbers: Mapping[str, Any]) -> float:
        """Rate / (1 + decay * step) of the next update."""
        rate: float = numbers["learning_rate"]
        decay = numbers["decay"]
        return rate / (1 + decay * self._optimizer.step) if decay else rate

    def _sums(
        self,
        y: np.ndarray,
        weight: np.ndarray,
        logits: np.ndarray,
        numbers: Mapping[str, Any],
    ) -> np.ndarray:  # -> (n_batches, 2 + n_metrics)
        """The sum of losses, the number of rows, and the sums of the metrics."""
        values: list[Any] = [self._loss.values(y, logits) * weight, 1]
        if self._metrics:
            given = self._output(logits)
            if self.key.objective.target_type.has_units:
                scale, offset = numbers.get("y_scale", 1), numbers.get("y_offset", 0)
                y, given = y * scale + offset, given * scale + offset
            # As in Keras' history a row counts once in a metric, whatever it weighs.
            values += [metric.values(y, given) for metric in self._metrics]
        starts = np.arange(0, len(y), self.key.batch_size)
        by_row = np.empty((len(y), len(values)))
        for place, of_rows in enumerate(values):
            by_row[:, place] = of_rows
        return np.add.reduceat(by_row, starts, axis=0)

    @property
    def _no_sums(self) -> np.ndarray:
        """Sums of no rows."""
        return np.zeros(2 + len(self._metrics))

    def _results(self, sums: np.ndarray) -> list[float]:
        """The mean loss and the metrics."""
        loss, n_rows, *others = sums.tolist()
        means = zip(self._metrics, others, strict=True)
        return [loss / n_rows, *(m.result(value / n_rows) for m, value in means)]


class Batch(NamedTuple):
    """Views of the rows of a batch; see ``RowsOfEpoch``."""

    n_rows: int
    columns: np.ndarray
    y: np.ndarray
    factors: np.ndarray
    logits: np.ndarray


class RowsOfEpoch:
    """The rows of an epoch in the order of the epoch, and their batches.

    The memory is the same for all epochs: cutting it into batches took a twentieth of
    an update.

    Attributes
    ----------
    columns : array of shape (n_features + 1, n_rows)
        A row is a column, and below it stands a one.
    y : array of shape (n_rows,) or (n_rows, n_outputs)
        What is to be learnt.
    weight : array of shape (n_rows,)
        Of the rows.
    factors : array of shape (n_rows, 1)
        What the gradient of a row is multiplied by.
    logits : array of shape (n_rows, n_outputs)
        What the network makes of the rows.
    batches : list of Batch
        Views of all but the weight.
    """

    def __init__(
        self,
        chunk: DeviceChunk,
        n_rows: int,
        batches: Sequence[slice],
        n_outputs: int,
        dtype: Any,
    ):
        self.columns = aligned((chunk.X.shape[1] + 1, n_rows), dtype, fill=1)
        self.y = np.empty((n_rows, *chunk.y.shape[1:]), chunk.y.dtype)
        self.weight = np.empty(n_rows, chunk.weight.dtype)
        self.factors = np.empty((n_rows, 1), dtype)
        self.logits = np.empty((n_rows, n_outputs), dtype)
        sizes = [batch.stop - batch.start for batch in batches]
        self._sizes = np.repeat(sizes, sizes)[:, np.newaxis].astype(dtype)
        of_rows = (self.y, self.factors, self.logits)
        self.batches = [
            Batch(size, self.columns[:, batch], *(array[batch] for array in of_rows))
            for size, batch in zip(sizes, batches, strict=True)
        ]

    def fill(self, chunk: DeviceChunk, rows: np.ndarray, loss: NumpyLoss) -> None:
        """Put the rows with these numbers in."""
        self.columns[:-1] = chunk.X.take(rows, axis=0).T
        chunk.y.take(rows, axis=0, out=self.y)
        chunk.weight.take(rows, axis=0, out=self.weight)
        np.divide(loss.factors(self.y, self.weight), self._sizes, self.factors)


def _added(sums: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Add the sums of batches, one after the other, wherever a call is cut."""
    others[0] += sums
    return others.cumsum(axis=0)[-1]


def _applied(x: np.ndarray, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The function's values."""
    return function(x)


def _product(kernel: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The function x -> x @ kernel."""
    return lambda x: x @ kernel
