"""Words of other libraries: refused, with ours."""

import inspect
import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone

from skdeep import (
    CNNClassifier,
    DNNClassifier,
    DNNRegressor,
    KerasClassifier,
    RNNRegressor,
)
from skdeep.estimators._other_arguments import CONSTRUCTOR, FIT
from skdeep.estimators._parameters import ROLES

X = np.random.RandomState(0).normal(size=(20, 3))
Y = np.arange(20) % 2


class Rows:
    """What a tf.data.Dataset is known by."""

    element_spec = None


@pytest.mark.fast
@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("lr", "learning_rate"),
        ("alpha", "l2"),
        ("max_iter", "epochs"),
        ("validation_split", "validation_fraction"),
        ("learnin_rate", "learning_rate"),
        ("nothing_like_it", "Leave it out"),
    ],
)
def test_a_constructor_names_our_word(name, ours):
    """A TypeError as ever, with what to write."""
    with pytest.raises(TypeError, match=rf"keyword argument '{name}'\. .*{ours}"):
        DNNRegressor(**{name: 1})


@pytest.mark.fast
@pytest.mark.parametrize(
    ("arguments", "ours"),
    [
        ({"validation_data": (X, Y)}, "X_val and y_val"),
        ({"validation_split": 0.1}, "validation_fraction"),
        ({"epochs": 3}, "to the constructor"),
    ],
)
def test_fit_names_our_word(arguments, ours):
    """What Keras' fit takes belongs elsewhere."""
    with pytest.raises(TypeError, match=ours):
        DNNClassifier().fit(X, Y, **arguments)


@pytest.mark.fast
def test_datasets_are_refused_where_arrays_are_taken():
    """Beside a target and in predict, in the same words."""
    net = DNNClassifier((2,), epochs=1, jit_compile=False).fit(X, Y)

    for call in (lambda rows: net.fit(rows, Y), net.predict):
        with pytest.raises(TypeError, match="call partial_fit"):
            call(Rows())


@pytest.mark.fast
def test_words_are_none_of_ours():
    """A word that becomes a parameter must leave the list, and what it names exists."""
    assert not set(CONSTRUCTOR) & set(ROLES)
    assert not set(FIT) & set(inspect.signature(DNNClassifier.fit).parameters)
    named = {ours for ours in CONSTRUCTOR.values() if ours.isidentifier()}
    assert named <= set(ROLES)


@pytest.mark.fast
@pytest.mark.parametrize("cls", [CNNClassifier, DNNRegressor, RNNRegressor])
def test_estimators_stay_what_they_are(cls):
    """Signatures, clones, pickles and own constructors of subclasses."""

    class Own(cls):
        def __init__(self, width=3):
            super().__init__(epochs=width)

    assert "epochs" in inspect.signature(cls).parameters
    assert clone(cls(epochs=3)).epochs == 3
    assert pickle.loads(pickle.dumps(cls(epochs=3))).epochs == 3
    assert Own(width=4).epochs == 4
    with pytest.raises(TypeError, match="'lr'"):
        Own(lr=3)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("lr", "optimizer__learning_rate"),
        ("learning_rate", "optimizer__learning_rate"),
        ("max_iter", "epochs is"),
        ("seed", "random_state is"),
        ("unit", "Did you mean 'units'"),
    ],
)
def test_networks_of_ones_own_name_the_place(name, ours):
    """Parameters go to the build function; those that belong elsewhere say where."""

    def build(units=3):
        raise AssertionError

    with pytest.raises(TypeError, match=rf"got \['{name}'\]\. {ours}"):
        KerasClassifier(build, **{name: 1}).fit(X, Y)


@pytest.mark.fast
def test_a_layer_is_no_model():
    """It can be called like a function that makes one."""
    with pytest.raises(ValueError, match="a function that returns one; got <Dense"):
        KerasClassifier(keras.layers.Dense(2)).fit(X, Y)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("rows", "other"),
    [
        ([["a", 1.0]] * 20, "Tabular"),
        (np.full((20, 2), np.nan), "Tabular"),
        (np.zeros((20, 3, 3)), "CNN"),
    ],
    ids=["text", "missing", "images"],
)
def test_rows_for_another_estimator_say_for_which(rows, other):
    """A note to the error that scikit-learn has for them."""
    with pytest.raises(ValueError, match=r"string|NaN|dim 3") as caught:
        DNNClassifier().fit(rows, Y)

    assert any(other in note for note in caught.value.__notes__)
