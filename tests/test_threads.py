"""The number of threads: where it changes no bit, and how to get equal bits."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_validate,
)

from skdeep import CNNClassifier, CNNRegressor, DNNClassifier

RNG = np.random.RandomState(0)
IMAGES = RNG.uniform(size=(96, 8, 8, 3)).astype(np.float32)
WIDE = RNG.normal(size=(96, 784)).astype(np.float32)
Y = RNG.randint(3, size=96)
ONCE = {"epochs": 1, "random_state": 0}
# NumPy would train what is so short; Adam takes twice as long to compile.
BY_XLA = {"jit_compile": True, "optimizer": "sgd", "learning_rate": 0.1, **ONCE}
EVERYTHING = {
    "batch_normalization": True,
    "dropout": 0.2,
    "l2": 1e-3,
    "max_norm": 2.0,
    **ONCE,
}
# Of any number of threads: convolutions, and dense layers whose product of batch size,
# inputs and units is at most 2**18.
ALIKE = {
    "dense at the limit": (
        DNNClassifier(
            (128, 64), batch_size=16, dropout=0.2, l1=1e-4, l2=1e-4, **BY_XLA
        ),
        WIDE[:, :128],
    ),
    # NumPy trains these: a BLAS would add up their products in another order.
    "many features": (DNNClassifier((64,), **ONCE), WIDE[:, :513]),
    "convolutions": (CNNClassifier((8, 16), batch_size=16, **EVERYTHING), IMAGES),
    "sequences": (CNNClassifier((8, 16), kernel_size=(3,), **ONCE), IMAGES[..., 0]),
    "valid, even windows": (
        CNNRegressor((5, 6), kernel_size=2, padding="valid", **ONCE),
        IMAGES,
    ),
}
# The same only with the same number of threads.
WIDER = {
    "300 and 256 units on 784 features": (DNNClassifier((300, 256), **BY_XLA), WIDE),
}
CODE = (
    "import pickle, sys\n"
    "from test_threads import weights_and_threads\n"
    "pickle.dump(weights_and_threads(), open(sys.argv[1], 'wb'))\n"
)


def weights_and_threads():
    """Fit every network; return weights by name, and the threads of an operation."""
    weights = {
        name: net.fit(X, Y).model_.get_weights()
        for name, (net, X) in (ALIKE | WIDER).items()
    }
    # Now that skdeep has loaded it: it leaves one that is loaded as it is.
    from tensorflow.config.threading import get_intra_op_parallelism_threads

    return weights, get_intra_op_parallelism_threads()


def on_one_core():
    """The same with one core for the process, where the system lets it choose."""
    if not hasattr(os, "sched_setaffinity"):
        return weights_and_threads()
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        return weights_and_threads()
    finally:
        os.sched_setaffinity(0, cores)


def found_in_a_process(path, n_threads):
    """The same in a process that is told a number of threads."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(n_threads))
    here = os.path.dirname(__file__)
    run = [sys.executable, "-c", CODE, str(path)]
    subprocess.run(run, cwd=here, env=environment, check=True)
    with open(path, "rb") as file:
        return pickle.load(file)


def found_in_workers():
    """The same in two workers of joblib, whose programs the tests of workers find.

    joblib tells each of them one thread by OMP_NUM_THREADS.
    """
    with parallel_config("loky", inner_max_num_threads=1):
        work = [delayed(weights_and_threads)(), delayed(on_one_core)()]
        return dict(zip((1, "one core"), Parallel(n_jobs=2)(work), strict=True))


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    """Weights and threads under one, two and four threads, and on one core."""
    folder = tmp_path_factory.mktemp("weights")
    told = {n: found_in_a_process(folder / str(n), n) for n in (2, 4)}
    return {**found_in_workers(), **told}


@pytest.fixture(scope="module")
def by_threads(processes):
    """Weights under one, two and four threads, and on one core."""
    return {name: weights for name, (weights, _) in processes.items()}


def test_an_operation_takes_the_threads_that_the_process_was_told(processes):
    """Workers are told through OMP_NUM_THREADS, which TensorFlow ignores."""
    found = {name: n_threads for name, (_, n_threads) in processes.items()}

    assert found == {1: 1, 2: 2, 4: 4, "one core": 1}


@pytest.mark.parametrize("name", ALIKE)
def test_the_number_of_threads_changes_no_bit(by_threads, name):
    """Small dense networks and convolutions train alike under 1, 2 and 4 threads."""
    expected = by_threads[1][name]

    for found in by_threads.values():
        for ours, theirs in zip(expected, found[name], strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", WIDER)
def test_one_thread_is_one_thread_on_any_number_of_cores(by_threads, name):
    """OMP_NUM_THREADS gives wide networks equal bits, however many cores there are."""
    expected, found = by_threads[1][name], by_threads["one core"][name]

    for ours, theirs in zip(expected, found, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", WIDER)
def test_threads_change_wide_networks_by_rounding_only(by_threads, name):
    """What another number of threads changes is rounding, not the network."""
    expected = by_threads[1][name]

    for found in by_threads.values():
        for ours, theirs in zip(expected, found[name], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


@pytest.mark.fast
@pytest.mark.parametrize(
    "name", ["dense at the limit", "many features", "convolutions"]
)
def test_workers_train_the_weights_of_one_process(name):
    """cross_validate with n_jobs=2 fits the weights of n_jobs=1."""
    net, X = ALIKE[name]

    runs = [
        cross_validate(net, X, Y, cv=2, n_jobs=n_jobs, return_estimator=True)
        for n_jobs in (1, 2)
    ]

    for one, two in zip(*(run["estimator"] for run in runs), strict=True):
        for ours, theirs in zip(
            one.model_.get_weights(), two.model_.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("search", [GridSearchCV, RandomizedSearchCV])
def test_searches_find_the_same_in_two_processes(search, iris):
    """n_jobs changes no score, and the best network is refitted."""
    X, y = iris
    net = DNNClassifier((8,), random_state=0)
    values = {"learning_rate": [1e-6, 0.02], "epochs": [15]}
    options = {"n_iter": 2, "random_state": 0} if search is RandomizedSearchCV else {}

    alone = search(net, values, cv=2, n_jobs=1, **options).fit(X, y)
    together = search(net, values, cv=2, n_jobs=2, **options).fit(X, y)

    for found in (alone, together):
        assert found.best_params_ == {"learning_rate": 0.02, "epochs": 15}
        assert found.score(X, y) > 0.85
    np.testing.assert_array_equal(
        together.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
    )
