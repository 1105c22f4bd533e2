"""Ask what one fit costs besides training.

Twenty rows, one epoch, one batch, the program compiled before: what is left is
checking arguments and arrays, starting weights, the call and the fitted attributes.
"""

import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from statistics import median

from benchmarks import fits, measure, peers, problems, report
from benchmarks.measure import Spread

SCRIPT = "benchmarks.overhead"
TRAINING = peers.Training(input_shape=(13,), batch_size=32, epochs=1)
# Fits of one round, of which the median counts.
FITS = {
    peers.OURS: 50,
    peers.JAX: 50,
    peers.MLP: 50,
    peers.SKORCH: 50,
    peers.KERAS: 5,
    peers.KERAS_WRAPPERS: 5,
    peers.SCIKERAS: 5,
}


def prepare(contender, problem, training):
    """Return the function that fits several times and returns the median."""
    problem = problems.load(problem)
    training = fits.training_from(training)

    def run(seed):
        seconds = []
        for index in range(FITS[contender]):
            estimator = peers.estimator(contender, training, 100 * seed + index)
            seconds.append(measure.time_call(estimator.fit, problem.X, problem.y)[0])
        return {"seconds": median(seconds)}

    return run


def answer(quick):
    """Ask warm contenders in turns."""
    problem = problems.made_up(20)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        settings = {"problem": problem.save(folder), "training": asdict(TRAINING)}
        runs = {}
        for contender in FITS:
            worker = measure.Worker(SCRIPT, contender, settings)
            runs[contender] = stack.enter_context(worker).run
            worker.run(seed=1000)
        records = measure.interleave(runs, 1 if quick else 5)
    milliseconds = {
        contender: Spread.of(1000 * s for s in measure.values(its, "seconds"))
        for contender, its in records.items()
    }
    return report.Answer(
        "overhead",
        "Overhead of a fit",
        "20 rows of 13 features, network 64-64-1, one epoch of one batch; the program "
        "compiled before.",
        [
            {"contender": contender, "milliseconds": spread}
            for contender, spread in milliseconds.items()
        ],
        {"one fit of one batch": milliseconds[peers.OURS]},
    )


if __name__ == "__main__":
    report.main(prepare, answer)
