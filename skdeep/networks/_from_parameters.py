"""Constructor parameters → a network and its hyperparameters, with faults named.

What a parameter means for a layer is in that layer's file; here the layers are only
asked, stage by stage.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from skdeep.exceptions import InvalidNetworkError
from skdeep.networks._layer_stack import LayerStack
from skdeep.networks._network import Network
from skdeep.networks.layers._layer import CLASSES, STAGES, Site

MAX_WEIGHTS = 2**31  # per array: TensorFlow counts in 32 bits in places


def make_network(
    parameters: Mapping[str, Any],
    input_shape: tuple[int, ...],
    output_units: int,
    output_activation: str,
) -> tuple[Network, dict[str, float]]:
    """Stack the layers that an estimator's parameters ask for.

    Returns
    -------
    network : Network
        The architecture.
    hyperparameters : dict of str to float
        A value for every one of ``network.hyperparameter_names``.
    """
    values = dict(parameters)
    for cls in list(CLASSES.values()):
        if "read_parameters" in vars(cls):  # once, and not for every subclass
            values |= cls.read_parameters(parameters)
    site = Site(parameters, input_shape, output_units, output_activation)
    for place in STAGES:
        site = replace(site, place=place)
        # Later stages look at earlier ones: Flatten at their shape, Output at their
        # kernels.
        site = replace(site, before=(*site.before, *site.layers()))
    network = LayerStack(input_shape, site.before)
    _check_size(network)
    return network, {name: float(values[name]) for name in network.hyperparameter_names}


def _check_size(network: Network) -> None:
    """Refuse weights that no array can hold."""
    for spec in network.weight_specs():
        if math.prod(spec.shape) >= MAX_WEIGHTS:
            raise InvalidNetworkError(
                f"Expected fewer than 2**31 weights per layer; got a {spec.role} of "
                f"shape {spec.shape} in {spec.layer}. Use fewer units or filters, "
                "smaller windows, or fewer features."
            )
