"""Exclusive or: the four points that no straight line separates."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from skdeep.datasets._result import Array

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
CLASSES = np.array([0, 1, 1, 0])


def make_xor(
    n_samples: int = 4, *, noise: float | None = None, random_state: Any = None
) -> tuple[Array, Array]:
    r"""Make points at the corners of a square whose class is the exclusive or.

    .. math:: y = x_0 \oplus x_1

    Four points are the truth table itself. More points go round the four corners
    again and again, and ``noise`` spreads them.

    Parameters
    ----------
    n_samples : int, default=4
        The number of points.

    noise : float, default=None
        The standard deviation of Gaussian noise added to the coordinates. From
        about 0.3 on the classes overlap.

    random_state : int, RandomState instance or None, default=None
        Draws the noise; pass an int for the same noise in every call.

    Returns
    -------
    X : ndarray of shape (n_samples, 2)
        The coordinates.

    y : ndarray of shape (n_samples,)
        The classes, 0 or 1; those of the corners, whatever the noise.

    Examples
    --------
    >>> from skdeep.datasets import make_xor
    >>> X, y = make_xor()
    >>> for (a, b), c in zip(X.astype(int).tolist(), y.tolist()):
    ...     print(a, "xor", b, "=", c)
    0 xor 0 = 0
    0 xor 1 = 1
    1 xor 0 = 1
    1 xor 1 = 0
    """
    if not isinstance(n_samples, Integral) or n_samples < 1:
        raise ValueError(
            f"make_xor expects n_samples to be a positive integer; got {n_samples!r}. "
            "Pass 4 for the truth table."
        )
    if noise is not None and (not isinstance(noise, Real) or not 0 <= noise < np.inf):
        raise ValueError(
            "make_xor expects noise to be None or a finite number that is not "
            f"negative; got {noise!r}. Pass None for points on the corners."
        )
    rows = np.arange(n_samples) % len(CORNERS)
    X, y = CORNERS[rows], CLASSES[rows]
    if noise:
        X += check_random_state(random_state).normal(scale=noise, size=X.shape)
    return X, y
