"""The plan of a successive halving: the last rung is whole, the budget small."""

import pytest

from skdeep.model_selection._rungs import plan_rungs


def epochs_of_a_fold(rungs):
    """Epochs trained in one fold, where survivors go on."""
    before = 0
    total = 0
    for n_candidates, n_epochs in rungs:
        total += n_candidates * (n_epochs - before)
        before = n_epochs
    return total


@pytest.mark.fast
@pytest.mark.parametrize(
    ("n_candidates", "min_epochs", "max_epochs", "factor", "aggressive", "expected"),
    [
        (27, 1, 54, 2, False, [(27, 3), (14, 6), (7, 13), (4, 27), (3, 54)]),
        (27, 1, 81, 3, False, [(27, 9), (9, 27), (3, 81)]),
        (10, 1, 100, 3, False, [(10, 11), (4, 33), (3, 100)]),
        (27, 30, 100, 3, False, [(27, 33), (9, 100)]),
        (27, 30, 100, 3, True, [(27, 33), (9, 33), (3, 100)]),
        (2, 1, 100, 3, False, [(2, 100)]),
        (5, 1, 8, 1.1, False, [(5, 6), (4, 7), (3, 8)]),
        (1000, 1, 10, 10, False, [(1000, 1), (100, 10)]),
        (9, 1, 1, 2, True, [(9, 1), (5, 1), (3, 1)]),
    ],
)
def test_every_rung_divides_candidates_and_multiplies_epochs(
    n_candidates, min_epochs, max_epochs, factor, aggressive, expected
):
    """The last rung has all epochs, the first at least ``min_epochs``."""
    rungs = plan_rungs(n_candidates, min_epochs, max_epochs, factor, aggressive)

    assert rungs == expected


@pytest.mark.parametrize("max_epochs", [27, 50, 100, 300])
def test_27_candidates_train_for_a_quarter_of_the_grids_epochs_at_most(max_epochs):
    """That is what the search is for."""
    rungs = plan_rungs(27, 1, max_epochs, 2, False)

    assert epochs_of_a_fold(rungs) <= 0.25 * 27 * max_epochs
