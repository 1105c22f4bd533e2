"""The errors and warnings of skdeep.

::

    ValueError
    ├── DivergenceError      a loss or weight became infinite or NaN during fit
    ├── FileFormatError      a file that skdeep.save has not written, or not like this
    ├── InvalidImageError    images of a shape the network cannot take
    ├── InvalidNetworkError  parameters that do not make a network together
    └── InvalidSequenceError sequences of a shape the network cannot take
    UserWarning
    ├── ConvergenceWarning   (scikit-learn's) fit ended without having improved
    └── VersionWarning       another version of skdeep has written this

All errors are ValueErrors, so that ``GridSearchCV(error_score=...)`` scores the
candidate and goes on.
"""

from __future__ import annotations

from collections.abc import Sequence

from sklearn.exceptions import ConvergenceWarning, NotFittedError

__all__ = [
    "ConvergenceWarning",
    "DivergenceError",
    "FileFormatError",
    "InvalidImageError",
    "InvalidNetworkError",
    "InvalidSequenceError",
    "NotFittedError",
    "VersionWarning",
]


class DivergenceError(ValueError):
    """A loss or a weight stopped being a finite number during fit."""


class FileFormatError(ValueError):
    """A file that ``skdeep.load`` cannot read: foreign, damaged, cut off or newer."""


class InvalidImageError(ValueError):
    """Images of a shape that the network cannot take."""


class InvalidNetworkError(ValueError):
    """Constructor parameters that do not make a network together."""


class InvalidSequenceError(ValueError):
    """Sequences of a shape or of numbers that the network cannot take."""


class VersionWarning(UserWarning):
    """Another version of skdeep has written a pickle or a file.

    Parameters
    ----------
    name : str
        The class of the estimator, or the file.
    current : str
        The version that reads.
    written : str or None
        The version that has written; None if it was one that did not say so.
    missing : sequence of str, default=()
        Parameters that came later, which have their defaults now.
    """

    def __init__(
        self, name: str, current: str, written: str | None, missing: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.current = current
        self.written = written
        self.missing = list(missing)
        super().__init__(name, current, written, self.missing)

    def __str__(self) -> str:
        """Say what was expected, what came, and what to do."""
        defaults = ""
        if self.missing:
            defaults = f" Defaults stand in for {', '.join(self.missing)}."
        return (
            f"Expected {self.name} to be written by skdeep {self.current}; got it from "
            f"{self.written or 'an earlier version'}.{defaults} Compare predictions "
            "with earlier ones, or fit again."
        )
