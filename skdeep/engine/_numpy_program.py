"""The train and evaluate functions of a key in NumPy: nothing is compiled.

A compilation takes a second, however short the fit behind it. An update of a small
dense network takes NumPy some 50 µs, two to three times as long as a compiled one, so a
fit of few updates is over sooner here, and a search over architectures is many of
them. ``_choice`` draws the line.

Same masks, same formulas, same order of rows as a compiled program: the weights are the
same to rounding. A program belongs to one run, and has the memory for it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from skdeep.data._training_data import TrainingData
from skdeep.engine._key import ProgramKey
from skdeep.engine._numpy_measures import numpy_loss, numpy_metrics
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
        n_rows, batch_size = len(rows), self.key.batch_size
        columns = np.ones((chunk.X.shape[1] + 1, n_rows), self._dtype)
        columns[:-1] = chunk.X.take(rows, axis=0).T
        y, weight = chunk.y.take(rows, axis=0), chunk.weight.take(rows, axis=0)
        factors = self._loss.factors(y, weight)
        logits = np.empty((n_rows, self.key.network.output_units), self._dtype)
        penalties = []
        decay = numbers.get(DECAY, constant_decay(self.key.optimizer))
        optimizer, gradient = self._optimizer, self._loss.gradient
        weights, gradients = self._weights.vector, self._gradients.vector
        whole, rest = n_rows - n_rows % batch_size, n_rows % batch_size
        factors[:whole] /= batch_size
        factors[whole:] /= rest or 1
        for batch in self._batches(n_rows):
            part = self._part(batch.stop - batch.start, numbers)
            outputs = part.forward(columns[:, batch])[:-1].T
            logits[batch] = outputs
            if part.penalty:
                penalties.append(part.penalty())
            delta = gradient(y[batch], outputs)
            part.backward(np.multiply(delta, factors[batch], delta).T)
            optimizer.update(weights, gradients, self._rate(numbers), decay)
        sums = self._sums(y, weight, logits, numbers)
        if penalties:
            sums[:, 0] += penalties * sums[:, 1]
        return sums

    def _batches(self, n_rows: int) -> list[slice]:
        """Where the batches of some rows are."""
        size = self.key.batch_size
        return [slice(i, min(i + size, n_rows)) for i in range(0, n_rows, size)]

    def _part(self, n_rows: int, numbers: Mapping[str, Any]) -> NumpyTraining:
        """The network for batches of some rows. Sets: ``_parts``."""
        part = self._parts.get(n_rows)
        if part is None:
            factors, optimizer = self._factors, self._optimizer

            def dropout(name: str, shape: tuple[int, int]) -> np.ndarray:
                return factors.of(name, shape, numbers[name], optimizer.step)

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
        values = [self._loss.values(y, logits) * weight, np.ones(len(y))]
        if self._metrics:
            given = self._output(logits)
            if self.key.objective.target_type.has_units:
                scale, offset = numbers.get("y_scale", 1), numbers.get("y_offset", 0)
                y, given = y * scale + offset, given * scale + offset
            # As in Keras' history a row counts once in a metric, whatever it weighs.
            values += [metric.values(y, given) for metric in self._metrics]
        starts = [batch.start for batch in self._batches(len(y))]
        by_row = np.stack(values, axis=1, dtype=float)
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


def _added(sums: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Add the sums of batches, one after the other, wherever a call is cut."""
    return np.vstack([sums, others]).cumsum(axis=0)[-1]


def _applied(x: np.ndarray, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The function's values."""
    return function(x)


def _product(kernel: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The function x -> x @ kernel."""
    return lambda x: x @ kernel
