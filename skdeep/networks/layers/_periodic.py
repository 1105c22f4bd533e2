"""Numeric features as waves of learned frequencies."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._network import CallContext, WeightSpec
from skdeep.networks.layers._embedding import NumericEmbedding, embedding_fields
from skdeep.networks.layers._layer import Layer, Site


@dataclass(frozen=True)
class PeriodicEmbedding(NumericEmbedding):
    """(x, cos(2 pi x frequencies + phases) @ kernel), for every column.

    Gorishniy, Rubachev and Babenko (2022), On Embeddings for Numerical Features in
    Tabular Deep Learning, arXiv 2203.05556; in the form "PBLD" of Holzmüller,
    Grinsztajn and Steinwart (2024), arXiv 2407.04491: phases are learned, the column
    itself is kept, and no activation follows.

    Frequencies start as N(0, sigma), phases as U(-pi, pi). ``sigma`` is not compared:
    a program gets weights that are drawn, and does not ask how.
    """

    sigma: float = field(default=0.1, compare=False)

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """One in front of the network, if the embedding is periodic."""
        fields = embedding_fields(site, "periodic")
        if fields is not None:
            sigma = float(site.parameters["embedding_sigma"])
            n_terms = int(site.parameters["embedding_terms"])
            yield cls(sigma, n_terms=n_terms, **fields)

    @property
    def unit(self) -> float:
        """A frequency of 1 is one wave per unit of the feature."""
        return 2 * math.pi

    def initializer(self, spec: WeightSpec, seed: int) -> Any:
        """Frequencies or phases."""
        from keras import initializers

        if spec.role == "kernel":
            return initializers.RandomNormal(0.0, self.sigma, seed=seed)
        return initializers.RandomUniform(-math.pi, math.pi, seed=seed)

    def terms(self, products: Any, context: CallContext) -> Any:
        """Waves."""
        return context.cosine(products)

    def terms_in_numpy(self, products: np.ndarray) -> np.ndarray:
        """Waves."""
        return np.cos(products, out=products)

    def terms_to_onnx(self, graph: Graph, products: str) -> str:
        """Cos."""
        return graph.add("Cos", products)
