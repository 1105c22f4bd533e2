"""The commonest losses and metrics in NumPy: gradients by logits, values of many rows.

A gradient is wanted in every update, the values only when an epoch is over; so the
logits of an epoch are kept, and measured at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from skdeep.engine._objective import Objective
from skdeep.keras_objects._numpy_activations import ACTIVATIONS
from skdeep.keras_objects._spec import KerasSpec

Values = np.ndarray


class NumpyLoss(NamedTuple):
    """A loss on logits.

    ``values(y, logits)`` gives one per row. Gradients are ``gradient(y, logits)``,
    written over the logits, times ``scale`` divided by the number of outputs that a
    value is the mean of. ``activation`` is the one of the output that goes with it.
    """

    activation: str
    values: Callable[[Values, Values], Values]
    gradient: Callable[[Values, Values], Values]
    arguments: dict[str, Any]  # of Keras' class, as they must be
    scale: float = 1.0

    def factors(self, y: Values, weight: Values) -> Values:  # -> (n_rows, 1)
        """What gradients of rows of these weights are multiplied by."""
        n_outputs = y.shape[1] if y.ndim == 2 else 1
        return weight[:, np.newaxis] * weight.dtype.type(self.scale / n_outputs)


def _row_means(values: Values) -> Values:
    """The mean of every row; of one value it takes NumPy 6 µs, as long as the rest."""
    return values[:, 0] if values.shape[1] == 1 else values.mean(axis=1)


def _squared(y: Values, logits: Values) -> Values:
    return _row_means(np.square(logits - y))


def _squared_gradient(y: Values, logits: Values) -> Values:
    return np.subtract(logits, y, logits)


def _absolute(y: Values, logits: Values) -> Values:
    return _row_means(np.abs(logits - y))


def _absolute_gradient(y: Values, logits: Values) -> Values:
    np.subtract(logits, y, logits)
    return np.sign(logits, logits)


def _huber(y: Values, logits: Values) -> Values:
    distance = np.abs(logits - y)
    values = np.where(distance <= 1, 0.5 * np.square(distance), distance - 0.5)
    return _row_means(values)


def _huber_gradient(y: Values, logits: Values) -> Values:
    np.subtract(logits, y, logits)
    return np.clip(logits, -1, 1, logits)


def _binary(y: Values, logits: Values) -> Values:
    values = np.maximum(logits, 0) - logits * y + np.log1p(np.exp(-np.abs(logits)))
    return _row_means(values)


def _binary_gradient(y: Values, logits: Values) -> Values:
    probabilities = ACTIVATIONS["sigmoid"](logits)
    return np.subtract(probabilities, y, probabilities)


def _categorical(y: Values, logits: Values) -> Values:
    logs = ACTIVATIONS["log_softmax"](logits.copy())
    return -np.take_along_axis(logs, y[:, np.newaxis], axis=1)[:, 0]


def _categorical_gradient(y: Values, logits: Values) -> Values:
    probabilities = ACTIVATIONS["softmax"](logits)
    probabilities[np.arange(len(y)), y] -= 1
    return probabilities


_NUMBERS = {"reduction": "sum_over_batch_size"}
_CLASSES = {**_NUMBERS, "from_logits": False, "axis": -1}
LOSSES = {
    "BinaryCrossentropy": NumpyLoss(
        "sigmoid", _binary, _binary_gradient, {**_CLASSES, "label_smoothing": 0.0}
    ),
    "Huber": NumpyLoss("linear", _huber, _huber_gradient, {**_NUMBERS, "delta": 1.0}),
    "MeanAbsoluteError": NumpyLoss("linear", _absolute, _absolute_gradient, _NUMBERS),
    "MeanSquaredError": NumpyLoss(
        "linear", _squared, _squared_gradient, _NUMBERS, scale=2.0
    ),
    "SparseCategoricalCrossentropy": NumpyLoss(
        "softmax",
        _categorical,
        _categorical_gradient,
        {**_CLASSES, "ignore_class": None},
    ),
}


def _squared_error(y: Values, given: Values) -> Values:
    return _row_means(np.square(y - given))


def _absolute_error(y: Values, given: Values) -> Values:
    return _row_means(np.abs(y - given))


def _binary_accuracy(y: Values, given: Values) -> Values:
    return _row_means((given > 0.5) == (y > 0.5))


def _class_accuracy(y: Values, given: Values) -> Values:
    return given.argmax(axis=1) == y


class NumpyMetric(NamedTuple):
    """A mean over rows: of which values, and what is made of it."""

    values: Callable[[Values, Values], Values]
    result: Callable[[float], float] = float
    arguments: dict[str, Any] = {}


METRICS = {
    "BinaryAccuracy": NumpyMetric(_binary_accuracy, arguments={"threshold": 0.5}),
    "MeanAbsoluteError": NumpyMetric(_absolute_error),
    "MeanSquaredError": NumpyMetric(_squared_error),
    "RootMeanSquaredError": NumpyMetric(_squared_error, np.sqrt),
    "SparseCategoricalAccuracy": NumpyMetric(_class_accuracy),
}


def _found(spec: Any, module: str, known: dict[str, Any], free: set[str]) -> Any:
    """What is known of a Keras object, if its arguments are those that are."""
    if not isinstance(spec, KerasSpec) or spec.cls != f"keras.{module}.{spec.name}":
        return None
    found = known.get(spec.name)
    if found is None:
        return None
    arguments = json.loads(spec.config)
    known_values = found.arguments.items()
    said = [pair for pair in arguments.items() if pair[0] not in free]
    return found if all(pair in known_values for pair in said) else None


def numpy_loss(objective: Objective, activation: Any) -> NumpyLoss | None:
    """Return the loss of an objective for outputs of an activation; None for none."""
    found: NumpyLoss | None = _found(objective.loss, "losses", LOSSES, set())
    fits = found is not None and found.activation == activation
    return found if fits and objective.point_units is None else None


def numpy_metrics(objective: Objective) -> list[NumpyMetric] | None:
    """Return the metrics of an objective; None if not all are known."""
    free = {"name", "dtype"}
    found = [_found(spec, "metrics", METRICS, free) for _, spec in objective.metrics]
    return None if None in found else found
