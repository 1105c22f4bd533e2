"""The matrix product of a dense layer, kept on one thread while it is small.

When XLA on a CPU starts a product of its library, it hands every other kernel that is
ready to a second thread. In the backward pass there always is one, a few microseconds
long, and the two threads then pass the weights back and forth between their cores: a
fit of 64-64-1 took 28 ms, and 48 on a machine whose other core had been idle; on one
thread it takes 29 always, and leaves the other core to other fits. From kernels of
about 256 x 256, or from four layers on, the second thread pays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from skdeep.engine.backends._own_gradient import with_gradient

MAX_WEIGHTS = 128 * 128
MAX_LAYERS = 3


def product_on_one_thread(always: Any) -> Callable[[Any, Any], Any]:
    """Return a matrix product whose gradient XLA computes on the calling thread.

    XLA runs what is inside a condition one kernel after the other. The condition must
    be one that only we know to be true: XLA would remove a constant one.

    Parameters
    ----------
    always : scalar bool tensor
        True, computed outside the training loop.
    """
    import tensorflow as tf

    def product(x: Any, kernel: Any) -> Any:
        outputs = tf.matmul(x, kernel)
        n_inputs, n_units = kernel.shape
        if n_units == 1 or n_inputs * n_units > MAX_WEIGHTS:
            return outputs
        return with_gradient(outputs, (x, kernel, always), _gradient)

    return product


def _gradient(inputs: Sequence[Any], upstream: Any) -> Sequence[Any]:
    """The gradients of rows and kernel, that of the rows inside the condition."""
    import tensorflow as tf

    x, kernel, always = inputs
    # With this, rows in blocks and rows counted by arithmetic, 100 epochs of 404 rows
    # make 6 hand-overs to a second thread in place of 5206.
    for_x = tf.cond(
        always,
        lambda: tf.matmul(upstream, kernel, transpose_b=True),
        lambda: tf.zeros_like(x),  # never runs
    )
    return for_x, tf.matmul(x, upstream, transpose_a=True), None
