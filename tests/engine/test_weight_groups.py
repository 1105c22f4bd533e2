"""Small weights that an optimizer updates together, and what it remembers of them."""

import keras
import numpy as np
import pytest

from skdeep import DNNRegressor
from skdeep.engine._stateless_optimizer import StatelessOptimizer
from skdeep.engine._weight_groups import (
    NUMBER_BY_NUMBER,
    WeightGroups,
    updates_number_by_number,
)
from skdeep.keras_objects._spec import spec_of_call

SHAPES = [(3, 4), (4,), (64, 64), (64,), (2, 2)]
EACH = [name.rpartition(".")[2] for name in sorted(NUMBER_BY_NUMBER)]
ARGUMENTS = {"SGD": {"momentum": 0.9}, "RMSprop": {"momentum": 0.9, "centered": True}}


def spec_of(name, **arguments):
    """An optimizer of Keras as a key holds it."""
    arguments = {**ARGUMENTS.get(name, {}), **arguments}
    return spec_of_call(getattr(keras.optimizers, name), arguments)


def groups(may_join=True):
    """Of which all but the kernel of 64 x 64 may be joined."""
    return WeightGroups(SHAPES, [may_join] * len(SHAPES))


def memory_of(spec, shapes):
    """What an optimizer remembers of weights of these shapes, every number another."""
    weights = [
        keras.Variable(np.zeros(s, "float32"), name=f"w{i}")
        for i, s in enumerate(shapes)
    ]
    zeros = StatelessOptimizer(spec, weights, "float32").start()
    starts = np.cumsum([z.size for z in zeros])
    return [
        start + np.arange(zero.size).reshape(zero.shape)
        for start, zero in zip(starts, zeros, strict=True)
    ]


@pytest.mark.fast
def test_small_weights_are_one_group_and_large_ones_alone():
    """What may not be joined is alone, too."""
    members = groups().members
    apart = WeightGroups(SHAPES, [True, False, True, True, False]).members

    assert members == [[0, 1, 3, 4], [2]]
    assert apart == [[0, 3], [1], [2], [4]]
    assert groups(may_join=False).members == [[0], [1], [2], [3], [4]]


def test_many_small_weights_are_several_groups():
    """A vector of more values than a kernel of 64 x 64 would take two threads."""
    many = WeightGroups([(1000,)] * 6, [True] * 6)

    assert many.members == [[0, 1, 2, 3], [4, 5]]


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("name", EACH)
def test_what_is_remembered_comes_in_the_order_of_keras(name):
    """From weight to group and back nothing changes, and groups get what Keras adds."""
    spec = spec_of(name)
    memory = memory_of(spec, SHAPES)

    of_groups = groups().memory_of_groups(memory, spec)
    again = groups().memory_of_weights(of_groups, spec)

    joined = [(12 + 4 + 64 + 4,), (64, 64)]
    assert [m.shape for m in of_groups] == [m.shape for m in memory_of(spec, joined)]
    assert len(again) == len(memory)
    for ours, theirs in zip(again, memory, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_part_of_a_group_is_that_of_its_weight():
    """The first moment of a bias is where the bias is in the group."""
    spec = spec_of("Adam")
    memory = memory_of(spec, SHAPES)

    count, first, second, _, _ = groups().memory_of_groups(memory, spec)

    assert count == memory[0]
    np.testing.assert_array_equal(first[12:16], memory[3])
    np.testing.assert_array_equal(second[12:16], memory[4])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Adam", {"clipnorm": 1.0}),
        ("Adam", {"global_clipnorm": 1.0}),
        ("SGD", {"use_ema": True}),
        ("SGD", {"gradient_accumulation_steps": 2}),
        ("Lamb", {}),
        ("Adafactor", {}),
    ],
)
def test_what_looks_at_whole_arrays_gets_whole_arrays(name, arguments):
    """Norms, averages and sums of gradients are those of single weights."""
    assert not updates_number_by_number(spec_of(name, **arguments))


def test_a_class_of_the_users_gets_whole_arrays():
    """Nobody knows what it does with them."""

    class Mine(keras.optimizers.SGD):
        """Keras' own, for all anybody can tell."""

    assert not updates_number_by_number(spec_of_call(Mine, {}))


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "nadam"])
def test_training_goes_on_where_it_stopped(optimizer):
    """Two fits of two epochs are one of four, to the last bit."""
    rng = np.random.RandomState(0)
    X, y = rng.normal(size=(20, 3)).astype("float32"), rng.normal(size=20)
    net = DNNRegressor(
        (5,), optimizer=optimizer, jit_compile=True, warm_start=True, random_state=0
    )

    whole = net.set_params(epochs=4).fit(X, y).model_.get_weights()
    halves = DNNRegressor(**net.get_params()).set_params(epochs=2).fit(X, y)
    halves.fit(X, y)

    for ours, theirs in zip(halves.model_.get_weights(), whole, strict=True):
        np.testing.assert_array_equal(ours, theirs)
