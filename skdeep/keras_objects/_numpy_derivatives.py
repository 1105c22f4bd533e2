"""Derivatives of Keras' activations in NumPy, for training without a compiler.

Each function gets the inputs and the outputs of an activation, and returns by what
gradients are multiplied; it may overwrite the outputs. Most derivatives are functions
of the outputs alone.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from skdeep.keras_objects._numpy_activations import (
    ACTIVATIONS,
    SELU_ALPHA,
    SELU_SCALE,
    by_name,
)

Values = np.ndarray


class Derivative(NamedTuple):
    """A derivative, and whether it looks at the inputs, which must then be kept."""

    of: Callable[[Values, Values], Values]
    needs_inputs: bool = False


def _relu(x: Values, y: Values) -> Values:
    return y > 0


def _relu6(x: Values, y: Values) -> Values:
    return (y > 0) & (y < 6)


def _leaky_relu(x: Values, y: Values, negative_slope: float = 0.2) -> Values:
    return np.where(x > 0, y.dtype.type(1), y.dtype.type(negative_slope))


def _tanh(x: Values, y: Values) -> Values:
    np.square(y, y)
    return np.subtract(1, y, y)


def _sigmoid(x: Values, y: Values) -> Values:
    return y * (1 - y)


def _elu(x: Values, y: Values, alpha: float = 1.0) -> Values:
    # alpha * exp(x) is y + alpha below 0.
    return np.where(x > 0, y.dtype.type(1), y + y.dtype.type(alpha))


def _selu(x: Values, y: Values) -> Values:
    scale, alpha = y.dtype.type(SELU_SCALE), y.dtype.type(SELU_ALPHA)
    return np.where(y > 0, scale, y + scale * alpha)


def _softplus(x: Values, y: Values) -> Values:
    # 1 / (1 + exp(-x)), of y = log(1 + exp(x)).
    return -np.expm1(-y)


def _softsign(x: Values, y: Values) -> Values:
    return np.square(1 - np.abs(y))


def _exponential(x: Values, y: Values) -> Values:
    return y


def _silu(x: Values, y: Values) -> Values:
    sigmoid = special.expit(x)
    return sigmoid + y * (1 - sigmoid)


def _gelu(x: Values, y: Values) -> Values:
    below = special.ndtr(x)  # the normal distribution up to x
    density = np.exp(-0.5 * np.square(x)) / x.dtype.type(np.sqrt(2 * np.pi))
    return below + x * density


def _linear(x: Values, y: Values) -> Values:
    return np.ones_like(y)


LINEAR, RELU = Derivative(_linear), Derivative(_relu)
# By the names of Keras.
DERIVATIVES: dict[str, Derivative] = {
    "elu": Derivative(_elu, needs_inputs=True),
    "exponential": Derivative(_exponential),
    "gelu": Derivative(_gelu, needs_inputs=True),
    "linear": LINEAR,
    "leaky_relu": Derivative(_leaky_relu, needs_inputs=True),
    "relu": RELU,
    "relu6": Derivative(_relu6),
    "selu": Derivative(_selu),
    "sigmoid": Derivative(_sigmoid),
    "silu": Derivative(_silu, needs_inputs=True),
    "softplus": Derivative(_softplus),
    "softsign": Derivative(_softsign),
    "swish": Derivative(_silu, needs_inputs=True),
    "tanh": Derivative(_tanh),
}


# Parameters that a derivative knows; all others must be those without effect.
PARAMETERS = {"elu": "alpha", "leaky_relu": "negative_slope"}
WITHOUT_EFFECT = (None, 0)


def numpy_derivative(activation: Any, params: Mapping[str, Any]) -> Derivative | None:
    """Return the derivative of an activation, or None if there is none here."""
    name, params = by_name(activation, params)
    found = DERIVATIVES.get(name)
    if found is None or not params:
        return found
    known = PARAMETERS.get(name, "")
    # A layer has others besides, such as its dtype.
    others = set(inspect.signature(ACTIVATIONS[name]).parameters) & set(params)
    if any(params[n] not in WITHOUT_EFFECT for n in others - {known}):
        return None
    if known not in params:
        return found
    of = functools.partial(found.of, **{known: float(params[known])})
    return Derivative(of, found.needs_inputs)
