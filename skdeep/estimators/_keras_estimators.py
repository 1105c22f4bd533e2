"""Networks of the user's own: a Keras model, or a function that builds one.

The constructors are those of SciKeras; all else is in ``_keras_network_estimator``.
"""

from __future__ import annotations

from typing import Any

from skdeep._sklearn import StrOptions
from skdeep.data._sample_weights import class_weights, combined
from skdeep.estimators._classifier import NetworkClassifier
from skdeep.estimators._keras_encoded_targets import EncodedHead
from skdeep.estimators._keras_network_estimator import CONSTRAINTS, KerasEstimator
from skdeep.estimators._keras_predict import (
    ClassesWithArguments,
    NumbersWithArguments,
)
from skdeep.estimators._keras_routing import routed
from skdeep.estimators._keras_shaped_targets import ShapedTargets
from skdeep.estimators._regressor import NetworkRegressor
from skdeep.networks._output_from_parameters import number_output


class KerasClassifier(
    ClassesWithArguments, ShapedTargets, NetworkClassifier, KerasEstimator
):
    """Classify with a Keras network of your own.

    The network is trained by the same compiled program as ``DNNClassifier``, from
    initial weights that ``random_state`` seeds, or by Keras itself where it has to be:
    ``trainer_`` says which. A grid over ``optimizer__learning_rate`` compiles once.

    Parameters
    ----------
    model : keras.Model, function or class, default=None
        The network: an object, which is never trained itself, or what makes one. A
        function gets the parameters that it names, and ``meta``, a dict of what is
        known of the data (``n_features_in_``, ``X_shape_``, ``n_outputs_expected_``,
        ``target_type_``, ...), and ``compile_kwargs`` if it asks for them.
    build_fn : function or class, default=None
        Another name of ``model``.
    loss : str, Keras loss, class or callable, default=None
        None is that of a compiled model, else the cross-entropy that fits the target.
    optimizer : str, Keras optimizer or class, default=None
        None is that of a compiled model, else "rmsprop". ``optimizer__learning_rate``
        and others with the prefix are its arguments.
    metrics : str, Keras metric, class, callable or list of them, default=None
        None is those of a compiled model, else accuracy.
    epochs : int, default=1
        Passes over the training rows; the most there will be with early stopping.
    batch_size : int, default=None
        Rows per update; None is 32, -1 all rows.
    validation_split : float, default=0.0
        Share of the rows, the last ones, to evaluate after every epoch.
    validation_batch_size : int, default=None
        Without effect: losses are means over all rows however they are batched.
    callbacks : Keras callback, class, or list or dict of them, default=None
        Classes get what has the prefix ``callbacks__``. Every fit works on fresh
        copies.
    calibration : "temperature" or None, default=None
        Divide the logits of predictions by the number that suits rows held out best;
        for models that end with a Dense layer and are trained in the engine.
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weight per class, multiplied into the sample weights.
    early_stopping : bool or "watch", default=False
        Stop when ``monitor`` no longer improves, and keep the best weights. Watches
        ``X_val``, or ``validation_split``, or a seeded, shuffled part of the rows;
        "watch" does nothing but that: all epochs are trained, and the last weights
        kept.
    patience : int, default=10
        Epochs without improvement before stopping.
    min_delta : float, default=0.0
        Smaller improvements do not count.
    monitor : str, default="auto"
        A column of ``history_``; "auto" is "val_loss".
    monitor_mode : {"auto", "min", "max"}, default="auto"
        Whether less or more of it is better; inferred from the name by default.
    validation_fraction : float, default=0.1
        Share of the rows that early stopping watches when there are no others.
    warm_start : bool, default=False
        Go on from the last fit: weights, optimizer, epoch count and history.
    random_state : int, RandomState instance or None, default=None
        Seeds initial weights of what a function builds, row orders and dropout; nothing
        global is seeded.
    shuffle : bool, default=True
        Visit the rows in a new order in every epoch.
    run_eagerly : bool, default=False
        Let Keras train, one operation after the other; for debugging.
    jit_compile : bool or "auto", default="auto"
        Compile with XLA. "auto" does so, but not for convolutions, layers of your own,
        and recurrent layers where there is a GPU.
    verbose : {0, 1, 2}, default=0
        0 is silent; 1 shows a bar, 2 a line per epoch.
    **kwargs : dict
        Parameters of the build function, plain or with the prefix ``model__``, and of
        others with ``optimizer__``, ``loss__``, ``metrics__``, ``compile__``,
        ``fit__``, ``predict__`` and ``callbacks__``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or (n_labels, 2)
        The classes, sorted; for a multilabel target those of each label, 0 and 1.
    n_classes_ : int
        How many there are.
    n_features_in_ : int
        Values in a row.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had names that are strings.
    history_ : dict of str to list of float
        Loss, metrics, ``val_*`` and learning rate after every epoch.
    model_ : keras.Model
        The fitted network.
    trainer_ : {"engine", "keras"}
        Who has trained it.

    See Also
    --------
    DNNClassifier : Without a network of your own.

    Examples
    --------
    >>> import keras
    >>> from sklearn.datasets import load_iris
    >>> from skdeep import KerasClassifier
    >>> def build(meta, units=8):
    ...     rows = keras.Input((meta["n_features_in_"],))
    ...     hidden = keras.layers.Dense(units, activation="relu")(rows)
    ...     outputs = keras.layers.Dense(3, activation="softmax")(hidden)
    ...     return keras.Model(rows, outputs)
    >>> X, y = load_iris(return_X_y=True)
    >>> net = KerasClassifier(build, units=16, optimizer="adam", epochs=100,
    ...                       optimizer__learning_rate=0.01, random_state=0)
    >>> net.fit(X, y).score(X, y) > 0.9
    True
    """

    _parameter_constraints = {
        **CONSTRAINTS,
        "calibration": [StrOptions({"temperature"}), None],
        "class_weight": "no_validation",
    }

    def __init__(
        self,
        model: Any = None,
        *,
        build_fn: Any = None,
        loss: Any = None,
        optimizer: Any = None,
        metrics: Any = None,
        epochs: int = 1,
        batch_size: int | None = None,
        validation_split: float = 0.0,
        validation_batch_size: int | None = None,
        callbacks: Any = None,
        calibration: Any = None,
        class_weight: Any = None,
        early_stopping: bool | str = False,
        patience: int = 10,
        min_delta: float = 0.0,
        monitor: Any = "auto",
        monitor_mode: str = "auto",
        validation_fraction: float = 0.1,
        warm_start: bool = False,
        random_state: Any = None,
        shuffle: bool = True,
        run_eagerly: bool = False,
        jit_compile: bool | str = "auto",
        verbose: Any = 0,
        **kwargs: Any,
    ) -> None:
        self.model = model
        self.build_fn = build_fn
        self.loss = loss
        self.optimizer = optimizer
        self.metrics = metrics
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation_split = validation_split
        self.validation_batch_size = validation_batch_size
        self.callbacks = callbacks
        self.calibration = calibration
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.patience = patience
        self.min_delta = min_delta
        self.monitor = monitor
        self.monitor_mode = monitor_mode
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.random_state = random_state
        self.shuffle = shuffle
        self.run_eagerly = run_eagerly
        self.jit_compile = jit_compile
        self.verbose = verbose
        vars(self).update(kwargs)

    @property
    def n_classes_(self):
        """How many classes there are, or what an encoder of the user's says."""
        told = self._encoder_metadata().get("n_classes_")
        return len(self.classes_) if told is None else told

    def _first_classes(self, classes):
        return None if classes is None else super()._first_classes(classes)

    def _with_class_weight(self, weight, head, y):
        if isinstance(head, EncodedHead):
            return super()._with_class_weight(weight, head, y)
        given = getattr(self, "_call", {}).get("class_weight", self.class_weight)
        return combined(weight, class_weights(given, head.classes, y))


