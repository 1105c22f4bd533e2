"""Arrays in: rows of any rank, for one input of a network or for several.

The engine gets one array in any case: the values of all inputs of a row, one input
after the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from skdeep.data._features import refuse_dates, refuse_equal_names
from skdeep.data._training_data import TrainingData

# Kept as they are until a chunk of rows is made dense floats.
NUMBERS = [np.float32, np.float64, np.uint8, np.int8, np.int16, np.int32, np.int64]
Shapes = tuple[tuple[int, ...], ...]


class Inputs(NamedTuple):
    """Checked rows, and what of them goes where."""

    rows: Any
    shapes: Shapes
    names: tuple[str, ...] | None = None  # None for an array alone or a list


def are_several(X: Any) -> bool:
    """Whether X has an array for each of several inputs.

    A list of vectors is a list of rows, as everywhere.
    """
    if isinstance(X, Mapping):  # one kind of sparse matrix is a dict of its values
        return not sparse.issparse(X)
    return isinstance(X, list | tuple) and all(
        hasattr(part, "shape") and len(part.shape) > 1 for part in X
    )


def check_inputs(estimator: Any, X: Any, fitted: Inputs | None) -> Inputs:
    """Check rows of any rank; return them as the engine takes them.

    Parameters
    ----------
    estimator : object
        Gets ``n_features_in_``, the number of values in a row, and
        ``feature_names_in_`` of a table, unless ``fitted`` is given.
    X : array-like, sparse matrix, or dict or list of arrays
        The rows.
    fitted : Inputs or None
        What fit has seen.
    """
    if are_several(X):
        return _check_several(estimator, X, fitted)
    if fitted is not None and fitted.names is not None:
        raise ValueError(
            f"{type(estimator).__name__} expects an array for each of its "
            f"{len(fitted.shapes)} inputs, as in fit; got one "
            f"{type(X).__name__}. Give a dict or a list of arrays."
        )
    refuse_dates(X, "X")
    n_axes = X.ndim if hasattr(X, "ndim") else np.asarray(X).ndim
    if n_axes < 3:
        refuse_equal_names(X)
        rows = validate_data(
            estimator, X, reset=fitted is None, accept_sparse="csr", dtype=NUMBERS
        )
    else:
        rows = _check_part(estimator, X, "X")
        _check_shape(estimator, rows.shape[1:], fitted and fitted.shapes[0], "X")
        _set_size(estimator, [rows.shape[1:]], fitted)
    return Inputs(rows, (tuple(rows.shape[1:]),))


def _check_several(estimator: Any, X: Any, fitted: Inputs | None) -> Inputs:
    """Check an array for each input, and put them side by side."""
    names = _names(estimator, X, fitted)
    given = [X[name] for name in names] if isinstance(X, Mapping) else list(X)
    parts = []
    for place, (name, part) in enumerate(zip(names, given, strict=True)):
        checked = _check_part(estimator, part, f"X[{name!r}]")
        checked = checked.reshape(len(checked), -1) if checked.ndim == 1 else checked
        expected = fitted and fitted.shapes[place]
        _check_shape(estimator, checked.shape[1:], expected, f"X[{name!r}]")
        parts.append(checked)
    lengths = {len(part) for part in parts}
    if len(lengths) != 1:
        raise ValueError(
            f"All inputs must have the same number of samples; got {sorted(lengths)}. "
            "Give one row per sample to each."
        )
    shapes = tuple(tuple(part.shape[1:]) for part in parts)
    _set_size(estimator, shapes, fitted)
    rows = np.hstack([part.reshape(len(part), -1) for part in parts])
    keys = tuple(names) if isinstance(X, Mapping) else ()
    return Inputs(rows, shapes, keys)


def _names(estimator: Any, X: Any, fitted: Inputs | None) -> list[Any]:
    """The keys of a dict, or the places in a list; those of fit in their order."""
    names = list(X) if isinstance(X, Mapping) else list(range(len(X)))
    known = names if fitted is None else list(fitted.names or range(len(fitted.shapes)))
    if set(names) != set(known):
        raise ValueError(
            f"{type(estimator).__name__} expects the inputs {known} as in fit; got "
            f"{names}. Give an array for each of them."
        )
    return known


def _check_part(estimator: Any, X: Any, name: str) -> np.ndarray:
    """Check an array of any rank."""
    checked: np.ndarray = check_array(
        X,
        allow_nd=True,
        ensure_2d=False,
        dtype=NUMBERS,
        estimator=estimator,
        input_name=name,
    )
    return checked


def _check_shape(estimator: Any, found: Any, expected: Any, name: str) -> None:
    """Refuse rows of another shape than those of fit."""
    if expected is not None and tuple(found) != tuple(expected):
        raise ValueError(
            f"{name} has rows of shape {tuple(found)}, but {type(estimator).__name__} "
            f"is expecting rows of shape {tuple(expected)} as in fit. Reshape or cut "
            "them."
        )


def _set_size(estimator: Any, shapes: Any, fitted: Inputs | None) -> None:
    """Note how many values a row has."""
    if fitted is not None:
        return
    estimator.n_features_in_ = int(sum(map(math.prod, shapes)))
    if hasattr(estimator, "feature_names_in_"):
        del estimator.feature_names_in_


def in_order(
    inputs: Inputs,
    names: list[str],
    training: TrainingData,
    validation: TrainingData | None,
) -> tuple[Inputs, TrainingData, TrainingData | None]:
    """Put the inputs into the order of a model's, given by their names there.

    Arrays in a list are in that order by agreement.
    """
    given = inputs.names
    if not given:
        return inputs, training, validation
    if set(given) != set(names):
        raise ValueError(
            f"X must have an array for each input of the model, {names}; got "
            f"{list(given)}. Name the keys like the inputs."
        )
    ends = np.cumsum([math.prod(shape) for shape in inputs.shapes])
    order = [given.index(name) for name in names]
    sizes = [math.prod(inputs.shapes[place]) for place in order]
    columns = np.concatenate(
        [np.arange(ends[p] - n, ends[p]) for p, n in zip(order, sizes, strict=True)]
    )
    shapes = tuple(inputs.shapes[place] for place in order)
    training = replace(training, X=training.X[:, columns])
    if validation is not None:
        validation = replace(validation, X=validation.X[:, columns])
    return Inputs(None, shapes, tuple(names)), training, validation
