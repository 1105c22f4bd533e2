"""Same parameters, data and random_state: the same bits, wherever and whenever."""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import sys
import threading

import numpy as np
import pytest
from scipy import sparse

from skdeep import CNNClassifier, DNNClassifier, DNNRegressor, RNNRegressor
from skdeep.engine import clear_cache

RNG = np.random.RandomState(0)
X = RNG.normal(size=(90, 6)).astype(np.float32)
Y = RNG.randint(3, size=90)
IMAGES = RNG.uniform(size=(90, 6, 6)).astype(np.float32)
ALL = {"dropout": 0.3, "l1": 1e-4, "l2": 1e-4, "epochs": 3, "batch_size": 16}


def dense_predictions(random_state=7):
    """Fit a dense network with everything that draws random numbers; predict.

    NumPy trains it.
    """
    net = DNNClassifier((9, 8), **ALL, random_state=random_state)
    return net.fit(X, Y).predict_proba(X)


def compiled_predictions(random_state=7):
    """The same with numbers as targets, by XLA."""
    net = DNNRegressor((9, 8), **ALL, random_state=random_state, jit_compile=True)
    return net.fit(X, Y).predict(X)


def image_predictions(random_state=7):
    """The same with convolutions, which run in graph mode."""
    net = CNNClassifier(
        filters=(3,), hidden_layer_sizes=(6,), **ALL, random_state=random_state
    )
    return net.fit(IMAGES, Y).predict_proba(IMAGES)


FITS = [dense_predictions, compiled_predictions, image_predictions]
KINDS = {
    "int": lambda: 7,
    "numpy integer": lambda: np.int64(7),
    "RandomState": lambda: np.random.RandomState(7),
}


@pytest.mark.fast
@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_random_state_gives_the_same_bits(fit, kind):
    """Every kind of random_state that scikit-learn takes is repeatable."""
    first = fit(KINDS[kind]())

    second = fit(KINDS[kind]())

    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("fit", FITS)
def test_another_random_state_gives_another_result(fit):
    """The seed reaches the network."""
    assert not np.array_equal(fit(7), fit(8))


def test_earlier_fits_and_the_cache_leave_no_trace():
    """Unrelated fits before, and a cleared cache, change nothing."""
    first = [fit() for fit in FITS]

    DNNRegressor(hidden_layer_sizes=(9, 8), epochs=2).fit(X, Y)
    for fit in FITS:
        fit(random_state=99)
    after_others = [fit() for fit in FITS]
    clear_cache()
    after_clearing = [fit() for fit in FITS]

    for expected, *found in zip(first, after_others, after_clearing, strict=True):
        np.testing.assert_array_equal(found[0], expected)
        np.testing.assert_array_equal(found[1], expected)


@pytest.mark.parametrize("fit", FITS)
def test_a_thread_computes_the_same_bits(fit):
    """A fit in a thread, with others beside it, equals a fit in the main thread."""
    expected = fit()
    results = {}

    def work(number):
        results[number] = fit()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for result in results.values():
        np.testing.assert_array_equal(result, expected)


def test_a_fresh_process_computes_the_same_bits(tmp_path):
    """A new interpreter, fitting nothing else, gives the same predictions."""
    expected = [fit() for fit in FITS]
    path = tmp_path / "predictions.pickle"
    code = (
        "import pickle, sys\n"
        "from test_reproducibility import FITS\n"
        "pickle.dump([f() for f in FITS], open(sys.argv[1], 'wb'))\n"
    )

    here = os.path.dirname(__file__)
    subprocess.run([sys.executable, "-c", code, str(path)], cwd=here, check=True)

    with open(path, "rb") as file:
        found = pickle.load(file)
    for ours, theirs in zip(expected, found, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.fast
def test_global_random_state_is_untouched():
    """Python's, NumPy's and TensorFlow's generators go on as if nothing had been."""
    import tensorflow as tf  # not above: a fresh process has skdeep load it

    def draw():
        numbers = np.random.random()  # noqa: NPY002 - the global one is meant
        return random.random(), numbers, float(tf.random.uniform(()))

    def seed():
        random.seed(3)
        np.random.seed(3)  # noqa: NPY002
        tf.random.set_seed(3)

    seed()
    expected = draw()
    seed()

    for fit in FITS:
        fit()

    assert draw() == expected


@pytest.mark.parametrize("jit_compile", ["auto", True])
@pytest.mark.parametrize("epochs", [1, 2, 5])
def test_the_cut_into_segments_changes_nothing(epochs, jit_compile):
    """Six epochs in one call equal six epochs in calls of one, two or five."""
    always = {**ALL, "random_state": 1, "jit_compile": jit_compile}
    whole = DNNRegressor((9, 8), **{**always, "epochs": 6}).fit(X, Y)
    parts = DNNRegressor((9, 8), **always, warm_start=True)

    while getattr(parts, "n_epochs_", 0) < 6:
        done = getattr(parts, "n_epochs_", 0)
        parts.set_params(epochs=min(epochs, 6 - done)).fit(X, Y)

    np.testing.assert_array_equal(whole.predict(X), parts.predict(X))
    assert whole.history_ == parts.history_


def test_streaming_equals_keeping_the_rows(monkeypatch):
    """Rows streamed in pieces give the same weights as rows held at once."""
    from skdeep.engine import _key

    nets = [
        DNNRegressor((9, 8), **ALL, random_state=1, jit_compile=jit_compile)
        for jit_compile in ("auto", True)
    ]
    whole = [net.fit(X, Y).predict(X) for net in nets]
    clear_cache()

    monkeypatch.setattr(_key, "MAX_ROWS", 32)
    pieces = [net.fit(X, Y).predict(X) for net in nets]
    clear_cache()

    np.testing.assert_array_equal(whole, pieces)


def test_a_row_is_predicted_alike_alone_and_among_others():
    """Predictions do not depend on the rows beside them, to the last bit."""
    net = DNNRegressor(epochs=2, normalize_y=True, random_state=0).fit(X, Y)
    images = CNNClassifier(filters=(3,), epochs=1, random_state=0).fit(IMAGES, Y)
    binary = DNNClassifier((3,), epochs=1, random_state=0).fit(X, Y > 1)

    for method, rows in (
        (net.predict, X),
        (images.predict_proba, IMAGES),
        (images.predict_log_proba, IMAGES),
        (binary.predict_log_proba, X),
    ):
        together = method(rows)
        alone = np.concatenate([method(rows[i : i + 1]) for i in range(len(rows))])
        backwards = method(rows[::-1])[::-1]
        np.testing.assert_array_equal(together, alone)
        np.testing.assert_array_equal(together, backwards)
    sparse_rows = sparse.csr_matrix(X)
    np.testing.assert_array_equal(net.predict(sparse_rows[3:40]), net.predict(X)[3:40])


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_sequence_is_predicted_alike_alone_and_among_others(cell):
    """Gates compute the same bits wherever a row stands; simple cells have none."""
    net = RNNRegressor((5,), cell=cell, random_state=0).initialize(IMAGES, Y)

    together = net.predict(IMAGES)

    alone = np.concatenate([net.predict(row[np.newaxis]) for row in IMAGES])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(together, net.predict(IMAGES[::-1])[::-1])
    np.testing.assert_array_equal(together[3:40], net.predict(IMAGES[3:40]))
