"""Ask how fast networks of the user's own are, against Keras and SciKeras.

Six kinds of network, each trained by `KerasClassifier`, by a Keras model that is built
and fitted as in a Keras tutorial, and by SciKeras; in processes of their own, in turns,
after a first fit that is not measured. Process CPU is what the fit asks of a machine
however busy it is. At last the memory that 100 more fits leave behind.
"""

import gc
import time

import numpy as np

from benchmarks import measure, report
from benchmarks.measure import Spread

OURS, KERAS, SCIKERAS = "skdeep", "Keras fit", "SciKeras"
CONTENDERS = (OURS, KERAS, SCIKERAS)
N_ROWS, N_CLASSES, BATCH_SIZE, EPOCHS = 400, 3, 32, 10
MANY_EPOCHS = 100  # of dense networks, as everywhere here
# What KerasClassifier has to reach against Keras fit, in targets.py.
DENSE, SEQUENCES, RECURRENT = ("dense",), ("conv1d", "embedding"), ("lstm", "gru")
NETWORKS = (*DENSE, *SEQUENCES, *RECURRENT, "two inputs")
N_FITS_FOR_MEMORY = 100
N_WORDS, N_STEPS, N_FEATURES = 1000, 20, 4


def rows(network: str) -> tuple:
    """Return X and y of a network."""
    rng = np.random.default_rng(0)
    y = rng.integers(N_CLASSES, size=N_ROWS)
    if network == "embedding":
        return rng.integers(N_WORDS, size=(N_ROWS, N_STEPS)), y
    if network in (*RECURRENT, "conv1d"):
        shape = (N_ROWS, N_STEPS, N_FEATURES)
        return rng.normal(size=shape).astype("float32"), y
    X = rng.normal(size=(N_ROWS, 12)).astype("float32")
    return ([X[:, :6], X[:, 6:]] if network == "two inputs" else X), y


def build(network: str):
    """Return a functional Keras model, not compiled."""
    import keras
    from keras import layers

    inputs, hidden = _body(network, keras.Input, layers)
    return keras.Model(inputs, layers.Dense(N_CLASSES, activation="softmax")(hidden))


def _body(network, rows_of, layers):
    """Inputs, and what the last layer gets."""
    if network == "two inputs":
        inputs = [rows_of((6,), name="left"), rows_of((6,), name="right")]
        parts = [layers.Dense(32, activation="relu")(x) for x in inputs]
        return inputs, layers.Dense(32, activation="relu")(layers.concatenate(parts))
    if network == "dense":
        x = rows_of((12,))
        hidden = layers.Dense(64, activation="relu")(x)
        return x, layers.Dense(64, activation="relu")(hidden)
    if network == "embedding":
        x = rows_of((N_STEPS,))
        return x, layers.GlobalAveragePooling1D()(layers.Embedding(N_WORDS, 16)(x))
    x = rows_of((N_STEPS, N_FEATURES))
    if network == "conv1d":
        hidden = layers.Conv1D(16, 3, activation="relu")(x)
        return x, layers.GlobalAveragePooling1D()(hidden)
    return x, {"lstm": layers.LSTM, "gru": layers.GRU}[network](16)(x)


def prepare(contender, network, epochs):
    """Return the function that fits once, or as often as it is told."""
    X, y = rows(network)
    fit = {OURS: _ours, KERAS: _keras, SCIKERAS: _scikeras}[contender]

    def run(seed, n_fits=0):
        start, cpu = time.perf_counter(), time.process_time()
        for number in range(n_fits or 1):
            fit(network, epochs, seed + number)(X, y)
        seconds = time.perf_counter() - start, time.process_time() - cpu
        gc.collect()
        figures = {"seconds": seconds[0], "cpu": seconds[1]}
        return {**figures, "resident": measure.resident_mib()}

    return run


def _ours(network, epochs, seed):
    """Return the fit of our estimator."""
    from skdeep import KerasClassifier

    net = KerasClassifier(build, network=network, random_state=seed, **_common(epochs))
    return net.fit


