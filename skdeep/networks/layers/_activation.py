"""An activation: a function of Keras or the user, or a layer without weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdeep.keras_objects._activations import (
    activation_function,
    activation_layer,
    check_activation,
)
from skdeep.keras_objects._numpy_activations import numpy_activation
from skdeep.keras_objects._onnx_activations import Graph, add_activation
from skdeep.keras_objects._spec import to_spec
from skdeep.networks._network import CallContext
from skdeep.networks.layers._activity import ActivityLayer, activity_fields
from skdeep.networks.layers._layer import (
    Layer,
    LayerOutput,
    Product,
    RowsFunction,
    Shape,
    Site,
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

    @classmethod
    def read_parameters(cls, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse an unknown activation, and parameters that it does not have."""
        params = dict(parameters["activation_params"] or {})
        check_activation(to_spec(parameters["activation"]), params)
        return {}

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """One behind every kernel but the output's, unless its units are maxout."""
        activation = site.parameters["activation"]
        params = site.parameters["activation_params"] or {}
        if activation != "maxout":
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

    def to_onnx(
        self, graph: Graph, x: str, arrays: Sequence[Any], input_shape: Shape
    ) -> str:
        """The operators of the activation."""
        return add_activation(graph, x, self.activation, dict(self.params), axis=1)
