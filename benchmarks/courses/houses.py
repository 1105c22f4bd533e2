"""D25 and D26: Boston housing in folds, epochs chosen, and a grid searched."""

import numpy as np
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.courses.row import Figure, Range, above, below, exactly, row
from skdeep import DNNRegressor
from skdeep.datasets import load_boston_housing
from skdeep.model_selection import epoch_curve

MAE = "neg_mean_absolute_error"


def house_network(seed, **parameters):
    """Return the network of D25 behind a scaler."""
    net = DNNRegressor(
        (64, 64),
        optimizer="rmsprop",
        metrics="mae",
        random_state=seed,
        **{"dropout": 0.0, "normalize_y": False, **parameters},
    )
    return make_pipeline(StandardScaler(), net)


@row(
    "D25",
    "Boston housing 64-64 relu, 4 folds",
    Figure("validation MAE, 100 epochs, batch 16", "~2.4", below(2.5), below(4.5)),
    Figure("validation MAE, 100 epochs, batch 1", "~2.4", below(2.7), below(4.5)),
    Figure("least of the epoch curve", "~2.4", below(2.4), below(4.5)),
    Figure("epoch of the least", "~80", Range(40, 250), Range(1, 40)),
    Figure("validation MAE, last epoch, batch 1", "–", below(3.2), below(4.5)),
    Figure("test MAE, best number of epochs", "2.5–2.9", below(2.9), below(5)),
    needs_files=False,
)
def boston(small, seed):
    """The mean over the folds, epoch by epoch, says how long to train."""
    X, X_test, y, y_test = load_boston_housing(return_X_y=True, split="keras")
    # Of the small ones NumPy trains all, those of one row as well.
    short, long = (20, 40) if small else (100, 300)
    short_by_one, long_by_one = (3, 4) if small else (100, 500)
    folds = KFold(4)

    def validation_error(**parameters):
        net = house_network(seed, **parameters)
        return -cross_val_score(net, X, y, cv=folds, scoring=MAE).mean()

    net = house_network(seed, epochs=long, batch_size=16)
    epochs, _, scores = epoch_curve(net, X, y, cv=folds, scoring=MAE)
    curve = -scores.mean(axis=1)
    best = int(epochs[curve.argmin()])
    net.set_params(dnnregressor__epochs=best).fit(X, y)
    return (
        validation_error(epochs=short, batch_size=16),
        validation_error(epochs=short_by_one, batch_size=1),
        curve.min(),
        best,
        validation_error(epochs=long_by_one, batch_size=1),
        np.mean(np.abs(net.predict(X_test) - y_test)),
    )


@row(
    "D26",
    "grid search, learning rate × dropout × L1 × L2",
    Figure("candidates", "–", exactly(81), exactly(16)),
    Figure("programs compiled", "–", below(2), below(2)),
    Figure("validation MAE, best", "–", below(2.6), below(6)),
    Figure("worst / best", "–", above(1.2), above(1)),
    needs_files=False,
)
def grid_search(small, seed):
    """Numbers of one program, so that the whole grid compiles no more than a fit."""
    from skdeep.engine import cache_info, clear_cache

    X, _, y, _ = load_boston_housing(return_X_y=True, split="keras")
    grid = {
        "dnnregressor__learning_rate": [0.0003, 0.001, 0.003],
        "dnnregressor__dropout": [0.05, 0.1, 0.3],
        "dnnregressor__l1": [1e-4, 1e-3, 1e-2],
        "dnnregressor__l2": [1e-4, 1e-3, 1e-2],
    }
    if small:
        grid = {name: values[1:] for name, values in grid.items()}
    net = house_network(seed, epochs=10 if small else 100, batch_size=16)
    clear_cache()
    search = GridSearchCV(net, grid, cv=2 if small else 5, scoring=MAE).fit(X, y)
    errors = -search.cv_results_["mean_test_score"]
    return (
        len(errors),
        cache_info().misses,
        errors.min(),
        errors.max() / errors.min(),
    )
