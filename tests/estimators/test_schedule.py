"""Schedules by name: what they plan over, and what they do not go with."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdeep import DNNRegressor
from skdeep.engine import cache_info
from skdeep.exceptions import InvalidNetworkError

RNG = np.random.RandomState(0)
X = RNG.normal(size=(40, 3))
Y = X[:, 0]
SETTINGS = {
    "hidden_layer_sizes": (4,),
    "schedule": "cosine",
    "learning_rate": 0.01,
    "random_state": 0,
}


@pytest.mark.fast
def test_a_keras_schedule_leaves_no_room_for_one_by_name():
    """Two schedules are refused, with what came and what to do."""
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    net = DNNRegressor((4,), learning_rate=schedule, schedule="cosine")

    with pytest.raises(InvalidNetworkError, match="'cosine' and the Keras schedule Ex"):
        net.fit(X, Y)


def test_plans_of_any_length_share_a_program():
    """Epochs and rates are numbers of the program of a schedule."""
    DNNRegressor(**SETTINGS, epochs=4).fit(X, Y)
    before = cache_info().misses

    net = DNNRegressor(**SETTINGS | {"learning_rate": 0.02}, epochs=6).fit(X, Y)

    rates = 0.01 * (1 + np.cos(np.pi * np.arange(1, 7) / 6))
    assert cache_info().misses == before
    np.testing.assert_allclose(net.history_["learning_rate"], rates, atol=1e-8)


def test_partial_fits_go_through_the_plan_of_one_fit():
    """As many calls as epochs give the weights of a fit; the next begins anew."""
    whole = DNNRegressor(**SETTINGS, epochs=4).fit(X, Y)
    parts = DNNRegressor(**SETTINGS, epochs=4)

    for _ in range(4):
        parts.partial_fit(X, Y)

    for one, other in zip(whole._fitted.weights, parts._fitted.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    parts.partial_fit(X, Y)
    rates = parts.history_["learning_rate"]
    assert rates[3] == pytest.approx(0, abs=1e-8)
    assert rates[4] == rates[0]


def test_every_warm_start_has_a_plan_of_its_own():
    """The rate rises to where it began, while the optimizer goes on."""
    net = DNNRegressor(**SETTINGS, epochs=4, warm_start=True).fit(X, Y)

    rates = net.set_params(epochs=2).fit(X, Y).history_["learning_rate"]

    np.testing.assert_allclose(rates[4:], [0.005, 0], atol=1e-8)
    assert int(net._training_state.optimizer_state[0]) == 6 * 2


def test_stopping_early_leaves_the_plan_as_it_is():
    """The plan is that of all epochs, and ends where the fit ends."""
    net = DNNRegressor(**SETTINGS, epochs=50, early_stopping=True, patience=1)

    rates = net.set_params(min_delta=1e9).fit(X, Y).history_["learning_rate"]

    expected = 0.005 * (1 + np.cos(np.pi * np.array([1, 2]) / 50))
    np.testing.assert_allclose(rates, expected, rtol=1e-5)
