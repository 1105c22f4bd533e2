"""The fit sequence, once for all estimators: validate → encode → key → program → run.

Think twice before adding anything here: what a network looks like belongs to
``networks``, how it is trained to ``engine``, what labels mean to ``_targets``.
"""

from __future__ import annotations

import functools
import warnings
from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, _fit_context
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.validation import _check_y, check_is_fitted, column_or_1d

from skdeep._sklearn import CallbackSupportMixin, with_callbacks
from skdeep._warnings import stacklevel_of_user
from skdeep.callbacks._early_stopping import EarlyStopping, check_monitor, rises
from skdeep.callbacks._keras import KerasCallbacks, copy_callbacks
from skdeep.callbacks._progress import make_display
from skdeep.callbacks._sklearn_callbacks import begin_tasks
from skdeep.data._features import (
    check_lengths,
    check_numbers,
    check_range,
    of_validation_rows,
    refuse_datasets,
    refuse_dates,
)
from skdeep.data._holdout import split_rows
from skdeep.data._sample_weights import (
    NO_ROWS,
    WeightScale,
    class_weights,
    combined,
    normalized,
    row_weights,
)
from skdeep.data._targets import (
    check_loss_takes,
    dense_targets,
    encode_classes,
    encode_numbers,
    refuse_missing_labels,
)
from skdeep.engine._random import Seeds, draw_seeds
from skdeep.engine.backends._loading import load_tensorflow
from skdeep.engine.backends._surroundings import refuse_graphs
from skdeep.estimators._parameters import OPTIMIZER, defaults_of
from skdeep.estimators._reporting import EpochReport
from skdeep.exceptions import ConvergenceWarning, InvalidNetworkError
from skdeep.keras_objects._spec import (
    holds_spec,
    parameter_from_spec,
    parameter_to_spec,
)

# With fewer epochs dropout's noise alone can hide that the loss falls.
FEWEST_EPOCHS = 5


@dataclass(frozen=True, eq=False)
class Progress:
    """What continues when training goes on: seeds, epochs done, optimizer, weights.

    ``optimizer_state`` is None unless more training is announced by ``warm_start`` or
    ``partial_fit``; it can be three times as large as the weights.
    """

    seeds: Seeds
    n_epochs: int
    optimizer: object = None
    optimizer_state: list | None = None
    weight_scale: WeightScale = NO_ROWS


@dataclass
class Rows:
    """Checked rows with encoded targets and weights."""

    X: object
    y: np.ndarray
    weight: np.ndarray

    def take(self, chosen):
        """Return some of the rows."""
        return Rows(self.X[chosen], self.y[chosen], self.weight[chosen])

    def with_mean_weight_one(self, name):
        """Return the rows with weights whose scale has no effect."""
        return replace(self, weight=normalized(self.weight, name))

    def scaled_by(self, scale):
        """Return the rows with weights that have mean 1 together with earlier rows."""
        return replace(self, weight=scale.apply(self.weight))


def unchanged_on_error(method):
    """Let a method that fails leave the estimator as it was.

    All that is added is ``interrupted_``; a method that succeeds removes it.
    """

    @functools.wraps(method)
    def guarded(self, *args, **kwargs):
        before = dict(self.__dict__)
        try:
            result = method(self, *args, **kwargs)
        except BaseException:
            if hasattr(self, "interrupted_"):
                before["interrupted_"] = self.interrupted_
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        self.__dict__.pop("interrupted_", None)
        return result

    return guarded


