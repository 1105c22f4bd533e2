"""What all estimators share: check the data, prepare a job, run it, keep its outcome.

Think twice before adding anything here: what a network looks like belongs to
``networks``, how it is trained to ``engine``, what labels mean to a head.
"""

from __future__ import annotations

import functools
import warnings
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skdeep._sklearn import CallbackSupportMixin, fit_context, with_callbacks
from skdeep._warnings import stacklevel_of_user
from skdeep.callbacks._callback import Callback
from skdeep.callbacks._keras import KerasCallbacks, copy_callbacks
from skdeep.callbacks._progress import make_display
from skdeep.callbacks._sklearn_callbacks import begin_tasks
from skdeep.data._chunks import are_chunks, gathered
from skdeep.data._features import (
    check_lengths,
    check_range,
    of_validation_rows,
    refuse_datasets,
)
from skdeep.data._holdout import check_groups
from skdeep.data._sample_weights import row_weights
from skdeep.data._training_data import TrainingData
from skdeep.engine._run import run_job
from skdeep.engine.backends._loading import load_tensorflow
from skdeep.engine.backends._surroundings import refuse_graphs
from skdeep.estimators._auto import FEWEST_ROWS_TO_STOP, without_auto
from skdeep.estimators._fitted_views import FittedViews
from skdeep.estimators._layer_sizes import SIZES, layer_sizes
from skdeep.estimators._members import (
    MembersInTraining,
    continued_members,
    fitted_of,
    mean_losses,
    new_members,
    put_together,
)
from skdeep.estimators._monitor import epoch_scores, warn_if_not_held_out
from skdeep.estimators._other_arguments import OtherArguments
from skdeep.estimators._parameters import OPTIMIZER, defaults_of
from skdeep.estimators._part_of_fit import epochs_now
from skdeep.estimators._prepare import Setting, TrainingState, prepare_job, state_after
from skdeep.estimators._reporting import EpochReport
from skdeep.estimators._state import completed, with_version
from skdeep.estimators._unchanged_on_error import unchanged_on_error
from skdeep.exceptions import ConvergenceWarning
from skdeep.keras_objects._spec import (
    holds_spec,
    parameter_from_spec,
    parameter_to_spec,
)

# With fewer epochs dropout's noise alone can hide that the loss falls.
FEWEST_EPOCHS = 5
UNMADE = "_unmade"  # parameters of a pickle by name, as specs


