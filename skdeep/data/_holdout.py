"""The rows that early stopping watches: seeded, shuffled, stratified, whole groups."""

from __future__ import annotations

import math

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import check_consistent_length, column_or_1d

WAYS_OUT = "give X_val and y_val, or set early_stopping=False."


def check_groups(groups: object, X: object) -> np.ndarray:
    """Check the group of each row, and number the groups."""
    checked = column_or_1d(groups)
    check_consistent_length(X, checked)
    numbers: np.ndarray = np.unique(checked, return_inverse=True)[1]
    return numbers


def split_rows(
    n_rows: int,
    fraction: float,
    seed: int,
    strata: np.ndarray | None,
    groups: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the row numbers to train on and the row numbers to watch.

    Parameters
    ----------
    n_rows : int
        How many rows there are.
    fraction : float
        How much of them to watch, rounded up.
    seed : int
        Of the shuffling.
    strata : array of shape (n_rows,), default=None
        Class of each row; each class gets its share on both sides, or, where it has
        too few rows for that, at least one row to train on.
    groups : array of int of shape (n_rows,), default=None
        Group of each row; all rows of a group are on one side, and the shares are as
        near as that allows.
    """
    n_held = math.ceil(fraction * n_rows)
    if n_held >= n_rows:
        raise ValueError(
            "early_stopping needs rows to train on besides those it watches; got "
            f"validation_fraction={fraction} of n_samples={n_rows}. Lower the "
            f"fraction, {WAYS_OUT}"
        )
    if groups is not None:
        return _split_groups(groups, strata, n_held, seed)
    if strata is not None and not _is_room_for_all(strata, n_held):
        return _split_keeping_classes(strata, n_held, seed)
    train, held = train_test_split(
        np.arange(n_rows), test_size=n_held, random_state=seed, stratify=strata
    )
    # Shares are rounded: a small class can get none although there is room for all.
    if strata is not None and len(np.unique(strata[held])) < len(np.unique(strata)):
        return _split_keeping_classes(strata, n_held, seed)
    return train, held


def _is_room_for_all(strata: np.ndarray, n_held: int) -> bool:
    """Whether each class can have a row on each side."""
    counts = np.unique(strata, return_counts=True)[1]
    smaller_side = min(n_held, len(strata) - n_held)
    return bool(counts.min() >= 2 and smaller_side >= len(counts))


def _split_keeping_classes(
    strata: np.ndarray, n_held: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Leave a row of each class to train on; watch an even share of the others."""
    generator = np.random.RandomState(seed)
    order = generator.permutation(len(strata))
    _, first = np.unique(strata[order], return_index=True)
    free = np.delete(order, first)
    if not len(free):
        raise ValueError(
            "early_stopping needs rows to watch besides one of each class to train on; "
            f"got {len(strata)} rows of {len(first)} classes. Add rows, {WAYS_OUT}"
        )
    # Class by class and evenly spaced: each gets its share, up to less than one row.
    free = free[np.argsort(strata[free], kind="stable")]
    n_held = min(n_held, len(free))
    places = (np.arange(n_held) + generator.uniform()) * len(free) / n_held
    held = free[places.astype(int)]
    return order[~np.isin(order, held)], held


def _split_groups(
    groups: np.ndarray, strata: np.ndarray | None, n_held: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Go through the groups once; watch those that bring the shares nearer."""
    codes = np.zeros_like(groups) if strata is None else strata
    codes = np.unique(codes, return_inverse=True)[1]
    n_groups, n_classes = groups.max() + 1, codes.max() + 1
    counts = np.bincount(groups * n_classes + codes, minlength=n_groups * n_classes)
    counts = counts.reshape(n_groups, n_classes)
    # What each has of every class, and of all rows.
    shares = np.c_[counts / counts.sum(axis=0), counts.sum(axis=1) / len(groups)]
    wanted = n_held / len(groups)
    order = np.random.RandomState(seed).permutation(n_groups)
    chosen: list[int] = []
    held = np.zeros(n_classes + 1)
    for group in order:
        after = held + shares[group]
        # A whole class, or all rows, cannot be held out; 1 up to rounding.
        if after.max() > 1 - 0.5 / len(groups):
            continue
        if np.sum((after - wanted) ** 2) < np.sum((held - wanted) ** 2):
            chosen.append(group)
            held = after
    chosen = chosen or _smallest(shares, 1 - 0.5 / len(groups))
    is_held = np.isin(groups, chosen)
    return np.flatnonzero(~is_held), np.flatnonzero(is_held)


def _smallest(shares: np.ndarray, limit: float) -> list[int]:
    """The smallest group that holds no class alone."""
    possible = np.flatnonzero(shares.max(axis=1) < limit)
    if not len(possible):
        raise ValueError(
            "early_stopping needs a group to watch without which every class has rows "
            f"to train on; got {len(shares)} group(s), and none is so. Give finer "
            f"groups, {WAYS_OUT}"
        )
    return [int(possible[np.argmin(shares[possible, -1])])]
