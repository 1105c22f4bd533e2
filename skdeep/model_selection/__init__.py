"""Choosing: how many epochs, which hyperparameters."""

from skdeep.model_selection._epoch_curve import epoch_curve
from skdeep.model_selection._halving_searches import (
    EpochHalvingRandomSearchCV,
    EpochHalvingSearchCV,
)

__all__ = ["EpochHalvingRandomSearchCV", "EpochHalvingSearchCV", "epoch_curve"]
