"""An activation: a function of Keras or the user, or a layer without weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._activations import (
    activation_function,
    activation_layer,
    check_activation,
)
from skdeep.keras_objects._numpy_activations import numpy_activation
from skdeep.keras_objects._numpy_derivatives import LINEAR, RELU, numpy_derivative
from skdeep.keras_objects._onnx_activations import Graph, add_activation
from skdeep.keras_objects._spec import to_spec
from skdeep.networks._memory import aligned
from skdeep.networks._network import CallContext, NumpyContext, NumpyTraining
from skdeep.networks.layers._activity import (
    ActivityLayer,
    activation_at,
    activity_fields,
    is_maxout,
)
from skdeep.networks.layers._layer import (
    Layer,
    LayerOutput,
    Product,
    RowsFunction,
    Shape,
    Site,
)
from skdeep.networks.layers._numbers import check_order
from skdeep.networks.layers._per_layer import (
    checked_values,
    is_per_layer,
    n_layers,
)


@dataclass(frozen=True)
class Activation(ActivityLayer):
    """activation(x), with the parameters that Keras has for it.

    ``activation`` is a name, a function, or the spec of a Keras layer.
    """

    activation: Any
    params: tuple[tuple[str, Any], ...] = ()

    @property
    def runs_in_numpy(self) -> bool:
        """Whether it is Keras' own, given by name or as a layer."""
        return numpy_activation(self.activation, dict(self.params)) is not None

    @property
    def trains_in_numpy(self) -> bool:
        """Whether the derivative is known, and nothing penalised."""
        derivative = numpy_derivative(self.activation, dict(self.params))
        return derivative is not None and not self.activity_l1

    @classmethod
    def read_parameters(cls, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse an unknown activation, and parameters that it does not have."""
        check_order("activation", parameters["activation"])
        _check_kinds(
            checked_values(parameters, "activation"),
            checked_values(parameters, "activation_params"),
        )
        given = (parameters[name] for name in ("activation", "activation_params"))
        # A fault is one in a linear model, too, which uses neither.
        n_pairs = n_layers(parameters) if any(map(is_per_layer, given)) else 1
        for layer in range(n_pairs):
            activation, params = activation_at(parameters, layer)
            check_activation(to_spec(activation), params)
        return {}

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """One behind every kernel but the output's, unless its units are maxout."""
        activation, params = activation_at(site.parameters, site.layer)
        if not is_maxout(activation):
            fields = activity_fields(site)
            yield cls(to_spec(activation), tuple(sorted(params.items())), **fields)

    def call(self, arrays: Sequence[Any], x: Any, context: CallContext) -> LayerOutput:
        """Apply the function."""
        function = activation_function(self.activation, dict(self.params), self.dtype)
        return self.penalized(function(x), context)

    def to_keras(self, x: Any, hyperparameters: Mapping[str, float]) -> Any:
        """The layer of the activation, or Keras' Activation."""
        arguments = self.keras_arguments(hyperparameters)
        return activation_layer(self.activation, dict(self.params), **arguments)(x)

    def to_numpy(self, arrays: Sequence[np.ndarray], product: Product) -> RowsFunction:
        """Apply the function."""
        function = numpy_activation(self.activation, dict(self.params))
        assert function is not None  # runs_in_numpy
        return function

    def to_numpy_training(
        self,
        weights: np.ndarray,
        gradients: np.ndarray,
        context: NumpyContext,
    ) -> NumpyTraining:
        """Apply the function; multiply by its derivative."""
        function = numpy_activation(self.activation, dict(self.params))
        derivative = numpy_derivative(self.activation, dict(self.params))
        assert function is not None  # trains_in_numpy
        assert derivative is not None
        if derivative is LINEAR:
            return NumpyTraining(function, function)
        if derivative is RELU:
            return _relu_training()
        inputs = outputs = np.empty(0)

        def forward(x: np.ndarray) -> np.ndarray:
            nonlocal inputs, outputs
            outputs = x[:-1]
            inputs = outputs.copy() if derivative.needs_inputs else outputs
            values = function(outputs)
            if values is not outputs:
                np.copyto(outputs, values)
            return x

        def backward(delta: np.ndarray) -> np.ndarray:
            return np.multiply(delta, derivative.of(inputs, outputs), delta)

        return NumpyTraining(forward, backward)

    def to_onnx(
        self, graph: Graph, x: str, arrays: Sequence[Any], input_shape: Shape
    ) -> str:
        """The operators of the activation."""
        return add_activation(graph, x, self.activation, dict(self.params), axis=1)


def _relu_training() -> NumpyTraining:
    """max(x, 0), the commonest activation, in a third of the general way's time."""
    before = inside = zeros = bits = ones = positive = np.empty(0)
    before_delta = bits_of_delta = np.empty(0)

    def forward(x: np.ndarray) -> np.ndarray:
        nonlocal before, inside, zeros, bits, ones, positive
        if x is not before:
            before, inside = x, x[:-1]
            zeros, bits = aligned(inside.shape, inside.dtype), _bits(inside)
            ones = aligned(bits.shape, bits.dtype, fill=1)
            positive = aligned(bits.shape, bits.dtype)
        # An array of zeros: compared with a number NumPy takes another, slower way.
        np.maximum(inside, zeros, out=inside)
        return x

    def backward(delta: np.ndarray) -> np.ndarray:
        nonlocal before_delta, bits_of_delta
        if delta is not before_delta:
            before_delta, bits_of_delta = delta, _bits(delta)
        # The bits of a positive number, read as a whole one, are at least 1, those of
        # zero are 0; and bits times 1 stay what they are. Comparing, and multiplying
        # with truth values, takes three times as long.
        np.minimum(bits, ones, out=positive)
        np.multiply(bits_of_delta, positive, bits_of_delta)
        return delta

    return NumpyTraining(forward, backward)


def _bits(x: np.ndarray) -> np.ndarray:
    """The same memory, read as whole numbers."""
    return x.view(np.dtype(f"i{x.itemsize}"))


def _check_kinds(activations: list[Any], params: list[Any]) -> None:
    """Refuse what is neither an activation nor the parameters of one."""
    if not all(isinstance(each, str) or callable(each) for each in activations):
        raise InvalidNetworkError(
            "activation must hold names, functions and Keras layers; got "
            f'{activations!r}. Give "linear" to a layer without one.'
        )
    if not all(isinstance(each, Mapping | None) for each in params):
        raise InvalidNetworkError(
            "activation_params must be a dict, or one dict or None per layer; got "
            f"{params!r}. Give None to a layer whose activation has none."
        )
