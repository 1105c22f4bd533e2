"""Constructor parameters → a network and its numbers, with their faults named."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from numbers import Integral, Real
from typing import Any

import numpy as np

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._activations import check_activation
from skdeep.keras_objects._initializers import read_initializer
from skdeep.keras_objects._spec import to_spec
from skdeep.networks._description import Convolution, Hidden, Network, Pooling
from skdeep.networks._weights import weight_specs

MAX_WEIGHTS = 2**31  # per array: TensorFlow counts in 32 bits in places


def make_network(
    parameters: Mapping[str, Any],
    input_shape: tuple[int, ...],
    output_units: int,
    output_activation: str,
) -> tuple[Network, dict[str, float]]:
    """Describe the network that an estimator's parameters ask for.

    Returns
    -------
    network : Network
        The architecture.
    numbers : dict of str to float
        A value for every one of ``network.number_names``.
    """
    for name in ("hidden_layer_sizes", "dropout"):
        _check_order(name, parameters[name])
    sizes = _sizes(parameters["hidden_layer_sizes"])
    rates = _rates(parameters["dropout"], len(sizes))
    hidden = [Hidden(n, rate > 0) for n, rate in zip(sizes, rates, strict=True)]
    params = dict(parameters["activation_params"] or {})
    activation = to_spec(parameters["activation"])
    check_activation(activation, params)
    image_layers = _image_layers(parameters) if "filters" in parameters else ()
    network = Network(
        input_shape=input_shape,
        output_units=output_units,
        output_activation=output_activation,
        image_layers=image_layers,
        hidden=tuple(hidden),
        activation=activation,
        activation_params=tuple(sorted(params.items())),
        kernel_initializer=read_initializer(parameters["kernel_initializer"]),
        batch_normalization=bool(parameters["batch_normalization"]),
        has_input_dropout=parameters["input_dropout"] > 0,
        has_l1=parameters["l1"] > 0,
        has_l2=parameters["l2"] > 0,
        has_activity_l1=parameters["activity_l1"] > 0,
        has_max_norm=parameters["max_norm"] is not None,
        dtype=parameters["dtype"],
    )
    _check_size(network)
    values = {f"dropout_{i}": rate for i, rate in enumerate(rates)}
    for name in ("input_dropout", "l1", "l2", "activity_l1", "max_norm"):
        values[name] = parameters[name]
    return network, {name: float(values[name]) for name in network.number_names}


def _check_size(network: Network) -> None:
    """Refuse weights that no array can hold, and images that vanish on the way."""
    for spec in weight_specs(network):
        if math.prod(spec.shape) >= MAX_WEIGHTS:
            raise InvalidNetworkError(
                f"Expected fewer than 2**31 weights per layer; got a {spec.role} of "
                f"shape {spec.shape} in {spec.layer}. Use fewer units or filters, "
                "smaller windows, or fewer features."
            )


def _check_order(name: str, given: Any) -> None:
    """Refuse what has entries in no order, or keys."""
    if isinstance(given, Mapping | Set):
        raise InvalidNetworkError(
            f"{name} must be a number or a sequence of them, first layer first; got "
            f"{given!r}. Give a tuple with an entry per layer."
        )


def _sizes(hidden_layer_sizes: Any) -> list[int]:
    """The numbers of units, from one number or several."""
    if isinstance(hidden_layer_sizes, Integral):
        hidden_layer_sizes = (hidden_layer_sizes,)
    return [
        _count(size, "hidden_layer_sizes", hidden_layer_sizes)
        for size in hidden_layer_sizes
    ]


def _count(value: Any, name: str, given: Any) -> int:
    """A whole number of at least 1."""
    if hasattr(value, "get_config"):  # a layer of Keras
        units = getattr(value, "units", getattr(value, "filters", 64))
        raise InvalidNetworkError(
            f"{name} must hold ints; got a Keras layer of type {type(value).__name__}. "
            f"Give its number of units or filters, such as {units}; activation, "
            "dropout, batch_normalization, l1 and l2 are parameters of their own."
        )
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if whole and 1 <= int(value) < 2**31:
        return int(value)
    raise InvalidNetworkError(
        f"{name} must hold ints from 1 to 2**31 - 1; got {given!r}. Leave out the "
        "layers you do not want."
    )


def _rates(dropout: Any, n_layers: int) -> list[float]:
    """One dropout rate per hidden layer."""
    if isinstance(dropout, Real):
        return [float(dropout)] * n_layers
    rates = list(dropout)
    if len(rates) != n_layers:
        raise InvalidNetworkError(
            f"dropout must be one rate or one per hidden layer ({n_layers}); got "
            f"{len(rates)}: {dropout!r}. Give one number for all layers."
        )
    for rate in rates:
        if (
            not isinstance(rate, Real)
            or isinstance(rate, bool)
            or not 0 <= float(rate) < 1
        ):
            raise InvalidNetworkError(
                "dropout must hold rates of at least 0 and below 1; got "
                f"{dropout!r}. Give lower rates: one of 1 would drop everything."
            )
    return [float(rate) for rate in rates]


def _pair(value: Any, name: str) -> tuple[int, int]:
    """One number for both axes, or one for each."""
    values = (value, value) if isinstance(value, Integral) else tuple(value)
    if len(values) != 2:
        raise InvalidNetworkError(
            f"{name} must be an int or two ints (rows, columns); got {value!r}. Give "
            "one number for square windows."
        )
    return _count(values[0], name, value), _count(values[1], name, value)


def _image_layers(parameters: Mapping[str, Any]) -> tuple[Convolution | Pooling, ...]:
    """Blocks of convolutions, each with at most one pooling behind it."""
    filters, padding = parameters["filters"], parameters["padding"]
    blocks = [
        tuple(block) if isinstance(block, Sequence | np.ndarray) else (block,)
        for block in filters
    ]
    if not blocks or not all(blocks):
        raise InvalidNetworkError(
            f"filters must hold at least one convolution per block; got {filters!r}. "
            "Use the DNN estimators for networks without convolutions."
        )
    kernel = _pair(parameters["kernel_size"], "kernel_size")
    layers: list[Convolution | Pooling] = []
    for block, size in zip(blocks, _pool_sizes(parameters, len(blocks)), strict=True):
        for n in block:
            layers.append(Convolution(_count(n, "filters", filters), kernel, padding))
        if size is not None:
            layers.append(Pooling(size, parameters["pooling"], padding))
    return tuple(layers)


def _pool_sizes(
    parameters: Mapping[str, Any], n_blocks: int
) -> list[tuple[int, int] | None]:
    """One pooling window, or None, per block."""
    pool_size = parameters["pool_size"]
    if pool_size is None or isinstance(pool_size, Integral):
        pool_size = (pool_size,) * n_blocks
    if len(pool_size) != n_blocks:
        raise InvalidNetworkError(
            f"pool_size must be an int, None, or one entry per block of filters "
            f"({n_blocks}); got {pool_size!r}. Use None for a block without pooling."
        )
    return [None if s is None else _pair(s, "pool_size") for s in pool_size]
