"""Where Keras trains, too, results depend on parameters, data and random_state."""

import random

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from skdeep import KerasClassifier, KerasRegressor

RNG = np.random.RandomState(0)
X = RNG.normal(size=(48, 3)).astype("float32")
Y = X @ np.array([1.0, 2.0, 3.0])
CODES = (Y > 0).astype(int)
WEIGHTS = np.linspace(0.5, 1.5, len(X))
FEW = {"epochs": 1, "batch_size": 16}


class OwnStep(keras.Model):
    """A model with dropout and a step of its own; ``seen`` is what came to it."""

    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(8, activation="relu")
        self.drop = layers.Dropout(0.3)
        self.final = layers.Dense(1)
        self.seen = []

    def call(self, x, training=False):
        """Two layers."""
        return self.final(self.drop(self.hidden(x), training=training))

    def train_step(self, data):
        """Take Keras' step."""
        self.seen.append(data)
        return super().train_step(data)


class NeverMadeAgain(OwnStep):
    """A model that Keras cannot make again, with no weights before it trains."""

    def get_config(self):
        """Refuse."""
        raise NotImplementedError


class OwnWeight(layers.Layer):
    """A layer that does not keep the initializer of its weight."""

    def build(self, shape):
        """Make the weight."""
        self.scale = self.add_weight((shape[-1],), "random_uniform", name="scale")

    def call(self, x):
        """Scale."""
        return x * self.scale


def compiled(model):
    """Return a model that is compiled; tracing it took longer than its training."""
    model.compile(loss="mse", optimizer="adam", run_eagerly=True)
    return model


def functional(dropout=0.3, compile_with=compiled):
    """A model with a layer of the user's own, dropout and noise."""
    rows = keras.Input((3,))
    hidden = layers.Dense(8, activation="relu")(OwnWeight()(rows))
    dropped = layers.GaussianNoise(0.1)(layers.Dropout(dropout)(hidden))
    return compile_with(keras.Model(rows, layers.Dense(1)(dropped)))


def recurrent():
    """A model that remembers states from batch to batch."""
    rows = keras.Input(batch_shape=(16, 3))
    steps = layers.Reshape((3, 1))(rows)
    states = layers.LSTM(4, stateful=True, recurrent_dropout=0.2)(steps)
    return compiled(keras.Model(rows, layers.Dense(1)(states)))


def two_outputs():
    """A model that is trained for a class and a number at once."""
    rows = keras.Input((3,))
    hidden = layers.Dense(8, activation="relu")(rows)
    outputs = [layers.Dense(1)(hidden), layers.Dense(1)(hidden)]
    return compiled(keras.Model(rows, outputs))


MODELS = {
    "own step": lambda: compiled(OwnStep()),
    "never made again": lambda: compiled(NeverMadeAgain()),
    "own layer": functional,
    "stateful": recurrent,
    "two outputs": two_outputs,
}


def fitted(name, random_state=0, **parameters):
    """Return a fitted estimator and its predictions."""
    y = np.stack([Y, -Y], axis=1) if name == "two outputs" else Y
    net = KerasRegressor(
        MODELS[name], **{**FEW, **parameters}, random_state=random_state
    )
    net.fit(X, y, sample_weight=WEIGHTS)
    assert net.trainer_ == "keras"
    return net, net.predict(X)


@pytest.mark.fast
@pytest.mark.parametrize("name", MODELS)
def test_one_random_state_gives_the_same_bits(name):
    """Whatever the generators of Python and TensorFlow have given out before."""
    net, predictions = fitted(name)
    random.random()
    tf.random.uniform((3,))

    again, same = fitted(name)
    _, others = fitted(name, 1)

    assert net.history_ == again.history_
    np.testing.assert_array_equal(predictions, same)
    assert not np.allclose(predictions, others)


def test_global_generators_say_nothing():
    """Seeding Python and TensorFlow otherwise changes no bit."""
    before, predictions = random.getstate(), []

    for seed in (1, 2):
        random.seed(seed)
        predictions.append(fitted("own step")[1])
    random.setstate(before)

    np.testing.assert_array_equal(*predictions)


def test_every_epoch_has_every_row_once_in_another_order():
    """With its target and its weight; without shuffling, rows stay in order."""
    seen = {}

    for shuffle in (True, False):
        net, _ = fitted("own step", epochs=2, shuffle=shuffle)
        parts = zip(*net.model_.seen, strict=True)
        seen[shuffle] = [np.concatenate(part).reshape(2, 48, -1) for part in parts]

    given = [np.stack([part.reshape(48, -1)] * 2) for part in (X, Y, WEIGHTS)]
    for part, expected in zip(seen[False], given, strict=True):
        np.testing.assert_allclose(part, expected, rtol=1e-6)
    orders = np.argsort(seen[True][2], axis=1)  # weights grow from row to row
    for part, expected in zip(seen[True], given, strict=True):
        rows = np.take_along_axis(part, orders, axis=1)
        np.testing.assert_allclose(rows, expected, rtol=1e-6)
    assert not np.array_equal(*orders)


def test_what_a_function_has_said_stays():
    """Weights that it has set, and seeds that it has given."""

    def build():
        model = functional()
        model.layers[2].set_weights([np.eye(3, 8), np.zeros(8)])
        return model

    def build_with_seed():
        rows = keras.Input((3,))
        start = keras.initializers.GlorotUniform(seed=7)
        output = layers.Dense(1, kernel_initializer=start)(rows)
        return compiled(keras.Model(rows, output))

    nets = [
        KerasRegressor(model, random_state=seed).initialize(X, Y)
        for model in (build, build_with_seed)
        for seed in (0, 1)
    ]

    for net in nets[:2]:
        np.testing.assert_array_equal(net.model_.get_weights()[1], np.eye(3, 8))
    kernels = [net.model_.get_weights()[0] for net in nets[2:]]
    start = keras.initializers.GlorotUniform(seed=7)((3, 1)).numpy()
    np.testing.assert_array_equal(kernels, [start, start])


@pytest.mark.parametrize("trainer", ["engine", "keras"])
def test_loaded_weights_stay(trainer):
    """Those of layers that have not kept their initializers, too."""
    trained = functional(compile_with=lambda model: model).get_weights()

    def build():
        model = functional(compile_with=lambda model: model)
        model.set_weights(trained)
        return model

    net = KerasRegressor(build, run_eagerly=trainer == "keras", random_state=0)
    net.initialize(X, Y)

    assert net.trainer_ == trainer
    for own, given in zip(net.model_.get_weights(), trained, strict=True):
        np.testing.assert_array_equal(own, given)


def test_a_users_object_is_left_as_it_is():
    """Its weights are where training begins; they and its generators stay."""
    model = functional()
    before = [v.numpy().copy() for v in model.variables]

    nets = [KerasRegressor(model, **FEW, random_state=0).fit(X, Y) for _ in range(2)]

    for value, v in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(value, v.numpy())
    assert nets[0].history_ == nets[1].history_


def test_batches_begin_with_the_same_weights():
    """Rows that come batch by batch, too, are trained on from ``random_state``."""
    batches = tf.data.Dataset.from_tensor_slices((X, CODES)).batch(16)

    def build():
        return keras.Sequential(
            [keras.Input((3,)), layers.Dense(4), layers.Dense(1, activation="sigmoid")]
        )

    nets = [
        KerasClassifier(build, epochs=2, random_state=seed).fit(batches)
        for seed in (0, 0, 1)
    ]

    assert nets[0].history_ == nets[1].history_ != nets[2].history_
