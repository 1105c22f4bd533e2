"""Keras objects as hashable, comparable, picklable values.

Two Keras objects that do the same are different objects; a program key needs them
equal. ``freeze`` turns an object with ``get_config`` into its class and its
configuration as text; ``thaw`` makes a new object of it, so the caller's object is
never used, trained or shared.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

NAMES_WITHOUT_EFFECT = ("name", "dtype")


@dataclass(frozen=True)
class Frozen:
    """A Keras object as its class and its configuration in JSON."""

    cls: type
    config: str

    def thaw(self) -> Any:
        """Make a new object."""
        return self.cls.from_config(json.loads(self.config))  # type: ignore[attr-defined]


def freeze(value: Any, *, keep_name: bool = False) -> Any:
    """Return ``value`` as something that hashes by what it does.

    Names, numbers, None and functions stay as they are; a function is only equal to
    itself. An object whose configuration is no JSON stays itself, too, and so gets
    a program of its own.
    """
    if not hasattr(value, "get_config") or isinstance(value, type):
        return value
    from keras import saving

    config = dict(value.get_config())
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
    return Frozen(type(value), text)


def thaw(value: Any) -> Any:
    """Undo ``freeze``."""
    return value.thaw() if isinstance(value, Frozen) else value
