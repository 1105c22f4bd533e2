"""Maxout: the largest of several linear functions per unit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._network import CallContext
from skdeep.networks.layers._activity import ActivityLayer, activity_fields, n_pieces
from skdeep.networks.layers._layer import (
    Layer,
    LayerOutput,
    Product,
    RowsFunction,
    Shape,
    Site,
)


@dataclass(frozen=True)
class Maxout(ActivityLayer):
    """max over pieces; the kernel in front has ``n_pieces`` times as many units."""

    n_pieces: int

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """One behind every kernel but the output's, if the activation is maxout."""
        pieces = n_pieces(site.parameters, site.layer)
        if pieces > 1:
            yield cls(pieces, **activity_fields(site))

    @property
    def runs_in_numpy(self) -> bool:
        """Always."""
        return True

    def output_shape(self, input_shape: Shape) -> Shape:
        """As many units as there are groups of pieces."""
        return (*input_shape[:-1], input_shape[-1] // self.n_pieces)

    def call(self, arrays: Sequence[Any], x: Any, context: CallContext) -> LayerOutput:
        """Reshape to (..., n_pieces, n_units) and take the maximum."""
        from keras import ops

        *image, n_units = self.output_shape(tuple(int(n) for n in x.shape[1:]))
        pieces = ops.reshape(x, (-1, *image, self.n_pieces, n_units))
        return self.penalized(ops.max(pieces, axis=-2), context)

    def to_keras(self, x: Any, hyperparameters: Mapping[str, float]) -> Any:
        """The same from reshaping and pooling, which Keras has."""
        from keras import layers

        # Pieces run over the second axis of an "image" of n_units channels, so that
        # pooling finds their maximum.
        *image, n_units = self.output_shape(x.shape[1:])
        pieces = layers.Reshape(
            (math.prod(image), self.n_pieces, n_units),
            name=f"{self.name}_pieces",
            dtype=self.dtype,
        )
        largest = layers.MaxPooling2D(
            (1, self.n_pieces),
            name=f"{self.name}_max",
            dtype=self.dtype,
            data_format="channels_last",
        )
        arguments = self.keras_arguments(hyperparameters)
        return layers.Reshape((*image, n_units), **arguments)(largest(pieces(x)))

    def to_numpy(self, arrays: Sequence[np.ndarray], product: Product) -> RowsFunction:
        """Reshape to (..., n_pieces, n_units) and take the maximum."""

        def largest(x: np.ndarray) -> np.ndarray:
            pieces = x.reshape(*x.shape[:-1], self.n_pieces, -1)
            found: np.ndarray = pieces.max(axis=-2)
            return found

        return largest

    def to_onnx(
        self, graph: Graph, x: str, arrays: Sequence[Any], input_shape: Shape
    ) -> str:
        """Reshape and ReduceMax."""
        *image, n_units = self.output_shape(input_shape)
        # Channels are in front here: (n_rows, n_pieces * n_units, ...) is cut in its
        # axis 1.
        shape = graph.constant([-1, self.n_pieces, n_units, *image], dtype="int64")
        axes = graph.constant([1], dtype="int64")
        return graph.add("ReduceMax", graph.add("Reshape", x, shape), axes, keepdims=0)
