"""Several inputs as one thing that scikit-learn can take rows of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from skdeep._sklearn import safe_indexing


class InputArrays(Mapping[str, Any]):
    """Arrays for the inputs of a network, by name, with rows that can be chosen.

    scikit-learn's cross validation, searches and ``train_test_split`` take rows of what
    has a ``shape``; a dict has none. This is a mapping like a dict for
    ``KerasClassifier`` and ``KerasRegressor``, and one thing with ``n_samples`` rows
    for scikit-learn.

    Parameters
    ----------
    arrays : mapping of str to array-like, or list of array-like
        An array of shape (n_samples, ...) for each ``keras.Input``, by its name or in
        their order; those of a list are named "0", "1", ...

    Attributes
    ----------
    shape : tuple of int
        The number of rows, and that of all values in a row.

    Raises
    ------
    ValueError
        If there is no array, or they have different numbers of rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import train_test_split
    >>> from skdeep import InputArrays
    >>> X = InputArrays({"words": np.zeros((10, 4)), "age": np.zeros((10, 1))})
    >>> X_train, X_test = train_test_split(X, test_size=0.3, random_state=0)
    >>> X_train["words"].shape, X_test.shape
    ((7, 4), (3, 5))
    """

    def __init__(self, arrays: Mapping[str, Any] | Sequence[Any]):
        self._are_named = isinstance(arrays, Mapping)
        pairs = arrays.items() if isinstance(arrays, Mapping) else enumerate(arrays)
        self._arrays = {
            str(name): array if hasattr(array, "shape") else np.asarray(array)
            for name, array in pairs
        }
        lengths = {array.shape[0] for array in self._arrays.values()}
        if len(lengths) != 1:
            raise ValueError(
                "InputArrays expects arrays with the same number of rows; got "
                f"{ {n: a.shape for n, a in self._arrays.items()} }. Give one row per "
                "sample to each."
            )

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows, and that of all values in a row."""
        arrays = list(self._arrays.values())
        sizes = [int(np.prod(array.shape[1:])) for array in arrays]
        return arrays[0].shape[0], sum(sizes)

    def __getitem__(self, key: Any) -> Any:
        """Return the array of a name, or some rows of all of them."""
        if isinstance(key, str):
            return self._arrays[key]
        rows = key[0] if isinstance(key, tuple) else key  # scikit-learn adds "..."
        if isinstance(rows, int | np.integer):
            rows = [rows]
        chosen = {name: safe_indexing(a, rows) for name, a in self._arrays.items()}
        return InputArrays(chosen if self._are_named else list(chosen.values()))

    def as_given(self) -> dict[str, Any] | list[Any]:
        """Return the arrays as they came.

        Returns
        -------
        dict or list of arrays
            By name, or in a list if they came in one.
        """
        return self._arrays if self._are_named else list(self._arrays.values())

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self._arrays)

    def __len__(self) -> int:
        """Count the rows, as of an array; ``list`` has the names."""
        return self.shape[0]

    def __repr__(self) -> str:
        """Show the shapes."""
        shapes = ", ".join(f"{n}: {a.shape}" for n, a in self._arrays.items())
        return f"InputArrays({shapes})"
