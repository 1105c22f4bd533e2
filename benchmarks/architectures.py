"""Ask what a search over architectures leaves in memory.

One epoch of ever another network, so that each fit compiles a program; resident
memory after each. The cache keeps the 16 programs used last.
"""

import tempfile
from dataclasses import asdict, replace

from benchmarks import fits, measure, peers, problems, report
from benchmarks.measure import Spread
from benchmarks.one_fit import PLAIN

SCRIPT = "benchmarks.architectures"
N_ARCHITECTURES = 200


def prepare(contender, problem, training):
    """Return the function that fits one network after the other."""
    problem = problems.load(problem)
    training = replace(fits.training_from(training), epochs=1)

    def run(n_architectures):
        resident = []
        for width in range(8, 8 + n_architectures):
            this = replace(training, hidden_layer_sizes=(width, 64))
            peers.estimator(contender, this, 0).fit(problem.X, problem.y)
            resident.append(measure.resident_mib())
        return {"resident": resident}

    return run


def answer(quick):
    """Ask one process."""
    n = 30 if quick else N_ARCHITECTURES
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "problem": problems.boston().save(folder),
            "training": asdict(PLAIN),
        }
        record = measure.run_once(SCRIPT, peers.OURS, settings, n_architectures=n)
    resident = record["resident"]
    marks = [mark for mark in (1, 16, 60, 100, n) if mark <= n]
    rows = [{"architectures": m, "MiB": resident[m - 1]} for m in dict.fromkeys(marks)]
    later = resident[n // 2 :]
    per_program = (later[-1] - later[0]) / (len(later) - 1)
    figures = {
        "growth by 60": Spread.of([resident[min(n, 60) - 1] - resident[0]]),
        "memory at 1,000": Spread.of([resident[-1] + (1000 - n) * per_program]),
    }
    return report.Answer(
        "architectures",
        "A search over architectures",
        f"Boston housing, networks 13-8-64-1 to 13-{7 + n}-64-1, an epoch each. The "
        "memory at 1,000 goes on from the second half at its own slope.",
        rows,
        figures,
    )


if __name__ == "__main__":
    report.main(prepare, answer)
