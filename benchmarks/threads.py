"""Ask what a second thread gains: two threads that fit the same architecture.

40 fits of the Boston job by one thread, and 20 by each of two; and the search of
``grid_search`` with joblib's threads. The process has compiled the program before.
"""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import numpy as np

from benchmarks import fits, grid_search, measure, peers, problems, report
from benchmarks.one_fit import PLAIN

SCRIPT = "benchmarks.threads"
N_FITS = 40
JOBS = ("fits", "search")
ROUNDS = 7


def prepare(contender, problem, training):
    """Return the function that does a job with a number of threads."""
    problem = problems.load(problem)
    training = fits.training_from(training)
    peers.estimator(peers.OURS, training, 0).fit(problem.X, problem.y)
    return {"fits": fit_many, "search": search}[contender](problem, training)


def fit_many(problem, training):
    """Return a function that fits many times in some threads."""

    def fit(seed):
        estimator = peers.estimator(peers.OURS, training, seed)
        return estimator.fit(problem.X, problem.y).loss_curve_[-1]

    def run(n_threads):
        with ThreadPoolExecutor(n_threads) as pool:
            seconds, losses = measure.time_call(
                lambda: list(pool.map(fit, range(N_FITS)))
            )
        return {"seconds": seconds, "losses": losses}

    return run


def search(problem, training):
    """Return a function that searches a grid of 135 fits in some threads."""
    import joblib
    from sklearn.model_selection import GridSearchCV, KFold

    folds = KFold(grid_search.N_FOLDS, shuffle=True, random_state=0)
    training = replace(training, dropout=0.1, l2=1e-4)

    def run(n_threads):
        estimator = peers.estimator(peers.OURS, training, 0)
        grid = GridSearchCV(
            estimator, grid_search.GRID, cv=folds, n_jobs=n_threads, refit=False
        )
        with joblib.parallel_config("threading"):
            seconds, grid = measure.time_call(grid.fit, problem.X, problem.y)
        return {"seconds": seconds, "losses": grid.cv_results_["mean_test_score"]}

    return run


def answer(quick):
    """Let one thread and two take turns in one process per job."""
    training = replace(PLAIN, epochs=10) if quick else PLAIN
    rows, figures = [], {}
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "problem": problems.boston().save(folder),
            "training": asdict(training),
        }
        for job in JOBS:
            with measure.Worker(SCRIPT, job, settings) as worker:
                worker.run(n_threads=1)
                turns = [
                    [worker.run(n_threads=n) for n in (1, 2)]
                    for _ in range(2 if quick else ROUNDS)
                ]
            one, two = zip(*turns, strict=True)
            same = all(np.array_equal(a["losses"], b["losses"]) for a, b in turns)
            ratio = measure.ratio(two, one)
            figures[f"two threads ÷ one, {job}"] = ratio
            rows.append(
                {
                    "job": job,
                    "one thread, s": measure.Spread.of(measure.values(one, "seconds")),
                    "two threads, s": measure.Spread.of(measure.values(two, "seconds")),
                    "two ÷ one": ratio,
                    "same numbers": "yes" if same else "no",
                }
            )
    return report.Answer(
        "threads",
        "Two threads",
        "Boston housing, 404×13, network 64-64-1, batch 16, Adam, 100 epochs: "
        "40 fits, and a search of 135.",
        rows,
        figures,
    )


if __name__ == "__main__":
    report.main(prepare, answer)
