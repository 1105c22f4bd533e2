"""Rows that come batch by batch: Keras trains on them, predictions are put together.

Who trains on arrays is said in ``_keras_network_estimator``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skdeep.data._batches import (
    batches,
    first_batch,
    gives_batches,
    put_together,
    rows_and_targets,
)
from skdeep.data._inputs import check_inputs
from skdeep.engine._random import draw_seeds
from skdeep.engine.backends._loading import load_tensorflow
from skdeep.estimators._keras_fallback import TrainedByKeras, refuse_what_keras_cannot
from skdeep.estimators._keras_shaped_targets import ShapeCoder, ShapedHead
from skdeep.networks._head import (
    BINARY,
    MULTICLASS,
    MULTILABEL,
    ClassHead,
    NumberHead,
)

# What fit may say for one call where rows come in batches.
BATCH_ARGUMENTS = ("steps_per_epoch", "validation_steps", "validation_freq")


class TrainedOnBatches(TrainedByKeras):
    """What an estimator does with a generator, a ``PyDataset`` or a ``tf.data``."""

    def _fit_batches(self, X, validation, settings, continuing):
        """Train on batches. Sets: what ``fit`` sets of arrays."""
        load_tensorflow()
        from skdeep.engine._keras_training import KerasTrained, fit_with_keras
        from skdeep.estimators._keras_build import (
            built_or_why_not,
            compile_to_train,
            model_to_train,
        )

        _check_settings(settings, validation)
        batch, X = first_batch(X)
        rows, targets = rows_and_targets(batch)
        if continuing and isinstance(self._fitted, KerasTrained):
            model = self._fitted.model
        else:
            self._learn_batch(rows, targets)
            model, is_users = self._build(settings)
            if not model.built:  # nobody could say what its outputs are
                model, _ = built_or_why_not(model, self._inputs.shapes)
            seeds = draw_seeds(self.random_state)
            model = self._seeded(model_to_train(model, is_users), is_users, seeds)
            self._head = self._head_of_batches(model, targets)
            compile_to_train(model, settings, self._head)
        self.trainer_ = "keras"
        before = self.current_epoch if continuing else 0
        watching = self._watching(settings)
        # Others have an order, and Keras warns that it leaves them in it.
        shuffle = settings["shuffle"] and hasattr(X, "on_epoch_end")
        arguments = self._fit_arguments(settings, before, watching)
        history = fit_with_keras(
            model,
            X,
            validation_data=validation,
            class_weight=settings.get("class_weight"),
            **{name: settings[name] for name in BATCH_ARGUMENTS if name in settings},
            **{**arguments, "shuffle": shuffle},
        )
        fitted = KerasTrained(model, self._inputs.shapes, None, self._inputs.names)
        self._keep_of_keras(fitted, history, arguments)
        if isinstance(self._head, ShapedHead):
            few = check_inputs(self, rows, self._inputs).rows[:1]
            self._head.learn_outputs(fitted.raw(few))
        return self

    def _learn_batch(self, rows, targets):
        """Note what the first batch says. Sets: ``_inputs``, ``X_shape_``, ..."""
        found = check_inputs(self, rows, None)
        self._inputs = found._replace(rows=None)
        self.X_shape_ = getattr(rows, "shape", None) or found.rows.shape
        self.X_dtype_ = found.rows.dtype
        if isinstance(targets, np.ndarray):
            self.y_dtype_, self.y_ndim_ = targets.dtype, targets.ndim
            if targets.ndim == 2:
                self.n_outputs_expected_ = targets.shape[1]

    def _head_of_batches(self, model, targets):
        """What the targets of batches mean, which nobody has counted. Sets: classes."""
        is_classifier = hasattr(self, "predict_proba")
        outputs = getattr(model, "outputs", None) or []
        is_plain = len(outputs) == 1 and len(outputs[0].shape) == 2
        if targets is None:
            return ShapedHead(ShapeCoder.of_numbers(), np.zeros((1, 1)))
        if not isinstance(targets, np.ndarray) or targets.ndim > 2 or not is_plain:
            coder = ShapeCoder(is_classifier).fit(targets)
            return ShapedHead(coder, coder.transform(targets))
        n_units = int(outputs[0].shape[-1])
        if not is_classifier:
            return NumberHead(n_units, targets.ndim == 1)
        is_matrix = targets.ndim == 2 and targets.shape[1] == n_units > 1
        kind = BINARY if n_units == 1 else MULTILABEL if is_matrix else MULTICLASS
        head = ClassHead(kind.name, np.arange(max(n_units, 2)))
        self.classes_ = head.public_classes
        return head

    def _predictions(self, X, decode):
        if not gives_batches(X):
            return super()._predictions(X, decode)
        predict = super()._predictions
        rows = (rows_and_targets(batch)[0] for batch in batches(X))
        return put_together([predict(part, decode) for part in rows])


def _check_settings(settings: Any, validation: Any) -> None:
    """Refuse what needs to know all rows."""
    refuse_what_keras_cannot(settings, "its rows come in batches")
    if settings["batch_size"] is not None or settings["validation_split"]:
        raise ValueError(
            "batch_size and validation_split go with arrays; got "
            f"batch_size={settings['batch_size']!r} and "
            f"validation_split={settings['validation_split']!r} with rows that come in "
            "batches. Let the dataset make batches of that size, and give X_val."
        )
    if settings["early_stopping"] and validation is None:
        raise ValueError(
            "early_stopping=True needs rows to watch, which nobody can hold out of "
            "batches; got no X_val. Give another dataset as X_val."
        )
    if isinstance(settings.get("class_weight"), str):
        raise ValueError(
            "class_weight must be a dict where rows come in batches, which nobody has "
            f"counted; got {settings['class_weight']!r}. Give the weights."
        )


def refuse_beside_batches(y: Any, sample_weight: Any, groups: Any) -> None:
    """Refuse what each batch has to say itself."""
    values = {"y": y, "sample_weight": sample_weight, "groups": groups}
    given = [name for name, value in values.items() if value is not None]
    if given:
        raise ValueError(
            "X that gives its rows in batches gives (rows, targets) or (rows, targets, "
            f"weights); got also {given}. Leave them out."
        )


def validation_for_batches(settings: Any, rows: Any) -> Any:
    """The rows to evaluate, as Keras takes them; None without any."""
    if settings.get("validation_data") is not None:
        return settings["validation_data"]
    X_val, *others = rows
    if X_val is None or gives_batches(X_val):
        return X_val
    return (X_val, *(other for other in others if other is not None))