def _scikeras(network, epochs, seed):
    """Return the fit of SciKeras; its seed would seed the process, so there is none."""
    from scikeras.wrappers import KerasClassifier

    class SeveralInputs(KerasClassifier):
        @property
        def feature_encoder(self):
            from sklearn.preprocessing import FunctionTransformer

            return FunctionTransformer(lambda X: [X[:, :6], X[:, 6:]])

    kind = SeveralInputs if network == "two inputs" else KerasClassifier
    net = kind(
        build,
        network=network,
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        verbose=0,
        **_common(epochs),
    )
    return lambda X, y: net.fit(np.hstack(X) if isinstance(X, list) else X, y)


def _keras(network, epochs, seed):
    """Return the fit of a new model."""
    import keras

    keras.utils.set_random_seed(seed)
    model = build(network)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    settings = {"epochs": epochs, "batch_size": BATCH_SIZE, "verbose": 0}
    return lambda X, y: model.fit(X, y, **settings)


def _common(epochs):
    """What the two wrappers are told alike."""
    return {"optimizer": "adam", "epochs": epochs, "batch_size": BATCH_SIZE}


def answer(quick):
    """Ask each network's contenders in turns, then ours for its memory."""
    table, figures = [], {}
    for network in NETWORKS:
        epochs = MANY_EPOCHS if network in (*DENSE, "two inputs") else EPOCHS
        settings = {"network": network, "epochs": 2 if quick else epochs}
        records, growth = _ask(settings, quick)
        table += _rows(network, records, growth)
        for peer in (KERAS, SCIKERAS):
            name = f"{network}: {peer} ÷ {OURS}"
            figures[name] = measure.ratio(records[peer], records[OURS], "cpu")
        figures[f"{network}: growth per fit"] = growth
    return report.Answer(
        "own_networks",
        "Networks of one's own",
        f"{N_ROWS} rows of {N_CLASSES} classes, batch {BATCH_SIZE}, Adam, {EPOCHS} "
        f"epochs ({MANY_EPOCHS} of dense layers): dense 64-64; convolution 16; "
        f"embedding of {N_WORDS} words in 16; LSTM and GRU 16; {N_STEPS} steps. "
        "Targets are ratios of process CPU; each contender has fitted the same network "
        f"once before. Growth is what each of {N_FITS_FOR_MEMORY} more fits leaves.",
        table,
        figures,
    )


def _ask(settings, quick):
    """Return the records of all contenders, and the growth of ours."""
    script, seed = "benchmarks.own_networks", 1000
    workers = {c: measure.Worker(script, c, settings) for c in CONTENDERS}
    for worker in workers.values():
        worker.run(seed=seed)  # not measured: imports, traces, compiles
    runs = {contender: worker.run for contender, worker in workers.items()}
    records = measure.interleave(runs, 1 if quick else {OURS: 9, KERAS: 3, SCIKERAS: 3})
    n_fits = 3 if quick else N_FITS_FOR_MEMORY
    # After as many that fill what the allocator keeps.
    before = workers[OURS].run(seed=seed, n_fits=n_fits)["resident"]
    after = workers[OURS].run(seed=seed, n_fits=n_fits)["resident"]
    for worker in workers.values():
        worker.__exit__()
    return records, Spread.of([(after - before) / n_fits])


def _rows(network, records, growth):
    """A row of the table for each contender."""
    return [
        {
            "network": network,
            "contender": contender,
            "CPU s": Spread.of(measure.values(its, "cpu")),
            "wall s": Spread.of(measure.values(its, "seconds")),
            "CPU ÷ skdeep": measure.ratio(its, records[OURS], "cpu"),
            "wall ÷ skdeep": measure.ratio(its, records[OURS], "seconds"),
            "MiB per fit": growth if contender == OURS else "",
        }
        for contender, its in records.items()
    ]


if __name__ == "__main__":
    report.main(prepare, answer)
