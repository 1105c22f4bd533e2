"""Sorting of the outputs that are quantiles of a target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._network import CallContext
from skdeep.networks._quantile_output import levels_of
from skdeep.networks.layers._layer import (
    Layer,
    LayerOutput,
    Place,
    Product,
    RowsFunction,
    Shape,
    Site,
)


@dataclass(frozen=True)
class Sorting(Layer):
    """Sorts each ``n_units`` outputs that follow each other; in predictions only.

    In training every output keeps the quantile that it is trained on.
    """

    n_units: int

    places: ClassVar[tuple[Place, ...]] = (Place.BEHIND_OUTPUT,)

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """One behind the output, if that is several quantiles of every target."""
        n_units = len(levels_of(np.ravel(site.parameters.get("quantiles", None) or ())))
        if n_units > 1:
            yield cls(n_units, name="quantiles", dtype=site.dtype)

    def call(self, arrays: Sequence[Any], x: Any, context: CallContext) -> LayerOutput:
        """Sort, or in training leave as it is."""
        return LayerOutput(x if context.training else self._sorted(x))

    def _sorted(self, x: Any) -> Any:
        """Sort arrays and symbolic tensors of shape (n_rows, n_targets * n_units)."""
        from keras import ops

        n_outputs = x.shape[-1]
        if n_outputs == self.n_units:
            return ops.sort(x, axis=-1)
        by_target = ops.reshape(x, (-1, n_outputs // self.n_units, self.n_units))
        return ops.reshape(ops.sort(by_target, axis=-1), (-1, n_outputs))

    def to_keras(self, x: Any, hyperparameters: Mapping[str, float]) -> Any:
        """The operation of Keras."""
        return self._sorted(x)

    @property
    def runs_in_numpy(self) -> bool:
        """Always."""
        return True

    def to_numpy(self, arrays: Sequence[np.ndarray], product: Product) -> RowsFunction:
        """Sort by target."""

        def sort(x: np.ndarray) -> np.ndarray:
            by_target = x.reshape(*x.shape[:-1], -1, self.n_units)
            return np.sort(by_target, axis=-1).reshape(x.shape)

        return sort

    def to_onnx(
        self, graph: Graph, x: str, arrays: Sequence[Any], input_shape: Shape
    ) -> str:
        """TopK of all, from the smallest on."""
        by_target = graph.constant(
            [-1, input_shape[-1] // self.n_units, self.n_units], "int64"
        )
        x = graph.add("Reshape", x, by_target)
        n_units = graph.constant([self.n_units], "int64")
        x = graph.add("TopK", x, n_units, axis=2, largest=0, sorted=1, n_unread=1)
        return graph.add("Reshape", x, graph.constant([-1, input_shape[-1]], "int64"))
