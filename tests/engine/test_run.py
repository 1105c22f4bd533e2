"""A run: the same numbers however it is cut, and observers that always hear its end."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.sparse
from sklearn.metrics import log_loss

from skdeep import CNNClassifier, DNNClassifier, load, save
from skdeep.callbacks._callback import Callback
from skdeep.engine import cache_info

SMALL = {"hidden_layer_sizes": (6,), "epochs": 3, "batch_size": 32, "random_state": 0}
XLA = {"jit_compile": True}


class WithWatchers:
    """Let an estimator give its runs more observers."""

    watchers = ()

    def _make_callbacks(self, *args):
        return [*super()._make_callbacks(*args), *self.watchers]


class Watched(WithWatchers, DNNClassifier):
    """Rows of features, under XLA."""


class WatchedImages(WithWatchers, CNNClassifier):
    """Images, without XLA."""


class Watcher(Callback):
    """Write down in which pieces a run comes by."""

    def __init__(self, every=math.inf, seconds=math.inf, batches=False):
        self.max_epochs_between_looks = every
        self.seconds = seconds
        self.batches = self.validation_batches = batches
        self.segments = []
        self.n_batches = 0
        self.ended = False

    def on_batch_end(self, run, batch, logs):
        """Count the batches."""
        self.n_batches += 1

    def on_epoch_end(self, run, logs):
        """Note how many epochs came at once."""
        self.segments.append(len(logs))

    def on_run_end(self, run):
        """Note that the end was heard."""
        self.ended = True


class FailingAtBegin(Watcher):
    """Fail before the first epoch."""

    def on_run_begin(self, run):
        """Fail."""
        raise EOFError("observer")


class FailingAtEnd(Watcher):
    """Fail after the last epoch."""

    def on_run_end(self, run):
        """Fail."""
        raise EOFError("observer")


def fit(cls, settings, X, y, *watchers):
    """Fit a watched estimator."""
    estimator = cls(**settings)
    estimator.watchers = watchers
    return estimator.fit(X, y)


def assert_same_fit(some, other):
    """The same weights to the last bit, and the same history."""
    for a, b in zip(some._fitted.weights, other._fitted.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert some.history_ == other.history_


LOOKS = {
    "every epoch": {"every": 1},
    "every second epoch": {"every": 2},
    "every batch": {"batches": True},
}


@pytest.mark.fast
@pytest.mark.parametrize("look", LOOKS)
def test_looking_changes_neither_bits_nor_compilations(iris, look):
    """With early stopping and dropout, a run gives the same however it is cut."""
    settings = {**SMALL, **XLA, "dropout": 0.2, "early_stopping": True}
    expected = fit(Watched, settings, *iris)
    compilations = cache_info().misses

    watched = fit(Watched, settings, *iris, Watcher(**LOOKS[look]))

    assert_same_fit(watched, expected)
    assert cache_info().misses == compilations


def test_orders_made_ahead_are_those_of_their_epochs(iris):
    """Forty epochs one by one, by threes, or all at once: the same fit."""
    settings = {**SMALL, "epochs": 40}
    expected = fit(Watched, settings, *iris)

    watched = [fit(Watched, settings, *iris, Watcher(every)) for every in (1, 3)]

    for each in watched:
        assert_same_fit(each, expected)


@pytest.mark.parametrize("look", LOOKS)
def test_looking_at_streamed_rows_changes_no_bit(look):
    """Rows that do not fit into one piece can be watched by the batch, too."""
    rng = np.random.RandomState(0)
    X = scipy.sparse.random(130, 40000, 1e-3, "csr", "float32", random_state=rng)
    y = rng.randint(2, size=130)
    settings = {**SMALL, "hidden_layer_sizes": (3,), "batch_size": 16}
    watcher = Watcher(**LOOKS[look])
    expected = fit(Watched, settings, X, y)

    watched = fit(Watched, settings, X, y, watcher)

    assert_same_fit(watched, expected)
    assert watcher.n_batches == (3 * 9 if watcher.batches else 0)


def test_epochs_that_nobody_looks_at_come_in_one_call(iris):
    """Without a wish to look, a short fit under XLA is one segment."""
    watcher = Watcher()

    fit(Watched, SMALL | XLA, *iris, watcher)

    assert watcher.segments == [3]


def test_epochs_come_as_often_as_an_observer_wants(iris):
    """The shortest wish counts, and the last epoch ends a segment."""
    watcher = Watcher(every=2)

    fit(Watched, SMALL | XLA, *iris, watcher, Watcher(every=7))

    assert watcher.segments == [2, 1]


def test_an_observer_can_look_by_the_clock(iris):
    """After the first call the time of an epoch is known, and calls get shorter."""
    watcher = Watcher(seconds=1e-9)

    fit(Watched, SMALL | XLA | {"epochs": 260}, *iris, watcher)

    assert watcher.segments == [256, 1, 1, 1, 1]


def test_without_xla_the_first_call_is_one_epoch(digits):
    """Convolutions are slow enough for Ctrl-C to be heard after one epoch."""
    watcher = Watcher()
    settings = {**SMALL, "filters": (2,), "epochs": 2, "batch_size": 64}

    fit(WatchedImages, settings, *digits, watcher)

    assert watcher.segments == [1, 1]


@pytest.mark.fast
@pytest.mark.parametrize("failing", [FailingAtBegin, FailingAtEnd])
def test_every_observer_hears_the_end_even_if_another_fails(iris, failing):
    """The error reaches the user, after all observers before and after it."""
    before, after = Watcher(), Watcher()

    with pytest.raises(EOFError, match="observer"):
        fit(Watched, SMALL, *iris, before, failing(), after)

    assert before.ended
    assert after.ended


AVERAGING = {
    "hidden_layer_sizes": (8,),
    "learning_rate": 0.05,
    "optimizer_params": {"use_ema": True, "ema_momentum": 0.9},
    "random_state": 0,
}


def validation_of(iris):
    """Every third flower."""
    return {"X_val": iris[0][::3], "y_val": iris[1][::3]}


def loss_of(net, X_val, y_val):
    """What the fitted network has as validation loss."""
    return log_loss(y_val, net.predict_proba(X_val))


def test_validation_measures_the_averages_that_are_kept(iris):
    """With use_ema the last val_loss is that of the fitted network."""
    net = DNNClassifier(**AVERAGING, epochs=4)

    net.fit(*iris, **validation_of(iris))

    expected = loss_of(net, **validation_of(iris))
    assert net.history_["val_loss"][-1] == pytest.approx(expected, rel=1e-5)
    assert net.history_["val_accuracy"][-1] == pytest.approx(
        net.score(*validation_of(iris).values())
    )


def test_early_stopping_keeps_the_averages_of_the_best_epoch(iris):
    """Its weights are those that gave the best value, and those of a shorter fit."""
    validation = validation_of((iris[0], (iris[1] + 1) % 3))  # training makes it worse
    stopped = DNNClassifier(
        **AVERAGING, epochs=12, early_stopping=True, patience=3
    ).fit(*iris, **validation)

    shorter = DNNClassifier(**AVERAGING, epochs=stopped.best_epoch_)
    shorter.fit(*iris, **validation)

    assert stopped.best_epoch_ < stopped.n_iter_
    best = stopped.history_["val_loss"][stopped.best_epoch_ - 1]
    assert best == min(stopped.history_["val_loss"])
    assert loss_of(stopped, **validation) == pytest.approx(best, rel=1e-5)
    np.testing.assert_array_equal(
        stopped.predict_proba(iris[0]), shorter.predict_proba(iris[0])
    )


@pytest.mark.parametrize("way", ["warm_start", "partial_fit"])
def test_averages_do_not_hold_up_training_in_pieces(way, iris, tmp_path):
    """Training goes on from the weights behind the averages, after saving as well."""
    whole = DNNClassifier(**AVERAGING, epochs=6).fit(*iris)
    pieces = DNNClassifier(**AVERAGING, epochs=2, warm_start=way == "warm_start")

    for _ in range(3 if way == "warm_start" else 6):
        if way == "warm_start":
            pieces.fit(*iris)
        else:
            pieces.partial_fit(*iris, classes=[0, 1, 2])
        save(pieces, tmp_path / "net.skdeep")
        pieces = load(tmp_path / "net.skdeep")

    np.testing.assert_array_equal(
        pieces.predict_proba(iris[0]), whole.predict_proba(iris[0])
    )
