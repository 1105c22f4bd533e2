"""Keras objects as values that compare by what they do."""

import pickle
import subprocess
import sys

import keras
import numpy as np
import pytest

from skdeep.keras_objects._spec import from_spec, to_spec

OBJECTS = [
    keras.losses.Huber(delta=0.2),
    keras.losses.BinaryCrossentropy(label_smoothing=0.1),
    keras.metrics.AUC(num_thresholds=20, name="area"),
    keras.metrics.SparseTopKCategoricalAccuracy(k=2),
    keras.initializers.Identity(gain=3.0),
    keras.initializers.HeNormal(seed=5),
    keras.layers.LeakyReLU(0.3),
    keras.optimizers.SGD(0.1, momentum=0.9, clipnorm=2.0),
    keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)),
    keras.optimizers.schedules.PiecewiseConstantDecay([5, 9], [0.3, 0.2, 0.1]),
]


class Doubled(keras.losses.Loss):
    """A loss that is not of Keras."""

    def call(self, y_true, y_pred):
        """Return one value per row."""
        return 2 * keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("value", OBJECTS, ids=lambda value: type(value).__name__)
def test_thaw_makes_an_equal_object_of_its_own(value):
    """A thawed object is new, of the same class, and freezes to the same value."""
    frozen = to_spec(value, keep_name=True)

    thawed = from_spec(frozen)

    assert thawed is not value
    assert type(thawed) is type(value)
    assert to_spec(thawed, keep_name=True) == frozen


@pytest.mark.fast
def test_arguments_that_keras_forgets_are_kept():
    """Two Huber losses with different deltas are different."""
    small, large = (to_spec(keras.losses.Huber(delta=d)) for d in (0.1, 2.0))

    results = [float(from_spec(f)([[0.0]], [[3.0]])) for f in (small, large)]

    assert small != large
    assert results == pytest.approx([0.1 * (3 - 0.05), 2.0 * (3 - 1)])


def test_names_have_no_effect_unless_kept():
    """Objects that differ in their name only are equal, where names do not matter."""
    first, second = keras.metrics.AUC(name="a"), keras.metrics.AUC(name="b")

    assert to_spec(first) == to_spec(second)
    assert to_spec(first, keep_name=True) != to_spec(second, keep_name=True)


def test_own_classes_are_kept_as_they_are():
    """A loss class of the user is found again without being registered."""
    frozen = to_spec(Doubled())

    loss = from_spec(frozen)

    assert frozen.name == "Doubled"
    assert float(loss(np.ones((1, 1)), np.full((1, 1), 4.0))) == 6.0


def test_frozen_objects_unpickle_without_keras(tmp_path):
    """Reading a pickled frozen object of Keras does not import Keras."""
    path = tmp_path / "frozen.pickle"
    path.write_bytes(pickle.dumps([to_spec(value) for value in OBJECTS]))
    code = (
        "import pickle, sys\n"
        f"print(len(pickle.load(open({str(path)!r}, 'rb'))))\n"
        "print('keras' in sys.modules)"
    )

    output = subprocess.check_output([sys.executable, "-c", code], text=True)

    assert output.split() == [str(len(OBJECTS)), "False"]
