"""Choosing: how many epochs, which hyperparameters."""

from skdeep.model_selection._epoch_curve import epoch_curve

__all__ = ["epoch_curve"]
