"""Losses per row and metrics of a batch, as pure functions of their state.

The formulas are Keras'; reduction over a batch is done by the step, because a batch
may be filled up with rows that do not count. A formula of the user that reduces by
itself, such as R², gets the rows that count alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from skdeep.engine._objective import Objective
from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._spec import from_spec


class Measures:
    """The Keras objects of an ``Objective``.

    The variables of the metrics are placeholders: they give shapes and start values,
    and are not written after ``__init__``.

    Attributes
    ----------
    reduction : str
        How the loss makes one number of a batch.
    is_of_batches : bool
        Whether the loss gives that number itself, and none per row; known after
        ``probe_loss``.
    """

    is_of_batches = False

    def __init__(self, objective: Objective, dtype: str):
        self._objective = objective
        self._dtype = dtype
        self._loss, self._from_logits = _loss_on_logits(objective.loss)
        self.reduction = getattr(self._loss, "reduction", "sum_over_batch_size")
        if self.reduction in (None, "none"):
            raise InvalidNetworkError(
                "loss must reduce a batch to one number; got a loss with reduction "
                f"{self.reduction!r}. Use reduction='sum_over_batch_size'."
            )
        self._metrics = [_metric(*named, dtype) for named in objective.metrics]
        self._reducing: set[Any] = set()

    def probe_loss(self, y: Any, outputs: Any) -> None:
        """Try the loss on a few rows: it raises what it has against them.

        Sets: ``is_of_batches``.
        """
        values = self._values(y, outputs, outputs)
        self.is_of_batches = _is_of_batches(values, outputs.shape[0])

    def probe_metrics(self, y: Any, outputs: Any) -> list[np.ndarray]:
        """Let the metrics make their variables; return their state at the start.

        Sets: ``_reducing``, those that give one number for a batch.
        """
        for metric in self._metrics:
            target = self._target(y, metric, outputs.dtype)
            metric.update_state(target, outputs)
            if _reduces(metric, target, outputs):
                self._reducing.add(metric)
        names = self._objective.names[1:]
        for name, metric in zip(names, self._metrics, strict=True):
            shape = tuple(metric.result().shape)
            if shape:
                raise InvalidNetworkError(
                    f"metrics must give one number each; got an array of shape {shape} "
                    f"from {name!r}. Set its average to 'macro' or 'micro'."
                )
            metric.reset_state()
        return [v.numpy() for metric in self._metrics for v in metric.variables]

    def losses(self, y: Any, logits: Any, predictions: Any) -> Any:  # -> (n_rows,)
        """One loss per row."""
        from keras import ops

        values = self._values(y, logits, predictions)
        n_rows = logits.shape[0]
        if tuple(values.shape) == (n_rows,):
            return values  # the mean of each would be twenty more operations to trace
        return ops.mean(ops.reshape(values, (n_rows, -1)), axis=1)

    def loss_of_batch(self, y: Any, logits: Any, predictions: Any, n_rows: Any) -> Any:
        """The number that the loss gives for the first rows."""
        from keras import ops

        # Under XLA, too: a slice of a length that is data is cut by masks there.
        return ops.mean(self._values(y[:n_rows], logits[:n_rows], predictions[:n_rows]))

    def _values(self, y: Any, logits: Any, predictions: Any) -> Any:
        """What the formula of the loss gives."""
        from keras import ops

        target = self._target(y, self._loss, logits.dtype)
        given = logits if self._from_logits else predictions
        call = getattr(self._loss, "call", self._loss)
        return ops.convert_to_tensor(call(target, given))

    def update(
        self, state: Sequence[Any], y: Any, predictions: Any, mask: Any, n_rows: Any
    ) -> list[Any]:
        """Return the metrics' state after a batch; rows of mask 0 do not count.

        ``n_rows`` is how many do; one number for a batch counts as one.
        """
        after: list[Any] = []
        for metric, own in self._with_state(state):
            target, outputs, weight = y, predictions, mask
            if metric in self._reducing:
                target, outputs, weight = y[:n_rows], predictions[:n_rows], None
            target = self._target(target, metric, outputs.dtype)
            after += metric.stateless_update_state(
                own, target, outputs, sample_weight=weight
            )
        return after

    def results(self, state: Sequence[Any]) -> list[Any]:
        """The values of the metrics."""
        return [m.stateless_result(own) for m, own in self._with_state(state)]

    def _with_state(self, state: Sequence[Any]) -> Iterator[tuple[Any, Sequence[Any]]]:
        """Each metric with its part of the state."""
        start = 0
        for metric in self._metrics:
            stop = start + len(metric.variables)
            yield metric, state[start:stop]
            start = stop

    def _target(self, y: Any, consumer: Any, dtype: Any) -> Any:
        """Y as the loss or metric wants it: class numbers or one-hot rows."""
        from keras import ops

        if not self._objective.target_type.are_class_numbers:
            return y
        if wants_class_numbers(consumer):
            return ops.expand_dims(y, -1)
        return ops.one_hot(y, self._objective.n_outputs, dtype=dtype)


def _loss_on_logits(spec: Any) -> tuple[Any, bool]:
    """Make the loss; the cross-entropies on logits.

    On logits they are exact where probabilities round to 0.
    """
    loss = from_spec(spec)
    config = loss.get_config() if hasattr(loss, "get_config") else {}
    if "from_logits" not in config:
        return loss, False
    return type(loss).from_config({**config, "from_logits": True}), True


def _metric(name: str, spec: Any, dtype: str) -> Any:
    """Make a metric; a function of (y_true, y_pred) is averaged over the rows."""
    import keras

    made = from_spec(spec)
    if isinstance(made, keras.metrics.Metric):
        return made
    return keras.metrics.MeanMetricWrapper(made, name=name, dtype=dtype)


def _is_of_batches(values: Any, n_rows: int) -> bool:
    """Whether a formula has reduced the rows."""
    return len(values.shape) == 0 or values.shape[0] != n_rows


def _reduces(metric: Any, target: Any, outputs: Any) -> bool:
    """Whether a metric is the mean of a formula that reduces the rows itself."""
    import keras

    if not isinstance(metric, keras.metrics.MeanMetricWrapper):
        return False
    values = keras.ops.convert_to_tensor(
        metric._fn(target, outputs, **metric._fn_kwargs)
    )
    return _is_of_batches(values, outputs.shape[0])


def wants_class_numbers(consumer: Any) -> bool:
    """Whether a loss or metric takes class numbers; a name alone says nothing."""
    from keras import losses, metrics

    if getattr(consumer, "sparse_y_true", False):  # MeanIoU and its relatives
        return True
    functions = (
        losses.sparse_categorical_crossentropy,
        metrics.sparse_categorical_accuracy,
        metrics.sparse_top_k_categorical_accuracy,
    )
    classes = (
        losses.SparseCategoricalCrossentropy,
        losses.Circle,
        metrics.SparseCategoricalAccuracy,
        metrics.SparseCategoricalCrossentropy,
        metrics.SparseTopKCategoricalAccuracy,
    )
    function = getattr(consumer, "_fn", consumer)
    return isinstance(consumer, classes) or any(function is f for f in functions)
