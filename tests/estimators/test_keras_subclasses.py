"""Subclasses with a constructor of their own, as SciKeras' guides have them."""

import pickle

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import scale

from skdeep import KerasClassifier

X, Y = load_iris(return_X_y=True)
X = scale(X)


class Perceptron(KerasClassifier):
    """A network inside its estimator; the rest of the parameters is handed on."""

    def __init__(self, units=(8,), optimizer__learning_rate=0.01, epochs=5, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.epochs = epochs
        self.note = "no parameter of the build function"

    def _keras_build_fn(self, meta, compile_kwargs):
        hidden = [layers.Dense(n, activation="relu") for n in self.units]
        ending = layers.Dense(meta["n_classes_"], activation="softmax")
        model = keras.Sequential([keras.Input((self.n_features_in_,)), *hidden, ending])
        model.compile(compile_kwargs["optimizer"], "sparse_categorical_crossentropy")
        return model


class Small(KerasClassifier):
    """A constructor that takes nothing else."""

    def __init__(self, units=4):
        super().__init__(epochs=3)
        self.units = units

    def _keras_build_fn(self, units, meta):
        ending = layers.Dense(meta["n_classes_"], activation="softmax")
        return keras.Sequential([layers.Dense(units, activation="relu"), ending])


@pytest.mark.fast
def test_parameters_are_those_of_both_constructors():
    """Without the one that the constructor names and never sets."""
    net = Perceptron(units=(3,), batch_size=16)

    found = net.get_params()

    assert (found["units"], found["batch_size"], found["epochs"]) == ((3,), 16, 5)
    assert "optimizer__learning_rate" not in found
    assert clone(net).get_params() == found
    assert Small(2).get_params() == {"units": 2}


@pytest.mark.parametrize("net", [Perceptron(random_state=0), Small()])
def test_such_estimators_are_trained_copied_and_searched(net):
    """The epochs are those that the subclass sets."""
    values = [2, 3] if isinstance(net, Small) else [(2,), (3,)]

    fitted = clone(net).fit(X, Y)
    copy = pickle.loads(pickle.dumps(fitted))
    search = GridSearchCV(net, {"units": values}, cv=2, error_score="raise").fit(X, Y)

    assert fitted.current_epoch == (3 if isinstance(net, Small) else 5)
    np.testing.assert_array_equal(copy.predict_proba(X), fitted.predict_proba(X))
    assert search.best_params_["units"] in values


def test_a_routed_parameter_may_be_set_later():
    """It is one from then on."""
    net = Perceptron().set_params(optimizer__learning_rate=0.2, optimizer="adam")

    found = net.fit(X, Y).model_.optimizer

    assert float(np.asarray(found.learning_rate)) == pytest.approx(0.2)
