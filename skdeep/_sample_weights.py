"""Sample and class weights → one weight per row with mean 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import compute_class_weight, compute_sample_weight
from sklearn.utils.validation import _check_sample_weight


def row_weights(
    sample_weight: Any, X: Any, n_rows: int, name: str = "sample_weight"
) -> np.ndarray:
    """Check weights and return a fresh float64 array of them."""
    if sample_weight is None:
        return np.ones(n_rows)
    weights = _check_sample_weight(
        sample_weight, X, dtype=np.float64, copy=True, ensure_non_negative=True
    )
    if not weights.sum() > 0:
        raise ValueError(
            f"{name} must have at least one weight above zero; got only zeros. Leave "
            "it out to weigh all rows alike."
        )
    return weights


def class_weights(class_weight: Any, classes: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the class weight of every row."""
    if class_weight is None:
        return np.ones(len(y))
    if y.ndim == 2:
        return compute_sample_weight(class_weight, y)
    per_class = compute_class_weight(class_weight, classes=classes, y=y)
    return per_class[np.searchsorted(classes, y)]


def normalized(weights: np.ndarray) -> np.ndarray:
    """Scale weights to mean 1.

    Keras divides a weighted loss by the number of rows. With weights of mean 1 that is
    a weighted mean, so a row of weight k counts as k rows and the scale of the weights
    has no effect on the learning rate.
    """
    return weights * (len(weights) / weights.sum())
