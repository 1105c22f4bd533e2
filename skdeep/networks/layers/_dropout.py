"""Dropout of the inputs and of the hidden layers' outputs."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._network import CallContext
from skdeep.networks.layers._dense import read_recurrent, read_units
from skdeep.networks.layers._layer import Layer, LayerOutput, Place, Shape, Site
from skdeep.networks.layers._numbers import check_order

INPUT = "input_dropout"


@dataclass(frozen=True)
class Dropout(Layer):
    """Values set to zero with a probability, the others scaled up; in training only.

    ``rate`` is the name of the hyperparameter that holds the probability.
    """

    rate: str

    places: ClassVar[tuple[Place, ...]] = (Place.INPUT, Place.BEHIND_HIDDEN)

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """One in front, one behind every hidden layer whose rate is not 0."""
        rates = cls.read_parameters(site.parameters)
        rate, name = INPUT, INPUT
        if site.place is Place.BEHIND_HIDDEN:
            number = len(read_recurrent(site.parameters)) + site.number
            rate, name = rate_name(number), f"dropout_{site.number + 1}"
        if rates[rate] > 0:
            yield cls(rate, name=name, dtype=site.dtype)

    @classmethod
    def read_parameters(cls, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The rates of the layers, each by its own name."""
        rates = read_rates(parameters)
        names = {rate_name(i): rate for i, rate in enumerate(rates)}
        return {INPUT: parameters.get(INPUT, 0.0), **names}

    @property
    def hyperparameter_names(self) -> tuple[str, ...]:
        """The rate."""
        return (self.rate,)

    @property
    def dropout_names(self) -> tuple[str, ...]:
        """The rate."""
        return (self.rate,)

    @property
    def for_prediction(self) -> None:
        """Nothing: dropout is for training only."""
        return None

    def call(self, arrays: Sequence[Any], x: Any, context: CallContext) -> LayerOutput:
        """Let the context drop values; it has the random numbers."""
        return LayerOutput(x if not context.dropout else context.dropout(self.rate, x))

    def to_keras(self, x: Any, hyperparameters: Mapping[str, float]) -> Any:
        """Keras' Dropout, seeded, so that no global generator is asked."""
        from keras import layers

        return layers.Dropout(
            hyperparameters[self.rate],
            seed=zlib.crc32(self.name.encode()),
            name=self.name,
            dtype=self.dtype,
        )(x)

    def to_onnx(
        self, graph: Graph, x: str, arrays: Sequence[Any], input_shape: Shape
    ) -> str:
        """Nothing: a file is for prediction only."""
        return x


def rate_name(number: int) -> str:
    """The name of the rate of a layer, counted from 0."""
    return f"dropout_{number}"


def read_rates(parameters: Mapping[str, Any]) -> list[float]:
    """One dropout rate per recurrent layer, then one per hidden layer."""
    dropout = parameters["dropout"]
    check_order("dropout", dropout)
    n_recurrent = len(read_recurrent(parameters))
    n_layers = n_recurrent + len(read_units(parameters))
    if isinstance(dropout, Real):
        return [float(dropout)] * n_layers
    rates = list(dropout)
    if len(rates) != n_layers:
        kinds = "recurrent and hidden" if n_recurrent else "hidden"
        raise InvalidNetworkError(
            f"dropout must be one rate or one per {kinds} layer ({n_layers}); got "
            f"{len(rates)}: {dropout!r}. Give one number for all layers."
        )
    for rate in rates:
        is_number = isinstance(rate, Real) and not isinstance(rate, bool)
        if not is_number or not 0 <= float(rate) < 1:
            raise InvalidNetworkError(
                "dropout must hold rates of at least 0 and below 1; got "
                f"{dropout!r}. Give lower rates: one of 1 would drop everything."
            )
    return [float(rate) for rate in rates]
