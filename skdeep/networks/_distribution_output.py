"""What the outputs of a regression network say of a target: a distribution.

The mean comes first, then how the target varies around it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from scipy import stats

from skdeep.networks._number_output import NumberOutput
from skdeep.networks._quantile_output import read_levels

SMALLEST_MEAN = 1e-30
N_REMEMBERED = 1000  # rows of earlier calls of partial_fit, as far as they count

# Enough to see where intervals are too narrow or too wide.
COVERAGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class GaussianOutput(NumberOutput):
    """Two outputs per target: mean and logarithm of the standard deviation.

    The logarithm needs no bounds in training (Kendall and Gal (2017), What
    Uncertainties Do We Need in Bayesian Deep Learning for Computer Vision?, arXiv
    1703.04977), and another unit of the target only adds to it. In predictions it is
    kept within what the network says of training rows: far from those it may fall
    without end, and a deviation that is 1e5 times too small costs a negative log
    likelihood of 5e9, where one that is too large costs its logarithm.

    Parameters
    ----------
    lowest, highest : tuple of float, default=None
        Logarithms of the deviations that all but 1 % of the training rows exceed, and
        that none does; for each target. None until fit has measured them.
    """

    lowest: tuple[float, ...] | None = None
    highest: tuple[float, ...] | None = None

    has_variance: ClassVar[bool] = True

    @property
    def n_units(self) -> int:
        """Outputs per target."""
        return 2

    @property
    def coverages(self) -> tuple[float, ...]:
        """Of intervals to look at; there are any."""
        return COVERAGES

    @property
    def meaning(self) -> str:
        """What the outputs are, for people who read an exported network."""
        return "mean and log(standard deviation) of each target, in its units"

    def loss(self, loss: Any, params: Mapping[str, Any] | None) -> tuple[Any, Any]:
        """The negative log likelihood."""
        return "gaussian", params

    def rescaling(
        self, scale: np.ndarray, offset: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scale and offset of a mean are those of its target; log(scale) is added."""
        ones, logs = np.ones_like(scale), np.log(scale)
        return (
            np.column_stack([scale, ones]).ravel(),
            np.column_stack([offset, logs]).ravel(),
        )

    @property
    def needs_rows(self) -> bool:
        """Whether fit has to look at its predictions of training rows."""
        return True

    def going_on_from(self, before: NumberOutput) -> NumberOutput:
        """Take over what earlier fits have measured."""
        return before if isinstance(before, GaussianOutput) else self

    def measured(
        self, y: np.ndarray, table: np.ndarray, weight: np.ndarray, is_partial: bool
    ) -> GaussianOutput:
        """Measure between what bounds the deviations are; few rows say nothing."""
        if is_partial:
            return self
        logs = table[weight > 0, :, 1]
        lowest, highest = np.percentile(logs, [1, 100], axis=0).tolist()
        return GaussianOutput(tuple(lowest), tuple(highest))

    def _log_deviations(self, table: np.ndarray) -> np.ndarray:
        """Of the target around its mean; of shape (n_rows, n_targets)."""
        if self.lowest is None or self.highest is None:
            return table[..., 1]
        bounds = (np.array(b, table.dtype) for b in (self.lowest, self.highest))
        return np.clip(table[..., 1], *bounds)

    def variances(self, table: np.ndarray) -> np.ndarray:
        """Of the target around its mean; of shape (n_rows, n_targets)."""
        with np.errstate(over="ignore"):
            variances: np.ndarray = np.exp(2 * self._log_deviations(table))
        return variances

    def check_levels(self, levels: Sequence[float] | None) -> tuple[float, ...]:
        """Any quantile follows from mean and deviation."""
        return named_levels(levels)

    def at_levels(self, table: np.ndarray, levels: Sequence[float]) -> np.ndarray:
        """Quantiles of shape (n_rows, n_targets, n_levels)."""
        moments = np.stack([table[..., 0], self.variances(table)], axis=-1)
        return normal_quantiles(moments, levels).astype(table.dtype)


