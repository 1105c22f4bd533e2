"""Products of NumPy on one thread for a while.

A BLAS that splits products over threads gives other bits with another number of them,
and for products as small as those of a fit waiting for the threads takes longer than
multiplying: 13-64-64-1 took 77 µs per update with two threads, 47 with one.
"""

from __future__ import annotations

import os
import threading
from functools import cache
from types import TracebackType
from typing import Any

from threadpoolctl import OpenBLASController, ThreadpoolController


@cache
def _blas() -> Any:
    """What sets the threads of the libraries that are loaded; 2 ms to find them."""
    return ThreadpoolController().select(user_api="blas")


def _let_this_thread_set() -> None:
    """Take the right to set threads from whichever thread has set them last.

    Since threadpoolctl 3.8 all but one thread set nothing, without a word.
    """
    give_up = getattr(OpenBLASController, "clear_controlling_thread", None)
    if give_up:
        give_up(force=True)


class OneThread:
    """As long as anybody is inside, products take one thread.

    The setting is one of the process. Who comes first makes it, and the last to leave
    puts back what was there.
    """

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        """Begin with nobody; so does a forked process, which has one thread."""
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._n_inside = 0
        self._limit: Any = None

    def __enter__(self) -> None:
        """Set one thread, unless somebody has."""
        if self._process != os.getpid():
            self._start()
        with self._lock:
            if self._n_inside == 0:
                _let_this_thread_set()
                self._limit = _blas().limit(limits=1)
            self._n_inside += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put back what was there, unless somebody is still inside."""
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0:
                _let_this_thread_set()
                self._limit.restore_original_limits()
                _let_this_thread_set()


ONE_THREAD = OneThread()
