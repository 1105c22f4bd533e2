"""key → program: bounded, locked, counted, clearable. The one global of skdeep.

A program that falls out of the cache lives on as long as a run uses it. This module
does not import TensorFlow until a program is asked for.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from skdeep.engine._key import ProgramKey
from skdeep.engine.backends._loading import load_tensorflow, quiet_first_compilation
from skdeep.networks._description import Network

if TYPE_CHECKING:
    from skdeep.engine._predictor import Predictor
    from skdeep.engine._program import TrainingProgram

MAX_PROGRAMS = 64
MAX_BYTES = 2**30


class CacheInfo(NamedTuple):
    """Counts since the start of the process or the last ``clear_cache``.

    Attributes
    ----------
    hits, misses : int
        Fits that found their training program, and fits that had to compile one.
    maxsize, currsize : int
        How many training programs are kept, and how many there are.
    seconds : float
        Time spent tracing and compiling, predictors included.
    predictors : int
        How many predict functions there are.
    """

    hits: int
    misses: int
    maxsize: int
    currsize: int
    seconds: float
    predictors: int


class ProgramCache:
    """Keep the programs used last, and compile each key once."""

    def __init__(self, maxsize: int = MAX_PROGRAMS, max_bytes: int = MAX_BYTES):
        self._maxsize = maxsize
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        self._programs: OrderedDict[Any, Any] = OrderedDict()
        self._predictors: OrderedDict[Any, Any] = OrderedDict()
        self._hits = self._misses = 0
        self._seconds = 0.0

    def program(self, key: ProgramKey) -> TrainingProgram:
        """Return the training program of a key; compile it if it is new."""
        load_tensorflow()
        from skdeep.engine._program import TrainingProgram

        with self._lock:
            is_new = key not in self._programs
            found: TrainingProgram = self._find(self._programs, key, TrainingProgram)
            self._misses += is_new
            self._hits += not is_new
            return found

    def predictor(self, network: Network) -> Predictor:
        """Return the predict function of a network; trace it if it is new."""
        load_tensorflow()
        from skdeep.engine._predictor import Predictor

        with self._lock:
            key = network.for_prediction
            found: Predictor = self._find(self._predictors, key, Predictor)
            return found

    def _find(
        self, known: OrderedDict[Any, Any], key: Any, make: Callable[[Any], Any]
    ) -> Any:
        """Look a key up; the one used longest ago makes room for a new one."""
        if key not in known:
            started = time.perf_counter()
            with quiet_first_compilation():
                made = make(key)
                made.compile()
            known[key] = made
            self._seconds += time.perf_counter() - started
        known.move_to_end(key)
        while len(known) > 1 and self._is_full(known):
            known.popitem(last=False)
        return known[key]

    def _is_full(self, known: OrderedDict[Any, Any]) -> bool:
        """Whether there are too many, or too much memory is in their variables."""
        n_bytes = sum(made.n_bytes for made in known.values())
        return len(known) > self._maxsize or n_bytes > self._max_bytes

    def info(self) -> CacheInfo:
        """Count hits, misses and sizes."""
        with self._lock:
            return CacheInfo(
                self._hits,
                self._misses,
                self._maxsize,
                len(self._programs),
                self._seconds,
                len(self._predictors),
            )

    def clear(self) -> None:
        """Drop all programs and counts."""
        with self._lock:
            self._programs.clear()
            self._predictors.clear()
            self._hits = self._misses = 0
            self._seconds = 0.0


CACHE = ProgramCache()


def cache_info() -> CacheInfo:
    """Tell how many programs were compiled, found again and kept.

    Returns
    -------
    CacheInfo
        With ``hits``, ``misses``, ``maxsize``, ``currsize``, ``seconds`` (spent
        compiling) and ``predictors``.

    Examples
    --------
    >>> from skdeep.engine import cache_info, clear_cache
    >>> clear_cache()
    >>> cache_info().misses
    0
    """
    return CACHE.info()


def clear_cache() -> None:
    """Drop all compiled programs; fitted estimators go on working.

    Examples
    --------
    >>> from skdeep.engine import cache_info, clear_cache
    >>> clear_cache()
    >>> cache_info().currsize
    0
    """
    CACHE.clear()
