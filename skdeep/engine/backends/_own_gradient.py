"""Operations with a gradient of our own, of which TensorFlow keeps nothing.

``tf.custom_gradient`` enters every call into a register of TensorFlow that lives as
long as the process, and the entry holds the graph that the call was traced in: 5 MiB
and 6,000 objects of each program of a search over architectures. Here a rule is
registered once, and an operation names it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

# (inputs, upstream gradient) -> the gradient of each input, None where there is none
Rule = Callable[[Sequence[Any], Any], Sequence[Any]]

_LOCK = threading.Lock()
_NAMES: set[str] = set()


def with_gradient(output: Any, inputs: Sequence[Any], rule: Rule) -> Any:
    """Return an output whose gradient ``tf.gradients`` takes from a rule.

    Parameters
    ----------
    output : tensor
        Computed from the inputs in any way.
    inputs : sequence of tensors
        What the rule gets, and returns gradients of.
    rule : function of a module
        Registered under its name at its first use.
    """
    import tensorflow as tf

    graph = tf.compat.v1.get_default_graph()
    with graph.gradient_override_map({"IdentityN": _registered(rule)}):
        return tf.raw_ops.IdentityN(input=[output, *inputs])[0]


def _registered(rule: Rule) -> str:
    """Register a rule with TensorFlow, once, and return its name there."""
    name = f"{rule.__module__}.{rule.__qualname__}"
    with _LOCK:  # TensorFlow refuses a name's second registration
        if name not in _NAMES:
            _register(name, rule)
            _NAMES.add(name)
    return name


def _register(name: str, rule: Rule) -> None:
    """Tell TensorFlow what gradient an operation has that names this one."""
    import tensorflow as tf

    @tf.RegisterGradient(name)
    def gradient(operation: Any, upstream: Any, *_: Any) -> list[Any]:
        _, *inputs = operation.inputs
        return [None, *rule(inputs, upstream)]
