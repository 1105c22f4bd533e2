"""The errors and warnings of skdeep.

::

    ValueError
    ├── DivergenceError      a loss or weight became infinite or NaN during fit
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
    "InvalidImageError",
    "InvalidNetworkError",
    "NotFittedError",
]


class DivergenceError(ValueError):
    """A loss or a weight stopped being a finite number during fit."""


class InvalidImageError(ValueError):
    """Images of a shape that the network cannot take."""


class InvalidNetworkError(ValueError):
    """Constructor parameters that do not make a network together."""
