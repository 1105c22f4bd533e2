"""Rows that come in chunks → one array in a temporary file, which fit maps into memory.

Iterators can be gone through once, and a fit goes through rows many times: to count
them and their classes, to hold some out, once for every epoch in another order. So they
are written down once, and then are what a file is: ``_rows_on_disk`` has the rest.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

WAYS = "Give an iterable of (X, y) or (X, y, sample_weight), arrays of some rows each"


class Rows(NamedTuple):
    """Rows, targets and weights, as ``fit`` takes them."""

    X: Any
    y: Any
    sample_weight: Any


def are_chunks(X: Any) -> bool:
    """Whether X, given without y, yields rows with their targets.

    That is an iterator, a ``tf.data.Dataset``, a ``keras.utils.PyDataset``, a
    ``DataLoader`` of PyTorch, a list of tuples, or an object that has nothing but
    ``__iter__`` in common with arrays.
    """
    if isinstance(X, list | tuple):
        return len(X) > 0 and all(isinstance(chunk, tuple) for chunk in X)
    is_dataset = hasattr(X, "element_spec") or hasattr(X, "on_epoch_end")
    is_array = hasattr(X, "shape") or hasattr(X, "__array__")
    is_other = is_array or isinstance(X, str | bytes | Mapping | set)
    return is_dataset or (hasattr(X, "__iter__") and not is_other)


def gathered(chunks: Any, name: str) -> Rows:
    """Go through chunks once; return their rows as a file that is mapped into memory.

    Nobody needs to remove the file: it has no name, and is gone with the array.

    Parameters
    ----------
    chunks : iterable of (X, y) or (X, y, sample_weight)
        Arrays or tensors of some rows each.
    name : str
        Of the argument, for error messages.
    """
    targets: list[np.ndarray] = []
    weights: list[np.ndarray] = []
    first: np.ndarray | None = None
    with tempfile.TemporaryFile() as file:
        for chunk in _elements(chunks, name):
            X, y, *weight = _arrays(chunk, name)
            first = X[:0] if first is None else first
            _check_same(X, first, name)
            file.write(X.astype(first.dtype).tobytes())
            targets.append(y)
            weights += weight
        file.flush()
        if first is None or (weights and len(weights) != len(targets)):
            got = "none" if first is None else "sample_weight in some of them only"
            raise ValueError(f"{name} must give chunks of rows; got {got}. {WAYS}.")
        y = np.concatenate(targets)
        shape = (len(y), *first.shape[1:])
        # An empty file cannot be mapped.
        rows = np.memmap(file, first.dtype, "r", 0, shape) if y.size else first
    return Rows(rows, y, np.concatenate(weights) if weights else None)


def _elements(chunks: Any, name: str) -> Iterable[Any]:
    """What to go through, if that has an end."""
    n_chunks = None
    found = chunks
    if hasattr(chunks, "cardinality"):  # tf.data
        n_chunks = int(chunks.cardinality())
    elif hasattr(chunks, "on_epoch_end"):  # keras.utils.PyDataset, which is a sequence
        n_chunks = -1 if chunks.num_batches is None else chunks.num_batches
        found = (chunks[i] for i in range(n_chunks))
    if n_chunks == -1:
        raise ValueError(
            f"{name} must come to an end; got a {type(chunks).__name__} without one. "
            "Leave repeat() out: epochs says how often fit goes through the rows."
        )
    return found


def _arrays(chunk: Any, name: str) -> list[np.ndarray]:
    """The arrays of a chunk."""
    if not isinstance(chunk, tuple | list) or len(chunk) not in (2, 3):
        n_parts = f" of {len(chunk)}" if isinstance(chunk, tuple | list) else ""
        raise TypeError(
            f"{name} must give rows together with their targets; got a "
            f"{type(chunk).__name__}{n_parts}. {WAYS}."
        )
    arrays = [np.asarray(part) for part in chunk]
    shapes = [array.shape for array in arrays]
    if any(not shape for shape in shapes) or len({shape[0] for shape in shapes}) > 1:
        raise ValueError(
            f"The arrays of a chunk of {name} must have a row each for the same "
            f"samples; got shapes {shapes}. Single samples are put together by batch()."
        )
    if arrays[0].dtype.kind not in "biuf":
        raise TypeError(
            f"{name} must give rows of numbers; got dtype {arrays[0].dtype}. Encode "
            "them before, chunk by chunk."
        )
    return arrays


def _check_same(X: np.ndarray, first: np.ndarray, name: str) -> None:
    """Refuse rows that do not fit behind those of the first chunk."""
    if X.shape[1:] != first.shape[1:] or not np.can_cast(X.dtype, first.dtype, "safe"):
        raise ValueError(
            f"All chunks of {name} must have rows of the shape and dtype of the first, "
            f"{first.shape[1:]} and {first.dtype}; got {X.shape[1:]} and {X.dtype}. "
            "Pad, cut or cast them."
        )
