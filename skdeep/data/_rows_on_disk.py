"""Rows that lie in a file: maps of memory, HDF5, zarr and the like, read in blocks.

They are checked block by block, chosen without being read, and read when the engine
wants a chunk of them, in the order in which they lie: one jump back and forth per row
takes a disk a thousand times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import numpy as np
from scipy import sparse

BLOCK_BYTES = 4 * 2**20  # what is read in one go
# What shuffled rows are read ahead: the larger, the fewer times an epoch goes through
# the file. 10 GB of float32 are 75 times this.
AHEAD_BYTES = 128 * 2**20


def is_on_disk(X: Any) -> bool:
    """Whether X is an array that is read from somewhere when it is asked.

    That is a ``np.memmap``, or what has a shape, a dtype of NumPy and rows to slice and
    is known to hold its numbers nowhere else: no array of another library, whose name
    for that is ``__array_namespace__``, no table and no sparse matrix.
    """
    if isinstance(X, np.ndarray):
        return isinstance(X, np.memmap) and X.ndim > 0
    return (
        isinstance(getattr(X, "dtype", None), np.dtype)
        and hasattr(X, "__getitem__")
        and len(getattr(X, "shape", ())) > 0
        and not hasattr(X, "__array_namespace__")
        and not hasattr(X, "iloc")
        and not sparse.issparse(X)
    )


class RowsOnDisk:
    """Checked rows of an array on disk: some of them, in any order.

    Parameters
    ----------
    array : array-like with a shape, whose rows can be sliced
        What is read.
    dtype : dtype
        What its numbers become when they are read.
    numbers : range or array of int, default=None
        Which of its rows; None is all.
    row_shape : tuple of int, default=None
        The shape of a row; None as the array has it.
    """

    def __init__(
        self, array: Any, dtype: Any, numbers: Any = None, row_shape: Any = None
    ):
        self._array = array
        self._numbers = range(array.shape[0]) if numbers is None else numbers
        self._row_shape = tuple(array.shape[1:] if row_shape is None else row_shape)
        self.dtype = np.dtype(dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of rows, and their shape."""
        return (len(self._numbers), *self._row_shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return 1 + len(self._row_shape)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._numbers)

    def __getitem__(self, chosen: Any) -> RowsOnDisk:
        """Choose rows by a slice or by their numbers; none is read."""
        known = self._numbers
        if isinstance(known, range) and not isinstance(chosen, slice):
            numbers: Any = np.asarray(chosen)
            numbers = numbers + known.start if known.start else numbers
        else:
            numbers = known[chosen]
        return RowsOnDisk(self._array, self.dtype, numbers, self._row_shape)

    def reshape(self, n_rows: int, *row_shape: int) -> RowsOnDisk:
        """Return the same rows in another shape."""
        return RowsOnDisk(self._array, self.dtype, self._numbers, row_shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Read them all."""
        return self.read().astype(dtype or self.dtype, copy=False)

    def read(self) -> np.ndarray:
        """Read them all; may be a view of a map of memory."""
        known = self._numbers
        if isinstance(known, range):
            return self._as_rows(self._array[known.start : known.stop])
        rows = np.empty((len(known), *self._row_shape), self.dtype)
        order = np.argsort(known, kind="stable")
        in_order = np.asarray(known)[order]
        for some in self._in_blocks(in_order):
            here = in_order[some]
            first = int(here[0])
            # By a slice: a list of rows takes HDF5 longer than all rows around them.
            block = np.asarray(self._array[first : int(here[-1]) + 1])
            rows[order[some]] = self._as_rows(block[here - first])
        return rows

    def blocks(self) -> Iterator[np.ndarray]:
        """Read them, a block at a time."""
        for start in range(0, len(self), self._block_rows):
            yield self[start : start + self._block_rows].read()

    def min(self) -> Any:
        """The smallest number."""
        return min(block.min() for block in self.blocks())

    def max(self) -> Any:
        """The largest number."""
        return max(block.max() for block in self.blocks())

    def columns(self, numbers: Any) -> np.ndarray:
        """Read some columns of all rows."""
        return np.concatenate([block[:, numbers] for block in self.blocks()])

    @property
    def columns_ahead(self) -> int:
        """How many columns to read at once."""
        return max(1, AHEAD_BYTES // max(1, self.dtype.itemsize * len(self)))

    @property
    def rows_ahead(self) -> int:
        """How many rows to read at once where they lie far from each other."""
        return max(
            1, AHEAD_BYTES // max(1, self.dtype.itemsize * prod(self._row_shape))
        )

    @property
    def _block_rows(self) -> int:
        """How many rows are read in one go: whole chunks of the file, if it has any."""
        array = self._array
        row_bytes = array.dtype.itemsize * prod(array.shape[1:])
        n_rows = max(1, BLOCK_BYTES // max(1, row_bytes))
        in_chunk = _chunk_rows(array)
        return max(1, n_rows // in_chunk) * in_chunk

    def _in_blocks(self, numbers: np.ndarray) -> Iterator[slice]:
        """Where ascending numbers of rows lie in the same block of the file."""
        blocks = numbers // self._block_rows
        starts = np.flatnonzero(np.diff(blocks, prepend=-1))
        for start, stop in zip(starts, [*starts[1:], len(numbers)], strict=True):
            yield slice(int(start), int(stop))

    def _as_rows(self, values: Any) -> np.ndarray:
        """Values of the array as rows."""
        rows = np.asarray(values)
        return rows.reshape(len(rows), *self._row_shape).astype(self.dtype, copy=False)


def _chunk_rows(array: Any) -> int:
    """How many rows lie together in a file of HDF5 or zarr; 1 if nobody says."""
    first, *_ = getattr(array, "chunks", None) or (1,)
    # dask has a tuple of sizes there, which may all differ.
    return max(1, first) if isinstance(first, int) else 1


def checked_in_blocks(
    check: Callable[..., np.ndarray], X: Any, *, reset: bool
) -> RowsOnDisk:
    """Check rows on disk as rows in memory are checked.

    Parameters
    ----------
    check : callable
        (rows in memory, reset=bool) -> rows checked. With ``reset`` it notes what rows
        look like, which is asked of the first block only.
    X : array-like
        See ``is_on_disk``.
    reset : bool
        Whether this is a fit.
    """
    rows = RowsOnDisk(X, X.dtype)
    dtype = rows.dtype
    blocks = rows.blocks() if len(rows) else iter([rows.read()])
    for number, block in enumerate(blocks):
        checked = check(block, reset=reset and number == 0)
        dtype = checked.dtype
    return RowsOnDisk(X, dtype)


def blocks_of(X: Any) -> Iterator[np.ndarray]:
    """Rows in memory as they are, rows on disk a block at a time."""
    if isinstance(X, RowsOnDisk):
        yield from X.blocks()
    else:
        yield X


def held(X: Any) -> Any:
    """Rows in memory: what is on disk is read."""
    return X.read() if isinstance(X, RowsOnDisk) else X


def in_steps(
    X: Any, n_rows: int, order: np.ndarray | None = None
) -> Iterator[tuple[int, Any]]:
    """Yield rows in memory, ``n_rows`` at a time, and the place of the first.

    Of no rows, too, once.

    Parameters
    ----------
    X : array, CSR matrix or RowsOnDisk of shape (n_samples, ...)
        The rows.
    n_rows : int
        How many at a time.
    order : array of int of shape (n_samples,), default=None
        In which order; None is that of X.
    """
    if isinstance(X, RowsOnDisk):
        yield from _read_ahead(X, n_rows, order)
        return
    for start in range(0, max(1, X.shape[0]), n_rows):
        here = slice(start, start + n_rows)
        yield start, X[here if order is None else order[here]]


def _read_ahead(
    X: RowsOnDisk, n_rows: int, order: np.ndarray | None
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield rows on disk; those that lie far apart are read for many steps at once."""
    n_ahead = max(1, X.rows_ahead // n_rows) * n_rows
    for start in range(0, max(1, len(X)), n_ahead):
        here = slice(start, start + n_ahead)
        ahead = X[here if order is None else order[here]].read()
        for first in range(0, max(1, len(ahead)), n_rows):
            # Copies: whoever keeps one must not keep all that was read.
            yield start + first, ahead[first : first + n_rows].copy()
        del ahead  # before the next are read
