"""k-fold cross validation and a grid search of a deep network, in seconds.

The Boston housing data, 506 rows: the split of Keras, 404 rows to choose a network by
cross validation and 102 that are looked at once, at the end. Prices are in thousand
dollars. Run it with ``scripts/demo``; the pictures go to ``examples/output``.
"""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd
from sklearn.base import clone
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skdeep import DNNRegressor
from skdeep.datasets import load_boston_housing
from skdeep.displays import GridSearchDisplay, HistoryDisplay
from skdeep.engine import cache_info

OUTPUT = Path(__file__).parent / "output"
SCORING = "neg_mean_absolute_error"
GRID = {
    "net__learning_rate": [0.0003, 0.001, 0.003],
    "net__dropout": [0.01, 0.1, 0.2],
    "net__l1": [1e-5, 1e-3],
    "net__l2": [1e-5, 1e-3],
}

# %%
# A pipeline scales the features with what it sees in training, then fits the network.

started = time.perf_counter()
X_train, X_test, y_train, y_test = load_boston_housing(return_X_y=True, split="keras")
network = DNNRegressor(
    hidden_layer_sizes=(64, 64),
    optimizer="rmsprop",
    batch_size=16,
    epochs=100,
    metrics="mean_absolute_error",
    dropout=0.0,
    normalize_y=False,
    random_state=0,
)
pipeline = Pipeline([("scale", StandardScaler()), ("net", network)])
folds = KFold(4, shuffle=True, random_state=0)

# %%
# How well does it do on houses it has not seen?

scores = cross_validate(
    pipeline, X_train, y_train, cv=folds, scoring=SCORING, return_train_score=True
)
table = pd.DataFrame(
    {
        "training MAE": -scores["train_score"],
        "validation MAE": -scores["test_score"],
        "seconds": scores["fit_time"],
    },
    index=pd.RangeIndex(1, 5, name="fold"),
)
table.loc["mean"] = table.mean()
print("4-fold cross validation, mean absolute error in thousand dollars")
print(table.round(3).to_string())

# %%
# Which learning rate, dropout and penalties are best?

search = GridSearchCV(pipeline, GRID, cv=folds, scoring=SCORING)
search.fit(X_train, y_train)
best = {name.removeprefix("net__"): v for name, v in search.best_params_.items()}
print(f"\nbest of {len(search.cv_results_['params'])} settings: {best}")
print(f"its validation MAE: {-search.best_score_:.3f} thousand dollars")
test_mae = mean_absolute_error(y_test, search.predict(X_test))
print(f"test MAE of the best pipeline: {test_mae:.3f} thousand dollars")

# %%
# The best setting once more, with the test rows as validation set: only to draw their
# curve, nothing is chosen by them.

scaler = search.best_estimator_["scale"]
chosen = clone(search.best_estimator_["net"]).fit(
    scaler.transform(X_train),
    y_train,
    X_val=scaler.transform(X_test),
    y_val=y_test,
)
# %%
# Pictures and the price of it all.

OUTPUT.mkdir(exist_ok=True)
curves = HistoryDisplay.from_estimator(chosen, metrics=["mean_absolute_error"])
curves.figure_.savefig(OUTPUT / "boston_learning_curves.png", dpi=120)
heat_map = GridSearchDisplay.from_estimator(search, params=["learning_rate", "dropout"])
heat_map.figure_.savefig(OUTPUT / "boston_grid_search.png", dpi=120)
print(f"\npictures: {OUTPUT / 'boston_learning_curves.png'}")
print(f"          {OUTPUT / 'boston_grid_search.png'}")
info = cache_info()
print(
    f"\n{info.hits + info.misses} networks trained, {info.compiled} programs compiled, "
    f"{time.perf_counter() - started:.1f} seconds"
)
