"""Arrays in: rows and images as the engine takes them."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from skdeep._warnings import stacklevel_of_user
from skdeep.data._rows_on_disk import blocks_of, checked_in_blocks, is_on_disk
from skdeep.exceptions import InvalidImageError, InvalidNetworkError

FAR = 5
FLOATS = (np.dtype("float32"), np.dtype("float64"))
DATES = ("date", "time", "duration", "period")  # how NumPy, pandas and polars say it


def check_lengths(X: Any, y: Any, X_name: str, y_name: str) -> None:
    """Refuse rows and targets of different numbers."""
    if X.shape[0] != len(y):
        raise ValueError(
            f"{X_name} and {y_name} must have the same number of samples; got "
            f"inconsistent numbers of samples: [{X.shape[0]}, {len(y)}]. Give one "
            "target per row."
        )


def n_axes_of(X: Any) -> int:
    """Count the axes; what lies in a file may have a shape and no ``ndim``."""
    return len(X.shape) if hasattr(X, "shape") else np.asarray(X).ndim


def is_float32(X: Any) -> bool:
    """Whether rows are in single precision, every column of a frame."""
    if type(X) is np.ndarray:  # the name of its dtype took 5 µs
        return bool(X.dtype == np.float32)
    is_frame = hasattr(X, "columns")
    found = X.dtypes if is_frame else [getattr(X, "dtype", None)]
    return all(str(dtype).lower() == "float32" for dtype in found)


def refuse_dates(values: Any, name: str) -> None:
    """Refuse dates and spans of time, which turn into floats without a word."""
    is_frame = hasattr(values, "columns")
    found = values.dtypes if is_frame else [getattr(values, "dtype", None)]
    dates = sorted({str(d) for d in found if str(d).lower().startswith(DATES)})
    if dates:
        raise TypeError(
            f"{name} must hold numbers; got {', '.join(dates)}. Turn dates into "
            "numbers of your choice, such as days since the first of them."
        )


def refuse_equal_names(X: Any) -> None:
    """Refuse two columns of one name; scikit-learn below 1.8 does not."""
    names = list(getattr(X, "columns", []))
    if len(set(names)) < len(names):
        twice = sorted({str(name) for name in names if names.count(name) > 1})
        raise ValueError(
            f"X must have unique column names; got several columns named "
            f"{', '.join(twice)}. Rename or drop them."
        )


def check_range(y: np.ndarray, dtype: str, name: str) -> None:
    """Refuse targets that would overflow in the network's dtype."""
    largest = float(np.abs(y).max(initial=0.0))
    if largest > float(np.finfo(dtype).max):
        raise ValueError(
            f"{name} must fit into {dtype}; got values up to {largest:.3g}. Divide the "
            "target by a unit, set normalize_y=True, or dtype='float64'."
        )


def check_numbers(numbers: Mapping[str, float], dtype: str) -> None:
    """Refuse numbers that the network's dtype rounds to zero or to infinity."""
    info = np.finfo(dtype)
    smallest, largest = float(info.tiny), float(info.max)
    for name, value in numbers.items():
        if value != 0 and not smallest <= value <= largest:
            raise InvalidNetworkError(
                f"{name} must be a number between {smallest:.3g} and {largest:.3g} "
                f"in {dtype}; got {value!r}. Give one that makes sense, or set "
                "dtype='float64'."
            )


def refuse_datasets(X: Any, name: str) -> None:
    """Refuse what gives rows bit by bit: no array, whatever NumPy makes of it."""
    # element_spec: tf.data.Dataset    __next__: generators and iterators
    # batch_sampler: DataLoader        on_epoch_end: keras.utils.PyDataset
    is_dataset = hasattr(X, "element_spec") or hasattr(X, "__next__")
    if is_dataset or hasattr(X, "batch_sampler") or hasattr(X, "on_epoch_end"):
        raise TypeError(
            f"{name} must be an array or a table with one row per sample; got a "
            f"{type(X).__name__}, which gives its rows in pieces. Put them together, "
            "as with np.concatenate, or call partial_fit with the rows of each piece; "
            "fit of DNN*, CNN* and RNN* takes pieces (X, y), without y beside them."
        )


