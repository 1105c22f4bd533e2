"""What the engine cannot take is trained by Keras, and refused only if Keras fails."""

import copy
import pickle

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers, ops
from sklearn.model_selection import cross_val_score

from skdeep import KerasClassifier, KerasRegressor
from skdeep.exceptions import InvalidNetworkError

RNG = np.random.RandomState(0)
X = RNG.normal(size=(48, 3)).astype("float32")
Y = X[:, 0] + 1
CODES = np.digitize(X[:, 0], [-0.5, 0.5])
WORDS = np.array(["a", "b", "c"])[CODES]


class Bare(keras.Model):
    """A model of a class that Keras cannot make again: no arguments, no get_config."""

    def __init__(self):
        super().__init__()
        self.final = layers.Dense(1)

    def call(self, x):
        """One layer."""
        return self.final(x)


class EarlyBuilt(Bare):
    """A model that calls itself built before its layer is."""

    def build(self, shape):
        """Make nothing."""
        self.built = True


class Doubling(layers.Layer):
    """A layer without a registered name."""

    def call(self, x):
        """Twice the rows."""
        return 2 * x


class MeanSize(keras.metrics.Metric):
    """A metric of the user's own."""

    def __init__(self, name="size"):
        super().__init__(name=name)
        self.total = self.add_variable((), "zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add what was predicted."""
        self.total.assign_add(ops.sum(ops.abs(y_pred)))

    def result(self):
        """The sum."""
        return self.total


def dense(units=1, activation=None, loss="mse", metrics=None, before=()):
    """A compiled model of a layer, and what stands before it."""
    parts = [layers.Dense(units, activation=activation)]
    model = keras.Sequential([keras.Input((3,)), *before, *parts])
    model.compile("adam", loss, metrics=metrics)
    return model


def adapted():
    """A model that scales by what it has seen before."""
    scaler = layers.Normalization()
    scaler.adapt(X)
    return dense(before=[scaler])


def bare():
    """The model that cannot be made again."""
    model = Bare()
    model.compile("adam", "mse")
    return model


class Falling(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule that cannot be written down."""

    def __call__(self, step):
        """Half after the first update, a third after the second."""
        return 0.01 / (1 + ops.cast(step, "float32"))


def scheduled():
    """A model with this schedule."""
    model = dense()
    model.compile(keras.optimizers.SGD(Falling()), "mse")
    return model


def tangent(x):
    """An activation that Keras does not know."""
    return ops.tanh(x) * 1.7


MODELS = {
    "no get_config": (bare, Y),
    "hinge for numbers": (lambda: dense(activation="tanh", loss="hinge"), np.sign(Y)),
    "cross-entropy of shares": (
        lambda: dense(2, "softmax", "categorical_crossentropy"),
        np.abs(X[:, :2]) / np.abs(X[:, :2]).sum(1, keepdims=True),
    ),
    "adapted": (adapted, Y),
    "own schedule": (scheduled, Y),
    "equal metrics": (lambda: dense(metrics=["mae", "mae"]), Y),
    "own metric": (lambda: dense(metrics=[MeanSize()]), Y),
    "lambda": (lambda: dense(before=[layers.Lambda(lambda x: ops.sin(x))]), Y),
}


def through_pickle(estimator):
    """Write it and read it."""
    return pickle.loads(pickle.dumps(estimator))


def linear():
    """A network of one layer, not compiled."""
    return keras.Sequential([layers.Dense(1)])


@pytest.mark.fast
@pytest.mark.parametrize("name", MODELS)
def test_keras_trains_what_the_engine_cannot(name):
    """Whatever Keras fits is fitted, and ``trainer_`` says by whom."""
    build, y = MODELS[name]

    net = KerasRegressor(build, epochs=2).fit(X, y)

    assert net.trainer_ == "keras"
    assert len(net.history_["loss"]) == 2
    assert net.predict(X).shape == y.shape


@pytest.mark.parametrize("before", [Doubling(), layers.Activation(tangent)])
def test_own_layers_and_functions_need_no_registration(before):
    """The engine takes classes and functions of the user's, registered or not."""
    net = KerasRegressor(lambda: dense(before=[before]), epochs=2).fit(X, Y)

    assert net.trainer_ == "engine"


class OwnStep(keras.Model):
    """A class that nobody has registered, of a module."""

    def train_step(self, data):
        """That of Keras."""
        return super().train_step(data)


class LargestError(keras.metrics.MeanMetricWrapper):
    """A metric that nobody has registered, of a module."""

    def __init__(self, name="largest", dtype=None, **of_the_base):
        super().__init__(largest_error, name=name, dtype=dtype)


class OwnError(keras.metrics.MeanAbsoluteError):
    """Another one, which the engine takes."""


def largest_error(y_true, y_pred):
    """A number per row."""
    return ops.max(ops.abs(y_true - y_pred), axis=-1)


def own_step():
    """A model of this class, compiled with a function and this metric."""
    rows = keras.Input((3,))
    model = OwnStep(rows, layers.Dense(1)(rows))
    model.compile("adam", largest_error, metrics=[LargestError(), OwnError()])
    return model


@pytest.mark.parametrize("duplicate", [copy.deepcopy, through_pickle])
def test_models_that_keras_has_trained_are_pickled(duplicate):
    """With classes by reference; training goes on as if nothing had been."""
    net = KerasRegressor(own_step, epochs=2, shuffle=False).fit(X, Y)

    again = duplicate(net)

    assert net.trainer_ == "keras"
    np.testing.assert_array_equal(again.predict(X), net.predict(X))
    further = net.partial_fit(X, Y).predict(X)
    np.testing.assert_allclose(again.partial_fit(X, Y).predict(X), further, rtol=1e-4)
    assert again.current_epoch == 3


@pytest.mark.fast
@pytest.mark.parametrize("name", ["no get_config", "own schedule", "own metric"])
def test_pickles_that_could_not_be_read_are_refused(name):
    """When they are written, and not when it is too late."""
    build, y = MODELS[name]
    net = KerasRegressor(build).fit(X, y)

    with pytest.raises(pickle.PicklingError, match="Give its classes a get_config"):
        pickle.dumps(net._fitted)


def test_own_metrics_of_the_engine_are_pickled():
    """An object that is a parameter, of a class that nobody has registered."""
    net = KerasRegressor(linear, metrics=[OwnError(name="own")]).fit(X, Y)

    again = through_pickle(net).partial_fit(X, Y)

    assert net.trainer_ == "engine"
    assert len(again.history_["own"]) == 2


def test_losses_for_other_targets_train_classifiers_in_keras():
    """A count loss on two classes is unusual, not impossible."""
    net = KerasClassifier(dense, activation="sigmoid", loss="poisson", epochs=15)
    net.set_params(optimizer="adam", optimizer__learning_rate=0.3)

    net.fit(X, WORDS == "c")

    assert net.trainer_ == "keras"
    assert net.score(X, WORDS == "c") > 0.8


def test_keras_gets_one_hot_rows_where_the_loss_wants_them():
    """Labels are learnt by ``categorical_crossentropy`` whoever trains."""
    net = KerasClassifier(
        dense,
        units=3,
        activation="softmax",
        loss="categorical_crossentropy",
        optimizer="adam",
        optimizer__learning_rate=0.3,
        epochs=10,
        run_eagerly=True,
    )

    net.fit(X, WORDS)

    assert net.trainer_ == "keras"
    assert net.score(X, WORDS) > 0.8


def test_one_hot_targets_are_classes_where_the_loss_says_so():
    """A matrix with a one in every row comes back as one, and is scored and folded."""
    net = KerasClassifier(
        dense,
        units=3,
        activation="softmax",
        loss="categorical_crossentropy",
        optimizer="adam",
        optimizer__learning_rate=0.1,
        epochs=30,
        random_state=0,
    )

    scores = cross_val_score(net, X, np.eye(3)[CODES], cv=2)
    predicted = net.fit(X, np.eye(3)[CODES]).predict(X)

    assert net.trainer_ == "engine"
    assert scores.mean() > 0.7
    assert (predicted.sum(axis=1) == 1).all()
    assert net.predict_proba(X).shape == (48, 3)


def test_what_nobody_can_train_is_refused_in_our_words():
    """If Keras fails, too, the error says what was expected."""
    net = KerasRegressor(dense, units=1, loss="mean_squard_error", epochs=1)

    with pytest.raises(InvalidNetworkError, match="Did you mean"):
        net.fit(X, Y)


def looked_up():
    """A model of a table: a column of words and one of numbers."""
    word = keras.Input((1,), dtype="string", name="word")
    number = keras.Input((1,), name="number")
    codes = layers.StringLookup(vocabulary=["a", "b", "c"], output_mode="one_hot")
    both = layers.concatenate([codes(word), number])
    return keras.Model([word, number], layers.Dense(3, activation="softmax")(both))


def test_columns_of_a_table_go_to_the_inputs_of_their_names():
    """Words and numbers, in any order, with columns that no input has."""
    table = pd.DataFrame({"other": Y, "number": X[:, 0], "word": WORDS})
    net = KerasClassifier(
        looked_up, optimizer="adam", optimizer__learning_rate=0.3, epochs=10
    )

    net.fit(table, CODES)

    assert net.trainer_ == "keras"
    assert net.score(table, CODES) > 0.9


def two_columns():
    """A model of two numbers by name."""
    left, right = keras.Input((1,), name="left"), keras.Input((1,), name="right")
    return keras.Model([left, right], layers.Dense(1)(left - 2 * right))


def test_columns_of_numbers_go_to_their_inputs_in_the_engine():
    """The names decide, not the order of the columns."""
    table = pd.DataFrame(X[:, :2], columns=["right", "left"])
    net = KerasRegressor(two_columns, optimizer="adam", epochs=2, random_state=0)

    found = net.fit(table, Y).predict(table)

    inputs = {"left": X[:, 1:2], "right": X[:, :1]}
    expected = net.model_.predict([inputs["left"], inputs["right"]], verbose=0)
    assert net.trainer_ == "engine"
    np.testing.assert_allclose(found, expected[:, 0], rtol=1e-5)


def test_an_update_may_be_what_builds_a_layer():
    """The optimizer gets its variables from Keras then, not from us before."""

    def early_built():
        model = EarlyBuilt()
        model.build((None, 3))
        return model

    net = KerasRegressor(early_built, loss="mse", optimizer="adam", epochs=1)
    net.fit(X, Y)

    assert net.trainer_ == "keras"
    assert net.predict(X).shape == (48,)


def test_tensors_are_arrays():
    """Of TensorFlow, as they come out of a pipeline."""
    rows, targets = keras.ops.convert_to_tensor(X), keras.ops.convert_to_tensor(Y)

    net = KerasRegressor(dense, epochs=1).fit(rows, targets)

    assert net.X_shape_ == X.shape
    np.testing.assert_array_equal(net.predict(rows), net.predict(X))
