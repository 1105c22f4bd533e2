"""The matrix product of a dense layer, kept on one thread while it is small.

When XLA on a CPU starts a product of its library, it hands every other kernel that is
ready to a second thread. In the backward pass there always is one, a few microseconds
long, and the two threads then pass the weights back and forth between their cores: a
fit of 64-64-1 took 28 ms, and 48 on a machine whose other core had been idle; on one
thread it takes 29 always, and leaves the other core to other fits. From kernels of
about 256 x 256, or from four layers on, the second thread pays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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

    @tf.custom_gradient
    def small_product(x: Any, kernel: Any) -> Any:
        def gradient(upstream: Any) -> tuple[Any, Any]:
            # With this, rows in blocks and rows counted by arithmetic, 100 epochs of
            # 404 rows make 6 hand-overs to a second thread in place of 5206.
            for_x = tf.cond(
                always,
                lambda: tf.matmul(upstream, kernel, transpose_b=True),
                lambda: tf.zeros_like(x),  # never runs
            )
            return for_x, tf.matmul(x, upstream, transpose_a=True)

        return tf.matmul(x, kernel), gradient

    def product(x: Any, kernel: Any) -> Any:
        n_inputs, n_units = kernel.shape
        if n_units == 1 or n_inputs * n_units > MAX_WEIGHTS:
            return tf.matmul(x, kernel)
        return small_product(x, kernel)

    return product
