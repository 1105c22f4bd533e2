"""Rows that come batch by batch: generators, ``keras.utils.PyDataset``, ``tf.data``.

Nothing here holds more than one batch, and nothing changes the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np


def gives_batches(X: Any) -> bool:
    """Whether X is no array but gives its rows in batches."""
    # element_spec: tf.data.Dataset    __next__: generators and iterators
    # batch_sampler: DataLoader        on_epoch_end: keras.utils.PyDataset
    names = ("element_spec", "__next__", "batch_sampler", "on_epoch_end")
    return any(hasattr(X, name) for name in names)


def batches(X: Any) -> Iterator[Any]:
    """Go through the batches once."""
    if not hasattr(X, "on_epoch_end"):
        yield from X
        return
    if X.num_batches is None:
        raise ValueError(
            "X must end; got a PyDataset whose num_batches is None. Define __len__."
        )
    for number in range(X.num_batches):
        yield X[number]


def first_batch(X: Any) -> tuple[Any, Any]:
    """Look at the first batch; return it, and what still gives all of them."""
    if not hasattr(X, "__next__"):
        return (X[0] if hasattr(X, "on_epoch_end") else next(iter(X))), X
    try:
        first = next(X)
    except StopIteration:
        raise ValueError(
            "X must give batches of rows; got a generator that is at its end. Make a "
            "new one."
        ) from None

    def all_of_them() -> Iterator[Any]:
        yield first
        yield from X

    return first, all_of_them()


def rows_and_targets(batch: Any) -> tuple[Any, Any]:
    """The rows and the targets of a batch, as arrays; targets may be None."""
    if not isinstance(batch, tuple | list):
        return as_arrays(batch), None
    rows, *others = batch
    return as_arrays(rows), as_arrays(others[0]) if others else None


def as_arrays(values: Any) -> Any:
    """Tensors as arrays, in a dict or a list of them, too."""
    if isinstance(values, Mapping):
        return {name: as_arrays(value) for name, value in values.items()}
    if isinstance(values, tuple | list):
        return [as_arrays(value) for value in values]
    return values.numpy() if hasattr(values, "numpy") else np.asarray(values)


def put_together(parts: list[Any]) -> Any:
    """What is found for each batch, as if it were for one."""
    first = parts[0]
    if isinstance(first, Mapping):
        return {name: np.concatenate([p[name] for p in parts]) for name in first}
    if isinstance(first, tuple | list):
        return [np.concatenate(part) for part in zip(*parts, strict=True)]
    return np.concatenate(parts)
