"""Keras' global settings have no part in what a network does."""

from __future__ import annotations

from contextlib import contextmanager

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.base import is_regressor

from skdeep import CNNClassifier, CNNRegressor, DNNClassifier, DNNRegressor
from skdeep.engine import clear_cache

RNG = np.random.RandomState(0)
X = RNG.normal(size=(40, 5)).astype(np.float32)
IMAGES = RNG.uniform(size=(40, 7, 6, 2)).astype(np.float32)
Y = RNG.randint(3, size=40)
TARGETS = RNG.normal(size=(40, 2)) * [1, 30] + [5, 0]
SMALL = {
    "hidden_layer_sizes": (8,),
    "epochs": 2,
    "random_state": 0,
    "jit_compile": False,
}
# Adam, which asks for dtypes and takes longer to compile, trains the others.
BY_SGD = {**SMALL, "optimizer": "sgd", "learning_rate": 0.1}
LEAKY = keras.layers.LeakyReLU(negative_slope=0.1)
CASES = {
    "all of it": (
        DNNClassifier(
            **SMALL,
            numeric_embedding="periodic",
            batch_normalization=True,
            input_dropout=0.1,
            dropout=0.2,
            l2=0.01,
            activity_l1=0.01,
            max_norm=2.0,
        ),
        X,
    ),
    "float64": (
        DNNRegressor(
            **SMALL, dropout=0.1, dtype="float64", activation=LEAKY, normalize_y=True
        ),
        X.astype(np.float64),
    ),
    "bfloat16": (DNNRegressor(**SMALL, dropout=0.1, dtype="mixed_bfloat16"), X),
    "images": (CNNClassifier((3, 4), **BY_SGD, dropout=0.1), IMAGES),
    "images with two targets, average and maxout": (
        CNNRegressor(
            (3,), **BY_SGD, normalize_y=True, pooling="average", activation="maxout"
        ),
        IMAGES,
    ),
}


@contextmanager
def dtype_policy(name):
    """Set the global dtype policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@contextmanager
def floatx(name):
    """Set the global dtype of floats; Keras changes the policy with it."""
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(name)
    try:
        yield
    finally:
        keras.config.set_floatx(before[0])
        keras.config.set_dtype_policy(before[1])


@contextmanager
def image_data_format(name):
    """Set where images have their channels."""
    before = keras.config.image_data_format()
    keras.config.set_image_data_format(name)
    try:
        yield
    finally:
        keras.config.set_image_data_format(before)


@contextmanager
def half_precision_channels_first():
    """Set both: results of a network that reads either are others."""
    with floatx("float16"), image_data_format("channels_first"):
        yield


SETTINGS = {
    "a mixed policy": lambda: dtype_policy("mixed_bfloat16"),
    "half precision, channels first": half_precision_channels_first,
}


def results(estimator, rows, path):
    """What a fit, its Keras model, its SavedModel and its summary say."""
    clear_cache()  # a program that is there already was traced under other settings
    estimator.fit(rows, TARGETS if is_regressor(estimator) else Y)
    estimator.export(path, format="saved_model")
    exported = tf.saved_model.load(path)
    model = estimator.model_
    return {
        "weights": estimator._fitted.weights,
        "outputs": [estimator._fitted.predict(rows)],
        # Not ``model.predict``, which rounds all rows to the global dtype of floats.
        "model_": [model(rows).numpy()],
        "export": [exported.serve(tf.constant(rows)).numpy()],
        "dtypes": [str(layer.output.dtype) for layer in model.layers],
        "summary": estimator.summary().reset_index().to_numpy().tolist(),
    }


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory):
    """An estimator, rows, and the results under Keras' own settings."""
    estimator, rows = CASES[request.param]
    folder = tmp_path_factory.mktemp("default")
    return estimator, rows, results(estimator, rows, folder / "model")


@pytest.mark.fast
@pytest.mark.parametrize("setting", SETTINGS)
def test_results_do_not_depend_on_global_settings(case, setting, tmp_path):
    """Weights, predictions, ``model_``, export and summary are the same to the bit."""
    estimator, rows, expected = case

    with SETTINGS[setting]():
        found = results(estimator, rows, tmp_path / "model")

    for part in ("weights", "outputs", "model_", "export"):
        for ours, theirs in zip(found[part], expected[part], strict=True):
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs, err_msg=part)
    assert found["dtypes"] == expected["dtypes"]
    assert found["summary"] == expected["summary"]
