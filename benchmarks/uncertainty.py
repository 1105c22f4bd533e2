"""Ask how sure predictions are: intervals, distributions and probabilities of tables.

`SKDEEP_DATA=… python -m benchmarks.uncertainty` reads the tables of the folder `tables`
there, and Boston. Every figure is a mean over three splits of 70 and 30 %, the same for
all methods; calibration errors are of the test rows of all splits together. Costs are
process CPU seconds of a fit whose program is compiled.
"""

import argparse
import os
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.metrics import log_loss, mean_pinball_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from skdeep import DNNClassifier, DNNRegressor
from skdeep.datasets import load_boston_housing

REGRESSION = ("hotel_rates", "chicago", "sacramento", "flights", "wage", "car_prices")
CLASSIFICATION = ("churn", "attrition", "credit", "lending", "cells", "vehicle")
QUANTILES = (0.05, 0.5, 0.95)
N_MEMBERS = 5
N_BINS = 10
NET = {
    "hidden_layer_sizes": (128, 64),
    "batch_normalization": True,
    "dropout": 0.1,
    "epochs": 200,
    "early_stopping": True,
    "patience": 15,
    "batch_size": 64,
}


def read(name, most_rows):
    """Return rows as a frame, and the target."""
    if name == "boston":
        frame = load_boston_housing(as_frame=True).frame
    else:
        folder = Path(os.environ["SKDEEP_DATA"]) / "tables"
        frame = pd.read_csv(folder / f"{name}.csv.gz")
        frame = frame.sample(min(most_rows, len(frame)), random_state=0)
    return frame.iloc[:, :-1], frame.iloc[:, -1].to_numpy()


def columns(numeric, other):
    """Return a transformer of numbers and of what is not a number."""
    kinds = make_column_selector(dtype_include="number")
    others = make_column_selector(dtype_exclude="number")
    return make_column_transformer((numeric, kinds), (other, others))


def for_networks():
    """Return scaled numbers without gaps, and a column per category."""
    numeric = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    other = OneHotEncoder(
        handle_unknown="infrequent_if_exist", min_frequency=10, sparse_output=False
    )
    return columns(numeric, other)


def for_trees():
    """Return numbers as they are, and categories as codes."""
    other = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
        max_categories=250,
    )
    return columns("passthrough", other).set_output(transform="pandas")


def splits(X, y, n_splits, strata=None):
    """Yield rows to train on and to test on, prepared for networks and for trees."""
    for seed in range(n_splits):
        parts = train_test_split(
            X, y, test_size=0.3, random_state=seed, stratify=strata
        )
        train, test, y_train, y_test = parts
        pairs = []
        for transformer in (for_networks(), for_trees()):
            pairs.append(
                (transformer.fit_transform(train), transformer.transform(test))
            )
        yield seed, *pairs, y_train, y_test


def timed(fit):
    """Return what a function returns, and its CPU seconds."""
    start = time.process_time()
    result = fit()
    return result, time.process_time() - start


def pinball(y, found):
    """Return the mean pinball loss over the quantiles."""
    losses = [
        mean_pinball_loss(y, column, alpha=q)
        for column, q in zip(found.T, QUANTILES, strict=True)
    ]
    return np.mean(losses)


def coverage(y, low, high):
    """Return how many targets lie in their intervals."""
    return np.mean((low <= y) & (y <= high))


def conformal_margin(y, low, high, level=0.9):
    """Return by how much intervals are to be widened: Romano et al. (2019)."""
    scores = np.maximum(low - y, y - high)
    return np.quantile(scores, min(1, np.ceil((len(y) + 1) * level) / len(y)))


def quantile_figures(seed, rows, trees, y_train, y_test):
    """Return coverage and pinball loss of one network, and of three boosted models."""
    net = DNNRegressor(**NET, quantiles=QUANTILES, normalize_y=True, random_state=seed)
    train, test = rows
    net.set_params(epochs=1).fit(train, y_train).set_params(epochs=NET["epochs"])
    net, cost = timed(lambda: net.fit(train, y_train))
    found = net.predict_quantiles(test)
    # Threads that wait for each other would count as work.
    with threadpool_limits(1):
        boosted, cost_of_trees = timed(lambda: boosted_quantiles(*trees, y_train))
    half, rest, y_half, y_rest = train_test_split(
        train, y_train, test_size=0.25, random_state=seed
    )
    low, high = net.fit(half, y_half).predict_interval(rest).T
    margin = conformal_margin(y_rest, low, high)
    low, high = net.predict_interval(test).T
    # In deviations of the target, so that tables can be compared.
    unit = y_train.std()
    return {
        "raw": coverage(y_test, found[:, 0], found[:, 2]),
        "conformal": coverage(y_test, low - margin, high + margin),
        "pinball": pinball(y_test, found) / unit,
        "of trees": pinball(y_test, boosted) / unit,
        "CPU s": cost,
        "CPU s of trees": cost_of_trees,
    }


