"""One update of a training, and one batch of an evaluation: pure functions of a state.

Loss and penalties, gradient, the optimizer's update, moving averages, metrics: all in
``keras.ops`` and in arguments. Nothing here knows loops, compilation or a framework,
and nothing is written anywhere, so any number of fits can use one step at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from skdeep.engine._key import ProgramKey
from skdeep.engine._measures import Measures
from skdeep.engine._random import keep_mask
from skdeep.engine._state import DeviceChunk, State
from skdeep.engine._stateless_optimizer import StatelessOptimizer
from skdeep.engine._weight_groups import (
    WeightGroups,
    joined,
    updates_number_by_number,
)
from skdeep.engine.backends._protocol import Backend, Kernels
from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._optimizers import DECAY
from skdeep.keras_objects._schedules import CONSTANT, SCHEDULES
from skdeep.keras_objects._spec import from_spec
from skdeep.networks._network import LIMIT, CallContext, CallResult

Hyperparameters = Mapping[str, Any]  # by name, scalars of the program
# What a schedule by name needs to know, in batches: those done before the first update
# of the optimizer, and those of the whole plan.
PLAN = ("plan_first", "plan_length")


@contextmanager
def explained(parts: str, advice: str) -> Iterator[None]:
    """Say of any error which parameters are behind it."""
    try:
        yield
    except InvalidNetworkError:
        raise
    except Exception as error:  # the framework's, or of a function of the user
        raise InvalidNetworkError(
            f"{parts} must be such that the network can be trained; got the error "
            f"{type(error).__name__}: {str(error).rstrip('. ')}. {advice}"
        ) from error


class TrainingStep:
    """The step of one key.

    Attributes
    ----------
    columns : tuple of str
        What ``results`` gives: loss, metrics, learning rate.
    hyperparameter_names : tuple of str
        The numbers it reads.
    """

    def __init__(self, key: ProgramKey, backend: Backend):
        self._key = key
        self._backend = backend
        self._dtype = key.network.compute_dtype
        self._n_outputs = key.objective.n_outputs
        self.columns = (*key.objective.names, "learning_rate")
        self.hyperparameter_names = (
            "learning_rate",
            "decay",
            *(PLAN if key.optimizer.schedule_name != CONSTANT else ()),
            *([DECAY] if key.optimizer.decays else []),
            *key.network.hyperparameter_names,
        )
        self._specs = key.network.weight_specs()
        self._trained = [i for i, spec in enumerate(self._specs) if spec.trainable]
        self._groups = self._weight_groups()
        placeholders = [self._placeholder(group) for group in self._groups.members]
        with explained("optimizer", "See keras.optimizers for its arguments."):
            self._optimizer = StatelessOptimizer(
                key.optimizer.spec, placeholders, self._dtype, key.optimizer.decays
            )
        self._schedule = from_spec(key.optimizer.schedule)
        self._planned = SCHEDULES.get(key.optimizer.schedule_name)
        self._measures = Measures(key.objective, self._dtype)
        self._optimizer_start = self._optimizer.start()
        totals = [np.zeros((), self._dtype)] * 2  # sum of losses, number of rows
        self._metrics_start = [*totals, *self._probe()]

    def _weight_groups(self) -> WeightGroups:
        """Which of the trained weights the optimizer gets together."""
        specs = [self._specs[i] for i in self._trained]
        joins = updates_number_by_number(self._key.optimizer.spec)
        return WeightGroups(
            [spec.shape for spec in specs],
            [joins and spec.constraint is None for spec in specs],
        )

    def _placeholder(self, group: Sequence[int]) -> Any:
        """A variable of the shape of a weight or a group, for the optimizer to know."""
        import keras

        specs = [self._specs[self._trained[i]] for i in group]
        zeros = [np.zeros(spec.shape, self._dtype) for spec in specs]
        first = specs[0]
        variable = keras.Variable(
            zeros[0] if len(group) == 1 else joined(zeros),
            dtype=self._dtype,
            name=f"{first.layer}_{first.role}",
        )
        variable.constraint = first.constraint
        return variable

    def _probe(self) -> list[np.ndarray]:
        """Try loss and metrics on a few rows; return the metrics' first state."""
        y, outputs = self._few_rows()
        with explained("loss", "Give a function of (y_true, y_pred)."):
            self._measures.probe_loss(y, outputs)
        with explained("metrics", "Give functions of (y_true, y_pred)."):
            return self._measures.probe_metrics(*map(self._points, (y, outputs)))

    def _few_rows(self) -> tuple[Any, Any]:
        """Targets and outputs of some rows that any loss can take."""
        from keras import ops

        target_type, n_outputs = self._key.objective.target_type, self._n_outputs
        # Another number than that of outputs: one value per output is none per row.
        n_rows = 3 if n_outputs == 2 else 2
        y = np.full(target_type.rows_shape(n_rows, n_outputs), 1)
        if target_type.are_class_numbers:
            y = np.zeros_like(y)
        y = y.astype(target_type.rows_dtype(self._dtype))
        outputs = np.full((n_rows, n_outputs), 1.0 / n_outputs, self._dtype)
        return ops.convert_to_tensor(y), ops.convert_to_tensor(outputs)

    @property
    def weighs_rows(self) -> bool:
        """Whether rows can count differently: the loss has a value for each."""
        return not self._measures.is_of_batches

    @property
    def weight_shapes(self) -> list[tuple[int, ...]]:
        """The shapes of the weights."""
        return [spec.shape for spec in self._specs]

    @property
    def n_bytes(self) -> int:
        """The memory of the placeholders."""
        values = sum(int(np.prod(spec.shape)) for spec in self._specs)
        itemsize = np.dtype(self._dtype).itemsize
        return itemsize * values + sum(a.nbytes for a in self._optimizer_start)

    def start(
        self, weights: Sequence[np.ndarray], optimizer: Sequence[np.ndarray] | None
    ) -> State:
        """Make the state before the first update, or before the next one."""
        array = self._backend.array
        state = State(
            [array(w) for w in weights],
            [array(v) for v in self._optimizer_start],
            [array(v) for v in self._metrics_start],
        )
        return self.with_optimizer(state, optimizer) if optimizer else state

    def with_optimizer(self, state: State, memory: Sequence[np.ndarray]) -> State:
        """Let the optimizer remember something else."""
        groups = self._groups.memory_of_groups(memory, self._key.optimizer.spec)
        return state._replace(optimizer=[self._backend.array(v) for v in groups])

    def optimizer_memory(self, state: State) -> list[np.ndarray]:
        """Copy what the optimizer remembers, one array per weight array."""
        groups = [self._backend.numpy(v) for v in state.optimizer]
        return self._groups.memory_of_weights(groups, self._key.optimizer.spec)

    def finish(self, state: State) -> State:
        """Do what the optimizer does after the last epoch: ``use_ema`` averages."""
        if not self._optimizer.use_ema:
            return state
        trained = [state.weights[i] for i in self._trained]
        final = self._optimizer.finish(state.optimizer, trained)
        return state._replace(weights=self._with_trained(state.weights, final))

    def begin_epoch(self, state: State, anew: Any, n_rows: Any) -> State:
        """Start the metrics, if ``anew``; note how many more rows will be measured."""
        from keras import ops

        metrics = [
            ops.where(anew, ops.convert_to_tensor(start), value)
            for start, value in zip(self._metrics_start, state.metrics, strict=True)
        ]
        # All rows of the epoch at once, so that the loop has nothing to count.
        metrics[1] = metrics[1] + ops.cast(n_rows, self._dtype)
        return state._replace(metrics=metrics)

    def results(self, state: State) -> list[Any]:
        """The mean loss so far and the metrics."""
        from keras import ops

        total, n_rows, *metrics = state.metrics
        values = [total / n_rows, *self._measures.results(metrics)]
        return [ops.cast(value, self._dtype) for value in values]

    def learning_rate(self, state: State, hyperparameters: Hyperparameters) -> Any:
        """Rate / (1 + decay * step), times a schedule if there is one."""
        from keras import ops

        step = self._optimizer.step(state.optimizer)
        updates = ops.cast(step, self._dtype)
        rate = hyperparameters["learning_rate"] / (
            1 + hyperparameters["decay"] * updates
        )
        # Schedules count batches, also where gradients are accumulated, as in Keras.
        n_batches = self._optimizer.n_batches(state.optimizer)
        if self._schedule is not None:
            return rate * ops.cast(self._schedule(n_batches), self._dtype)
        if self._planned is not None:
            first, length = (hyperparameters[name] for name in PLAN)
            share = (first + ops.cast(n_batches, self._dtype)) / length
            return rate * self._planned(ops.clip(share, 0.0, 1.0))
        return rate

    def n_batches(self, state: State) -> int:
        """Return how many batches the optimizer remembers."""
        return int(self._backend.numpy(self._optimizer.n_batches(state.optimizer)))

    def update(
        self,
        state: State,
        hyperparameters: Hyperparameters,
        batch: DeviceChunk,
        n_rows_left: Any,
        seed: Any,
        kernels: Kernels,
    ) -> State:
        """Train on one batch, of which the first ``n_rows_left`` rows count."""
        mask = self._row_mask(n_rows_left)
        step = self._optimizer.step(state.optimizer)
        context = CallContext(hyperparameters, mask, seed=(seed, step), **kernels)
        context = replace(context, dropout=self._dropout(context))

        def loss_of(trained: Sequence[Any]) -> tuple[Any, Any]:
            weights = self._with_trained(state.weights, trained)
            result = self._key.network.call(weights, batch.X, context)
            loss, metrics = self._measure(
                state.metrics, hyperparameters, batch, n_rows_left, mask, result
            )
            return self._optimizer.scale_loss(loss), (metrics, result.updates)

        trained = [state.weights[i] for i in self._trained]
        (metrics, averages), gradients = self._backend.gradients(loss_of, trained)
        # The rate is that of the updates before this one: the first has step 0. Metrics
        # were taken from outputs before the update, as Keras does.
        groups, backend = self._groups, self._backend
        updated, memory = self._optimizer.apply(
            state.optimizer,
            groups.join(gradients, backend.joined),
            groups.join(trained, backend.joined),
            self.learning_rate(state, hyperparameters),
            hyperparameters.get(DECAY),
        )
        trained = groups.part(updated, backend.parted)
        # Limits come after the update, like Keras' constraints.
        weights = self._with_trained(
            state.weights, self._limited(trained, hyperparameters)
        )
        # Moving means and variances; no optimizer has a gradient of them.
        for position, value in averages.items():
            weights[position] = value
        return State(weights, memory, metrics)

    def evaluate(
        self,
        state: State,
        hyperparameters: Hyperparameters,
        batch: DeviceChunk,
        n_rows_left: Any,
    ) -> State:
        """Measure one batch without training."""
        mask = self._row_mask(n_rows_left)
        context = CallContext(hyperparameters, mask)
        result = self._key.network.call(state.weights, batch.X, context)
        _, metrics = self._measure(
            state.metrics, hyperparameters, batch, n_rows_left, mask, result
        )
        return state._replace(metrics=metrics)

    def _measure(
        self,
        metrics: list[Any],
        hyperparameters: Hyperparameters,
        batch: DeviceChunk,
        n_rows_left: Any,
        mask: Any,
        result: CallResult,
    ) -> tuple[Any, list[Any]]:
        """Return the loss of a batch with its penalty, and the metrics after it."""
        from keras import ops

        key, y, logits = self._key, batch.y, result.logits
        given = key.network.predictions(logits)
        # Arithmetic instead of the sum of the mask: XLA hands a sum to a second thread.
        n_counted = ops.minimum(n_rows_left, key.batch_size)
        n_rows = ops.cast(n_counted, self._dtype)
        if self._measures.is_of_batches:
            loss = self._measures.loss_of_batch(y, logits, given, n_counted)
        else:
            losses = self._measures.losses(y, logits, given)  # (batch_size,)
            # Padding repeats a row, weight and all; the mask takes it out.
            loss = self._reduced(losses, batch.weight * mask, n_rows)
        loss = loss + ops.cast(result.penalty, self._dtype)
        total, n_measured, *own = metrics
        if key.objective.target_type.has_units:  # times 1, plus 0 changes no bit
            scale, offset = hyperparameters["y_scale"], hyperparameters["y_offset"]
            y, given = y * scale + offset, given * scale + offset
        y, given = self._points(y), self._points(given)
        own = self._measures.update(own, y, given, mask, n_counted)
        # As in Keras' history a batch counts by its rows, whatever they weigh.
        return loss, [total + loss * n_rows, n_measured, *own]

    def _points(self, values: Any) -> Any:
        """What metrics compare: the predictions, and not how sure they are."""
        from keras import ops

        units = self._key.objective.point_units
        return values if units is None else ops.take(values, units, axis=1)

    def _reduced(self, losses: Any, weight: Any, n_rows: Any) -> Any:
        """Reduce the losses of a batch to one number, as the loss wants it."""
        from keras import ops

        # reduction                 loss of a batch
        # sum_over_batch_size       sum(weight * losses) / n_rows
        # mean_with_sample_weight   sum(weight * losses) / sum(weight)
        # sum                       sum(weight * losses)
        total = ops.sum(losses * weight)
        if self._measures.reduction == "mean_with_sample_weight":
            return ops.divide_no_nan(total, ops.sum(weight))
        if self._measures.reduction == "sum":
            return total
        return total / n_rows

    def _dropout(self, context: CallContext) -> Any:
        """Return what drops values in this update."""
        from keras import ops

        names = self._key.network.dropout_names
        seed, step = context.seed
        step = ops.cast(step, "int32")

        def dropout(name: str, x: Any) -> Any:
            rate, shape = context.hyperparameters[name], tuple(x.shape)
            keep = context.apart(
                lambda: keep_mask(shape, rate, seed, step, names.index(name)), x
            )
            # Scaled here, so that prediction has nothing to do.
            kept = x / ops.cast(1.0 - rate, x.dtype)
            return ops.where(keep, kept, ops.zeros((), x.dtype))

        return dropout

    def _limited(
        self, trained: list[Any], hyperparameters: Hyperparameters
    ) -> list[Any]:
        """Cut the norms of units' incoming weights down, where the network asks so."""
        specs = [self._specs[i] for i in self._trained]
        return [
            _limit_norm(value, hyperparameters[LIMIT]) if spec.is_limited else value
            for spec, value in zip(specs, trained, strict=True)
        ]

    def _row_mask(self, n_rows_left: Any) -> Any:  # -> (batch_size,)
        """1 for rows that count, 0 for the padding of the last batch."""
        from keras import ops

        numbers = ops.arange(self._key.batch_size, dtype="int32")
        return ops.cast(numbers < n_rows_left, self._dtype)

    def _with_trained(
        self, weights: Sequence[Any], trained: Sequence[Any]
    ) -> list[Any]:
        """All weights, those that are trained replaced."""
        result = list(weights)
        for position, value in zip(self._trained, trained, strict=True):
            result[position] = value
        return result


def _limit_norm(kernel: Any, largest: Any) -> Any:
    """Return w * min(norm, largest) / (norm + 1e-7), per unit; as Keras' MaxNorm."""
    from keras import ops

    # 1e-7 is Keras' default epsilon; the one that is set globally has no part in fits.
    axes = list(range(len(kernel.shape) - 1))
    norms = ops.sqrt(ops.sum(ops.square(kernel), axes, keepdims=True))  # one per unit
    return kernel * (ops.clip(norms, 0, largest) / (1e-7 + norms))
