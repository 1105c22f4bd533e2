"""Predictions by TensorFlow: a row's outputs are its own, on any processor.

Which rows a kernel computes differently depends on the processor, so equal bits on
this one show little. Therefore tests of the mechanism, too: no kernel ever sees another
number of rows, and a tile whose places are not equal is not used.
``scripts/test --processors`` repeats this file with other instruction sets.
"""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from skdeep.engine._predictor import Predictor, tiles_to_try
from tests.engine.prediction_networks import dense, image, weights_of

NETWORKS = {
    # Functions are the user's, whatever they are called; names go through NumPy.
    **{
        name: dense(33, activation=getattr(keras.activations, name))
        for name in ("gelu", "log_softmax", "sigmoid", "softmax", "softplus", "tanh")
    },
    "2048 features": dense(17, inputs=2048, activation=keras.activations.gelu),
    "float64": dense(64, activation=keras.activations.tanh, dtype="float64"),
    "bfloat16, maxout": dense(
        7, activation="maxout", outputs=2, dtype="mixed_bfloat16"
    ),
    "bfloat16": dense(64, 64, activation="silu", dtype="mixed_bfloat16"),
    "periodic": dense(
        20, numeric_embedding="periodic", numeric_features=range(9), inputs=10
    ),
    "piecewise linear": dense(
        8, numeric_embedding="piecewise_linear", numeric_features=range(13)
    ),
    "images": image(),
    "images, normalised": image(batch_normalization=True, activation="sigmoid"),
    "images, bfloat16": image(dtype="mixed_bfloat16"),
    "images, float64": image(side=5, dtype="float64"),
    "larger images": image(28, (48,)),
    "images of much work": image(28, ((100, 100),), pool_size=None),
}


def prepared(network):
    """Return a predict function, and enough rows for a tile and a few more."""
    predictor = Predictor(network)
    predictor.compile()
    weights = [tf.constant(w) for w in weights_of(network)]
    shape = (predictor.tile + 60, *network.input_shape)
    rows = np.random.RandomState(1).normal(size=shape).astype(network.compute_dtype)
    return lambda X: predictor.predict(weights, X), rows


@pytest.mark.fast
@pytest.mark.parametrize("name", NETWORKS)
def test_a_row_has_the_same_bits_alone_and_among_any_others(name):
    """Alone, in a part, in another order, and with rows for a second tile."""
    predict, rows = prepared(NETWORKS[name])
    n_rows = len(rows)
    order = np.random.RandomState(2).permutation(n_rows)

    together = predict(rows)

    assert np.isfinite(together).all()
    assert len(np.unique(together)) > 1
    for chosen in (order, order[:47], np.arange(n_rows)[::-3], [n_rows - 1, 0, 5]):
        np.testing.assert_array_equal(predict(rows[chosen]), together[chosen])
    for number in (0, 1, 37, n_rows - 1):
        alone = predict(rows[number : number + 1])
        np.testing.assert_array_equal(alone, together[number : number + 1])


@pytest.mark.parametrize("name", ["sigmoid", "2048 features", "images", "bfloat16"])
def test_every_number_of_rows_gives_the_same_bits(name):
    """No number of rows, among them those of whole tiles, is a case of its own."""
    predict, rows = prepared(NETWORKS[name])
    together = predict(rows)

    for n_rows in [*range(200), len(rows) - 60, len(rows) - 59]:
        n_rows = min(n_rows, len(rows))
        np.testing.assert_array_equal(predict(rows[:n_rows]), together[:n_rows])


# The mechanism: the shapes that reach a kernel never vary.


class Recorder:
    """An activation that notes the shape of what it is given, whenever it runs."""

    def __init__(self):
        self.shapes = set()

    def __call__(self, x):
        """Return x."""
        noted = tf.numpy_function(self._note, [x], tf.float32)
        return tf.ensure_shape(noted, x.shape)

    def _note(self, x):
        self.shapes.add(x.shape)
        return x


def dense_with(activation):
    """A dense network, and that of images below, with this activation."""
    return dense(6, activation=activation)


def image_with(activation):
    """See ``dense_with``."""
    return image(activation=activation)


