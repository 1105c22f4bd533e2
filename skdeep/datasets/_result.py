"""From arrays to what a loader returns: a Bunch, a tuple, or data frames.

The same for all data sets, so that ``return_X_y`` and ``as_frame`` mean the same
everywhere. pandas is imported only for ``as_frame=True``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import Bunch

Array = NDArray[Any]


def make_result(
    data: Any,
    target: Array,
    *,
    feature_names: Sequence[str] | Array,
    target_column: str,
    return_X_y: bool,
    as_frame: bool,
    **fields: Any,
) -> Any:
    """Return ``(data, target)`` or a Bunch of them with further ``fields``."""
    frame = None
    if as_frame:
        frame = _make_frame(data, feature_names)
        data, target = frame, _make_series(target, target_column)
        if not return_X_y:
            frame = frame.assign(**{target_column: target})
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        feature_names=feature_names,
        **fields,
    )


def take_rows(table: Any, rows: Array) -> Any:
    """Return some rows of an array, a frame or a series."""
    return table.iloc[rows] if hasattr(table, "iloc") else table[rows]


def _make_frame(data: Any, columns: Sequence[str] | Array) -> Any:
    import pandas as pd

    if sparse.issparse(data):
        return pd.DataFrame.sparse.from_spmatrix(data, columns=columns)
    return pd.DataFrame(data, columns=np.asarray(columns, dtype=object))


def _make_series(target: Array, name: str) -> Any:
    import pandas as pd

    return pd.Series(target, name=name)
