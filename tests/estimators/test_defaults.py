"""What "auto" does: fixed rules of the number of rows and of the loss."""

import numpy as np
import pytest

from skdeep import DNNClassifier, DNNRegressor, TabularRegressor
from skdeep.model_selection import epoch_curve

RNG = np.random.RandomState(0)
X = RNG.normal(size=(1000, 3))
Y = X[:, 0] > 0
QUICK = {"epochs": 1, "batch_size": -1, "random_state": 0, "jit_compile": False}


def dropout_rates(net):
    """The dropout layers of the network that was trained, by name."""
    return [layer.name for layer in net._fitted.network.layers if layer.dropout_names]


@pytest.mark.fast
def test_early_stopping_begins_with_a_thousand_rows():
    """Auto holds rows out from 1,000 training rows on, and never in partial_fit."""
    net = DNNClassifier((2,), **QUICK)

    at, below = (
        net.fit(X[:n], Y[:n]).do_early_stopping_ or "val_loss" in net.history_
        for n in (1000, 999)
    )
    stream = DNNClassifier((2,), **QUICK).partial_fit(X, Y, classes=[False, True])

    assert at is True
    assert below is False
    assert stream.do_early_stopping_ is False
    assert "val_loss" not in stream.history_


def test_members_hold_out_rows_earlier():
    """Networks that are averaged hold out different rows, so 200 rows are enough."""
    net = TabularRegressor((2,), n_members=2, numeric_embedding=None, **QUICK)

    at, below = (net.fit(X[:n], X[:n, 0]).do_early_stopping_ for n in (200, 199))

    assert at is True
    assert below is False


def test_early_stopping_by_rule_leaves_epoch_curves_whole():
    """epoch_curve trains for all epochs, where a fit alone would stop by the rule."""
    net = DNNClassifier((2,), **{**QUICK, "epochs": 3})

    epochs, _, _ = epoch_curve(net, np.tile(X, (2, 1)), np.tile(Y, 2), cv=2)

    assert epochs.tolist() == [1, 2, 3]
    assert net.early_stopping == "auto"


def test_dropout_is_for_wide_layers_and_many_rows():
    """Auto drops behind 64 units or more, in fits of 200 rows or more."""
    net = DNNRegressor((64, 63), **QUICK)

    many = dropout_rates(net.fit(X[:200], X[:200, 0]))
    few = dropout_rates(net.fit(X[:199], X[:199, 0]))

    assert many == ["dropout_1"]
    assert few == []


@pytest.mark.parametrize(
    ("loss", "is_shifted"),
    [("auto", True), ("huber", True), ("quantile", True), ("poisson", False)],
)
def test_the_target_is_standardised_unless_zero_has_a_meaning(loss, is_shifted):
    """Auto shifts and scales for losses of differences only."""
    y = 10 + 5 * np.abs(X[:50, 0])

    net = DNNRegressor((2,), loss=loss, **QUICK).fit(X[:50], y)

    offset = 0.0 if net._fitted.rescaling is None else net._fitted.rescaling[1]
    assert bool(np.all(offset == y.mean())) is is_shifted


def test_an_own_loss_sees_the_target_as_it_is():
    """A function of the user's may mean the units of the target."""

    def relative(y_true, y_pred):
        return abs(y_pred - y_true) / y_true

    net = DNNRegressor((2,), loss=relative, **QUICK).fit(X[:50], 1 + X[:50, 0] ** 2)

    assert net._fitted.rescaling is None


def test_numbers_are_embedded_from_a_thousand_rows_on():
    """Auto is decided by the first rows, and stays when training goes on with fewer."""
    net = TabularRegressor((2,), n_members=1, early_stopping=False, **QUICK)

    many = net.fit(X, X[:, 0]).partial_fit(X[:50], X[:50, 0]).is_embedded_
    few = net.fit(X[:999], X[:999, 0]).is_embedded_

    assert many.tolist() == [True] * 3
    assert few is None
