"""Values → Job: what a fit does before it trains, without an estimator.

Everything here is a function of its arguments: the constructor's parameters as a
mapping, the head of the target, checked rows, and what earlier fits have left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skdeep.data._features import check_numbers, warn_if_far_away
from skdeep.data._holdout import split_rows
from skdeep.data._sample_weights import NO_ROWS, WeightScale
from skdeep.data._targets import check_units, warn_of_size
from skdeep.data._training_data import TrainingData
from skdeep.engine._choice import resolve_jit, with_choice
from skdeep.engine._job import Job, Outcome
from skdeep.engine._key import ProgramKey, resolve_batch_size
from skdeep.engine._random import Seeds, draw_seeds
from skdeep.estimators._monitor import stopping_rule
from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._schedules import CONSTANT
from skdeep.networks._head import Head, check_loss_takes, warn_of_one_hot
from skdeep.networks._output_activation import (
    AUTO,
    chosen_activation,
    warn_out_of_reach,
)

if TYPE_CHECKING:
    from skdeep.engine._fitted import FittedNetwork


@dataclass(frozen=True, eq=False)
class TrainingState:
    """What continues when training goes on: seeds, epochs done, optimizer, weights.

    ``optimizer_state`` is None unless more training is announced by ``warm_start`` or
    ``partial_fit``; it can be three times as large as the weights. ``raw_weights`` are
    those behind the averages of ``use_ema``.
    """

    seeds: Seeds
    n_epochs: int
    optimizer: Any = None
    optimizer_state: list[np.ndarray] | None = None
    weight_scale: WeightScale = NO_ROWS
    raw_weights: list[np.ndarray] | None = None


@dataclass(frozen=True, eq=False)
class Setting:
    """What an estimator asks of a fit, as values.

    Attributes
    ----------
    parameters : mapping
        Of the constructor.
    optimizer_defaults : mapping
        The defaults of those that describe the optimizer.
    head : Head
        Of the target.
    input_shape : tuple of int
        Of one row.
    n_epochs : int
        To train for.
    is_partial : bool
        Whether the rows are some of those that will come.
    is_first : bool, default=True
        Whether no other job of the same fit has warned of the same rows.
    """

    parameters: Mapping[str, Any]
    optimizer_defaults: Mapping[str, Any]
    head: Head
    input_shape: tuple[int, ...]
    n_epochs: int
    is_partial: bool
    is_first: bool = True

    @property
    def holds_out(self) -> bool:
        """Whether rows are needed that are not trained on."""
        is_calibrated = self.parameters.get("calibration") is not None
        return self.parameters["early_stopping"] or is_calibrated

    @property
    def output_activation(self) -> str:
        """That a regressor asks for; "auto" of classifiers, which have their own."""
        return str(self.parameters.get("output_activation", AUTO))

    @property
    def floats(self) -> str:
        """The dtype of rows, targets and losses."""
        return "float64" if self.parameters["dtype"] == "float64" else "float32"


def prepare_job(
    setting: Setting,
    training: TrainingData,
    validation: TrainingData | None,
    before: tuple[TrainingState, FittedNetwork] | None,
    keyed: tuple[ProgramKey, dict[str, float]] | None = None,
) -> Job:
    """Make the job of a fit.

    Parameters
    ----------
    setting : Setting
        What the estimator asks for.
    training, validation : TrainingData
        Checked rows; without rows to validate on, early stopping takes some of those
        to train on.
    before : (TrainingState, FittedNetwork) or None
        What earlier fits left, if training goes on.
    keyed : (ProgramKey, dict of str to float), default=None
        The program and its numbers; None makes them of the parameters.
    """
    key, hyperparameters = keyed or make_key(setting, training.n_rows)
    _check_targets(setting, key, training, validation)
    if before is None and setting.is_first:  # after all that ends in an error
        warn_of_one_hot(setting.head, training.y)
        if setting.head.target_type.has_units and setting.head.rescaling is None:
            warn_of_size(training.y, training.weight)
            warn_out_of_reach(training.y, setting.output_activation)
    state = _state_before(setting, key, before)
    if validation is not None:
        if setting.is_first:
            warn_if_far_away(training.X, validation.X)
    elif setting.holds_out:
        training, validation = _hold_out(setting, training, state.seeds.holdout)
    # After rows were held out: either side has the mean weight 1 for itself.
    training, weight_scale = _scale_weights(training, state, setting.is_partial)
    # What is remembered by another optimizer means nothing to this one.
    # same optimizer  averages  starts from
    # yes             no        kept weights, and what the optimizer remembers
    # yes             yes       the weights behind the averages, and the same
    # no              any       kept weights, and an optimizer anew
    goes_on = state.optimizer == key.optimizer
    return Job(
        key=key,
        hyperparameters=hyperparameters | _plan(setting, key, training, state),
        training=training,
        validation=validation,
        seeds=state.seeds,
        first_epoch=state.n_epochs,
        last_epoch=state.n_epochs + setting.n_epochs,
        shuffle=bool(setting.parameters["shuffle"]),
        weights=_weights_before(before, goes_on),
        optimizer_state=state.optimizer_state if goes_on else None,
        stopping=stopping_rule(setting.parameters, key.objective.names),
        rescaling=setting.head.rescaling,
        weight_scale=weight_scale,
        is_partial=setting.is_partial,
    )


def state_after(job: Job, outcome: Outcome, keep_optimizer: bool) -> TrainingState:
    """Return what a later fit goes on from."""
    return TrainingState(
        job.seeds,
        outcome.n_epochs,
        job.key.optimizer if keep_optimizer else None,
        outcome.optimizer_state if keep_optimizer else None,
        job.weight_scale,
        outcome.raw_weights if keep_optimizer else None,
    )


def make_key(setting: Setting, n_rows: int) -> tuple[ProgramKey, dict[str, float]]:
    """Say what program a fit needs, and with which hyperparameters."""
    from skdeep.engine._objective import make_objective
    from skdeep.keras_objects._losses import with_label_smoothing
    from skdeep.keras_objects._optimizers import DECAY, make_optimizer
    from skdeep.networks._from_parameters import make_network

    given, head = setting.parameters, setting.head
    loss = head.loss(given["loss"], given["loss_params"])
    smoothing = given.get("label_smoothing", 0.0)
    objective = make_objective(
        *with_label_smoothing(*loss, smoothing, head.target_type.loss),
        given["metrics"],
        head.target_type,
        head.n_outputs,
        head.point_units,
    )
    activation = chosen_activation(
        setting.output_activation,
        objective.loss_name,
        head.target_type.activation_for(objective.loss_name),
    )
    network, numbers = make_network(
        given, setting.input_shape, head.n_outputs, activation
    )
    optimizer, rate, decay = make_optimizer(given, setting.optimizer_defaults)
    key = ProgramKey(
        network,
        objective,
        optimizer,
        resolve_batch_size(given["batch_size"], n_rows),
        resolve_jit(given["jit_compile"], network.prefers_xla),
    )
    key = with_choice(key, given["jit_compile"], n_rows, int(given["epochs"]))
    hyperparameters = {"learning_rate": rate, "decay": decay, **numbers}
    if optimizer.decays:
        hyperparameters[DECAY] = float(given[DECAY])
    check_numbers(hyperparameters, setting.floats)
    return key, hyperparameters


def _check_targets(
    setting: Setting,
    key: ProgramKey,
    training: TrainingData,
    validation: TrainingData | None,
) -> None:
    """Refuse targets for which the loss or the metrics mean nothing."""
    for part, name in ((training, "y"), (validation, "y_val")):
        if part is not None:
            check_loss_takes(part.y, key.objective.loss_name, name)
    if key.objective.metrics and setting.head.rescaling:
        # Keras' metrics count in float32, whatever they are given.
        check_units(*setting.head.rescaling, "float32", "be seen by metrics")


def _state_before(
    setting: Setting,
    key: ProgramKey,
    before: tuple[TrainingState, FittedNetwork] | None,
) -> TrainingState:
    """Return what earlier fits left, or new seeds."""
    if before is None:
        return TrainingState(draw_seeds(setting.parameters["random_state"]), 0)
    state, fitted = before
    # Dropout, penalties and limits have no weights, so they may be others now.
    if fitted.network.for_prediction != key.network.for_prediction:
        raise InvalidNetworkError(
            "Training can only go on with the same network; got other values for "
            "parameters that shape it. Set them back, or fit with warm_start=False."
        )
    return state


def _plan(
    setting: Setting, key: ProgramKey, training: TrainingData, state: TrainingState
) -> dict[str, float]:
    """Say in batches where in its plan a fit begins, if its schedule has one.

    A partial_fit does not know how many epochs will come, so ``epochs`` of them make a
    plan: as many calls with all rows give what one fit gives. So do parts of a fit.
    """
    if key.optimizer.schedule_name == CONSTANT:
        return {}
    n_batches = -(-training.n_rows // key.batch_size)
    n_epochs = setting.parameters["epochs"]
    n_done = state.n_epochs % n_epochs if setting.n_epochs < n_epochs else 0
    return {
        "plan_first": float(n_done * n_batches),
        "plan_length": float(n_epochs * n_batches),
    }


def _weights_before(
    before: tuple[TrainingState, FittedNetwork] | None, goes_on: bool
) -> list[np.ndarray] | None:
    """Return the weights to go on from; behind averages, if the optimizer goes on."""
    if before is None:
        return None
    state, fitted = before
    return (state.raw_weights if goes_on else None) or fitted.weights


def _hold_out(
    setting: Setting, rows: TrainingData, seed: int
) -> tuple[TrainingData, TrainingData]:
    """Split off the rows that early stopping watches."""
    strata = rows.y.ravel() if setting.head.target_type.excludes else None
    fraction = setting.parameters["validation_fraction"]
    train, held_out = split_rows(rows.n_rows, fraction, seed, strata, rows.groups)
    validation = rows.take(held_out).with_mean_weight_one("The rows held out")
    return rows.take(train), validation


def _scale_weights(
    rows: TrainingData, state: TrainingState, is_partial: bool
) -> tuple[TrainingData, WeightScale]:
    """Return rows of mean weight 1, and the scale for the next partial_fit.

    A fit has all rows that matter; a call of partial_fit has some of them.
    """
    if is_partial and state.n_epochs:
        scale = state.weight_scale.including(rows.weight)
        return rows.scaled_by(scale), scale
    scale = NO_ROWS.including(rows.weight)
    return rows.with_mean_weight_one("The training rows"), scale
