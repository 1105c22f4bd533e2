"""The rows that early stopping watches: seeded, shuffled, stratified."""

from __future__ import annotations

import math

import numpy as np
from sklearn.model_selection import train_test_split


def split_rows(
    n_rows: int, fraction: float, seed: int, strata: np.ndarray | None
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
        Class of each row; each class gets its share on both sides.
    """
    n_held = math.ceil(fraction * n_rows)
    if n_held >= n_rows:
        raise ValueError(
            "early_stopping needs rows to train on besides those it watches; got "
            f"validation_fraction={fraction} of n_samples={n_rows}. Lower the "
            "fraction, give X_val and y_val, or set early_stopping=False."
        )
    if strata is not None:
        counts = np.unique(strata, return_counts=True)[1]
        if counts.min() < 2 or n_held < len(counts) or n_rows - n_held < len(counts):
            raise ValueError(
                "early_stopping needs at least one row of each class to train on and "
                f"one to watch; got {n_rows} rows, {len(counts)} classes, "
                f"{counts.min()} row(s) in the smallest, "
                f"validation_fraction={fraction}. Raise the fraction, give X_val and "
                "y_val, or set early_stopping=False."
            )
    train, held = train_test_split(
        np.arange(n_rows), test_size=n_held, random_state=seed, stratify=strata
    )
    # Shares are rounded: a small class can get none although there is room for all.
    if strata is not None and len(np.unique(strata[held])) < len(counts):
        raise ValueError(
            "early_stopping needs at least one row of each class to watch; got a class "
            f"of {counts.min()} row(s), too few for validation_fraction={fraction}. "
            "Raise the fraction, give X_val and y_val, or set early_stopping=False."
        )
    return train, held
