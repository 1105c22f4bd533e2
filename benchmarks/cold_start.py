"""Ask how long the first fit of a process takes, from Python's start to the score.

Boston housing, the network 13-64-64-1. Every run is a process of its own.
skdeep runs twice: as it comes, and with TensorFlow's on-disk cache of compiled
programs switched on by the environment, the cache filled by a run not measured.
"""

import tempfile
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from benchmarks import fits, measure, peers, problems, report
from benchmarks.one_fit import PLAIN

SCRIPT = "benchmarks.cold_start"
CACHED = "skdeep, cache on disk"
CONTENDERS = (
    peers.OURS,
    peers.SCIKERAS,
    peers.KERAS_WRAPPERS,
    peers.KERAS,
    peers.SKORCH,
    peers.MLP,
    peers.JAX,
)


def answer(quick):
    """Ask fresh processes in turns."""
    training = replace(PLAIN, epochs=10) if quick else PLAIN
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "problem": problems.boston().save(folder),
            "training": asdict(training),
        }
        runs = {
            contender: partial(measure.run_once, SCRIPT, contender, settings)
            for contender in CONTENDERS
        }
        runs[CACHED] = partial(
            measure.run_once,
            SCRIPT,
            peers.OURS,
            settings,
            environment=disk_cache(Path(folder) / "programs"),
        )
        runs[CACHED](seed=1000)  # not measured: fills the cache
        records = measure.interleave(runs, 1 if quick else 5)
    return report.Answer(
        "cold_start",
        "First fit in a process",
        "Boston housing, 404×13, network 64-64-1, batch 16, Adam, 100 epochs; from the "
        "start of Python to the score, imports included.",
        fits.table(records, "R²", "seconds_alive"),
        fits.ratios(records, "seconds_alive")
        | {
            f"SciKeras ÷ {CACHED}": measure.ratio(
                records[peers.SCIKERAS], records[CACHED], "seconds_alive"
            )
        },
    )


def disk_cache(folder: Path) -> dict[str, str]:
    """Return the environment in which TensorFlow keeps compiled programs there."""
    folder.mkdir()
    return {"TF_XLA_FLAGS": f"--tf_xla_persistent_cache_directory={folder}"}


if __name__ == "__main__":
    report.main(fits.prepare, answer)
