"""Training by ``keras.Model.fit``, for estimators whose model the engine cannot take.

What is kept of it, so that nothing else asks who has trained. The arrays for Keras are
made in the engine's ``_keras_training``.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer_names

from skdeep.callbacks._callback import Callback
from skdeep.callbacks._keras import copy_callbacks, restored_epoch
from skdeep.data._holdout import split_rows
from skdeep.engine._random import draw_seeds
from skdeep.estimators._keras_encoded_targets import EncodedHead
from skdeep.estimators._keras_routing import made_all, routed
from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._other_words import found_in
from skdeep.networks._keras_seeds import seed_generators, seed_weights
from skdeep.networks._layer_stack import array_seed


class TrainedByKeras:
    """What an estimator does where Keras trains."""

    def _train_by_keras(self, model, is_users, rows, settings, continuing, partial):
        """Let Keras train, and keep what is left."""
        from skdeep.engine._keras_training import KerasTrained, train_with_keras
        from skdeep.estimators._keras_build import (
            compile_to_train,
            model_to_train,
            own_training,
        )

        seeds = draw_seeds(self.random_state)
        if continuing and isinstance(self._fitted, KerasTrained):
            model = self._fitted.model
        else:
            model = self._seeded(model_to_train(model, is_users), is_users, seeds)
            compile_to_train(model, settings, self._head)
        before = self.current_epoch if continuing else 0
        training, validation, watching = self._rows_for_keras(
            rows[0], rows[1], settings, seeds
        )
        fitted = KerasTrained(
            model, self._inputs.shapes, self._head.rescaling, self._inputs.names
        )
        history = {}
        arguments = {
            **self._fit_arguments(settings, before, watching),
            "batch_size": _batch_size(settings["batch_size"], training.n_rows),
        }
        if settings["epochs"]:
            is_shuffled = settings["shuffle"] and own_training(model) != "fit"
            history = train_with_keras(
                fitted,
                training,
                validation,
                arguments,
                self._targets_for_keras(model),
                array_seed(seeds.order, before) if is_shuffled else None,
            )
        self._keep_of_keras(fitted, history, arguments)
        if isinstance(self._head, EncodedHead):
            self._head.learn_outputs(fitted.raw(training.X[:1]))
        self._measure(training, partial)
        return self

    def _seeded(self, model, is_users, seeds):
        """Let what a model draws follow from ``random_state``; return it.

        The weights of a model that is the user's own object are left as they are.
        """
        if not (is_users and model.weights):
            seed_weights(model, self._inputs.shapes, seeds.weights)
        seed_generators(model, seeds.dropout)
        return model

    def _fit_arguments(self, settings, before, watching):
        """What ``keras.Model.fit`` is told of any rows. Sets: ``callbacks_``."""
        self.callbacks_ = copy_callbacks(callbacks_of(settings))
        return {
            "epochs": before + settings["epochs"],
            "initial_epoch": before,
            "shuffle": settings["shuffle"],
            "verbose": int(settings["verbose"]),
            "callbacks": [*self.callbacks_, *watching],
        }

    def _targets_for_keras(self, model):
        """What makes targets for Keras of encoded ones; None if columns are."""
        from skdeep.engine._measures import wants_class_numbers
        from skdeep.estimators._keras_build import own_training

        structured = getattr(self._head, "structured", None)
        if structured is not None or not self._head.target_type.are_class_numbers:
            return structured
        import keras

        loss, several = model.loss, (dict, list, tuple)
        if own_training(model) or loss is None or isinstance(loss, several):
            return None
        if wants_class_numbers(keras.losses.get(loss)):
            return None
        return lambda y: np.eye(self._head.n_outputs, dtype="float32")[y]

    def _keep_of_keras(self, fitted, history, arguments):
        """Keep what Keras has left. Sets: what ``_take`` sets of a job."""
        before, callbacks = arguments["initial_epoch"], arguments["callbacks"]
        n_planned = arguments["epochs"] - before
        self._fitted = fitted
        earlier = self.history_ if before else {}
        self.history_ = {n: [*earlier.get(n, []), *v] for n, v in history.items()}
        self.n_iter_ = max((len(v) for v in history.values()), default=n_planned)
        self.n_epochs_ = before + self.n_iter_
        restored = [restored_epoch(callback) for callback in callbacks]
        self.best_epoch_ = max(restored, default=0) or self.n_epochs_
        self.n_outputs_ = self._head.n_outputs

    def _rows_for_keras(self, training, validation, settings, seeds):
        """Rows of mean weight 1, those to watch, and who watches them."""
        if validation is None and settings["early_stopping"]:
            fraction = settings["validation_fraction"]
            train, held = split_rows(
                training.n_rows, fraction, seeds.holdout, None, training.groups
            )
            training, validation = training.take(train), training.take(held)
        training = training.with_mean_weight_one("The training rows")
        return training, validation, self._watching(settings)

    def _watching(self, settings):
        """Callbacks of Keras: what refuses a wrong monitor, what stops early.

        Sets: ``do_early_stopping_``.
        """
        monitor = settings["monitor"]
        _refuse_scorer(monitor)
        self.do_early_stopping_ = settings["early_stopping"] not in (False, "watch")
        if monitor == "auto" and not self.do_early_stopping_:
            return []
        import keras

        column = "val_loss" if monitor == "auto" else monitor
        known = keras.callbacks.LambdaCallback(
            on_epoch_end=functools.partial(_check_column, column)
        )
        if not self.do_early_stopping_:
            return [known]
        stop = keras.callbacks.EarlyStopping(
            column,
            min_delta=settings["min_delta"],
            patience=settings["patience"],
            mode=settings["monitor_mode"],
            restore_best_weights=True,
        )
        return [known, stop]


def callbacks_of(settings):
    """The callbacks of a fit, those given as classes made."""
    arguments = routed(settings, "callbacks") | routed(settings, "fit__callbacks")
    return made_all(settings["callbacks"], arguments)


def _check_column(column, epoch, logs):
    """Refuse what an epoch has not measured: a model may measure anything."""
    measured = {name.removeprefix("val_") for name in logs}
    columns = measured | {f"val_{name}" for name in measured}
    is_later = column.startswith("val_") and not any(n[:4] == "val_" for n in logs)
    if column not in columns and not is_later:
        raise InvalidNetworkError(
            f"monitor must be a column of the history, {sorted(columns)}; got "
            f"{column!r}. Add the metric to metrics, or monitor another one."
        )


def _refuse_scorer(monitor):
    """Refuse a score where Keras trains, which knows columns of its history."""
    import keras

    is_scorer = callable(monitor) or monitor in get_scorer_names()
    # Some are both, as "accuracy" is.
    if is_scorer and (callable(monitor) or not found_in(keras.metrics, monitor)):
        raise ValueError(
            "monitor must be a column of the history for a model that Keras trains; "
            f"got {monitor!r}. Take a metric of Keras, or a model that the engine can "
            "train (see trainer_)."
        )


def refuse_what_keras_cannot(settings: Any, reason: str) -> None:
    """Refuse parameters that ask for the engine."""
    own = [c for c in callbacks_of(settings) if isinstance(c, Callback)]
    if own:
        raise InvalidNetworkError(
            f"Callbacks of skdeep need a model that its engine can train; got {own} "
            f"with one that it cannot, since {reason}. Leave them out, or use Keras'."
        )
    if settings.get("calibration"):
        raise InvalidNetworkError(
            "calibration='temperature' needs a model that the engine can train; got "
            f"one that it cannot, since {reason}. Set calibration=None."
        )


def _batch_size(batch_size, n_rows):
    """What Keras is told: None is its default, -1 stands for all rows."""
    return n_rows if batch_size == -1 else batch_size
