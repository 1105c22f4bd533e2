"""The program cache: bounded, counted, clearable."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from skdeep import DNNRegressor
from skdeep.engine import cache_info, clear_cache
from skdeep.engine._cache import Shelf

X = np.random.RandomState(0).normal(size=(12, 2))


class Thing:
    """Stands for a program of ten bytes."""

    n_bytes = 10


def keep(shelf, *keys):
    """Look keys up one after the other; return those that had to be made."""
    made = []

    def make(key):
        made.append(key)
        return Thing()

    for key in keys:
        shelf.find(key, lambda key=key: make(key))
    return "".join(made)


@pytest.mark.fast
def test_the_program_used_longest_ago_makes_room():
    """A full cache forgets the least recently used program, and only that."""
    shelf = Shelf(maxsize=2, max_bytes=1000)
    first = shelf.find("a", Thing)

    made = keep(shelf, "b", "a", "c")

    assert made == "bc"
    assert shelf.find("a", Thing) is first
    assert keep(shelf, "c", "b") == "b"


@pytest.mark.fast
def test_programs_make_room_by_their_size():
    """Programs go when their memory exceeds the bound; the newest always stays."""
    shelf = Shelf(maxsize=9, max_bytes=25)
    small = Shelf(maxsize=9, max_bytes=5)

    keep(shelf, *"abc")
    keep(small, "a")

    assert keep(shelf, *"bc") == ""
    assert keep(shelf, "a") == "a"
    assert keep(small, "a") == ""


@pytest.mark.fast
def test_nobody_waits_for_a_program_that_another_compiles():
    """While one key is made, others are found; the same key is made once."""
    shelf = Shelf(maxsize=9, max_bytes=1000)
    keep(shelf, "ready")
    begun, go_on = threading.Event(), threading.Event()
    made = []

    def compile_slowly():
        begun.set()
        assert go_on.wait(timeout=60)
        made.append(Thing())
        return made[-1]

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(shelf.find, "slow", compile_slowly)
        assert begun.wait(timeout=60)
        second = pool.submit(shelf.find, "slow", compile_slowly)
        found_meanwhile = keep(shelf, "ready")
        go_on.set()

        assert found_meanwhile == ""
        assert first.result() is second.result()
    assert len(made) == 1


def test_a_program_that_cannot_be_made_is_tried_again():
    """After a failure the shelf is as before."""
    shelf = Shelf(maxsize=2, max_bytes=1000)

    with pytest.raises(ZeroDivisionError):
        shelf.find("a", lambda: 1 // 0)

    assert len(shelf) == 0
    assert keep(shelf, "a") == "a"


@pytest.mark.fast
def test_fits_are_counted():
    """The first fit of an architecture misses, the next hits; predictors count."""
    clear_cache()
    net = DNNRegressor(hidden_layer_sizes=(3,), epochs=1, jit_compile=True)

    net.fit(X, X[:, 0]).fit(X[:7], X[:7, 0]).predict(X)

    info = cache_info()
    assert (info.misses, info.hits, info.currsize, info.predictors) == (1, 1, 1, 1)
    assert info.seconds > 0


def test_a_grid_search_compiles_one_program():
    """3 learning rates × 3 dropouts × 3 L2 × 5 folds train with one program."""
    from sklearn.model_selection import GridSearchCV

    clear_cache()
    grid = {
        "learning_rate": [0.001, 0.003, 0.01],
        "dropout": [0.1, 0.2, 0.3],
        "l2": [1e-5, 1e-4, 1e-3],
    }

    net = DNNRegressor(epochs=1, jit_compile=True)
    GridSearchCV(net, grid, cv=5).fit(X, X[:, 0])

    info = cache_info()
    assert (info.misses, info.hits) == (1, 135)


def test_a_fitted_estimator_survives_a_cleared_cache():
    """Predictions, and further training, are the same after clear_cache."""
    net = DNNRegressor(epochs=2, random_state=0, warm_start=True, jit_compile=True)
    before = net.fit(X, X[:, 0]).predict(X)

    clear_cache()

    np.testing.assert_array_equal(net.predict(X), before)
    assert net.fit(X, X[:, 0]).n_epochs_ == 4


def test_a_program_that_fails_to_compile_is_not_kept():
    """After a refused program the cache is as before."""
    clear_cache()
    net = DNNRegressor(optimizer_params={"use_ema": True, "ema_momentum": 3.0})

    with pytest.raises(ValueError, match="ema_momentum"):
        net.fit(X, X[:, 0])

    assert cache_info().currsize == 0
