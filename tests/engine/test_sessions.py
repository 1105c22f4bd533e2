"""Programs in sessions: the same bits as others, and gone when they are dropped."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import scipy.sparse
from sklearn.base import clone

from skdeep import DNNClassifier, DNNRegressor
from skdeep.engine import backends, clear_cache
from skdeep.engine.backends._sessions import SessionBackend

SMALL = {"hidden_layer_sizes": (6,), "epochs": 3, "batch_size": 32, "random_state": 0}
NETS = {
    "plain": DNNClassifier(**SMALL),
    "all of it": DNNClassifier(
        **SMALL, dropout=0.2, l2=0.01, batch_normalization=True, early_stopping=True
    ),
    "averages": DNNClassifier(**SMALL, optimizer_params={"use_ema": True}),
    "units": DNNRegressor(**SMALL, normalize_y=True, metrics="mae"),
}


@pytest.fixture
def in_sessions(monkeypatch):
    """Make all programs as if many had been made before."""
    monkeypatch.setattr(backends, "N_LASTING", 0)


@pytest.mark.fast
@pytest.mark.parametrize("name", NETS)
def test_a_session_trains_the_same_bits(name, iris, request):
    """Whether a program lasts is a matter of memory, not of results."""
    X, y = iris
    expected = clone(NETS[name]).fit(X, y)
    clear_cache()
    request.getfixturevalue("in_sessions")

    found = clone(NETS[name]).fit(X, y)

    assert found.history_ == expected.history_
    for ours, theirs in zip(
        found._fitted.weights, expected._fitted.weights, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_rows_are_streamed_through_a_session(in_sessions):
    """Rows that do not fit into a chunk, and a warm start, take the same way."""
    rng = np.random.RandomState(0)
    X = scipy.sparse.random(130, 40000, 1e-3, "csr", "float32", random_state=rng)
    y = rng.randint(2, size=130)
    net = DNNClassifier((3,), epochs=2, batch_size=16, random_state=0, warm_start=True)

    twice = clone(net).fit(X, y).fit(X, y)

    assert twice.history_ == clone(net).set_params(epochs=4).fit(X, y).history_


def test_a_program_that_is_dropped_closes_its_session(in_sessions):
    """What XLA has compiled is given back with it; fitted estimators go on working."""
    backend = backends.choose_backend(jit_compile=True)
    double = backend.compiled(lambda x: x * 2, jit_compile=True)
    assert isinstance(backend, SessionBackend)
    assert double(np.float32(3)) == 6
    session = weakref.ref(double._session)

    del double
    gc.collect()

    assert session() is None
