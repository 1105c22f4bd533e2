"""Ask how long `import skdeep` takes.

Against `import sklearn.neural_network`, which skdeep itself needs, and the imports
of the peers. Every run is a fresh interpreter; the time of an empty one is shown
and not subtracted.
"""

import subprocess
import sys
from functools import partial

from benchmarks import measure, report
from benchmarks.measure import ROOT, Spread

OURS = "import skdeep"
NEIGHBOUR = "import sklearn.neural_network"
STATEMENTS = {
    "pass": 15,
    OURS: 15,
    NEIGHBOUR: 15,
    "import skorch": 5,
    "import scikeras.wrappers": 5,
}


def import_once(statement, seed):
    """Return the time of an interpreter that runs one statement and ends."""
    command = [sys.executable, "-c", statement]
    seconds, _ = measure.time_call(
        partial(
            subprocess.run,
            command,
            cwd=ROOT,
            env=measure.environment_of(statement),
            check=True,
            capture_output=True,
        )
    )
    return {"seconds": seconds}


def answer(quick):
    """Ask the statements in turns."""
    runs = {statement: partial(import_once, statement) for statement in STATEMENTS}
    for run in runs.values():
        run(seed=0)  # not measured: brings the files into memory
    records = measure.interleave(runs, 2 if quick else STATEMENTS)
    rows = [
        {
            "statement": statement,
            "seconds": Spread.of(measure.values(its, "seconds")),
            f"÷ {NEIGHBOUR}": measure.ratio(its, records[NEIGHBOUR]),
            "runs": len(its),
        }
        for statement, its in records.items()
    ]
    return report.Answer(
        "import_time",
        "Import",
        "A fresh interpreter that imports and ends.",
        rows,
        {f"{OURS} ÷ {NEIGHBOUR}": measure.ratio(records[OURS], records[NEIGHBOUR])},
    )


if __name__ == "__main__":
    report.main(None, answer)
