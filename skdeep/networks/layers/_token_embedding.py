"""A vector for each thing of a vocabulary, such as words by their numbers.

Those of numeric features are in ``_embedding``.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._initializers import seeded
from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._network import CallContext, WeightSpec
from skdeep.networks.layers._layer import Layer, LayerOutput, Place, Shape, Site
from skdeep.networks.layers._masking import refuse_mask_in_onnx

START = "random_uniform"  # between -0.05 and 0.05, as Keras draws it


@dataclass(frozen=True)
class TokenEmbedding(Layer):
    """embeddings[x]; with ``masks`` the steps that are 0 are padding."""

    vocabulary_size: int
    embedding_dim: int
    masks: bool = False

    places: ClassVar[tuple[Place, ...]] = (Place.INPUT,)
    takes_indices: ClassVar[bool] = True

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """One in front, if the estimator has ``embedding_dim``."""
        parameters = site.parameters
        if parameters.get("embedding_dim") is None:
            return
        mask_value = parameters["mask_value"]
        if mask_value not in (None, 0):
            raise InvalidNetworkError(
                "mask_value must be 0 or None beside embedding_dim, where rows hold "
                f"numbers of things; got {mask_value!r}. Number the things from 1 and "
                "pad with 0."
            )
        size, n_dims = parameters["vocabulary_size"], parameters["embedding_dim"]
        masks = mask_value is not None
        yield cls(int(size), int(n_dims), masks, name="embedding", dtype=site.dtype)

    def output_shape(self, input_shape: Shape) -> Shape:
        """A vector per step."""
        return (*input_shape, self.embedding_dim)

    def weight_specs(self, input_shape: Shape) -> list[WeightSpec]:
        """The vectors."""
        shape = (self.vocabulary_size, self.embedding_dim)
        return [WeightSpec(self.name, "embeddings", shape)]

    def draw(self, spec: WeightSpec, seed: int) -> np.ndarray:
        """Draw them as Keras does."""
        drawn = seeded(START, seed)(spec.shape, dtype=self.compute_dtype)
        return np.asarray(drawn)

    def call(self, arrays: Sequence[Any], x: Any, context: CallContext) -> LayerOutput:
        """Look the vectors up."""
        from keras import ops

        numbers = ops.cast(x, "int32")
        vectors = ops.take(arrays[0], numbers, axis=0)
        mask = ops.not_equal(numbers, 0) if self.masks else None
        dtype = "bfloat16" if self.dtype == "mixed_bfloat16" else self.dtype
        return LayerOutput(ops.cast(vectors, dtype), step_mask=mask)

    def to_keras(self, x: Any, hyperparameters: Mapping[str, float]) -> Any:
        """Keras' Embedding."""
        from keras import layers

        return layers.Embedding(
            self.vocabulary_size,
            self.embedding_dim,
            embeddings_initializer=seeded(START, zlib.crc32(self.name.encode())),
            mask_zero=self.masks,
            name=self.name,
            dtype=self.dtype,
        )(x)

    def to_onnx(
        self, graph: Graph, x: str, arrays: Sequence[Any], input_shape: Shape
    ) -> str:
        """Gather, with the vectors on the axis 1."""
        if self.masks:
            refuse_mask_in_onnx()
        numbers = graph.add("Cast", x, to=7)  # int64
        vectors = graph.add("Gather", graph.constant(arrays[0]), numbers)
        return graph.add("Transpose", vectors, perm=[0, 2, 1])
