"""Fitted transformers as plain values, for programs that have to do the same.

What scikit-learn keeps in public attributes says all about its own transformers: means,
scales, medians, categories. Nothing reads it back.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline


def described_transformer(transformer: Any) -> Any:
    """Return steps in their order, columns with their steps, or one transformer.

    Parameters
    ----------
    transformer : object
        Fitted; a Pipeline and a ColumnTransformer are looked into.

    Returns
    -------
    list or dict
        Of a Pipeline a list of steps, of a ColumnTransformer a list of "columns" with
        "steps"; else "transformer" (its class), "parameters" and "fitted" attributes.
    """
    if isinstance(transformer, Pipeline):
        return [described_transformer(step) for _, step in transformer.steps]
    if isinstance(transformer, ColumnTransformer):
        return [
            {"columns": _plain(columns), "steps": described_transformer(part)}
            for _, part, columns in transformer.transformers_
        ]
    if isinstance(transformer, str):  # "drop", "passthrough"
        return transformer
    fitted = {
        name: _plain(value)
        for name, value in vars(transformer).items()
        if name.endswith("_") and not name.startswith("_")
    }
    parameters: dict[str, Any] = getattr(transformer, "get_params", dict)()
    return {
        "transformer": type(transformer).__name__,
        "parameters": _plain(parameters),
        "fitted": fitted,
    }


def _plain(value: Any) -> Any:
    """A value as JSON knows it; what is not a number is None, as there."""
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return getattr(value, "__name__", None) or str(value)
