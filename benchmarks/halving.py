"""Ask whether few epochs for bad candidates lose good ones.

A grid of 27 settings on each of ten tables: all candidates for all epochs, and
``EpochHalvingSearchCV``. Its winner counts as found if its score lies within one
standard error of the grid's best; it has its own number of epochs. What the grid gave
the same setting after all epochs stands beside it. Needs ``SKDEEP_DATA``. Run as
``python -m benchmarks.halving [table ...]``.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skdeep import DNNClassifier, DNNRegressor
from skdeep.model_selection import EpochHalvingSearchCV

TABLES = (
    "attrition",
    "car_prices",
    "cells",
    "chicago",
    "churn",
    "credit",
    "lending",
    "sacramento",
    "vehicle",
    "wage",
)
GRID = {
    "learning_rate": [0.0003, 0.001, 0.003],
    "l2": [1e-6, 1e-4, 1e-2],
    "dropout": [0.0, 0.1, 0.3],
}
EPOCHS = 54
N_ROWS = 1_000
FOLDS = KFold(5, shuffle=True, random_state=0)


def rows_of(name):
    """Rows as numbers, the target, and whether it is classes."""
    folder = Path(os.environ["SKDEEP_DATA"]) / "tables"
    table = pd.read_csv(folder / f"{name}.csv.gz")
    table = table.sample(min(N_ROWS, len(table)), random_state=0)
    X, y = table.iloc[:, :-1], table.iloc[:, -1]
    numbers = make_column_selector(dtype_include="number")
    words = make_column_selector(dtype_exclude="number")
    encode = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
        (OneHotEncoder(min_frequency=5, sparse_output=False), words),
    )
    is_classes = not pd.api.types.is_float_dtype(y) and y.nunique() < 20
    values = y.to_numpy() if is_classes else y.to_numpy(float)
    return encode.fit_transform(X).astype("float32"), values, is_classes


def compare(name):
    """Search a table both ways; return what the report says of it."""
    X, y, is_classes = rows_of(name)
    parameters = {"epochs": EPOCHS, "random_state": 0, "early_stopping": False}
    if is_classes:
        net = DNNClassifier((32, 32), **parameters)
    else:
        net = DNNRegressor((32, 32), normalize_y=True, **parameters)
    settings = {
        "cv": FOLDS,
        "refit": False,
        "scoring": "neg_log_loss" if is_classes else "r2",
    }
    halving = EpochHalvingSearchCV(net, GRID, **settings).fit(X, y)
    grid = GridSearchCV(net, GRID, **settings).fit(X, y).cv_results_
    winner = grid["params"].index(halving.best_params_)
    best = int(np.argmax(grid["mean_test_score"]))
    scores = [grid[f"split{k}_test_score"][best] for k in range(FOLDS.n_splits)]
    return {
        "table": name,
        "best of the grid": grid["mean_test_score"][best],
        "of the winner": halving.best_score_,
        "its epochs": halving.best_n_epochs_,
        "after all epochs": grid["mean_test_score"][winner],
        "standard error": np.std(scores, ddof=1) / np.sqrt(len(scores)),
        "rank": int((grid["mean_test_score"] > grid["mean_test_score"][winner]).sum())
        + 1,
        "share of epochs": epochs_of(halving) / (27 * EPOCHS),
    }


def epochs_of(halving):
    """Epochs that a search trained on each fold."""
    added = np.diff([0, *halving.n_resources_])
    return int(np.dot(halving.n_candidates_, added))


def main():
    """Compare on all tables, and print."""
    lines = []
    for name in sys.argv[1:] or TABLES:
        lines.append(compare(name))
        print(lines[-1], flush=True)
    report = pd.DataFrame(lines).set_index("table")
    lost = report["best of the grid"] - report["of the winner"]
    report["within"] = lost <= report["standard error"]
    print(report.to_string(float_format="{:.4f}".format))


if __name__ == "__main__":
    main()
