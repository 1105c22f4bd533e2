"""TensorFlow as the engine's backend; see ``Backend`` for what each method promises."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from skdeep.engine.backends._loading import load_tensorflow
from skdeep.engine.backends._product import MAX_LAYERS, product_on_one_thread
from skdeep.engine.backends._protocol import Product


class TensorFlowBackend:
    """Constants as device arrays, tapes, ``while_loop`` and ``tf.function``."""

    def __init__(self) -> None:
        self._tf = load_tensorflow()

    def array(self, value: Any, dtype: str | None = None) -> Any:
        """Make a constant."""
        return self._tf.constant(value, dtype)

    def numpy(self, array: Any) -> np.ndarray:
        """Copy a tensor."""
        copied: np.ndarray = array.numpy()
        return copied

    def gradients(
        self, loss: Callable[[Sequence[Any]], tuple[Any, Any]], weights: Sequence[Any]
    ) -> tuple[Any, list[Any]]:
        """Differentiate on a tape that watches the weights alone."""
        tf = self._tf
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            value, other = loss(weights)
        zero = tf.UnconnectedGradients.ZERO
        found = tape.gradient(value, list(weights), unconnected_gradients=zero)
        # That of a table that is looked up in has only the rows that were.
        return other, [tf.convert_to_tensor(gradient) for gradient in found]

    def loop(
        self, condition: Callable[..., Any], body: Callable[..., Any], state: Any
    ) -> Any:
        """Loop with rounds that run strictly one after the other."""
        tf = self._tf
        state = tf.nest.map_structure(tf.convert_to_tensor, state)
        return tf.while_loop(condition, body, state, parallel_iterations=1)

    def row(self, array: Any, number: Any) -> Any:
        """Gather one row: ``tf.slice`` lets XLA compile anew for other sizes."""
        return self._tf.gather(array, number)

    def rows(self, array: Any, numbers: Any) -> Any:
        """Gather rows."""
        return self._tf.gather(array, numbers)

    def with_row(self, array: Any, number: Any, row: Any) -> Any:
        """Write one row into a copy, which XLA makes in place."""
        return self._tf.tensor_scatter_nd_update(array, [[number]], [row])

    def product(self, always: Any, depth: int, jit_compile: bool) -> Product:
        """Keep the products of a shallow network under XLA on one thread."""
        if jit_compile and depth <= MAX_LAYERS:
            return product_on_one_thread(always)
        product: Product = self._tf.matmul
        return product

    def compiled(
        self, function: Callable[..., Any], jit_compile: bool
    ) -> Callable[..., Any]:
        """Make a ``tf.function`` of one trace."""
        return _OneTrace(
            self._tf.function(function, jit_compile=jit_compile, autograph=False)
        )


class _OneTrace:
    """Call a ``tf.function`` without looking up the trace that fits.

    The look-up took 0.6 ms of the 3.4 that a fit takes besides training. Tracing
    inside a call would make TensorFlow count the traces of all programs as retracings
    of one function and warn of them.

    Sets: ``_traced``, once, under a lock: Keras' scopes are no place for two threads.
    """

    def __init__(self, function: Any):
        self._function = function
        self._lock = threading.Lock()
        self._traced: Any = None

    def __call__(self, *arguments: Any) -> Any:
        """Trace if need be, and run."""
        if self._traced is None:
            with self._lock:
                if self._traced is None:
                    self._traced = self._function.get_concrete_function(*arguments)
        return self._traced(*arguments)
