"""Training by Keras itself, for what the engine cannot take.

Rows come and predictions go as in the engine, so estimators need not ask which it was.
"""

from __future__ import annotations

import functools
import math
import pickle
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from skdeep.data._dense_rows import dense_rows
from skdeep.data._training_data import TrainingData
from skdeep.engine.backends._loading import load_tensorflow
from skdeep.networks._keras_config import own_objects

ROWS_PER_CALL = 8192
DEFAULT_BATCH_SIZE = 32  # of Keras


def train_with_keras(
    fitted: KerasTrained,
    training: TrainingData,
    validation: TrainingData | None,
    arguments: Mapping[str, Any],
    targets: Callable[[np.ndarray], Any] | None = None,
    order_seed: int | None = None,
) -> dict[str, list[float]]:
    """Train a compiled model with ``keras.Model.fit``; return its history.

    ``targets`` makes of y what Keras gets; by default the columns of each output. An
    ``order_seed`` shuffles the rows, in place of TensorFlow's global generator.
    """
    targets = targets or functools.partial(model_targets, fitted.model)
    held_out = None
    if validation is not None:
        weight = _weights(validation.weight)
        held_out = (
            fitted.rows(validation.X),
            targets(validation.y),
            *([] if weight is None else [weight]),
        )
    rows, y = fitted.rows(training.X), targets(training.y)
    weight = _weights(training.weight)
    if order_seed is not None:
        size = arguments["batch_size"] or DEFAULT_BATCH_SIZE
        rows = _shuffled(rows, y, weight, size, order_seed)
        y = weight = None
        arguments = {**arguments, "shuffle": False}
    return fit_with_keras(
        fitted.model,
        rows,
        y=y,
        sample_weight=weight,
        validation_data=held_out,
        **arguments,
    )


def _shuffled(rows: Any, y: Any, weight: Any, batch_size: int, seed: int) -> Any:
    """Batches of rows, in another order in every epoch, that follows from ``seed``."""
    import keras

    tf = load_tensorflow()
    if weight is not None:  # of a row, and so of every output
        weight = keras.tree.map_structure(lambda _: weight, y)
    parts = (rows, y) if weight is None else (rows, y, weight)
    arrays = keras.tree.map_structure(_as_tensor, keras.tree.lists_to_tuples(parts))
    n_rows = len(keras.tree.flatten(y)[0])
    order = tf.data.Dataset.range(n_rows).shuffle(n_rows, seed=seed)

    def batch(places: Any) -> Any:
        return tf.nest.map_structure(lambda array: tf.gather(array, places), arrays)

    batches = order.batch(batch_size).map(batch, num_parallel_calls=tf.data.AUTOTUNE)
    return batches.prefetch(tf.data.AUTOTUNE)


def _as_tensor(values: Any) -> Any:
    """An array as Keras makes a tensor of it: floats as wide as its own."""
    import keras

    tf = load_tensorflow()
    tensor = tf.convert_to_tensor(values)
    is_float = tensor.dtype.is_floating
    return tf.cast(tensor, keras.config.floatx()) if is_float else tensor


def fit_with_keras(model: Any, X: Any, **arguments: Any) -> dict[str, list[float]]:
    """Call ``keras.Model.fit``; return its history as plain numbers."""
    found = model.fit(X, **arguments)
    return {
        name: [float(value) for value in values]
        for name, values in found.history.items()
    }


def model_targets(model: Any, y: np.ndarray) -> Any:
    """The targets of each output: columns in the order of the outputs' units."""
    outputs = getattr(model, "outputs", None) or []
    if len(outputs) < 2 or y.ndim == 1:
        return y
    ends = np.cumsum([int(output.shape[-1]) for output in outputs])
    parts = [
        y[:, end - int(output.shape[-1]) : end]
        for end, output in zip(ends, outputs, strict=True)
    ]
    names = getattr(model, "output", None)
    if not isinstance(names, Mapping):
        return parts
    return dict(zip(names, parts, strict=True))  # in the order of ``outputs``


def _weights(weight: np.ndarray) -> Any:
    """Weights of rows, if they say anything; Keras wants them for every output."""
    return None if (weight == 1).all() else weight


def _as_input(values: np.ndarray, shape: tuple[int, ...], dtype: Any) -> Any:
    """Rows for one input: words as a tensor, ints as they are, all else as floats."""
    import keras

    values = values.reshape(-1, *shape)
    if values.dtype.kind == "O" and dtype not in (None, "string"):
        return values.astype(dtype)
    if values.dtype.kind in "OUS":
        return _words_or_floats(values)
    return values if values.dtype.kind in "iu" else values.astype(keras.config.floatx())


def _words_or_floats(values: np.ndarray) -> Any:
    """Values of a table that holds both, for an input that may be either."""
    try:
        return values.astype("float32")
    except ValueError:
        words = [v if isinstance(v, bytes) else str(v) for v in values.ravel()]
        return load_tensorflow().reshape(
            load_tensorflow().constant(words), values.shape
        )