def warn_if_far_away(X: Any, X_val: Any) -> None:
    """Warn of validation rows that no scaler has seen.

    That is, if more than a tenth of their values lie further outside the range of
    their column in X than FAR times its width. Sparse rows are not looked at: their
    zeros would have to be.
    """
    if sparse.issparse(X) or sparse.issparse(X_val):
        return
    low, high = _column_ranges(X)
    width = np.where(high > low, high - low, high.max() - low.min())
    n_far = sum(
        np.count_nonzero((some < low - FAR * width) | (some > high + FAR * width))
        for some in _tables(X_val)
    )
    share = n_far / (X_val.shape[0] * len(low))
    if share > 0.1:
        lowest, highest = _column_ranges(X_val)
        warnings.warn(
            f"X_val lies far outside X: {share:.0%} of its values are more "
            f"than {FAR} times the width of their column away (X from {low.min():.3g} "
            f"to {high.max():.3g}, X_val from {lowest.min():.3g} to "
            f"{highest.max():.3g}). Scale both alike; in a Pipeline name X_val in its "
            "transform_input.",
            UserWarning,
            stacklevel=stacklevel_of_user(),
        )


def _tables(X: Any) -> Iterator[np.ndarray]:
    """Rows with one axis of values, as many at a time as are in memory."""
    for block in blocks_of(X):
        yield np.reshape(block, (len(block), -1))


