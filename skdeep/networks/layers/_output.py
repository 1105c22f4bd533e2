"""The output: a fully connected layer with the activation that the target asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from skdeep.keras_objects._activations import activation_function
from skdeep.keras_objects._numpy_activations import numpy_activation
from skdeep.keras_objects._onnx_activations import Graph, add_activation
from skdeep.networks._network import (
    CallContext,
    NumpyContext,
    NumpyTraining,
    WeightSpec,
)
from skdeep.networks.layers._kernel import KernelLayer, affine_in_numpy, kernel_fields
from skdeep.networks.layers._layer import (
    Layer,
    LayerOutput,
    Place,
    Product,
    RowsFunction,
    Shape,
    Site,
)


@dataclass(frozen=True)
class Output(KernelLayer):
    """activation(x @ kernel + bias); losses see what is inside the parentheses."""

    units: int
    activation: str

    places: ClassVar[tuple[Place, ...]] = (Place.OUTPUT,)

    @property
    def runs_in_numpy(self) -> bool:
        """Whether the activation does."""
        return numpy_activation(self.activation, {}) is not None

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """The last layer."""
        number = sum(isinstance(layer, KernelLayer) for layer in site.before)
        fields = kernel_fields(site.parameters, number, is_output=True)
        fields |= {"max_norm": False}
        yield cls(site.output_units, site.output_activation, name="output", **fields)
        yield from site.behind("output", 0, Place.BEHIND_OUTPUT)

    @property
    def without_activation(self) -> Output:
        """The layer, whose predictions are its logits."""
        return replace(self, activation="linear")

    @property
    def trains_in_numpy(self) -> bool:
        """Unless norms are limited."""
        return not self.max_norm

    def output_shape(self, input_shape: Shape) -> Shape:
        """The units."""
        return (*input_shape[:-1], self.units)

    def weight_specs(self, input_shape: Shape) -> list[WeightSpec]:
        """Kernel and bias."""
        return self.kernel_specs((input_shape[-1], self.units))

    def call(self, arrays: Sequence[Any], x: Any, context: CallContext) -> LayerOutput:
        """Multiply and add the bias; the logits leave mixed precision."""
        from keras import ops

        kernel, bias = arrays
        penalty = self.penalty(kernel, context.hyperparameters)
        logits = context.product(x, ops.cast(kernel, x.dtype))
        logits = logits + ops.cast(bias, x.dtype)
        return LayerOutput(ops.cast(logits, self.compute_dtype), penalty)

    def predictions(self, logits: Any) -> Any:
        """Apply the activation."""
        return activation_function(self.activation, {}, self.compute_dtype)(logits)

    def to_keras(self, x: Any, hyperparameters: Mapping[str, float]) -> Any:
        """Keras' Dense, never in mixed precision."""
        from keras import layers

        arguments = self.keras_arguments(hyperparameters)
        arguments |= {"dtype": self.compute_dtype, "activation": self.activation}
        return layers.Dense(self.units, **arguments)(x)

    def to_numpy(self, arrays: Sequence[np.ndarray], product: Product) -> RowsFunction:
        """Multiply, add the bias, and apply the activation."""
        multiply_and_add = affine_in_numpy(arrays, product)
        function = numpy_activation(self.activation, {})
        assert function is not None  # runs_in_numpy
        if self.activation == "linear":
            return multiply_and_add
        return lambda x: function(multiply_and_add(x))

    def to_numpy_training(
        self,
        weights: np.ndarray,
        gradients: np.ndarray,
        context: NumpyContext,
    ) -> NumpyTraining:
        """Multiply and add the bias."""
        return self.affine_training(self.units, weights, gradients, context)

    def to_onnx(
        self, graph: Graph, x: str, arrays: Sequence[Any], input_shape: Shape
    ) -> str:
        """Gemm and the operators of the activation."""
        x = graph.add("Gemm", x, *map(graph.constant, arrays))
        return add_activation(graph, x, self.activation, {}, axis=1)
