"""key → program: bounded, counted, clearable. The one global of skdeep.

A program that falls out of the cache lives on as long as a run uses it. This module
does not import TensorFlow until a program is asked for.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from skdeep.engine._key import ProgramKey
from skdeep.engine._numpy_predictor import NumpyPredictor
from skdeep.engine._numpy_program import NumpyRecipe
from skdeep.engine._trainer import Trainer
from skdeep.engine.backends import choose_backend
from skdeep.engine.backends._loading import load_tensorflow, quiet_first_compilation
from skdeep.networks._network import Network

if TYPE_CHECKING:
    from skdeep.engine._predictor import Predictor
    from skdeep.engine._program import TrainingProgram

# The bytes are those of a program's placeholders, which grow with the weights: 64 wide
# networks would be gigabytes. What XLA compiled, 11 MiB each, is not counted: with 16 a
# process that goes through 60 architectures grows by 430 MiB. The folds of a candidate
# follow each other.
MAX_PROGRAMS = 16
MAX_BYTES = 2**30


class CacheInfo(NamedTuple):
    """Counts since the start of the process or the last ``clear_cache``.

    Attributes
    ----------
    hits, misses : int
        Fits that found their training program, and fits for which one was made.
    maxsize, currsize : int
        How many training programs are kept, and how many there are.
    seconds : float
        Time spent tracing and compiling, predictors included.
    predictors : int
        How many predict functions there are.
    compiled : int
        How many of the misses TensorFlow compiled. The others are fits that NumPy
        trains, and cost nothing.
    """

    hits: int
    misses: int
    maxsize: int
    currsize: int
    seconds: float
    predictors: int
    compiled: int


class Shelf:
    """Things by key, made when first asked for; the one used longest ago makes room.

    Two locks, so that nobody waits for what he does not need: one for the table, held
    for microseconds, and one per key, held while its thing is made. A compilation of
    one program leaves all others to be found.

    Parameters
    ----------
    maxsize : int
        How many things are kept.
    max_bytes : int
        How many bytes they may hold together; the newest always stays.
    """

    def __init__(self, maxsize: int, max_bytes: int):
        self._maxsize = maxsize
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._made: OrderedDict[Any, Any] = OrderedDict()
        self._making: dict[Any, threading.Lock] = {}
        self._n_bytes = 0  # summed up at every look-up it took 8 ms
        self.hits = self.misses = 0
        self.seconds = 0.0

    def __len__(self) -> int:
        """How many things there are."""
        return len(self._made)

    def find(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return the thing of a key; ``make()`` it if it is new."""
        found = self._look_up(key)
        if found is not None:
            return found
        with self._lock:
            lock = self._making.setdefault(key, threading.Lock())
        with lock:
            found = self._look_up(key)  # somebody else may have made it meanwhile
            return self._make(key, make) if found is None else found

    def _look_up(self, key: Any) -> Any:
        """Return the thing of a key, the most recent now, or None."""
        with self._lock:
            found = self._made.get(key)
            if found is not None:
                self._made.move_to_end(key)
                self.hits += 1
            return found

    def _make(self, key: Any, make: Callable[[], Any]) -> Any:
        """Make a thing and put it on the shelf; one that fails leaves no trace."""
        started = time.perf_counter()
        made = None
        try:
            made = make()
        finally:
            # In one go: between "no longer made" and "there" somebody would make it
            # again. A key that cannot be made must go, and its network with it.
            with self._lock:
                self._making.pop(key, None)
                self.seconds += time.perf_counter() - started
                if made is not None:
                    self._keep(key, made)
        return made

    def _keep(self, key: Any, made: Any) -> None:
        """Put a thing on the shelf, under the lock; others make room."""
        self.misses += 1
        self._made[key] = made
        self._n_bytes += made.n_bytes
        while len(self._made) > 1 and self._is_full():
            _, dropped = self._made.popitem(last=False)
            self._n_bytes -= dropped.n_bytes

    def _is_full(self) -> bool:
        """Whether there are too many, or too much memory is in them."""
        return len(self._made) > self._maxsize or self._n_bytes > self._max_bytes

    def clear(self) -> None:
        """Drop all things and counts."""
        with self._lock:
            self._made.clear()
            self._n_bytes = self.hits = self.misses = 0
            self.seconds = 0.0


class ProgramCache:
    """Keep the programs used last, and compile each key once."""

    def __init__(self, maxsize: int = MAX_PROGRAMS, max_bytes: int = MAX_BYTES):
        self._maxsize = maxsize
        self._programs = Shelf(maxsize, max_bytes)
        self._predictors = Shelf(maxsize, max_bytes)
        self._n_compiled = 0
        self._lock = threading.Lock()  # of the count; threads compile side by side

    def program(self, key: ProgramKey) -> Trainer:
        """Return the training program of a key; compile it if it is new."""
        if key.in_numpy:
            recipe: NumpyRecipe = self._programs.find(key, lambda: NumpyRecipe(key))
            return recipe.program()
        # Asked for programs that are there, too: a forked child has inherited the
        # cache, and is refused here (test_a_fork_works_or_says_why_not).
        load_tensorflow()
        from skdeep.engine._program import TrainingProgram

        def make() -> TrainingProgram:
            program = TrainingProgram(key, choose_backend(key.jit_compile))
            with quiet_first_compilation():
                program.compile()
            with self._lock:
                self._n_compiled += 1
            return program

        found: TrainingProgram = self._programs.find(key, make)
        return found

    def predictor(self, network: Network) -> Predictor | NumpyPredictor:
        """Return the predict function of a network; make it if it is new."""
        # Networks that differ in dropout, penalties, limits or start share one
        # function.
        bare = network.for_prediction
        # A rule of the network alone: whatever was imported before, the same fitted
        # network predicts the same bits.
        make = _numpy_predictor if bare.runs_in_numpy else _traced_predictor
        found: Predictor | NumpyPredictor = self._predictors.find(
            bare, functools.partial(make, bare)
        )
        return found

    def info(self) -> CacheInfo:
        """Count hits, misses and sizes."""
        return CacheInfo(
            self._programs.hits,
            self._programs.misses,
            self._maxsize,
            len(self._programs),
            self._programs.seconds + self._predictors.seconds,
            len(self._predictors),
            self._n_compiled,
        )

    def clear(self) -> None:
        """Drop all programs and counts."""
        self._programs.clear()
        self._predictors.clear()
        self._n_compiled = 0


def _traced_predictor(network: Network) -> Predictor:
    """Trace a predict function with TensorFlow."""
    load_tensorflow()
    from skdeep.engine._predictor import Predictor

    predictor = Predictor(network)
    with quiet_first_compilation():
        predictor.compile()
    return predictor


def _numpy_predictor(network: Network) -> NumpyPredictor:
    """Make a predict function without TensorFlow."""
    predictor = NumpyPredictor(network)
    predictor.compile()
    return predictor


CACHE = ProgramCache()


def cache_info() -> CacheInfo:
    """Tell how many programs were made, found again, kept and compiled.

    Returns
    -------
    CacheInfo
        With ``hits``, ``misses``, ``maxsize``, ``currsize``, ``seconds`` (spent
        compiling), ``predictors`` and ``compiled``.

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