def _column_ranges(X: Any) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and the largest value of every column."""
    ranges = [(table.min(0), table.max(0)) for table in _tables(X)]
    lows, highs = (np.array(side, np.float64) for side in zip(*ranges, strict=True))
    return lows.min(0), highs.max(0)


@contextmanager
def of_validation_rows() -> Iterator[None]:
    """Say of an error that it is about the validation rows."""
    try:
        yield
    except (TypeError, ValueError) as error:
        # It says so already.
        if "_val" in str(error):
            raise
        message = f"In X_val, y_val or sample_weight_val: {error}"
        raise type(error)(message) from None


def check_rows(estimator: Any, X: Any, dtype: str, *, reset: bool) -> Any:
    """Check a table; return floats: an array, a CSR matrix, or rows on disk."""
    rows = None if reset else _plain_rows(estimator, X, dtype)
    if rows is not None:
        return rows
    if is_on_disk(X):
        check = functools.partial(check_rows, estimator, dtype=dtype)
        return checked_in_blocks(check, X, reset=reset)
    refuse_dates(X, "X")
    refuse_equal_names(X)
    return validate_data(
        estimator, X, reset=reset, accept_sparse="csr", dtype=[np.dtype(dtype)]
    )


def _plain_rows(estimator: Any, X: Any, dtype: str) -> np.ndarray | None:
    """What ``check_rows`` returns for arrays that are right; None for all else.

    scikit-learn looks for every kind of data there is before it looks at the numbers:
    100 µs for a row whose prediction takes 20. What is wrong, or may be, goes there.
    """
    if (
        type(X) is not np.ndarray
        or X.ndim != 2
        or X.dtype not in FLOATS
        or len(X) == 0
        or X.shape[1] != getattr(estimator, "n_features_in_", None)
        or hasattr(estimator, "feature_names_in_")
    ):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        rows: np.ndarray = X.astype(dtype, copy=False)
        total = rows.sum()
    # Infinite, too, if finite numbers add up to more than there is.
    return rows if np.isfinite(total) else None


def check_images(
    estimator: Any,
    X: Any,
    image_shape: Any,
    dtype: str,
    *,
    fitted_shape: tuple[int, int, int] | None,
) -> tuple[Any, tuple[int, int, int]]:
    """Check images or flat rows of them.

    Parameters
    ----------
    estimator : object
        Gets ``n_features_in_`` (pixels times channels) and ``feature_names_in_``
        unless ``fitted_shape`` is given.
    X : array-like
        (n, height, width, channels), (n, height, width), or flat rows.
    image_shape : tuple of 3 ints, or None
        The shape of flat rows; one entry may be -1.
    dtype : str
        What numbers become; small integers stay until they are needed.
    fitted_shape : tuple of 3 ints, default=None
        What the images must be; None in fit.

    Returns
    -------
    X : array or CSR matrix
        Flat rows, or images of four axes.
    shape : tuple of 3 ints
        Height, width, channels.
    """
    name = type(estimator).__name__
    n_axes = n_axes_of(X)
    if n_axes > 4:
        raise InvalidImageError(
            f"{name} expects images of shape (n_samples, height, width, channels) or "
            f"(n_samples, height, width); got X of shape {np.shape(X)}. Put what is in "
            "the other axes into channels or rows."
        )
    if n_axes < 3:
        X = check_rows(estimator, X, dtype, reset=fitted_shape is None)
        shape = fitted_shape or _flat_shape(X.shape[1], image_shape, name)
        return X, shape
    X = check_values(estimator, X, [np.dtype(dtype), np.uint8])
    if X.ndim == 3:
        X = X.reshape(*X.shape, 1)
    shape = X.shape[1:]
    if 0 in shape:
        raise InvalidImageError(
            f"{name} expects images of at least one pixel and one channel; got X of "
            f"shape {X.shape}. Look at how the images were cut."
        )
    if fitted_shape is not None and shape != fitted_shape:
        raise InvalidImageError(
            f"X has images of shape {shape}, but {name} is expecting images of shape "
            f"{fitted_shape} as in fit. Resize them."
        )
    if fitted_shape is None:
        estimator.n_features_in_ = int(np.prod(shape))
        if hasattr(estimator, "feature_names_in_"):
            # Of an earlier fit on a table.
            del estimator.feature_names_in_
    return X, shape


def check_values(estimator: Any, X: Any, dtypes: Any, *, reset: bool = False) -> Any:
    """Check an array of more than two axes, which may be on disk."""
    if is_on_disk(X):
        check = functools.partial(check_values, estimator, dtypes=dtypes)
        return checked_in_blocks(check, X, reset=reset)
    refuse_dates(X, "X")
    return check_array(
        X, allow_nd=True, dtype=dtypes, estimator=estimator, input_name="X"
    )


def _flat_shape(n_features: int, image_shape: Any, name: str) -> tuple[int, int, int]:
    """The image shape of flat rows, -1 worked out."""
    if image_shape is None:
        raise InvalidImageError(
            f"{name} expects images of shape (n_samples, height, width, channels) or "
            f"(n_samples, height, width); got flat rows of {n_features} features. Pass "
            "image_shape=(height, width, channels), one of which may be -1; for a "
            f"table use {name.replace('CNN', 'DNN')}."
        )
    shape = tuple(image_shape)
    if (
        len(shape) != 3
        or not all(isinstance(n, Integral) and (int(n) >= 1 or n == -1) for n in shape)
        or shape.count(-1) > 1
    ):
        raise InvalidImageError(
            "image_shape must be (height, width, channels), ints of at least 1 of "
            f"which one may be -1; got {tuple(image_shape)}. Give one channel to grey "
            "images."
        )
    shape = tuple(int(n) for n in shape)
    known = int(np.prod([n for n in shape if n != -1]))
    if -1 in shape and n_features % known == 0:
        shape = tuple(n_features // known if n == -1 else n for n in shape)
    if -1 in shape or int(np.prod(shape)) != n_features:
        raise InvalidImageError(
            f"image_shape must multiply to the {n_features} features of a row; got "
            f"{tuple(image_shape)}. Change image_shape or the rows."
        )
    return shape