def boosted_quantiles(train, test, y_train):
    """Fit three models; their predictions are sorted as those of the network are."""
    models = [
        HistGradientBoostingRegressor(
            loss="quantile",
            quantile=q,
            categorical_features="from_dtype",
            random_state=0,
        )
        for q in QUANTILES
    ]
    found = [model.fit(train, y_train).predict(test) for model in models]
    return np.sort(np.column_stack(found))


def gaussian_figures(seed, rows, y_train, y_test):
    """Return the negative log likelihood of a gaussian, and of several averaged."""
    train, test = rows
    moments = []
    for member in range(N_MEMBERS):
        net = DNNRegressor(
            **NET, loss="gaussian", normalize_y=True, random_state=100 * seed + member
        )
        moments.append(net.fit(train, y_train).predict(test, return_std=True))
    means, deviations = map(np.array, zip(*moments, strict=True))
    # The law of total variance.
    variance = np.mean(deviations**2, axis=0) + np.var(means, axis=0)
    unit = np.log(y_train.std())

    def nll(mean, deviation):
        return -np.mean(stats.norm.logpdf(y_test, mean, deviation)) - unit

    return {
        "one gaussian": nll(means[0], deviations[0]),
        "five": nll(means.mean(axis=0), np.sqrt(variance)),
    }


def calibration_error(y, probabilities):
    """Return the mean distance of confidence and accuracy: Guo et al. (2017)."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == y
    bins = np.minimum((confidence * N_BINS).astype(int), N_BINS - 1)
    gaps = np.bincount(bins, right - confidence, minlength=N_BINS)
    return np.abs(gaps).sum() / len(y)


def classifier_figures(name, most_rows, n_splits):
    """Return errors of calibration and log losses, raw and with a temperature."""
    X, y = read(name, most_rows)
    y = np.unique(y, return_inverse=True)[1]
    found = {None: [], "temperature": []}
    truth, temperatures = [], []
    for seed, rows, _, y_train, y_test in splits(X, y, n_splits, y):
        truth.append(y_test)
        for calibration, parts in found.items():
            net = DNNClassifier(**NET, calibration=calibration, random_state=seed)
            parts.append(net.fit(rows[0], y_train).predict_proba(rows[1]))
        temperatures.append(net.temperature_)
    y = np.concatenate(truth)
    raw, calibrated = (np.concatenate(parts) for parts in found.values())
    return {
        "table": name,
        "error raw": calibration_error(y, raw),
        "error": calibration_error(y, calibrated),
        "log loss raw": log_loss(y, raw),
        "log loss": log_loss(y, calibrated),
        "temperature": np.mean(temperatures),
    }


def regressor_figures(name, most_rows, n_splits):
    """Return the figures of quantiles and gaussians, averaged over the splits."""
    X, y = read(name, most_rows)
    found = []
    for seed, rows, trees, y_train, y_test in splits(X, y.astype(float), n_splits):
        quantiles = quantile_figures(seed, rows, trees, y_train, y_test)
        found.append(quantiles | gaussian_figures(seed, rows, y_train, y_test))
    means = pd.DataFrame(found).mean().to_dict()
    return {"table": name, **means, "ratio": means["pinball"] / means["of trees"]}


def main():
    """Print two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=6000, help="at most, per table")
    parser.add_argument("--splits", type=int, default=3)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", "Found unknown categories")
    limits = (arguments.rows, arguments.splits)
    for names, figures in (
        (("boston", *REGRESSION), regressor_figures),
        (CLASSIFICATION, classifier_figures),
    ):
        rows = []
        for name in names:
            rows.append(figures(name, *limits))
            print(rows[-1], flush=True)
        print(
            pd.DataFrame(rows).to_string(index=False, float_format="%.3f"), flush=True
        )


if __name__ == "__main__":
    main()