@pytest.mark.parametrize("make", [dense_with, image_with])
def test_no_kernel_sees_another_number_of_rows(make):
    """Whatever the number of rows, those that reach a layer are as many as ever."""
    recorder = Recorder()
    network = make(recorder)  # checks the activation with two rows
    recorder.shapes.clear()
    predict, rows = prepared(network)
    shapes = set(recorder.shapes)  # those of the check when the function is made

    for n_rows in (1, 2, 7, 48, 61, len(rows) - 60, len(rows)):
        predict(rows[:n_rows])

    assert recorder.shapes == shapes
    assert {shape[0] for shape in shapes} == {len(rows) - 60}


# What the loop around the tiles may consist of: nothing that computes with a row.
MOVES_DATA = {
    "AddV2",  # the number of the next tile
    "Const",
    "GatherV2",
    "Identity",
    "Less",
    "NoOp",
    "PartitionedCall",  # the function of one tile
    "Placeholder",
    "Shape",
    "StatelessWhile",
    "StridedSlice",
    "TensorListReserve",
    "TensorListSetItem",
    "TensorListStack",
    "While",
}


@pytest.mark.parametrize("network", [dense(6, 5), image(batch_normalization=True)])
def test_rows_are_computed_in_the_tile_and_nowhere_else(network):
    """The tile's function knows all its shapes; the loop around it only moves data."""
    predictor = Predictor(network)
    predictor.compile()

    tile, loop = predictor._predict_tile, predictor._trace_loop().graph
    parts = [function.graph for function in loop._functions.values()]
    around = [graph for graph in parts if graph is not tile.graph]

    assert tile.inputs[-1].shape[0] == predictor.tile
    for operation in tile.graph.get_operations():
        assert all(out.shape.is_fully_defined() for out in operation.outputs)
    assert len(around) == 2  # the condition and the body of the loop
    for graph in (loop, *around):
        assert kinds_of_operations(graph) <= MOVES_DATA


def kinds_of_operations(graph):
    """The names of the operations that a graph consists of."""
    return {operation.type for operation in graph.get_operations()}


def place(x):
    """The number of its row, for every value."""
    return tf.cast(tf.range(tf.shape(x)[0])[:, tf.newaxis], x.dtype)


def odd_last_row(x):
    """Stands for a kernel with another way for the row behind the last full block."""
    n_rows = x.shape[0]
    is_odd = place(x) == n_rows - 1
    return tf.where(is_odd, x * (1 + 1e-6), x) if n_rows > 48 else x


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        (lambda x: x, 768),
        (odd_last_row, 48),
        (lambda x: x + 1e-6 * place(x), 1),
    ],
)
def test_a_tile_whose_places_differ_is_not_used(activation, expected):
    """Then a smaller one is tried, at last one of a single row."""
    predictor = Predictor(dense(5, activation=activation))

    predictor.compile()

    assert predictor.tile == expected


def test_a_loop_that_computes_otherwise_is_not_used():
    """If the loop around the tiles changes a bit, tiles are called one by one."""

    class OddLoop(Predictor):
        def _trace_loop(self):
            loop = super()._trace_loop()
            return lambda weights, tiles: loop(weights, tiles) * (1 + 1e-6)

    network = dense(5)
    weights = weights_of(network)
    X = np.random.RandomState(0).normal(size=(2000, 13)).astype(np.float32)
    right, odd = Predictor(network), OddLoop(network)
    right.compile()
    odd.compile()

    expected = right.predict(weights, X)

    np.testing.assert_array_equal(odd.predict(weights, X), expected)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (dense(64, 64), 768),
        (dense(128, inputs=784), 48),
        (dense(2000, 2000), 48),
        (dense(2**20), 1),  # memory
        (image(), 384),
        (image(28, (48,)), 24),
        (image(28, ((100, 100),), pool_size=None), 1),
    ],
)
def test_the_tile_follows_from_the_work_of_a_row(network, expected):
    """Many rows of little work, few of much, one image where it is work enough."""
    tiles = tiles_to_try(network)

    assert tiles[0] == expected
    assert tiles == sorted(tiles, reverse=True)
    assert tiles[-1] == 1


def test_the_work_of_a_row_is_counted():
    """Multiplications with a weight, at every place for a convolution."""
    assert dense(64, 32).multiplications_per_row == 13 * 64 + 64 * 32 + 32
    convolution = 8 * 8 * (3 * 3 * 2 * 5)
    assert image().multiplications_per_row == convolution + 4 * 4 * 5 * 9 + 9 * 3
    assert image().max_values_per_row == 8 * 8 * 5
    assert dense(7, inputs=30).max_values_per_row == 30
    assert NETWORKS["periodic"].max_values_per_row == 9 * 16
