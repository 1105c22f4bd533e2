"""Batch normalisation over the rows that count."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._network import CallContext, WeightSpec
from skdeep.networks.layers._activity import as_column
from skdeep.networks.layers._kernel import kernel_fields
from skdeep.networks.layers._layer import (
    Layer,
    LayerOutput,
    Place,
    Product,
    RowsFunction,
    Shape,
    Site,
)
from skdeep.networks.layers._numbers import check_order
from skdeep.networks.layers._per_layer import at_layer, checked_values

MOMENTUM = 0.99  # Keras' defaults
EPSILON = 1e-3
NAME, AFTER = "batch_normalization", "after"  # the activation
ROLES = ("gamma", "beta", "moving_mean", "moving_variance")


@dataclass(frozen=True)
class BatchNormalization(Layer):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, per unit or channel."""

    places: ClassVar[tuple[Place, ...]] = (
        Place.NORMALIZATION,
        Place.BEHIND_ACTIVATION,
    )

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """One behind a kernel but the output's, or behind its activation."""
        wanted = {Place.NORMALIZATION: True, Place.BEHIND_ACTIVATION: AFTER}[site.place]
        if normalization_at(site.parameters, site.layer) == wanted:
            yield cls(name=f"{site.owner}_normalization", dtype=site.dtype)

    @property
    def runs_in_numpy(self) -> bool:
        """Always."""
        return True

    @classmethod
    def read_parameters(cls, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse what says neither whether nor where to normalise."""
        check_order(NAME, parameters[NAME])
        values = checked_values(parameters, NAME)
        for value in values:
            if not isinstance(value, bool | np.bool_) and value != AFTER:
                raise InvalidNetworkError(
                    f'{NAME} must hold True, False and "{AFTER}"; got {values!r}. Give '
                    "False to a layer that is not to be normalised."
                )
        return {}

    def weight_specs(self, input_shape: Shape) -> list[WeightSpec]:
        """Two vectors that are trained, two that are averaged."""
        return [WeightSpec(self.name, role, input_shape[-1:]) for role in ROLES]

    def call(self, arrays: Sequence[Any], x: Any, context: CallContext) -> LayerOutput:
        """Normalise by the batch in training, by the moving averages otherwise."""
        from keras import ops

        gamma, beta, moving_mean, moving_variance = arrays
        # Statistics are float32 under mixed_bfloat16, as in Keras.
        values = ops.cast(x, self.compute_dtype)
        updates = {}
        if context.training:
            # Without the mask padding would draw both towards the row that it repeats.
            mean, variance = moments(values, context.row_mask)
            # Numbers of ROLES: the moving mean and the moving variance.
            updates = {
                2: moving_mean * MOMENTUM + mean * (1 - MOMENTUM),
                3: moving_variance * MOMENTUM + variance * (1 - MOMENTUM),
            }
        else:
            mean, variance = moving_mean, moving_variance
        scale = gamma * ops.rsqrt(variance + EPSILON)  # (n_channels,)
        # Two operations per value; the rest is worked out per channel.
        normalized = values * scale + (beta - mean * scale)
        return LayerOutput(ops.cast(normalized, x.dtype), updates=updates)

    def to_keras(self, x: Any, hyperparameters: Mapping[str, float]) -> Any:
        """Keras' BatchNormalization."""
        from keras import layers

        return layers.BatchNormalization(
            momentum=MOMENTUM, epsilon=EPSILON, name=self.name, dtype=self.dtype
        )(x)

    def to_numpy(self, arrays: Sequence[np.ndarray], product: Product) -> RowsFunction:
        """Normalise by the moving averages."""
        gamma, beta, mean, variance = arrays
        scale = gamma / np.sqrt(variance + EPSILON)  # (n_channels,)
        shift = beta - mean * scale

        def normalize(x: np.ndarray) -> np.ndarray:
            x *= scale
            x += shift
            return x

        return normalize

    def to_onnx(
        self, graph: Graph, x: str, arrays: Sequence[Any], input_shape: Shape
    ) -> str:
        """BatchNormalization, of the axis 1."""
        constants = map(graph.constant, arrays)
        return graph.add("BatchNormalization", x, *constants, epsilon=EPSILON)


def normalization_at(parameters: Mapping[str, Any], layer: int) -> bool | str:
    """True for a layer normalised before its activation, AFTER, or False."""
    value = at_layer(parameters, NAME, layer)
    return AFTER if value == AFTER else bool(value)


def hidden_fields(parameters: Mapping[str, Any], layer: int) -> dict[str, Any]:
    """The fields of a hidden layer with a kernel that the parameters set."""
    # The beta of a normalisation right behind would take the place of the bias.
    is_followed = normalization_at(parameters, layer) is True
    return {**kernel_fields(parameters, layer), "use_bias": not is_followed}


def moments(x: Any, row_mask: Any) -> tuple[Any, Any]:
    """Mean and variance per channel of the rows that count."""
    from keras import ops

    axes = tuple(range(len(x.shape) - 1))
    mask = as_column(row_mask, x)
    n_values = ops.sum(row_mask) * math.prod(int(n) for n in x.shape[1:-1])
    mean = ops.sum(x * mask, axis=axes) / n_values
    # Of differences: mean(x^2) - mean^2 would cancel where x is far from 0. Divided by
    # n, not n - 1, for the moving average as well, as Keras does.
    variance = ops.sum(ops.square(x - mean) * mask, axis=axes) / n_values
    return mean, variance
