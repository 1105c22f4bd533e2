"""Parameters by prefix: who gets ``optimizer__learning_rate``, ``model__units``, ...

As in SciKeras a parameter goes to the build function without a prefix, too. Nothing
here knows estimators, data or Keras' models.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from skdeep.estimators._other_arguments import CONSTRUCTOR

PREFIXES = (
    "model",
    "optimizer",
    "loss",
    "metrics",
    "compile",
    "fit",
    "predict",
    "callbacks",
)
# Words of other libraries, or of the other estimators, and where they go here.
OUR_PLACES = {
    "learning_rate": "optimizer__learning_rate",
    **{name: name for name in ("epochs", "min_delta", "optimizer", "patience")},
    "random_state": "random_state",
}
# What a build function gets if it asks for it by name.
OFFERED = ("meta", "compile_kwargs", "params")


def prefix_of(name: str) -> str | None:
    """The prefix of a routed name, such as "optimizer"."""
    prefix, mark, rest = name.partition("__")
    return prefix if mark and rest and prefix in PREFIXES else None


def routed(parameters: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The parameters with a prefix, without it."""
    start = f"{prefix}__"
    return {n[len(start) :]: v for n, v in parameters.items() if n.startswith(start)}


def build_arguments(
    build: Callable[..., Any],
    parameters: Mapping[str, Any],
    bare: Iterable[str],
    offered: Mapping[str, Callable[[], Any]],
) -> dict[str, Any]:
    """Say what a build function is called with.

    Parameters
    ----------
    build : callable
        The function or class.
    parameters : mapping
        All of the estimator.
    bare : iterable of str
        Names that are no parameters of the estimator itself.
    offered : mapping of str to callable
        What makes the values of ``OFFERED``, asked only for those that are wanted.
    """
    accepted, takes_all = _accepted(build)
    given = {name: parameters[name] for name in bare if prefix_of(name) is None}
    given |= routed(parameters, "model")
    unknown = sorted(set(given) - accepted)
    if unknown and not takes_all:
        raise TypeError(unknown_names(unknown, accepted - set(OFFERED), build))
    own = {n: v for n, v in parameters.items() if n in accepted and n not in given}
    # As in SciKeras a function with **kwargs asks for all; a class hands them on.
    asks_for_all = takes_all and not isinstance(build, type)
    asked = {n: make() for n, make in offered.items() if n in accepted or asks_for_all}
    return {**own, **given, **asked}


def _accepted(build: Callable[..., Any]) -> tuple[set[str], bool]:
    """The names of a function's parameters, and whether it takes any others."""
    try:
        parameters = inspect.signature(build).parameters.values()
    except (TypeError, ValueError):
        return set(), True
    kinds = {p.kind for p in parameters}
    names = {
        p.name
        for p in parameters
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    }
    return names, inspect.Parameter.VAR_KEYWORD in kinds


def is_accepted(build: Any, name: str) -> bool:
    """Whether a build function takes a parameter; a model takes none."""
    if not callable(build) or is_model(build):
        return False
    names, takes_all = _accepted(build)
    return takes_all or name in names


def is_model(build: Any) -> bool:
    """Whether it is a model itself, and nothing that makes one."""
    return hasattr(build, "get_layer") and not isinstance(build, type)


def is_layer(build: Any) -> bool:
    """Whether it is a layer, which can be called, but makes no model."""
    is_any = hasattr(build, "trainable_weights") and not isinstance(build, type)
    return is_any and not is_model(build)


def unknown_names(unknown: list[str], known: Iterable[str], build: Any) -> str:
    """Say which parameters nobody takes, and what may have been meant."""
    names = sorted(known)
    close = difflib.get_close_matches(unknown[0], names, 1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    ours = CONSTRUCTOR.get(unknown[0], unknown[0])
    if ours in OUR_PLACES:
        hint = f"{OUR_PLACES[ours]} is the estimator's own. "
    return (
        f"Parameters without a prefix go to the build function, and "
        f"{getattr(build, '__name__', 'model')} takes {names}; got {unknown}. {hint}"
        "Name what it takes, or give it **kwargs."
    )


def made(value: Any, arguments: dict[str, Any], what: str) -> Any:
    """Make an object of a class with routed arguments; leave all else as it is.

    An argument may be a class, or a list or dict of them, with arguments of its own:
    ``schedule__rate`` goes to the class ``schedule``. Numbers for names are places.
    """
    if isinstance(value, type):
        return _made_with(value, arguments)
    if arguments and not isinstance(value, str):
        raise ValueError(
            f"Parameters with the prefix {what}__ go to a class or a name; got "
            f"{sorted(arguments)} and {what}={value!r}. Give the class, or set them in "
            "the object."
        )
    return value


def _made_with(cls: type, arguments: dict[str, Any]) -> Any:
    """Make an object, and before it those that are its arguments."""
    plain = {n: v for n, v in arguments.items() if "__" not in n}
    ready = {
        n: made_each(v, routed(arguments, n)) if _holds_class(v) else v
        for n, v in plain.items()
    }
    # What is for nothing that was given is for the class to take or to refuse.
    others = {n: v for n, v in arguments.items() if n.partition("__")[0] not in plain}
    places = sorted((n for n in ready if n.isdigit()), key=int)
    named = {n: v for n, v in ready.items() if not n.isdigit()}
    return cls(*(ready[place] for place in places), **named, **others)


def _holds_class(value: Any) -> bool:
    """Whether a value is a class to make an object of, or holds one; no dtype."""
    return any(
        isinstance(v, type) and v.__module__ not in ("builtins", "numpy")
        for v in _flat(value)
    )


def _made_if_class(value: Any, arguments: dict[str, Any]) -> Any:
    """Make an object of a class; leave all else as it is."""
    return _made_with(value, arguments) if isinstance(value, type) else value


def made_each(
    values: Any,
    arguments: dict[str, Any],
    make: Callable[[Any, dict[str, Any]], Any] = _made_if_class,
) -> Any:
    """Make objects of the classes in a list or dict, however they are nested.

    ``es__patience`` and ``0__patience`` are for the object of that key or place,
    ``patience`` is for all classes.
    """
    if not isinstance(values, Mapping | list | tuple):
        return make(values, arguments)
    by_key: Mapping[Any, Any] = (
        values if isinstance(values, Mapping) else dict(enumerate(values))
    )
    keys = {str(key) for key in by_key}
    common = {n: v for n, v in arguments.items() if n.partition("__")[0] not in keys}
    found = {
        key: made_each(value, common | routed(arguments, str(key)), make)
        for key, value in by_key.items()
    }
    return found if isinstance(values, Mapping) else list(found.values())


def made_all(values: Any, arguments: dict[str, Any]) -> list[Any]:
    """Make a flat list of what ``made_each`` makes."""
    return list(_flat(made_each(values, arguments)))


def _flat(values: Any) -> Iterable[Any]:
    """Values, however they are nested."""
    if isinstance(values, Mapping):
        values = list(values.values())
    if isinstance(values, list | tuple):
        for value in values:
            yield from _flat(value)
    elif values is not None:
        yield values
