"""Whole fits of one problem by several contenders in turns.

What the questions about the time of a fit share. A warm contender has fitted the
same network once before it is measured: its library is imported, and what it
keeps between fits is there.
"""

import tempfile
from contextlib import ExitStack
from dataclasses import asdict

from benchmarks import measure, peers, problems
from benchmarks.measure import Spread


def prepare(contender, problem, training):
    """Return the function that fits once and looks at the quality afterwards."""
    problem = problems.load(problem)
    training = training_from(training)
    kept = None

    def run(seed):
        nonlocal kept
        estimator = kept or peers.estimator(contender, training, seed)
        if contender == peers.KERAS_KEPT:
            kept, estimator.seed = estimator, seed
        seconds, fitted = measure.time_call(estimator.fit, problem.X, problem.y)
        quality = problem.score(fitted.predict(problem.X_test))
        return {"seconds": seconds, "quality": quality, "peak": measure.peak_mib()}

    return run


def training_from(settings: dict) -> peers.Training:
    """Return the training that travelled as JSON, its lists as tuples again."""
    return peers.Training(**{name: _tuples(value) for name, value in settings.items()})


def _tuples(value):
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def in_turns(script, problem, training, rounds: dict) -> dict[str, list[dict]]:
    """Return the records of warm contenders; `rounds` names them."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        settings = {"problem": problem.save(folder), "training": asdict(training)}
        runs = {}
        for contender in rounds:
            worker = measure.Worker(script, contender, settings)
            runs[contender] = stack.enter_context(worker).run
            worker.run(seed=1000)  # not measured: imports, traces, compiles
        return measure.interleave(runs, rounds)


def table(records: dict, quality: str, key: str = "seconds") -> list[dict]:
    """Return a row per contender, quickest first."""
    ours = records[peers.OURS]
    rows = [
        {
            "contender": contender,
            "seconds": Spread.of(measure.values(its, key)),
            "÷ skdeep": measure.ratio(its, ours, key),
            quality: Spread.of(measure.values(its, "quality")),
            "runs": len(its),
        }
        for contender, its in records.items()
    ]
    return sorted(rows, key=lambda row: row["seconds"].median)


def ratios(records: dict, key: str = "seconds") -> dict[str, Spread]:
    """Return `peer ÷ skdeep` and `skdeep ÷ peer` for every peer."""
    ours = records[peers.OURS]
    figures = {}
    for contender, its in records.items():
        if contender != peers.OURS:
            figures[f"{contender} ÷ {peers.OURS}"] = measure.ratio(its, ours, key)
            figures[f"{peers.OURS} ÷ {contender}"] = measure.ratio(ours, its, key)
    return figures
