"""Max and average pooling of images and sequences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._network import CallContext
from skdeep.networks.layers._layer import Layer, LayerOutput, Place, Shape, Site
from skdeep.networks.layers._numbers import read_window
from skdeep.networks.layers._windows import ONNX_PADDINGS, output_lengths

ONNX_OPERATORS = {"max": "MaxPool", "average": "AveragePool"}


@dataclass(frozen=True)
class Pooling(Layer):
    """The maximum or the mean of windows side by side; padding does not count."""

    size: tuple[int, ...]
    kind: str  # "max" or "average"
    padding: str

    places: ClassVar[tuple[Place, ...]] = (Place.BEHIND_BLOCK,)

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """One behind every block of convolutions that has a window."""
        sizes = read_pool_sizes(site.parameters, len(site.input_shape) - 1)
        size = sizes[site.number]
        if size is not None:
            # Blocks without a window are skipped: names count the poolings there are.
            number = sum(earlier is not None for earlier in sizes[: site.number]) + 1
            kind, padding = (site.parameters[p] for p in ("pooling", "padding"))
            yield cls(size, kind, padding, name=f"pooling_{number}", dtype=site.dtype)

    def output_shape(self, input_shape: Shape) -> Shape:
        """One pixel per window."""
        *image, channels = input_shape
        lengths = output_lengths(
            self.name, tuple(image), self.size, self.size, self.padding
        )
        return (*lengths, channels)

    def call(self, arrays: Sequence[Any], x: Any, context: CallContext) -> LayerOutput:
        """Pool; the stride is the window."""
        from keras import ops

        pool = {"max": ops.max_pool, "average": ops.average_pool}[self.kind]
        pooled = pool(x, self.size, self.size, self.padding, "channels_last")
        return LayerOutput(pooled)

    def to_keras(self, x: Any, hyperparameters: Mapping[str, float]) -> Any:
        """Keras' pooling layers."""
        from keras import layers

        kinds = {
            ("max", 1): layers.MaxPooling1D,
            ("max", 2): layers.MaxPooling2D,
            ("average", 1): layers.AveragePooling1D,
            ("average", 2): layers.AveragePooling2D,
        }
        return kinds[self.kind, len(self.size)](
            self.size,
            padding=self.padding,
            data_format="channels_last",
            name=self.name,
            dtype=self.dtype,
        )(x)

    def to_onnx(
        self, graph: Graph, x: str, arrays: Sequence[Any], input_shape: Shape
    ) -> str:
        """MaxPool or AveragePool."""
        return graph.add(
            ONNX_OPERATORS[self.kind],
            x,
            kernel_shape=list(self.size),
            strides=list(self.size),
            auto_pad=ONNX_PADDINGS[self.padding],
        )


def read_pool_sizes(
    parameters: Mapping[str, Any], n_axes: int
) -> list[tuple[int, ...] | None]:
    """One pooling window, or None, per block."""
    pool_size, n_blocks = parameters["pool_size"], len(parameters["filters"])
    if pool_size is None or isinstance(pool_size, Integral):
        pool_size = (pool_size,) * n_blocks
    if len(pool_size) != n_blocks:
        raise InvalidNetworkError(
            f"pool_size must be an int, None, or one entry per block of filters "
            f"({n_blocks}); got {pool_size!r}. Use None for a block without pooling."
        )
    return [
        None if s is None else read_window(s, "pool_size", n_axes) for s in pool_size
    ]
