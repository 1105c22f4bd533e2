"""Tables as people have them → columns of numbers and columns of text.

Numbers, booleans, Decimals and spans of time become floats; text, categories and what
else compares become text; dates become numbers that say when it is. Missing is NaN
everywhere. What kind a column has is decided once, in fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

NUMBER, CATEGORY, DATE = "number", "category", "date"
# What pandas says of the values in a column of objects, beside dates.
NUMBERS = {"boolean", "decimal", "empty", "floating", "integer", "mixed-integer-float"}
SPANS = {"timedelta", "timedelta64"}
DATES = {"date", "datetime", "datetime64", "period"}
LARGEST = 1e150  # whose square, of which variances are made, is a float
DAY = 86_400.0  # in seconds
PERIODS = {"year": 365.2425, "week": 7.0, "day": 1.0}  # in days


def as_frame(X: Any) -> Any:
    """Return a table of pandas, polars, Arrow or NumPy as a pandas DataFrame."""
    import pandas as pd

    if isinstance(X, pd.DataFrame):
        return _without_arrow(X)
    if hasattr(X, "get_columns") and hasattr(X, "schema"):  # polars
        return pd.DataFrame({c.name: _from_polars(c) for c in X.get_columns()})
    if hasattr(X, "to_pandas"):
        return X.to_pandas()
    array = np.asarray(X)
    names = [f"x{i}" for i in range(array.shape[1])]
    return pd.DataFrame(array, columns=names).infer_objects()


def _without_arrow(frame: Any) -> Any:
    """A frame whose columns of Arrow are those of pandas itself.

    Arrow refuses to make dates of dates, and has kinds that pandas does not ask for.
    """
    import pandas as pd

    if not any(isinstance(dtype, pd.ArrowDtype) for dtype in frame.dtypes):
        return frame
    columns = [frame.iloc[:, i] for i in range(frame.shape[1])]
    plain = [_from_arrow(column).array for column in columns]
    return pd.DataFrame(dict(enumerate(plain))).set_axis(frame.columns, axis=1)


def _from_arrow(column: Any) -> Any:
    """A column of Arrow as one of pandas; any other as it is."""
    import pandas as pd

    if not isinstance(column.dtype, pd.ArrowDtype):
        return column
    return column.array.__arrow_array__().to_pandas()


def _from_polars(column: Any) -> Any:
    """Return a column of polars as one of pandas, without a detour over Arrow."""
    import pandas as pd

    if column.dtype.is_temporal() and str(column.dtype) != "Time":
        return pd.Series(column.to_numpy())
    if column.dtype.is_numeric() and str(column.dtype)[:7] != "Decimal":
        return pd.Series(column.to_numpy().astype(np.float64))
    return pd.Series(column.to_list(), dtype=object)


def kind_of(column: Any) -> str:
    """Say whether a column holds numbers, categories or dates."""
    import pandas as pd

    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return CATEGORY
    if pd.api.types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        return DATE
    if _holds_numbers(dtype):
        return NUMBER
    found = pd.api.types.infer_dtype(column, skipna=True)
    if found in DATES:
        return DATE
    return NUMBER if found in NUMBERS | SPANS else CATEGORY


def _holds_numbers(dtype: Any) -> bool:
    """Whether a dtype is of numbers, booleans or spans of time."""
    from pandas.api import types

    return bool(
        types.is_numeric_dtype(dtype)
        or types.is_bool_dtype(dtype)
        or types.is_timedelta64_dtype(dtype)
    )


def plain_columns(column: Any, name: str, kind: str) -> dict[str, np.ndarray]:
    """Return the columns that stand for one of the table, by name.

    Parameters
    ----------
    column : pandas.Series
        Its values.
    name : str
        Of the column.
    kind : {"number", "category", "date"}
        What it was in fit.
    """
    return READERS[kind](column, name)


def names_of(name: str, kind: str) -> list[str]:
    """The names of the columns that stand for one of a kind."""
    if kind != DATE:
        return [name]
    waves = [f"{name}_{wave}_of_{p}" for p in PERIODS for wave in ("sine", "cosine")]
    return [f"{name}_days", *waves]


def _numbers(column: Any, name: str) -> dict[str, np.ndarray]:
    """Floats of a column of numbers."""
    values = _floats(column, name)
    if np.isinf(values).any():
        raise ValueError(
            f"X must be finite or missing; Input X contains infinity in the column "
            f"{name!r}. Take NaN or None for what is not known, or a limit of its own."
        )
    if np.nanmax(np.abs(values), initial=0) > LARGEST:
        raise ValueError(
            f"X must have numbers of at most {LARGEST:g} in size; got "
            f"{values[np.nanargmax(np.abs(values))]:g} in the column {name!r}. Divide "
            "the column, or take logarithms."
        )
    return {name: values}


def _floats(column: Any, name: str) -> np.ndarray:
    """Floats of a column of numbers, spans of time in days."""
    import pandas as pd

    if column.dtype.kind == "c":
        raise ValueError(
            f"X must have real numbers; got complex ones in the column {name!r}. Make "
            "two columns of it."
        )
    if pd.api.types.is_timedelta64_dtype(column.dtype):
        return np.asarray(column.dt.total_seconds() / DAY, dtype=np.float64)
    if _holds_numbers(column.dtype):
        found: np.ndarray = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return found
    if pd.api.types.infer_dtype(column, skipna=True) in SPANS:
        return _floats(pd.to_timedelta(column), name)
    values = column.astype(object).where(column.notna(), np.nan)
    try:
        return np.asarray(values.astype(np.float64))
    except (TypeError, ValueError):
        wrong = next(v for v in values if not _is_number(v))
        raise ValueError(
            f"X must have numbers in the column {name!r}, as in fit; got {wrong!r}. "
            "Convert the column, or fit on text in it."
        ) from None


def _is_number(value: Any) -> bool:
    """Whether Python makes a float of it."""
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _texts(column: Any, name: str) -> dict[str, np.ndarray]:
    """Text of a column of categories, NaN where it is missing."""
    import pandas as pd

    try:
        codes, values = pd.factorize(column)
    except TypeError:  # lists and the like, which do not hash
        codes, values = pd.factorize(column.map(str))
    texts = np.array([*map(_text, values), np.nan], dtype=object)
    return {name: texts[codes]}  # missing is -1, the last


def _text(value: Any) -> str:
    """A category as text, the same for 1, 1.0 and what pandas makes of it."""
    is_whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if is_whole else str(value)


def _dates(column: Any, name: str) -> dict[str, np.ndarray]:
    """Days since 1970, and where in the year, the week and the day it is."""
    days = _days(column, name)
    turns = [2 * np.pi * days / period for period in PERIODS.values()]
    waves = [wave(turn) for turn in turns for wave in (np.sin, np.cos)]
    return dict(zip(names_of(name, DATE), [days, *waves], strict=True))


def _days(column: Any, name: str) -> np.ndarray:
    """Days since 1970, NaN where the date is missing."""
    import pandas as pd

    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    try:
        times = pd.to_datetime(column, utc=True)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"X must have dates in the column {name!r}, as in fit; got what pandas "
            f"cannot read: {error}. Convert the column."
        ) from None
    span = times - pd.Timestamp(0, tz="UTC")
    return np.asarray(span.dt.total_seconds() / DAY, dtype=np.float64)


READERS: dict[str, Callable[[Any, str], dict[str, np.ndarray]]] = {
    NUMBER: _numbers,
    CATEGORY: _texts,
    DATE: _dates,
}
