"""The rows that early stopping watches: how they are split off, and used by fit."""

import numpy as np
import pytest
import sklearn
from sklearn.pipeline import make_pipeline

from skdeep import DNNClassifier, DNNRegressor
from skdeep.data._holdout import check_groups, split_rows
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
        ([1, 1, 1], 0.3, "besides one of each class"),
    ],
)
def test_a_split_that_cannot_be_is_refused(counts, fraction, message):
    """Too few rows end in an error with ways out."""
    strata = np.repeat(range(len(counts)), counts)

    with pytest.raises(ValueError, match=message + r".*give\s+X_val"):
        split_rows(len(strata), fraction, seed=0, strata=strata)


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize(
    ("counts", "fraction", "held_of_each"),
    [
        ([5, 1], 0.5, [3, 0]),
        ([9, 9], 0.05, [1, 0]),
        ([300, 4, 1], 0.1, [31, 0, 0]),
        ([50, 50, 2], 0.5, [25, 25, 1]),
    ],
)
def test_a_class_of_few_rows_stays_in_training(counts, fraction, held_of_each):
    """Others have their share on both sides; no row is lost."""
    strata = np.repeat(range(len(counts)), counts)

    train, held = split_rows(len(strata), fraction, seed=0, strata=strata)

    found = np.bincount(strata[held], minlength=len(counts))
    assert sorted(found) == sorted(held_of_each)
    assert len(np.unique(strata[train])) == len(counts)
    assert sorted([*train, *held]) == list(range(len(strata)))


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("stratified", [False, True])
def test_groups_stay_together(stratified):
    """Each group is on one side; the shares of rows and classes are nearly kept."""
    generator = np.random.RandomState(0)
    groups = check_groups(
        [f"g{i}" for i in generator.randint(40, size=600)], range(600)
    )
    labels = (generator.uniform(size=600) < 0.2).astype(int)

    train, held = split_rows(600, 0.2, 0, labels if stratified else None, groups)

    assert not set(groups[train]) & set(groups[held])
    assert sorted([*train, *held]) == list(range(600))
    assert len(held) / 600 == pytest.approx(0.2, abs=0.03)
    if stratified:
        assert labels[held].mean() == pytest.approx(labels.mean(), abs=0.03)


def test_a_class_in_one_group_stays_in_training():
    """A group that has a class to itself is never watched; one group is refused."""
    strata, groups = np.repeat([0, 1, 2], 30), np.repeat(np.arange(9), 10)
    alone = np.where(strata == 2, 8, groups)

    sides = [split_rows(90, 0.4, seed, strata, alone) for seed in range(5)]

    assert all(len(np.unique(strata[train])) == 3 for train, _ in sides)
    assert all(2 not in strata[held] and len(held) for _, held in sides)
    with pytest.raises(ValueError, match=r"1 group.*Give finer groups"):
        split_rows(90, 0.4, 0, strata, np.zeros(90, int))


def test_fit_holds_out_groups_that_a_router_passes_on(iris):
    """In a search with metadata routing as in a call of fit."""
    X, y = iris
    groups = np.arange(len(y)) // 5
    watched = NET | {"epochs": 3}
    train, held = split_rows(len(y), 0.2, draw_seeds(0).holdout, y, groups)

    plain = DNNClassifier(**watched).fit(X, y, groups=groups)
    with sklearn.config_context(enable_metadata_routing=True):
        net = DNNClassifier(**watched).set_fit_request(groups=True)
        pipe = make_pipeline(net).fit(X, y, groups=groups)

    by_hand = DNNClassifier(**watched).fit(
        X[train], y[train], X_val=X[held], y_val=y[held]
    )
    assert plain.history_ == pipe[-1].history_ == by_hand.history_


@pytest.mark.parametrize(
    ("Network", "data"), [(DNNClassifier, "iris"), (DNNRegressor, "diabetes")]
)
def test_held_rows_are_not_trained_on(Network, data, request):
    """Fit equals a fit on the rows to train on, with the others given as X_val."""
    X, y = request.getfixturevalue(data)
    strata = y if Network is DNNClassifier else None
    train, held = split_rows(len(y), 0.2, draw_seeds(0).holdout, strata)
    # The mean of y is that of all rows that fit was given.
    own = {} if Network is DNNClassifier else {"normalize_y": False}

    by_itself = Network(**NET | own).fit(X, y)
    by_hand = Network(**NET | own).fit(X[train], y[train], X_val=X[held], y_val=y[held])

    assert by_itself.history_ == by_hand.history_
    np.testing.assert_array_equal(by_itself.predict(X), by_hand.predict(X))
