"""Rows of any kind as dense floats of the shape a network takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from skdeep.data._rows_on_disk import held


def dense_rows(
    X: Any, chosen: Any, input_shape: tuple[int, ...], dtype: Any
) -> np.ndarray:
    """Take rows of a dense or sparse X as floats of the network's input shape."""
    rows = held(X[chosen])
    if sparse.issparse(rows):
        rows = rows.toarray()
    # May be a view of the caller's X: whoever gets it must not write into it.
    return rows.reshape(len(rows), *input_shape).astype(dtype, copy=False)
