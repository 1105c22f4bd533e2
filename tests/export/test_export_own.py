"""Networks of the user's own, written for other programs."""

import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from keras import layers

from skdeep import KerasClassifier, KerasRegressor

RNG = np.random.RandomState(0)
X = RNG.normal(size=(40, 4)).astype("float32")
CODES = np.digitize(X[:, 0], [-0.5, 0.5])
ONCE = {"epochs": 1, "random_state": 0}


def two_inputs():
    """Build a network of two columns and two others."""
    inputs = [keras.Input((2,), name="left"), keras.Input((2,), name="right")]
    hidden = layers.Dense(5, activation="relu")(layers.concatenate(inputs))
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(hidden))


def steps():
    """Build a recurrent network."""
    return keras.Sequential(
        [keras.Input((4, 1)), layers.LSTM(3), layers.Dense(3, activation="softmax")]
    )


def trained_by_keras():
    """Build a network whose training the engine leaves to Keras."""
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    model.compile("adam", "mse", run_eagerly=True)
    return model


def fitted(kind):
    """Return an estimator, rows as it takes them, and what it makes of them."""
    if kind == "two inputs":
        rows = {"left": X[:, :2], "right": X[:, 2:]}
        net = KerasClassifier(two_inputs, **ONCE).fit(rows, CODES)
        return net, rows, net.predict_proba(rows)
    if kind == "steps":
        rows = X[..., np.newaxis]
        net = KerasClassifier(steps, **ONCE).fit(rows, CODES)
        return net, rows, net.predict_proba(rows)
    net = KerasRegressor(trained_by_keras, **ONCE).fit(X, X[:, 0])
    assert net.trainer_ == "keras"
    return net, X, net.predict(X).reshape(-1, 1)


@pytest.mark.fast
@pytest.mark.parametrize("kind", ["two inputs", "steps", "trained by Keras"])
def test_keras_writes_onnx(kind, tmp_path):
    """ONNX Runtime computes the same, by the names of the inputs."""
    net, rows, expected = fitted(kind)

    net.export(tmp_path / "net.onnx", format="onnx")

    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    names = [place.name for place in session.get_inputs()]
    given = rows if isinstance(rows, dict) else {names[0]: rows}
    found = session.run(None, given)[0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert "skdeep" in session.get_modelmeta().custom_metadata_map


def test_what_keras_has_trained_is_written_in_its_formats(tmp_path):
    """A .keras file and a SavedModel predict the same."""
    net, rows, expected = fitted("trained by Keras")

    net.export(tmp_path / "net.keras")
    net.export(tmp_path / "net", format="saved_model")

    by_keras = keras.saving.load_model(tmp_path / "net.keras").predict(rows, verbose=0)
    served = tf.saved_model.load(tmp_path / "net")
    by_serving = served.serve(rows).numpy()
    np.testing.assert_allclose(by_keras, expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(by_serving, expected, rtol=0, atol=1e-6)
