"""What XLA compiles, counted by the files of TensorFlow's persistent cache.

Counts of ``cache_info()`` are about programs; XLA may compile one program many times
without telling, for example when a number of rows ends up where it wants a constant.
"""

import os
import subprocess
import sys

import pytest

SEVERAL_FITS = """
import numpy as np
from skdeep import DNNClassifier

X = np.random.RandomState(0).normal(size=(90, 4))
y = (X[:, 0] > 0).astype(int)
for early_stopping in [False, True]:
    for n_rows, epochs in [(90, 2), (89, 3), (50, 300), (40, 1)]:
        net = DNNClassifier((3,), epochs=epochs, early_stopping=early_stopping)
        net.set_params(jit_compile=True).fit(X[:n_rows], y[:n_rows])
        net.predict(X[:n_rows])
"""


@pytest.mark.fast
def test_any_numbers_of_rows_and_epochs_share_a_compilation(tmp_path):
    """Eight fits compile one function to train and one to evaluate."""
    flags = f"--tf_xla_persistent_cache_directory={tmp_path}"
    environment = {**os.environ, "TF_XLA_FLAGS": flags}

    subprocess.run([sys.executable, "-c", SEVERAL_FITS], env=environment, check=True)

    assert len(list(tmp_path.iterdir())) == 2
