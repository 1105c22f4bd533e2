"""What the estimators of a user's own Keras network share: build, prepare, run, keep.

How parameters are routed is in ``_keras_routing``, what is made of a model in
``_keras_build``, the constructors are in ``_keras_estimators``.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.multiclass import type_of_target

from skdeep._sklearn import Interval, StrOptions, fit_context, with_callbacks
from skdeep.callbacks._sklearn_callbacks import begin_tasks
from skdeep.data._batches import gives_batches
from skdeep.data._inputs import check_encoded, check_inputs, in_order
from skdeep.engine._run import run_job
from skdeep.engine.backends._loading import load_tensorflow
from skdeep.estimators._keras_encoded_targets import EncodedHead
from skdeep.estimators._keras_fallback import (
    callbacks_of,
    refuse_what_keras_cannot,
)
from skdeep.estimators._keras_from_batches import (
    BATCH_ARGUMENTS,
    TrainedOnBatches,
    refuse_beside_batches,
    validation_for_batches,
)
from skdeep.estimators._keras_parameters import KerasParameters
from skdeep.estimators._keras_routing import (
    build_arguments,
    is_layer,
    is_model,
    prefix_of,
    routed,
    unknown_names,
)
from skdeep.estimators._keras_shaped_targets import ShapedHead, first_output
from skdeep.estimators._monitor import epoch_scores, warn_if_not_held_out
from skdeep.estimators._network_estimator import NetworkEstimator
from skdeep.estimators._parameters import (
    COUNT,
    NOT_NEGATIVE,
    RATE,
)
from skdeep.estimators._part_of_fit import epochs_now
from skdeep.estimators._prepare import Setting, TrainingState, prepare_job
from skdeep.estimators._unchanged_on_error import unchanged_on_error

# What fit and ``fit__`` may say for one call, besides what the constructor has.
FIT_ARGUMENTS = frozenset(
    {
        "batch_size",
        "callbacks",
        "class_weight",
        "epochs",
        "shuffle",
        "validation_batch_size",
        "validation_data",
        "validation_split",
        "verbose",
    }
)
CONSTRAINTS = {
    "model": [callable, None],
    "build_fn": [callable, None],
    "loss": "no_validation",
    "optimizer": "no_validation",
    "metrics": "no_validation",
    "epochs": [COUNT],
    "batch_size": "no_validation",
    "validation_split": [RATE],
    "validation_batch_size": "no_validation",
    "callbacks": "no_validation",
    "early_stopping": ["boolean", StrOptions({"watch"})],
    "patience": [COUNT],
    "min_delta": [NOT_NEGATIVE],
    "monitor": [str, callable],
    "monitor_mode": [StrOptions({"auto", "min", "max"})],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "warm_start": ["boolean"],
    "random_state": ["random_state"],
    "shuffle": ["boolean"],
    "run_eagerly": ["boolean"],
    "jit_compile": ["boolean", StrOptions({"auto"})],
    "verbose": ["boolean", Interval(Integral, 0, 2, closed="both")],
}
# What of an estimator a build function may know before there is a network.
NOT_IN_META = ("model_", "history_", "callbacks_")


class KerasEstimator(KerasParameters, TrainedOnBatches, NetworkEstimator):
    """What both estimators do with a model of the user's."""

    @property
    def feature_encoder(self):
        """The transformer in front of the network, for subclasses to override.

        Its ``transform`` may return a dict or a list with an array for each input.
        """
        return None

    @property
    def current_epoch(self):
        """The number of epochs trained."""
        return getattr(self, "n_epochs_", 0)

    @property
    def initialized_(self):
        """Whether there is a network."""
        return hasattr(self, "_fitted")

    @property
    def model_(self) -> Any:
        """The fitted network as a Keras model, compiled as it was trained.

        A copy where skdeep has trained: training it changes no prediction of the
        estimator, see ``set_weights``. Not compiled after ``pickle`` if its loss, a
        metric or its optimizer is the user's own.
        """
        model = super().model_
        compilation = getattr(self, "_compilation", None)
        if compilation is not None and not model.compiled:
            from skdeep.engine._compiled_model import compile_with

            compile_with(model, compilation, self._fitted.hyperparameters)
        return model

    def __getstate__(self):
        """Leave out what no file can hold; see the base class."""
        state = super().__getstate__()
        compilation = state.get("_compilation")
        if compilation is not None:
            from skdeep.engine._compiled_model import is_of_keras

            if not is_of_keras(compilation):
                del state["_compilation"]
        return state

    def get_metadata(self) -> dict[str, Any]:
        """Return what a build function is told of the data as ``meta``.

        Returns
        -------
        dict
            Fitted attributes by name.
        """
        return self._meta()

    @property
    def _float_dtype(self):
        return "float32"

    @unchanged_on_error
    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        groups: Any = None,
        **fit_arguments: Any,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like of any rank, sparse matrix, or dict or list of arrays
            Training rows; an array for each input, by the names of the ``keras.Input``
            or in their order. Or a generator, ``keras.utils.PyDataset`` or
            ``tf.data.Dataset`` of batches as Keras takes them, labels as class numbers.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Labels, or a label indicator matrix, for classifiers; numbers for
            regressors. Of more axes, or a dict or list of arrays, for models with such
            outputs; None where X gives targets with its batches.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts; only the ratios matter.
        X_val : like X, default=None
            Rows to evaluate after every epoch.
        y_val : array-like, default=None
            Their targets.
        sample_weight_val : array-like, default=None
            Their weights.
        groups : array-like of shape (n_samples,), default=None
            Labels of groups whose training rows early stopping or calibration hold out
            together or not at all.
        **fit_arguments : dict
            Other values for this call: epochs, batch_size, validation_split,
            validation_data, callbacks, shuffle, class_weight, verbose; where X gives
            batches also steps_per_epoch, validation_steps and validation_freq.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        settings = self._settings(fit_arguments, gives_batches(X))
        continuing = self.warm_start and hasattr(self, "_fitted")
        if gives_batches(X):
            refuse_beside_batches(y, sample_weight, groups)
            rows_val = (X_val, y_val, sample_weight_val)
            validation = validation_for_batches(settings, rows_val)
            return self._fit_batches(X, validation, settings, continuing)
        if settings.get("validation_data") is not None:
            X_val, y_val, *weights = settings["validation_data"]
            sample_weight_val = weights[0] if weights else None
        rows = {"X": X, "y": y, "sample_weight": sample_weight, "groups": groups}
        rows |= {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
        n_epochs = epochs_now(self, settings["epochs"], {**rows, **fit_arguments})
        settings = {**settings, "epochs": n_epochs}
        tasks = begin_tasks(self, n_epochs, X, y, sample_weight)
        self._call = settings
        training = self._training_data(X, y, sample_weight, continuing, None, groups)
        validation = self._validation_data(X_val, y_val, sample_weight_val)
        if validation is None and settings["validation_split"]:
            training, validation = _last_rows(training, settings["validation_split"])
        if validation is None:
            warn_if_not_held_out(settings)
        return self._train(training, validation, settings, continuing, tasks)

    @unchanged_on_error
    def initialize(self, X: Any, y: Any) -> Self:
        """Build the network for this data, and train nothing.

        Parameters
        ----------
        X : array-like, or dict or list of arrays
            Rows.
        y : array-like
            Their targets.

        Returns
        -------
        self : object
            The estimator, which predicts with its initial weights.
        """
        self._call = settings = self._settings({})
        training = self._training_data(X, y, None, False, None)
        self._train(training, None, {**settings, "epochs": 0}, False, None)
        self.history_ = {}
        return self

    def _partial_fit(self, X, y, sample_weight, classes):
        settings = {**self._settings({}), "epochs": 1, "early_stopping": False}
        continuing = hasattr(self, "_fitted")
        tasks = begin_tasks(self, 1, X, y, sample_weight)
        self._call = settings
        training = self._training_data(X, y, sample_weight, continuing, classes)
        return self._train(training, None, settings, continuing, tasks, partial=True)

    def _settings(self, fit_arguments, of_batches=False):
        """The parameters that count in this call: those of fit, ``fit__``, all."""
        parameters = self._all_parameters()
        own = routed(parameters, "fit")
        own = {n: v for n, v in own.items() if not n.startswith("callbacks__")}
        given = {**own, **fit_arguments}
        known = FIT_ARGUMENTS.union(BATCH_ARGUMENTS if of_batches else ())
        unknown = sorted(set(given) - known)
        if unknown:
            raise TypeError(
                f"fit takes {sorted(known)} for one call; got {unknown}. Set "
                "others in the constructor."
            )
        return {**parameters, **given}

    def _training_data(self, X, y, sample_weight, continuing, classes, groups=None):
        rows = super()._training_data(X, y, sample_weight, continuing, classes, groups)
        if not continuing:
            self.X_shape_ = tuple(getattr(X, "shape", None) or np.shape(rows.X))
            dtype = getattr(X, "dtype", None)  # a tensor's is its framework's
            self.X_dtype_ = dtype if isinstance(dtype, np.dtype) else rows.X.dtype
            self._learn_target(y)
            self.n_outputs_expected_ = self._head.n_outputs
            own = self._encoder_metadata()
            vars(self).update({n: v for n, v in own.items() if n != "n_classes_"})
        return rows

    def _learn_target(self, y):
        """Note what ``meta`` says of y. Sets: ``y_dtype_``, ..."""
        if isinstance(self._head, ShapedHead):
            y, self.target_type_ = first_output(y), "unknown"
        else:
            self.target_type_ = type_of_target(y)
            if self.target_type_ == "binary" and self._head.n_outputs > 1:
                self.target_type_ = "multiclass"  # y does not have all the classes
        target = np.asarray(y)
        self.y_dtype_, self.y_ndim_ = target.dtype, target.ndim

    def _check_X(self, X, *, reset):
        fitted = None if reset else self._inputs
        if self.feature_encoder is None:
            found = check_inputs(self, X, fitted)
        else:
            found = check_encoded(self, self._encoded_rows(X, reset), fitted)
        if reset:
            self._inputs = found._replace(rows=None)
        return found.rows

    def _encoded_rows(self, X, reset):
        """What the encoder of a subclass makes of rows. Sets: ``_given_inputs``."""
        given = check_inputs(self, X, None if reset else self._given_inputs)
        if reset:
            self._given_inputs = given._replace(rows=None)
            self._feature_encoder = self.feature_encoder.fit(given.rows)
        return self._feature_encoder.transform(given.rows)

    @property
    def feature_encoder_(self) -> Any:
        """The fitted transformer in front of the network."""
        has_own = self.feature_encoder is not None
        return self._feature_encoder if has_own else FunctionTransformer()

    def _input_shape(self):
        return self._inputs.shapes[0]

    def _described_inputs(self):
        # What an encoder makes of columns has not their names.
        return (None, None) if self.feature_encoder else super()._described_inputs()

    def _meta(self):
        """What a build function may know: the fitted attributes so far."""
        names = [n for n in vars(self) if n[-1] == "_" and n[0] != "_"]
        found = {n: getattr(self, n) for n in names if n not in NOT_IN_META}
        if isinstance(found.get("classes_"), np.ndarray):
            found["n_classes_"] = self.n_classes_
        if "n_outputs_expected_" in found:  # which nobody knows of batches of labels
            found["n_outputs_"] = found["n_outputs_expected_"]
            found["target_encoder_"] = self.target_encoder_
        found["feature_encoder_"] = self.feature_encoder_
        return {**found, **self._encoder_metadata()}

    def _build(self, settings):
        """Return the model, and whether it is the user's own object."""
        from skdeep.estimators._keras_build import compile_arguments
        from skdeep.keras_objects._counting import with_names_from_zero

        build = self.model if self.build_fn is None else self.build_fn
        if build is None:
            build = getattr(self, "_keras_build_fn", None)
        if build is None or not callable(build) or is_layer(build):
            raise ValueError(
                f"{type(self).__name__} needs model, a Keras model or a function that "
                f"returns one; got {build!r}. Give one."
            )
        own = {n: settings[n] for n in self._names_for(build) if n in settings}
        if is_model(build):
            unknown = [n for n in own if prefix_of(n) in (None, "model")]
            if unknown:
                raise TypeError(unknown_names(unknown, [], build))
            return build, True
        offered = {
            "meta": self._meta,
            "params": lambda: dict(settings),
            "compile_kwargs": lambda: compile_arguments(settings),
        }
        arguments = build_arguments(build, settings, own, offered)
        return with_names_from_zero(functools.partial(build, **arguments)), False

    def _train(
        self, training, validation, settings, continuing, tasks, *, partial=False
    ):
        """Build, prepare and run; keep what is left."""
        load_tensorflow()
        from skdeep.estimators._keras_build import built_or_why_not, head_for

        model, is_users = self._build(settings)
        model, reason = built_or_why_not(model, self._inputs.shapes)
        rows = self._rows_in_order(model, training, validation)
        is_encoded = isinstance(self._head, EncodedHead)
        if not is_encoded:
            head = head_for(model, self._head, settings, rows[0].labels)
            rows = tuple(part and _with_codes(part, self._head, head) for part in rows)
            self._head = head
        del self._call
        if is_encoded:
            reason = "what its targets mean is known to their encoder alone"
        how = (model, is_users, rows, settings, continuing, partial)
        return self._train_by_whom_can(reason, how, tasks)

    def _rows_in_order(self, model, training, validation):
        """Put the inputs of rows into the order of a model's. Sets: ``_inputs``."""
        from skdeep.estimators._keras_build import inputs_of

        columns, _ = self._described_inputs()
        self._inputs, *rows = in_order(
            self._inputs, inputs_of(model), columns, training, validation
        )
        return tuple(rows)

    def _train_by_whom_can(self, reason, how, tasks):
        """Train in the engine; by Keras, if there is a reason. Sets: ``trainer_``.

        What the engine cannot compile is refused only if Keras cannot train it either.
        """
        from skdeep.estimators._keras_build import why_keras

        model, _, rows, settings, _, _ = how
        reason = reason or why_keras(model, settings, rows[0].X)
        program, refusal = (None, None) if reason else self._program_or_error(how)
        self.trainer_ = "keras" if program is None else "engine"
        if program is not None:
            return self._train_in_engine(program, how, tasks)
        if refusal is None:
            refuse_what_keras_cannot(settings, reason)
            return self._train_by_keras(*how)
        try:
            refuse_what_keras_cannot(settings, str(refusal))
            return self._train_by_keras(*how)
        except Exception as error:
            raise refusal from error

    def _program_or_error(self, how):
        """The key and the numbers of the program for a model, or what prevents one."""
        from skdeep.engine._cache import CACHE
        from skdeep.estimators._keras_build import (
            compiled_settings,
            make_program,
            resolved_batch_size,
        )

        model, _, rows, settings, _, _ = how
        try:
            key, numbers = make_program(
                model,
                compiled_settings(model, settings),
                self._head,
                self._inputs.shapes,
                resolved_batch_size(settings["batch_size"], rows[0].n_rows),
                settings["jit_compile"],
            )
            # The key of an equal one, whose network remembers more.
            return (CACHE.program(key).key, numbers), None
        except Exception as error:  # of Keras, or of the user's own classes
            return None, error

    def _train_in_engine(self, program, how, tasks):
        """Run the program of a model. Sets: ``_compilation``."""
        from skdeep.engine._compiled_model import compilation_of

        *_, settings, _, partial = how
        job = self._job(program, *how)
        self._compilation = compilation_of(job.key)
        if settings.get("calibration"):
            _ = job.key.network.output_places  # refuses before anything is trained
        if not settings["epochs"]:
            return self._keep_untrained(job)
        callbacks = self._make_callbacks(
            job, tasks, callbacks_of(settings), settings["verbose"]
        )
        measures = epoch_scores(self, job, settings["monitor"])
        outcome = run_job(job, callbacks, measures)
        keep_optimizer = self.warm_start or partial
        return self._keep(job, outcome, tasks, keep_optimizer=keep_optimizer)

    def _job(self, program, model, is_users, rows, settings, continuing, partial):
        """Return the job that trains a built model in the engine."""
        from skdeep.estimators._keras_build import start_weights

        key, numbers = program
        setting = Setting(
            settings,
            {},
            self._head,
            key.network.input_shape,
            settings["epochs"],
            partial,
        )
        before = (self._training_state, self._fitted) if continuing else None
        job = prepare_job(setting, rows[0], rows[1], before, (key, numbers))
        if before is not None:
            return job
        weights: list[np.ndarray] | None
        if is_users and model.weights:
            dtype = key.network.compute_dtype
            weights = [w.astype(dtype) for w in model.get_weights()]
        else:
            weights = start_weights(key.network, model, job.seeds.weights)
        return replace(job, weights=weights)

    def _keep_untrained(self, job):
        """Keep a network as it starts."""
        weights = job.weights or job.key.network.draw_weights(job.seeds.weights)
        self._fitted = self._network(job, weights)
        self._training_state = TrainingState(job.seeds, 0)
        self.n_iter_ = self.n_epochs_ = self.best_epoch_ = 0
        self.n_outputs_ = self._head.n_outputs
        return self


def _last_rows(rows, fraction):
    """Split off the last rows, as Keras does with ``validation_split``."""
    n_trained = int(np.floor(rows.n_rows * (1 - fraction)))
    if not 0 < n_trained < rows.n_rows:
        raise ValueError(
            f"validation_split must leave rows on both sides; got {fraction} of "
            f"{rows.n_rows} rows. Change it, or give X_val and y_val."
        )
    places = np.arange(rows.n_rows)
    held_out = rows.take(places[n_trained:]).with_mean_weight_one("The last rows")
    return rows.take(places[:n_trained]), held_out


def _with_codes(rows, before, head):
    """Targets as class numbers, where they were a column or rows of 0 and 1."""
    if head is before:
        return rows
    is_column = rows.y.shape[1] == 1
    return replace(rows, y=rows.y.ravel() if is_column else head.encode(rows.y))
