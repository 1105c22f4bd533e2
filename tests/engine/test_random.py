"""Seeds, row orders and dropout masks."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from skdeep.engine._random import RowOrders, draw_seeds, keep_mask


def masks(rate, shape=(64, 128), *, seed=1, steps=range(40), layer=0):
    """Masks of several steps, stacked."""
    return np.stack(
        [
            keep_mask(
                shape, tf.constant(rate), tf.constant(seed), tf.constant(s), layer
            )
            for s in steps
        ]
    )


@pytest.mark.fast
def test_every_epoch_visits_every_row_once():
    """An order is a permutation, and another one in every epoch."""
    orders = RowOrders(seed=3, n_rows=50, shuffle=True)

    first, second = orders.epoch(0).copy(), orders.epoch(1).copy()

    np.testing.assert_array_equal(np.sort(first), np.arange(50))
    assert not np.array_equal(first, second)


@pytest.mark.fast
def test_an_epochs_order_does_not_depend_on_earlier_ones():
    """Epoch 7 has the same order whether or not epochs 0 to 6 were asked for."""
    one_by_one = RowOrders(seed=3, n_rows=50, shuffle=True)
    for epoch in range(7):
        one_by_one.epoch(epoch)

    directly = RowOrders(seed=3, n_rows=50, shuffle=True)

    np.testing.assert_array_equal(one_by_one.epoch(7), directly.epoch(7))


def test_without_shuffling_rows_stay_in_order():
    """shuffle=False visits rows as they came."""
    orders = RowOrders(seed=3, n_rows=5, shuffle=False)

    np.testing.assert_array_equal(orders.epoch(4), np.arange(5))


def test_all_orders_of_few_rows_are_equally_frequent():
    """A chi-squared test over the 24 orders of 4 rows finds nothing."""
    orders = RowOrders(seed=0, n_rows=4, shuffle=True)

    seen = [tuple(orders.epoch(e)) for e in range(4800)]

    counts = np.unique(seen, axis=0, return_counts=True)[1]
    assert len(counts) == 24
    assert stats.chisquare(counts).pvalue > 0.001


@pytest.mark.fast
@pytest.mark.parametrize("rate", [0.01, 0.2, 0.5, 0.9])
def test_dropout_drops_the_rate(rate):
    """The share of dropped values is the rate, within four standard deviations."""
    kept = masks(rate)

    deviation = np.sqrt(rate * (1 - rate) / kept.size)
    assert abs((1 - kept.mean()) - rate) < 4 * deviation


def test_dropout_masks_are_independent():
    """Neighbours, steps, layers and seeds are uncorrelated; every unit is fair."""
    kept = masks(0.5).astype(float) - 0.5
    n_values = kept.size
    others = {
        "next unit": np.mean(kept[:, :, :-1] * kept[:, :, 1:]),
        "next row": np.mean(kept[:, :-1] * kept[:, 1:]),
        "next step": np.mean(kept[:-1] * kept[1:]),
        "other layer": np.mean(kept * (masks(0.5, layer=1) - 0.5)),
        "next seed": np.mean(kept * (masks(0.5, seed=2) - 0.5)),
    }

    # Each mean of products of ±1/2 has deviation 1/4 / sqrt(n).
    for name, correlation in others.items():
        assert abs(correlation) * 4 * np.sqrt(n_values) < 5, name
    per_unit = masks(0.5).sum(axis=(0, 1))
    z = (per_unit - 1280) / np.sqrt(640)  # 64 rows × 40 steps
    assert stats.kstest(z, "norm").pvalue > 0.001


def test_dropout_masks_are_the_same_with_xla():
    """Graph mode and XLA draw the same bits."""

    def draw(step):
        return keep_mask((16, 32), tf.constant(0.3), tf.constant(5), step, 2)

    graph = tf.function(draw)(tf.constant(9))
    compiled = tf.function(draw, jit_compile=True)(tf.constant(9))

    np.testing.assert_array_equal(graph, compiled)


@pytest.mark.fast
def test_seeds_come_from_any_random_state_of_scikit_learn():
    """An int and a RandomState made of it give the same seeds."""
    assert (
        draw_seeds(5) == draw_seeds(np.random.RandomState(5)) == draw_seeds(np.int64(5))
    )
    assert len(set(draw_seeds(5))) == 4
