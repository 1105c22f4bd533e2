"""Regressors whose predictions go through an activation."""

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score

from skdeep import DNNRegressor, TabularRegressor, load, save
from skdeep.exceptions import InvalidNetworkError

RNG = np.random.RandomState(0)
X = RNG.normal(size=(200, 3))
SUM = X[:, 0] + 0.5 * X[:, 1] ** 2
SHARES = 1 / (1 + np.exp(-SUM))
SMALL = {"hidden_layer_sizes": (8,), "random_state": 0, "jit_compile": False}
TARGETS = {
    "exponential": np.exp(SUM / 2),
    "relu": np.maximum(SUM, 0),
    "softplus": np.log1p(np.exp(SUM)),
    "tanh": np.tanh(SUM),
    "linear": 1000 * SUM,
}


@pytest.mark.fast
def test_shares_stay_shares(tmp_path):
    """Learnt without standardising, predicted between 0 and 1, wherever and by all."""
    net = DNNRegressor(
        **SMALL, output_activation="sigmoid", epochs=60, learning_rate=0.01
    ).fit(X, SHARES)
    far = 100 * X

    save(net, tmp_path / "net.skdeep")
    found = load(tmp_path / "net.skdeep").predict(far)

    assert net.score(X, SHARES) > 0.9
    assert found.min() >= 0
    assert found.max() <= 1
    np.testing.assert_array_equal(found, net.predict(far))
    model = np.asarray(net.model_(far.astype(np.float32)))[:, 0]
    np.testing.assert_allclose(found, model, atol=1e-6)


@pytest.mark.parametrize("activation", TARGETS)
def test_targets_are_learnt_through_their_activation(activation):
    """Each in its own units; numbers of any size are standardised as ever."""
    net = DNNRegressor(**SMALL, output_activation=activation, epochs=60)

    scores = cross_val_score(
        net.set_params(learning_rate=0.01), X, TARGETS[activation], cv=2
    )

    assert scores.min() > 0.7


@pytest.mark.fast
@pytest.mark.parametrize(
    ("parameters", "advice"),
    [
        ({"output_activation": "softplus", "loss": "gaussian"}, "fit quantiles"),
        ({"output_activation": "linear", "loss": "poisson"}, "'exponential' here"),
        ({"output_activation": "tanh", "loss": "gamma"}, "above 0"),
        ({"output_activation": "sigmoid", "normalize_y": True}, "at 'auto'"),
        ({"output_activation": "sigmoid", "loss": "gamma", "normalize_y": True}, "at"),
        ({"output_activation": "softmax"}, "among"),
    ],
)
def test_what_does_not_go_together_is_refused(parameters, advice):
    """Before anything is trained, with what to do."""
    with pytest.raises((InvalidNetworkError, ValueError), match=advice):
        DNNRegressor(**SMALL, **parameters).fit(X, SHARES)


@pytest.mark.parametrize(
    "parameters",
    [
        {"loss": "poisson"},
        {"loss": "gamma", "normalize_y": True},
        {"quantiles": (0.1, 0.9)},
        {"loss": "huber"},
    ],
)
def test_losses_keep_the_activation(parameters):
    """No prediction is below 0: of counts, scaled means and quantiles."""
    net = DNNRegressor(**SMALL, output_activation="softplus", epochs=3, **parameters)

    net.fit(X, TARGETS["exponential"])

    assert net.predict(10 * X).min() >= 0


@pytest.mark.fast
def test_targets_out_of_reach_give_a_warning():
    """The activation, its range and the targets are named."""
    with pytest.warns(UserWarning, match=r"from 0 to 1, which .*'sigmoid'.* 991"):
        DNNRegressor(**SMALL, output_activation="sigmoid", epochs=1).fit(
            X, SHARES * 1e3
        )


def test_members_and_tables_have_it():
    """Every member of a regressor of tables predicts above 0."""
    settings = {"n_members": 2, "epochs": 2, "random_state": 0}
    net = TabularRegressor((8,), **settings, output_activation="softplus")

    net.fit(X, TARGETS["softplus"])

    assert min(m.predict(10 * X).min() for m in net.members_) >= 0
