"""What embeddings of numeric features share: which columns, and what is made of each.

A feature becomes a few functions of itself that are fixed in form (``terms``), and
these become ``size - 1`` outputs by a linear map that every feature has for itself;
the feature stands before them. The map has no bias: the layer behind it has one, and
of two that add up to one number Adam moves both by noise.
"""

from __future__ import annotations

import zlib
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._network import CallContext, WeightSpec
from skdeep.networks.layers._layer import (
    Layer,
    LayerOutput,
    Place,
    Product,
    RowsFunction,
    Shape,
    Site,
)

N_TERM_ARRAYS = 2  # a factor and a summand for every term


@dataclass(frozen=True, kw_only=True)
class NumericEmbedding(Layer):
    """(x_j, terms(x_j) @ kernel_j) of some columns j; the others behind.

    ``columns`` are those that are embedded, in ascending order.
    """

    columns: tuple[int, ...]
    n_terms: int
    size: int

    places: ClassVar[tuple[Place, ...]] = (Place.INPUT,)
    terms_are_trained: ClassVar[bool] = True

    @abstractmethod
    def terms(self, products: Any, context: CallContext) -> Any:
        """Make terms of factor * x + summand, (n_rows, n_columns, n_terms).

        With ``keras.ops``, for tensors with and without values.
        """

    @abstractmethod
    def terms_in_numpy(self, products: np.ndarray) -> np.ndarray:
        """The same for an array, which may be overwritten."""

    @abstractmethod
    def terms_to_onnx(self, graph: Graph, products: str) -> str:
        """The same in ONNX."""

    @abstractmethod
    def initializer(self, spec: WeightSpec, seed: int) -> Any:
        """A Keras initializer of an array of the terms."""

    @property
    def runs_in_numpy(self) -> bool:
        """Always."""
        return True

    @property
    def unit(self) -> float:
        """What x is measured in, inside the terms."""
        return 1.0

    def output_shape(self, input_shape: Shape) -> Shape:
        """``size`` numbers for an embedded column, one for every other."""
        (n_columns,) = input_shape
        return (n_columns + len(self.columns) * (self.size - 1),)

    def widest(self, input_shape: Shape) -> int:
        """The terms of all columns, which are held at once."""
        return max(super().widest(input_shape), len(self.columns) * self.n_terms)

    def weight_specs(self, input_shape: Shape) -> list[WeightSpec]:
        """Factor and summand of the terms, and the linear maps."""
        n, k, d = len(self.columns), self.n_terms, self.size - 1
        kernel, bias = "kernel", "bias"
        if not self.terms_are_trained:
            kernel, bias = "fixed_kernel", "fixed_bias"
        terms, outputs = f"{self.name}_terms", f"{self.name}_outputs"
        return [
            WeightSpec(terms, kernel, (n, 1, k)),
            WeightSpec(terms, bias, (n, k)),
            WeightSpec(outputs, "kernel", (n, k, d)),
        ]

    def draw(self, spec: WeightSpec, seed: int) -> np.ndarray:
        """Draw an array; the linear maps start as those of PyTorch do."""
        initializer = self._initializer(spec, seed)
        drawn: np.ndarray = np.asarray(
            initializer(spec.shape, dtype=self.compute_dtype), self.compute_dtype
        )
        return drawn

    def _initializer(self, spec: WeightSpec, seed: int) -> Any:
        """U(-1/sqrt(n_terms), 1/sqrt(n_terms)) for the linear maps."""
        from keras import initializers

        if spec.layer.endswith("_terms"):
            return self.initializer(spec, seed)
        limit = self.n_terms**-0.5
        return initializers.RandomUniform(-limit, limit, seed=seed)

    def call(self, arrays: Sequence[Any], x: Any, context: CallContext) -> LayerOutput:
        """Make the terms, map them, and put all columns side by side."""
        from keras import ops

        factor, summand, kernel = arrays
        # float32 under mixed_bfloat16: the phase of a wave needs more than 8 bits.
        values = ops.cast(x, self.compute_dtype)
        numeric, others = self._separated(values)
        own = numeric[:, :, None]  # (n_rows, n_columns, 1)
        terms = self.terms(own * self.unit * factor[:, 0, :] + summand, context)
        learned = ops.einsum("bck,ckd->bcd", terms, kernel)
        embedded = ops.concatenate([own, learned], axis=2)
        n_values = len(self.columns) * self.size
        parts = [ops.reshape(embedded, (-1, n_values)), *others]
        return LayerOutput(ops.cast(ops.concatenate(parts, axis=1), x.dtype))

    def _separated(self, x: Any) -> tuple[Any, list[Any]]:
        """The embedded columns, and the others if there are any."""
        from keras import ops

        others = self._others(int(x.shape[1]))
        if not others:
            return x, []
        numeric = ops.take(x, list(self.columns), axis=1)
        return numeric, [ops.take(x, others, axis=1)]

    def _others(self, n_columns: int) -> list[int]:
        """The columns that are not embedded."""
        return np.setdiff1d(np.arange(n_columns), self.columns).tolist()

    def to_keras(self, x: Any, hyperparameters: Mapping[str, float]) -> Any:
        """Two EinsumDense of one map per column, with the terms between them."""
        from keras import layers, ops

        n, arguments = len(self.columns), {"dtype": self.compute_dtype}
        numeric, others = self._separated(x)
        own = layers.Reshape((n, 1), name=f"{self.name}_columns", **arguments)(numeric)
        # Not by Keras' Rescaling, which rounds its numbers to float32.
        scaled = ops.multiply(own, self.unit)
        terms = self.terms(self._maps("terms", "bci,cik->bck")(scaled), CallContext({}))
        learned = self._maps("outputs", "bck,ckd->bcd")(terms)
        join, flat = f"{self.name}_with_columns", f"{self.name}_flat"
        embedded = layers.Concatenate(2, name=join, **arguments)([own, learned])
        embedded = layers.Reshape((n * self.size,), name=flat, **arguments)(embedded)
        if not others:
            return embedded
        return layers.Concatenate(1, name=self.name, **arguments)([embedded, *others])

    def _maps(self, part: str, equation: str) -> Any:
        """A Keras layer with a linear map for every column."""
        from keras import layers

        kernel, *bias = [s for s in self.weight_specs(()) if s.layer.endswith(part)]
        drawn = [
            self._initializer(spec, zlib.crc32(f"{spec.layer}_{spec.role}".encode()))
            for spec in (kernel, *bias)
        ]
        return layers.EinsumDense(
            equation,
            (kernel.shape[0], kernel.shape[-1]),
            bias_axes=equation[-2:] if bias else None,
            kernel_initializer=drawn[0],
            bias_initializer=drawn[-1],
            name=kernel.layer,
            dtype=self.compute_dtype,
            trainable=kernel.trainable,
        )

    def to_numpy(self, arrays: Sequence[np.ndarray], product: Product) -> RowsFunction:
        """The same as ``call``, of the last axis."""
        factor, summand, kernel = arrays

        def embed(x: np.ndarray) -> np.ndarray:
            own = np.take(x, self.columns, axis=-1)[..., np.newaxis]
            terms = self.terms_in_numpy(own * self.unit * factor[:, 0, :] + summand)
            # (n_tiles, n_columns, n_rows, n_terms): a product for every column. An
            # einsum took nine times as long.
            by_column = np.ascontiguousarray(terms.swapaxes(-2, -3))
            learned = np.matmul(by_column, kernel).swapaxes(-2, -3)
            embedded = np.concatenate([own, learned], axis=-1)
            others = np.take(x, self._others(x.shape[-1]), axis=-1)
            flat = embedded.reshape(*x.shape[:-1], len(self.columns) * self.size)
            return np.concatenate([flat, others], axis=-1)

        return embed

    def to_onnx(
        self, graph: Graph, x: str, arrays: Sequence[np.ndarray], input_shape: Shape
    ) -> str:
        """Gather columns, multiply, add, and Einsum for the linear maps."""
        factor, summand, kernel = arrays
        numeric = graph.add("Gather", x, self._indices(graph, self.columns), axis=1)
        own = graph.add("Unsqueeze", numeric, self._indices(graph, [2]))
        products = graph.add("Mul", own, graph.constant(factor[:, 0] * self.unit))
        products = graph.add("Add", products, graph.constant(summand))
        terms = self.terms_to_onnx(graph, products)
        learned = graph.add(
            "Einsum", terms, graph.constant(kernel), equation="bck,ckd->bcd"
        )
        embedded = graph.add("Concat", own, learned, axis=2)
        parts = [graph.add("Flatten", embedded)]
        others = self._others(*input_shape)
        if others:
            parts.append(graph.add("Gather", x, self._indices(graph, others), axis=1))
        return graph.add("Concat", *parts, axis=1)

    def _indices(self, graph: Graph, numbers: Sequence[int]) -> str:
        """Whole numbers as a constant."""
        return graph.constant(list(numbers), dtype="int64")


def embedding_fields(site: Site, kind: str) -> dict[str, Any] | None:
    """The fields that the parameters set; None if another embedding is asked for."""
    parameters = site.parameters
    if (
        parameters.get("numeric_embedding") != kind
        or not parameters["numeric_features"]
    ):
        return None
    return {
        "name": f"{kind}_embedding",
        "dtype": site.dtype,
        "columns": tuple(parameters["numeric_features"]),
        "size": int(parameters["embedding_size"]),
    }
