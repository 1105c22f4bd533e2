"""What around a fit or a prediction keeps TensorFlow from running it, said by name.

A ``GradientTape``, a strategy's scope and a device do not: a program has no variables
that they could watch or place.
"""

from __future__ import annotations

from typing import Any


def refuse_graphs(tf: Any) -> None:
    """Refuse to start inside a function or graph that TensorFlow is tracing.

    ``tf`` is None where nobody has imported it: then there are no graphs.
    """
    # Another thread may be in the middle of the import.
    if not getattr(tf, "executing_eagerly", lambda: True)():
        raise RuntimeError(
            "fit and predict run programs of their own, outside of graphs; got a call "
            "from inside a tf.function, tf.data's map or a tf.Graph, where no value is "
            "known yet. Call them outside, or use net.model_ inside."
        )


def refuse_debugging(tf: Any) -> None:
    """Refuse XLA while TensorFlow adds operations for debugging to every graph.

    ``tf.debugging.enable_check_numerics`` and ``enable_dump_debug_info`` do, and XLA
    has none of them. A graph of two operations shows it; it takes 1.6 ms, so only who
    is about to compile asks.
    """
    with tf.Graph().as_default() as graph:
        tf.identity(tf.compat.v1.placeholder("float32"))
    added = {operation.type for operation in graph.get_operations()}
    added -= {"Placeholder", "Identity"}
    if added:
        raise RuntimeError(
            "With XLA, that is jit_compile=True, or 'auto' for dense networks, fit "
            "needs graphs without debugging operations; got "
            f"{', '.join(sorted(added))}, as tf.debugging.enable_check_numerics() and "
            "enable_dump_debug_info() add them. Switch it off, or set "
            "jit_compile=False; fit raises DivergenceError for what is not finite."
        )