def _written(model: Any) -> tuple[bytes, dict[str, Any]]:
    """A model as Keras writes it, and the classes that it asks for.

    Read again at once: Keras writes models that it cannot read, and a pickle without
    its model would be found out when it is too late.
    """
    try:
        written = pickle.dumps(model), own_objects(model)
        _read(*written)
    except Exception as error:  # of Keras, or of the user's own classes
        raise pickle.PicklingError(
            "A pickle must hold a model that Keras can make again of what it writes; "
            f"got {type(model).__name__} with the error {error} Give its classes a "
            "get_config that their constructors take, or keep model_.get_weights()."
        ) from error
    return written


def _read(written: bytes, objects: dict[str, Any]) -> Any:
    """The model again, with its classes at hand."""
    import keras

    with keras.saving.custom_object_scope(objects):
        return pickle.loads(written)


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
    input_names : tuple of str, default=None
        Names of the inputs, for a model that does not say which it has.
    """

    def __init__(
        self,
        model: Any,
        input_shapes: Sequence[tuple[int, ...]],
        rescaling: tuple[np.ndarray, np.ndarray] | None = None,
        input_names: Sequence[str] | None = None,
    ):
        self.model = model
        self.input_shapes = input_shapes
        self.rescaling = rescaling
        self.input_names = input_names

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of a row, or the number of its values in all inputs together."""
        if len(self.input_shapes) == 1:
            return self.input_shapes[0]
        return (sum(math.prod(shape) for shape in self.input_shapes),)

    @property
    def compute_dtype(self) -> str:
        """What the model computes in."""
        return str(self.model.compute_dtype)

    @property
    def output_units(self) -> int:
        """How many numbers it returns for a row, of all outputs together."""
        outputs = getattr(self.model, "outputs", None) or []
        return sum(math.prod(n or 1 for n in t.shape[1:]) for t in outputs)

    def to_keras(self) -> Any:
        """The model itself, or what gives its outputs in the units of the target."""
        if self.rescaling is None:
            return self.model
        import keras

        scale, offset = (numbers.tolist() for numbers in self.rescaling)
        units = keras.layers.Rescaling(scale, offset, name="units")
        return keras.Model(self.model.inputs, units(self.model.outputs[0]))

    def __getstate__(self) -> dict[str, Any]:
        """Keep the model as Keras writes it, beside the classes that it asks for."""
        return self.__dict__ | {"model": _written(self.model)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Let Keras read the model."""
        self.__dict__.update(state | {"model": _read(*state["model"])})

    def rows(self, X: Any) -> Any:
        """What the model takes, of rows that hold all inputs side by side."""
        wanted = getattr(self.model, "inputs", None) or []
        dtypes = [tensor.dtype for tensor in wanted] or [None] * len(self.input_shapes)
        if len(self.input_shapes) == 1:
            X = dense_rows(X, slice(None), (-1,), X.dtype)
        ends = np.cumsum([int(np.prod(shape)) for shape in self.input_shapes])
        parts = [
            _as_input(X[:, end - int(np.prod(shape)) : end], shape, dtype)
            for end, shape, dtype in zip(ends, self.input_shapes, dtypes, strict=True)
        ]
        if self.input_names and not wanted:
            return dict(zip(self.input_names, parts, strict=True))
        return parts[0] if len(parts) == 1 else tuple(parts)

    def raw(self, X: Any) -> Any:
        """What ``keras.Model.predict`` returns for rows of X."""
        size = _fixed_batch_size(self.model)
        if size is None:
            rows = self.rows(X)
            return self.model.predict(rows, batch_size=ROWS_PER_CALL, verbose=0)
        # A model of one size of batch takes full batches only.
        n_rows = X.shape[0]
        filled = self.rows(X[np.arange(-(-n_rows // size) * size) % n_rows])
        found = self.model.predict(filled, batch_size=size, verbose=0)
        return load_tensorflow().nest.map_structure(lambda part: part[:n_rows], found)

    def predict(
        self, X: Any, decode: Callable[[np.ndarray], np.ndarray] = np.asarray
    ) -> np.ndarray:
        """Outputs for rows of X, in the units of the target."""
        return decode(self.side_by_side(self.raw(X)))

    def side_by_side(self, found: Any) -> np.ndarray:
        """One array of what a model predicts, in the units of the target."""
        parts = found.values() if isinstance(found, Mapping) else found
        several = isinstance(found, Mapping | list | tuple)
        parts = list(parts) if several else [found]
        outputs = np.hstack([part.reshape(len(part), -1) for part in parts])
        if self.rescaling is not None:
            scale, offset = self.rescaling
            outputs = outputs * scale + offset
        return outputs


def _fixed_batch_size(model: Any) -> int | None:
    """The only number of rows that a model takes; None if it takes any."""
    inputs = getattr(model, "inputs", None) or []
    sizes = {tensor.shape[0] for tensor in inputs} - {None}
    return int(min(sizes)) if sizes else None
