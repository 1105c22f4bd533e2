"""Quantiles of columns in which a row of weight k counts as k rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from skdeep.data._rows_on_disk import RowsOnDisk

ROUNDING = 1e-9  # of sums of weights


def column_quantiles(
    X: Any, weight: np.ndarray, columns: Sequence[int], fractions: np.ndarray
) -> Iterator[np.ndarray]:
    """Yield the quantiles of each column, which are values that occur in it.

    Parameters
    ----------
    X : array or sparse matrix of shape (n_rows, n_columns)
        The rows.
    weight : array of shape (n_rows,)
        How often each counts.
    columns : sequence of int
        Which of its columns.
    fractions : array
        From 0 to 1, ascending.
    """
    counted = np.flatnonzero(weight > 0)
    X, weight = X[counted], weight[counted]
    for values in _columns(X, columns):
        yield _quantiles(values.astype(np.float64), weight, fractions)


def _columns(X: Any, columns: Sequence[int]) -> Iterator[np.ndarray]:
    """Yield columns; of rows on disk as many at a time as may be in memory."""
    if isinstance(X, RowsOnDisk):
        n_at_once = X.columns_ahead
        for start in range(0, len(columns), n_at_once):
            yield from X.columns(columns[start : start + n_at_once]).T
        return
    X = X.tocsc() if sparse.issparse(X) else X
    for column in columns:
        part = X[:, [column]]
        yield (part.toarray() if sparse.issparse(part) else part).ravel()


def _quantiles(
    values: np.ndarray, weight: np.ndarray, fractions: np.ndarray
) -> np.ndarray:
    """The smallest values that have these fractions of the weight up to them."""
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weight[order])
    # Sums of weights that make the same rows differ in their last bits.
    wanted = (fractions - ROUNDING) * sums[-1]
    places = np.searchsorted(sums, wanted)
    return values[order[np.minimum(places, len(order) - 1)]]
