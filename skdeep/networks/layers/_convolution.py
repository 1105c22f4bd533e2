"""A convolution of images or sequences."""

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
from skdeep.networks.layers._numbers import read_count, read_window
from skdeep.networks.layers._windows import ONNX_PADDINGS, output_lengths

BEHIND = (Place.NORMALIZATION, Place.ACTIVATION, Place.BEHIND_ACTIVATION)
BEHIND_BLOCK = (Place.BEHIND_BLOCK, Place.BEHIND_POOLING)


@dataclass(frozen=True)
class Convolution(KernelLayer):
    """x * kernel + bias over windows of ``kernel_size`` rows and columns, or steps."""

    filters: int
    kernel_size: tuple[int, ...]
    padding: str

    places: ClassVar[tuple[Place, ...]] = (Place.FEATURES,)
    # Measured on two cores: XLA makes the gradients of convolutions 45 times slower.
    prefers_xla: ClassVar[bool] = False

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """Blocks of them, if the estimator has ``filters``."""
        if "filters" not in site.parameters:
            return
        given = site.parameters
        n_axes = len(site.input_shape) - 1
        size = read_window(given["kernel_size"], "kernel_size", n_axes)
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

    @property
    def norm_axes(self) -> int | tuple[int, ...]:
        """All axes of the kernel but the filters."""
        return tuple(range(len(self.kernel_size) + 1))

    def output_shape(self, input_shape: Shape) -> Shape:
        """One pixel per place of the window, and the filters as channels."""
        image = input_shape[:-1]
        strides = (1,) * len(image)
        lengths = output_lengths(
            self.name, image, self.kernel_size, strides, self.padding
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
        kernel = ops.cast(kernel, x.dtype)
        if len(self.kernel_size) == 1:
            # A sequence is an image of one row; so do frameworks see it.
            x, kernel = ops.expand_dims(x, 1), ops.expand_dims(kernel, 0)
            x = ops.squeeze(context.convolution(x, kernel, self.padding), 1)
        else:
            x = context.convolution(x, kernel, self.padding)
        for vector in bias:
            x = x + ops.cast(vector, x.dtype)
        return LayerOutput(x, penalty)

    def to_keras(self, x: Any, hyperparameters: Mapping[str, float]) -> Any:
        """Keras' Conv1D or Conv2D."""
        from keras import layers

        convolution = {1: layers.Conv1D, 2: layers.Conv2D}[len(self.kernel_size)]
        return convolution(
            self.filters,
            self.kernel_size,
            padding=self.padding,
            data_format="channels_last",
            **self.keras_arguments(hyperparameters),
        )(x)

    def to_onnx(
        self, graph: Graph, x: str, arrays: Sequence[Any], input_shape: Shape
    ) -> str:
        """Conv, whose kernel is (out, in, rows, columns), or (out, in, steps)."""
        kernel, *bias = arrays
        n_axes = len(self.kernel_size)
        kernel = kernel.transpose(n_axes + 1, n_axes, *range(n_axes))
        constants = [graph.constant(a) for a in (kernel, *bias)]
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
