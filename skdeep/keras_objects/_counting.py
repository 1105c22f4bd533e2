"""A build function called where Keras counts the names of layers from the beginning.

Keras numbers the names that nobody has chosen: the second model of a process has
``dense_2`` where the first had ``dense``, and so have the columns of the history of a
model with several outputs. TensorFlow keeps a kernel of 40 KiB for every variable of a
new name, 0.2 MiB of a small model, for as long as the process lives. Keras counts for
each thread, so a build function is called in one of its own.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def with_names_from_zero(build: Callable[[], Any]) -> Any:
    """Return what a function builds, its layers named as if it were the first.

    What fails there is called again here: a model that goes on from another one needs
    names that the other has not, and a scope of Keras' for the user's own objects is
    one of this thread.
    """
    import keras
    import tensorflow as tf

    if tf.distribute.has_strategy():  # which is this thread's
        return build()
    policy = keras.config.dtype_policy()

    def call() -> Any:
        keras.config.set_dtype_policy(policy)
        return build()

    context = contextvars.copy_context()
    with ThreadPoolExecutor(1) as pool:
        called = pool.submit(context.run, call)
    return build() if called.exception() else called.result()
