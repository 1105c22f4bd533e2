"""Ask how long a search over architectures takes in a process that has its imports.

Two searches on Boston housing behind a scaler: a grid of five networks × two
activations × two batch sizes × five folds, 100 fits of 50 epochs; and 60 draws of one
to three layers of 16 to 256 units, batch size, dropout and learning rate, three folds.
Nearly every candidate is a program of its own for skdeep. scikit-learn has no dropout
and does without. SciKeras fits a part, and its time is scaled up. Then the first fit of
a network that the process has not seen.
"""

import tempfile
from functools import partial

import numpy as np

from benchmarks import measure, peers, problems, report
from benchmarks.measure import Spread

SCRIPT = "benchmarks.architecture_search"
NETWORKS = [(32,), (64,), (64, 64), (128, 64), (50, 50, 50)]
ACTIVATIONS = ["relu", "tanh"]
BATCH_SIZES = [16, 32]
GRID, DRAWS, COLD = "grid", "draws", "cold fit"
N_DRAWS = 60
N_TIMED = 4  # of SciKeras' fits
ROUNDS = {peers.OURS: 3, peers.MLP: 3, peers.SCIKERAS: 1}


def prepare(contender, problem, epochs):
    """Return the function that searches, or that times a part of the search."""
    problem = problems.load(problem)
    pipeline(contender, candidate((8,), "relu", 16), 1, 0).fit(problem.X, problem.y)

    def run(search, seed):
        if search == COLD:
            settings = [candidate((40 + seed, 56), "relu", 16)]
            folds = [(slice(None), slice(None))]
        else:
            settings = grid() if search == GRID else draws(seed)
            folds = splits(len(problem.X), 5 if search == GRID else 3, seed)
        jobs = [(setting, fold) for setting in settings for fold in folds]
        chosen = jobs
        if contender == peers.SCIKERAS and len(jobs) > N_TIMED:
            chosen = [
                jobs[i] for i in np.linspace(0, len(jobs) - 1, N_TIMED).astype(int)
            ]
        seconds, scores = measure.time_call(
            fit_all, contender, problem, chosen, epochs, seed
        )
        return {
            "seconds": seconds * len(jobs) / len(chosen),
            "quality": float(np.mean(scores)),
            "compiled": compiled(contender),
        }

    return run


def candidate(sizes, activation, batch_size, learning_rate=0.001, dropout=0.0):
    """Return the settings of a network, in Keras' words."""
    return {
        "hidden_layer_sizes": tuple(int(size) for size in sizes),
        "activation": activation,
        "batch_size": int(batch_size),
        "learning_rate": float(learning_rate),
        "dropout": float(dropout),
    }


def grid():
    """Return the candidates of the grid."""
    return [
        candidate(sizes, activation, batch_size)
        for sizes in NETWORKS
        for activation in ACTIVATIONS
        for batch_size in BATCH_SIZES
    ]


def draws(seed):
    """Return candidates drawn at random."""
    rng = np.random.default_rng(seed)
    return [
        candidate(
            rng.integers(16, 257, size=rng.integers(1, 4)),
            "relu",
            rng.choice([16, 32, 64]),
            10 ** rng.uniform(-4, -2),
            rng.uniform(0, 0.3),
        )
        for _ in range(N_DRAWS)
    ]


def splits(n_rows, n_folds, seed):
    """Return the rows of the folds."""
    from sklearn.model_selection import KFold

    return list(KFold(n_folds, shuffle=True, random_state=seed).split(np.zeros(n_rows)))


def fit_all(contender, problem, jobs, epochs, seed):
    """Fit and score one job after the other, as a search does."""
    scores = []
    for setting, (train, test) in jobs:
        model = pipeline(contender, setting, epochs, seed)
        model.fit(problem.X[train], problem.y[train])
        scores.append(model.score(problem.X[test], problem.y[test]))
    return scores


