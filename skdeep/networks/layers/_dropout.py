"""Dropout of the inputs and of the outputs of blocks and hidden layers.

Recurrent layers drop what they get by themselves; their rates stand before the others.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._memory import aligned
from skdeep.networks._network import CallContext, NumpyContext, NumpyTraining
from skdeep.networks.layers._convolution import read_blocks
from skdeep.networks.layers._dense import read_recurrent, read_units
from skdeep.networks.layers._layer import Layer, LayerOutput, Place, Shape, Site
from skdeep.networks.layers._numbers import check_order

INPUT, HIDDEN, CONVOLUTIONS = "input_dropout", "dropout", "conv_dropout"
# What dropout="auto" asks for: behind layers of this many units or more. Narrower ones
# have few units to spare.
AUTO_RATE, AUTO_UNITS = 0.15, 64


@dataclass(frozen=True)
class Dropout(Layer):
    """Values set to zero with a probability, the others scaled up; in training only.

    ``rate`` is the name of the hyperparameter that holds the probability.
    """

    rate: str

    places: ClassVar[tuple[Place, ...]] = (
        Place.INPUT,
        Place.BEHIND_POOLING,
        Place.BEHIND_HIDDEN,
    )

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """One in front, one behind every block or layer whose rate is not 0."""
        rates = cls.read_parameters(site.parameters)
        rate, name = INPUT, INPUT
        if site.place is not Place.INPUT:
            stem = HIDDEN if site.place is Place.BEHIND_HIDDEN else CONVOLUTIONS
            before = len(read_recurrent(site.parameters)) if stem == HIDDEN else 0
            rate = rate_name(stem, before + site.number)
            name = f"{stem}_{site.number + 1}"
        if rates[rate] > 0:
            yield cls(rate, name=name, dtype=site.dtype)

    @classmethod
    def read_parameters(cls, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The rates of blocks and layers, each by its own name."""
        rates = {HIDDEN: read_rates(parameters)}
        rates |= {CONVOLUTIONS: read_block_rates(parameters)}
        named = {
            rate_name(stem, i): rate
            for stem, of_stem in rates.items()
            for i, rate in enumerate(of_stem)
        }
        return {INPUT: parameters.get(INPUT, 0.0), **named}

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

    @property
    def trains_in_numpy(self) -> bool:
        """Always."""
        return True

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

    def to_numpy_training(
        self,
        weights: np.ndarray,
        gradients: np.ndarray,
        context: NumpyContext,
    ) -> NumpyTraining:
        """Multiply with 0 or 1 / (1 - rate)."""
        before = inside = factors = kept = kept_inside = np.empty(0)
        factors_now: Callable[[], np.ndarray]

        def forward(x: np.ndarray) -> np.ndarray:
            nonlocal before, inside, factors, factors_now, kept, kept_inside
            if x is not before:
                before, inside = x, x[:-1]
            if kept.shape != x.shape:
                # Not over x: the derivative of the activation looks at it.
                kept = aligned(x.shape, x.dtype, fill=1)
                kept_inside = kept[:-1]
                factors_now = context.dropout(self.rate, (len(inside), context.n_rows))
            factors = factors_now()
            np.multiply(inside, factors, kept_inside)
            return kept

        def backward(delta: np.ndarray) -> np.ndarray:
            return np.multiply(delta, factors, delta)

        return NumpyTraining(forward, backward)

    def to_onnx(
        self, graph: Graph, x: str, arrays: Sequence[Any], input_shape: Shape
    ) -> str:
        """Nothing: a file is for prediction only."""
        return x


def rate_name(stem: str, number: int) -> str:
    """The name of the rate of a layer or a block, counted from 0."""
    return f"{stem}_{number}"


def read_rates(parameters: Mapping[str, Any]) -> list[float]:
    """One dropout rate per recurrent layer, then one per hidden layer."""
    n_recurrent, units = len(read_recurrent(parameters)), read_units(parameters)
    if isinstance(parameters[HIDDEN], str):  # "auto"
        hidden = [AUTO_RATE if n >= AUTO_UNITS else 0.0 for n in units]
        return [*[0.0] * n_recurrent, *hidden]
    what = "recurrent and hidden layer" if n_recurrent else "hidden layer"
    return _rates(parameters, HIDDEN, n_recurrent + len(units), what)


def read_block_rates(parameters: Mapping[str, Any]) -> list[float]:
    """One dropout rate per block of convolutions, if there are any."""
    if CONVOLUTIONS not in parameters:
        return []
    n_blocks = len(read_blocks(parameters["filters"]))
    return _rates(parameters, CONVOLUTIONS, n_blocks, "block of filters")


def _rates(
    parameters: Mapping[str, Any], name: str, n_rates: int, what: str
) -> list[float]:
    """One rate for all, or one for each."""
    given = parameters[name]
    check_order(name, given)
    if isinstance(given, Real):
        return [float(given)] * n_rates
    rates = list(given)
    if len(rates) != n_rates:
        raise InvalidNetworkError(
            f"{name} must be one rate or one per {what} ({n_rates}); got "
            f"{len(rates)}: {given!r}. Give one number for all layers."
        )
    for rate in rates:
        is_number = isinstance(rate, Real) and not isinstance(rate, bool)
        if not is_number or not 0 <= float(rate) < 1:
            raise InvalidNetworkError(
                f"{name} must hold rates of at least 0 and below 1; got "
                f"{given!r}. Give lower rates: one of 1 would drop everything."
            )
    return [float(rate) for rate in rates]
