"""What a search varies besides numbers of its own: depth, width, callbacks."""

import inspect

import keras
import numpy as np
import pytest
from scipy.stats import randint
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdeep import CNNClassifier, DNNRegressor

RNG = np.random.RandomState(0)
X = RNG.normal(size=(40, 4))
Y = X[:, 0]
SMALL = {"epochs": 2, "random_state": 0, "jit_compile": False}


def hidden_units(fitted):
    """Return the units of the hidden layers."""
    layers = fitted._fitted.network.layers
    return [layer.units for layer in layers if type(layer).__name__ == "Dense"]


def with_default(constructor, name, default):
    """Return a signature in which a parameter has another default."""
    signature = inspect.signature(constructor)
    changed = {
        n: p.replace(default=default) if n == name else p
        for n, p in signature.parameters.items()
    }
    return signature.replace(parameters=list(changed.values()))


@pytest.mark.fast
def test_depth_and_width_are_numbers():
    """n_layers and units are the sizes; one alone has the other from the default."""
    both = DNNRegressor(n_layers=np.int64(3), units=5, **SMALL).initialize(X, Y)
    depth = DNNRegressor(n_layers=1, **SMALL).initialize(X, Y)
    width = DNNRegressor(units=7, **SMALL).initialize(X, Y)
    linear = DNNRegressor(n_layers=0, units=7, **SMALL).initialize(X, Y)
    images = CNNClassifier((2,), units=3, **SMALL)
    images.initialize(X.reshape(-1, 2, 2), Y > 0)

    assert [hidden_units(net) for net in (both, depth, width, linear, images)] == [
        [5, 5, 5],
        [128],
        [7, 7],
        [],
        [3],
    ]


def test_an_own_default_is_no_choice():
    """A subclass with other sizes by default is not refused units of its own."""

    class Narrow(DNNRegressor):
        def __init__(self, hidden_layer_sizes=(9, 9, 9), **parameters):
            super().__init__(hidden_layer_sizes, **parameters)

        __init__.__signature__ = with_default(
            DNNRegressor.__init__, "hidden_layer_sizes", (9, 9, 9)
        )

    assert hidden_units(Narrow(units=2, **SMALL).initialize(X, Y)) == [2, 2, 2]
    with pytest.raises(ValueError, match=r"hidden_layer_sizes=\(4,\) and units=2"):
        Narrow((4,), units=2).fit(X, Y)


def test_a_randomised_search_draws_depth_and_width():
    """Whole numbers of a distribution are what the parameters take."""
    space = {"n_layers": randint(0, 3), "units": randint(2, 5)}
    search = RandomizedSearchCV(
        DNNRegressor(**SMALL), space, n_iter=2, cv=2, random_state=0
    )

    search.fit(X, Y)

    best = search.best_params_
    assert hidden_units(search.best_estimator_) == [best["units"]] * best["n_layers"]


# callbacks


@pytest.mark.fast
def test_arguments_of_callbacks_are_parameters():
    """They are found by name and place, and set in copies."""
    stopping = keras.callbacks.EarlyStopping("loss", patience=3)
    net = DNNRegressor(callbacks=stopping)

    copied = clone(net).set_params(callbacks__patience=5, callbacks__min_delta=0.1)

    assert net.get_params()["callbacks__patience"] == 3
    assert "callbacks__patience" not in net.get_params(deep=False)
    assert copied.get_params()["callbacks__patience"] == 5
    assert copied.callbacks.min_delta == 0.1
    assert net.callbacks is stopping
    assert stopping.patience == 3


def test_arguments_of_several_callbacks_have_a_place():
    """A name alone is for all that have it."""
    stopping = keras.callbacks.EarlyStopping("loss", patience=3)
    reducing = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=2)
    net = DNNRegressor(callbacks=[stopping, reducing])

    net.set_params(callbacks__1__patience=7, callbacks__factor=0.1)
    placed = [callback.patience for callback in net.callbacks]
    net.set_params(callbacks__patience=1)

    assert placed == [3, 7]
    assert net.callbacks[1].factor == 0.1
    assert [callback.patience for callback in net.callbacks] == [1, 1]
    assert (stopping.patience, reducing.factor) == (3, 0.5)


def test_new_callbacks_come_before_their_arguments():
    """One call may set both."""
    net = DNNRegressor()

    net.set_params(
        callbacks__patience=4, callbacks=keras.callbacks.EarlyStopping("loss")
    )

    assert net.callbacks.patience == 4


@pytest.mark.parametrize("name", ["callbacks__patienc", "callbacks__1__patience"])
def test_arguments_that_no_callback_has_are_refused(name):
    """The message names those there are."""
    net = DNNRegressor(callbacks=keras.callbacks.EarlyStopping("loss"))

    with pytest.raises(ValueError, match=f"{name!r}.*callbacks__patience"):
        net.set_params(**{name: 3})
    with pytest.raises(ValueError, match="none, since callbacks is empty"):
        DNNRegressor().set_params(**{name: 3})


def test_a_grid_varies_the_patience_of_a_callback():
    """In a pipeline, too; every candidate stops by its own."""
    stopping = keras.callbacks.EarlyStopping("loss", mode="max", patience=9)
    net = DNNRegressor((3,), callbacks=stopping, **{**SMALL, "epochs": 20})
    pipeline = make_pipeline(StandardScaler(), net)
    grid = {"dnnregressor__callbacks__patience": [2, 5]}

    search = GridSearchCV(pipeline, grid, cv=2, refit=False).fit(X, Y)
    patient = clone(pipeline).set_params(**search.cv_results_["params"][1]).fit(X, Y)

    assert patient[-1].n_iter_ == 6
    assert stopping.patience == 9
