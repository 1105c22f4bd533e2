"""Rows to train or to validate on, checked and encoded, as one value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skdeep.data._sample_weights import WeightScale, normalized


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Checked rows with encoded targets and a weight each.

    Attributes
    ----------
    X : array or CSR matrix of shape (n_rows, ...)
        Rows; images may be flat.
    y : array of shape (n_rows,) or (n_rows, n_outputs)
        Targets as the network's head has encoded them.
    weight : array of shape (n_rows,)
        Weights, in float64.
    labels : array of shape (n_rows,) or (n_rows, n_targets), default=None
        Targets as the user has them, for scores.
    groups : array of int of shape (n_rows,), default=None
        Rows of one group are held out together.
    """

    X: Any
    y: np.ndarray
    weight: np.ndarray
    labels: np.ndarray | None = None
    groups: np.ndarray | None = None

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return len(self.y)

    def take(self, chosen: np.ndarray) -> TrainingData:
        """Return some of the rows."""
        labels, groups = (
            None if values is None else values[chosen]
            for values in (self.labels, self.groups)
        )
        return TrainingData(
            self.X[chosen], self.y[chosen], self.weight[chosen], labels, groups
        )

    def with_mean_weight_one(self, name: str) -> TrainingData:
        """Return the rows with weights whose scale has no effect."""
        return replace(self, weight=normalized(self.weight, name))

    def scaled_by(self, scale: WeightScale) -> TrainingData:
        """Return the rows with weights that have mean 1 together with earlier rows."""
        return replace(self, weight=scale.apply(self.weight))
