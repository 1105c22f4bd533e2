"""Predictions by NumPy: the network's outputs, a row's own bits, and no framework.

Equal bits on this processor show little of others, so tests of the mechanism, too: no
layer ever sees another number of rows, and what differs by its place is not used.
``scripts/test --processors`` repeats this file with other kernels of OpenBLAS.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdeep
from skdeep import DNNClassifier, DNNRegressor
from skdeep.engine import _numpy_predictor
from skdeep.engine._fitted import FittedNetwork
from skdeep.engine._numpy_predictor import MAX_MULTIPLICATIONS, NumpyPredictor
from skdeep.engine._predictor import Predictor
from skdeep.networks._network import WeightSpec
from tests.engine.prediction_networks import dense, image, weights_of

# Functions of x alone; functions of all units of a row among them.
ACTIVATIONS = sorted(
    {name for name in dir(keras.activations) if name[0].islower()}
    - {"get", "serialize", "deserialize", "glu", "threshold", "sparsemax"}
)
NETWORKS = {
    **{name: dense(33, activation=name) for name in ACTIVATIONS},
    "relu, float64": dense(33, activation="relu", dtype="float64"),
    "leaky and limited": dense(
        33,
        activation="relu",
        activation_params={"max_value": 1, "negative_slope": 0.1, "threshold": 0.2},
    ),
    "steeper elu": dense(
        9, activation="elu", activation_params={"alpha": np.float64(2)}
    ),
    "steep leaky_relu": dense(9, activation=keras.layers.LeakyReLU(1.5)),
    "maxout": dense(
        7, 5, activation="maxout", activation_params={"n_pieces": 3}, outputs=2
    ),
    "linear model": dense(),
    "one unit": dense(1, 1, activation="tanh"),
    "one feature": dense(3, inputs=1),
    "probability": dense(3, output_activation="sigmoid"),
    "quantiles": dense(8, outputs=6, quantiles=(0.1, 0.5, 0.9)),
    "rate": dense(3, output_activation="exponential"),
    "classes": dense(7, 7, outputs=3, output_activation="softmax"),
    "300 units": dense(300, 300, inputs=100),
    "2048 features": dense(17, inputs=2048, activation="gelu"),
    "normalised": dense(20, 6, batch_normalization=True, activation="softplus"),
    "float64": dense(64, 64, activation="tanh", dtype="float64"),
    "periodic": dense(
        20, numeric_embedding="periodic", numeric_features=range(9), inputs=10
    ),
    "periodic, float64": dense(
        8, numeric_embedding="periodic", numeric_features=range(13), dtype="float64"
    ),
    "piecewise linear": dense(
        8, numeric_embedding="piecewise_linear", numeric_features=range(13)
    ),
    "trained with more": dense(20, dropout=0.5, input_dropout=0.1, l2=0.1, max_norm=2),
}


def prepared(network):
    """Return a predict function, and rows for several calls with several tiles."""
    predictor = NumpyPredictor(network.for_prediction)
    predictor.compile()
    functions = predictor.prepared(weights_of(network))
    shape = (predictor.tile * 100 + 5, *network.input_shape)
    rows = np.random.RandomState(1).normal(size=shape).astype(network.compute_dtype)
    return lambda X: predictor.predict(functions, X), rows


@pytest.mark.fast
@pytest.mark.parametrize("name", NETWORKS)
def test_a_row_has_the_same_bits_alone_and_among_any_others(name):
    """Alone, in a part, in another order, and with rows for more tiles side by side."""
    predict, rows = prepared(NETWORKS[name])
    n_rows = len(rows)
    order = np.random.RandomState(2).permutation(n_rows)

    together = predict(rows)

    assert together.dtype == NETWORKS[name].compute_dtype
    assert np.isfinite(together).all()
    assert len(np.unique(together)) > 1
    for chosen in (order, order[:47], np.arange(n_rows)[::-3], [n_rows - 1, 0, 5]):
        np.testing.assert_array_equal(predict(rows[chosen]), together[chosen])
    for number in (0, 1, 37, n_rows - 1):
        alone = predict(rows[number : number + 1])
        np.testing.assert_array_equal(alone, together[number : number + 1])


@pytest.mark.fast
@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_are_those_of_the_trained_network(name):
    """What TensorFlow computes, within rounding."""
    network = NETWORKS[name]
    weights = weights_of(network)
    predict, rows = prepared(network)

    model = network.to_keras(dict.fromkeys(network.hyperparameter_names, 0.5), weights)

    expected = model(rows).numpy()
    rounding = np.finfo(expected.dtype).eps * 8  # 1e-6 in float32
    scale = np.abs(expected).max()
    np.testing.assert_allclose(
        predict(rows), expected, rtol=rounding, atol=rounding * scale
    )


@pytest.mark.parametrize("name", ["probability", "2048 features", "float64", "classes"])
def test_every_number_of_rows_gives_the_same_bits(name):
    """No number of rows, among them those of whole tiles, is a case of its own."""
    predict, rows = prepared(NETWORKS[name])
    together = predict(rows)

    for n_rows in [*range(1, 200), len(rows) - 5, len(rows) - 6]:
        np.testing.assert_array_equal(predict(rows[:n_rows]), together[:n_rows])


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csr_array])
def test_sparse_rows_have_the_bits_of_dense_ones(container):
    """However they are cut, too."""
    network = dense(12, inputs=50)
    fitted = FittedNetwork(network, {}, weights_of(network))
    X = np.random.RandomState(0).normal(size=(90, 50))
    X[X < 1] = 0

    expected = fitted.predict(X)

    np.testing.assert_array_equal(fitted.predict(container(X)), expected)
    np.testing.assert_array_equal(fitted.predict(container(X)[31:64]), expected[31:64])


@pytest.mark.fast
@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (dense(5, activation="gelu"), True),
        (dense(5, activation=keras.layers.ELU(2.0)), True),
        (dense(5, activation=keras.activations.relu), False),
        (dense(5, activation=lambda x: x), False),
        (dense(5, activation="sparsemax"), False),
        (dense(5, activation=keras.layers.Softmax()), False),
        (dense(5, dtype="mixed_bfloat16"), False),
        (image(), False),
    ],
)
def test_what_predicts_follows_from_the_network_alone(network, expected):
    """NumPy does where it can do all layers; here TensorFlow is loaded, too."""
    fitted = FittedNetwork(network, {}, weights_of(network))

    found, _ = fitted._predictor()

    assert isinstance(found, NumpyPredictor if expected else Predictor)


# Without TensorFlow: what a process does that serves predictions.

SERVE = """
import hashlib, pickle, sys
import numpy as np
import skdeep

