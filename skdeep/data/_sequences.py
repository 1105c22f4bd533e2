"""Arrays in: sequences as the engine takes them, those of different lengths padded."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.validation import validate_data

from skdeep.data._features import (
    check_rows,
    check_values,
    n_axes_of,
    refuse_dates,
)
from skdeep.data._rows_on_disk import blocks_of, checked_in_blocks, is_on_disk
from skdeep.exceptions import InvalidSequenceError

# Numbers of things stay whole until a chunk of rows is made dense floats.
WHOLE = [np.int32, np.int64, np.uint8, np.int8, np.int16, np.uint16, np.float32]


@dataclass(frozen=True)
class SequenceRules:
    """What an estimator says of its sequences.

    Attributes
    ----------
    shape : sequence of int or None
        Steps and features of flat rows; one entry may be -1.
    mask_value : float or None
        What pads sequences of different lengths.
    are_indices : bool
        Whether a step is the number of a thing.
    vocabulary_size : int or None
        How many things there are; None finds out.
    dtype : str
        What numbers become.
    may_be_padded : bool, default=True
        Whether sequences of different lengths are taken.
    """

    shape: Any
    mask_value: float | None
    are_indices: bool
    vocabulary_size: int | None
    dtype: str
    may_be_padded: bool = True


def check_sequences(
    estimator: Any, X: Any, rules: SequenceRules, fitted: tuple[int, int] | None
) -> tuple[Any, tuple[int, int]]:
    """Check sequences, or flat rows of them.

    Parameters
    ----------
    estimator : object
        Gets ``n_features_in_`` (steps times features) and ``feature_names_in_``
        unless ``fitted`` is given.
    X : array-like
        (n, n_steps, n_features), flat rows, or a list of sequences of any lengths.
    rules : SequenceRules
        How to take them.
    fitted : (n_steps, n_features) or None
        What the sequences must be; None in fit.

    Returns
    -------
    X : array or CSR matrix
        Flat rows, or sequences of three axes.
    shape : (n_steps, n_features)
        Of a sequence.

    Raises
    ------
    InvalidSequenceError
        If the sequences have another shape than they should.
    """
    name = type(estimator).__name__
    if _are_apart(X, rules, fitted):
        X = _padded(X, rules, fitted, name)
    n_axes = n_axes_of(X)
    if n_axes > 3:
        raise InvalidSequenceError(
            f"{name} expects sequences of shape (n_samples, n_steps, n_features); got "
            f"X of shape {np.shape(X)}. Put what is in the other axes into features."
        )
    if n_axes < 3:
        X = _check_flat(estimator, X, rules, reset=fitted is None)
        shape = fitted or _flat_shape(X.shape[1], rules, name)
    else:
        X = _check_steps(estimator, X, rules, fitted)
        shape = X.shape[1:]
    if rules.are_indices:
        _check_indices(X, shape, rules.vocabulary_size, name)
    return X, shape


def largest_index(X: Any) -> int:
    """The largest number of a thing."""
    return int(X.max()) if X.shape[0] else 0


def _check_flat(estimator: Any, X: Any, rules: SequenceRules, *, reset: bool) -> Any:
    """Check a table of flat rows."""
    if not rules.are_indices:
        return check_rows(estimator, X, rules.dtype, reset=reset)
    if is_on_disk(X):
        check = functools.partial(_check_flat, estimator, rules=rules)
        return checked_in_blocks(check, X, reset=reset)
    refuse_dates(X, "X")
    return validate_data(estimator, X, reset=reset, accept_sparse="csr", dtype=WHOLE)


def _check_steps(
    estimator: Any, X: Any, rules: SequenceRules, fitted: tuple[int, int] | None
) -> Any:
    """Check an array of three axes."""
    name = type(estimator).__name__
    dtypes = WHOLE if rules.are_indices else [np.dtype(rules.dtype)]
    X = check_values(estimator, X, dtypes)
    shape = X.shape[1:]
    if 0 in shape:
        raise InvalidSequenceError(
            f"{name} expects sequences of at least one step and one feature; got X of "
            f"shape {X.shape}. Look at how the sequences were cut."
        )
    if fitted is not None and shape != fitted:
        raise InvalidSequenceError(
            f"X has sequences of shape {shape}, but {name} is expecting sequences of "
            f"shape {fitted} as in fit. Cut or pad them."
        )
    if fitted is None:
        estimator.n_features_in_ = math.prod(shape)
        if hasattr(estimator, "feature_names_in_"):  # of an earlier fit on a table
            del estimator.feature_names_in_
    return X


def _check_indices(X: Any, shape: tuple[int, int], size: int | None, name: str) -> None:
    """Refuse what cannot be looked up."""
    if shape[1] != 1:
        raise InvalidSequenceError(
            f"{name} with embedding_dim expects the number of one thing per step, X of "
            f"shape (n_samples, n_steps); got sequences of shape {shape}. Leave "
            "embedding_dim out for measurements."
        )
    blocks = [X.data] if sparse.issparse(X) else blocks_of(X)
    ranges = [_smallest_and_largest(values) for values in blocks]
    lows, highs, are_whole = zip(*ranges, strict=True)
    smallest, largest = min(lows), max(highs)
    if not all(are_whole) or smallest < 0:
        raise InvalidSequenceError(
            f"{name} with embedding_dim expects whole numbers of at least 0; got "
            f"numbers from {smallest} to {largest}. Number the things, as with "
            "OrdinalEncoder, or leave embedding_dim out."
        )
    if size is not None and largest >= size:
        raise InvalidSequenceError(
            f"{name} knows things by numbers below {size}; got {largest}. Set "
            "vocabulary_size to the largest number there can be plus 1, or give all "
            "rare things one number."
        )


def _smallest_and_largest(values: Any) -> tuple[Any, Any, bool]:
    """The ends of some numbers and 0, and whether all are whole."""
    is_whole = values.dtype.kind in "iu" or bool((values == np.floor(values)).all())
    return values.min(initial=0), values.max(initial=0), is_whole


def _flat_shape(n_features: int, rules: SequenceRules, name: str) -> tuple[int, int]:
    """The shape of the sequences in flat rows, -1 worked out."""
    given = (-1, 1) if rules.shape is None else tuple(rules.shape)
    if rules.are_indices and len(given) == 1:
        given = (*given, 1)
    if (
        len(given) != 2
        or not all(isinstance(n, Integral) and (int(n) >= 1 or n == -1) for n in given)
        or given.count(-1) > 1
    ):
        raise InvalidSequenceError(
            "sequence_shape must be (n_steps, n_features), ints of at least 1 of which "
            f"one may be -1; got {given}. Give (-1, 1) for a number per step."
        )
    n_steps, n_values = (int(n) for n in given)
    if n_steps == -1:
        n_steps = n_features // n_values
    if n_values == -1:
        n_values = n_features // n_steps
    if n_steps * n_values != n_features or 0 in (n_steps, n_values):
        raise InvalidSequenceError(
            f"sequence_shape must multiply to the {n_features} features of a row; got "
            f"{given}. Change sequence_shape of {name}, or the rows."
        )
    return n_steps, n_values


def _are_apart(X: Any, rules: SequenceRules, fitted: tuple[int, int] | None) -> bool:
    """Whether X holds one sequence after the other, of lengths that may differ."""
    if isinstance(X, list | tuple):
        sizes = {len(row) if _is_sequence(row) else -1 for row in X}
        is_short = rules.mask_value is not None and max(sizes) < _known(rules, fitted)
        return (len(sizes) > 1 or is_short) and -1 not in sizes
    is_column = hasattr(X, "dtype") and n_axes_of(X) == 1 and X.dtype.kind == "O"
    return is_column and len(X) > 0 and all(map(_is_sequence, X))


def _is_sequence(row: Any) -> bool:
    """Whether it is a sequence of numbers or of vectors."""
    is_listed = isinstance(row, Sequence) and not isinstance(row, str | bytes)
    return is_listed or (isinstance(row, np.ndarray) and row.ndim > 0)


def _padded(
    X: Any, rules: SequenceRules, fitted: tuple[int, int] | None, name: str
) -> np.ndarray:
    """Put sequences into one array, padded in front."""
    dtype = "int64" if rules.are_indices else rules.dtype
    rows = [np.asarray(row, None if rules.are_indices else dtype) for row in X]
    lengths = np.array([len(row) for row in rows])
    n_steps = _n_steps(lengths, rules, fitted, name)
    if not rules.may_be_padded and (lengths != n_steps).any():
        raise InvalidSequenceError(
            f"{name} expects sequences of one length; got lengths from "
            f"{lengths.min()} to {lengths.max()}. Cut or pad them, or use "
            f"{name.replace('CNN', 'RNN')}, which can leave padding out."
        )
    if rules.mask_value is None and (lengths != n_steps).any():
        raise InvalidSequenceError(
            f"{name} needs mask_value for sequences of different lengths; got lengths "
            f"from {lengths.min()} to {lengths.max()} and mask_value=None. Set it to a "
            "number that is no measurement, with embedding_dim to 0."
        )
    tails = {row.shape[1:] for row in rows if len(row)}
    if len(tails) > 1:
        raise InvalidSequenceError(
            f"{name} expects as many features at every step; got steps of the shapes "
            f"{sorted(tails)}. Give every sequence as (n_steps, n_features)."
        )
    tail = tails.pop() if tails else ()
    kind = np.result_type(*rows) if rules.are_indices and rows else np.dtype(dtype)
    padded = np.full((len(rows), n_steps, *tail), rules.mask_value or 0, kind)
    for row, place in zip(rows, padded, strict=True):
        place[n_steps - len(row) :] = row.reshape(len(row), *tail)
    return padded


def _known(rules: SequenceRules, fitted: tuple[int, int] | None) -> int:
    """How long sequences are as far as somebody has said so, or -1."""
    if fitted:
        return fitted[0]
    return -1 if rules.shape is None else int(next(iter(rules.shape)))


def _n_steps(
    lengths: np.ndarray,
    rules: SequenceRules,
    fitted: tuple[int, int] | None,
    name: str,
) -> int:
    """How long padded sequences are: as in fit, as said, or as the longest."""
    known = _known(rules, fitted)
    n_steps = known if known > 0 else int(lengths.max())
    if lengths.max() > n_steps:
        raise InvalidSequenceError(
            f"{name} takes sequences of at most {n_steps} steps, as in fit or in "
            f"sequence_shape; got one of {lengths.max()}. Cut them, or set "
            "sequence_shape=(n_steps, n_features) to the most there can be."
        )
    return max(1, n_steps)
