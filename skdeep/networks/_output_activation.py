"""What a regressor's outputs go through, and which values they reach then."""

from __future__ import annotations

import math
import warnings

import numpy as np

from skdeep._warnings import stacklevel_of_user
from skdeep.exceptions import InvalidNetworkError
from skdeep.networks._head import LOG_LINKS

AUTO = "auto"
ANY_NUMBER = (-math.inf, math.inf)
POSITIVE = (0.0, math.inf)
# Keras' activations that make predictions of a sum; the ends belong to the range.
RANGES = {
    "exponential": POSITIVE,
    "hard_sigmoid": (0.0, 1.0),
    "linear": ANY_NUMBER,
    "relu": POSITIVE,
    "sigmoid": (0.0, 1.0),
    "softplus": POSITIVE,
    "softsign": (-1.0, 1.0),
    "squareplus": POSITIVE,
    "tanh": (-1.0, 1.0),
}


def chosen_activation(given: str, loss: str, automatic: str) -> str:
    """Return the output activation under a loss, given by the name of its class.

    Parameters
    ----------
    given : str
        A key of ``RANGES``, or "auto".
    loss : str
        The class of the loss.
    automatic : str
        What "auto" stands for under it.

    Raises
    ------
    InvalidNetworkError
        If the loss needs other outputs.
    """
    if given == AUTO:
        return automatic
    if loss == "Gaussian" and given != "linear":
        raise InvalidNetworkError(
            "loss='gaussian' has two linear outputs per target, a mean and the "
            f"logarithm of a deviation; got output_activation={given!r}. Leave it out, "
            "or fit quantiles, which go through any."
        )
    if loss in LOG_LINKS and RANGES[given][0] < 0:
        raise InvalidNetworkError(
            f"loss {loss} needs an output_activation above 0; got {given!r}. Leave it "
            f"at 'auto', which is {automatic!r} here, or take 'softplus'."
        )
    return given


def may_be_rescaled(given: str, divides_only: bool) -> bool:
    """Whether targets may be standardised: outputs come back scaled and moved.

    Parameters
    ----------
    given : str
        A key of ``RANGES``, or "auto".
    divides_only : bool
        Whether they come back scaled alone, by a positive number.
    """
    reached = RANGES.get(given, ANY_NUMBER)
    return reached == ANY_NUMBER or (divides_only and reached == POSITIVE)


def warn_out_of_reach(y: np.ndarray, given: str) -> None:
    """Warn of targets that no output can have."""
    low, high = RANGES.get(given, ANY_NUMBER)
    smallest, largest = float(y.min()), float(y.max())
    if low <= smallest and largest <= high:
        return
    warnings.warn(
        f"Expected targets from {low:g} to {high:g}, which "
        f"output_activation={given!r} gives; got values from {smallest:.3g} to "
        f"{largest:.3g}. Scale y, or take another output_activation.",
        UserWarning,
        stacklevel=stacklevel_of_user(),
    )
