"""Ask what it costs to look at every epoch of a small fit.

One hundred rows in one batch, 300 epochs, the programs compiled before: an epoch takes
0.1 ms by itself, so what is left is the call and what looks on. A class of the user
that reads the weights costs what the table says on purpose: they are copied for it.
"""

from functools import partial

from benchmarks import measure, problems, report
from benchmarks.measure import Spread

EPOCHS = 300
PLAIN = "nothing"


def contenders():
    """Return what looks on: name → parameters of the estimator."""
    from keras import callbacks

    class Reading(callbacks.Callback):
        """Read the weights after every epoch."""

        def on_epoch_end(self, epoch, logs=None):
            """Read."""
            self.model.get_weights()

    watch = partial(callbacks.EarlyStopping, "loss", patience=EPOCHS)
    return {
        PLAIN: {},
        "early_stopping=True": {"early_stopping": True, "patience": EPOCHS},
        "EarlyStopping": {"callbacks": watch()},
        "EarlyStopping, best weights": {"callbacks": watch(restore_best_weights=True)},
        "ReduceLROnPlateau": {
            "callbacks": callbacks.ReduceLROnPlateau("loss", patience=EPOCHS)
        },
        "History": {"callbacks": callbacks.History()},
        "a class that reads weights": {"callbacks": Reading()},
    }


def answer(quick):
    """Fit with each in turns; count milliseconds per epoch above those of none."""
    from skdeep import DNNRegressor

    problem, n_epochs = problems.made_up(100), 10 if quick else EPOCHS

    def fit(parameters, epochs, seed):
        settings = {"batch_size": 128, "epochs": epochs, "random_state": seed}
        net = DNNRegressor((32,), **settings, **parameters)
        return measure.time_call(net.fit, problem.X, problem.y)[0]

    def per_epoch(parameters, seed):
        fit(parameters, 1, seed)
        start = fit(parameters, 1, seed)  # making the model that callbacks see
        return {"seconds": (fit(parameters, n_epochs, seed) - start) / (n_epochs - 1)}

    runs = {name: partial(per_epoch, its) for name, its in contenders().items()}
    records = measure.interleave(runs, 1 if quick else 9)
    plain = measure.values(records[PLAIN], "seconds")
    costs = {}
    for name, its in records.items():
        seconds = measure.values(its, "seconds")
        more = (a - b for a, b in zip(seconds, plain, strict=True))
        costs[name] = Spread.of(1000 * s for s in more)
    return report.Answer(
        "callbacks",
        "Looking at every epoch",
        "100 rows in one batch, network 32-1; milliseconds per epoch above those of a "
        "fit that nobody looks at.",
        [
            {
                "looks on": name,
                "more milliseconds per epoch": costs[name],
                "milliseconds per epoch": Spread.of(
                    1000 * s for s in measure.values(its, "seconds")
                ),
            }
            for name, its in records.items()
        ],
        {"early stopping": costs["early_stopping=True"]}
        | {"Keras' EarlyStopping": costs["EarlyStopping"]},
    )


if __name__ == "__main__":
    report.main(None, answer)
