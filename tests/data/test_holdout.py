"""The rows that early stopping watches: how they are split off, and used by fit."""

import numpy as np
import pytest

from skdeep import DNNClassifier, DNNRegressor
from skdeep.data._holdout import split_rows
from skdeep.engine._random import draw_seeds

NET = {
    "hidden_layer_sizes": (8,),
    "learning_rate": 0.02,
    "epochs": 10,
    "early_stopping": True,
    "validation_fraction": 0.2,
    "random_state": 0,
}


@pytest.mark.fast
def test_every_row_is_on_one_side():
    """The rows to train on and the rows to watch are all rows, each once."""
    train, held = split_rows(101, 0.1, seed=0, strata=None)

    assert len(held) == 11
    assert sorted([*train, *held]) == list(range(101))


@pytest.mark.fast
def test_rows_are_drawn_by_the_seed():
    """The same seed draws the same rows from everywhere, another seed others."""
    first, again, other = (split_rows(100, 0.2, seed, None)[1] for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert set(first) != set(other)
    assert min(first) < 50 <= max(first)


@pytest.mark.fast
def test_classes_have_their_share_on_both_sides():
    """A class of a tenth of the rows has a tenth of the rows on each side."""
    strata = np.repeat([0, 1], [180, 20])

    train, held = split_rows(200, 0.2, seed=0, strata=strata)

    assert np.bincount(strata[train]).tolist() == [144, 16]
    assert np.bincount(strata[held]).tolist() == [36, 4]


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize(
    ("counts", "fraction", "message"),
    [
        ([1], 0.5, "rows to train on besides"),
        ([5, 1], 0.5, "1 row.s. in the smallest"),
        ([9, 9], 0.05, "at least one row of each class"),
    ],
)
def test_a_split_that_cannot_be_is_refused(counts, fraction, message):
    """Too few rows, or too few of a class, end in an error with three ways out."""
    strata = np.repeat(range(len(counts)), counts)

    with pytest.raises(ValueError, match=message + r".*give\s+X_val"):
        split_rows(len(strata), fraction, seed=0, strata=strata)


@pytest.mark.parametrize(
    ("Network", "data"), [(DNNClassifier, "iris"), (DNNRegressor, "diabetes")]
)
def test_held_rows_are_not_trained_on(Network, data, request):
    """Fit equals a fit on the rows to train on, with the others given as X_val."""
    X, y = request.getfixturevalue(data)
    strata = y if Network is DNNClassifier else None
    train, held = split_rows(len(y), 0.2, draw_seeds(0).holdout, strata)

    by_itself = Network(**NET).fit(X, y)
    by_hand = Network(**NET).fit(X[train], y[train], X_val=X[held], y_val=y[held])

    assert by_itself.history_ == by_hand.history_
    np.testing.assert_array_equal(by_itself.predict(X), by_hand.predict(X))
