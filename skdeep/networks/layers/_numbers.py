"""Whole numbers and sequences of them in parameters, with their faults named."""

from __future__ import annotations

from collections.abc import Mapping, Set
from numbers import Integral
from typing import Any

from skdeep.exceptions import InvalidNetworkError


def check_order(name: str, given: Any) -> None:
    """Refuse what has entries in no order, or keys."""
    if isinstance(given, Mapping | Set):
        raise InvalidNetworkError(
            f"{name} must be one value or a sequence of them, first layer first; got "
            f"{given!r}. Give a tuple with an entry per layer."
        )


def read_count(value: Any, name: str, given: Any) -> int:
    """A whole number of at least 1."""
    if hasattr(value, "get_config"):  # a layer of Keras
        units = getattr(value, "units", getattr(value, "filters", 64))
        raise InvalidNetworkError(
            f"{name} must hold ints; got a Keras layer of type {type(value).__name__}. "
            f"Give its number of units or filters, such as {units}; activation, "
            "dropout, batch_normalization, l1 and l2 are parameters of their own."
        )
    # True is an Integral, and would be one unit.
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if whole and 1 <= int(value) < 2**31:
        return int(value)
    raise InvalidNetworkError(
        f"{name} must hold ints from 1 to 2**31 - 1; got {given!r}. Leave out the "
        "layers you do not want."
    )


def read_window(value: Any, name: str, n_axes: int) -> tuple[int, ...]:
    """One number for all axes, or one for each: two of images, one of sequences."""
    values = (value,) * n_axes if isinstance(value, Integral) else tuple(value)
    if len(values) != n_axes:
        expected, advice = {
            1: ("one in a tuple (steps,) for sequences", "Give one number"),
            2: ("two ints (rows, columns)", "Give one number for square windows"),
        }[n_axes]
        raise InvalidNetworkError(
            f"{name} must be an int or {expected}; got {value!r}. {advice}."
        )
    return tuple(read_count(n, name, value) for n in values)
