"""The activations of Keras in NumPy, for predictions without TensorFlow.

Each function takes values whose last axis is that of the units, and the parameters
that Keras has for the activation; it keeps the dtype, float32 or float64, and may
overwrite what it is given. Names and layers of Keras are found here; functions are not:
whatever they are called, they are the user's.
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import special

from skdeep.keras_objects._onnx_activations import LAYERS
from skdeep.keras_objects._spec import KerasSpec

Values = np.ndarray
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
N_ZEROS = 2**17  # as many values as a predictor sends through at a time


@functools.cache
def _zeros(dtype: np.dtype) -> Values:
    """Zeros that are only read.

    Memory that nobody has written is one page of zeros again and again: it leaves the
    cache to the values, and nothing has to be set to zero in every call. Both together
    were a tenth of the prediction of 100,000 rows.
    """
    zeros = np.zeros(N_ZEROS, dtype)
    zeros.flags.writeable = False
    return zeros


def _zeros_like(x: Values) -> Values:
    """Zeros to compare ``x`` with."""
    if x.size > N_ZEROS:
        return np.zeros(x.shape, x.dtype)
    return _zeros(x.dtype)[: x.size].reshape(x.shape)


def _relu(
    x: Values,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Values:
    """Values above threshold, negative_slope * (x - threshold) below; a maximum."""
    below = np.minimum(x - threshold, 0) * negative_slope if negative_slope else None
    if threshold:
        x = np.where(x > threshold, x, 0 * x)
    else:
        # An array of zeros: compared with a number, which takes NumPy another way, it
        # took three times as long.
        x = np.maximum(x, _zeros_like(x), out=x)
    if max_value is not None:
        x = np.clip(x, 0, max_value, out=x)
    return x if below is None else x + below


def _leaky_relu(x: Values, negative_slope: float = 0.2) -> Values:
    """x, times negative_slope below 0."""
    return np.where(x > 0, x, negative_slope * x)


def _elu(x: Values, alpha: float = 1.0) -> Values:
    """x, alpha * (exp(x) - 1) below 0."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _celu(x: Values) -> Values:
    """Keras has no name for another alpha than 1, where it is ELU."""
    return _elu(x)


def _selu(x: Values) -> Values:
    """ELU with constants that keep mean and variance."""
    return SELU_SCALE * _elu(x, SELU_ALPHA)


def _sigmoid(x: Values) -> Values:
    """1 / (1 + exp(-x)); far below 0 exp is infinite, and 1 / inf is 0."""
    x = np.exp(np.negative(x, out=x), out=x)
    x += 1
    return np.divide(1, x, out=x)


def _hard_sigmoid(x: Values) -> Values:
    """(x + 3) / 6 between 0 and 1."""
    return np.clip(x + 3, 0, 6) / 6


def _sparse_sigmoid(x: Values) -> Values:
    """(x + 1) / 2 between 0 and 1."""
    return np.clip(0.5 * (x + 1), 0, 1)


def _log_sigmoid(x: Values) -> Values:
    """log(1 / (1 + exp(-x)))."""
    return -_softplus(-x)


