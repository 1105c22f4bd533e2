"""Which features are numbers, and which are codes of something else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from skdeep.data._rows_on_disk import blocks_of


def numeric_mask(
    given: Any, X: Any, feature_names: Sequence[Any] | None
) -> np.ndarray:  # -> (n_features,)
    """Say of every feature whether it is to be treated as a number.

    Parameters
    ----------
    given : "auto", "all", or array-like of bool, int or str
        What the user says, in the words of scikit-learn's ``categorical_features``.
        "auto" are features with more than two different values.
    X : array or sparse matrix of shape (n_samples, n_features)
        The training rows, checked.
    feature_names : sequence of str or None
        Those of the columns.

    Raises
    ------
    ValueError
        If a feature is named that X does not have.
    """
    n_features = X.shape[1]
    if isinstance(given, str):
        every = np.ones(n_features, dtype=bool)
        return every if given == "all" else _has_three_values(X)
    chosen = np.asarray(given)
    if chosen.dtype == bool and chosen.shape == (n_features,):
        return chosen.copy()
    if chosen.size == 0:
        return np.zeros(n_features, dtype=bool)
    if chosen.ndim == 1 and chosen.dtype.kind in "OU":
        return _named(chosen, n_features, feature_names)
    if chosen.ndim == 1 and chosen.dtype.kind in "iu":
        mask = np.zeros(n_features, dtype=bool)
        if ((chosen >= -n_features) & (chosen < n_features)).all():
            mask[chosen] = True
            return mask
    raise ValueError(
        'numeric_features must be "auto", "all", a mask of '
        f"{n_features} bools, or numbers or names of features; got {given!r}. Count "
        f"features from 0 to {n_features - 1}."
    )


def _named(
    chosen: np.ndarray, n_features: int, feature_names: Sequence[Any] | None
) -> np.ndarray:
    """The mask of features given by name."""
    known = [] if feature_names is None else list(feature_names)
    unknown = [str(name) for name in chosen if name not in known]
    if unknown:
        raise ValueError(
            "numeric_features must hold names of columns of X; got "
            f"{', '.join(unknown)}, and X has {', '.join(map(str, known)) or 'none'}. "
            "Fit on a table with these columns, or give numbers of columns."
        )
    return np.isin(np.arange(n_features), [known.index(name) for name in chosen])


def _has_three_values(X: Any) -> np.ndarray:
    """Whether a column has more than two different values."""
    if not sparse.issparse(X):
        ends = [(rows.min(axis=0), rows.max(axis=0)) for rows in blocks_of(X)]
        lows, highs = (np.array(side) for side in zip(*ends, strict=True))
        low, high = lows.min(axis=0), highs.max(axis=0)
        found = [((low != r) & (high != r)).any(axis=0) for r in blocks_of(X)]
        return np.asarray(np.any(found, axis=0))
    table = X.tocsc()
    low, high = (side.toarray().ravel() for side in (table.min(0), table.max(0)))
    number = np.repeat(np.arange(table.shape[1]), np.diff(table.indptr))
    is_between = (table.data != low[number]) & (table.data != high[number])
    # What is not stored is 0.
    has_zeros = np.diff(table.indptr) < table.shape[0]
    between = np.bincount(number[is_between], minlength=table.shape[1]) > 0
    return np.asarray(between | (has_zeros & (low < 0) & (high > 0)))
