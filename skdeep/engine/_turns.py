"""Threads take turns at small pieces of work in NumPy.

NumPy lets go of Python's global lock in every product and every long sum, even if they
take 2 µs. Another thread that waits for the lock has it then, and the first must wait
in turn: with four threads on two cores, each function of NumPy became a change of
threads, and all together got through a quarter of what one does alone. So only one
thread at a time is let in here, and nobody else waits for the lock meanwhile. A change
costs as much as a small prediction, so who keeps coming back goes on for a while.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from types import TracebackType

SECONDS = 0.005  # for how long a thread that keeps coming back goes on; Python's own
SOON = 0.0005  # a thread that is back after this time keeps coming back
# For how long the first of those who wait does so before it looks whether the one who
# went on has gone after all, and the others; each look interrupts whoever computes.
FIRST_WAIT, LONGEST_WAIT = 1e-4, 2e-2


class Turns:
    """A lock for short times: those who wait get it in the order in which they came.

    But a thread that keeps coming back leaves it open, without waking anybody, until
    ``SECONDS`` are over. If it does not come back, the first who waits finds it so.
    """

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        """Begin with nobody; so does a forked process, which has one thread."""
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._process = os.getpid()
        self._owner = 0
        self._until = 0.0
        self._of_thread = threading.local()  # when it has left

    def __enter__(self) -> None:
        """Wait for the turn."""
        if self._process != os.getpid():
            self._start()
        now = time.monotonic()
        is_back = now - getattr(self._of_thread, "left", 0.0) < SOON
        if not self._lock.acquire(blocking=False):
            self._wait()
            now = time.monotonic()
        thread = threading.get_ident()
        if not is_back:
            self._owner, self._until = thread, 0.0
        elif thread != self._owner:
            self._owner, self._until = thread, now + SECONDS

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hand over, or leave it open."""
        now = self._of_thread.left = time.monotonic()
        if self._waiting and now > self._until:
            try:
                called = self._waiting.popleft()
            except IndexError:  # he has given up
                self._lock.release()
            else:
                called.release()  # the lock stays closed: it is his now
        else:
            self._lock.release()

    def _wait(self) -> None:
        """Wait to be called, and look from time to time whether the lock is open."""
        called = threading.Lock()
        called.acquire()
        self._waiting.append(called)
        seconds = FIRST_WAIT if len(self._waiting) == 1 else LONGEST_WAIT
        try:
            while not called.acquire(timeout=seconds):
                if self._lock.acquire(blocking=False):
                    # Nobody can have called meanwhile: only who has the lock does.
                    self._waiting.remove(called)
                    return
                seconds = min(2 * seconds, LONGEST_WAIT)
        except BaseException:  # Ctrl-C
            self._give_up(called)
            raise

    def _give_up(self, called: threading.Lock) -> None:
        """Leave the queue, or pass the turn on that came meanwhile."""
        try:
            self._waiting.remove(called)
        except ValueError:
            self.__exit__(None, None, None)
