"""Ask how long a prediction takes, for one row, 404 rows and 100,000 rows.

A fitted regressor with the network 13-64-64-1; every peer with its own default
batch size. Plain Keras is shown twice: `predict(X)` as written by most users, and
with one batch for all rows, the best its arguments allow.
"""

import tempfile
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from statistics import median

import numpy as np

from benchmarks import fits, measure, peers, problems, report
from benchmarks.measure import Spread
from benchmarks.one_fit import PLAIN

SCRIPT = "benchmarks.predict"
TRAINING = replace(PLAIN, epochs=2)
KERAS_PREDICT = "Keras predict"
KERAS_ONE_BATCH = "Keras predict, one batch"
CONTENDERS = {
    peers.OURS: peers.OURS,
    peers.MLP: peers.MLP,
    peers.JAX: peers.JAX,
    peers.SKORCH: peers.SKORCH,
    KERAS_PREDICT: peers.KERAS,
    KERAS_ONE_BATCH: peers.KERAS,
    peers.KERAS_WRAPPERS: peers.KERAS_WRAPPERS,
    peers.SCIKERAS: peers.SCIKERAS,
}
N_ROWS = (1, 404, 10_000, 100_000)


def prepare(contender, problem, training):
    """Return the function that times calls for a number of rows."""
    problem = problems.load(problem)
    estimator = peers.estimator(
        CONTENDERS[contender], fits.training_from(training), seed=0
    ).fit(problem.X, problem.y)
    predict = estimator.predict
    if contender == KERAS_PREDICT:
        predict = partial(estimator.model_.predict, verbose=0)

    def run(seed, n_rows):
        X = np.resize(problem.X, (n_rows, problem.X.shape[1]))
        function = predict
        if contender == KERAS_ONE_BATCH:
            function = partial(estimator.model_.predict, verbose=0, batch_size=n_rows)
        function(X)  # not measured: a first call may trace for the number of rows
        return {"milliseconds": 1000 * median_seconds(function, X)}

    return run


def median_seconds(function, X, budget=0.5):
    """Return the median of three or more calls, as many as fit into the budget."""
    first, _ = measure.time_call(function, X)
    n_calls = int(np.clip(budget / first, 3, 200))
    return median(measure.time_call(function, X)[0] for _ in range(n_calls))


def answer(quick):
    """Ask all contenders in turns, for one number of rows after the other."""
    columns = {contender: {} for contender in CONTENDERS}
    figures = {}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        settings = {
            "problem": problems.boston().save(folder),
            "training": asdict(TRAINING),
        }
        workers = {
            contender: stack.enter_context(measure.Worker(SCRIPT, contender, settings))
            for contender in CONTENDERS
        }
        for n_rows in N_ROWS[:2] if quick else N_ROWS:
            runs = {
                contender: partial(worker.run, n_rows=n_rows)
                for contender, worker in workers.items()
            }
            records = measure.interleave(runs, 1 if quick else 5)
            figures |= compare(records, n_rows)
            for contender, its in records.items():
                spread = Spread.of(measure.values(its, "milliseconds"))
                columns[contender][_name(n_rows)] = spread
    return report.Answer(
        "predict",
        "Prediction",
        "Fitted network 13-64-64-1; milliseconds of one call.",
        [{"contender": contender, **row} for contender, row in columns.items()],
        figures,
    )


def compare(records, n_rows):
    """Return the ratios for one number of rows, and our own time."""
    ours = records[peers.OURS]
    figures = {
        f"skdeep, {_name(n_rows)}": Spread.of(measure.values(ours, "milliseconds"))
    }
    for contender, its in records.items():
        if contender != peers.OURS:
            name = f"{contender} ÷ skdeep, {_name(n_rows)}"
            figures[name] = measure.ratio(its, ours, "milliseconds")
    return figures


def _name(n_rows: int) -> str:
    return "1 row" if n_rows == 1 else f"{n_rows:,} rows"


if __name__ == "__main__":
    report.main(prepare, answer)