def pipeline(contender, setting, epochs, seed):
    """Return a scaler and the contender's network of these settings."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), NETS[contender](setting, epochs, seed))


def ours(setting, epochs, seed):
    """Return skdeep's network; what is not named is as in the peers."""
    from skdeep import DNNRegressor

    return DNNRegressor(
        **setting,
        early_stopping=False,
        normalize_y=False,
        epochs=epochs,
        random_state=seed,
    )


def mlp(setting, epochs, seed):
    """Return scikit-learn's network, kept from stopping early."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    return MLPRegressor(
        hidden_layer_sizes=setting["hidden_layer_sizes"],
        activation=setting["activation"],
        batch_size=setting["batch_size"],
        learning_rate_init=setting["learning_rate"],
        alpha=0.0,
        max_iter=epochs,
        tol=0.0,
        n_iter_no_change=epochs,
        random_state=seed,
    )


def scikeras(setting, epochs, seed):
    """Return SciKeras' wrapper of the same network."""
    from scikeras.wrappers import KerasRegressor

    return KerasRegressor(
        model=partial(
            keras_network,
            setting["hidden_layer_sizes"],
            setting["activation"],
            setting["dropout"],
        ),
        loss="mean_squared_error",
        optimizer="adam",
        optimizer__learning_rate=setting["learning_rate"],
        batch_size=setting["batch_size"],
        epochs=epochs,
        verbose=0,
    )


def keras_network(sizes, activation, dropout):
    """Return the network, not compiled."""
    import keras

    hidden = []
    for units in sizes:
        hidden.append(keras.layers.Dense(units, activation=activation))
        if dropout:
            hidden.append(keras.layers.Dropout(dropout))
    return keras.Sequential([keras.Input((13,)), *hidden, keras.layers.Dense(1)])


NETS = {peers.OURS: ours, peers.MLP: mlp, peers.SCIKERAS: scikeras}


def compiled(contender):
    """Return how many programs skdeep has compiled in this process."""
    if contender != peers.OURS:
        return 0
    from skdeep.engine import cache_info

    return cache_info().compiled


def answer(quick):
    """Ask fresh processes in turns, for one search after the other."""
    epochs = 2 if quick else 50
    rows, figures = [], {}
    with tempfile.TemporaryDirectory() as folder:
        settings = {"problem": problems.boston().save(folder), "epochs": epochs}
        for search in (GRID, DRAWS, COLD):
            runs = {
                contender: partial(
                    measure.run_once, SCRIPT, contender, settings, search=search
                )
                for contender in ROUNDS
            }
            records = measure.interleave(runs, 1 if quick else ROUNDS)
            rows += table(search, records)
            for peer in (peers.MLP, peers.SCIKERAS):
                figures[f"{peer} ÷ skdeep, {search}"] = measure.ratio(
                    records[peer], records[peers.OURS]
                )
            if search == COLD:
                seconds = measure.values(records[peers.OURS], "seconds")
                figures[f"{peers.OURS}, {COLD}"] = Spread.of(seconds)
    return report.Answer(
        "architecture_search",
        "A search over architectures",
        "Boston housing in a Pipeline, 50 epochs. grid: 5 networks × relu, tanh × "
        "batch 16, 32 × 5 folds, 100 fits; draws: 60 of 1 to 3 layers of 16 to 256 "
        "units, with dropout but for scikit-learn's, × 3 folds, 180 fits; cold fit: a "
        "network that the process has not seen. Imports are not counted. SciKeras: a "
        "few fits timed and scaled.",
        rows,
        figures,
    )


def table(search, records):
    """Return a row per contender."""
    return [
        {
            "search": search,
            "contender": contender,
            "seconds": Spread.of(measure.values(its, "seconds")),
            "R²": Spread.of(measure.values(its, "quality")),
            "programs": Spread.of(measure.values(its, "compiled")),
            "runs": len(its),
        }
        for contender, its in records.items()
    ]


if __name__ == "__main__":
    report.main(prepare, answer)
