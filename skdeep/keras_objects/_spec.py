"""Keras objects as hashable, comparable, picklable values.

Two Keras objects that do the same are different objects; a program key needs them
equal. ``to_spec`` turns an object with ``get_config`` into its class and its
configuration as text; ``from_spec`` makes a new object of it, so the caller's object is
never used, trained or shared. Classes of Keras are kept by their public name: so a
spec can be unpickled without Keras, and by another version of it.
"""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

NAMES_WITHOUT_EFFECT = ("name", "dtype")
# The modules of Keras with the kinds of objects that an estimator takes.
KERAS_MODULES = (
    "keras.constraints",
    "keras.initializers",
    "keras.layers",
    "keras.losses",
    "keras.metrics",
    "keras.optimizers",
    "keras.optimizers.schedules",
    "keras.regularizers",
)


@dataclass(frozen=True)
class KerasSpec:
    """A Keras object as its class and its configuration in JSON.

    ``cls`` is a public name such as "keras.losses.Huber", or a class that is not of
    Keras.
    """

    cls: str | type
    config: str

    @property
    def name(self) -> str:
        """The name of the class."""
        if isinstance(self.cls, str):
            return self.cls.rpartition(".")[2]
        return self.cls.__name__

    def make(self, adapt: Callable[[Any], Any] = lambda cls: cls) -> Any:
        """Make a new object, of the class that ``adapt`` makes of its own."""
        cls = keras_class(self.cls) if isinstance(self.cls, str) else self.cls
        return adapt(cls).from_config(json.loads(self.config))


def keras_class(name: str) -> type:
    """Find a class of Keras by its public name."""
    module, _, attribute = name.rpartition(".")
    if module in KERAS_MODULES:
        found = getattr(importlib.import_module(module), attribute, None)
        if isinstance(found, type):
            return found
    raise ValueError(
        f"Expected the public name of a Keras class; got {name!r}. Use the version of "
        "Keras that wrote it."
    )


def to_spec(value: Any, *, keep_name: bool = False) -> Any:
    """Return ``value`` as something that hashes by what it does.

    Names, numbers, None and functions stay as they are; a function is only equal to
    itself. An object whose configuration is no JSON stays itself, too, and so gets
    a program of its own.
    """
    if not hasattr(value, "get_config") or isinstance(value, type):
        return value
    from keras import saving

    config = _whole_config(value)
    if not keep_name:
        for name in NAMES_WITHOUT_EFFECT:
            config.pop(name, None)
    try:
        text = json.dumps(
            {k: saving.serialize_keras_object(v) for k, v in config.items()},
            sort_keys=True,
        )
    except (TypeError, ValueError):
        return value
    return KerasSpec(_public_name(type(value)), text)


def spec_of_call(cls: type, arguments: dict[str, Any]) -> Any:
    """Return the spec of ``cls(**arguments)``, if it can be without making it."""
    try:
        # Making a Keras optimizer only to ask for its configuration took 2 ms of every
        # fit.
        text = json.dumps(arguments, sort_keys=True)
    except (TypeError, ValueError):
        return to_spec(cls(**arguments))
    return KerasSpec(_public_name(cls), text)


def from_spec(value: Any) -> Any:
    """Undo ``to_spec``."""
    return value.make() if isinstance(value, KerasSpec) else value


def parameter_to_spec(value: Any) -> Any:
    """Freeze an object of Keras, or those in a list, name and all; leave all else.

    For pickles and copies: those of Keras forget what its configurations leave out.
    """
    if type(value) in (list, tuple):
        return type(value)(map(parameter_to_spec, value))
    spec = to_spec(value, keep_name=True)
    if not isinstance(spec, KerasSpec):
        return value
    is_keras = isinstance(spec.cls, str)
    return spec if is_keras or _pickle_names_it(type(value)) else value


def _pickle_names_it(cls: type) -> bool:
    """Whether Keras' pickle of a user's class asks for a name that nobody registers.

    Those of metrics do. A class in a module pickles by itself.
    """
    is_by_keras = getattr(cls.__reduce__, "__module__", "").startswith("keras.")
    return is_by_keras and "<locals>" not in cls.__qualname__


def holds_spec(value: Any) -> bool:
    """Whether ``parameter_from_spec`` would make an object of Keras."""
    if type(value) in (list, tuple):
        return any(map(holds_spec, value))
    return isinstance(value, KerasSpec)


def parameter_from_spec(value: Any) -> Any:
    """Undo ``parameter_to_spec``."""
    if type(value) in (list, tuple):
        return type(value)(map(parameter_from_spec, value))
    return from_spec(value)


def _whole_config(value: Any) -> dict[str, Any]:
    """The configuration with the arguments that Keras leaves out.

    ``keras.losses.Huber`` forgets ``delta`` and ``keras.initializers.Identity`` its
    ``gain`` (Keras 3.15); both are still in the object.
    """
    config = dict(value.get_config())
    # Keras' losses keep the arguments of their function in _fn_kwargs.
    kept = {**vars(value), **getattr(value, "_fn_kwargs", {})}
    for name in inspect.signature(type(value)).parameters:
        if name in kept and name not in config:
            config[name] = kept[name]
    return config


def _public_name(cls: type) -> str | type:
    """The name under which Keras exports its class; any other class as it is."""
    if cls.__module__.split(".")[0] != "keras":
        return cls
    for module in KERAS_MODULES:
        if getattr(importlib.import_module(module), cls.__name__, None) is cls:
            return f"{module}.{cls.__name__}"
    return cls
