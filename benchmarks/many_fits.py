"""Ask whether hundreds of fits in a process stay as light and quick as the first.

Resident memory and time after each fit; the learning rate differs from fit to fit,
as in a search. Nobody collects garbage by hand, because users do not.
"""

import tempfile
from dataclasses import asdict, replace
from statistics import median

from benchmarks import fits, measure, peers, problems, report
from benchmarks.measure import Spread
from benchmarks.one_fit import PLAIN

SCRIPT = "benchmarks.many_fits"
TRAINING = replace(PLAIN, epochs=20)
FITS = {
    peers.OURS: 300,
    peers.MLP: 60,
    peers.SKORCH: 60,
    peers.KERAS: 60,
    peers.KERAS_WRAPPERS: 60,
    peers.SCIKERAS: 60,
}


def prepare(contender, problem, training):
    """Return the function that fits many times and records memory and time."""
    problem = problems.load(problem)
    training = fits.training_from(training)

    def run(n_fits):
        seconds, resident = [], []
        for index in range(n_fits):
            this = replace(training, learning_rate=0.001 * (1 + index / n_fits))
            estimator = peers.estimator(contender, this, index)
            seconds.append(measure.time_call(estimator.fit, problem.X, problem.y)[0])
            resident.append(measure.resident_mib())
        return {"seconds": seconds, "resident": resident}

    return run


def answer(quick):
    """Ask one contender after the other: memory does not depend on turns."""
    rows, figures = [], {}
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "problem": problems.boston().save(folder),
            "training": asdict(TRAINING),
        }
        for contender, n_fits in FITS.items():
            n_fits = 30 if quick else n_fits
            record = measure.run_once(SCRIPT, contender, settings, n_fits=n_fits)
            row = summary(record)
            rows.append({"contender": contender, "fits": n_fits, **row})
            if contender == peers.OURS:
                figures["growth per fit after the tenth"] = Spread.of(
                    [row["MiB per fit after the tenth"]]
                )
                figures["fits 281–300 ÷ fits 11–30"] = Spread.of(
                    [row["last 20 fits ÷ fits 11–30"]]
                )
    return report.Answer(
        "many_fits",
        "Many fits in one process",
        "Boston housing, 404×13, network 64-64-1, batch 16, Adam, 20 epochs.",
        rows,
        figures,
    )


def summary(record: dict) -> dict:
    """Return memory at the tenth and at the last fit, and how the time changed."""
    resident, seconds = record["resident"], record["seconds"]
    growth = (resident[-1] - resident[9]) / (len(resident) - 10)
    return {
        "MiB after 10 fits": resident[9],
        "MiB after the last": resident[-1],
        "MiB per fit after the tenth": growth,
        "last 20 fits ÷ fits 11–30": median(seconds[-20:]) / median(seconds[10:30]),
    }


if __name__ == "__main__":
    report.main(prepare, answer)
