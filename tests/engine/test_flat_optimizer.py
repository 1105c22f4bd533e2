"""An optimizer over one vector: the same weights, the same memory outside."""

import keras
import numpy as np
import pytest

from skdeep import DNNRegressor
from skdeep.engine._flat_optimizer import (
    ELEMENTWISE,
    MAX_WEIGHTS,
    FlatOptimizer,
    make_optimizer,
)
from skdeep.engine._stateless_optimizer import StatelessOptimizer

SHAPES = {"kernel": (3, 4), "bias": (4,), "output_kernel": (4, 1), "output_bias": (1,)}


def variables_of(shapes=SHAPES):
    """Make placeholders of these shapes."""
    return [
        keras.Variable(np.zeros(shape, "float32"), name=name)
        for name, shape in shapes.items()
    ]


def arrays(seed):
    """Draw weights, or gradients of them."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=s).astype("float32") for s in SHAPES.values()]


def five_updates(optimizer):
    """Return weights and memory after five updates."""
    weights = arrays(0)
    memory = optimizer.start()
    for seed in range(1, 6):
        weights, memory = optimizer.apply(memory, arrays(seed), weights, 0.01)
    return [*weights, *optimizer.unpacked([np.asarray(m) for m in memory])]


@pytest.mark.fast
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_vector_of_all_weights_takes_the_same_steps(name):
    """Weights and what is remembered are those of an optimizer with one array each."""
    spec = getattr(keras.optimizers, name)()
    flat = make_optimizer(spec, variables_of(), "float32")
    apart = StatelessOptimizer(spec, variables_of(), "float32")

    after = five_updates(flat)

    assert isinstance(flat, FlatOptimizer)
    for found, expected in zip(after, five_updates(apart), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.fast
def test_what_is_remembered_goes_in_and_out_unchanged():
    """Packing and cutting are inverse, so a fit that goes on has lost nothing."""
    optimizer = make_optimizer(keras.optimizers.Adam(), variables_of(), "float32")
    start = optimizer.unpacked(optimizer.start())
    memory = [m + np.arange(m.size, dtype=m.dtype).reshape(m.shape) for m in start]

    again = optimizer.unpacked(optimizer.packed(memory))

    for found, expected in zip(again, memory, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.fast
def test_a_decay_of_weights_is_not_remembered():
    """It is given with every update, and callbacks see what Keras' optimizer has."""
    spec = keras.optimizers.Adam(weight_decay=1.0)

    plain = make_optimizer(keras.optimizers.Adam(), variables_of(), "float32")
    decaying = make_optimizer(spec, variables_of(), "float32", decays=True)

    assert [m.shape for m in decaying.start()] == [m.shape for m in plain.start()]


class OwnAdam(keras.optimizers.Adam):
    """A class of a user, which may look at whole arrays."""


@pytest.mark.fast
@pytest.mark.parametrize(
    "spec",
    [
        keras.optimizers.Adam(clipnorm=1.0),
        keras.optimizers.Adam(use_ema=True),
        keras.optimizers.SGD(gradient_accumulation_steps=2),
        keras.optimizers.Lamb(),
        keras.optimizers.Muon(),
        OwnAdam(),
    ],
    ids=["clipnorm", "use_ema", "accumulation", "lamb", "muon", "own"],
)
def test_what_looks_at_whole_arrays_keeps_them(spec):
    """Norms, averages and classes of users see the arrays as they are."""
    assert isinstance(
        make_optimizer(spec, variables_of(), "float32"), StatelessOptimizer
    )


@pytest.mark.fast
def test_large_networks_keep_their_arrays():
    """From some size on a copy of all gradients would cost more than it saves."""
    variables = variables_of({"kernel": (MAX_WEIGHTS, 1), "bias": (1,)})

    optimizer = make_optimizer(keras.optimizers.Adam(), variables, "float32")

    assert isinstance(optimizer, StatelessOptimizer)


def test_training_goes_on_from_arrays(diabetes):
    """Epochs in two fits give the bits of one, and Keras' layout in between."""
    X, y = diabetes
    settings = {"early_stopping": False, "warm_start": True, "random_state": 0}

    whole = DNNRegressor((8,), epochs=4, **settings).fit(X, y)
    parts = DNNRegressor((8,), epochs=2, **settings).fit(X, y).fit(X, y)

    memory = [m.shape for m in parts._training_state.optimizer_state if m.ndim]
    assert memory == [(10, 8)] * 2 + [(8,)] * 2 + [(8, 1)] * 2 + [(1,)] * 2
    for a, b in zip(whole._fitted.weights, parts._fitted.weights, strict=True):
        np.testing.assert_array_equal(a, b)