with open(sys.argv[1], "rb") as file:
    estimators, X = pickle.load(file)
estimators.append(skdeep.load(sys.argv[2]))
for estimator in estimators:
    outputs = [getattr(estimator, name)(X) for name in ("predict", "predict_proba")
               if hasattr(estimator, name)]
    assert np.isfinite(estimator.score(X, outputs[0]))
    print(hashlib.sha256(b"".join(a.tobytes() for a in outputs)).hexdigest())
print([name for name in ("keras", "tensorflow") if name in sys.modules])
"""


def outputs_of(estimator, X):
    """The same hash in this process."""
    names = [n for n in ("predict", "predict_proba") if hasattr(estimator, n)]
    outputs = [getattr(estimator, name)(X) for name in names]
    return hashlib.sha256(b"".join(a.tobytes() for a in outputs)).hexdigest()


@pytest.mark.parametrize("threads", ["1", "4"])
def test_other_processes_predict_the_same_bits_without_tensorflow(threads, tmp_path):
    """The bits of the process that has trained, for any number of threads."""
    X = np.random.RandomState(0).normal(size=(300, 13))
    once = {"epochs": 1, "random_state": 0}
    estimators = [
        DNNClassifier((64, 64), **once).fit(X, X[:, 0] > 0),
        DNNClassifier((6,), activation="gelu", batch_normalization=True, **once).fit(
            X, np.arange(300) % 3
        ),
        DNNRegressor((300, 300), normalize_y=True, **once).fit(X, X[:, :2] * 7),
        DNNRegressor((4,), optimizer=keras.optimizers.SGD(0.1), **once).fit(X, X[:, 0]),
        make_pipeline(StandardScaler(), DNNRegressor((5,), loss="poisson", **once)).fit(
            X, np.abs(X[:, 0])
        ),
    ]
    (tmp_path / "pickle").write_bytes(pickle.dumps((estimators, X)))
    skdeep.save(estimators[0], tmp_path / "saved")
    code = [sys.executable, "-c", SERVE, tmp_path / "pickle", tmp_path / "saved"]

    done = subprocess.run(
        code,
        env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
        capture_output=True,
        text=True,
    )

    expected = [outputs_of(e, X) for e in [*estimators, estimators[0]]]
    assert done.stdout.splitlines() == [*expected, "[]"], done.stderr


@pytest.mark.fast
def test_keras_objects_of_a_pickle_are_made_when_asked_for():
    """Parameters, copies and further pickles have them; what is set later counts."""
    net = DNNRegressor((4,), optimizer=keras.optimizers.SGD(0.25, name="mine"))

    again = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(net))))
    other = pickle.loads(pickle.dumps(net)).set_params(optimizer="adam")

    assert again.get_params()["optimizer"].name == "mine"
    assert again.optimizer is again.optimizer
    assert float(clone(again).optimizer.learning_rate) == 0.25
    assert pickle.loads(pickle.dumps(other)).optimizer == "adam"
    assert not hasattr(again, "no_such_attribute")


def test_threads_predict_side_by_side():
    """Sixteen threads on one estimator get what one gets, from the first prediction."""
    network = dense(64, 64)
    X = np.random.RandomState(0).normal(size=(400, 13))
    weights = weights_of(network)
    expected = FittedNetwork(network, {}, weights).predict(X)
    fitted = FittedNetwork(network, {}, weights)

    with ThreadPoolExecutor(16) as pool:
        starts = [number % 390 for number in range(800)]
        found = list(pool.map(lambda i: fitted.predict(X[i : i + 9]), starts))

    for start, outputs in zip(starts, found, strict=True):
        np.testing.assert_array_equal(outputs, expected[start : start + 9])


# The mechanism: the shapes that reach a product never vary, and are small.


class Stub:
    """A network of one function of tiles."""

    input_shape, output_units, compute_dtype = (3,), 3, "float32"
    max_values_per_row, multiplications_per_row, takes_indices = 3, 9, False

    def __init__(self, function):
        self.function = function

    def weight_specs(self):
        """One array, which is not used."""
        return [WeightSpec("stub", "kernel", (3, 3))]

    def to_numpy(self, weights, product):
        """The function alone."""
        return [self.function]


def predictor_of(function):
    """Return the predictor for the network of a function."""
    predictor = NumpyPredictor(Stub(function))
    predictor.compile()
    return predictor


def test_no_layer_sees_another_number_of_rows():
    """Tiles have as many rows as ever, and as many are side by side as were tried."""
    shapes = set()

    def note(tiles):
        shapes.add(tiles.shape)
        return tiles

    predictor = predictor_of(note)
    assert predictor._sizes == [256, 64, 16, 4]
    shapes.clear()

    for n_rows in (0, 1, 2, 7, 8, 9, 61, 404, 10_001):
        X = np.ones((n_rows, 3), np.float32)
        assert len(predictor.predict([note], X)) == n_rows

    assert shapes == {(n, 8, 3) for n in (256, 64, 16, 4, 1)}


@pytest.mark.parametrize(
    ("n_odd", "expected"), [(9, 8), (5, 4), (2, 1)], ids=["none", "of 8", "of all"]
)
def test_a_tile_whose_places_differ_is_not_used(n_odd, expected):
    """Then a smaller one is tried, at last one of a single row."""

    def odd_last_place(tiles):
        if tiles.shape[1] >= n_odd:
            tiles[:, -1] *= 1 + 1e-6
        return tiles

    assert predictor_of(odd_last_place).tile == expected


def test_tiles_that_differ_side_by_side_are_not_put_there():
    """Then fewer are, or each goes alone."""

    def odd_last_tile(tiles):
        if len(tiles) > 16:
            tiles[-1] *= 1 + 1e-6
        return tiles

    assert predictor_of(odd_last_tile)._sizes == [16, 4]


@pytest.mark.fast
@pytest.mark.parametrize("shape", [(3, 1), (64, 64), (1000, 1), (300, 301), (5, 9000)])
@pytest.mark.parametrize("n_rows", [8, 1])
def test_products_are_small_and_add_up(shape, n_rows):
    """No BLAS splits them over threads, and no kernel is too large for that."""
    generator = np.random.RandomState(0)
    kernel = generator.normal(size=shape)
    tiles = generator.normal(size=(2, n_rows, shape[0]))

    multiply = _numpy_predictor.fixed_product(kernel, n_rows)

    np.testing.assert_allclose(multiply(tiles), tiles @ kernel, atol=1e-10)
    for _, _, block in getattr(multiply, "args", [[]])[0]:
        assert block.size * n_rows <= MAX_MULTIPLICATIONS


def test_large_inputs_are_cut_into_calls_and_decoded_in_pieces(monkeypatch):
    """The result is the same as from one call."""
    network = dense(6, outputs=4)
    fitted = FittedNetwork(network, {}, weights_of(network))
    X = np.random.RandomState(0).normal(size=(4000, 13))
    expected = fitted.predict(X).argmax(axis=1)
    lengths = []

    def decode(outputs):
        lengths.append(len(outputs))
        return outputs.argmax(axis=1)

    monkeypatch.setattr(_numpy_predictor, "MAX_CALL_VALUES", 13 * 1500)
    fitted = FittedNetwork(dense(6, outputs=4), {}, weights_of(network))
    skdeep.engine.clear_cache()
    found = fitted.predict(X, decode)

    np.testing.assert_array_equal(found, expected)
    assert lengths == [1496, 1496, 1008]


@pytest.mark.fast
def test_no_rows_give_no_outputs():
    """An empty part of a table keeps the number of columns."""
    network = dense(6, outputs=4)

    found = FittedNetwork(network, {}, weights_of(network)).predict(np.ones((0, 13)))

    assert found.shape == (0, 4)
