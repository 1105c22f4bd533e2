"""Load TensorFlow the first time something needs it, and quietly.

TensorFlow writes a dozen notes about its build, the CPU and the lack of a GPU to
stderr: some while it is imported, whatever the log level, some later, if the level it
read at import allows. A user who fits a network has asked for none of them. So, unless
the user has set the level, it is raised for the import and put back at once, and what
is written to stderr meanwhile is passed on without TensorFlow's notes; so is what the
first compilation writes, for which older versions do not ask the level. A TensorFlow
that is already loaded stays as it is.

TensorFlow does not survive a fork: its threads are not copied, and the child waits
for them for ever. So the process that used it first is remembered, and a fork of it
refused.
"""

from __future__ import annotations

import gc
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
# absl's preamble, lines that begin like "I1121 16:19", advice to rebuild TensorFlow.
NOTE = re.compile(
    rb"WARNING: All log messages before absl::|[IWE]\d{4} \d\d:|To enable the following"
)
_lock = threading.Lock()
_loaded_by: int | None = None  # the process
_is_quiet = False  # loaded here, by a user who has not set the level, not yet compiled


def load_tensorflow() -> Any:
    """Import TensorFlow and Keras, and check that they can be used here."""
    global _loaded_by
    if _loaded_by is None:
        _loaded_by = os.getpid()
    elif _loaded_by != os.getpid():
        raise RuntimeError(
            "TensorFlow needs a process of its own; got one forked from process "
            f"{_loaded_by}, which has used it, where TensorFlow would wait for ever "
            "for threads that no fork copies. Start processes with 'spawn' or "
            "'forkserver', or use joblib's backend 'loky', the default."
        )
    # Every prediction comes here, so without the lock; where another thread is still
    # loading, the import statements wait for it.
    if "tensorflow" in sys.modules and "keras" in sys.modules:
        import keras
        import tensorflow as tf
    else:
        if "keras" not in sys.modules:
            # Without that backend installed, Keras would miss a module and no more.
            _refuse_other_backends(os.environ.get("KERAS_BACKEND") or "tensorflow")
        with (
            _lock,
            _interrupts_held_back(),
            _without_notes(),
            _without_garbage_search(),
        ):
            is_first = "tensorflow" not in sys.modules
            import keras
            import tensorflow as tf

            if is_first:  # whoever loaded it may have set or used its threads
                _limit_threads(tf)
    _refuse_other_backends(keras.backend.backend())
    return tf


def _refuse_other_backends(backend: str) -> None:
    """Refuse what skdeep has no engine for."""
    if backend != "tensorflow":
        raise RuntimeError(
            f"skdeep needs Keras on TensorFlow; Keras runs on {backend!r}. Set "
            "KERAS_BACKEND=tensorflow before Keras is imported."
        )


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Let Ctrl-C wait for the import, and act at its end.

    TensorFlow registers types while it is imported. Broken off in between, it cannot
    be imported again: "Name tf.RaggedTensorSpec has already been registered" in every
    later fit of the process. Python runs signal handlers in the main thread only.
    """
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    if not is_main or before is None:  # None: a handler that Python cannot put back
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)


@contextmanager
def _without_garbage_search() -> Iterator[None]:
    """Keep Python's garbage collector off the import, which leaves next to none.

    It would look through all that is new again and again: 0.9 of 2.9 seconds, measured
    on one core. What is frozen and thawed counts as old, and has not been looked at.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count() == 0:  # else the user's own would thaw
            gc.freeze()
            gc.unfreeze()
        if was_enabled:
            gc.enable()


def _limit_threads(tf: Any) -> None:
    """Give an operation as many threads as OMP_NUM_THREADS says, if it is set.

    TensorFlow does not read it. joblib sets it in the workers of a search, so that all
    together use every core once; with TensorFlow's default each would use every core.
    """
    if n_threads := _threads_told():
        tf.config.threading.set_intra_op_parallelism_threads(n_threads)


def _threads_told() -> int:
    """How many threads OMP_NUM_THREADS says; 0 if it says nothing."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdecimal() else 0


@contextmanager
def _without_notes() -> Iterator[None]:
    """Hide TensorFlow's notes in stderr, pass everything else on afterwards."""
    global _is_quiet
    if "tensorflow" in sys.modules or _level_is_given():
        yield
        return
    before = os.environ.get(LEVEL)
    os.environ[LEVEL] = "3"  # real errors are raised, not only logged
    try:
        with _filtered_stderr():
            yield
    finally:
        os.environ.pop(LEVEL)
        os.environ.update({} if before is None else {LEVEL: before})
    _is_quiet = True


@contextmanager
def quiet_first_compilation() -> Iterator[None]:
    """Hide the notes that the first compilation of a process writes."""
    global _is_quiet
    if not _is_quiet:
        yield
        return
    _is_quiet = False
    with _filtered_stderr():
        yield


@contextmanager
def _filtered_stderr() -> Iterator[None]:
    """Let stderr go by, line by line as it comes, without TensorFlow's notes."""
    try:
        stderr = os.dup(2)
    except OSError:  # a process without stderr: nothing to hide
        yield
        return
    read_end, write_end = os.pipe()
    passing_on = threading.Thread(
        target=_pass_on, args=(read_end, stderr), name="skdeep-stderr", daemon=True
    )
    os.dup2(write_end, 2)
    os.close(write_end)
    passing_on.start()
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        # The pipe ends when nobody holds its other end. A child that was started
        # meanwhile does, as its stderr; then the thread goes on serving it.
        passing_on.join(timeout=1.0)


def _pass_on(read_end: int, stderr: int) -> None:
    """Copy lines as long as there are any; half a line waits for its end."""
    rest = b""
    while written := os.read(read_end, 65536):
        *lines, rest = re.split(rb"(?<=[\n\r])", rest + written)
        _write_all(stderr, lines)
    _write_all(stderr, [rest])
    os.close(read_end)
    os.close(stderr)


def _write_all(stderr: int, lines: list[bytes]) -> None:
    """Write what is no note of TensorFlow."""
    os.write(stderr, b"".join(line for line in lines if not NOTE.match(line)))


def _level_is_given() -> bool:
    """Whether the user has set the level.

    TensorFlow sets it to 1 when it is imported, and its other marks; processes that
    are started then, such as the workers of a search, inherit all of them.
    """
    is_inherited = os.environ.get(LEVEL) == "1" and "TF2_BEHAVIOR" in os.environ
    return LEVEL in os.environ and not is_inherited
