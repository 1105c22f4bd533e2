"""Training by ``keras.Model.fit``, for estimators whose model the engine cannot take.

What is kept of it, so that nothing else asks who has trained. The arrays for Keras are
made in the engine's ``_keras_training``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import get_scorer_names

from skdeep.callbacks._callback import Callback
from skdeep.callbacks._keras import copy_callbacks
from skdeep.data._holdout import split_rows
from skdeep.engine._random import draw_seeds
from skdeep.estimators._keras_encoded_targets import EncodedHead
from skdeep.estimators._keras_routing import made_all, routed
from skdeep.exceptions import InvalidNetworkError


class TrainedByKeras:
    """What an estimator does where Keras trains."""

    def _train_by_keras(self, model, is_users, rows, settings, continuing, partial):
        """Let Keras train, and keep what is left."""
        from skdeep.engine._keras_training import KerasTrained, train_with_keras
        from skdeep.estimators._keras_build import compile_to_train, model_to_train

        if continuing and isinstance(self._fitted, KerasTrained):
            model = self._fitted.model
        else:
            model = model_to_train(model, is_users)
            compile_to_train(model, settings, self._head)
        before = self.current_epoch if continuing else 0
        training, validation, watching = self._rows_for_keras(
            rows[0], rows[1], settings
        )
        fitted = KerasTrained(
            model, self._inputs.shapes, self._head.rescaling, self._inputs.names
        )
        history = {}
        if settings["epochs"]:
            arguments = {
                **self._fit_arguments(settings, before, watching),
                "batch_size": _batch_size(settings["batch_size"], training.n_rows),
            }
            history = train_with_keras(
                fitted, training, validation, arguments, self._targets_for_keras(model)
            )
        self._keep_of_keras(fitted, history, before, settings["epochs"])
        if isinstance(self._head, EncodedHead):
            self._head.learn_outputs(fitted.raw(training.X[:1]))
        self._measure(training, partial)
        return self

    def _fit_arguments(self, settings, before, watching):
        """What ``keras.Model.fit`` is told, whatever the rows are."""
        return {
            "epochs": before + settings["epochs"],
            "initial_epoch": before,
            "shuffle": settings["shuffle"],
            "verbose": int(settings["verbose"]),
            "callbacks": [*copy_callbacks(callbacks_of(settings)), *watching],
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

    def _keep_of_keras(self, fitted, history, before, n_epochs):
        """Keep what Keras has left. Sets: what ``_take`` sets of a job."""
        self._fitted = fitted
        earlier = self.history_ if before else {}
        self.history_ = {n: [*earlier.get(n, []), *v] for n, v in history.items()}
        self.n_iter_ = max((len(v) for v in history.values()), default=n_epochs)
        self.n_epochs_ = self.best_epoch_ = before + self.n_iter_
        self.n_outputs_ = self._head.n_outputs

    def _rows_for_keras(self, training, validation, settings):
        """Rows of mean weight 1, those to watch, and who watches them."""
        if not settings["early_stopping"]:
            return training.with_mean_weight_one("The training rows"), validation, []
        if validation is None:
            seed = draw_seeds(self.random_state).holdout
            fraction = settings["validation_fraction"]
            train, held = split_rows(
                training.n_rows, fraction, seed, None, training.groups
            )
            training, validation = training.take(train), training.take(held)
        training = training.with_mean_weight_one("The training rows")
        return training, validation, self._watching(settings)

    def _watching(self, settings):
        """The callback of Keras that stops early, if one shall."""
        if not settings["early_stopping"]:
            return []
        import keras

        monitor = settings["monitor"]
        _refuse_scorer(monitor)
        stop = keras.callbacks.EarlyStopping(
            "val_loss" if monitor == "auto" else monitor,
            min_delta=settings["min_delta"],
            patience=settings["patience"],
            mode=settings["monitor_mode"],
            restore_best_weights=True,
        )
        return [stop]


def callbacks_of(settings):
    """The callbacks of a fit, those given as classes made."""
    arguments = routed(settings, "callbacks") | routed(settings, "fit__callbacks")
    return made_all(settings["callbacks"], arguments)


def _refuse_scorer(monitor):
    """Refuse a score where Keras trains, which knows columns of its history."""
    if callable(monitor) or monitor in get_scorer_names():
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
