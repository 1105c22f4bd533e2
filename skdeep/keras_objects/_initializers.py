"""Initialisers by name, instance or function, always with a seed that is given.

Keras draws a default seed from Python's global generator whenever an initialiser is
made without one. Here none is ever made without one, so that generator stays as it is.
"""

from __future__ import annotations

import functools
import inspect
import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._other_words import suggestion
from skdeep.keras_objects._spec import KerasSpec, from_spec, to_spec

ALIASES = {"uniform": "random_uniform", "normal": "random_normal"}


def read_initializer(initializer: Any) -> Any:
    """Return the constructor's ``kernel_initializer``, checked, as a spec."""
    if isinstance(initializer, str):
        _named_class(initializer)
    elif isinstance(initializer, type):
        raise InvalidNetworkError(
            "kernel_initializer must be a name, an instance or a function; got the "
            f"class {initializer.__name__}. Give an instance, "
            f"{initializer.__name__}(), which every kernel gets a seed for."
        )
    return to_spec(initializer)


def seeded(initializer: Any, seed: int) -> Callable[..., Any]:
    """Return a Keras initialiser or a function; a seed of its own stays."""
    if isinstance(initializer, str):
        cls = _named_class(initializer)
        takes_seed = "seed" in inspect.signature(cls).parameters
        made: Callable[..., Any] = cls(seed=seed) if takes_seed else cls()
        return made
    if isinstance(initializer, KerasSpec):
        config = json.loads(initializer.config)
        if "seed" in config and config["seed"] is None:
            config["seed"] = seed
        initializer = replace(initializer, config=json.dumps(config))
    found: Callable[..., Any] = from_spec(initializer)
    return found


def draw(initializer: Any, seed: int, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Draw an array, which belongs to the caller."""
    if isinstance(initializer, str) and math.prod(shape) <= MOST_VALUES:
        return _drawn(initializer, seed, shape, dtype).copy()
    return np.array(seeded(initializer, seed)(shape, dtype=dtype), dtype=dtype)


# Candidates and folds of a search with one random_state begin with the same weights,
# and drawing those of a small network took 2 ms of every fit, a twentieth. What Keras
# draws by name depends on nothing else; 8 MiB at most are kept.
MOST_VALUES = 2**15
_N_KEPT = 32


@functools.lru_cache(_N_KEPT)
def _drawn(name: str, seed: int, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Draw an array by the name of an initialiser."""
    return np.array(seeded(name, seed)(shape, dtype=dtype), dtype=dtype)


@functools.cache
def _named_class(name: str) -> type:
    """Find the class of a Keras initialiser by its name."""
    from keras import initializers

    known = {n: c for n, c in vars(initializers).items() if isinstance(c, type)}
    found = known.get(ALIASES.get(name, name))
    if found is not None:
        return found
    names = sorted([n for n in known if n.islower()] + list(ALIASES))
    hint = suggestion("kernel_initializer", name, names)
    raise InvalidNetworkError(
        "kernel_initializer must be the name of a Keras initializer, an instance or a "
        f"function; got {name!r}. {hint}Known names: {', '.join(names)}."
    )