class KerasRegressor(
    NumbersWithArguments, ShapedTargets, NetworkRegressor, KerasEstimator
):
    """Regress with a Keras network of your own.

    The network is trained by the same compiled program as ``DNNRegressor``, from
    initial weights that ``random_state`` seeds, or by Keras itself where it has to be:
    ``trainer_`` says which. A grid over ``optimizer__learning_rate`` compiles once.

    Parameters
    ----------
    model : keras.Model, function or class, default=None
        The network: an object, which is never trained itself, or what makes one. A
        function gets the parameters that it names, and ``meta``, a dict of what is
        known of the data (``n_features_in_``, ``X_shape_``, ``n_outputs_expected_``,
        ``target_type_``, ...), and ``compile_kwargs`` if it asks for them.
    build_fn : function or class, default=None
        Another name of ``model``.
    loss : str, Keras loss, class or callable, default=None
        None is that of a compiled model, else the squared error.
    optimizer : str, Keras optimizer or class, default=None
        None is that of a compiled model, else "rmsprop". ``optimizer__learning_rate``
        and others with the prefix are its arguments.
    metrics : str, Keras metric, class, callable or list of them, default=None
        None is those of a compiled model, else none.
    epochs : int, default=1
        Passes over the training rows; the most there will be with early stopping.
    batch_size : int, default=None
        Rows per update; None is 32, -1 all rows.
    validation_split : float, default=0.0
        Share of the rows, the last ones, to evaluate after every epoch.
    validation_batch_size : int, default=None
        Without effect: losses are means over all rows however they are batched.
    callbacks : Keras callback, class, or list or dict of them, default=None
        Classes get what has the prefix ``callbacks__``. Every fit works on fresh
        copies.
    early_stopping : bool or "watch", default=False
        Stop when ``monitor`` no longer improves, and keep the best weights. Watches
        ``X_val``, or ``validation_split``, or a seeded, shuffled part of the rows;
        "watch" does nothing but that: all epochs are trained, and the last weights
        kept.
    patience : int, default=10
        Epochs without improvement before stopping.
    min_delta : float, default=0.0
        Smaller improvements do not count.
    monitor : str, default="auto"
        A column of ``history_``; "auto" is "val_loss".
    monitor_mode : {"auto", "min", "max"}, default="auto"
        Whether less or more of it is better; inferred from the name by default.
    validation_fraction : float, default=0.1
        Share of the rows that early stopping watches when there are no others.
    quantile : float, default=None
        Predict this quantile by the pinball loss, whatever a compiled model has.
    quantiles : tuple of float, default=None
        Predict these quantiles and the median; the model needs an output unit for each
        of them, those of the first target first: ``meta["n_outputs_expected_"]``. They
        are sorted in predictions; ``model_`` is your network, and does not sort.
    normalize_y : bool, default=False
        Train on the target minus its mean, divided by its deviation; predictions come
        back in its units.
    warm_start : bool, default=False
        Go on from the last fit: weights, optimizer, epoch count and history.
    random_state : int, RandomState instance or None, default=None
        Seeds initial weights of what a function builds, row orders and dropout; nothing
        global is seeded.
    shuffle : bool, default=True
        Visit the rows in a new order in every epoch.
    run_eagerly : bool, default=False
        Let Keras train, one operation after the other; for debugging.
    jit_compile : bool or "auto", default="auto"
        Compile with XLA. "auto" does so, but not for convolutions, layers of your own,
        and recurrent layers where there is a GPU.
    verbose : {0, 1, 2}, default=0
        0 is silent; 1 shows a bar, 2 a line per epoch.
    **kwargs : dict
        Parameters of the build function, plain or with the prefix ``model__``, and of
        others with ``optimizer__``, ``loss__``, ``metrics__``, ``compile__``,
        ``fit__``, ``predict__`` and ``callbacks__``.

    Attributes
    ----------
    n_features_in_ : int
        Values in a row.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had names that are strings.
    history_ : dict of str to list of float
        Loss, metrics, ``val_*`` and learning rate after every epoch.
    model_ : keras.Model
        The fitted network.
    trainer_ : {"engine", "keras"}
        Who has trained it.

    See Also
    --------
    DNNRegressor : Without a network of your own.

    Examples
    --------
    >>> import keras
    >>> from sklearn.datasets import load_diabetes
    >>> from skdeep import KerasRegressor
    >>> def build(units=8):
    ...     layers = keras.layers
    ...     return keras.Sequential([layers.Dense(units, "relu"), layers.Dense(1)])
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = KerasRegressor(build, optimizer="adam", normalize_y=True, epochs=100,
    ...                      optimizer__learning_rate=0.01, random_state=0)
    >>> net.fit(X, y).score(X, y) > 0.5
    True
    """

    _parameter_constraints = {
        **CONSTRAINTS,
        "quantile": "no_validation",
        "quantiles": "no_validation",
        "normalize_y": ["boolean"],
    }

    def __init__(
        self,
        model: Any = None,
        *,
        build_fn: Any = None,
        loss: Any = None,
        optimizer: Any = None,
        metrics: Any = None,
        epochs: int = 1,
        batch_size: int | None = None,
        validation_split: float = 0.0,
        validation_batch_size: int | None = None,
        callbacks: Any = None,
        early_stopping: bool | str = False,
        patience: int = 10,
        min_delta: float = 0.0,
        monitor: Any = "auto",
        monitor_mode: str = "auto",
        validation_fraction: float = 0.1,
        quantile: Any = None,
        quantiles: Any = None,
        normalize_y: Any = False,
        warm_start: bool = False,
        random_state: Any = None,
        shuffle: bool = True,
        run_eagerly: bool = False,
        jit_compile: bool | str = "auto",
        verbose: Any = 0,
        **kwargs: Any,
    ) -> None:
        self.model = model
        self.build_fn = build_fn
        self.loss = loss
        self.optimizer = optimizer
        self.metrics = metrics
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation_split = validation_split
        self.validation_batch_size = validation_batch_size
        self.callbacks = callbacks
        self.early_stopping = early_stopping
        self.patience = patience
        self.min_delta = min_delta
        self.monitor = monitor
        self.monitor_mode = monitor_mode
        self.validation_fraction = validation_fraction
        self.quantile = quantile
        self.quantiles = quantiles
        self.normalize_y = normalize_y
        self.warm_start = warm_start
        self.random_state = random_state
        self.shuffle = shuffle
        self.run_eagerly = run_eagerly
        self.jit_compile = jit_compile
        self.verbose = verbose
        vars(self).update(kwargs)

    def _output(self):
        params = routed(self.get_params(deep=False), "loss")
        return number_output(self.loss, params, self.quantile, self.quantiles)
