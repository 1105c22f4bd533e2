"""Run all tests in several processes, two at a time, and print one result.

TensorFlow keeps some memory of every program that XLA has compiled, also when the
program is gone: one process for all tests held 10 GiB at its end. So several processes
run some files each. They begin as copies of this one, which imports TensorFlow and what
else is large: that takes seven seconds of a processor.

    python scripts/run_tests.py              all tests
    python scripts/run_tests.py --fast       with options of pytest, but no paths
"""

import importlib
import os
import re
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
N_AT_ONCE = 2
# None of them looks at XLA's flags when it is imported. The threads they have are those
# of OpenBLAS and jemalloc, which begin theirs anew in a copy.
IMPORTED = ("pytest", "tensorflow", "keras", "pandas", "sklearn.ensemble", "skdeep")
# What the files of a process have together at most, unless it is one file. The size of
# a file says roughly how long it takes and how many programs it compiles.
PART_BYTES = 60_000
# Files that take longer than their size says, and by how much. A part that begins late
# and takes long leaves a core without work: 30 seconds, before all of these were here.
LONGER = {
    "test_docs.py": 15,
    "test_keras_conformance.py": 15,
    "test_oracle.py": 4,
    "test_oracle_own.py": 3,
    "test_sklearn.py": 8,
    "test_systems.py": 10,
}
CAREFUL_BYTES = 40_000
# XLA makes machine code with less care, in a third of the time: the programs of tests
# run for milliseconds. Formulas and how XLA rewrites them stay the same; rounding does
# not. An XLA that lacks a flag ends the process and names it. By default it makes up to
# 32 modules of a program, which takes a fifth longer than to make one.
CHEAP = (
    "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false "
    "--xla_cpu_parallel_codegen_split_count=1"
)
# Threads of OpenBLAS and OpenMP that have nothing to do turn in circles for a while;
# here another process needs the core.
SLEEPY = {"OMP_WAIT_POLICY": "passive", "OPENBLAS_THREAD_TIMEOUT": "4"}
# Plugins of pytest that happen to be there. No test needs one, and that of Hypothesis
# imports all of Hypothesis at the end of every process: 1.1 s.
NO_PLUGINS = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
# These files ask for bits, or train for longer; they get the code that users get. All
# others ask what happens around programs, or for formulas up to rounding, of which
# --lowest and --processors try the usual code, too. In a fast run nothing is compiled
# with care.
WITH_CARE = (
    "engine/test_backend",
    "engine/test_own_gradient",
    "engine/test_random",
    "engine/test_wave",
    "reliability/test_numerics",
    "test_reproducibility",
    "test_threads",
)
NO_TESTS_COLLECTED = 5
COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)")


def parts(files: list[Path], most: int) -> list[list[Path]]:
    """Divide files into parts of ``most`` bytes or of one file, the largest first."""
    found: list[list[Path]] = []
    for file in sorted(files):
        if not found or size([*found[-1], file]) > most:
            found.append([])
        found[-1].append(file)
    return sorted(found, key=size, reverse=True)


