"""Weights put into an estimator, and networks made without training."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skdeep import DNNClassifier, DNNRegressor

SMALL = {"hidden_layer_sizes": (4,), "epochs": 3, "random_state": 0}


@pytest.mark.fast
def test_a_network_made_before_trains_as_if_made_in_fit(iris):
    """Initialize and a warm fit give the bits of a fit, dropout and history too."""
    X, y = iris
    expected = DNNClassifier(**SMALL, dropout=0.2).fit(X, y)

    net = DNNClassifier(**SMALL, dropout=0.2, warm_start=True).initialize(X, y)
    assert net.n_epochs_ == 0
    net.fit(X, y)

    np.testing.assert_array_equal(net.predict_proba(X), expected.predict_proba(X))
    assert net.history_ == expected.history_


def test_weights_of_a_keras_model_are_taken_over(diabetes):
    """A model trained outside comes back in, target units included."""
    X, y = diabetes
    net = DNNRegressor(**SMALL, normalize_y=True).fit(X, y)
    model = net.model_
    model.set_weights([2 * w for w in model.get_weights()])
    before = net.predict(X)

    other = DNNRegressor(**SMALL, normalize_y=True).initialize(X, y)
    other.set_weights(model)

    outputs = np.asarray(model(X))[:, 0]
    np.testing.assert_allclose(other.predict(X), outputs, rtol=1e-5)
    np.testing.assert_array_equal(net.predict(X), before)  # model_ is a copy


def test_training_goes_on_from_weights_put_in(iris):
    """A warm fit starts where set_weights has put the network."""
    X, y = iris
    trained = DNNClassifier(**SMALL | {"epochs": 40}).fit(X, y)
    net = DNNClassifier(**SMALL, warm_start=True).initialize(X, y)

    net.set_weights(trained.model_.get_weights()).fit(X, y)

    assert net.history_["loss"][0] < 1.2 * trained.history_["loss"][-1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ws: ws[:-1], "of the shapes"),
        (lambda ws: [w.T for w in ws], "of the shapes"),
        (lambda ws: [w * np.nan for w in ws], "infinity or NaN"),
    ],
)
def test_weights_that_do_not_fit_are_refused(change, message, iris):
    """Other shapes and NaN leave the estimator as it was."""
    X, y = iris
    net = DNNClassifier(**SMALL).fit(X, y)
    before = net.predict_proba(X)

    with pytest.raises(ValueError, match=message):
        net.set_weights(change(net.model_.get_weights()))

    np.testing.assert_array_equal(net.predict_proba(X), before)


def test_weights_need_a_network():
    """Before fit or initialize nobody knows the shapes."""
    with pytest.raises(NotFittedError):
        DNNClassifier().set_weights([])
