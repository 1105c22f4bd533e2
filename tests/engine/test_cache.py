"""The program cache: bounded, counted, clearable."""

from __future__ import annotations

import numpy as np
import pytest

from skdeep import DNNRegressor
from skdeep.engine import cache_info, clear_cache
from skdeep.engine._cache import ProgramCache

X = np.random.RandomState(0).normal(size=(12, 2))


class Thing:
    """Stands for a program: remembers its key and whether it was compiled."""

    n_bytes = 10

    def __init__(self, key):
        self.key = key
        self.compiled = False

    def compile(self):
        """Note the call."""
        self.compiled = True


def test_the_program_used_longest_ago_makes_room():
    """A full cache forgets the least recently used program, and only that."""
    cache = ProgramCache(maxsize=2)
    known = cache._programs
    first = cache._find(known, "a", Thing)
    cache._find(known, "b", Thing)
    cache._find(known, "a", Thing)

    cache._find(known, "c", Thing)

    assert list(known) == ["a", "c"]
    assert cache._find(known, "a", Thing) is first
    assert first.compiled


def test_programs_make_room_by_their_size():
    """Programs go when their memory exceeds the bound; the newest always stays."""
    cache = ProgramCache(maxsize=9, max_bytes=25)
    known = cache._programs

    for key in "abc":
        cache._find(known, key, Thing)
    small = ProgramCache(maxsize=9, max_bytes=5)
    small._find(small._programs, "a", Thing)

    assert list(known) == ["b", "c"]
    assert list(small._programs) == ["a"]


def test_fits_are_counted():
    """The first fit of an architecture misses, the next hits; predictors count."""
    clear_cache()
    net = DNNRegressor(hidden_layer_sizes=(3,), epochs=1)

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

    GridSearchCV(DNNRegressor(epochs=1), grid, cv=5).fit(X, X[:, 0])

    info = cache_info()
    assert (info.misses, info.hits) == (1, 135)


def test_a_fitted_estimator_survives_a_cleared_cache():
    """Predictions, and further training, are the same after clear_cache."""
    net = DNNRegressor(epochs=2, random_state=0, warm_start=True).fit(X, X[:, 0])
    before = net.predict(X)

    clear_cache()

    np.testing.assert_array_equal(net.predict(X), before)
    assert net.fit(X, X[:, 0]).n_iter_ == 4


def test_a_program_that_fails_to_compile_is_not_kept():
    """After a refused program the cache is as before."""
    clear_cache()
    net = DNNRegressor(optimizer_params={"use_ema": True, "ema_momentum": 3.0})

    with pytest.raises(ValueError, match="ema_momentum"):
        net.fit(X, X[:, 0])

    assert cache_info().currsize == 0
