"""Rows that a fit holds out: to stop early, to be looked at, or in vain."""

import keras
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from skdeep import CNNClassifier, DNNClassifier, KerasClassifier, TabularClassifier
from skdeep.data._holdout import split_rows
from skdeep.engine._random import draw_seeds
from skdeep.exceptions import InvalidNetworkError
from skdeep.model_selection import EpochHalvingSearchCV, epoch_curve

RNG = np.random.RandomState(0)
X = RNG.normal(size=(60, 4))
Y = np.argmax(X[:, :3] + RNG.gumbel(size=(60, 3)), axis=1)
QUICK = {"epochs": 4, "jit_compile": False, "random_state": 0}


def build(meta):
    """Return a network of one's own."""
    rows = keras.Input((meta["n_features_in_"],))
    return keras.Sequential([rows, keras.layers.Dense(3, activation="softmax")])


def by_keras(**parameters):
    """Return an estimator whose network Keras trains."""
    return KerasClassifier(
        build, run_eagerly=True, optimizer__learning_rate=0.5, **parameters
    )


def test_watching_changes_nothing_but_the_rows_trained_on():
    """The bits of a fit of the other rows, with those held out as validation rows."""
    seed = draw_seeds(QUICK["random_state"]).holdout
    train, held = split_rows(len(X), 0.3, seed, Y)
    net = DNNClassifier((4,), **QUICK)
    by_hand = net.fit(X[train], Y[train], X_val=X[held], y_val=Y[held])

    watching = DNNClassifier(
        (4,), early_stopping="watch", validation_fraction=0.3, patience=1, **QUICK
    ).fit(X, Y)

    assert watching.history_ == by_hand.history_
    assert watching.best_epoch_ == watching.n_iter_ == QUICK["epochs"]
    assert not watching.do_early_stopping_
    np.testing.assert_array_equal(watching.predict_proba(X), by_hand.predict_proba(X))


@pytest.mark.parametrize(
    "make", [by_keras, lambda **own: KerasClassifier(build, **own)]
)
def test_networks_of_ones_own_are_watched(make):
    """In the engine and where Keras trains: all epochs, and the last weights."""
    net = make(epochs=4, early_stopping="watch", patience=1, random_state=0).fit(X, Y)

    assert len(net.history_["val_loss"]) == net.n_iter_ == net.best_epoch_ == 4
    assert not net.do_early_stopping_


IN_VAIN = {
    "table": lambda **own: DNNClassifier((4,), early_stopping=False, **own),
    "image": lambda **own: CNNClassifier((2,), image_shape=(2, 2, 1), **own),
    "own network": lambda **own: KerasClassifier(build, **own),
}


@pytest.mark.fast
@pytest.mark.parametrize("kind", IN_VAIN)
def test_a_share_that_nobody_holds_out_is_reported(kind):
    """It would look as if rows had been watched."""
    net = IN_VAIN[kind](validation_fraction=0.3, **QUICK)

    with pytest.warns(UserWarning, match="got 0.3 .* early_stopping='watch'"):
        net.fit(X, Y)


@pytest.mark.fast
def test_a_share_that_something_decides_on_is_no_mistake():
    """The rule of "auto", calibration, rows of one's own, and another candidate."""
    net = DNNClassifier((4,), validation_fraction=0.3, **QUICK)
    without = {"early_stopping": [False, True]}

    net.fit(X, Y)
    net.set_params(early_stopping=False).fit(X, Y, X_val=X, y_val=Y)
    net.partial_fit(X, Y)
    search = GridSearchCV(net, without, cv=2, error_score="raise").fit(X, Y)
    net.set_params(calibration="temperature").fit(X, Y)

    assert len(search.cv_results_["params"]) == 2
    assert "val_loss" in net.history_


def test_what_counts_epochs_itself_sets_early_stopping_only():
    """Curves and searches over epochs switch the rule off; nobody is warned of that."""
    net = DNNClassifier((4,), validation_fraction=0.3, **QUICK)

    epochs, *_ = epoch_curve(net, X, Y, cv=2)
    search = EpochHalvingSearchCV(net, {"l2": [0.1, 0.2]}, cv=2).fit(X, Y)

    assert len(epochs) == 4
    assert search.best_estimator_.n_epochs_ <= 4


@pytest.mark.fast
@pytest.mark.parametrize(
    "train",
    [
        lambda net: epoch_curve(net, X, Y),
        lambda net: EpochHalvingSearchCV(net, {"l2": [0.1, 0.2]}).fit(X, Y),
        lambda net: net.partial_fit(X, Y, classes=[0, 1, 2]),
    ],
    ids=["curve", "search", "partial_fit"],
)
def test_what_needs_all_rows_refuses_to_hold_some_out(train):
    """The message has the value that was given."""
    net = TabularClassifier(early_stopping="watch", n_members=1)

    with pytest.raises(ValueError, match="got early_stopping='watch'"):
        train(net)


@pytest.mark.parametrize("stopping", [False, True])
def test_a_monitor_that_keras_does_not_measure_is_refused(stopping):
    """After one epoch: what a model measures, nobody else knows before."""
    net = by_keras(epochs=50, monitor="nonsense", early_stopping=stopping)

    with pytest.raises(InvalidNetworkError, match=r"'val_loss'.*; got 'nonsense'"):
        net.fit(X, Y)


@pytest.mark.parametrize("how", ["ours", "callback"])
def test_the_best_epoch_is_the_one_that_keras_went_back_to(how):
    """Early stopping of ours, and Keras' own, where Keras trains."""
    stop = keras.callbacks.EarlyStopping("loss", patience=2, restore_best_weights=True)
    own = {
        "ours": {"early_stopping": True, "patience": 2, "monitor": "accuracy"},
        "callback": {"callbacks": [stop]},
    }[how]

    net = by_keras(epochs=60, metrics=["accuracy"], random_state=0, **own).fit(X, Y)

    assert net.best_epoch_ == net.n_iter_ - 2
    assert [type(c) for c in net.callbacks_] == ([] if how == "ours" else [type(stop)])
