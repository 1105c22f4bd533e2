"""A fit that is killed and started again ends where an undisturbed one ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

from skdeep import DNNRegressor

SECONDS = 120
KILLED_AFTER = 4
X = np.random.RandomState(0).normal(size=(40, 4))
CODE = """
import sys, time
from test_checkpoint_resume import fitted

def show(epoch):
    print(epoch, flush=True)
    time.sleep(0.2)

fitted(sys.argv[1], show)
"""


def fitted(backup, show):
    """Fit with a backup of every epoch; ``show`` is told the numbers of epochs."""
    kept = keras.callbacks.BackupAndRestore(
        backup, double_checkpoint=True, delete_checkpoint=False
    )
    shown = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: show(epoch))
    net = DNNRegressor(
        (5,),
        dropout=0.2,
        epochs=12,
        batch_size=8,
        random_state=0,
        jit_compile=False,
        callbacks=[kept, shown],
    )
    return net.fit(X, X[:, 0])


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The backup of a fit in another process that was ended after some epochs."""
    backup = tmp_path_factory.mktemp("process") / "killed"
    command = [sys.executable, "-c", CODE, str(backup)]
    here = os.path.dirname(__file__)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=here) as fit:
        deadline = time.monotonic() + SECONDS
        while int(fit.stdout.readline()) < KILLED_AFTER:
            assert time.monotonic() < deadline
        fit.send_signal(signal.SIGKILL)
    return backup


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The network that nothing has disturbed."""
    epochs = []
    net = fitted(tmp_path_factory.mktemp("backup") / "whole", epochs.append)
    assert epochs == list(range(12))
    return net


def cut_in_half(path):
    """Leave what a kill leaves that meets the write of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.fast
@pytest.mark.parametrize("meets_a_write", [False, True])
def test_a_killed_fit_goes_on_from_its_backup(killed, whole, meets_a_write, tmp_path):
    """SIGKILL in the middle, then the same again: the bits of an undisturbed fit.

    With double_checkpoint, as the documentation advises, even where the kill met a
    write: the backup before is taken.
    """
    backup, epochs = shutil.copytree(killed, tmp_path / "killed"), []
    if meets_a_write:
        cut_in_half(backup / "latest.weights.h5")

    resumed = fitted(backup, epochs.append)

    assert 0 < epochs[0] <= KILLED_AFTER + 2
    assert epochs[-1] == 11
    np.testing.assert_array_equal(resumed.predict(X), whole.predict(X))
