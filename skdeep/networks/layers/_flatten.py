"""Images into vectors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._network import CallContext
from skdeep.networks.layers._layer import Layer, LayerOutput, Place, Shape, Site


@dataclass(frozen=True)
class Flatten(Layer):
    """All values of a row one after the other, channels running fastest."""

    places: ClassVar[tuple[Place, ...]] = (Place.VECTOR,)

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """One, unless rows are vectors by now or are to be pooled."""
        if len(site.shape) > 1 and site.parameters.get("global_pooling") is None:
            yield cls(name="flatten", dtype=site.dtype)

    def output_shape(self, input_shape: Shape) -> Shape:
        """One axis."""
        return (math.prod(input_shape),)

    def call(self, arrays: Sequence[Any], x: Any, context: CallContext) -> LayerOutput:
        """Reshape."""
        from keras import ops

        return LayerOutput(ops.reshape(x, (-1, math.prod(map(int, x.shape[1:])))))

    def to_keras(self, x: Any, hyperparameters: Mapping[str, float]) -> Any:
        """Keras' Flatten."""
        from keras import layers

        return layers.Flatten("channels_last", name=self.name, dtype=self.dtype)(x)

    def to_onnx(
        self, graph: Graph, x: str, arrays: Sequence[Any], input_shape: Shape
    ) -> str:
        """Turn channels back to the last axis, then flatten."""
        # The kernel behind has its rows in Keras' order, which is channels last.
        rank = len(input_shape)
        if rank > 1:
            # (n, channels, height, width) -> (n, height, width, channels)
            x = graph.add("Transpose", x, perm=[0, *range(2, rank + 1), 1])
        return graph.add("Flatten", x)
