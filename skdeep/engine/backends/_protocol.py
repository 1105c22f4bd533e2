"""What the engine asks of a framework, and of nothing else.

The step of a training (forward pass, loss, penalties, update, metrics) is written in
``keras.ops`` and pure functions. A backend supplies what Keras leaves to each
framework: device arrays, gradients, loops that carry their state, and compilation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

Kernels = dict[str, Callable[..., Any]]


class Backend(Protocol):
    """Device arrays, gradients, loops, compilation."""

    def array(self, value: Any, dtype: str | None = None) -> Any:
        """Put numbers on the device; the result never changes."""

    def numpy(self, array: Any) -> np.ndarray:
        """Copy a device array."""

    def gradients(
        self, loss: Callable[[Sequence[Any]], tuple[Any, Any]], weights: Sequence[Any]
    ) -> tuple[Any, list[Any]]:
        """Call ``loss(weights) → (value, other)``; return ``other`` and d value/d w.

        Weights that the value does not depend on get gradients of zero.
        """

    def loop(
        self, condition: Callable[..., Any], body: Callable[..., Any], state: Any
    ) -> Any:
        """While ``condition(*state)``, replace ``state`` by ``body(*state)``."""

    def row(self, array: Any, number: Any) -> Any:
        """Return ``array[number]`` for a number known only when the program runs."""

    def rows(self, array: Any, numbers: Any) -> Any:
        """Return ``array[numbers]``."""

    def joined(self, arrays: Sequence[Any]) -> Any:
        """Return a vector of all values, one array behind the other."""

    def parted(self, vector: Any, shapes: Sequence[tuple[int, ...]]) -> list[Any]:
        """Cut a vector into arrays of these shapes."""

    def kernels(self, always: Any, depth: int, jit_compile: bool) -> Kernels:
        """Return what a network of this depth multiplies and convolves with.

        ``always`` is a scalar that is true whenever the program runs, computed outside
        its loops. The keys are fields of ``CallContext``.
        """

    def compiled(
        self, function: Callable[..., Any], jit_compile: bool
    ) -> Callable[..., Any]:
        """Return a function that is traced at its first call, and once only.

        Its arguments are device arrays, or lists of them, of the same shapes at every
        call. Several threads may call it at the same time.
        """
