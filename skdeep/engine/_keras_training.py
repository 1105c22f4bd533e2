"""Training by Keras itself, for what the engine cannot take.

Rows come and predictions go as in the engine, so estimators need not ask which it was.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from skdeep.data._dense_rows import dense_rows
from skdeep.data._training_data import TrainingData

ROWS_PER_CALL = 8192


def train_with_keras(
    model: Any,
    input_shapes: Sequence[tuple[int, ...]],
    training: TrainingData,
    validation: TrainingData | None,
    arguments: Mapping[str, Any],
    targets: Callable[[np.ndarray], Any] | None = None,
) -> dict[str, list[float]]:
    """Train a compiled model with ``keras.Model.fit``; return its history.

    ``targets`` makes of y what Keras gets; by default the columns of each output.
    """
    targets = targets or functools.partial(model_targets, model)
    rows = model_inputs(model, training.X, input_shapes)
    held_out = None
    if validation is not None:
        weight = _weights(validation.weight)
        held_out = (
            model_inputs(model, validation.X, input_shapes),
            targets(validation.y),
            *([] if weight is None else [weight]),
        )
    found = model.fit(
        rows,
        targets(training.y),
        sample_weight=_weights(training.weight),
        validation_data=held_out,
        **arguments,
    )
    return {
        name: [float(value) for value in values]
        for name, values in found.history.items()
    }


def model_inputs(model: Any, X: Any, input_shapes: Sequence[tuple[int, ...]]) -> Any:
    """The inputs of a model, of rows that hold all of them."""
    if len(input_shapes) == 1:
        return dense_rows(X, slice(None), input_shapes[0], _dtype(model, X))
    ends = np.cumsum([int(np.prod(shape)) for shape in input_shapes])
    return tuple(
        X[:, end - int(np.prod(shape)) : end].reshape(-1, *shape)
        for end, shape in zip(ends, input_shapes, strict=True)
    )


def model_targets(model: Any, y: np.ndarray) -> Any:
    """The targets of each output: columns in the order of the outputs' units."""
    outputs = getattr(model, "outputs", None) or []
    if len(outputs) < 2 or y.ndim == 1:
        return y
    ends = np.cumsum([int(output.shape[-1]) for output in outputs])
    return [y[:, e - int(o.shape[-1]) : e] for e, o in zip(ends, outputs, strict=True)]


def _weights(weight: np.ndarray) -> Any:
    """Weights of rows, if they say anything; Keras wants them for every output."""
    return None if (weight == 1).all() else weight


def _dtype(model: Any, X: Any) -> Any:
    """The dtype of rows: ints stay, all else is what Keras computes in."""
    import keras

    return X.dtype if X.dtype.kind in "iu" else keras.config.floatx()


class KerasTrained:
    """A model that Keras has trained; predicts like a ``FittedNetwork``.

    Parameters
    ----------
    model : keras.Model
        Trained.
    input_shapes : tuple of tuple of int
        The shape of a row, for each input.
    rescaling : (scale, offset), default=None
        What turns outputs into targets in their units.
    """

    def __init__(
        self,
        model: Any,
        input_shapes: Sequence[tuple[int, ...]],
        rescaling: tuple[np.ndarray, np.ndarray] | None = None,
    ):
        self.model = model
        self.input_shapes = input_shapes
        self.rescaling = rescaling

    def predict(
        self, X: Any, decode: Callable[[np.ndarray], np.ndarray] = np.asarray
    ) -> np.ndarray:
        """Outputs for rows of X, in the units of the target."""
        rows = model_inputs(self.model, X, self.input_shapes)
        found = self.model.predict(rows, batch_size=ROWS_PER_CALL, verbose=0)
        parts = found.values() if isinstance(found, Mapping) else found
        several = isinstance(found, Mapping | list | tuple)
        outputs = np.hstack(list(parts)) if several else found
        outputs = outputs.reshape(len(outputs), -1)
        if self.rescaling is not None:
            scale, offset = self.rescaling
            outputs = outputs * scale + offset
        return decode(outputs)
