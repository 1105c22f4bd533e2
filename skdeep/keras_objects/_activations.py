"""Activations by name, with parameters, as objects or functions.

Maxout is no function of one number; it is handled where the layers are, here only
its parameters are known.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._other_words import suggestion
from skdeep.keras_objects._spec import from_spec, to_spec

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
        function = _resolve(activation)
        if not isinstance(activation, str):
            _try(function, activation)
    if not params:
        return
    known: tuple[str, ...] = ()
    if isinstance(activation, str) and activation in WITH_PARAMETERS:
        known = WITH_PARAMETERS[activation][1]
    unknown = sorted(set(map(str, params)) - set(known))
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


def _try(function: Callable[[Any], Any], given: Any) -> None:
    """Refuse a function that does not turn a matrix into one of the same shape."""
    from keras import ops

    shape: Any = None
    failure = None
    try:
        shape = tuple(ops.convert_to_tensor(function(ops.ones((2, 3)))).shape)
    except Exception as error:  # whatever the user's function raises
        failure = error
    if shape != (2, 3):
        got = f"shape {shape}" if failure is None else f"the error {failure!r}"
        raise InvalidNetworkError(
            "activation must turn a tensor of shape (2, 3) into one of the same shape; "
            f"got {got} from {given!r}. Give a function of one tensor, an instance of "
            "a Keras layer, or a name."
        ) from failure


def activation_function(
    activation: Any, params: Mapping[str, Any], dtype: str
) -> Callable[[Any], Any]:
    """Return the function of the hidden layers, parameters included.

    ``dtype`` is the policy of a Keras layer, which would ask for the global one.
    """
    function = _resolve(activation, dtype)
    return functools.partial(function, **params) if params else function


def activation_layer(
    activation: Any, params: Mapping[str, Any], *, dtype: str, **kwargs: Any
) -> Any:
    """Return a standard Keras layer that does what ``activation_function`` does."""
    from keras import layers

    if params:
        name = WITH_PARAMETERS[activation][0]
        return getattr(layers, name)(**params, dtype=dtype, **kwargs)
    return layers.Activation(_resolve(activation, dtype), dtype=dtype, **kwargs)


def _resolve(activation: Any, dtype: str = "float32") -> Callable[[Any], Any]:
    """Find an activation by name, instance or function."""
    from keras import activations, layers

    if isinstance(activation, str):
        _check_name(activation)
    found = from_spec(to_spec(activation))  # a copy: the user's layer is not built
    if isinstance(found, layers.Layer):
        found = type(found).from_config({**found.get_config(), "dtype": dtype})
        # PReLU and the like have no weights before.
        found.build((None, 1))
        if found.weights:
            raise InvalidNetworkError(
                "activation must be without weights of its own; got the layer "
                f"{type(found).__name__}, which has some. Use 'leaky_relu' or "
                "'maxout' instead."
            )
    return activations.get(found)


def _check_name(activation: str) -> None:
    """Refuse what Keras has no activation for, or none that a name alone makes."""
    names = _names()
    if activation in names:
        return
    hint = suggestion("activation", activation, [*names, "maxout"])
    hint = _what_it_needs(activation) or hint
    raise InvalidNetworkError(
        "activation must be 'maxout', a Keras activation's name, a Keras "
        f"layer or a function; got {activation!r}. {hint}Known names: "
        f"{', '.join(sorted([*names, 'maxout']))}."
    )


@functools.cache  # signatures of all functions took a millisecond of every fit
def _names() -> frozenset[str]:
    """The activations that are functions of one tensor."""
    from keras import activations

    functions = {n for n in dir(activations) if n[0].islower()}
    functions -= {"get", "serialize", "deserialize", "glu"}  # the last halves the units
    return frozenset(n for n in functions if not _needed(getattr(activations, n)))


def _needed(function: Callable[..., Any]) -> list[str]:
    """The arguments behind the tensor that have no default."""
    _, *others = inspect.signature(function).parameters.values()
    return [p.name for p in others if p.default is p.empty]


def _what_it_needs(name: str) -> str:
    """Say how to use an activation of Keras that a name alone does not make."""
    from keras import activations

    function = getattr(activations, name, None)
    needed = _needed(function) if inspect.isfunction(function) else []
    if not needed:
        return ""
    arguments = ", ".join(f"{argument}=..." for argument in needed)
    return (
        f"It needs {' and '.join(needed)}: give functools.partial(keras.activations."
        f"{name}, {arguments}). "
    )
