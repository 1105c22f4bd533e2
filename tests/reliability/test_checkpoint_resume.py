"""A fit that is killed and started again ends where an undisturbed one ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

SECONDS = 120
SCRIPT = textwrap.dedent(
    """
    import sys, time
    import keras
    import numpy as np
    from skdeep import DNNRegressor

    backup, result, pause = sys.argv[1:]


    class Slow(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            print(epoch, flush=True)
            time.sleep(float(pause))


    X = np.random.RandomState(0).normal(size=(40, 4))
    net = DNNRegressor(
        (5,),
        dropout=0.2,
        epochs=12,
        batch_size=8,
        random_state=0,
        jit_compile=False,
        callbacks=[
            keras.callbacks.BackupAndRestore(
                backup, double_checkpoint=True, delete_checkpoint=False
            ),
            Slow(),
        ],
    )
    np.save(result, net.fit(X, X[:, 0]).predict(X))
    """
)


def command(backup, result, pause):
    """Return the command line of one fit."""
    return [sys.executable, "-c", SCRIPT, str(backup), str(result), str(pause)]


def epochs_of(output):
    """Return the epochs that a fit has printed."""
    return [int(line) for line in output.split()]


def cut_in_half(path):
    """Leave what a kill leaves that meets the write of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.fast
@pytest.mark.parametrize("meets_a_write", [False, True])
def test_a_killed_fit_goes_on_from_its_backup(tmp_path, meets_a_write):
    """SIGKILL in the middle, then the same again: the bits of an undisturbed fit.

    With double_checkpoint, as the documentation advises, even where the kill met a
    write: the backup before is taken.
    """
    killed_after = 4
    whole = tmp_path / "whole.npy"
    done = subprocess.run(
        command(tmp_path / "a", whole, 0),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    assert epochs_of(done.stdout) == list(range(12))
    resumed = tmp_path / "resumed.npy"
    with subprocess.Popen(
        command(tmp_path / "b", resumed, 0.2), stdout=subprocess.PIPE, text=True
    ) as fit:
        deadline = time.monotonic() + SECONDS
        while int(fit.stdout.readline()) < killed_after:
            assert time.monotonic() < deadline
        fit.send_signal(signal.SIGKILL)
    assert not resumed.exists()
    if meets_a_write:
        cut_in_half(tmp_path / "b" / "latest.weights.h5")

    done = subprocess.run(
        command(tmp_path / "b", resumed, 0),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )

    epochs = epochs_of(done.stdout)
    assert 0 < epochs[0] <= killed_after + 2
    assert epochs[-1] == 11
    np.testing.assert_array_equal(np.load(resumed), np.load(whole))
