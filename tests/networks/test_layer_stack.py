"""The Keras model of a stack of layers does what the stack does."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdeep import CNNClassifier, CNNRegressor, DNNClassifier, DNNRegressor

RNG = np.random.RandomState(0)
X = RNG.normal(size=(40, 5)).astype(np.float32)
IMAGES = RNG.uniform(size=(40, 7, 6, 2)).astype(np.float32)
Y = RNG.randint(3, size=40)
# Who trains the networks makes no difference here: what compiles soonest.
QUICK = {
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "jit_compile": False,
    "random_state": 0,
}
CASES = {
    "plain": (DNNClassifier(), X),
    "all of it": (
        DNNRegressor(
            hidden_layer_sizes=(7, 5),
            batch_normalization=True,
            input_dropout=0.1,
            dropout=(0.2, 0.3),
            l1=0.01,
            l2=0.01,
            activity_l1=0.01,
            max_norm=2.0,
            normalize_y=True,
        ),
        X,
    ),
    "maxout": (DNNClassifier(activation="maxout"), X),
    "layer": (DNNClassifier(activation=keras.layers.LeakyReLU(negative_slope=0.1)), X),
    "float64": (DNNRegressor(dtype="float64"), X),
    "bfloat16": (DNNRegressor(dtype="mixed_bfloat16"), X),
    "periodic": (
        DNNRegressor(numeric_embedding="periodic", numeric_features=[0, 3]),
        X,
    ),
    "piecewise linear": (
        DNNClassifier(numeric_embedding="piecewise_linear", dtype="mixed_bfloat16"),
        X,
    ),
    "images": (CNNClassifier(filters=(3, (4, 5)), batch_normalization=True), IMAGES),
    "sequences": (
        CNNClassifier((3,), kernel_size=(2,), conv_dropout=0.1),
        IMAGES[:, 0],
    ),
    "one value per layer": (
        CNNRegressor(
            filters=(3, 4),
            hidden_layer_sizes=(5,),
            activation=("tanh", "maxout", "relu"),
            batch_normalization=(True, "after", False),
            conv_dropout=(0.1, 0.2),
            l1=(0.1, 0.1, 0.0, 0.1),
            global_pooling="average",
        ),
        IMAGES,
    ),
    "valid maxout": (
        CNNRegressor(filters=(3,), padding="valid", activation="maxout"),
        IMAGES,
    ),
}


@pytest.mark.fast
@pytest.mark.parametrize("name", CASES)
def test_model_predicts_what_the_estimator_predicts(name):
    """Outputs of model_ and of the estimator agree to rounding."""
    estimator, rows = CASES[name]
    estimator.set_params(epochs=3, **QUICK).fit(rows, Y)

    found = np.asarray(estimator.model_(rows))

    expected = getattr(estimator, "predict_proba", estimator.predict)(rows)
    tolerance = 0.02 if estimator.dtype == "mixed_bfloat16" else 1e-5
    np.testing.assert_allclose(
        found.reshape(expected.shape), expected, rtol=tolerance, atol=tolerance
    )


@pytest.mark.parametrize("name", CASES)
def test_model_saves_and_loads_without_skdeep_objects(name, tmp_path):
    """A .keras file of model_ opens with safe mode on and predicts the same."""
    estimator, rows = CASES[name]
    if name == "layer":
        estimator.set_params(activation="leaky_relu")
    model = estimator.set_params(epochs=1, **QUICK).fit(rows, Y).model_
    path = tmp_path / "network.keras"

    model.save(path)

    loaded = keras.models.load_model(path, safe_mode=True, compile=False)
    np.testing.assert_array_equal(np.asarray(model(rows)), np.asarray(loaded(rows)))


@pytest.mark.fast
@pytest.mark.parametrize("name", CASES)
def test_weight_list_matches_the_model(name):
    """Weights are listed in the order and shapes of the Keras model."""
    estimator, rows = CASES[name]
    estimator.set_params(epochs=1, **QUICK).fit(rows, Y)

    shapes = [spec.shape for spec in estimator._fitted.network.weight_specs()]

    assert shapes == [tuple(w.shape) for w in estimator.model_.get_weights()]


def test_the_cifar_network_has_its_684746_parameters():
    """The course's CIFAR-10 network counts exactly as published."""
    net = CNNClassifier(
        filters=((32,), (64, 128), (256,)),
        pool_size=(2, 2, None),
        padding="valid",
        hidden_layer_sizes=(128,),
        dropout=0.25,
    )
    images = np.zeros((20, 32, 32, 3), np.uint8)

    net.initialize(images, np.arange(20) % 10)

    assert net.model_.count_params() == 684_746
    assert net.summary().attrs["n_parameters"] == 684_746


def test_kernels_of_equal_shape_start_differently():
    """Every kernel has a seed of its own."""
    net = DNNRegressor(hidden_layer_sizes=(5, 5), epochs=1).fit(X, Y)

    weights = net._fitted.network.draw_weights(seed=0)

    assert not np.array_equal(weights[0], weights[2])
