"""What a row of the systems table is: a system, its figures, and what they may be.

A row is a function of a size and a seed that trains one system and returns figures.
Both the benchmark, at the published size, and the tests, at a small one, call it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True)
class Range:
    """The values that a figure may have, both ends included."""

    low: float = -inf
    high: float = inf

    def __contains__(self, value: float) -> bool:
        """Whether a value is inside; NaN never is."""
        return self.low <= value <= self.high

    def __str__(self) -> str:
        """Say it as it stands in the table."""
        if self == ANYTHING:
            return "–"
        if self.low == self.high:
            return f"{self.low:,g}"
        if self.high == inf:
            return f"≥ {self.low:g}"
        if self.low == -inf:
            return f"≤ {self.high:g}"
        return f"{self.low:g} to {self.high:g}"


ANYTHING = Range()


def above(low: float) -> Range:
    """At least this."""
    return Range(low=low)


def below(high: float) -> Range:
    """At most this."""
    return Range(high=high)


def exactly(value: float) -> Range:
    """One value and no other."""
    return Range(value, value)


def near(value: float, tolerance: float) -> Range:
    """Within a tolerance."""
    return Range(round(value - tolerance, 6), round(value + tolerance, 6))


@dataclass(frozen=True)
class Figure:
    """One number that a row reports.

    Parameters
    ----------
    name : str
        What it measures.
    published : str
        What the course printed; "–" where it printed nothing of the kind.
    accepted : Range
        What the mean over the seeds may be at the published size.
    accepted_small : Range
        What it may be with few rows and epochs: enough to tell learning from guessing.
    """

    name: str
    published: str
    accepted: Range = ANYTHING
    accepted_small: Range = ANYTHING


@dataclass(frozen=True)
class Row:
    """A system of the courses.

    Parameters
    ----------
    name : str
        D1 to D26 and C1 to C4.
    title : str
        What it is.
    figures : tuple of Figure
        What is measured.
    train : callable
        ``train(small, seed)`` returns the value of every figure, in their order.
    needs_files : bool
        Whether it reads data that are not part of the package.
    """

    name: str
    title: str
    figures: tuple[Figure, ...]
    train: Callable[[bool, int], Sequence[float]]
    needs_files: bool

    def measure(self, *, small: bool, seed: int) -> Mapping[str, float]:
        """Train, and return the figures by their names."""
        values = self.train(small, seed)
        names = [figure.name for figure in self.figures]
        return dict(zip(names, map(float, values), strict=True))


def row(name: str, title: str, *figures: Figure, needs_files: bool = True) -> Callable:
    """Make a row of the function below."""

    def decorate(train: Callable[[bool, int], Sequence[float]]) -> Row:
        return Row(name, title, figures, train, needs_files)

    return decorate
