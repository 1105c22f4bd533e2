"""Padded steps of sequences, which recurrent layers leave out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._network import CallContext
from skdeep.networks.layers._layer import Layer, LayerOutput, Place, Shape, Site


@dataclass(frozen=True)
class Masking(Layer):
    """A step counts unless all of its values are ``mask_value``."""

    mask_value: float

    places: ClassVar[tuple[Place, ...]] = (Place.INPUT,)

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """One in front, if there is a ``mask_value`` and no embedding, which masks."""
        mask_value = site.parameters.get("mask_value")
        if mask_value is not None and site.parameters["embedding_dim"] is None:
            yield cls(float(mask_value), name="masking", dtype=site.dtype)

    def call(self, arrays: Sequence[Any], x: Any, context: CallContext) -> LayerOutput:
        """Compare; masked steps become 0, as in Keras."""
        from keras import ops

        mask = ops.any(ops.not_equal(x, self.mask_value), axis=-1)  # (n_rows, n_steps)
        x = x * ops.cast(ops.expand_dims(mask, -1), x.dtype)
        return LayerOutput(x, step_mask=mask)

    def to_keras(self, x: Any, hyperparameters: Mapping[str, float]) -> Any:
        """Keras' Masking."""
        from keras import layers

        return layers.Masking(self.mask_value, name=self.name, dtype=self.dtype)(x)

    def to_onnx(
        self, graph: Graph, x: str, arrays: Sequence[Any], input_shape: Shape
    ) -> str:
        """Refuse."""
        refuse_mask_in_onnx()


def refuse_mask_in_onnx() -> NoReturn:
    """Say that recurrent operators leave out steps at the end at most."""
    raise InvalidNetworkError(
        "ONNX expects sequences whose steps all count; got mask_value, by which steps "
        "anywhere are left out. Use format='keras' or 'saved_model', or fit with "
        "mask_value=None."
    )
