"""How TensorFlow is loaded: with as many threads as the process was told."""

import os
import subprocess
import sys

import pytest

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
    ("told", "first", "n_threads"),
    [
        ("1", "", 1),
        ("", "", 0),  # TensorFlow's own default
        ("many", "", 0),
        ("1", "import tensorflow; tensorflow.constant(1)", 0),  # too late to change
        ("1", "import keras", 0),  # whoever loaded TensorFlow may have set it
    ],
)
def test_an_operation_takes_the_threads_that_the_process_was_told(
    told, first, n_threads
):
    """Workers are told through OMP_NUM_THREADS, which TensorFlow ignores."""
    environment = {**os.environ, "OMP_NUM_THREADS": told}

    ended = subprocess.run(
        [sys.executable, "-c", FIT_AND_COUNT.format(first=first)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert ended.stdout.split() == [str(n_threads)]
