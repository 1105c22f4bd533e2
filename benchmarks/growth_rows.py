"""Ask how time and memory grow with the number of rows.

13 features, 3 epochs. Every run is a process of its own, so that its peak memory is
that of this one fit: interpreter, libraries and data included.
"""

from dataclasses import asdict, replace
from functools import partial

from benchmarks import fits, measure, peers, problems, report
from benchmarks.measure import Spread

SCRIPT = "benchmarks.growth_rows"
TRAINING = peers.Training(input_shape=(13,), batch_size=32, epochs=3)
ROWS = {
    peers.OURS: (1_000, 10_000, 100_000, 1_000_000),
    peers.KERAS_KEPT: (1_000, 10_000, 100_000),
}
EVEN_FROM = 10_000  # below, the fixed cost of a fit shows


def prepare(contender, training):
    """Return the function that makes the rows, compiles and fits."""
    training = fits.training_from(training)

    def run(seed, n_rows):
        problem = problems.made_up(n_rows)
        warm = replace(training, epochs=1)
        estimator = peers.estimator(contender, warm, seed).fit(problem.X, problem.y)
        if contender == peers.KERAS_KEPT:
            estimator.training = training
        else:
            estimator = peers.estimator(contender, training, seed)
        seconds, fitted = measure.time_call(estimator.fit, problem.X, problem.y)
        return {
            "seconds": seconds,
            "quality": problem.score(fitted.predict(problem.X_test)),
            "peak": measure.peak_mib(),
            "files": measure.mapped_files_mib(),
            "data": (problem.X.nbytes + problem.y.nbytes) / 2**20,
        }

    return run


def answer(quick):
    """Ask fresh processes, in turns over contenders and sizes."""
    settings = {"training": asdict(TRAINING)}
    runs = {
        (contender, n_rows): partial(
            measure.run_once, SCRIPT, contender, settings, n_rows=n_rows
        )
        for contender, sizes in ROWS.items()
        for n_rows in (sizes[:2] if quick else sizes)
    }
    records = measure.interleave(runs, 1 if quick else 3)
    rows = [
        {
            "contender": contender,
            "rows": f"{n_rows:,}",
            "seconds": Spread.of(measure.values(its, "seconds")),
            "µs per row and epoch": Spread.of(time_per_row(its, n_rows)),
            "peak MiB": Spread.of(measure.values(its, "peak")),
            "of which libraries' files MiB": Spread.of(measure.values(its, "files")),
            "data MiB": its[0]["data"],
            "R²": Spread.of(measure.values(its, "quality")),
        }
        for (contender, n_rows), its in records.items()
    ]
    return report.Answer(
        "growth_rows",
        "Growth with rows",
        "13 features, network 64-64-1, batch 32, Adam, 3 epochs; the program compiled "
        "before; memory is the peak of a whole process.",
        rows,
        summary({n: its for (who, n), its in records.items() if who == peers.OURS}),
    )


def time_per_row(records, n_rows):
    """Return microseconds per row and epoch of each record."""
    return [
        s / n_rows / TRAINING.epochs * 1e6 for s in measure.values(records, "seconds")
    ]


def summary(records: dict[int, list[dict]]) -> dict[str, Spread]:
    """Return the deviation of the time per row, and memory over its allowance.

    Library files are shared by all processes that have them open, and the system may
    drop them at any time; so memory is judged with and without them.
    """
    times = [
        Spread.of(time_per_row(its, n_rows)).median
        for n_rows, its in records.items()
        if n_rows >= EVEN_FROM
    ]
    run = [record for its in records.values() for record in its]
    memory = [r["peak"] / allowance(r) for r in run]
    own_memory = [(r["peak"] - r["files"]) / allowance(r) for r in run]
    return {
        "largest deviation of the time per row from 1e4 on": Spread.of(
            [100 * (max(times) / min(times) - 1)]
        ),
        "peak memory ÷ (2.5 × data + 600 MiB), largest": Spread.of([max(memory)]),
        "the same without libraries' files": Spread.of([max(own_memory)]),
    }


def allowance(record: dict) -> float:
    """Return how many MiB a process with these data may take."""
    return 2.5 * record["data"] + 600


if __name__ == "__main__":
    report.main(prepare, answer)
