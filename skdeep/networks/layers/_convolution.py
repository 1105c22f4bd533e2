"""A convolution of images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._network import CallContext, WeightSpec
from skdeep.networks.layers._activity import n_pieces
from skdeep.networks.layers._batch_normalization import hidden_fields
from skdeep.networks.layers._kernel import KernelLayer
from skdeep.networks.layers._layer import Layer, LayerOutput, Place, Shape, Site
from skdeep.networks.layers._numbers import read_count, read_pair
from skdeep.networks.layers._windows import ONNX_PADDINGS, output_lengths

STRIDES = (1, 1)
BEHIND = (Place.NORMALIZATION, Place.ACTIVATION, Place.BEHIND_ACTIVATION)
BEHIND_BLOCK = (Place.BEHIND_BLOCK, Place.BEHIND_POOLING)


@dataclass(frozen=True)
class Convolution(KernelLayer):
    """x * kernel + bias over windows of ``kernel_size`` rows and columns."""

    filters: int
    kernel_size: tuple[int, int]
    padding: str

    places: ClassVar[tuple[Place, ...]] = (Place.FEATURES,)
    # Measured on two cores: XLA makes the gradients of convolutions 45 times slower.
    prefers_xla: ClassVar[bool] = False
    norm_axes: ClassVar[int | tuple[int, ...]] = (0, 1, 2)  # all axes but the filters

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """Blocks of them, if the estimator has ``filters``."""
        if "filters" not in site.parameters:
            return
        given = site.parameters
        size = read_pair(given["kernel_size"], "kernel_size")
        padding = given["padding"]
        number = 0
        for block, counts in enumerate(read_blocks(given["filters"])):
            for filters in counts:
                name, fields = f"convolution_{number + 1}", hidden_fields(given, number)
                filters *= n_pieces(given, number)
                yield cls(filters, size, padding, name=name, **fields)
                yield from site.behind(name, number, *BEHIND, layer=number)
                number += 1
            yield from site.behind(f"block_{block + 1}", block, *BEHIND_BLOCK)

    @classmethod
    def n_kernels(cls, parameters: Mapping[str, Any]) -> int:
        """One per convolution, if the estimator has ``filters``."""
        if "filters" not in parameters:
            return 0
        return sum(map(len, read_blocks(parameters["filters"])))

    def output_shape(self, input_shape: Shape) -> Shape:
        """One pixel per place of the window, and the filters as channels."""
        image = input_shape[:-1]
        lengths = output_lengths(
            self.name, image, self.kernel_size, STRIDES, self.padding
        )
        return (*lengths, self.filters)

    def weight_specs(self, input_shape: Shape) -> list[WeightSpec]:
        """Kernel and bias."""
        return self.kernel_specs((*self.kernel_size, input_shape[-1], self.filters))

    def call(self, arrays: Sequence[Any], x: Any, context: CallContext) -> LayerOutput:
        """Convolve, and add the bias if there is one."""
        from keras import ops

        kernel, *bias = arrays
        penalty = self.penalty(kernel, context.hyperparameters)
        # TensorFlow's gradient of the kernel follows the number of threads; the context
        # has another (test_the_number_of_threads_changes_no_bit).
        x = context.convolution(x, ops.cast(kernel, x.dtype), self.padding)
        for vector in bias:
            x = x + ops.cast(vector, x.dtype)
        return LayerOutput(x, penalty)

    def to_keras(self, x: Any, hyperparameters: Mapping[str, float]) -> Any:
        """Keras' Conv2D."""
        from keras import layers

        return layers.Conv2D(
            self.filters,
            self.kernel_size,
            padding=self.padding,
            data_format="channels_last",
            **self.keras_arguments(hyperparameters),
        )(x)

    def to_onnx(
        self, graph: Graph, x: str, arrays: Sequence[Any], input_shape: Shape
    ) -> str:
        """Conv, whose kernel is (out, in, rows, columns)."""
        kernel, *bias = arrays
        constants = [graph.constant(a) for a in (kernel.transpose(3, 2, 0, 1), *bias)]
        return graph.add("Conv", x, *constants, auto_pad=ONNX_PADDINGS[self.padding])


def read_blocks(filters: Any) -> list[list[int]]:
    """The filters of every convolution, block by block."""
    # (32, (64, 64)) is a block of one convolution and a block of two.
    blocks = [
        tuple(block) if isinstance(block, Sequence | np.ndarray) else (block,)
        for block in filters
    ]
    if not blocks or not all(blocks):
        raise InvalidNetworkError(
            f"filters must hold at least one convolution per block; got {filters!r}. "
            "Use the DNN estimators for networks without convolutions."
        )
    return [[read_count(n, "filters", filters) for n in block] for block in blocks]
