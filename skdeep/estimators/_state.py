"""Which version has written the state of an estimator, and what that state lacks."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

from skdeep._version import __version__
from skdeep.exceptions import VersionWarning

VERSION = "_skdeep_version"  # beside the attributes, in states only


def with_version(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state that says which version has written it."""
    return {**state, VERSION: __version__}


def completed(cls: type, state: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of a state, and defaults of parameters it does not have.

    A parameter that came with a later version is not in it; without a default,
    ``get_params`` would fail, and with it clone, repr and every fit.
    """
    attributes = {name: v for name, v in state.items() if name != VERSION}
    # A user's subclass may name what it never sets.
    own = next(c for c in cls.__mro__ if c.__module__.startswith("skdeep."))
    parameters = inspect.signature(own).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    missing = sorted(set(defaults) - set(attributes))
    written = state.get(VERSION)
    if written != __version__ or missing:
        warnings.warn(
            VersionWarning(cls.__name__, __version__, written, missing), stacklevel=3
        )
    return defaults | attributes
