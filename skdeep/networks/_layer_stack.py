"""A network that is a stack of layers."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from skdeep.data._targets import check_units
from skdeep.data._training_data import TrainingData
from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._network import (
    LIMIT,
    CallContext,
    CallResult,
    NumpyContext,
    NumpyTraining,
    WeightSpec,
)
from skdeep.networks.layers._layer import Layer, Product, RowsFunction, Shape


@dataclass(frozen=True)
class LayerStack:
    """Layers one behind the other; the last one is the output.

    See ``Network`` for what it can do. The arrays of a layer are those of its own
    ``weight_specs``, one after the other in the network's weights.
    """

    input_shape: Shape
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        names = [layer.name for layer in self.layers]
        dtypes = {layer.dtype for layer in self.layers}
        if len(set(names)) < len(names) or len(dtypes) != 1:
            raise ValueError(
                "Expected layers with a name of its own each and one dtype for all; "
                f"got the names {names} and the dtypes {sorted(dtypes)}. Make a stack "
                "of at least one layer, and name the layers anew."
            )

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is only remembered."""
        # A cached property lies in __dict__ beside the fields, and would be pickled.
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def compute_dtype(self) -> str:
        """The dtype of rows, losses and predictions; mixed policies use float32."""
        return self.layers[-1].compute_dtype

    @property
    def output_units(self) -> int:
        """How many numbers come out for one row."""
        return self._shapes()[-1][-1]

    @property
    def output_shape(self) -> Shape:
        """The shape of what comes out for one row."""
        return self._shapes()[-1]

    @property
    def dropout_names(self) -> tuple[str, ...]:
        """The names of the dropout rates, in the order of the layers."""
        names = [name for layer in self.layers for name in layer.dropout_names]
        return tuple(dict.fromkeys(names))

    @property
    def hyperparameter_names(self) -> tuple[str, ...]:
        """Dropout rates, then what layers read, then what limits their weights."""
        names = list(self.dropout_names)
        names += [name for layer in self.layers for name in layer.hyperparameter_names]
        if any(spec.is_limited for spec in self.weight_specs()):
            names.append(LIMIT)
        return tuple(dict.fromkeys(names))

    @property
    def prefers_xla(self) -> bool:
        """Whether no layer gets slower by it."""
        return all(layer.prefers_xla for layer in self.layers)

    @property
    def takes_indices(self) -> bool:
        """Whether rows hold numbers of things, which the first layer looks up."""
        return self.layers[0].takes_indices

    @property
    def depth(self) -> int:
        """How many hidden layers multiply with a matrix."""
        return sum(layer.depth for layer in self.layers)

    @property
    def max_values_per_row(self) -> int:
        """How many values one row takes where it is widest."""
        pairs = zip(self.layers, self._shapes(), strict=False)
        return max(
            math.prod(self.input_shape),
            *(layer.widest(shape) for layer, shape in pairs),
        )

    @property
    def multiplications_per_row(self) -> int:
        """How many multiplications with a weight one row takes."""
        return sum(
            layer.multiplications(shape)
            for layer, shape in zip(self.layers, self._shapes(), strict=False)
        )

    # Asked for with every prediction, where 20 µs would be 4 %.
    @functools.cached_property
    def for_prediction(self) -> LayerStack:
        """The same network without what only training needs."""
        layers = (layer.for_prediction for layer in self.layers)
        return LayerStack(self.input_shape, tuple(filter(None, layers)))

    @property
    def without_output_activation(self) -> LayerStack:
        """The same network, whose predictions are its logits."""
        *layers, output = self.layers
        return LayerStack(self.input_shape, (*layers, output.without_activation))

    @property
    def output_places(self) -> range:
        """The arrays of the output: kernel and bias."""
        *_, (_, _, specs) = self._specs()
        n_weights = len(self.weight_specs())
        return range(n_weights - len(specs), n_weights)

    def _shapes(self) -> list[Shape]:
        """The shapes of one row in front of every layer, and behind the last."""
        shapes = [self.input_shape]
        for layer in self.layers:
            shapes.append(layer.output_shape(shapes[-1]))
        return shapes

    def _specs(self) -> Iterator[tuple[Layer, Shape, list[WeightSpec]]]:
        """Every layer with the shape in front of it and its own arrays."""
        # There is one shape more than layers, that of the outputs.
        for layer, shape in zip(self.layers, self._shapes(), strict=False):
            yield layer, shape, layer.weight_specs(shape)

    def _with_arrays(
        self, weights: Sequence[Any]
    ) -> Iterator[tuple[Layer, Shape, int, list[Any]]]:
        """Every layer with the shape in front, and where its own arrays begin."""
        start = 0
        for layer, shape, specs in self._specs():
            yield layer, shape, start, list(weights[start : start + len(specs)])
            start += len(specs)

    def weight_specs(self) -> list[WeightSpec]:
        """List the weights in the order of the Keras model."""
        return [spec for *_, specs in self._specs() for spec in specs]

    def draw_weights(
        self, seed: int, training: TrainingData | None = None
    ) -> list[np.ndarray]:
        """Draw initial weights; every array has its own seed, derived from ``seed``."""
        # One seed for all would draw equal kernels for layers of equal shape
        # (test_kernels_of_equal_shape_start_differently).
        pairs = [(layer, spec) for layer, _, specs in self._specs() for spec in specs]
        drawn = [
            layer.draw(spec, array_seed(seed, position))
            for position, (layer, spec) in enumerate(pairs)
        ]
        return drawn if training is None else self._with_statistics(drawn, training)

    def _with_statistics(
        self, weights: list[np.ndarray], training: TrainingData
    ) -> list[np.ndarray]:
        """Let every layer measure the rows, as they come in."""
        measured = [
            layer.with_statistics(arrays, training)
            for layer, _, _, arrays in self._with_arrays(weights)
        ]
        return [array for arrays in measured for array in arrays]

    def call(self, weights: Sequence[Any], x: Any, context: CallContext) -> CallResult:
        """Send rows through layer by layer."""
        from keras import ops

        penalty: Any = 0.0
        updates: dict[int, Any] = {}
        # Under mixed_bfloat16 rows are float32 up to here. Numbers of things stay so:
        # bfloat16 has 256 for 257.
        if not self.takes_indices:
            x = ops.cast(x, arithmetic_dtype(self.layers[0].dtype))
        for layer, _, start, arrays in self._with_arrays(weights):
            output = layer.call(arrays, x, context)
            x = output.values
            if output.penalty is not None:
                penalty = penalty + output.penalty
            # From the layer's own numbers to those of the stack.
            updates |= {start + i: value for i, value in output.updates.items()}
            if output.step_mask is not None:
                context = replace(context, step_mask=output.step_mask)
        return CallResult(x, penalty, updates)

    def predictions(self, logits: Any) -> Any:
        """Apply the output activation."""
        return self.layers[-1].predictions(logits)

    def to_keras(
        self,
        hyperparameters: Mapping[str, float],
        weights: Sequence[np.ndarray] | None = None,
        rescaling: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> Any:
        """Make a ``keras.Model`` of standard layers that does the same."""
        import keras

        dtype = self.compute_dtype
        # Without a dtype Keras would round the rows of a float64 network to float32.
        inputs = x = keras.Input(self.input_shape, name="input", dtype=dtype)
        for layer in self.layers:
            x = layer.to_keras(x, hyperparameters)
        if rescaling is not None:
            # Rescaling turns its numbers into float32 first, whatever its dtype.
            check_units(*rescaling, "float32", "be part of a Keras model")
            x = _rescale(x, *rescaling, dtype)
        model = keras.Model(inputs, x)
        if weights is not None:
            model.set_weights(list(weights))
        return model

    @property
    def runs_in_numpy(self) -> bool:
        """Whether all layers do; NumPy has no fast arithmetic in bfloat16."""
        layers = self.for_prediction.layers
        is_mixed = self.layers[0].dtype != self.compute_dtype
        return not is_mixed and all(layer.runs_in_numpy for layer in layers)

    def to_numpy(
        self, weights: Sequence[np.ndarray], product: Product
    ) -> list[RowsFunction]:
        """Return the functions of all layers that are left for prediction."""
        return [
            layer.to_numpy(arrays, product)
            for layer, _, _, arrays in self.for_prediction._with_arrays(weights)
        ]

    @property
    def trains_in_numpy(self) -> bool:
        """Whether all layers do, for rows that are vectors."""
        is_mixed = self.layers[0].dtype != self.compute_dtype
        if is_mixed or len(self.input_shape) != 1:
            return False
        return all(layer.trains_in_numpy for layer in self.layers)

    @property
    def output_activation(self) -> Any:
        """The activation of the last layer."""
        return getattr(self.layers[-1], "activation", None)

    def to_numpy_training(
        self,
        weights: np.ndarray,
        gradients: np.ndarray,
        context: NumpyContext,
    ) -> NumpyTraining:
        """Return the functions of all layers, one behind the other."""
        parts: list[NumpyTraining] = []
        n_behind = 0  # layers from which gradients are wanted
        start = 0
        for layer, _, specs in self._specs():
            stop = start + sum(math.prod(spec.shape) for spec in specs)
            own = weights[start:stop], gradients[start:stop]
            here = replace(context, is_first=not n_behind)
            parts.append(layer.to_numpy_training(*own, here))
            # In front of the first layer with weights nobody asks for gradients.
            n_behind += bool(specs) or n_behind > 0
            start = stop
        penalties = [part.penalty for part in parts if part.penalty]
        return NumpyTraining(
            functools.partial(_through, [part.forward for part in parts]),
            functools.partial(
                _through, [part.backward for part in reversed(parts[-n_behind:])]
            ),
            (lambda: sum([penalty() for penalty in penalties])) if penalties else None,
        )

    def to_onnx(self, graph: Graph, x: str, weights: Sequence[np.ndarray]) -> str:
        """Append the operators of all layers; channels go in front once, for all."""
        rank = len(self.input_shape)
        if rank > 1:
            # (n, height, width, channels) -> (n, channels, height, width)
            x = graph.add("Transpose", x, perm=[0, rank, *range(1, rank)])
        for layer, shape, _, arrays in self._with_arrays(weights):
            x = layer.to_onnx(graph, x, arrays, shape)
        return x


def _through(
    functions: Sequence[Callable[[np.ndarray], np.ndarray]], x: np.ndarray
) -> np.ndarray:
    """Apply functions one after the other."""
    for function in functions:
        x = function(x)
    return x


def _rescale(x: Any, scale: np.ndarray, offset: np.ndarray, dtype: str) -> Any:
    """Append scale * x + offset to a symbolic tensor.

    Where images have channels first, Keras' Rescaling takes several scales for those
    of channels and gives outputs of another rank; so it only gets a single one.
    """
    from keras import layers, ops

    factor = 1.0
    if len(scale) == 1:
        factor = scale.item()
    else:
        x = ops.multiply(x, scale.astype(dtype))
    return layers.Rescaling(factor, offset.tolist(), dtype=dtype, name="units")(x)


def arithmetic_dtype(dtype: str) -> str:
    """The dtype of the layers' arithmetic under a policy."""
    return "bfloat16" if dtype == "mixed_bfloat16" else dtype


def array_seed(seed: int, position: int) -> int:
    """Derive the seed of one array."""
    # Shifted to 31 bits, which are positive as an int32, too.
    return int(np.random.SeedSequence([seed, position]).generate_state(1)[0] >> 1)
