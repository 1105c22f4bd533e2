"""A fully connected hidden layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar

import numpy as np

from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._network import (
    CallContext,
    NumpyContext,
    NumpyTraining,
    WeightSpec,
)
from skdeep.networks.layers._activity import n_pieces
from skdeep.networks.layers._batch_normalization import hidden_fields
from skdeep.networks.layers._kernel import KernelLayer, affine_in_numpy
from skdeep.networks.layers._layer import (
    Layer,
    LayerOutput,
    Place,
    Product,
    RowsFunction,
    Shape,
    Site,
)
from skdeep.networks.layers._numbers import check_order, read_count

BEHIND = (
    Place.NORMALIZATION,
    Place.ACTIVATION,
    Place.BEHIND_ACTIVATION,
    Place.BEHIND_HIDDEN,
)


@dataclass(frozen=True)
class Dense(KernelLayer):
    """x @ kernel + bias."""

    units: int

    places: ClassVar[tuple[Place, ...]] = (Place.HIDDEN,)
    depth: ClassVar[int] = 1

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """One for every entry of ``hidden_layer_sizes``."""
        first = sum(isinstance(layer, KernelLayer) for layer in site.before)
        for i, units in enumerate(read_units(site.parameters)):
            name, layer = f"hidden_{i + 1}", first + i
            # All linear functions of maxout units are one product.
            units *= n_pieces(site.parameters, layer)
            yield cls(units, name=name, **hidden_fields(site.parameters, layer))
            yield from site.behind(name, i, *BEHIND, layer=layer)

    @classmethod
    def n_kernels(cls, parameters: Mapping[str, Any]) -> int:
        """One per hidden layer."""
        return len(read_units(parameters))

    @property
    def trains_in_numpy(self) -> bool:
        """Unless norms are limited."""
        return not self.max_norm

    def output_shape(self, input_shape: Shape) -> Shape:
        """The units."""
        return (*input_shape[:-1], self.units)

    @property
    def runs_in_numpy(self) -> bool:
        """Always."""
        return True

    def weight_specs(self, input_shape: Shape) -> list[WeightSpec]:
        """Kernel and bias."""
        return self.kernel_specs((input_shape[-1], self.units))

    def call(self, arrays: Sequence[Any], x: Any, context: CallContext) -> LayerOutput:
        """Multiply, and add the bias if there is one."""
        from keras import ops

        kernel, *bias = arrays
        penalty = self.penalty(kernel, context.hyperparameters)
        # Under mixed_bfloat16 weights are float32, and the product is one of bfloat16.
        x = context.product(x, ops.cast(kernel, x.dtype))
        for vector in bias:
            x = x + ops.cast(vector, x.dtype)
        return LayerOutput(x, penalty)

    def to_keras(self, x: Any, hyperparameters: Mapping[str, float]) -> Any:
        """Keras' Dense."""
        from keras import layers

        return layers.Dense(self.units, **self.keras_arguments(hyperparameters))(x)

    def to_numpy(self, arrays: Sequence[np.ndarray], product: Product) -> RowsFunction:
        """Multiply, and add the bias if there is one."""
        return affine_in_numpy(arrays, product)

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
        """Gemm, a product with or without a bias."""
        return graph.add("Gemm", x, *map(graph.constant, arrays))


def read_units(parameters: Mapping[str, Any]) -> list[int]:
    """The numbers of units of the hidden layers."""
    return read_sizes(parameters, "hidden_layer_sizes")


def read_recurrent(parameters: Mapping[str, Any]) -> list[int]:
    """The numbers of units of the recurrent layers; most estimators have none."""
    return read_sizes(parameters, "units") if "cell" in parameters else []


def read_sizes(parameters: Mapping[str, Any], name: str) -> list[int]:
    """The numbers of units, from one number or several."""
    given = parameters[name]
    check_order(name, given)
    sizes = (given,) if isinstance(given, Integral) else given
    return [read_count(size, name, sizes) for size in sizes]
