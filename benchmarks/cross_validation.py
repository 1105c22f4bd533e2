"""Ask how long a 4-fold cross validation takes in a fresh process.

Boston housing, the network 13-64-64-1, imports included.
"""

import tempfile
from dataclasses import asdict, replace
from functools import partial

import numpy as np

from benchmarks import fits, measure, peers, problems, report
from benchmarks.one_fit import PLAIN

SCRIPT = "benchmarks.cross_validation"
# `clone` copies these whole; the others are walked through the folds by hand.
CLONED = (peers.OURS, peers.SCIKERAS, peers.MLP)
ROUNDS = {
    peers.OURS: 5,
    peers.SCIKERAS: 5,
    peers.KERAS_WRAPPERS: 3,
    peers.KERAS: 3,
    peers.SKORCH: 5,
    peers.MLP: 5,
    peers.JAX: 5,
}


def prepare(contender, problem, training):
    """Return the function that cross validates once."""
    from sklearn.model_selection import KFold, cross_val_score

    problem = problems.load(problem)
    training = fits.training_from(training)

    def run(seed):
        folds = KFold(4, shuffle=True, random_state=seed)
        if contender in CLONED:
            estimator = peers.estimator(contender, training, seed)
            scores = cross_val_score(estimator, problem.X, problem.y, cv=folds)
        else:
            scores = by_hand(contender, training, problem, folds, seed)
        return {"quality": np.mean(scores)}

    return run


def by_hand(contender, training, problem, folds, seed):
    """Return the score of a new estimator for each fold."""
    scores = []
    for train, test in folds.split(problem.X):
        fold = replace(
            problem,
            X=problem.X[train],
            y=problem.y[train],
            X_test=problem.X[test],
            y_test=problem.y[test],
        )
        estimator = peers.estimator(contender, training, seed).fit(fold.X, fold.y)
        scores.append(fold.score(estimator.predict(fold.X_test)))
    return scores


def answer(quick):
    """Ask fresh processes in turns."""
    training = replace(PLAIN, epochs=10) if quick else PLAIN
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
    return report.Answer(
        "cross_validation",
        "4-fold cross validation",
        "Boston housing, 404×13, network 64-64-1, batch 16, Adam, 100 epochs, 4 folds; "
        "a fresh process, from the start of Python to the scores.",
        fits.table(records, "R²", "seconds_alive"),
        fits.ratios(records, "seconds_alive"),
    )


if __name__ == "__main__":
    report.main(prepare, answer)
