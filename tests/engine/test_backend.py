"""How TensorFlow is loaded: quietly, and with the threads the process was told."""

import os
import subprocess
import sys

import pytest

from skdeep.engine.backends._loading import _threads_told

FIT_AND_COUNT = """
import numpy as np
{first}
from skdeep import DNNRegressor
DNNRegressor((2,), epochs=1).fit(np.eye(3), [1.0, 2.0, 3.0])
import tensorflow as tf
print(tf.config.threading.get_intra_op_parallelism_threads())
"""


@pytest.mark.fast
@pytest.mark.parametrize(
    ("told", "n_threads"),
    [("1", 1), ("12", 12), ("0", 0), ("", 0), ("many", 0), ("-2", 0), ("1.5", 0)],
)
def test_what_is_no_number_of_threads_leaves_the_default(told, n_threads, monkeypatch):
    """TensorFlow's own, which is 0; tests/test_threads.py has what is told well."""
    monkeypatch.setenv("OMP_NUM_THREADS", told)

    assert _threads_told() == n_threads


@pytest.mark.parametrize(
    "first",
    [
        "import tensorflow; tensorflow.constant(1)",  # too late to change
        "import keras",  # whoever loaded TensorFlow may have set it
    ],
)
def test_a_tensorflow_that_is_loaded_keeps_its_threads(first):
    """The process that fits later has been told one, and leaves the default."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    ended = subprocess.run(
        [sys.executable, "-c", FIT_AND_COUNT.format(first=first)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert ended.stdout.split() == ["0"]


LOAD_AND_WRITE = """
import os, threading
from skdeep.engine.backends import _loading
begun, written = threading.Event(), threading.Event()
def write():
    begun.wait()
    os.write(2, b"of another thread\\n")
    written.set()
threading.Thread(target=write).start()
with _loading._filtered_stderr():
    begun.set()
    assert written.wait(60)
    os.write(2, b"I0000 00:00:00.1 1 port.cc:153] a note\\n")
    assert os.read(SEEN, 100) == b"of another thread\\n"
    os.write(2, b"half a line")
"""


def test_other_threads_are_heard_while_notes_are_hidden():
    """What others write to stderr comes through at once, and a half line at the end."""
    seen, stderr = os.pipe()

    ended = subprocess.run(
        [sys.executable, "-c", LOAD_AND_WRITE.replace("SEEN", str(seen))],
        stderr=stderr,
        pass_fds=[seen],
        timeout=120,
        check=False,
    )
    os.close(stderr)

    with os.fdopen(seen, "rb") as rest:
        assert (ended.returncode, rest.read()) == (0, b"half a line")


INTERRUPTED = """
import gc, os, signal, sys, threading, time
from skdeep.engine.backends._loading import load_tensorflow

def interrupt():
    while "tensorflow" not in sys.modules:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)  # shells ignore it in a job
threading.Thread(target=interrupt).start()
try:
    load_tensorflow()
except KeyboardInterrupt:
    print("interrupted")
print(load_tensorflow().constant(3).numpy(), gc.isenabled(), gc.get_freeze_count())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill would end the process")
def test_ctrl_c_waits_for_the_import():
    """Ctrl-C while TensorFlow is imported ends the call, and the next one works.

    The garbage collector, which the import does without, is on again.
    """
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False
    )

    assert done.stdout.split() == ["interrupted", "3", "True", "0"], done.stderr
