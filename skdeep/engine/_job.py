"""One training, ready to run: a value that can be kept, sent elsewhere, and run there.

A job says everything about a training and holds no code of a framework, so the same
job gives the same outcome, to the bit, in any thread or process of a machine. What
looks at a run while it goes on is not part of the job.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdeep.callbacks._early_stopping import StoppingRule
from skdeep.data._sample_weights import WeightScale
from skdeep.data._training_data import TrainingData
from skdeep.engine._key import ProgramKey
from skdeep.engine._random import Seeds


# Not compared: == of arrays is no bool, and no two trainings need to be found equal.
@dataclass(frozen=True, eq=False)
class Job:
    """What a training starts from.

    Attributes
    ----------
    key : ProgramKey
        The program that trains.
    hyperparameters : mapping of str to float
        Numbers of the program: rates, penalties, the learning rate.
    training : TrainingData
        The rows to train on.
    validation : TrainingData or None
        The rows to evaluate after every epoch.
    seeds : Seeds
        Of initial weights, row orders and dropout.
    first_epoch, last_epoch : int
        Epochs done before, and to be done in the end.
    shuffle : bool
        Whether every epoch has another order of rows.
    weights : list of arrays or None
        To start from; None draws them.
    optimizer_state : list of arrays or None
        What the optimizer remembers; None starts it anew.
    stopping : StoppingRule or None
        When to end early.
    rescaling : (scale, offset) or None
        What turns outputs into targets in their units, each of shape (n_outputs,).
    weight_scale : WeightScale
        By which sample weights were divided; a later partial_fit goes on with it.
    is_partial : bool, default=False
        Whether the rows are few of many, as in partial_fit.
    """

    key: ProgramKey
    hyperparameters: Mapping[str, float]
    training: TrainingData
    validation: TrainingData | None
    seeds: Seeds
    first_epoch: int
    last_epoch: int
    shuffle: bool
    weights: list[np.ndarray] | None
    optimizer_state: list[np.ndarray] | None
    stopping: StoppingRule | None
    rescaling: tuple[np.ndarray, np.ndarray] | None
    weight_scale: WeightScale
    is_partial: bool = False

    @property
    def program_inputs(self) -> dict[str, Any]:
        """What the program reads: the hyperparameters, and the units of the target."""
        if self.rescaling is None:
            return dict(self.hyperparameters)
        # Data, not part of the key: folds whose targets have other means share a
        # program.
        scale, offset = self.rescaling
        return {**self.hyperparameters, "y_scale": scale, "y_offset": offset}


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a training leaves.

    Attributes
    ----------
    weights, optimizer_state : list of arrays
        At its end; with early stopping the weights of the best epoch.
    raw_weights : list of arrays or None
        Those behind the averages of ``use_ema``, from which training goes on.
    n_epochs, best_epoch : int
        Epochs done, counted over all fits, and the epoch of the weights.
    columns : tuple of str
        Of the history, in order.
    history : list of dict
        Loss, metrics and learning rate of each epoch of this run.
    interrupted : bool
        Whether Ctrl-C has ended it.
    """

    weights: list[np.ndarray]
    optimizer_state: list[np.ndarray]
    raw_weights: list[np.ndarray] | None
    n_epochs: int
    best_epoch: int
    columns: tuple[str, ...]
    history: list[dict[str, float]]
    interrupted: bool
