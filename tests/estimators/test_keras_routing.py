"""Parameters by prefix that reach classes inside others, and each output's own."""

import keras
import numpy as np
import pytest
from keras import layers, losses, metrics
from sklearn.datasets import load_iris
from sklearn.preprocessing import scale

from skdeep import KerasClassifier, KerasRegressor
from skdeep.estimators._keras_routing import made, made_each

X, CODES = load_iris(return_X_y=True)
X = scale(X)
TWO = np.column_stack([CODES > 0, CODES > 1]).astype(int)


class Halving:
    """A schedule that has an argument."""

    def __init__(self, every=1):
        self.every = every

    def __call__(self, epoch, rate):
        """Half the rate, now and then."""
        return rate / 2 if epoch and epoch % self.every == 0 else rate


class Holder:
    """A class with arguments of any kind."""

    def __init__(self, *places, **named):
        self.places, self.named = places, named


def two_outputs(compile_kwargs):
    """Two labels by name."""
    rows = keras.Input((4,))
    names = ("first", "second")
    outputs = [layers.Dense(1, activation="sigmoid", name=n)(rows) for n in names]
    model = keras.Model(rows, outputs)
    model.compile(**compile_kwargs)
    return model


@pytest.mark.fast
def test_classes_inside_of_classes_get_their_arguments():
    """By name and by place; what is no class stays as it is."""
    arguments = {"0": Holder, "0__deep": 1, "1": (1, 2), "parts": [Holder, Holder]}
    arguments |= {"parts__x": 2, "parts__1__x": 3, "dtype": np.float32}

    found = made(Holder, arguments, "loss")

    assert found.places[0].named == {"deep": 1}
    assert found.places[1] == (1, 2)
    assert [part.named["x"] for part in found.named["parts"]] == [2, 3]
    assert found.named["dtype"] is np.float32
    assert made_each({"a": [Holder]}, {"a__0__x": 1})["a"][0].named == {"x": 1}


def test_a_callback_gets_an_object_by_place():
    """The schedule of a LearningRateScheduler has no name in its constructor's call."""
    net = KerasClassifier(
        lambda: keras.Sequential([layers.Dense(3, activation="softmax")]),
        epochs=5,
        optimizer="sgd",
        optimizer__learning_rate=0.1,
        callbacks=[keras.callbacks.LearningRateScheduler],
        callbacks__0__0=Halving,
        callbacks__0__0__every=2,
    )

    rates = net.fit(X, CODES).history_["learning_rate"]

    np.testing.assert_allclose(rates, [0.1, 0.1, 0.05, 0.05, 0.025])


@pytest.mark.parametrize("by_name", [True, False])
def test_each_output_has_losses_and_metrics_of_its_own(by_name):
    """With arguments for all, for one, and by the name of a loss."""
    two_losses = [losses.BinaryCrossentropy, "binary_crossentropy"]
    two_metrics = [[metrics.BinaryAccuracy], [metrics.AUC, metrics.AUC]]
    keys = ("first", "second") if by_name else ("0", "1")
    loss = dict(zip(keys, two_losses, strict=True)) if by_name else two_losses
    metric = dict(zip(keys, two_metrics, strict=True)) if by_name else two_metrics
    arguments = {f"loss__{keys[0]}__label_smoothing": 0.1}
    arguments |= {f"loss__{keys[1]}__label_smoothing": 0.2}
    arguments |= {f"metrics__{keys[1]}__1__name": "area"}

    net = KerasClassifier(two_outputs, loss=loss, metrics=metric, **arguments)
    net.fit(X, TWO)

    used = net.model_.loss
    used = [used[key] for key in keys] if by_name else used
    assert [one.get_config()["label_smoothing"] for one in used] == [0.1, 0.2]
    assert "second_area" in net.history_
    assert "first_binary_accuracy" in net.history_


def test_a_function_that_takes_anything_gets_what_is_offered():
    """As in SciKeras, besides its own parameters."""
    seen = {}

    def build(**others):
        seen.update(others)
        return keras.Sequential([layers.Dense(others["units"]), layers.Dense(1)])

    KerasRegressor(build, units=3, loss="mse").fit(X, CODES)

    assert seen["units"] == 3
    assert seen["meta"]["n_features_in_"] == 4
    assert {"compile_kwargs", "params"} < set(seen)
