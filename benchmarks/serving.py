"""Ask what a fitted network costs where it only predicts.

A regressor with the network 13-64-64-1, pickled by the process that has trained it.
Four questions: time and memory of a fresh process from its start to its first
prediction; one row, 10,000 times; 1, 4 and 16 threads with one row each on the same
estimator; 100,000 rows. Contenders that are not installed are left out.
"""

import importlib.util
import pickle
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import fits, measure, peers, problems, report
from benchmarks.measure import Spread
from benchmarks.predict import TRAINING, median_seconds

SCRIPT = "benchmarks.serving"
PACKAGES = {
    peers.OURS: "skdeep",
    peers.MLP: "sklearn",
    peers.SKORCH: "skorch",
    peers.SCIKERAS: "scikeras",
}
CONTENDERS = [c for c, name in PACKAGES.items() if importlib.util.find_spec(name)]
N_THREADS = (1, 4, 16)
# What a server does, and nothing else: no benchmark code is imported.
FIRST_PREDICTION = """
import pickle, resource, sys
with open(sys.argv[1], "rb") as file:
    estimator = pickle.load(file)
import numpy as np
estimator.predict(np.ones((1, 13), np.float32))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def prepare(contender, path, problem, training):
    """Return the function that measures a fitted estimator in one of four ways."""
    problem = problems.load(problem)
    estimator = peers.estimator(contender, fits.training_from(training), seed=0)
    estimator.fit(problem.X, problem.y)
    Path(path).write_bytes(pickle.dumps(estimator))
    rows = np.resize(problem.X, (100_000, problem.X.shape[1])).astype(np.float32)
    ways = {"one_row": one_row, "threads": threads, "many_rows": many_rows}

    def run(seed, way, seconds):
        return ways[way](estimator.predict, rows, seconds)

    return run


def one_row(predict, rows, seconds):
    """Return median and 99.9th percentile of the milliseconds of a call."""
    predict(rows[:1])
    times, end = [], time.perf_counter() + 3 * seconds
    while len(times) < 10_000 and time.perf_counter() < end:
        times.append(measure.time_call(predict, rows[:1])[0])
    median, slowest = np.percentile(times, [50, 99.9])
    return {"median": 1000 * median, "slowest": 1000 * slowest, "calls": len(times)}


def threads(predict, rows, seconds):
    """Return how many calls per second 1, 4 and 16 threads get through together."""
    return {str(n): calls_per_second(predict, rows, n, seconds) for n in N_THREADS}


def calls_per_second(predict, rows, n_threads, seconds):
    """Let threads predict one row after the other, for a time."""
    predict(rows[:1])
    counts, over = [0] * n_threads, threading.Event()

    def work(number):
        while not over.is_set():
            predict(rows[number : number + 1])
            counts[number] += 1

    workers = [threading.Thread(target=work, args=(i,)) for i in range(n_threads)]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    time.sleep(seconds)
    over.set()
    for worker in workers:
        worker.join()
    return sum(counts) / (time.perf_counter() - started)


def many_rows(predict, rows, seconds):
    """Return the milliseconds of a call with 100,000 rows."""
    predict(rows)
    return {"milliseconds": 1000 * median_seconds(predict, rows, seconds)}


def first_prediction(path, seed):
    """Return seconds and peak memory of a process that loads and predicts."""
    command = [sys.executable, "-c", FIRST_PREDICTION, path]
    environment = measure.environment_of("")
    seconds, done = measure.time_call(
        partial(
            subprocess.run,
            command,
            cwd=measure.ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    )
    return {"seconds": seconds, "mib": float(done.stdout.split()[-1])}


def answer(quick):
    """Ask all contenders in turns, one question after the other."""
    rounds, seconds = (1, 0.05) if quick else (3, 1.0)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        problem = problems.boston().save(folder)
        paths = {c: str(Path(folder) / f"{PACKAGES[c]}.pickle") for c in CONTENDERS}
        workers = {
            contender: stack.enter_context(
                measure.Worker(
                    SCRIPT,
                    contender,
                    {"path": path, "problem": problem, "training": asdict(TRAINING)},
                )
            )
            for contender, path in paths.items()
        }
        records = {
            way: measure.interleave(
                {
                    c: partial(w.run, way=way, seconds=seconds)
                    for c, w in workers.items()
                },
                rounds,
            )
            for way in ("one_row", "threads", "many_rows")
        }
        records["first"] = measure.interleave(
            {c: partial(first_prediction, path) for c, path in paths.items()}, rounds
        )
    return report.Answer(
        "serving",
        "Serving",
        "Network 13-64-64-1, fitted, loaded from a pickle; a fresh process from its "
        "start to the first prediction, then calls of `predict` with rows in float32.",
        [{"contender": c} | columns(records, c) for c in CONTENDERS],
        figures(records),
    )


def columns(records, contender):
    """Return a row of the table."""

    def spread(way, key):
        return Spread.of(measure.values(records[way][contender], key))

    return {
        "first prediction, s": spread("first", "seconds"),
        "memory, MiB": spread("first", "mib"),
        "1 row, ms": spread("one_row", "median"),
        "99.9th percentile, ms": spread("one_row", "slowest"),
        **{f"calls/s, {n} threads": spread("threads", str(n)) for n in N_THREADS},
        "100,000 rows, ms": spread("many_rows", "milliseconds"),
    }


def figures(records):
    """Return what is promised: ratios to scikit-learn's MLP, and between threads."""
    first, ours = records["first"], records["threads"][peers.OURS]
    one_row = records["one_row"][peers.OURS]
    found = {
        "skdeep, one row, median": Spread.of(measure.values(one_row, "median")),
        "skdeep, one row, 99.9th percentile": Spread.of(
            measure.values(one_row, "slowest")
        ),
    } | {
        f"skdeep ÷ {peers.MLP}, {key}": measure.ratio(
            first[peers.OURS], first[peers.MLP], key
        )
        for key in ("seconds", "mib")
    }
    for n in N_THREADS[1:]:
        ratios = [record[str(n)] / record["1"] for record in ours]
        found[f"calls of {n} threads ÷ those of one"] = Spread.of(ratios)
    return found


if __name__ == "__main__":
    report.main(prepare, answer)
