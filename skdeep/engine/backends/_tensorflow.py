"""TensorFlow as the engine's backend; see ``Backend`` for what each method promises."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from skdeep.engine.backends._apart import apart
from skdeep.engine.backends._convolution import convolution_in_tall_images
from skdeep.engine.backends._loading import load_tensorflow
from skdeep.engine.backends._product import MAX_LAYERS, product_on_one_thread
from skdeep.engine.backends._protocol import Kernels
from skdeep.engine.backends._recurrence import recurrence
from skdeep.engine.backends._wave import cosine


class TensorFlowBackend:
    """Constants, ``tf.gradients``, ``tf.while_loop`` and ``tf.function``."""

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
        """Differentiate what was traced; our own gradients need it, not a tape."""
        tf = self._tf
        value, other = loss(weights)
        zero = tf.UnconnectedGradients.ZERO
        found = tf.gradients(value, list(weights), unconnected_gradients=zero)
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
        # XLA takes a slice's start for a constant: 0.7 s of compiling per number of
        # rows.
        return self._tf.gather(array, number)

    def rows(self, array: Any, numbers: Any) -> Any:
        """Gather rows."""
        return self._tf.gather(array, numbers)

    def joined(self, arrays: Sequence[Any]) -> Any:
        """Concatenate."""
        return self._tf.concat([self._shaped(a, (-1,)) for a in arrays], axis=0)

    def parted(self, vector: Any, shapes: Sequence[tuple[int, ...]]) -> list[Any]:
        """Split."""
        parts = self._tf.split(vector, [math.prod(shape) for shape in shapes])
        return [self._shaped(p, s) for p, s in zip(parts, shapes, strict=True)]

    def _shaped(self, array: Any, shape: tuple[int, ...]) -> Any:
        """Reshape, but leave vectors as they are: every operation is one to trace."""
        is_vector = len(array.shape) == len(shape) == 1
        return array if is_vector else self._tf.reshape(array, shape)

    def kernels(self, always: Any, depth: int, jit_compile: bool) -> Kernels:
        """Keep small products under XLA on one thread; convolve alike on any number.

        What each is for is said in its file.
        """
        if not jit_compile:
            return {
                "product": self._tf.matmul,
                "convolution": convolution_in_tall_images,
                "recurrence": recurrence,
            }
        is_shallow = depth <= MAX_LAYERS
        return {
            "product": product_on_one_thread(always) if is_shallow else self._tf.matmul,
            "apart": apart(always),
            "cosine": cosine,
            "recurrence": recurrence,
        }

    def compiled(
        self, function: Callable[..., Any], jit_compile: bool
    ) -> Callable[..., Any]:
        """Make a ``tf.function`` of one trace."""
        return _OneTrace(
            self._tf.function(function, jit_compile=jit_compile, autograph=False)
        )


class _OneTrace:
    """Call a ``tf.function`` past the look-up of its trace and the check of arguments.

    The look-up took 0.6 ms of the 3.4 that a fit takes besides training; matching 24
    arrays with the signature took 0.25 of the 0.5 ms of a call that trains one small
    batch, which early stopping pays twice per epoch. A program gets the same shapes
    and dtypes in every call. Tracing inside a call would make TensorFlow count the
    traces of all programs as retracings of one function and warn of them.

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
        return _called(self._traced, arguments)


def _called(traced: Any, arguments: Sequence[Any]) -> Any:
    """Run a concrete function; without a public way, tried on 2.18 and 2.21."""
    import tensorflow as tf

    inputs = tf.nest.flatten(arguments)
    outputs = traced.inference_fn.call_flat(*inputs, *traced.captured_inputs)
    return packed(traced.structured_outputs, iter(outputs))


def packed(structure: Any, values: Iterator[Any]) -> Any:
    """Put values into a structure of tuples and lists, in their order.

    TensorFlow's own looks for many more kinds of structures, and took as long as
    evaluating 100 rows.
    """
    if isinstance(structure, list):
        return [packed(part, values) for part in structure]
    if not isinstance(structure, tuple):
        return next(values)
    parts = [packed(part, values) for part in structure]
    # State and the like take their parts one by one.
    is_named = hasattr(structure, "_fields")
    return type(structure)(*parts) if is_named else tuple(parts)
