"""Sample and class weights → one weight per row with mean 1.

In a stream the mean is that of all rows so far: chunks of one row would all get the
weight 1.
"""

from __future__ import annotations

from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import compute_class_weight, compute_sample_weight

from skdeep._sklearn import check_sample_weight


def row_weights(sample_weight: Any, X: Any, n_rows: int) -> np.ndarray:
    """Check weights and return a fresh float64 array of them."""
    if sample_weight is None:
        return np.ones(n_rows)
    weights = check_sample_weight(
        sample_weight, X, dtype=np.float64, copy=True, ensure_non_negative=True
    )
    if not weights.max() > 0:  # scikit-learn looks at this from 1.8 on
        raise ValueError(
            "sample_weight must have at least one weight above zero; got only zeros. "
            "Leave it out to count all rows alike."
        )
    return weights


def class_weights(class_weight: Any, classes: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the class weight of every row."""
    if class_weight is None:
        return np.ones(len(y))
    _check_class_weight(class_weight, y)
    # compute_class_weight wants rows of every class, and rows to go on with may lack
    # some (test_balanced_training_goes_on_with_some_of_the_classes).
    if y.ndim == 2 or class_weight == "balanced":
        return compute_sample_weight(class_weight, y)
    per_class = compute_class_weight(class_weight, classes=classes, y=y)
    return per_class[np.searchsorted(classes, y)]


def _check_class_weight(class_weight: Any, y: np.ndarray) -> None:
    """Refuse weights that are no weights, or not one set per label."""
    n_labels = y.shape[1] if y.ndim == 2 else None
    if isinstance(class_weight, list) and len(class_weight) != n_labels:
        wanted = "a dict or 'balanced'" if n_labels is None else f"{n_labels} dicts"
        raise ValueError(
            f"class_weight must be {wanted} for this target; got a list of "
            f"{len(class_weight)}. Give a list only for labels, with a dict for each."
        )
    sets = class_weight if isinstance(class_weight, list) else [class_weight]
    weights = [w for s in sets if isinstance(s, dict) for w in s.values()]
    if not all(isinstance(w, Real) and 0 <= float(w) < np.inf for w in weights):
        raise ValueError(
            "class_weight must hold numbers of at least 0; got "
            f"{class_weight!r}. Give a class that should not count a weight of 0."
        )


def combined(sample: np.ndarray, of_class: np.ndarray) -> np.ndarray:
    """Multiply two weights per row; refuse products that overflow."""
    with np.errstate(over="ignore"):
        weights = sample * of_class
    if not np.isfinite(weights).all():
        raise ValueError(
            "sample_weight times class_weight must be finite; got weights up to "
            f"{sample.max():.3g} and {of_class.max():.3g}. Divide one of them: only "
            "ratios matter."
        )
    return weights


def normalized(weights: np.ndarray, name: str) -> np.ndarray:
    """Scale weights to mean 1.

    Keras divides a weighted loss by the number of rows. With weights of mean 1 that is
    a weighted mean, so a row of weight k counts as k rows and the scale of the weights
    has no effect on the learning rate. Dividing by the largest first keeps the sum of
    huge weights finite.

    Parameters
    ----------
    weights : array of shape (n_rows,)
        Of at least 0, and finite.
    name : str
        Of the rows, for the error message.
    """
    largest = weights.max()
    if not largest > 0:
        raise ValueError(
            f"{name} need at least one weight above zero; got only zeros from "
            "sample_weight and class_weight together. Leave weights out to count all "
            "rows alike."
        )
    relative = weights / largest
    return relative * (len(weights) / relative.sum())


class WeightScale(NamedTuple):
    """The mean weight of the rows seen since the last fit, by which it divides.

    Measured with SGD on a constant and targets 1 (weight 9) and -1 (weight 1): one
    fit over 200 rows ends at 0.840, 0.781 and 0.777 in batches of 1, 10 and 100 rows,
    and so do chunks of these sizes with this mean. With a scale of their own chunks
    end at 0.095, 0.745 and 0.775; with that of the first chunk at 0.975, 0.783 and
    0.777, as if the learning rate were another one.
    """

    mean: float = 0.0
    n_rows: int = 0

    def including(self, weights: np.ndarray) -> WeightScale:
        """Return the scale of the rows so far and these.

        A mean that stays the same stays so to the bit: passes over the same rows in
        several calls equal as many epochs in one.
        """
        n_rows = self.n_rows + len(weights)
        more = (_mean(weights) - self.mean) * (len(weights) / n_rows)
        return WeightScale(self.mean + more, n_rows)

    def apply(self, weights: np.ndarray) -> np.ndarray:
        """Divide by the mean; rows that all weigh nothing are taken, and do nothing."""
        if not weights.any():
            return weights
        # weights / mean, in such a way that a factor of 1 leaves the bits of a fit
        # (test_weighted_calls_over_the_same_rows_equal_epochs).
        mean = max(self.mean, float(np.finfo(np.float64).smallest_subnormal))
        return normalized(weights, "The rows") * (_mean(weights) / mean)


NO_ROWS = WeightScale()  # before the first


def _mean(weights: np.ndarray) -> float:
    """The mean, of huge and tiny weights as well."""
    largest = float(weights.max())
    return largest * float(np.mean(weights / largest)) if largest > 0 else 0.0
