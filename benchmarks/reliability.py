"""Ask what was tried to break skdeep, how often, and what was lost.

`python -m benchmarks.reliability` runs the tests named below, the long ones included,
measures what an evicted program leaves behind, and rewrites what stands between the
markers of docs/reliability.md. Linux only.
"""

import argparse
import gc
import json
import shlex
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from benchmarks.measure import ROOT, resident_mib

PAGE = ROOT / "docs" / "reliability.md"
START, END = "<!-- reliability:start -->", "<!-- reliability:end -->"
# arguments of pytest -> what was tried
PARTS = {
    'tests/reliability/test_bad_input.py -m "not slow"': (
        "wrong data and parameters, four estimators"
    ),
    'tests/reliability/test_divergence.py -m "not slow"': (
        "fits, searches and predictions that overflow"
    ),
    'tests/reliability/test_fuzz.py -m "not slow"': (
        "100 drawn networks with parameters and data"
    ),
    "tests/reliability/test_fuzz.py -m slow": (
        "2000 drawn networks with parameters and data"
    ),
    'tests/reliability/test_concurrency.py -m "not slow"': (
        "threads, workers, forks, 60 mixed operations"
    ),
    "tests/reliability/test_concurrency.py -m slow": (
        "600 mixed operations in eight threads"
    ),
    'tests/reliability/test_memory.py -m "not slow"': (
        "100 fits of 4 architectures, evictions, handles, 25,000 × 10,000 sparse rows"
    ),
    "tests/reliability/test_memory.py -m slow": "1000 fits of 16 architectures",
    'tests/reliability/test_checkpoint_resume.py -m "not slow"': (
        "a fit killed and started again"
    ),
    "tests/persistence/test_persistence.py -m slow": (
        "a save killed after 50 numbers of bytes, and at 50 random moments"
    ),
    'tests/persistence/test_persistence.py -m "not slow" -k disk': (
        "a file that cannot grow, a folder that is read-only"
    ),
    "tests/persistence/test_hostile_files.py": (
        "200 damaged files, bombs, pickles, foreign classes, evil values"
    ),
    'tests/reliability/test_numerics.py -m "not slow"': (
        "gradients, weights as copies, extreme numbers"
    ),
}
# The first eight of a process stay where they are called quickest.
N_BEFORE, N_EVICTED = 10, 20


def main() -> None:
    """Run everything and rewrite the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evict", choices=["graph", "xla"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.evict:
        print(json.dumps(mib_per_evicted_program(arguments.evict == "xla")))
        return
    with tempfile.TemporaryDirectory() as folder:
        lines = [*table_of(Path(folder)), "", *evictions()]
    write_page("\n".join(lines))
    print("\n".join(lines))


def table_of(folder: Path) -> list[str]:
    """Return one line per part."""
    lines = [
        "| tried | tests | failed | seconds | command |",
        "|---|---|---|---|---|",
    ]
    for number, (arguments, tried) in enumerate(PARTS.items()):
        report = folder / f"{number}.xml"
        command = [sys.executable, "-m", "pytest", "-q", *shlex.split(arguments)]
        subprocess.run([*command, f"--junitxml={report}"], cwd=ROOT, check=False)
        lines.append(f"| {tried} | {counts_of(report)} | `pytest {arguments}` |")
    return lines


def counts_of(report: Path) -> str:
    """Return tests, failures and seconds of a JUnit file as cells."""
    suite = ElementTree.parse(report).getroot().find("testsuite")
    failed = int(suite.get("failures")) + int(suite.get("errors"))
    return f"{suite.get('tests')} | {failed} | {float(suite.get('time')):.0f}"


def evictions() -> list[str]:
    """Return what an evicted program leaves, in processes of their own."""
    lines = [
        "| an evicted program leaves | MiB | command |",
        "|---|---|---|",
    ]
    modes = {"graph": "in graph mode", "xla": "under XLA, from the tenth on"}
    for mode, name in modes.items():
        command = [sys.executable, "-m", "benchmarks.reliability", "--evict", mode]
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
        mib = json.loads(done.stdout)
        shown = f"`python -m benchmarks.reliability --evict {mode}`"
        lines.append(f"| {name} | {mib:.1f} | {shown} |")
    return lines


def mib_per_evicted_program(jit_compile: bool) -> float:
    """Compile programs, drop each of them at once, return the growth per program.

    That of the tenth and later ones, as in a search over architectures.
    """
    import numpy as np

    from skdeep import DNNRegressor
    from skdeep.engine import clear_cache

    X = np.random.RandomState(0).normal(size=(40, 4))

    def fit_and_forget(units: int) -> None:
        net = DNNRegressor((units,), epochs=1, batch_size=8, jit_compile=jit_compile)
        net.fit(X, X[:, 0])
        clear_cache()

    for units in range(1, N_BEFORE + 1):
        fit_and_forget(units)
    gc.collect()
    before = resident_mib()
    for units in range(N_BEFORE + 1, N_BEFORE + N_EVICTED + 1):
        fit_and_forget(units)
    gc.collect()
    return (resident_mib() - before) / N_EVICTED


def write_page(text: str) -> None:
    """Rewrite what stands between the markers."""
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(START)
    tail = rest.split(END)[1]
    date = time.strftime("%Y-%m-%d")
    made = f"Last run: {date}, on two cores.\n\n{text}"
    PAGE.write_text(f"{head}{START}\n{made}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
