"""When the model that callbacks see is written and read, and what it shows."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdeep import DNNRegressor
from skdeep.callbacks._mirror import Mirror


class FakeRun:
    """A run of a model that counts how often its weights are copied."""

    def __init__(self, model):
        self.model = model
        self.learning_rate = 0.001
        self.stop = False
        self.n_copies = 0
        self.move_on()

    def move_on(self):
        """Train: another state, other weights."""
        self.state = object()
        self.values = [
            np.full(w.shape, 1.0 + id(self.state) % 97, "float32")
            for w in self.model.weights
        ]

    def weights(self):
        """Copy the weights."""
        self.n_copies += 1
        return self.values

    def optimizer_state(self):
        """What the optimizer remembers."""
        rate = self.model.optimizer.learning_rate
        return [v.numpy() for v in self.model.optimizer.variables if v is not rate]

    def set_weights(self, weights):
        """Go on with others."""
        self.state = object()
        self.values = weights


class Reading(keras.callbacks.Callback):
    """Note the sum of the weights after every epoch."""

    def __init__(self):
        super().__init__()
        self.sums = []

    def on_epoch_end(self, epoch, logs=None):
        """Read the model."""
        self.sums.append(sum(w.sum() for w in self.model.get_weights()))


@pytest.fixture
def run():
    """A run of a small compiled model."""
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return FakeRun(model)


def epochs_seen_by(callback, run, n_epochs=3):
    """Show some epochs of a run to a callback."""
    mirror = Mirror(run.model, run)
    mirror.call(callback.set_model, run.model)
    mirror.call(callback.on_train_begin, None)
    for epoch in range(n_epochs):
        run.move_on()
        mirror.call(callback.on_epoch_end, epoch, {"loss": 1.0, "val_loss": 1.0})


BLIND = {
    "EarlyStopping": lambda: keras.callbacks.EarlyStopping("loss", patience=9),
    "History": keras.callbacks.History,
    "LearningRateScheduler": lambda: keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: rate / 2
    ),
    "ReduceLROnPlateau": lambda: keras.callbacks.ReduceLROnPlateau("loss", patience=1),
    "LambdaCallback": lambda: keras.callbacks.LambdaCallback(on_epoch_end=print),
}


@pytest.mark.fast
@pytest.mark.parametrize("name", BLIND)
def test_callbacks_that_look_at_no_weights_cost_no_copy_per_epoch(run, name):
    """What looks at logs and rates alone leaves the weights where they are."""
    callback = BLIND[name]()

    epochs_seen_by(callback, run)

    assert run.n_copies <= 1  # EarlyStopping looks at the metrics' names, once


def test_a_reader_sees_the_weights_of_every_epoch(run):
    """A model that is read shows the epoch that has just ended."""
    callback = Reading()
    expected = []
    mirror = Mirror(run.model, run)
    mirror.call(callback.set_model, run.model)

    for epoch in range(3):
        run.move_on()
        expected.append(sum(w.sum() for w in run.values))
        mirror.call(callback.on_epoch_end, epoch, {})

    assert callback.sums == expected
    assert run.n_copies == 3


def test_the_model_has_its_own_class_whenever_somebody_looks(run):
    """Keras saves some things by the class that it finds."""
    classes = []

    class Looking(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.get_weights()
            classes.append(type(self.model))

    epochs_seen_by(Looking(), run, 1)

    assert classes == [keras.Sequential]
    assert type(run.model) is keras.Sequential


class Keeping(keras.callbacks.Callback):
    """Keep a part of the model and its compiled function; use it after every epoch."""

    def __init__(self, rows):
        super().__init__()
        self.rows = rows
        self.through_part, self.through_model = [], []

    def on_train_begin(self, logs=None):
        """Build a second model of the same layers."""
        self.part = keras.Model(self.model.inputs, self.model.outputs)
        self.part.predict(self.rows, verbose=0)

    def on_epoch_end(self, epoch, logs=None):
        """Read what was kept before what can be noticed."""
        self.through_part.append(self.part.predict(self.rows, verbose=0))
        self.through_model.append(self.model.predict(self.rows, verbose=0))


def test_what_a_callback_has_kept_shows_every_epoch(diabetes):
    """A compiled function of a part of the model reads no attribute of the model."""
    X, y = diabetes
    callback = Keeping(X[:5])

    fitted = DNNRegressor((3,), epochs=3, random_state=0, callbacks=callback).fit(X, y)

    (kept,) = fitted.callbacks_
    np.testing.assert_array_equal(kept.through_part, kept.through_model)
    assert len({rows.tobytes() for rows in kept.through_part}) == 3


def test_the_model_of_a_callback_ends_as_the_estimator(diabetes):
    """After fit the model shows the last weights, though nobody has looked."""
    X, y = diabetes
    blind = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)

    fitted = DNNRegressor((3,), epochs=3, random_state=0, callbacks=blind).fit(X, y)

    shown = fitted.callbacks_[0].model.get_weights()
    for weight, expected in zip(shown, fitted._fitted.weights, strict=True):
        np.testing.assert_array_equal(weight, expected)
