"""Conformal prediction around our estimators: MAPIE and crepes take them as they are.

Each promises that 90 % of new targets are covered; of 500 rows so many are within 4 %.
"""

import numpy as np
import pytest
from crepes import ConformalRegressor, WrapClassifier, WrapRegressor
from mapie.classification import SplitConformalClassifier
from mapie.regression import ConformalizedQuantileRegressor, SplitConformalRegressor
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdeep import DNNClassifier, DNNRegressor

RNG = np.random.RandomState(0)
X = RNG.uniform(-1, 1, size=(1500, 3))
NOISE = np.exp(0.7 * X[:, 1] - 1)  # of the target, which grows with a feature
Y = 2 * X[:, 0] + RNG.normal(size=1500) * NOISE
CLASSES = np.array(["low", "middle", "high"])[np.digitize(Y, [-1, 1])]
TRAIN, CONFORMALIZE, TEST = slice(0, 500), slice(500, 1000), slice(1000, 1500)
NET = {"hidden_layer_sizes": (16,), "epochs": 30, "learning_rate": 0.01}
NET |= {"random_state": 0}


class AtQuantile(RegressorMixin, BaseEstimator):
    """One quantile of a fitted network, as MAPIE wants to have it."""

    def __init__(self, net, quantile):
        self.net = net
        self.quantile = quantile

    @property
    def n_features_in_(self):
        """What MAPIE takes for a sign of having been fitted."""
        return self.net.n_features_in_

    def fit(self, X, y):
        """Nothing is left to do."""
        return self

    def predict(self, X):
        """Predict the quantile."""
        return self.net.predict_quantiles(X, [self.quantile])[:, 0]


def share_inside(intervals):
    """Return how many of the test targets lie in their intervals."""
    low, high = intervals.T
    return ((low <= Y[TEST]) & (Y[TEST] <= high)).mean()


def share_of_classes_in(sets):
    """Return how many of the test classes are in their sets."""
    return np.mean(
        [label in found for label, found in zip(CLASSES[TEST], sets, strict=True)]
    )


@pytest.mark.fast
def test_mapie_splits_around_a_regressor():
    """SplitConformalRegressor fits a Pipeline with a network itself."""
    net = make_pipeline(StandardScaler(), DNNRegressor(**NET))
    conformal = SplitConformalRegressor(net, confidence_level=0.9, prefit=False)

    conformal.fit(X[TRAIN], Y[TRAIN]).conformalize(X[CONFORMALIZE], Y[CONFORMALIZE])

    predicted, intervals = conformal.predict_interval(X[TEST])
    assert share_inside(intervals[..., 0]) == pytest.approx(0.9, abs=0.04)
    expected = conformal.predict(X[TEST])
    np.testing.assert_array_equal(predicted, expected)


def test_mapie_conformalizes_quantiles():
    """ConformalizedQuantileRegressor takes three of them, prefit, by one network."""
    net = DNNRegressor(**NET, quantiles=(0.05, 0.5, 0.95)).fit(X[TRAIN], Y[TRAIN])
    # In MAPIE's order.
    parts = [AtQuantile(net, quantile) for quantile in (0.05, 0.95, 0.5)]
    conformal = ConformalizedQuantileRegressor(parts, confidence_level=0.9, prefit=True)

    conformal.conformalize(X[CONFORMALIZE], Y[CONFORMALIZE])

    intervals = conformal.predict_interval(X[TEST])[1][..., 0]
    assert share_inside(intervals) == pytest.approx(0.9, abs=0.04)
    widths = intervals[:, 1] - intervals[:, 0]
    assert np.corrcoef(widths, NOISE[TEST])[0, 1] > 0.8


def test_mapie_knows_no_quantile_regressor_but_four():
    """It asks for their class names, so it cannot fit quantile regressors of ours."""
    net = DNNRegressor(**NET, loss="quantile", quantile=0.5)

    with pytest.raises(ValueError, match=r"The base model is not supported"):
        ConformalizedQuantileRegressor(net).fit(X[TRAIN], Y[TRAIN])


def test_mapie_splits_around_a_classifier():
    """SplitConformalClassifier gives sets of classes."""
    net = DNNClassifier(**NET)
    conformal = SplitConformalClassifier(net, confidence_level=0.9, prefit=False)

    conformal.fit(X[TRAIN], CLASSES[TRAIN])
    conformal.conformalize(X[CONFORMALIZE], CLASSES[CONFORMALIZE])

    members = conformal.predict_set(X[TEST])[1][..., 0]
    sets = [np.unique(CLASSES)[row] for row in members]
    assert share_of_classes_in(sets) == pytest.approx(0.9, abs=0.04)


def test_crepes_wraps_a_regressor():
    """WrapRegressor fits, calibrates and predicts."""
    wrapped = WrapRegressor(DNNRegressor(**NET))

    wrapped.fit(X[TRAIN], Y[TRAIN])
    wrapped.calibrate(X[CONFORMALIZE], Y[CONFORMALIZE])

    intervals = wrapped.predict_int(X[TEST], confidence=0.9)
    assert share_inside(intervals) == pytest.approx(0.9, abs=0.04)


def test_crepes_takes_the_deviations_of_a_gaussian():
    """The network says which rows are difficult; intervals are as wide as that."""
    net = DNNRegressor(**NET, loss="gaussian").fit(X[TRAIN], Y[TRAIN])
    mean, deviation = net.predict(X[CONFORMALIZE], return_std=True)
    conformal = ConformalRegressor().fit(Y[CONFORMALIZE] - mean, sigmas=deviation)

    mean, deviation = net.predict(X[TEST], return_std=True)
    intervals = conformal.predict_int(mean, sigmas=deviation, confidence=0.9)

    assert share_inside(intervals) == pytest.approx(0.9, abs=0.04)
    widths = intervals[:, 1] - intervals[:, 0]
    assert np.corrcoef(widths, NOISE[TEST])[0, 1] > 0.8


def test_crepes_wraps_a_classifier():
    """WrapClassifier gives sets of classes."""
    wrapped = WrapClassifier(DNNClassifier(**NET))

    wrapped.fit(X[TRAIN], CLASSES[TRAIN])
    wrapped.calibrate(X[CONFORMALIZE], CLASSES[CONFORMALIZE])

    sets = wrapped.predict_set(X[TEST], confidence=0.9)
    assert share_of_classes_in(sets) == pytest.approx(0.9, abs=0.04)