def _softplus(x: Values) -> Values:
    """log(1 + exp(x)), without the overflow of exp."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _squareplus(x: Values) -> Values:
    """(x + sqrt(x² + 4)) / 2."""
    return (x + np.sqrt(x * x + 4)) / 2


def _sparse_plus(x: Values) -> Values:
    """(x + 1)² / 4 between -1 and 1, 0 below, x above."""
    middle = np.clip(x, -1, 1) + 1
    return 0.25 * middle * middle + np.maximum(x - 1, 0)


def _silu(x: Values) -> Values:
    """The product x * sigmoid(x)."""
    return x * _sigmoid(x.copy())


def _hard_silu(x: Values) -> Values:
    """The product x * hard_sigmoid(x)."""
    return x * _hard_sigmoid(x)


def _gelu(x: Values) -> Values:
    """The product of x and the normal distribution up to x, exactly."""
    return 0.5 * x * (1 + special.erf(x * 0.5**0.5))


def _mish(x: Values) -> Values:
    """The product x * tanh(softplus(x))."""
    return x * np.tanh(_softplus(x))


def _softsign(x: Values) -> Values:
    """The ratio x / (1 + |x|)."""
    return x / (1 + np.abs(x))


def _tanh_shrink(x: Values) -> Values:
    """The rest x - tanh(x)."""
    return x - np.tanh(x)


def _soft_shrink(x: Values) -> Values:
    """x, 0.5 closer to 0."""
    return x - np.clip(x, -0.5, 0.5)


def _hard_shrink(x: Values) -> Values:
    """x, 0 between -0.5 and 0.5."""
    return np.where(np.abs(x) > 0.5, x, 0 * x)


def _softmax(x: Values) -> Values:
    """exp(x) / sum(exp(x)) over the units."""
    x -= x.max(axis=-1, keepdims=True)
    x = np.exp(x, out=x)
    x /= x.sum(axis=-1, keepdims=True)
    return x


def _log_softmax(x: Values) -> Values:
    """The logarithm of softmax."""
    x -= x.max(axis=-1, keepdims=True)
    x -= np.log(np.exp(x).sum(axis=-1, keepdims=True))
    return x


def _in_place(function: np.ufunc) -> Callable[[Values], Values]:
    """A function of NumPy, written over its argument."""

    def overwrite(x: Values) -> Values:
        return function(x, out=x)

    return overwrite


# By the names of Keras. Its sparsemax (3.15) does not give a distribution; who trains
# with it has to predict with it.
ACTIVATIONS: dict[str, Callable[..., Values]] = {
    "celu": _celu,
    "elu": _elu,
    "exponential": _in_place(np.exp),
    "gelu": _gelu,
    "hard_shrink": _hard_shrink,
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": _hard_silu,
    "hard_swish": _hard_silu,
    "hard_tanh": lambda x: np.clip(x, -1, 1, out=x),
    "leaky_relu": _leaky_relu,
    "linear": lambda x: x,
    "log_sigmoid": _log_sigmoid,
    "log_softmax": _log_softmax,
    "mish": _mish,
    "relu": _relu,
    "relu6": lambda x: np.clip(x, 0, 6, out=x),
    "selu": _selu,
    "sigmoid": _sigmoid,
    "silu": _silu,
    "soft_shrink": _soft_shrink,
    "softmax": _softmax,
    "softplus": _softplus,
    "softsign": _softsign,
    "sparse_plus": _sparse_plus,
    "sparse_sigmoid": _sparse_sigmoid,
    "squareplus": _squareplus,
    "swish": _silu,
    "tanh": _in_place(np.tanh),
    "tanh_shrink": _tanh_shrink,
}


def numpy_activation(
    activation: Any, params: Mapping[str, Any]
) -> Callable[[Values], Values] | None:
    """Return an activation in NumPy, or None for one that only Keras has.

    ``activation`` is a name, or the spec of a layer of Keras.
    """
    name, params = by_name(activation, params)
    function = ACTIVATIONS.get(name)
    if function is None:
        return None
    if not params:
        return function
    known = set(inspect.signature(function).parameters) & set(params)
    # A number of NumPy would turn values of float32 into its own dtype.
    given = {n: v if v is None else float(v) for n, v in params.items() if n in known}
    return functools.partial(function, **given) if given else function


def by_name(
    activation: Any, params: Mapping[str, Any]
) -> tuple[str, Mapping[str, Any]]:
    """Return the name and the parameters; an empty name for what is a function."""
    if isinstance(activation, KerasSpec):
        name = LAYERS.get(activation.cls) if isinstance(activation.cls, str) else None
        return name or "", json.loads(activation.config)
    return activation if isinstance(activation, str) else "", params
