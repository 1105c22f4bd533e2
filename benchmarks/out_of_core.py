"""Ask how much memory a fit takes whose rows are a file larger than that memory.

Ten GB of float32 in a temporary folder, 256 numbers a row: an array mapped into memory,
and a dataset of HDF5. A fresh process each trains one epoch, with the defaults, so that
a tenth of the rows is held out and the others are shuffled; on HDF5 once more without
both, from the first row to the last.

Two figures of memory. What the process has asked the system for (``RssAnon``, the
largest of samples every 10 ms) is what it cannot do without; that has the limit. The
peak of resident memory counts pages of mapped files, too, which the system keeps as
long as nobody else needs the room, and drops without writing: on an idle machine that
is as much of the file as has room.
"""

import tempfile
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import measure, report
from benchmarks.measure import Spread

SCRIPT = "benchmarks.out_of_core"
MAP, HDF5, IN_ORDER = "memory map", "HDF5", "HDF5, shuffle=False"
FILES = {MAP: "rows.npy", HDF5: "rows.h5", IN_ORDER: "rows.h5"}
N_FEATURES = 256
N_WRITTEN = 2**16  # rows at a time
IN_CHUNK = 512  # rows of a chunk of HDF5


def prepare(contender, folder):
    """Return the function that trains on a file for one epoch."""
    from skdeep import DNNRegressor

    X = opened(Path(folder) / FILES[contender])
    y = np.load(Path(folder) / "targets.npy")
    net = DNNRegressor((64,), epochs=1, batch_size=256, random_state=0)
    if contender == IN_ORDER:
        net.set_params(shuffle=False, early_stopping=False)

    def run(seed):
        with Watch() as watch:
            seconds, _ = measure.time_call(net.fit, X, y)
        return {
            "seconds": seconds,
            "asked": watch.peak_mib,
            "resident": measure.peak_mib(),
            "quality": 1 - net.history_["loss"][0],
        }

    return run


def opened(path):
    """Return the array of a file, of which nothing is read."""
    if path.suffix == ".npy":
        return np.load(path, mmap_mode="r")
    import h5py

    return h5py.File(path)["X"]


class Watch:
    """Look at the memory that this process has asked for, while a block runs.

    Sets: ``peak_mib``.
    """

    def __init__(self):
        self.peak_mib = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self):
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *error):
        """End."""
        self._over.set()
        self._thread.join()

    def _look(self):
        while not self._over.wait(0.01):
            self.peak_mib = max(self.peak_mib, measure.asked_mib())


def write(path, n_rows):
    """Write rows into a file, a part at a time, and their targets beside it."""
    y = np.empty(n_rows, np.float32)
    rng = np.random.default_rng(0)
    with empty_array(path, (n_rows, N_FEATURES)) as X:
        for start in range(0, n_rows, N_WRITTEN):
            n = min(N_WRITTEN, n_rows - start)
            rows = rng.standard_normal((n, N_FEATURES), np.float32)
            X[start : start + n] = rows
            y[start : start + n] = rows[:, 0] - rows[:, 1]
    np.save(path.with_name("targets.npy"), y)


@contextmanager
def empty_array(path, shape):
    """Make a file with an array to fill in."""
    if path.suffix == ".npy":
        yield np.lib.format.open_memmap(path, "w+", np.float32, shape)
        return
    import h5py

    with h5py.File(path, "w") as file:
        yield file.create_dataset("X", shape, np.float32, chunks=(IN_CHUNK, shape[1]))


def answer(quick):
    """Write one file after the other, and train on it in fresh processes."""
    gigabytes = 0.1 if quick else 10
    n_rows = int(gigabytes * 1e9) // (4 * N_FEATURES)
    records = {}
    for file in dict.fromkeys(FILES.values()):
        with tempfile.TemporaryDirectory() as folder:  # one of 10 GB at a time
            write(Path(folder) / file, n_rows)
            contenders = [name for name in FILES if FILES[name] == file]
            runs = {
                name: partial(measure.run_once, SCRIPT, name, {"folder": folder})
                for name in contenders
            }
            records |= measure.interleave(runs, 1)
    return report.Answer(
        "out_of_core",
        "Larger than memory",
        f"One epoch on {gigabytes} GB in a file, {n_rows:,} rows of {N_FEATURES} "
        "float32, network 256-64-1, batches of 256; a fresh process each, with "
        "TensorFlow. Memory asked for is without, resident memory with the pages of "
        "the file that the system keeps as long as there is room.",
        [{"rows": name} | columns(records[name]) for name in FILES],
        {
            f"{name}, memory asked for": Spread.of(measure.values(found, "asked"))
            for name, found in records.items()
        },
    )


def columns(found):
    """Return a row of the table."""
    names = {
        "time, s": "seconds",
        "memory asked for, MiB": "asked",
        "resident, MiB": "resident",
        "R² of the epoch": "quality",
    }
    return {n: Spread.of(measure.values(found, key)) for n, key in names.items()}


if __name__ == "__main__":
    report.main(prepare, answer)
