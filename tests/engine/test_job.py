"""A job is a value: run anywhere it gives the same, and jobs run side by side."""

from __future__ import annotations

import pickle
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import tensorflow as tf
from sklearn.base import clone

from skdeep import CNNClassifier, DNNClassifier, DNNRegressor
from skdeep.engine._run import run_job

SMALL = {"hidden_layer_sizes": (6,), "epochs": 3, "batch_size": 32, "random_state": 0}


def prepared(net, X, y):
    """Return the job of a fit that has not been run."""
    return net._prepare(net._training_data(X, y, None, False, None), None, 3, False)


@pytest.fixture(scope="module")
def other_process():
    """A process that has trained nothing; it takes seconds to import TensorFlow."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize(
    ("net", "data"),
    [
        (DNNClassifier(**SMALL, early_stopping=True, dropout=0.2), "iris"),
        (DNNRegressor(**SMALL, normalize_y=True, metrics="mae"), "diabetes"),
        (CNNClassifier(**SMALL, filters=(2,)), "digits"),
    ],
)
def test_a_job_run_in_another_process_gives_the_same_bits(
    net, data, request, other_process
):
    """Made here, pickled, run there, its outcome kept here: as if fit had done it."""
    X, y = request.getfixturevalue(data)
    expected = clone(net).fit(X, y)
    job = pickle.loads(pickle.dumps(prepared(net, X, y)))

    outcome = other_process.submit(run_job, job).result()
    net._keep(job, outcome, None, keep_optimizer=False)

    assert net.history_ == expected.history_
    assert net.best_epoch_ == expected.best_epoch_
    np.testing.assert_array_equal(net.predict(X), expected.predict(X))
    for ours, theirs in zip(net._fitted.weights, expected._fitted.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_spawned_process_fits_and_predicts_alike(iris, other_process):
    """Estimators go there and come back, with the bits of this process."""
    X, y = iris
    net = DNNClassifier(**SMALL, jit_compile=False)
    here = clone(net).fit(X, y)

    there = other_process.submit(net.fit, X, y).result()
    predicted_there = other_process.submit(here.predict_proba, X).result()

    expected = here.predict_proba(X)
    np.testing.assert_array_equal(there.predict_proba(X), expected)
    np.testing.assert_array_equal(predicted_there, expected)


@pytest.mark.fast
def test_preparing_changes_neither_rows_nor_parameters(iris):
    """A job is made from values; the estimator it is made for is not fitted."""
    X, y = iris
    net = DNNClassifier(**SMALL)
    before = net.get_params()

    job = prepared(net, X, y)

    assert not net.__sklearn_is_fitted__()
    assert net.get_params() == before
    assert job.training.n_rows == len(y)


class Meeting:
    """An activation at which two fits wait for each other, in the middle of a step."""

    def __init__(self):
        self.is_on = False
        self._both = threading.Barrier(2, timeout=60)

    def __deepcopy__(self, memo):
        """Be the same in every clone: one program, one place to meet."""
        return self

    def __call__(self, x):
        """Return x."""
        waited = tf.numpy_function(self._wait, [], tf.float32, stateful=True)
        return x + tf.reshape(tf.cast(waited, x.dtype), ())

    def _wait(self):
        if self.is_on:
            self._both.wait()
        return np.float32(0)


def test_two_threads_train_the_same_architecture_side_by_side(iris):
    """Each step of one fit can wait for a step of the other: no lock is around them."""
    X, y = iris
    meeting = Meeting()
    net = DNNClassifier(**SMALL, activation=meeting, jit_compile=False)
    alone = clone(net).fit(X, y)

    meeting.is_on = True
    with ThreadPoolExecutor(2) as pool:
        fits = [pool.submit(clone(net).fit, X, y) for _ in range(2)]
        together = [fit.result() for fit in fits]

    for fitted in together:
        assert fitted.history_ == alone.history_
