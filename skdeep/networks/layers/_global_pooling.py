"""Images or sequences into vectors by the mean or maximum of each channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._network import CallContext
from skdeep.networks.layers._layer import Layer, LayerOutput, Place, Shape, Site

ONNX_OPERATORS = {"max": "GlobalMaxPool", "average": "GlobalAveragePool"}


@dataclass(frozen=True)
class GlobalPooling(Layer):
    """One number per channel: the mean or the maximum over all pixels or steps.

    Lin, Chen and Yan (2013), Network In Network, arXiv 1312.4400.
    """

    kind: str  # "max" or "average"

    places: ClassVar[tuple[Place, ...]] = (Place.VECTOR,)

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """One behind the last block, if it is asked for."""
        kind = site.parameters.get("global_pooling")
        if kind is not None:
            yield cls(kind, name="global_pooling", dtype=site.dtype)

    def output_shape(self, input_shape: Shape) -> Shape:
        """The channels."""
        return input_shape[-1:]

    def call(self, arrays: Sequence[Any], x: Any, context: CallContext) -> LayerOutput:
        """Reduce both axes of an image, or the steps of a sequence."""
        from keras import ops

        reduce = {"max": ops.max, "average": ops.mean}[self.kind]
        return LayerOutput(reduce(x, axis=tuple(range(1, len(x.shape) - 1))))

    def to_keras(self, x: Any, hyperparameters: Mapping[str, float]) -> Any:
        """Keras' global pooling layers."""
        from keras import layers

        kinds = {
            ("max", 3): layers.GlobalMaxPooling1D,
            ("max", 4): layers.GlobalMaxPooling2D,
            ("average", 3): layers.GlobalAveragePooling1D,
            ("average", 4): layers.GlobalAveragePooling2D,
        }
        pooling = kinds[self.kind, len(x.shape)]
        return pooling("channels_last", name=self.name, dtype=self.dtype)(x)

    def to_onnx(
        self, graph: Graph, x: str, arrays: Sequence[Any], input_shape: Shape
    ) -> str:
        """GlobalMaxPool or GlobalAveragePool, whose pixel is taken away."""
        return graph.add("Flatten", graph.add(ONNX_OPERATORS[self.kind], x))