class NetworkEstimator(
    OtherArguments, FittedViews, CallbackSupportMixin, BaseEstimator, ABC
):
    """Fit, predict and look at a network; concrete classes have the constructor."""

    _fewest_rows_to_stop = FEWEST_ROWS_TO_STOP  # for early_stopping="auto"
    _takes_chunks = False  # whether fit takes rows and targets in pieces
    # Groups are for the splitter of a search; whoever wants them here, too, says so.
    # Otherwise every search that routes groups would end in a demand to decide.
    __metadata_request__fit = {"groups": False}

    if TYPE_CHECKING:  # scikit-learn's, which has no types

        def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
            """Return accuracy or R² of the predictions for rows."""

    @classmethod
    @functools.cache
    def _get_param_names(cls):
        """Names of the parameters; a search asks for them sixteen times per fit."""
        # Reading 45 parameters from the constructor takes scikit-learn 0.13 ms.
        return super()._get_param_names()

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
    def _make_head(self, y, weight, classes):
        """Return the head for checked targets, and the targets as a plain array."""

    def _continued_head(self, head):
        """Return the head of training that goes on, perhaps with other parameters."""
        return head

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
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows. Networks for images also take (n_samples, height, width)
            and (n_samples, height, width, channels). Without ``y`` an iterable of
            chunks, (X, y) or (X, y, sample_weight), such as a ``tf.data.Dataset``;
            ``Tabular*`` and ``Keras*`` take none.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Labels, or a label indicator matrix, for classifiers; numbers for
            regressors. None if X has them in its chunks.
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
        groups : array-like of shape (n_samples,), default=None
            Labels of groups, such as patients, whose training rows early stopping or
            calibration hold out together or not at all. Behind scikit-learn's routers
            ask for them by ``set_fit_request(groups=True)``.

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
        X, y, sample_weight = self._in_one_piece("X", X, y, sample_weight)
        X_val, y_val, sample_weight_val = self._in_one_piece(
            "X_val", X_val, y_val, sample_weight_val
        )
        continuing = self.warm_start and hasattr(self, "_fitted")
        rows = {"X": X, "y": y, "sample_weight": sample_weight, "groups": groups}
        rows |= {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
        n_epochs = epochs_now(self, self.epochs, rows)
        tasks = begin_tasks(self, n_epochs * self.n_members, X, y, sample_weight)
        training = self._training_data(X, y, sample_weight, continuing, None, groups)
        validation = self._validation_data(X_val, y_val, sample_weight_val)
        if validation is None:
            warn_if_not_held_out(self.get_params(deep=False))
        return self._run(training, validation, n_epochs, continuing, tasks)

    @unchanged_on_error
    @fit_context(prefer_skip_nested_validation=True)
    def initialize(self, X: Any, y: Any) -> Self:
        """Make the network for these data, with initial weights, without training.

        ``fit`` with ``warm_start=True`` goes on from there; it gives what a first fit
        gives, unless ``set_weights`` comes in between.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows as ``fit`` takes them.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets; classes, scale and number of outputs are taken from here.

        Returns
        -------
        self : object
            The estimator, which predicts like a network of random weights.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skdeep import DNNClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> first = DNNClassifier((8,), epochs=5, random_state=0).fit(X, y)
        >>> second = DNNClassifier((8,), epochs=5, warm_start=True, random_state=1)
        >>> second = second.initialize(X, y).set_weights(first.model_)
        >>> bool((second.predict_proba(X) == first.predict_proba(X)).all())
        True
        """
        training = self._training_data(X, y, None, False, None)
        if self.n_members > 1:
            members = [m._start(training) for m in new_members(self)]
            put_together(self, members)
            return self
        self.__dict__.pop("members_", None)
        return self._start(training)

    def _start(self, training):
        """Keep a network with initial weights."""
        job = self._prepare(training, None, self.epochs, continuing=False)
        weights = job.key.network.draw_weights(job.seeds.weights, job.training)
        self._fitted = self._network(job, weights)
        self._training_state = TrainingState(job.seeds, 0)
        self.history_ = {}
        self.n_iter_ = self.n_epochs_ = self.best_epoch_ = 0
        self.do_early_stopping_ = False
        self.n_outputs_ = self._head.n_outputs
        return self

    def set_weights(self, weights: Any) -> Self:
        """Put other weights into the fitted network.

        ``model_`` is a copy, which may be trained and changed without any effect on
        the estimator; this is the way back. Training that goes on, by ``warm_start``
        or ``partial_fit``, goes on from these weights, and the optimizer begins
        without memory.

        Parameters
        ----------
        weights : list of arrays, or Keras model
            In the order of ``model_.get_weights()``, or a model of the same layers.

        Returns
        -------
        self : object
            The estimator.
        """
        check_is_fitted(self)
        given = weights.get_weights() if hasattr(weights, "get_weights") else weights
        self._fitted = self._fitted.with_weights(given)
        if hasattr(self, "members_"):
            members = continued_members(self)
            pairs = zip(members, self._fitted.members, strict=True)
            self.members_ = [m.set_weights(fitted.weights) for m, fitted in pairs]
            return self
        state = self._training_state
        self._training_state = TrainingState(
            state.seeds, state.n_epochs, weight_scale=state.weight_scale
        )
        return self

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
        if self.early_stopping and self.early_stopping != "auto":
            raise ValueError(
                "partial_fit sees too little to stop early; got early_stopping="
                f"{self.early_stopping!r}. Use fit, or set early_stopping=False."
            )
        continuing = hasattr(self, "_fitted")
        tasks = begin_tasks(self, self.n_members, X, y, sample_weight)
        training = self._training_data(X, y, sample_weight, continuing, classes)
        return self._run(training, None, 1, continuing, tasks, is_partial=True)

    def _run(
        self, training, validation, n_epochs, continuing, tasks, *, is_partial=False
    ):
        """Train the network, or all members, and keep what is left."""
        keep = self.warm_start or is_partial
        if self.n_members > 1 or (continuing and hasattr(self, "members_")):
            members, interrupted = MembersInTraining(self, continuing, keep).train(
                training, validation, n_epochs, tasks, is_partial
            )
            return self._keep_members(members, interrupted, tasks)
        job = self._prepare(training, validation, n_epochs, continuing, is_partial)
        callbacks = self._make_callbacks(job, tasks, self.callbacks, self.verbose)
        measures = epoch_scores(self, job, self.monitor)
        outcome = run_job(job, callbacks, measures)
        self.__dict__.pop("members_", None)
        return self._keep(job, outcome, tasks, keep_optimizer=keep)

    def _training_data(self, X, y, sample_weight, continuing, classes, groups=None):
        """Check, encode and weigh the rows to train on.

        Sets: ``_head`` and what ``_check_X`` sets.
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
            self._head, y = self._make_head(y, weight, classes)
        else:
            self._head = self._continued_head(self._head)
        encoded = self._encode(y, "y")
        weight = self._with_class_weight(weight, self._head, y)
        groups = None if groups is None else check_groups(groups, X)
        return TrainingData(X, encoded, weight, y, groups)

    def _in_one_piece(self, name, X, y, sample_weight):
        """Return rows, targets and weights; chunks of them are gathered."""
        is_alone = y is None and sample_weight is None
        if self._takes_chunks and is_alone and are_chunks(X):
            return gathered(X, name)
        return X, y, sample_weight

    def _with_class_weight(self, weight, head, y):
        """Multiply class weights in; regressors have none."""
        return weight

    def _validation_data(self, X_val, y_val, sample_weight_val):
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
            rows = TrainingData(X, self._encode(y, "y_val"), weight, y)
            return rows.with_mean_weight_one("X_val and y_val")

    def _encode(self, y, name):
        """Encode targets, and refuse what would overflow."""
        encoded = self._head.encode(y, name)
        check_range(encoded, self._float_dtype, name)
        return encoded

    @property
    def _float_dtype(self):
        """The dtype of rows, targets and losses."""
        return "float64" if self.dtype == "float64" else "float32"

    def _prepare(
        self,
        training,
        validation,
        n_epochs,
        continuing,
        is_partial=False,
        is_first=True,
    ):
        """Return the job that trains on these rows, from scratch or going on."""
        refuse_graphs(load_tensorflow())
        parameters = self._network_parameters()
        setting = Setting(
            without_auto(
                parameters, training.n_rows, is_partial, self._fewest_rows_to_stop
            ),
            defaults_of(type(self), OPTIMIZER),
            self._head,
            self._input_shape(),
            n_epochs,
            is_partial,
            is_first,
        )
        before = (self._training_state, self._fitted) if continuing else None
        return prepare_job(setting, training, validation, before)

    def _network_parameters(self):
        """Return the constructor's parameters as networks are made of them."""
        parameters = self.get_params(deep=False)
        return {**parameters, SIZES: layer_sizes(type(self), parameters)}

    def _keep(self, job, outcome, tasks, *, keep_optimizer):
        """Keep what a job has left, and tell the user what he should know."""
        self._take(job, outcome, keep_optimizer)
        # After the attributes are set: interrupted_ is a copy with them, and the
        # estimator gets back those it had (see ``unchanged_on_error``).
        if outcome.interrupted:
            self._raise_interrupt(outcome.n_epochs, bool(outcome.history))
        self._warn_if_useless([log["loss"] for log in outcome.history])
        if tasks is not None:
            tasks.end()
        return self

    def _keep_members(self, members, interrupted, tasks):
        """Keep all members that are trained; see ``_keep``."""
        if members:
            put_together(self, members)
        if interrupted:
            self._raise_interrupt(self.n_epochs_ if members else 0, bool(members))
        self._warn_if_useless(mean_losses(members))
        if tasks is not None:
            tasks.end()
        return self

    def _take(self, job, outcome, keep_optimizer):
        """Take over what a job has left.

        Sets: ``_fitted``, ``_training_state``, ``history_``, ``n_iter_``,
        ``n_epochs_``, ``best_epoch_``, ``do_early_stopping_``, ``n_outputs_``.
        """
        self._fitted = self._calibrated(self._network(job, outcome.weights), job)
        self._training_state = state_after(job, outcome, keep_optimizer)
        self._keep_history(job, outcome)
        self.n_iter_ = outcome.n_epochs - job.first_epoch
        self.n_epochs_ = outcome.n_epochs
        self.best_epoch_ = outcome.best_epoch
        self.do_early_stopping_ = job.stopping is not None
        self.n_outputs_ = self._head.n_outputs
        self._measure(job.training, job.is_partial)
        return self

    def _calibrated(self, fitted, job):
        """Return a fitted network that says better how sure it is."""
        return fitted

    def _measure(self, rows, is_partial):
        """Measure on training rows what a prediction needs besides the network."""

    def _raise_interrupt(self, n_epochs, has_trained):
        """Pass Ctrl-C on, whatever is around the fit: a search must end as well.

        Sets: ``interrupted_``, if an epoch was finished.
        """
        what = "the estimator is as it was."
        if has_trained:
            # No clone: fitted attributes belong to it, and a subclass's constructor
            # must not run.
            reached = object.__new__(type(self))
            reached.__dict__.update(self.__dict__)
            reached.__dict__.pop("interrupted_", None)
            self.interrupted_ = reached
            what = (
                f"interrupted_ is a fitted estimator with the weights of epoch "
                f"{n_epochs}, or with early stopping the best so far."
            )
        raise KeyboardInterrupt(
            f"Training was interrupted in epoch {n_epochs + 1}; {what}"
        )

    def _make_callbacks(self, job, tasks, given, verbose, title=""):
        """Return what watches the run of a job, the display last.

        Sets: ``callbacks_``.
        """
        from skdeep.engine._compiled_model import compiled_model

        callbacks: list[Callback] = []
        self.callbacks_ = copy_callbacks(given)
        own = [c for c in self.callbacks_ if isinstance(c, Callback)]
        of_keras = [c for c in self.callbacks_ if c not in own]
        if of_keras:
            make_model = functools.partial(compiled_model, job)
            callbacks.append(KerasCallbacks(of_keras, make_model, verbose))
        callbacks += own
        if tasks is not None:
            tasks.attributes_now = lambda run: {
                "_fitted": self._network(job, run.weights()),
                "n_outputs_": self._head.n_outputs,
                "n_iter_": run.epoch - job.first_epoch,
                "n_epochs_": run.epoch,
            }
            callbacks.append(tasks)
        display = make_display(verbose, type(self).__name__, title)
        if display is not None:
            callbacks.append(display)
        if hasattr(self, "_report"):
            callbacks.append(EpochReport(self, job, self._report))
        return callbacks

    def _network(self, job, weights):
        """Return the network of a job with these weights."""
        from skdeep.engine._fitted import FittedNetwork

        return FittedNetwork(
            job.key.network, job.hyperparameters, weights, job.rescaling
        )

    def _keep_history(self, job, outcome):
        """Append the epochs of a run, or start anew. Sets: ``history_``."""
        n_skipped = outcome.n_epochs - job.first_epoch - len(outcome.history)
        logs = [{}] * n_skipped + outcome.history  # skipped by a backup
        # A job may start from weights that no fit has left, but not later than epoch 0.
        history = self.history_ if job.first_epoch else {}
        n_before = len(next(iter(history.values()), []))
        new = [name for log in logs for name in log]
        names = dict.fromkeys([*history, *outcome.columns, *new])
        missing = [np.nan] * n_before
        self.history_ = {
            name: [
                *history.get(name, missing),
                *(log.get(name, np.nan) for log in logs),
            ]
            for name in names
        }

    def _warn_if_useless(self, losses):
        """Warn if no epoch was better than the first."""
        if "_part" in vars(self):
            # The first epochs may be useless and the rest not, or the other way round.
            losses = self.history_["loss"] if self.n_epochs_ >= self.epochs else []
        if (
            len(losses) < FEWEST_EPOCHS
            or losses[0] < 1e-12
            # Another order of the rows alone changes a sum by some 1e-7.
            or min(losses[1:]) < losses[0] * (1 - 1e-6)
        ):
            return
        warnings.warn(
            f"Expected the loss to fall; it was {losses[0]:.4g} after the first of "
            f"{len(losses)} epochs and {losses[-1]:.4g} after the last. Change "
            "learning_rate, scale X, or look at history_.",
            ConvergenceWarning,
            stacklevel=stacklevel_of_user(),
        )

    def _check_fitted(self):
        """Refuse to predict before a fit."""
        if not hasattr(self, "_fitted"):  # scikit-learn would make tags first, 20 µs
            check_is_fitted(self)

    def _predictions(self, X, decode):
        """What ``decode`` makes of the network's outputs for rows of X."""
        refuse_datasets(X, "X")
        return self._fitted.predict(self._check_X(X, reset=False), decode)

    def __getstate__(self):
        """Leave the callbacks of a fit behind: they may hold models and open files.

        Keras objects are kept by class and configuration: Keras' own pickles forget
        arguments, such as ``delta`` of its Huber loss.
        """
        state = super().__getstate__()
        left = {"callbacks_", "_head_encoder"}  # the latter is made again
        if "members_" in state:  # their networks are in them
            left.add("_fitted")
        unmade = state.pop(UNMADE, {})
        kept = unmade | {name: v for name, v in state.items() if name not in left}
        parameters = {n: kept[n] for n in self._stored_parameters() if n in kept}
        specs = {n: parameter_to_spec(v) for n, v in parameters.items()}
        return with_version(kept | specs)

    def _stored_parameters(self):
        """Attributes that may be Keras objects."""
        return self._get_param_names()

    def __setstate__(self, state):
        """Take attributes, Keras objects not yet; see ``_state`` for versions.

        Predictions do not ask for them, and to make them takes importing Keras.
        """
        state = completed(type(self), state)
        unmade = {name: v for name, v in state.items() if holds_spec(v)}
        super().__setstate__({n: v for n, v in state.items() if n not in unmade})
        if unmade:
            self.__dict__[UNMADE] = unmade
        if hasattr(self, "members_"):
            self._fitted = fitted_of(self.members_)

    def __getattr__(self, name):
        """Make a Keras object that a pickle held, when it is first asked for."""
        unmade = self.__dict__.get(UNMADE, {})
        if name not in unmade:
            # What Python says by itself where there is no __getattr__.
            return object.__getattribute__(self, name)
        load_tensorflow()
        made = self.__dict__[name] = parameter_from_spec(unmade[name])
        return made

    def __sklearn_is_fitted__(self):
        """Fitted is what has a network, however far a failed fit came."""
        return hasattr(self, "_fitted")

    def __sklearn_tags__(self):
        """What scikit-learn asks about the estimator."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
