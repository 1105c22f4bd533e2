"""What the outputs of a regression network say of each target: quantiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from skdeep.exceptions import InvalidNetworkError
from skdeep.networks._number_output import NumberOutput

MEDIAN = 0.5
# 1 - 0.95 and (1 - 0.9) / 2 are not quite 0.05.
SAME_LEVEL = 1e-6


@dataclass(frozen=True)
class QuantileOutput(NumberOutput):
    """One output per quantile, in ascending order.

    Outputs are sorted when they are predicted, and not kept apart by construction:
    sorted quantiles are nowhere worse and mostly better (Chernozhukov, Fernández-Val
    and Galichon (2010), Quantile and Probability Curves Without Crossing, Econometrica
    78), training stays that of the plain pinball loss, and networks of a user's own
    need no special output layer.

    Parameters
    ----------
    levels : tuple of float
        Of the outputs, ascending.
    asked : tuple of float
        What the user wants to know, in his order: all levels, or all but the median.
    """

    levels: tuple[float, ...]
    asked: tuple[float, ...]

    @property
    def n_units(self) -> int:
        """Outputs per target."""
        return len(self.levels)

    @property
    def quantiles(self) -> tuple[float, ...]:
        """What the outputs of a target are, in order."""
        return self.levels

    @property
    def coverages(self) -> tuple[float, ...]:
        """Of intervals between two quantiles, as much below as above."""
        halves = [level for level in self.levels if level < MEDIAN]
        return tuple(
            round(1 - 2 * level, 9)
            for level in reversed(halves)
            if self._place_of(1 - level) is not None
        )

    @property
    def point_unit(self) -> int:
        """The output that ``predict`` answers with: the median, or the only one."""
        return self.levels.index(MEDIAN) if self.n_units > 1 else 0

    @property
    def meaning(self) -> str:
        """What the outputs are, for people who read an exported network."""
        return f"quantiles {_text(self.levels)} of each target, in its units"

    def loss(self, loss: Any, params: Mapping[str, Any] | None) -> tuple[Any, Any]:
        """The pinball loss of these quantiles, with other parameters of the user's."""
        if self.n_units == 1:
            return "quantile", {**(params or {}), "quantile": self.levels[0]}
        return "quantile", {**(params or {}), "quantiles": self.levels}

    def points(self, table: np.ndarray) -> np.ndarray:
        """The median, or the only quantile; of shape (n_rows, n_targets)."""
        return np.sort(table, axis=-1)[..., self.point_unit]

    def check_levels(self, levels: Sequence[float] | None) -> tuple[float, ...]:
        """Refuse quantiles that there is no output for."""
        if levels is None:
            return self.asked
        levels = read_levels(levels)
        unknown = [level for level in levels if self._place_of(level) is None]
        if unknown:
            raise ValueError(
                f"Expected quantiles that the network was fitted for, {self.levels}; "
                f"got {_text(unknown)}. Fit with these among quantiles."
            )
        return levels

    def at_levels(self, table: np.ndarray, levels: Sequence[float]) -> np.ndarray:
        """Quantiles of shape (n_rows, n_targets, n_levels)."""
        places = np.array([self._place_of(level) for level in levels], dtype=int)
        found: np.ndarray = np.sort(table, axis=-1)[..., places]
        return found

    def _place_of(self, level: float) -> int | None:
        """The number of the output that is this quantile."""
        distances = np.abs(np.subtract(self.levels, level))
        return int(distances.argmin()) if distances.min() < SAME_LEVEL else None


def _text(levels: Iterable[float]) -> str:
    """Levels to read: 0.05 for 0.050000000000000044."""
    return ", ".join(f"{level:g}" for level in levels)


def levels_of(quantiles: Iterable[float]) -> tuple[float, ...]:
    """The quantiles of the outputs: those asked for, and the median beside several."""
    asked = {float(q) for q in quantiles}
    return tuple(sorted(asked | {MEDIAN} if len(asked) > 1 else asked))


def read_levels(quantiles: Any) -> tuple[float, ...]:
    """Check quantiles: different numbers between 0 and 1."""
    levels = list(np.atleast_1d(np.asarray(quantiles, dtype=object)).ravel())
    fits = [isinstance(q, Real) and 0 < float(q) < 1 for q in levels]
    if not levels or not all(fits) or len(set(levels)) < len(levels):
        raise InvalidNetworkError(
            "quantiles must be different numbers between 0 and 1, both excluded; got "
            f"{quantiles!r}. Use (0.05, 0.5, 0.95) for an interval of 90 %."
        )
    # The median as exactly 0.5, so that it is found.
    return tuple(MEDIAN if abs(q - MEDIAN) < SAME_LEVEL else float(q) for q in levels)
