"""The errors and warnings of skdeep.

::

    ValueError
    ├── DivergenceError      a loss or weight became infinite or NaN during fit
    ├── FileFormatError      a file that skdeep.save has not written, or not like this
    ├── InvalidImageError    images of a shape the network cannot take
    └── InvalidNetworkError  parameters that do not make a network together
    UserWarning
    └── ConvergenceWarning   (scikit-learn's) fit ended without having improved

All errors are ValueErrors, so that ``GridSearchCV(error_score=...)`` scores the
candidate and goes on.
"""

from sklearn.exceptions import ConvergenceWarning, NotFittedError

__all__ = [
    "ConvergenceWarning",
    "DivergenceError",
    "FileFormatError",
    "InvalidImageError",
    "InvalidNetworkError",
    "NotFittedError",
]


class DivergenceError(ValueError):
    """A loss or a weight stopped being a finite number during fit."""


class FileFormatError(ValueError):
    """A file that ``skdeep.load`` cannot read: foreign, damaged, cut off or newer."""


class InvalidImageError(ValueError):
    """Images of a shape that the network cannot take."""


class InvalidNetworkError(ValueError):
    """Constructor parameters that do not make a network together."""
