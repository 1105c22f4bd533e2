"""Threads and forks: the same bits as in sequence, and no deadlock."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from skdeep import CNNClassifier, DNNClassifier, DNNRegressor
from skdeep.engine import clear_cache

RNG = np.random.RandomState(0)
X = RNG.normal(size=(37, 4))
y = X[:, 0]
LABELS = (X[:, 0] > 0).astype(int)
SECONDS = 120  # a deadlock ends a test after this time


def network(units, seed, **parameters):
    """Return a small network."""
    return DNNRegressor(units, epochs=3, batch_size=8, random_state=seed, **parameters)


def jobs():
    """Eight fits, by NumPy, in graph mode and by XLA, with and without dropout."""
    in_graph_mode = {"jit_compile": False, "max_norm": 2.0}
    return [
        network((3,), 0, jit_compile=False),
        network((3,), 1, jit_compile=False),
        network((3,), 0, jit_compile=False, early_stopping=True),
        network((4,), 0, dropout=0.3, **in_graph_mode),
        network((4,), 1, dropout=0.5, **in_graph_mode),
        network((3,), 0, jit_compile=True),
        network((3,), 1, jit_compile=True),
        network((3,), 2, jit_compile=True),
    ]


def fit_predict(net):
    """Fit and predict, as one job."""
    return net.fit(X, y).predict(X)


def test_threads_give_the_bits_of_a_sequence():
    """Eight threads that compile and fit at once change nothing."""
    expected = [fit_predict(net) for net in jobs()]
    clear_cache()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(fit_predict, jobs(), timeout=SECONDS))

    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.fast
def test_threads_predict_while_another_fits():
    """One estimator predicts the same in many threads while its program trains."""
    net = network((3,), 0, jit_compile=False).fit(X, y)
    expected = net.predict(X)
    busy = network((3,), 1, jit_compile=False, warm_start=True)

    with ThreadPoolExecutor(8) as pool:
        fits = [pool.submit(clone(busy).fit, X, y) for _ in range(8)]
        found = [pool.submit(net.predict, X) for _ in range(40)]
        for one in found:
            np.testing.assert_array_equal(one.result(SECONDS), expected)
        for fit in fits:
            fit.result(SECONDS)


def test_threads_of_joblib_give_the_bits_of_a_sequence():
    """Two of them return what a loop returns; tests/test_threads.py has processes."""
    nets = [network((3,), seed, jit_compile=False) for seed in range(4)]
    expected = [fit_predict(clone(net)) for net in nets]

    parallel = joblib.Parallel(n_jobs=2, backend="threading", timeout=SECONDS)
    found = parallel(joblib.delayed(fit_predict)(net) for net in nets)

    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


FORK = """
    import os
    import numpy as np
    from skdeep import DNNRegressor

    X = np.linspace(0, 1, 20).reshape(-1, 1)
    net = DNNRegressor((3,), epochs=1, random_state=0, jit_compile=False)

    def fit():
        return net.fit(X, X[:, 0])

    def show_in_a_fork(work):
        child = os.fork()
        if child == 0:
            try:
                work()
                print("works", flush=True)
            except RuntimeError as error:
                print(error, flush=True)
            os._exit(0)
        os.waitpid(child, 0)

    show_in_a_fork(lambda: fit().predict(X))
    fit()
    show_in_a_fork(fit)
    show_in_a_fork(lambda: net.predict(X))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_works_or_says_why_not():
    """After TensorFlow was used a fit in a fork fails, and never hangs; NumPy works."""
    command = [sys.executable, "-c", textwrap.dedent(FORK)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)

    unused, used, predicts = done.stdout.splitlines()
    assert unused == "works"
    assert "Start processes with 'spawn'" in used
    assert predicts == "works"


def stress(n_operations):
    """Mix fits, predictions, clones, pickles and cleared caches in eight threads."""
    fitted = network((3,), 0, jit_compile=False).fit(X, y)
    labels = DNNClassifier((3,), epochs=2, random_state=0, jit_compile=False)
    images = CNNClassifier(
        (2,), hidden_layer_sizes=(), epochs=1, image_shape=(2, 2, 1), random_state=0
    )
    expected = fitted.predict(X)
    operations = [
        lambda: fit_predict(network((3,), 0, jit_compile=False)),
        lambda: fitted.predict(X),
        lambda: joblib.hash(fitted) and fitted.predict(X),
        lambda: clone(labels).fit(X, LABELS).predict_proba(X),
        lambda: clone(images).fit(X, LABELS).predict(X),
        lambda: clone(fitted).set_params(epochs=1).fit(X, y).history_frame(),
    ]
    with ThreadPoolExecutor(8) as pool:
        running = []
        for i in range(n_operations):
            if i % 50 == 49:
                running.append(pool.submit(clear_cache))
            running.append(pool.submit(operations[i % len(operations)]))
        results = [operation.result(10 * SECONDS) for operation in running]
    assert len(results) >= n_operations
    np.testing.assert_array_equal(fitted.predict(X), expected)


def test_sixty_mixed_operations_end():
    """Eight threads with everything mixed come to an end, with the right result."""
    stress(60)


@pytest.mark.slow
def test_six_hundred_mixed_operations_end():
    """The same for longer, with a cache that is cleared meanwhile."""
    stress(600)
