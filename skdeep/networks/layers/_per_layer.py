"""One value for all layers, or one for each: convolutions first, then hidden layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skdeep.exceptions import InvalidNetworkError
from skdeep.networks.layers._layer import CLASSES


def n_layers(parameters: Mapping[str, Any]) -> int:
    """How many layers with a kernel stand in front of the output."""
    # A class that only inherits stands nowhere, see ``Site.layers``.
    own = [cls for cls in list(CLASSES.values()) if "n_kernels" in vars(cls)]
    return sum(cls.n_kernels(parameters) for cls in own)


def is_per_layer(given: Any) -> bool:
    """Whether a parameter has a value for each layer."""
    return isinstance(given, Sequence | np.ndarray) and not isinstance(given, str)


def at_layer(parameters: Mapping[str, Any], name: str, layer: int) -> Any:
    """The value of a parameter for one layer, of values that were checked."""
    given = parameters[name]
    return given[layer] if is_per_layer(given) else given


def checked_values(
    parameters: Mapping[str, Any], name: str, *, with_output: bool = False
) -> list[Any]:
    """Return the different values of a parameter, refused if there are too many.

    ``with_output`` says that a value more is for the output.
    """
    given = parameters[name]
    if not is_per_layer(given):
        return [given]
    n, values = n_layers(parameters), list(given)
    if len(values) in (n, n + with_output):
        return values
    output = ", or one more for the output" if with_output else ""
    raise InvalidNetworkError(
        f"{name} must be one value or one per layer, convolutions first "
        f"({n}{output}); got {len(values)}: {given!r}. Give one value for all layers."
    )
