"""Depth and width of a network, each as a number that a search can vary."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np

from skdeep.exceptions import InvalidNetworkError

SIZES = "hidden_layer_sizes"


def layer_sizes(cls: type, parameters: Mapping[str, Any]) -> Any:
    """Return the units of each hidden layer, however they are given.

    Parameters
    ----------
    cls : type
        The estimator's class, whose signature has the default sizes.
    parameters : mapping of str to Any
        Of its constructor. ``units`` and ``n_layers`` go together; one of them alone
        has the other from the default.
    """
    given = parameters[SIZES]
    if "n_layers" not in parameters:  # recurrent networks, whose units are others
        return given
    n_layers, units = parameters["n_layers"], parameters["units"]
    if n_layers is None and units is None:
        return given
    default = inspect.signature(cls).parameters[SIZES].default
    if not np.array_equal(given, default):
        pair = {"n_layers": n_layers, "units": units}
        said = ", ".join(f"{name}={v!r}" for name, v in pair.items() if v is not None)
        raise InvalidNetworkError(
            "Hidden layers are given by hidden_layer_sizes, or by n_layers and units; "
            f"got hidden_layer_sizes={given!r} and {said}. Leave one of them out."
        )
    sizes = (default,) if isinstance(default, Integral) else tuple(default)
    width = sizes[0] if units is None else units
    return (width,) * (len(sizes) if n_layers is None else n_layers)