def fast_parts(files: list[Path]) -> list[list[Path]]:
    """Divide files for a fast run: few processes, so that tests share programs."""
    return parts(files, size(files) // 4)


def whole_parts(files: list[Path]) -> list[list[Path]]:
    """Divide files for a whole run: a process compiles with care or without.

    Those with care come first. They take longest, and the short ones at the end let
    both processes end together.
    """
    careful = [file for file in files if with_care(file)]
    others = [file for file in files if not with_care(file)]
    return parts(careful, CAREFUL_BYTES) + parts(others, PART_BYTES)


def size(part: list[Path]) -> int:
    """How many bytes the files of a part have, or would have for how long they take."""
    return sum(file.stat().st_size * LONGER.get(file.name, 1) for file in part)


def with_care(file: Path) -> bool:
    """Whether the whole run compiles the programs of a file as users do."""
    return file.with_suffix("").as_posix().endswith(tuple(f"/{f}" for f in WITH_CARE))


def flags(file: Path, options: list[str]) -> str:
    """What XLA is told in the process of a file, behind what the caller says."""
    own = "" if with_care(file) and "--fast" not in options else CHEAP
    return f"{os.environ.get('XLA_FLAGS', '')} {own}".strip()


class Result(NamedTuple):
    """What came of a part: whether all passed, how many did, and the largest memory."""

    part: list[Path]
    passed: bool
    counts: Counter[str]
    gib: float


def run(parts: list[list[Path]], options: list[str]) -> Iterator[Result]:
    """Run parts, some at a time; print what one printed if it failed, or a line."""
    waiting = list(parts)
    running: dict[int, tuple[list[Path], int]] = {}
    while waiting or running:
        while waiting and len(running) < N_AT_ONCE:
            part = waiting.pop(0)
            process, printed = start(part, options)
            running[process] = part, printed
        process, status, usage = os.wait4(-1, 0)
        part, printed = running.pop(process)
        with open(printed) as file:
            file.seek(0)
            output = file.read()
        closing = (output.splitlines() or [""])[-1].strip("= ")
        found = counts(closing)
        # A test that ends the process leaves no closing line, whatever its code is.
        code = os.waitstatus_to_exitcode(status)
        passed = code == (0 if found else NO_TESTS_COLLECTED)
        names = " ".join(os.path.relpath(file, ROOT) for file in part)
        print(f"{names}: {closing}" if passed else output, flush=True)
        unit = 2**30 if sys.platform == "darwin" else 2**20  # bytes there, else KiB
        yield Result(part, passed, found, usage.ru_maxrss / unit)


def start(part: list[Path], options: list[str]) -> tuple[int, int]:
    """Start a copy of this process that runs a part.

    Returns
    -------
    process : int
        Its number.
    printed : int
        The descriptor of a file for what it prints; an object would be copied, too, and
        complain at the end of each copy that nobody has closed it.
    """
    printed, name = tempfile.mkstemp()
    os.unlink(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of any thread: IMPORTED
        process = os.fork()
    if process == 0:
        for descriptor in (1, 2):
            os.dup2(printed, descriptor)
        os.environ["XLA_FLAGS"] = flags(part[0], options)
        sys.exit(run_pytest(["--color=no", *options, *map(str, part)]))
    return process, printed


def run_pytest(arguments: list[str]) -> int:
    """Run pytest as ``python -m pytest`` does."""
    import pytest

    os.chdir(ROOT)
    sys.path[0] = str(ROOT)
    return int(pytest.main(arguments))


def counts(closing: str) -> Counter[str]:
    """Read the closing line of pytest: how many tests passed, failed, ..."""
    found = COUNT.findall(closing)
    return Counter({word.rstrip("s"): int(n) for n, word in found})


def main(options: list[str]) -> int:
    """Run all parts; return 0 if all of them passed."""
    started = time.monotonic()
    for name, value in {**SLEEPY, **NO_PLUGINS}.items():
        os.environ.setdefault(name, value)
    # The libraries of macOS do not stand being copied.
    for name in IMPORTED if sys.platform == "linux" else ():
        importlib.import_module(name)
    files = list((ROOT / "tests").rglob("test_*.py"))
    todo = fast_parts(files) if "--fast" in options else whole_parts(files)
    results = list(run(todo, options))
    failed = [result.part for result in results if not result.passed]
    for part in failed:
        print("Failed:", *(os.path.relpath(file, ROOT) for file in part))
    total = sum((result.counts for result in results), Counter())
    words = ", ".join(f"{n} {word}" for word, n in total.items())
    largest = max(result.gib for result in results)
    print(f"Largest process: {largest:.1f} GiB; {N_AT_ONCE} ran at a time")
    print(f"===== {words} in {time.monotonic() - started:.0f}s =====")
    return 1 if failed or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
