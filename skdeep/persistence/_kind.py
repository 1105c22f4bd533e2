"""What a kind of value is: how it is recognised, written and read.

JSON has None, bools, numbers, strings and lists. Every other value becomes a JSON
object with its kind's name under "kind" and what the kind writes; ``_plain`` and
``_objects`` list the kinds, ``_tree`` walks over values with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from skdeep.persistence._archive import damaged


class Writer(Protocol):
    """What a kind needs to write the values inside a value."""

    def write(self, value: Any, where: str) -> Any:
        """Return JSON for a value found at ``where``, such as "DNNRegressor.loss"."""

    def keep(self, array: np.ndarray) -> int:
        """Put an array aside and return its number."""

    def count_numbers(self, n_numbers: int, where: str) -> None:
        """Note what an object will hold when it is read, or refuse it."""

    def refuse(self, value: Any, where: str) -> Any:
        """Raise the error that says what cannot be stored, and where it is."""


class Reader(Protocol):
    """What a kind needs to read the values inside a value."""

    def read(self, tree: Any) -> Any:
        """Return the value of a piece of JSON."""

    def array(self, number: Any) -> np.ndarray:
        """Return an array that was put aside."""

    def count_numbers(self, n_numbers: int, what: str) -> None:
        """Note what an object is about to hold, or refuse it."""

    def note_scikit_learn(self, name: str) -> None:
        """Remember that a class of scikit-learn is in the file."""


class Kind(NamedTuple):
    """A kind of values.

    ``encode(writer, value, where)`` returns the fields of a JSON object,
    ``decode(reader, fields)`` the value.
    """

    name: str
    holds: Callable[[Any], bool]
    encode: Callable[[Writer, Any, str], dict[str, Any]]
    decode: Callable[[Reader, dict[str, Any]], Any]


def text_of(fields: dict[str, Any], name: str) -> str:
    """A field that must be a string."""
    value = fields[name]
    if not isinstance(value, str):
        damaged(f"{name}={value!r} where a string belongs")
    return value


def list_of(fields: dict[str, Any], name: str) -> list[Any]:
    """A field that must be a list."""
    value = fields[name]
    if not isinstance(value, list):
        damaged(f"{name}={value!r} where a list belongs")
    return value
