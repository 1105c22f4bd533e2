"""Numeric features as piecewise linear functions between quantiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skdeep.data._quantiles import column_quantiles
from skdeep.data._training_data import TrainingData
from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._network import CallContext, WeightSpec
from skdeep.networks.layers._embedding import (
    N_TERM_ARRAYS,
    NumericEmbedding,
    embedding_fields,
)
from skdeep.networks.layers._layer import Layer, Site

STEEPEST = 1e30  # of a bin; float32 ends at 3e38


@dataclass(frozen=True)
class PiecewiseLinearEmbedding(NumericEmbedding):
    """(x, clip((x - edges[:-1]) / (edges[1:] - edges[:-1]), 0, 1) @ kernel).

    Gorishniy, Rubachev and Babenko (2022), On Embeddings for Numerical Features in
    Tabular Deep Learning, arXiv 2203.05556, with the column itself for what lies
    outside of all edges. Edges are quantiles of the training rows, and stay.
    """

    terms_are_trained: ClassVar[bool] = False

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """One in front of the network, if the embedding is piecewise linear."""
        fields = embedding_fields(site, "piecewise_linear")
        if fields is not None:
            yield cls(n_terms=int(site.parameters["embedding_terms"]), **fields)

    def initializer(self, spec: WeightSpec, seed: int) -> Any:
        """No bins: they are not drawn."""
        from keras import initializers

        return initializers.Zeros()

    def with_statistics(
        self, arrays: Sequence[np.ndarray], training: TrainingData
    ) -> list[np.ndarray]:
        """Put bins between the quantiles of every column."""
        fractions = np.linspace(0, 1, self.n_terms + 1)
        factor, summand = (np.zeros_like(a) for a in arrays[:N_TERM_ARRAYS])
        edges = column_quantiles(training.X, training.weight, self.columns, fractions)
        for number, found in enumerate(edges):
            slopes, offsets = _bins(found)
            factor[number, 0, : len(slopes)] = slopes
            summand[number, : len(slopes)] = offsets
        return [factor, summand, *arrays[N_TERM_ARRAYS:]]

    def terms(self, products: Any, context: CallContext) -> Any:
        """How much of each bin lies below x, from 0 to 1."""
        from keras import ops

        return ops.clip(products, 0.0, 1.0)

    def terms_in_numpy(self, products: np.ndarray) -> np.ndarray:
        """How much of each bin lies below x, from 0 to 1."""
        return np.clip(products, 0.0, 1.0, out=products)

    def terms_to_onnx(self, graph: Graph, products: str) -> str:
        """Clip."""
        return graph.add("Clip", products, graph.constant(0.0), graph.constant(1.0))


def _bins(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Factor and summand of the bins between edges; equal edges are one."""
    edges = np.unique(edges)
    with np.errstate(over="ignore", divide="ignore"):
        slopes = 1 / np.diff(edges)
        offsets = -edges[:-1] * slopes
    usable = np.maximum(slopes, np.abs(offsets)) < STEEPEST
    return slopes[usable], offsets[usable]
