"""Ask how long a grid search takes in a fresh process.

135 fits: 3 learning rates × 3 dropouts × 3 L2 × 5 folds. skdeep searches the whole
grid, with one worker and with two. The peers fit six cells of it, evenly spread;
their time is that of one fit times 135, plus what the process needs besides.
"""

import tempfile
from dataclasses import asdict, replace
from functools import partial
from statistics import fmean

import numpy as np

from benchmarks import fits, measure, peers, problems, report
from benchmarks.measure import Spread
from benchmarks.one_fit import PLAIN

SCRIPT = "benchmarks.grid_search"
GRID = {
    "learning_rate": [0.0003, 0.001, 0.003],
    "dropout": [0.1, 0.2, 0.3],
    "l2": [1e-5, 1e-4, 1e-3],
}
N_FOLDS = 5
N_FITS = 3 * 3 * 3 * N_FOLDS
N_TIMED = 6
TWO_WORKERS = "skdeep, n_jobs=2"
ROUNDS = {
    peers.OURS: 5,
    TWO_WORKERS: 5,
    peers.SCIKERAS: 3,
    peers.KERAS_WRAPPERS: 1,
    peers.KERAS: 1,
    peers.SKORCH: 3,
    peers.JAX: 3,
}


def prepare(contender, problem, training):
    """Return the function that searches, or that fits some cells of the grid."""
    problem = problems.load(problem)
    training = fits.training_from(training)
    if contender in (peers.OURS, TWO_WORKERS):
        n_jobs = 2 if contender == TWO_WORKERS else 1
        return partial(search, problem, training, n_jobs)
    return partial(fit_some, contender, problem, training)


def search(problem, training, n_jobs, seed):
    """Search the whole grid; return the best score and what was compiled."""
    from sklearn.model_selection import GridSearchCV, KFold

    from skdeep.engine import cache_info

    # The rates in the estimator itself are replaced by the grid's.
    estimator = peers.estimator(peers.OURS, training, seed)
    folds = KFold(N_FOLDS, shuffle=True, random_state=seed)
    grid = GridSearchCV(estimator, GRID, cv=folds, n_jobs=n_jobs, refit=False)
    grid.fit(problem.X, problem.y)
    scores = grid.cv_results_["mean_test_score"]
    return {"quality": fmean(scores), "compiled": cache_info().misses}


def fit_some(contender, problem, training, seed):
    """Fit and score some cells; return the seconds of each."""
    from sklearn.model_selection import KFold, ParameterGrid

    cells = [
        (setting, fold)
        for setting in ParameterGrid(GRID)
        for fold in KFold(N_FOLDS, shuffle=True, random_state=seed).split(problem.X)
    ]
    seconds, scores = [], []
    for index in np.linspace(0, N_FITS - 1, N_TIMED).astype(int):
        setting, (train, test) = cells[index]
        time, score = measure.time_call(
            _fit_cell, contender, problem, replace(training, **setting), train, test
        )
        seconds.append(time)
        scores.append(score)
    return {"quality": fmean(scores), "fits": seconds}


def _fit_cell(contender, problem, training, train, test):
    estimator = peers.estimator(contender, training, seed=0)
    estimator.fit(problem.X[train], problem.y[train])
    cell = replace(problem, X_test=problem.X[test], y_test=problem.y[test])
    return cell.score(estimator.predict(cell.X_test))


def whole_job(record: dict) -> float:
    """Return the seconds of all fits; the peers' are scaled up from those timed."""
    if "fits" not in record:
        return record["seconds_alive"]
    timed = record["fits"]
    # The first fit imports the library and is not repeated 135 times.
    besides = record["seconds_alive"] - sum(timed[1:])
    return besides + (N_FITS - 1) * fmean(timed[1:])


def answer(quick):
    """Ask fresh processes in turns."""
    training = replace(PLAIN, epochs=5) if quick else PLAIN
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "problem": problems.boston().save(folder),
            "training": asdict(training),
        }
        runs = {
            contender: partial(measure.run_once, SCRIPT, contender, settings)
            for contender in ROUNDS
        }
        records = measure.interleave(runs, 1 if quick else ROUNDS)
    for its in records.values():
        for record in its:
            record["whole"] = whole_job(record)
    ours = records[peers.OURS]
    figures = fits.ratios(records, "whole") | {
        "whole job": Spread.of(measure.values(ours, "whole")),
        "training programs compiled": Spread.of(measure.values(ours, "compiled")),
        "n_jobs=2 ÷ n_jobs=1": measure.ratio(records[TWO_WORKERS], ours, "whole"),
    }
    return report.Answer(
        "grid_search",
        "Grid search of 135 fits",
        "Boston housing, 404×13, network 64-64-1, batch 16, Adam, 100 epochs; 3 "
        "learning rates × 3 dropouts × 3 L2 × 5 folds; a fresh process, imports "
        "included. "
        f"Peers: {N_TIMED} fits timed and scaled to {N_FITS}; R² is the mean over the "
        "cells fitted.",
        fits.table(records, "R²", "whole"),
        figures,
    )


if __name__ == "__main__":
    report.main(prepare, answer)
