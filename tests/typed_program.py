"""A program as users write it: ``test_typing.py`` checks its types, nobody runs it."""

from pathlib import Path
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import skdeep
from skdeep.datasets import load_boston_housing
from skdeep.displays import EpochCurveDisplay, GridSearchDisplay, HistoryDisplay
from skdeep.engine import cache_info, clear_cache
from skdeep.model_selection import epoch_curve

X = np.zeros((10, 3))
y = np.arange(10) % 2
path = Path("net.skdeep")


def classify() -> float:
    """Fit, look, predict and train on."""
    net = skdeep.DNNClassifier((16, 8), learning_rate=0.01, epochs=5, random_state=0)
    assert_type(net.fit(X, y, X_val=X, y_val=y), skdeep.DNNClassifier)
    assert_type(net.partial_fit(X, y, classes=[0, 1]), skdeep.DNNClassifier)
    assert_type(net.score(X, y), float)
    n_rows = len(net.predict(X)) + len(net.predict_proba(X))
    net.predict_log_proba(X)
    net.initialize(X, y).set_weights(net.model_)
    net.history_frame().plot()
    net.summary().to_csv("layers.csv")
    net.export(path, format="onnx")
    return net.loss_curve_[-1] + net.score(X, y, sample_weight=X[:, 0]) / n_rows


def regress() -> None:
    """Predict more than numbers."""
    net = skdeep.DNNRegressor(normalize_y=True, quantiles=(0.1, 0.5, 0.9))
    assert_type(net.fit(X, y, sample_weight=X[:, 0]), skdeep.DNNRegressor)
    low = net.predict_interval(X, coverage=0.8)[:, 0]
    print(low, net.predict_quantiles(X), net.predict(X, return_std=True))


def others() -> list[NDArray[Any]]:
    """Use every other estimator."""
    return [
        skdeep.CNNClassifier(((8,),)).fit(X, y).predict(X),
        skdeep.CNNRegressor(epochs=3).fit(X, y).predict(X),
        skdeep.RNNClassifier().fit(X, y).predict(X),
        skdeep.RNNRegressor().fit(X, y).predict(X),
        skdeep.TabularClassifier().fit(X, y).predict(X),
        skdeep.TabularRegressor().fit(X, y).predict(X),
        skdeep.KerasClassifier(print, model__units=8).fit(X, y).predict(X),
        skdeep.KerasRegressor(print, epochs=3).fit(X, y, batch_size=8).predict(X),
    ]


def keep_and_show() -> None:
    """Call the functions of the modules."""
    rows, targets = load_boston_housing(return_X_y=True)
    net = skdeep.DNNRegressor().fit(rows, targets)
    skdeep.save(net, path)
    skdeep.load(path)
    clear_cache()
    print(cache_info().misses, epoch_curve(net, rows, targets, cv=3))
    HistoryDisplay.from_estimator(net)
    EpochCurveDisplay.from_estimator(net, rows, targets)
    GridSearchDisplay.from_estimator(net)
