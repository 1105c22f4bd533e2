"""What the outputs of a regression network say of each target; a number, to begin with.

Each class says how many outputs a target has, what they are trained on and how they are
read. Outputs come as tables of shape (n_rows, n_targets, n_units), in the units of the
targets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

NO_QUANTILES = (
    "Quantiles and intervals come from a regressor that was fitted for them; got one "
    "of single numbers. Fit with quantiles=(0.05, 0.5, 0.95)."
)


@dataclass(frozen=True)
class NumberOutput:
    """One output per target: a number, whatever the loss makes of it.

    Attributes
    ----------
    has_variance : bool
        Whether the outputs say how sure they are.
    """

    has_variance: ClassVar[bool] = False

    @property
    def n_units(self) -> int:
        """Outputs per target."""
        return 1

    @property
    def point_unit(self) -> int:
        """Which of them ``predict`` answers with."""
        return 0

    @property
    def quantiles(self) -> tuple[float, ...] | None:
        """What the outputs of a target are, in order, if that is quantiles."""
        return None

    @property
    def needs_rows(self) -> bool:
        """Whether fit has to look at its predictions of training rows."""
        return False

    def going_on_from(self, before: NumberOutput) -> NumberOutput:
        """Take over what earlier fits have measured."""
        return self

    def measured(
        self, y: np.ndarray, table: np.ndarray, weight: np.ndarray, is_partial: bool
    ) -> NumberOutput:
        """Measure on training rows what predictions need besides the network.

        Parameters
        ----------
        y : array of shape (n_rows, n_targets)
            Targets, in their units.
        table : array of shape (n_rows, n_targets, n_units)
            What the network says of them.
        weight : array of shape (n_rows,)
            Of the rows.
        is_partial : bool
            Whether they are few of many.
        """
        return self

    @property
    def coverages(self) -> tuple[float, ...]:
        """Of intervals that the outputs say the bounds of, ascending."""
        return ()

    @property
    def divides_only(self) -> bool:
        """Whether ``normalize_y`` divides by the mean and subtracts nothing."""
        return False

    @property
    def meaning(self) -> str:
        """What the outputs are, for people who read an exported network."""
        return "each target, in its units"

    def loss(self, loss: Any, params: Mapping[str, Any] | None) -> tuple[Any, Any]:
        """What is minimised, and its parameters: what the user has chosen."""
        return loss, params

    def check_targets(self, y: np.ndarray, name: str) -> None:
        """Refuse targets that cannot be; any number may."""

    def rescaling(
        self, scale: np.ndarray, offset: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scale and offset of every output, of those of every target."""
        return np.repeat(scale, self.n_units), np.repeat(offset, self.n_units)

    def points(self, table: np.ndarray) -> np.ndarray:
        """The number that ``predict`` answers with; of shape (n_rows, n_targets)."""
        return table[..., self.point_unit]

    def variances(self, table: np.ndarray) -> np.ndarray:
        """Of the targets around it; of shape (n_rows, n_targets). None are known."""
        return np.zeros_like(table[..., 0])

    def check_levels(self, levels: Sequence[float] | None) -> tuple[float, ...]:
        """Refuse: one number has no quantiles."""
        raise ValueError(NO_QUANTILES)

    def at_levels(self, table: np.ndarray, levels: Sequence[float]) -> np.ndarray:
        """Refuse likewise what would have shape (n_rows, n_targets, n_levels)."""
        raise ValueError(NO_QUANTILES)