class NetworkEstimator(CallbackSupportMixin, BaseEstimator, ABC):
    """Fit, predict and look at a network; concrete classes have the constructor."""

    @abstractmethod
    def _check_X(self, X, *, reset):
        """Check rows; return an array or a CSR matrix in a dtype the engine takes."""

    @abstractmethod
    def _input_shape(self):
        """Return the shape of one row as ``_check_X`` saw it in fit."""

    @abstractmethod
    def _read_y(self, y):
        """Check targets; return them as an array."""

    @abstractmethod
    def _make_encoder(self, y, weight, classes):
        """Return the encoder of checked targets."""

    @unchanged_on_error
    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows. Networks for images also take (n_samples, height, width)
            and (n_samples, height, width, channels).
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels, or a label indicator matrix, for classifiers; numbers for
            regressors.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts; a weight of k counts as k rows. Only the ratios
            matter.
        X_val : {array-like, sparse matrix}, default=None
            Rows to evaluate after every epoch; their losses and metrics appear in
            ``history_`` as ``val_*``, and early stopping watches them. Inside a
            Pipeline name them in its ``transform_input``.
        y_val : array-like, default=None
            Their targets.
        sample_weight_val : array-like, default=None
            Their weights.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the data or parameters do not go together.
        skdeep.exceptions.DivergenceError
            If a loss or a weight becomes infinite or NaN.
        KeyboardInterrupt
            After Ctrl-C. The estimator is as it was before, and its attribute
            ``interrupted_`` is a fitted estimator with the epochs done, if there are
            any.
        """
        continuing = self.warm_start and hasattr(self, "_fitted")
        tasks = begin_tasks(self, self.epochs, X, y, sample_weight)
        rows = self._training_rows(X, y, sample_weight, continuing, None)
        held = self._validation_rows(X_val, y_val, sample_weight_val)
        return self._train(rows, held, self.epochs, continuing, tasks)

    @contextmanager
    def _reporting(self, report):
        """Call ``report(epoch)`` after every epoch of the fits inside the block.

        Meanwhile the estimator predicts with the weights of that epoch.
        """
        self._report = report
        try:
            yield
        finally:
            del self._report

    def _partial_fit(self, X, y, sample_weight, classes):
        """One more epoch over these rows."""
        if self.early_stopping:
            raise ValueError(
                "partial_fit sees too little to stop early; got early_stopping=True. "
                "Use fit, or set early_stopping=False."
            )
        continuing = hasattr(self, "_fitted")
        tasks = begin_tasks(self, 1, X, y, sample_weight)
        rows = self._training_rows(X, y, sample_weight, continuing, classes)
        return self._train(rows, None, 1, continuing, tasks, keep_optimizer=True)

    def _training_rows(self, X, y, sample_weight, continuing, classes):
        """Check, encode and weigh the rows to train on.

        Sets: ``_encoder`` and what ``_check_X`` sets.
        """
        refuse_datasets(X, "X")
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None. Give fit a target for every row."
            )
        y = self._read_y(y)
        X = self._check_X(X, reset=not continuing)
        check_lengths(X, y, "X", "y")
        weight = row_weights(sample_weight, X, len(y))
        if not continuing:
            self._encoder, y = self._make_encoder(y, weight, classes)
        encoded = self._encode(y, "y")
        weight = self._with_class_weight(weight, self._encoder, y)
        return Rows(X, encoded, weight)

    def _with_class_weight(self, weight, encoder, y):
        """Multiply class weights in; regressors have none."""
        return weight

    def _validation_rows(self, X_val, y_val, sample_weight_val):
        """Check, encode and weigh the rows to evaluate on, if there are any."""
        if X_val is None and y_val is None:
            if sample_weight_val is not None:
                raise ValueError(
                    "sample_weight_val goes with X_val and y_val; got it alone. Give "
                    "all three or none."
                )
            return None
        if X_val is None or y_val is None:
            missing = "X_val" if X_val is None else "y_val"
            raise ValueError(
                f"X_val and y_val go together; got no {missing}. Give both or none."
            )
        with of_validation_rows():
            y = self._read_y(y_val)
            X = self._check_X(X_val, reset=False)
            check_lengths(X, y, "X_val", "y_val")
            weight = row_weights(sample_weight_val, X, len(y))
            rows = Rows(X, self._encode(y, "y_val"), weight)
            return rows.with_mean_weight_one("X_val and y_val")

    def _encode(self, y, name):
        """Encode targets, and refuse what would overflow."""
        encoded = self._encoder.encode(y, name)
        check_range(encoded, self._float_dtype, name)
        return encoded

    @property
    def _float_dtype(self):
        """The dtype of rows, targets and losses."""
        return "float64" if self.dtype == "float64" else "float32"

    def _train(self, rows, held, epochs, continuing, tasks, *, keep_optimizer=False):
        """Run the engine and keep what it leaves.

        Sets: ``_fitted``, ``_progress``, ``history_``, ``n_iter_``, ``best_epoch_``,
        ``n_outputs_``, ``callbacks_``.
        """
        refuse_graphs(load_tensorflow())
        from skdeep.engine._cache import CACHE
        from skdeep.engine._data_feed import DataFeed
        from skdeep.engine._run import Plan, Run
        from skdeep.networks._weights import draw_weights

        key, numbers = self._make_key(rows.X.shape[0])
        for part, name in ((rows, "y"), (held, "y_val")):
            if part is not None:
                check_loss_takes(part.y, key.objective.loss_name, name)
        progress = self._progress if continuing else None
        if progress is None:
            progress = Progress(draw_seeds(self.random_state), 0)
        elif self._fitted.network.for_prediction != key.network.for_prediction:
            raise InvalidNetworkError(
                "Training can only go on with the same network; got other values for "
                "parameters that shape it. Set them back, or fit with warm_start=False."
            )
        if self.early_stopping and held is None:
            rows, held = self._hold_out(rows, progress.seeds.holdout)
        rows, weight_scale = self._scale_weights(rows, progress, keep_optimizer)
        stopping = self._make_early_stopping(key, held)
        observers = self._make_observers(key, numbers, stopping, tasks)
        weights = (
            self._fitted.weights
            if continuing
            else draw_weights(key.network, progress.seeds.weights)
        )
        program = CACHE.program(key)
        state = program.start(
            weights,
            progress.optimizer_state if progress.optimizer == key.optimizer else None,
        )
        last_epoch = progress.n_epochs + epochs
        plan = Plan(progress.n_epochs, last_epoch, self.shuffle, progress.seeds)
        if hasattr(self, "_report"):
            observers.append(EpochReport(self, key.network, numbers, self._report))
        run = Run(program, state, numbers, plan, observers)
        train = DataFeed(program, rows.X, rows.y, rows.weight)
        watched = DataFeed(program, held.X, held.y, held.weight) if held else None
        run.execute(train, watched)

        self._fitted = self._network_of(run, key, numbers)
        keep = keep_optimizer or self.warm_start
        self._progress = Progress(
            progress.seeds,
            run.epoch,
            key.optimizer if keep else None,
            run.optimizer_state() if keep else None,
            weight_scale,
        )
        n_skipped = run.epoch - progress.n_epochs - len(run.history)  # by a backup
        logs = [{}] * n_skipped + run.history
        self._keep_history(logs, program.columns, continuing)
        self.n_iter_ = run.epoch
        self.best_epoch_ = stopping.best_epoch if stopping else run.epoch
        self.n_outputs_ = self._encoder.n_outputs
        if run.interrupted:
            self._raise_interrupt(run)
        self._warn_if_useless(run.history)
        if tasks is not None:
            tasks.end()
        return self

    def _raise_interrupt(self, run):
        """Pass Ctrl-C on, whatever is around the fit: a search must end as well.

        Sets: ``interrupted_``, if an epoch was finished.
        """
        what = "the estimator is as it was."
        if run.history:
            reached = object.__new__(type(self))
            reached.__dict__.update(self.__dict__)
            reached.__dict__.pop("interrupted_", None)
            self.interrupted_ = reached
            what = (
                f"interrupted_ is a fitted estimator with the weights of epoch "
                f"{run.epoch}, or with early stopping the best so far."
            )
        raise KeyboardInterrupt(
            f"Training was interrupted in epoch {run.epoch + 1}; {what}"
        )

    def _scale_weights(self, rows, progress, is_partial):
        """Return rows of mean weight 1, and the scale for the next partial_fit.

        A fit has all rows that matter; a call of partial_fit has some of them.
        """
        if is_partial and progress.n_epochs:
            scale = progress.weight_scale.including(rows.weight)
            return rows.scaled_by(scale), scale
        scale = NO_ROWS.including(rows.weight)
        return rows.with_mean_weight_one("The training rows"), scale

    def _make_key(self, n_rows):
        """Say what program these parameters and data need, and with which numbers."""
        from skdeep.engine._key import ProgramKey, resolve_batch_size, resolve_jit
        from skdeep.engine._objective import make_objective
        from skdeep.keras_objects._optimizers import make_optimizer
        from skdeep.networks._from_parameters import make_network

        encoder = self._encoder
        objective = make_objective(
            self.loss, self.loss_params, self.metrics, encoder.kind, encoder.n_outputs
        )
        activation = encoder.output_activation
        if objective.loss_name == "Poisson":
            activation = "exponential"  # a rate is positive; as scikit-learn's MLP
        parameters = self.get_params(deep=False)
        network, numbers = make_network(
            parameters, self._input_shape(), encoder.n_outputs, activation
        )
        optimizer, rate, decay = make_optimizer(
            parameters, defaults_of(type(self), OPTIMIZER)
        )
        key = ProgramKey(
            network,
            objective,
            optimizer,
            resolve_batch_size(self.batch_size, n_rows),
            resolve_jit(self.jit_compile, network),
        )
        numbers = {"learning_rate": rate, "decay": decay, **numbers}
        check_numbers(numbers, self._float_dtype)
        return key, numbers

    def _hold_out(self, rows, seed):
        """Split off the rows that early stopping watches."""
        strata = (
            rows.y.ravel() if self._encoder.kind in ("binary", "multiclass") else None
        )
        train, held = split_rows(len(rows.y), self.validation_fraction, seed, strata)
        watched = rows.take(held).with_mean_weight_one("The rows held out")
        return rows.take(train), watched

    def _make_early_stopping(self, key, held):
        """Return the observer that stops early, if asked for."""
        if not self.early_stopping:
            return None
        monitor = "val_loss" if self.monitor == "auto" else self.monitor
        names = key.objective.names
        check_monitor(monitor, [*names, *(f"val_{n}" for n in names), "learning_rate"])
        rising = rises(monitor, self.monitor_mode)
        return EarlyStopping(monitor, self.patience, self.min_delta, rising)

    def _make_observers(self, key, numbers, stopping, tasks):
        """Return what watches the run, in the order in which it is told.

        Early stopping comes first: it keeps the weights that were measured, before a
        callback changes them. The display comes last. Sets: ``callbacks_``.
        """
        from skdeep.engine._keras_model import compiled_model

        self.callbacks_ = copy_callbacks(self.callbacks)
        keras_callbacks = None
        if self.callbacks_:
            make_model = functools.partial(
                compiled_model, key, numbers, self._rescaling()
            )
            keras_callbacks = KerasCallbacks(self.callbacks_, make_model, self.verbose)
        if tasks is not None:
            tasks.attributes_now = lambda run: {
                "_fitted": self._network_of(run, key, numbers),
                "n_outputs_": self._encoder.n_outputs,
                "n_iter_": run.epoch,
            }
        display = make_display(self.verbose, type(self).__name__)
        observers = [stopping, keras_callbacks, tasks, display]
        return [observer for observer in observers if observer is not None]

    def _network_of(self, run, key, numbers):
        """Return the network with the weights that a run has reached."""
        from skdeep.engine._fitted import FittedNetwork

        return FittedNetwork(key.network, numbers, run.weights(), self._rescaling())

    def _rescaling(self):
        """What turns outputs of the network into targets; None if they are the same."""
        return getattr(self._encoder, "rescaling", None)

    def _keep_history(self, logs, columns, continuing):
        """Append the epochs of a run, or start anew. Sets: ``history_``."""
        history = self.history_ if continuing else {}
        n_before = len(next(iter(history.values()), []))
        new = [name for log in logs for name in log]
        names = dict.fromkeys([*history, *columns, *new])
        missing = [np.nan] * n_before
        self.history_ = {
            name: [
                *history.get(name, missing),
                *(log.get(name, np.nan) for log in logs),
            ]
            for name in names
        }

    def _warn_if_useless(self, logs):
        """Warn if no epoch was better than the first."""
        losses = [log["loss"] for log in logs]
        if (
            len(losses) < FEWEST_EPOCHS
            or losses[0] < 1e-12
            or min(losses[1:]) < losses[0]
        ):
            return
        warnings.warn(
            f"Expected the loss to fall; it was {losses[0]:.4g} after the first of "
            f"{len(losses)} epochs and {losses[-1]:.4g} after the last. Change "
            "learning_rate, scale X, or look at history_.",
            ConvergenceWarning,
            stacklevel=stacklevel_of_user(),
        )

    def _outputs(self, X):
        """Outputs of the network for checked rows."""
        check_is_fitted(self)
        return self._fitted.predict(self._check_X(X, reset=False))

    @property
    def model_(self):
        """The fitted network as a Keras model of standard layers.

        It takes rows of the network's input shape as floats and gives probabilities
        or numbers; it saves, loads and predicts where skdeep is not installed.
        """
        check_is_fitted(self)
        return self._fitted.model

    @property
    def loss_curve_(self):
        """The training loss after every epoch, as scikit-learn's MLP calls it."""
        check_is_fitted(self)
        return self.history_["loss"]

    def history_frame(self):
        """Return ``history_`` as a table.

        Returns
        -------
        pandas.DataFrame of shape (n_epochs, n_columns)
            One row per epoch, counted from 1; columns are loss, metrics, their
            ``val_*`` twins, and the learning rate.
        """
        check_is_fitted(self)
        n_epochs = len(self.history_["loss"])
        index = pd.RangeIndex(1, n_epochs + 1, name="epoch")
        return pd.DataFrame(self.history_, index=index)

    def summary(self):
        """Return the layers of the fitted network as a table.

        Returns
        -------
        pandas.DataFrame
            One row per layer with its kind, output shape and number of parameters;
            ``frame.attrs["n_parameters"]`` is their sum.
        """
        check_is_fitted(self)
        model = self._fitted.model
        rows = [
            (
                layer.name,
                type(layer).__name__,
                tuple(layer.output.shape[1:]),
                layer.count_params(),
            )
            for layer in model.layers
        ]
        columns = ["layer", "kind", "output_shape", "n_parameters"]
        frame = pd.DataFrame(rows, columns=columns).set_index("layer")
        frame.attrs["n_parameters"] = model.count_params()
        return frame

    def export(self, path, format="keras"):
        """Write the fitted network for programs that have no skdeep.

        The network takes float rows of the shape it was trained on and returns what
        ``model_`` returns: one probability per class, for two classes only that of
        the second; one per label; or the targets in their units. What the rows and
        the outputs mean, with classes and names of features, is in a JSON text
        ``skdeep.json`` that travels along.

        Parameters
        ----------
        path : str or path-like
            The file, ending in ``.keras`` or ``.onnx``, or the folder of a SavedModel.
            What is there is replaced when all is written.
        format : {"keras", "saved_model", "onnx"}, default="keras"
            - "keras": for ``keras.saving.load_model`` on any backend; the JSON is one
              more member of the zip file.
            - "saved_model": for TensorFlow and TensorFlow Serving; the function is
              ``serve``, the JSON in the folder ``assets.extra``.
            - "onnx": for ONNX Runtime and others, in single precision whatever
              ``dtype`` is; the JSON is in the metadata under "skdeep". Needs the
              package onnx (``pip install 'skdeep[onnx]'``).

        Raises
        ------
        ValueError
            If the format is unknown, or does not have the activation.
        OSError
            If the file cannot be written.

        See Also
        --------
        skdeep.save : Keep the whole estimator.

        Examples
        --------
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> import keras
        >>> from sklearn.datasets import load_iris
        >>> from skdeep import DNNClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> net = DNNClassifier((8,), epochs=5, random_state=0).fit(X, y)
        >>> with TemporaryDirectory() as folder:
        ...     net.export(Path(folder) / "iris.keras")
        ...     model = keras.saving.load_model(Path(folder) / "iris.keras")
        >>> model.predict(X, verbose=0).shape
        (150, 3)
        """
        check_is_fitted(self)
        from skdeep.export import export_network
        from skdeep.export._conventions import describe_conventions

        conventions = describe_conventions(
            type(self).__name__,
            self._fitted.network,
            self._encoder,
            getattr(self, "feature_names_in_", None),
        )
        export_network(self._fitted, conventions, path, format)

    def __getstate__(self):
        """Leave the callbacks of a fit behind: they may hold models and open files.

        Keras objects are kept by class and configuration: Keras' own pickles forget
        arguments, such as ``delta`` of its Huber loss.
        """
        state = super().__getstate__()
        kept = {name: v for name, v in state.items() if name != "callbacks_"}
        parameters = {name: kept[name] for name in self._get_param_names()}
        return kept | {n: parameter_to_spec(v) for n, v in parameters.items()}

    def __setstate__(self, state):
        """Make Keras objects anew, if there are any."""
        specs = {name: v for name, v in state.items() if holds_spec(v)}
        if specs:
            load_tensorflow()
        made = {name: parameter_from_spec(v) for name, v in specs.items()}
        super().__setstate__(state | made)

    def __sklearn_is_fitted__(self):
        """Fitted is what has a network, however far a failed fit came."""
        return hasattr(self, "_fitted")

    def __sklearn_tags__(self):
        """What scikit-learn asks about the estimator."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class NetworkClassifier(ClassifierMixin, NetworkEstimator):
    """What classifiers add: classes and probabilities."""

    def _read_y(self, y):
        refuse_missing_labels(y)
        y = dense_targets(_check_y(y, multi_output=True, estimator=self))
        is_column = y.ndim == 2 and y.shape[1] == 1
        return column_or_1d(y, warn=True) if is_column else y

    def _make_encoder(self, y, weight, classes):
        encoder, y = encode_classes(y, classes)
        self.classes_ = encoder.public_classes
        return encoder, y

    def _with_class_weight(self, weight, encoder, y):
        return combined(weight, class_weights(self.class_weight, encoder.classes, y))

    @unchanged_on_error
    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for one more epoch on these rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their labels.
        classes : array-like of shape (n_classes,), default=None
            All classes there will be; needed in the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts, compared with the mean over the rows of all calls
            so far.

        Returns
        -------
        self : object
            The estimator.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "partial_fit sees too few rows to balance classes; got "
                "class_weight='balanced'. Give the weights as a dict."
            )
        if not hasattr(self, "_fitted"):
            _check_partial_fit_first_call(self, classes)
            classes = self.classes_
        elif classes is not None:
            self._encoder.check_same_classes(classes)
        return self._partial_fit(X, y, sample_weight, classes)

    def predict(self, X):
        """Predict classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            The most probable class, or 0 and 1 for every label.
        """
        outputs = self._outputs(X)
        return self._encoder.decode(outputs)

    def predict_proba(self, X):
        """Predict probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Of each class in the order of ``classes_``, rows sum to 1; of each label
            for a multilabel target.
        """
        outputs = self._outputs(X)
        return self._encoder.probabilities(outputs)

    def predict_log_proba(self, X):
        """Predict logarithms of probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            ``log(predict_proba(X))``; -inf where a probability rounds to zero.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def __sklearn_tags__(self):
        """What scikit-learn asks about the estimator."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class NetworkRegressor(RegressorMixin, NetworkEstimator):
    """What regressors add: numbers, one or several per row."""

    def _read_y(self, y):
        refuse_dates(y, "y")
        y = _check_y(y, multi_output=True, y_numeric=True, estimator=self)
        is_text = y.dtype.kind in "US"  # scikit-learn leaves numbers in text alone
        return dense_targets(y.astype(np.float64) if is_text else y)

    def _make_encoder(self, y, weight, classes):
        return encode_numbers(y, weight, self.normalize_y), y

    @unchanged_on_error
    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one more epoch on these rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts, compared with the mean over the rows of all calls
            so far.

        Returns
        -------
        self : object
            The estimator.
        """
        return self._partial_fit(X, y, sample_weight, None)

    def predict(self, X):
        """Predict targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
            In the shape and the units of the targets of fit.
        """
        outputs = self._outputs(X)
        return self._encoder.decode(outputs)

    def __sklearn_tags__(self):
        """What scikit-learn asks about the estimator."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
