"""The activations of Keras in operators of ONNX.

Each function takes the graph, the name of a value, the axis of the units, and the
parameters that Keras has for the activation; it returns the name of the result.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from skdeep.keras_objects._spec import KerasSpec


class Graph(Protocol):
    """What activations and layers need of the graph that is being written."""

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Append an operator and return the name of its output."""

    def constant(self, value: Any, dtype: str = "float32") -> str:
        """Return the name of an array or a number."""


def _operator(name: str, **attributes: Any) -> Callable[..., str]:
    """An activation that ONNX has."""
    return lambda graph, x, axis: graph.add(name, x, **attributes)


def _along_units(name: str) -> Callable[..., str]:
    """An activation over all units of a row, or all channels of a pixel."""
    return lambda graph, x, axis: graph.add(name, x, axis=axis)


def _clipped(low: float, high: float) -> Callable[..., str]:
    """min(max(x, low), high)."""
    return lambda graph, x, axis: graph.add(
        "Clip", x, graph.constant(low), graph.constant(high)
    )


def _elu(graph: Graph, x: str, axis: int, alpha: float = 1.0) -> str:
    return graph.add("Elu", x, alpha=alpha)


def _leaky_relu(graph: Graph, x: str, axis: int, negative_slope: float = 0.2) -> str:
    return graph.add("LeakyRelu", x, alpha=negative_slope)


def _relu(
    graph: Graph,
    x: str,
    axis: int,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> str:
    """X from the threshold up, negative_slope * (x - threshold) below; a maximum."""
    limit = graph.constant(threshold)
    below = graph.add("Sub", x, limit)
    below = graph.add("Mul", below, graph.constant(negative_slope))
    result = graph.add("Where", graph.add("Greater", x, limit), x, below)
    if max_value is not None:
        result = graph.add("Min", result, graph.constant(max_value))
    return result


def _silu(graph: Graph, x: str, axis: int) -> str:
    """X * sigmoid(x)."""
    return graph.add("Mul", x, graph.add("Sigmoid", x))


def _log_sigmoid(graph: Graph, x: str, axis: int) -> str:
    """-softplus(-x)."""
    return graph.add("Neg", graph.add("Softplus", graph.add("Neg", x)))


def _tanh_shrink(graph: Graph, x: str, axis: int) -> str:
    """X - tanh(x)."""
    return graph.add("Sub", x, graph.add("Tanh", x))


def _squareplus(graph: Graph, x: str, axis: int) -> str:
    """(x + sqrt(x² + 4)) / 2."""
    square = graph.add("Add", graph.add("Mul", x, x), graph.constant(4.0))
    total = graph.add("Add", x, graph.add("Sqrt", square))
    return graph.add("Mul", total, graph.constant(0.5))


def _sparse_plus(graph: Graph, x: str, axis: int) -> str:
    """(clip(x, -1, 1) + 1)² / 4 + relu(x - 1)."""
    one = graph.constant(1.0)
    middle = graph.add("Add", _clipped(-1.0, 1.0)(graph, x, axis), one)
    middle = graph.add("Mul", graph.add("Mul", middle, middle), graph.constant(0.25))
    return graph.add("Add", middle, graph.add("Relu", graph.add("Sub", x, one)))


# By the names of Keras.
ACTIVATIONS: dict[str, Callable[..., str]] = {
    "celu": _operator("Elu", alpha=1.0),  # the same for Keras' only alpha
    "elu": _elu,
    "exponential": _operator("Exp"),
    "gelu": _operator("Gelu"),
    "hard_shrink": _operator("Shrink", lambd=0.5, bias=0.0),
    "hard_sigmoid": _operator("HardSigmoid", alpha=1 / 6, beta=0.5),
    "hard_silu": _operator("HardSwish"),
    "hard_swish": _operator("HardSwish"),
    "hard_tanh": _clipped(-1.0, 1.0),
    "leaky_relu": _leaky_relu,
    "linear": _operator("Identity"),
    "log_sigmoid": _log_sigmoid,
    "log_softmax": _along_units("LogSoftmax"),
    "mish": _operator("Mish"),
    "relu": _relu,
    "relu6": _clipped(0.0, 6.0),
    "selu": _operator("Selu"),
    "sigmoid": _operator("Sigmoid"),
    "silu": _silu,
    "soft_shrink": _operator("Shrink", lambd=0.5, bias=0.5),
    "softmax": _along_units("Softmax"),
    "softplus": _operator("Softplus"),
    "softsign": _operator("Softsign"),
    "sparse_plus": _sparse_plus,
    "sparse_sigmoid": _operator("HardSigmoid", alpha=0.5, beta=0.5),
    "squareplus": _squareplus,
    "swish": _silu,
    "tanh": _operator("Tanh"),
    "tanh_shrink": _tanh_shrink,
}
LAYERS = {
    "keras.layers.ELU": "elu",
    "keras.layers.LeakyReLU": "leaky_relu",
    "keras.layers.ReLU": "relu",
}


def add_activation(
    graph: Graph, x: str, activation: Any, params: Mapping[str, Any], axis: int
) -> str:
    """Append an activation, given by name, as the spec of a layer or as a function."""
    name, known = _named(activation, params)
    if name not in ACTIVATIONS:
        raise ValueError(
            "format='onnx' takes networks whose activation ONNX has; got "
            f"activation={activation!r}. Export with format='saved_model', "
            f"or fit with one of {', '.join(sorted(ACTIVATIONS))}, maxout."
        )
    return ACTIVATIONS[name](graph, x, axis, **known)


def _named(activation: Any, params: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The Keras name of an activation and its parameters, whatever it came as."""
    if isinstance(activation, KerasSpec):
        name = LAYERS.get(str(activation.cls), "")
        config = json.loads(activation.config)
        known = inspect.signature(ACTIVATIONS[name]).parameters if name else {}
        return name, {k: v for k, v in config.items() if k in known}
    if callable(activation):
        from keras import activations

        name = getattr(activation, "__name__", "")
        return (name if getattr(activations, name, None) is activation else ""), {}
    return str(activation), dict(params)
