"""Rows in batches, and targets with a shape of their own: Keras trains on them."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from skdeep import KerasClassifier, KerasRegressor

RNG = np.random.RandomState(0)
X = RNG.normal(size=(64, 3)).astype("float32")
CODES = np.digitize(X[:, 0], [-0.5, 0.5])
IMAGES = RNG.uniform(size=(64, 4, 4, 1)).astype("float32")
SGD = {"optimizer": "sgd", "optimizer__learning_rate": 0.3}
# An epoch of Keras costs as much as several updates.
SMALL_BATCHES = {**SGD, "batch_size": 8}


class Batches(keras.utils.PyDataset):
    """Four batches."""

    def __len__(self):
        """How many."""
        return 4

    def __getitem__(self, number):
        """Rows and class numbers."""
        rows = slice(16 * number, 16 * number + 16)
        return X[rows], CODES[rows]


def generated():
    """The same batches without end."""
    while True:
        for number in range(4):
            yield Batches()[number]


def pipeline():
    """The same batches by TensorFlow."""
    return tf.data.Dataset.from_tensor_slices((X, CODES)).batch(16)


def dense(meta):
    """A layer."""
    rows = keras.Input((meta["n_features_in_"],))
    return keras.Model(rows, layers.Dense(3, activation="softmax")(rows))


@pytest.mark.fast
@pytest.mark.parametrize("make", [Batches, pipeline, generated])
def test_keras_trains_on_batches(make):
    """Any source of batches, of any length; predictions are those of arrays."""
    net = KerasClassifier(dense, epochs=3, **SGD)
    steps = {"steps_per_epoch": 4} if make is generated else {}

    net.fit(make(), X_val=pipeline(), **steps)

    assert net.trainer_ == "keras"
    assert len(net.history_["val_loss"]) == 3
    np.testing.assert_array_equal(net.classes_, [0, 1, 2])
    np.testing.assert_array_equal(net.predict(pipeline()), net.predict(X))
    assert net.score(X, CODES) > 0.7


def test_a_model_without_a_shape_gets_that_of_the_first_batch():
    """So the loss follows from what comes out."""

    def build():
        return keras.Sequential([layers.Dense(3, activation="softmax")])

    net = KerasClassifier(build, epochs=5, **SGD).fit(Batches())

    assert net.score(X, CODES) > 0.7


def test_networks_of_the_engine_predict_batches():
    """Who has trained makes no difference."""
    net = KerasClassifier(dense, epochs=2, random_state=0).fit(X, CODES)

    found = net.predict_proba(Batches())

    assert net.trainer_ == "engine"
    np.testing.assert_array_equal(found, net.predict_proba(X))


def test_training_on_batches_goes_on():
    """``warm_start`` keeps the network, the epochs and the history."""
    net = KerasClassifier(dense, epochs=2, warm_start=True, **SGD)

    losses = net.fit(Batches()).fit(Batches()).history_["loss"]

    assert net.current_epoch == len(losses) == 4
    assert losses[-1] < losses[1]


@pytest.mark.fast
def test_what_batches_cannot_have_is_refused():
    """Targets beside them, sizes, parts held out."""
    net = KerasClassifier(dense)

    with pytest.raises(ValueError, match="got also"):
        net.fit(Batches(), CODES)
    with pytest.raises(ValueError, match="go with arrays"):
        net.set_params(batch_size=8).fit(Batches())
    with pytest.raises(ValueError, match="rows to watch"):
        net.set_params(batch_size=None, early_stopping=True).fit(Batches())


def pixels(units, activation=None):
    """A convolution."""
    rows = keras.Input((4, 4, 1))
    found = layers.Conv2D(units, 1, activation=activation)(rows)
    return keras.Model(rows, found)


@pytest.mark.fast
def test_every_pixel_may_have_a_label():
    """Labels of any kind come back in the shape of y, and their accuracy is told."""
    y = np.where(IMAGES[..., 0] > 0.5, "bright", "dark")
    units = {"units": 2, "activation": "softmax"}
    net = KerasClassifier(pixels, **units, epochs=20, **SMALL_BATCHES)

    found = net.fit(IMAGES, y).predict(IMAGES)

    assert found.shape == (64, 4, 4)
    assert net.trainer_ == "keras"
    assert net.score(IMAGES, y) > 0.8
    assert net.predict_proba(IMAGES).shape == (64, 4, 4, 2)


def test_images_may_be_targets():
    """An autoencoder is a regressor; R² is that of all values."""
    net = KerasRegressor(pixels, units=1, epochs=15, **SMALL_BATCHES)

    found = net.fit(IMAGES, IMAGES).predict(IMAGES)

    assert found.shape == IMAGES.shape
    assert net.score(IMAGES, IMAGES) > 0.8


def two_kinds():
    """A number and a class."""
    rows = keras.Input((3,))
    number = layers.Dense(1, name="number")(rows)
    label = layers.Dense(3, activation="softmax", name="label")(rows)
    return keras.Model(rows, {"number": number, "label": label})


def test_targets_may_be_a_dict():
    """By the names of the outputs, each of its kind, with the loss that fits."""
    y = {"number": X[:, :1] * 2.5, "label": np.array(["a", "b", "c"])[CODES]}
    net = KerasClassifier(two_kinds, epochs=10, **SMALL_BATCHES)

    found = net.fit(X, y).predict(X)

    assert set(found["label"]) <= {"a", "b", "c"}
    assert found["number"].shape == (64, 1)
    assert net.score(X, y) > 0.7


def two_numbers():
    """Two outputs in a list."""
    rows = keras.Input((3,))
    return keras.Model(rows, [layers.Dense(1)(rows), layers.Dense(2)(rows)])


def test_a_list_is_of_outputs_if_it_has_arrays_of_all_rows():
    """Else it is one of rows, as everywhere."""
    net = KerasRegressor(two_numbers, epochs=1)

    found = net.fit(X, [X[:, 0], X[:, 1:]], X_val=X, y_val=[X[:, 0], X[:, 1:]])
    rows = KerasRegressor(two_numbers, epochs=1).fit(X, list(X)).predict(X)

    assert [part.shape for part in found.predict(X)] == [(64, 1), (64, 2)]
    assert rows.shape == (64, 3)
