"""Targets as the caller gives them, and numbers of any size standardised.

What a network makes of them is decided by its head, see ``networks._head``.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.multiclass import type_of_target

from skdeep._warnings import stacklevel_of_user

SMALL, LARGE = 1e-3, 1e3  # deviations and means with which training is no trouble yet


def dense_targets(y: Any) -> np.ndarray:
    """Return targets, which may come as a sparse matrix, as an array."""
    return y.toarray() if sparse.issparse(y) else y


def refuse_missing_labels(y: Any) -> None:
    """Refuse labels of pandas that are missing."""
    n_missing = int(np.sum(np.asarray(y.isna()))) if hasattr(y, "isna") else 0
    if n_missing:
        raise ValueError(
            f"y must have a label for every row; got {n_missing} missing (NaN or NA). "
            "Leave these rows out, or give them a label of their own."
        )


def target_type_of(y: np.ndarray) -> str:
    """What scikit-learn says the labels are."""
    try:
        found: str = type_of_target(y, input_name="y")
    except TypeError:
        types = sorted({type(label).__name__ for label in y.ravel()})
        raise TypeError(
            "y must hold labels that can be sorted, such as only numbers or only "
            f"strings; got {', '.join(types)}. Convert them to one type, and leave out "
            "rows whose label is missing."
        ) from None
    return found


def mean_and_deviation(
    table: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and deviation of every column; 1 for one that does not vary.

    Numbers of size 1e300 have squares that overflow, those of 1e-200 squares that are
    zero; so columns are divided by powers of two first, which changes no digit, and
    weights by the largest, which makes equal ones 1 whatever their size. A column is
    looked at before its mean is taken, since the mean of equal numbers may differ from
    them in the last digit.
    """
    # A row of weight 0 is no row: it must not make a constant column vary.
    counting = table[weight > 0]
    lowest, highest = counting.min(axis=0), counting.max(axis=0)  # (n_outputs,)
    exponents = _exponents(np.maximum(np.abs(lowest), np.abs(highest)))
    weight = weight / weight.max()
    table = np.ldexp(table, -exponents)
    mean = np.average(table, axis=0, weights=weight)
    deviation = np.sqrt(np.average((table - mean) ** 2, axis=0, weights=weight))
    smallest = np.finfo(np.float64).smallest_subnormal
    deviation = np.maximum(np.ldexp(deviation, exponents), smallest)
    is_constant = lowest == highest
    return (
        np.where(is_constant, lowest, np.ldexp(mean, exponents)),
        np.where(is_constant, 1.0, deviation),
    )


def warn_of_size(y: np.ndarray, weight: np.ndarray) -> None:
    """Warn of targets whose size a network with outputs of about 1 hardly reaches.

    The usual steps move outputs by about the learning rate times the number of
    updates; times 10,000 or 1e-8, targets of size 1 left R² at -3 and at -3e7.
    """
    mean, deviation = mean_and_deviation(y.reshape(len(y), -1), weight)
    largest = max(np.abs(mean).max(), deviation.max())
    if largest <= LARGE and deviation.min() >= SMALL:
        return
    warnings.warn(
        f"y should be of size 1 or so; got means of up to {np.abs(mean).max():.3g} and "
        f"deviations of {deviation.min():.3g} to {deviation.max():.3g}. Set "
        "normalize_y=True, or measure y in another unit.",
        UserWarning,
        stacklevel=stacklevel_of_user(),
    )


def check_units(scale: np.ndarray, offset: np.ndarray, dtype: str, aim: str) -> None:
    """Refuse units of y that a dtype would round to zero or to infinity."""
    info = np.finfo(dtype)
    if scale.min() < info.tiny or max(scale.max(), np.abs(offset).max()) > info.max:
        raise ValueError(
            f"Deviations and means of y must lie between {info.tiny:.3g} and "
            f"{info.max:.3g} to {aim}; got deviations of {scale.min():.3g} to "
            f"{scale.max():.3g} and means of up to {np.abs(offset).max():.3g}. Measure "
            "y in another unit."
        )


def standardized(y: np.ndarray, scale: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """(y - offset) / scale without overflow on the way."""
    exponents = _exponents(scale)
    with np.errstate(over="ignore"):  # what is too large in the end is refused later
        y, offset = np.ldexp(y, -exponents), np.ldexp(offset, -exponents)
        return (y - offset) / np.ldexp(scale, -exponents)


def _exponents(values: np.ndarray) -> Any:
    """The powers of two to divide by, so that values come to lie between 1/2 and 1."""
    return np.frexp(values)[1]
