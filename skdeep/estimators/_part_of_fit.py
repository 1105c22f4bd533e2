"""Some epochs of a fit: as many as its caller wants before it looks at the network."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any


class PartOfFit:
    """How far a fit goes, and what it was given, so that it can be called again.

    Parameters
    ----------
    n_epochs : int
        Epochs to train for, of those that the estimator's ``epochs`` plan.

    Attributes
    ----------
    given : dict
        The arguments of the fit. The network in a Pipeline gets transformed rows, and
        some transformers give others in ``fit_transform`` than in ``transform``.
    """

    def __init__(self, n_epochs: int):
        self.n_epochs = n_epochs
        self.given: dict[str, Any] = {}


@contextmanager
def only_part(estimator, n_epochs):
    """Let fits of a network inside the block train for that many epochs.

    With ``warm_start`` one after the other gives what one fit gives; schedules go on in
    their plan.

    Parameters
    ----------
    estimator : NetworkEstimator
        The network, no Pipeline.
    n_epochs : int
        Epochs of each fit.

    Yields
    ------
    PartOfFit
        With what the last fit was given.
    """
    estimator._part = PartOfFit(n_epochs)
    try:
        yield estimator._part
    finally:
        del estimator._part


def epochs_now(estimator, planned, given):
    """Return for how many epochs to fit: the planned ones, or a part of them.

    Parameters
    ----------
    estimator : NetworkEstimator
        In whose fit this is.
    planned : int
        Epochs of a fit as a whole.
    given : dict
        The arguments of the fit.
    """
    part = vars(estimator).get("_part")
    if part is None:
        return planned
    part.given = given
    return part.n_epochs
