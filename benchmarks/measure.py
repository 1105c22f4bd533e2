"""Contenders in processes of their own, run in turns: A B A B …, median and spread.

A question is a script with two functions. `prepare(contender, **settings)` runs in
the contender's process and returns a function that does the measured thing once and
returns a record; `answer(quick)` runs in the asking process, starts a `Worker` for
each contender and gives `interleave` the rounds. Between two of its turns a
contender's process sleeps, so that no library's threads or memory disturb another's
time. Linux only where memory is read.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parent.parent
WITHOUT_JAX = ROOT / "benchmarks" / "without_jax"
SERVE = "--serve"
LIBRARIES = (
    "skdeep",
    "tensorflow",
    "keras",
    "scikit-learn",
    "numpy",
    "scikeras",
    "skorch",
    "torch",
    "jax",
)


@dataclass(frozen=True)
class Spread:
    """The median of repeated measurements and the quartiles around it."""

    median: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, values) -> "Spread":
        """Summarise one or more values."""
        values = [float(value) for value in values]
        if len(values) == 1:
            return cls(values[0], values[0], values[0], 1)
        low, _, high = quantiles(values, n=4, method="inclusive")
        return cls(median(values), low, high, len(values))


class Worker:
    """A contender in a process of its own, answering one request at a time.

    `seconds_alive` counts from the moment before the process was started, so that
    the first answer of a fresh worker includes Python's start and every import.
    """

    def __init__(self, script, contender, settings=None, environment=None):
        self.contender = contender
        # Libraries chat on stderr; only what a failed worker said is worth showing.
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (lives as long)
        self._started = time.perf_counter()
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                script,
                SERVE,
                json.dumps({"contender": contender, **(settings or {})}, default=str),
            ],
            cwd=ROOT,
            env=environment_of(contender) | (environment or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def __enter__(self):
        """Return the worker; leaving the block ends its process."""
        return self

    def __exit__(self, *error):
        """End the process by closing its input."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def run(self, **request) -> dict:
        """Have the measured thing done once; return its record."""
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            raise RuntimeError(
                f"The process of {self.contender} ended without an answer. It said:\n"
                + self._errors.read()[-4000:]
            )
        return json.loads(line) | {"seconds_alive": time.perf_counter() - self._started}


def environment_of(contender: str) -> dict[str, str]:
    """Return the environment of a process: quiet, and without JAX for all but JAX."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    if not contender.startswith("JAX"):
        before = [environment["PYTHONPATH"]] if "PYTHONPATH" in environment else []
        environment["PYTHONPATH"] = os.pathsep.join([str(WITHOUT_JAX), *before])
    return environment


def run_once(script, contender, settings=None, environment=None, **request) -> dict:
    """Return the first answer of a fresh process; its `seconds_alive` is the time."""
    with Worker(script, contender, settings, environment) as worker:
        return worker.run(**request)


def interleave(runs: dict[str, Callable], rounds: int | dict) -> dict[str, list[dict]]:
    """Call the contenders in turns; return each one's records in the order of rounds.

    `rounds` may be a number per contender: the slow ones drop out early and the
    quick ones go on. The order turns with every round, and each round has its own
    seed, so nobody gains from having seen the same fit before.
    """
    if isinstance(rounds, int):
        rounds = dict.fromkeys(runs, rounds)
    records = {name: [] for name in runs}
    for index in range(max(rounds.values())):
        running = [name for name in runs if index < rounds[name]]
        turn = index % len(running)
        for name in running[turn:] + running[:turn]:
            records[name].append(runs[name](seed=index))
    return records


def values(records: list[dict], key: str) -> list[float]:
    """Return one entry of every record."""
    return [record[key] for record in records]


def ratio(above: list[dict], below: list[dict], key: str = "seconds") -> Spread:
    """Return the ratio of two contenders, taken round by round."""
    pairs = zip(values(above, key), values(below, key), strict=False)
    return Spread.of(a / b for a, b in pairs)


def time_call(function: Callable, *arguments) -> tuple[float, object]:
    """Return the seconds a call takes, and what it returns."""
    start = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - start, result


def resident_mib() -> float:
    """Return the memory this process holds now."""
    return _memory_status("VmRSS")


def peak_mib() -> float:
    """Return the most memory this process has held so far."""
    return _memory_status("VmHWM")


def mapped_files_mib() -> float:
    """Return the part of resident memory that is files: libraries, shared by all."""
    return _memory_status("RssFile")


def asked_mib() -> float:
    """Return the part of resident memory that is no file: what nobody can drop."""
    return _memory_status("RssAnon")


def _memory_status(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise OSError(f"/proc/self/status has no entry {field}.")


def circumstances() -> dict:
    """Return machine, versions and date: what a figure is worth nothing without."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(
            os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        ),
        "load_average": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": _versions(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def _versions() -> dict[str, str]:
    found = {}
    for library in LIBRARIES:
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return found


def serve(prepare: Callable, settings: dict) -> None:
    """Answer requests from standard input until it closes; prints go to stderr."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    run = None
    for line in sys.stdin:
        # Prepared at the first request: a worker that waits has imported nothing.
        run = run or prepare(**settings)
        record = run(**json.loads(line))
        answers.write(json.dumps(record, default=_plain) + "\n")
        answers.flush()


def _plain(value):
    """Return a dataclass or a NumPy scalar as JSON can write it."""
    return asdict(value) if isinstance(value, Spread) else value.item()