@dataclass(frozen=True)
class PositiveOutput(NumberOutput):
    """One output per target: the mean, exp of what the network computes.

    The variance is ``dispersion * mean ** power``, as in generalised linear models:
    McCullagh and Nelder (1989), Generalized Linear Models.

    Parameters
    ----------
    family : str
        The name of the loss.
    power : float
        1 for "poisson", 2 for "gamma".
    dispersion : tuple of float, default=None
        For each target; None until fit has measured it. That of "poisson" is 1.
    """

    family: str
    power: float
    dispersion: tuple[float, ...] | None = None

    has_variance: ClassVar[bool] = True

    @property
    def divides_only(self) -> bool:
        """The deviance only gets a factor by it, and exp has no room for an offset.

        Keras' own Poisson loss is no deviance.
        """
        return self.family != "poisson"

    @property
    def coverages(self) -> tuple[float, ...]:
        """Of intervals to look at, if the distribution has a formula."""
        return () if self.family == "tweedie" else COVERAGES

    @property
    def needs_rows(self) -> bool:
        """Whether fit has to look at its predictions of training rows."""
        return self.family != "poisson"

    def going_on_from(self, before: NumberOutput) -> NumberOutput:
        """Take over what earlier fits have measured."""
        known = before.dispersion if isinstance(before, PositiveOutput) else None
        return replace(self, dispersion=known)

    def measured(
        self, y: np.ndarray, table: np.ndarray, weight: np.ndarray, is_partial: bool
    ) -> PositiveOutput:
        """Measure dispersions by Pearson: means of (y - mean) ** 2 / mean ** power."""
        mean = table[..., 0]
        shares = (y - mean) ** 2 / np.maximum(mean, SMALLEST_MEAN) ** self.power
        found = np.average(shares, axis=0, weights=weight)
        if is_partial and self.dispersion is not None:
            # A single row says little: rows long past keep some weight.
            share = len(y) / (len(y) + N_REMEMBERED)
            found = share * found + (1 - share) * np.array(self.dispersion)
        return replace(self, dispersion=tuple(found.tolist()))

    def loss(self, loss: Any, params: Mapping[str, Any] | None) -> tuple[Any, Any]:
        """Half the deviance."""
        return self.family, params

    def check_targets(self, y: np.ndarray, name: str) -> None:
        """Refuse targets that the distribution cannot have."""
        # power             targets
        # up to 0           any
        # from 1, below 2   at least 0
        # from 2            above 0
        smallest = float(y.min())
        if (self.power >= 2 and smallest <= 0) or (self.power >= 1 and smallest < 0):
            least = "above 0" if self.power >= 2 else "at least 0"
            raise ValueError(
                f"{name} must be {least} for loss={self.family!r}; got values down to "
                f"{smallest:.3g}. Take another loss, or leave these rows out."
            )

    def variances(self, table: np.ndarray) -> np.ndarray:
        """Of the target around its mean; of shape (n_rows, n_targets)."""
        return self._dispersion(table) * table[..., 0] ** self.power

    def check_levels(self, levels: Sequence[float] | None) -> tuple[float, ...]:
        """Any quantile follows where the distribution has a formula."""
        if self.family == "tweedie":
            raise ValueError(
                "Quantiles and intervals of loss='tweedie' have no formula; got a "
                "network of it. Use predict(X, return_std=True), or fit with quantiles."
            )
        return named_levels(levels)

    def at_levels(self, table: np.ndarray, levels: Sequence[float]) -> np.ndarray:
        """Quantiles of shape (n_rows, n_targets, n_levels)."""
        mean = table.astype(np.float64)  # (n_rows, n_targets, 1)
        if self.family == "poisson":
            found = stats.poisson.ppf(levels, mean)
        else:
            dispersion = self._dispersion(table)[:, np.newaxis]
            found = stats.gamma.ppf(levels, 1 / dispersion, scale=dispersion * mean)
        quantiles: np.ndarray = found.astype(table.dtype)
        return quantiles

    def _dispersion(self, table: np.ndarray) -> np.ndarray:
        """That of each target, in the dtype of the table."""
        values = self.dispersion or (1.0,) * table.shape[1]
        return np.array(values, table.dtype)


def normal_quantiles(moments: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Return quantiles of mean and variance, which are on the last axis."""
    mean, deviation = moments[..., :1], np.sqrt(moments[..., 1:])
    found: np.ndarray = mean + deviation * stats.norm.ppf(levels)
    return found


def named_levels(levels: Any) -> tuple[float, ...]:
    """Check quantiles of a distribution, which are to be named."""
    if levels is None:
        raise ValueError(
            "quantiles must be given for a network that predicts a distribution; got "
            "None. Give some, such as (0.05, 0.5, 0.95)."
        )
    return read_levels(levels)
