"""Probabilities that are right as often as they say: a classifier's temperature."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from skdeep.callbacks._callback import Callback, RunView
from skdeep.data._training_data import TrainingData
from skdeep.engine._fitted import FittedNetwork
from skdeep.engine._job import Job

# Few rows that are all classified right would ask for a temperature of 0.
LARGEST = 10.0
CALIBRATED_LOSS = "val_calibrated_loss"  # a column of the history, if it is watched


def calibrated(fitted: FittedNetwork, rows: TrainingData) -> FittedNetwork:
    """Return a network whose probabilities are those of logits / temperature.

    The temperature gives rows that were not trained on the smallest cross-entropy; it
    changes no order of classes. Guo et al. (2017), On Calibration of Modern Neural
    Networks, ICML.

    Parameters
    ----------
    fitted : FittedNetwork
        Of classes.
    rows : TrainingData
        Held out, encoded.
    """
    temperature, _ = best_temperature(_logits(fitted, rows), rows.y, rows.weight)
    return fitted.with_temperature(temperature)


def _logits(fitted: FittedNetwork, rows: TrainingData) -> np.ndarray:
    """What the network says of rows, in front of its output activation."""
    # From probabilities that float32 has rounded to 1 there is no way back to logits.
    network = fitted.network.without_output_activation
    logits = FittedNetwork(network, fitted.hyperparameters, fitted.weights)
    return logits.predict(rows.X)


class CalibratedLoss(Callback):
    """After every epoch, the loss that calibration by then would leave.

    A network that gets too sure of itself raises its validation loss while it still
    learns; a temperature takes that part of the loss away, whatever the epoch. Berta,
    Holzmüller, Jordan and Bach (2025), Rethinking Early Stopping: Refine, Then
    Calibrate, arXiv 2501.19195.

    Parameters
    ----------
    job : Job
        What trains a classifier, with validation rows.
    """

    max_epochs_between_looks = 1

    def __init__(self, job: Job):
        self._job = job

    def on_epoch_end(self, run: RunView, logs: list[dict[str, float]]) -> None:
        """Find the temperature of weights that a run ending here would leave."""
        job, rows = self._job, self._job.validation
        assert rows is not None
        weights = [np.array(w) for w in run.snapshot()]
        fitted = FittedNetwork(job.key.network, job.hyperparameters, weights)
        _, loss = best_temperature(_logits(fitted, rows), rows.y, rows.weight)
        logs[-1][CALIBRATED_LOSS] = loss


def best_temperature(
    logits: np.ndarray, y: np.ndarray, weight: np.ndarray
) -> tuple[float, float]:
    """Minimise the cross-entropy of logits / temperature; return both numbers.

    Parameters
    ----------
    logits : array of shape (n_rows, n_outputs)
        In front of softmax, or of a sigmoid each.
    y : array of shape (n_rows,) or (n_rows, n_outputs)
        Class numbers, or 0 and 1.
    weight : array of shape (n_rows,)
        Of the rows.
    """
    logits = logits.astype(np.float64)

    def loss(logarithm: float) -> float:
        losses = _cross_entropies(logits / np.exp(logarithm), y)
        return float(np.average(losses, weights=weight))

    # The cross-entropy is convex in 1 / temperature, so one minimum is the minimum.
    bound = float(np.log(LARGEST))
    found = minimize_scalar(loss, bounds=(-bound, bound), method="bounded")
    return float(np.exp(found.x)), float(found.fun)


def _cross_entropies(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """One per row."""
    if y.ndim == 1:  # class numbers
        chosen = np.take_along_axis(logits, y[:, np.newaxis].astype(int), axis=1)
        losses: np.ndarray = logsumexp(logits, axis=1) - chosen[:, 0]
        return losses
    means: np.ndarray = (np.logaddexp(0, logits) - y * logits).mean(axis=1)
    return means
