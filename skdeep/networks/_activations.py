"""Activations by name, with parameters, as objects or functions.

Maxout is no function of one number; it is handled where the layers are, here only
its parameters are known.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable
from typing import Any

from skdeep._frozen import thaw
from skdeep.exceptions import InvalidNetworkError
from skdeep.networks._description import Network

# name -> (Keras layer, its parameters); the layer is what the standard model uses.
WITH_PARAMETERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "leaky_relu": ("LeakyReLU", ("negative_slope",)),
    "elu": ("ELU", ("alpha",)),
    "relu": ("ReLU", ("max_value", "negative_slope", "threshold")),
    "maxout": ("", ("n_pieces",)),
}


def check_activation(activation: Any, params: dict[str, Any]) -> None:
    """Refuse an unknown activation, or a parameter that it does not have."""
    if activation != "maxout":
        _resolve(activation)
    if not params:
        return
    known: tuple[str, ...] = ()
    if isinstance(activation, str) and activation in WITH_PARAMETERS:
        known = WITH_PARAMETERS[activation][1]
    unknown = sorted(set(params) - set(known))
    if unknown:
        raise InvalidNetworkError(
            f"activation={activation!r} takes the parameters {list(known)} in "
            f"activation_params; got {unknown}. Leave them out, or pass a function "
            "or a Keras layer with the parameters set as the activation."
        )
    n_pieces = params.get("n_pieces", 2)
    if not isinstance(n_pieces, int) or n_pieces < 2:
        raise InvalidNetworkError(
            "activation_params['n_pieces'] must be an int of at least 2; got "
            f"{n_pieces!r}. Use 2 or 3 for a usual maxout unit."
        )


def activation_function(network: Network) -> Callable[[Any], Any]:
    """Return the function of the hidden layers, parameters included."""
    params = dict(network.activation_params)
    function = _resolve(network.activation)
    return functools.partial(function, **params) if params else function


def activation_layer(network: Network, **kwargs: Any) -> Any:
    """Return a standard Keras layer that does what ``activation_function`` does."""
    from keras import layers

    params = dict(network.activation_params)
    if params:
        name = WITH_PARAMETERS[network.activation][0]
        return getattr(layers, name)(**params, **kwargs)
    return layers.Activation(_resolve(network.activation), **kwargs)


def _resolve(activation: Any) -> Callable[[Any], Any]:
    """Find an activation by name, instance or function."""
    from keras import activations, layers

    if isinstance(activation, str):
        names = {n for n in dir(activations) if n[0].islower()} - {
            "get",
            "serialize",
            "deserialize",
        }
        if activation not in names:
            close = difflib.get_close_matches(activation, [*names, "maxout"], 1)
            hint = f"Did you mean {close[0]!r}? " if close else ""
            raise InvalidNetworkError(
                "activation must be 'maxout', a Keras activation's name, a Keras "
                f"layer or a function; got {activation!r}. {hint}Known names: "
                f"{', '.join(sorted([*names, 'maxout']))}."
            )
    found = thaw(activation)
    if isinstance(found, layers.Layer):
        found.build((None, 1))
        if found.weights:
            raise InvalidNetworkError(
                "activation must be without weights of its own; got the layer "
                f"{type(found).__name__}, which has some. Use 'leaky_relu' or "
                "'maxout' instead."
            )
    return activations.get(found)
