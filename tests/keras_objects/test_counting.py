"""Names that Keras counts: those of a network do not tell what was built before."""

import keras
import numpy as np
import pytest
from keras import layers

from skdeep import KerasRegressor

RNG = np.random.RandomState(0)
X = RNG.normal(size=(40, 3)).astype("float32")
Y = X[:, 0] + 1


class Tripling(layers.Layer):
    """A layer that Keras knows inside a scope only."""

    def call(self, x):
        """Three times the rows."""
        return 3 * x


def two_outputs():
    """Build a model with two outputs that nobody has named."""
    rows = keras.Input((3,))
    outputs = [layers.Dense(1)(rows), layers.Dense(1)(rows)]
    return keras.Model(rows, outputs)


def fitted(build):
    """Fit for one epoch."""
    return KerasRegressor(build, epochs=1, random_state=0).fit(X, Y)


@pytest.mark.fast
def test_the_history_does_not_tell_what_was_built_before():
    """Columns named by layers are the same, whatever layers the process had."""
    targets = [Y, -Y]

    histories = []
    for _ in range(2):
        net = KerasRegressor(two_outputs, epochs=1, random_state=0)
        histories.append(net.fit(X, targets).history_)
        layers.Dense(1)

    assert "dense_1_loss" in histories[0]
    assert list(histories[0]) == list(histories[1])


def test_the_users_own_count_goes_on():
    """The next layer of the user is numbered as if nothing had been fitted."""
    before = layers.Dense(1).name

    fitted(lambda: keras.Sequential([layers.Dense(1)]))

    number = int(before.partition("_")[2] or 0)
    assert layers.Dense(1).name == f"dense_{number + 1}"


def test_a_model_may_go_on_from_another_one():
    """A function may put layers behind those of a model that was there before."""
    rows = keras.Input((3,))
    base = keras.Model(rows, layers.Dense(4, name="dense")(rows))

    net = fitted(lambda: keras.Model(base.input, layers.Dense(1)(base.output)))

    assert [len(w) for w in net.model_.get_weights()] == [3, 4, 4, 1]


def test_scopes_around_a_fit_are_around_its_build_function():
    """Own objects of a scope and the policy for dtypes count inside of the function."""
    policy = keras.config.dtype_policy()
    config = {"class_name": "Tripling", "config": {}}

    def build():
        scaled = keras.saving.deserialize_keras_object(config)
        return keras.Sequential([keras.Input((3,)), scaled, layers.Dense(1)])

    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        with keras.utils.custom_object_scope({"Tripling": Tripling}):
            net = fitted(build)
    finally:
        keras.config.set_dtype_policy(policy)

    assert net.model_.layers[-1].dtype_policy.name == "mixed_bfloat16"


def test_an_error_of_a_build_function_is_the_users():
    """What a function raises comes as it is, once."""

    def build():
        raise LookupError("no such network")

    with pytest.raises(LookupError, match="no such network") as raised:
        fitted(build)

    assert raised.value.__context__ is None
