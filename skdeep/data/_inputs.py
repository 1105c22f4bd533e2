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
from sklearn.base import BaseEstimator
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from skdeep.data._features import refuse_dates, refuse_equal_names
from skdeep.data._training_data import TrainingData

# Kept as they are until a chunk of rows is made dense floats.
NUMBERS = [np.float32, np.float64, np.uint8, np.int8, np.int16, np.int32, np.int64]
Shapes = tuple[tuple[int, ...], ...]
Wanted = list[tuple[str, tuple[int, ...]]]  # names and rows of a model's inputs


class Inputs(NamedTuple):
    """Checked rows, and what of them goes where."""

    rows: Any
    shapes: Shapes
    names: tuple[str, ...] | None = None  # None for an array alone or a list
    columns: tuple[int, ...] | None = None  # of a table that go to the inputs, in order


def are_several(X: Any) -> bool:
    """Whether X has an array for each of several inputs.

    A list of vectors is a list of rows, as everywhere.
    """
    if isinstance(X, Mapping):  # one kind of sparse matrix is a dict of its values
        return not sparse.issparse(X)
    return isinstance(X, list | tuple) and all(
        hasattr(part, "shape") and len(part.shape) > 1 for part in X
    )


def holds_text(X: Any) -> bool:
    """Whether there are words among the values, which layers of Keras may look up."""
    if sparse.issparse(X):
        return False
    values = np.asarray(X)
    if values.dtype.kind not in "OUST":
        return False
    try:
        values.astype(np.float64)
    except ValueError:
        return all(isinstance(v, str | bytes | float | int) for v in values.ravel())
    except TypeError:  # things that are neither words nor numbers
        return False
    return False


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
    if n_axes == 2 or (n_axes < 2 and not holds_text(X)):
        refuse_equal_names(X)
        rows = validate_data(
            estimator,
            X,
            reset=fitted is None,
            accept_sparse="csr",
            dtype=None if holds_text(X) else NUMBERS,
        )
        if fitted is not None and fitted.columns is not None:
            return fitted._replace(rows=_taken(rows, fitted.columns))
    else:
        rows = _check_part(estimator, X, "X")
        _check_shape(estimator, rows.shape[1:], fitted and fitted.shapes[0], "X")
        _set_size(estimator, [rows.shape[1:]], fitted)
    return Inputs(rows, (tuple(rows.shape[1:]),))


class _Encoded(BaseEstimator):
    """Stands for an estimator that has counted the values of rows before.

    Its encoder may make more of them, or fewer.
    """


def check_encoded(estimator: Any, X: Any, fitted: Inputs | None) -> Inputs:
    """Check what an encoder has made of rows; a vector is an input of one value.

    The estimator is told nothing.
    """
    if isinstance(X, Mapping) and not sparse.issparse(X):
        X = {name: _as_column(part) for name, part in X.items()}
    elif isinstance(X, list | tuple) and all(hasattr(part, "shape") for part in X):
        X = [_as_column(part) for part in X]
    checked = type(type(estimator).__name__, (_Encoded,), {})()
    if fitted is not None:
        _set_size(checked, fitted.shapes, None)
    return check_inputs(checked, X, fitted)


def _as_column(values: Any) -> Any:
    """A vector as a table of one column; all else as it is."""
    return values.reshape(-1, 1) if len(np.shape(values)) == 1 else values


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
    rows = np.hstack([part.reshape(len(part), -1) for part in parts])  # text: objects
    keys = tuple(names) if isinstance(X, Mapping) else ()
    return Inputs(rows, shapes, keys)


def _names(estimator: Any, X: Any, fitted: Inputs | None) -> list[Any]:
    """The keys of a dict, or the places in a list; those of fit in their order."""
    names = list(X) if isinstance(X, Mapping) else list(range(len(X)))
    known = names if fitted is None else list(fitted.names or range(len(fitted.shapes)))
    # A dict may hold more than the model wants; of a list nobody knows what is what.
    known_all = set(known) <= set(names)
    if not known_all or (len(names) > len(known) and not isinstance(X, Mapping)):
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
        dtype=object if holds_text(X) else NUMBERS,
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
    wanted: Wanted,
    columns: Any,
    training: TrainingData,
    validation: TrainingData | None,
) -> tuple[Inputs, TrainingData, TrainingData | None]:
    """Put the inputs into the order of a model's, given by their names there.

    Parameters
    ----------
    inputs : Inputs
        Of the caller; arrays in a list are in the order of the model by agreement.
    wanted : list of (name, shape of a row)
        The inputs of the model; empty if it does not say.
    columns : array of str or None
        The names of the columns of X, if it is a table.
    training, validation : TrainingData
        The rows to reorder.
    """
    if inputs.names and wanted:
        found = _of_dict(inputs, [name for name, _ in wanted])
    elif inputs.names is None and columns is not None and len(wanted) > 1:
        found = _of_table(inputs, wanted, list(columns))
    else:
        found = inputs
    if found.columns is None:
        return found, training, validation
    training = replace(training, X=_taken(training.X, found.columns))
    if validation is not None:
        validation = replace(validation, X=_taken(validation.X, found.columns))
    return found._replace(columns=None) if found.names else found, training, validation


def _taken(rows: Any, columns: tuple[int, ...]) -> Any:
    """Some columns of rows, in order."""
    return rows[:, list(columns)]


def _of_dict(inputs: Inputs, names: list[str]) -> Inputs:
    """The inputs of a model, of a dict of arrays; what it does not want is left."""
    given = inputs.names or ()
    if not set(names) <= set(given):
        raise ValueError(
            f"X must have an array for each input of the model, {names}; got "
            f"{list(given)}. Name the keys like the inputs."
        )
    ends = np.cumsum([math.prod(shape) for shape in inputs.shapes])
    places = [given.index(name) for name in names]
    columns = [
        column
        for place in places
        for column in range(ends[place] - math.prod(inputs.shapes[place]), ends[place])
    ]
    shapes = tuple(inputs.shapes[place] for place in places)
    return Inputs(None, shapes, tuple(names), tuple(columns))


def _of_table(inputs: Inputs, wanted: Wanted, names: list[str]) -> Inputs:
    """The inputs of a model, of a table with a column for each."""
    shapes = tuple(tuple(shape) for _, shape in wanted)
    is_named = all(name in names for name, _ in wanted)
    if not is_named or not set(shapes) <= {(), (1,)}:
        return inputs
    columns = tuple(names.index(name) for name, _ in wanted)
    return Inputs(None, shapes, None, columns)
