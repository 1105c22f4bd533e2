"""Settings of the process that Keras reads: they are the user's, and change no fit."""

import keras
import numpy as np
import pytest

from skdeep import DNNClassifier, DNNRegressor
from skdeep.engine import cache_info, clear_cache

SETTINGS = {
    "mixed_float16": lambda: keras.config.set_dtype_policy("mixed_float16"),
    "policy float16": lambda: keras.config.set_dtype_policy("float16"),
    "floatx float16": lambda: keras.config.set_floatx("float16"),
    "floatx float64": lambda: keras.config.set_floatx("float64"),
}
NET = {"hidden_layer_sizes": (4,), "epochs": 3, "random_state": 0, "jit_compile": False}

# Adam, which asks for dtypes and takes longer to compile, trains the others.
BY_SGD = {**NET, "optimizer": "sgd", "learning_rate": 0.1}


@pytest.fixture
def settings():
    """Give the settings, and put them back in the end."""
    policy, floatx = keras.config.dtype_policy(), keras.config.floatx()
    epsilon = keras.config.epsilon()
    yield SETTINGS
    keras.config.set_dtype_policy(policy)
    keras.config.set_floatx(floatx)
    keras.config.set_epsilon(epsilon)


class Watch(keras.callbacks.Callback):
    """A callback that notes what optimizer it sees."""

    def on_epoch_end(self, epoch, logs=None):
        """Note its kind."""
        self.seen = type(self.model.optimizer).__name__


NETS = {
    "names of metrics": lambda: DNNClassifier(
        **NET, metrics=["accuracy", "sparse_categorical_crossentropy", "mse"]
    ),
    "a metric object": lambda: DNNClassifier(
        **BY_SGD, metrics=keras.metrics.SparseTopKCategoricalAccuracy(2)
    ),
    "a callback": lambda: DNNClassifier(**NET, callbacks=[Watch()]),
    "a layer as activation": lambda: DNNRegressor(
        **BY_SGD, activation=keras.layers.ELU()
    ),
    "a schedule, batch normalization": lambda: DNNRegressor(
        **NET,
        learning_rate=keras.optimizers.schedules.ExponentialDecay(0.01, 3, 0.9),
        batch_normalization=True,
    ),
}


@pytest.fixture(scope="module", params=NETS)
def net(request, iris):
    """A network's name, and its predictions and history under Keras' own settings."""
    clear_cache()
    fitted = NETS[request.param]().fit(*iris)
    return request.param, fitted.predict(iris[0]), fitted.history_


@pytest.mark.fast
@pytest.mark.parametrize("setting", SETTINGS)
def test_fits_do_not_depend_on_global_dtypes(net, setting, iris, settings):
    """Predictions and history are the same to the last bit."""
    X, y = iris
    name, predictions, history = net
    clear_cache()  # so that all is traced under the other setting
    settings[setting]()

    found = NETS[name]().fit(X, y)

    np.testing.assert_array_equal(found.predict(X), predictions)
    if (name, setting) != ("a metric object", "floatx float64"):  # its dtype is asked
        assert found.history_ == history


@pytest.mark.parametrize("setting", SETTINGS)
def test_callbacks_see_the_optimizer_that_trains(setting, iris, settings):
    """No global policy puts another optimizer around it."""
    settings[setting]()

    net = DNNClassifier(**NET, callbacks=[Watch()]).fit(*iris)

    assert net.callbacks_[0].seen == "Adam"


def test_layers_as_activations_compute_in_the_dtype_of_the_network(diabetes):
    """An activation is the same by name and as a layer, in float64, too."""
    X, y = diabetes
    by_name = DNNRegressor(**NET, activation="elu", dtype="float64").fit(X, y)

    layer = keras.layers.ELU()
    by_layer = DNNRegressor(**NET, activation=layer, dtype="float64").fit(X, y)

    np.testing.assert_array_equal(by_layer.predict(X), by_name.predict(X))
    np.testing.assert_array_equal(by_layer.model_(X), by_name.model_(X))


def test_another_epsilon_is_another_program(iris, settings, empty_cache):
    """Keras' losses read it when they are traced; results never depend on the cache."""
    X, y = iris
    parameters = {**NET, "loss": "kl_divergence"}
    before = DNNClassifier(**parameters).fit(X, y)
    keras.config.set_epsilon(1e-2)

    with_larger = DNNClassifier(**parameters).fit(X, y)
    keras.config.set_epsilon(1e-7)
    again = DNNClassifier(**parameters).fit(X, y)

    assert with_larger.history_["loss"] != before.history_["loss"]
    assert again.history_ == before.history_
    assert cache_info().misses == 2
