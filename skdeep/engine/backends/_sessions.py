"""TensorFlow programs that give their memory back when they are dropped.

What XLA compiles for a ``tf.function`` stays in TensorFlow as long as the process: the
compiler's cache belongs to the device of the eager context. It holds 5 to 16 MiB per
program, so a search over 1,000 architectures would end at 10 GiB. A session makes
devices of its own, and their caches die with it; thread pools are shared, no default
graph or session is touched, and the bits are the same. 0.6 MiB of each remain. A call
takes 0.5 ms more, since arrays are copied in and out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from skdeep.engine.backends._tensorflow import TensorFlowBackend, packed


class SessionBackend(TensorFlowBackend):
    """Arrays of NumPy as device arrays, and a session per compiled function."""

    def array(self, value: Any, dtype: str | None = None) -> Any:
        """Leave an array on the host; it is copied with every call."""
        return np.asarray(value, dtype)

    def numpy(self, array: Any) -> np.ndarray:
        """Copy an array: a caller may write into what it is given."""
        return np.array(array)

    def compiled(
        self, function: Callable[..., Any], jit_compile: bool
    ) -> Callable[..., Any]:
        """Make a session at the first call."""
        return _OneSession(self._tf, function, jit_compile)


class _OneSession:
    """A function in a graph and a session of its own.

    Sets: ``_session``, ``_call``, ``_results``, once, under a lock.
    """

    def __init__(self, tf: Any, function: Callable[..., Any], jit_compile: bool):
        self._tf = tf
        self._function = function
        self._jit_compile = jit_compile
        self._lock = threading.Lock()
        self._session: Any = None
        self._call: Any = None
        self._results: Any = None

    def __call__(self, *arguments: Any) -> Any:
        """Trace if need be, run, and give results in the function's structure."""
        nest = self._tf.nest
        arrays = [np.asarray(a) for a in nest.flatten(list(arguments))]
        if self._call is None:
            with self._lock:
                if self._call is None:
                    self._open(list(arguments), arrays)
        return packed(self._results, iter(self._call(*arrays)))

    def _open(self, arguments: list[Any], arrays: list[np.ndarray]) -> None:
        """Trace the function into a graph, and make a session for it."""
        tf = self._tf
        with tf.Graph().as_default() as graph:  # of this thread and block alone
            places = [tf.compat.v1.placeholder(a.dtype, a.shape) for a in arrays]
            traced = tf.function(
                self._function, jit_compile=self._jit_compile, autograph=False
            )
            self._results = traced(*tf.nest.pack_sequence_as(arguments, places))
        self._session = tf.compat.v1.Session(graph=graph, config=_settings(tf))
        # Set last: ``__call__`` looks at it without the lock.
        self._call = self._session.make_callable(
            tf.nest.flatten(self._results), feed_list=places
        )

    def __del__(self) -> None:
        """Close the session when neither the cache nor a run needs it any more."""
        if self._session is not None:
            self._session.close()


def _settings(tf: Any) -> Any:
    """The process's numbers of threads, and no rewriting of graphs.

    What a session rewrites in front of XLA (it folds constants and reorders sums)
    rounds otherwise; the eager context leaves it to XLA.
    """
    threads = tf.config.threading
    settings = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=threads.get_intra_op_parallelism_threads(),
        inter_op_parallelism_threads=threads.get_inter_op_parallelism_threads(),
    )
    settings.graph_options.rewrite_options.disable_meta_optimizer = True
    settings.graph_options.optimizer_options.opt_level = -1  # L0
    return settings
