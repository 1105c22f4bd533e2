"""Networks for tables as they come: mixed columns, missing values, text, dates.

They prepare the rows and are then fully connected networks. The constructors, and what
the docstrings say of parameters and attributes, are written by
``scripts/write_parameters.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from skdeep.data._features import refuse_datasets
from skdeep.estimators._auto import FEWEST_ROWS_FOR_MEMBERS
from skdeep.estimators._classifier import NetworkClassifier
from skdeep.estimators._dnn import TableNetwork
from skdeep.estimators._parameters import CONSTRAINTS
from skdeep.estimators._regressor import NetworkRegressor
from skdeep.estimators._table_columns import check_table
from skdeep.estimators._table_preprocessor import fitted_preprocessor
from skdeep.export._described_transformer import described_transformer


class RawTableNetwork(TableNetwork):
    """Rows of a table of any columns, made numbers by ``preprocessor_``."""

    _fewest_rows_to_stop = FEWEST_ROWS_FOR_MEMBERS
    _takes_chunks = False  # a preprocessor wants a table

    def _training_data(self, X, y, sample_weight, continuing, classes, groups=None):
        if not continuing and y is not None:
            refuse_datasets(X, "X")
            self._fit_preprocessor(check_table(self, X, reset=True), y)
        return super()._training_data(X, y, sample_weight, continuing, classes, groups)

    def _fit_preprocessor(self, X, y):
        """Fit what makes numbers of the table. Sets: ``preprocessor_``."""
        if self.preprocessor is None:
            self.preprocessor_ = fitted_preprocessor(X)
        else:
            self.preprocessor_ = clone(self.preprocessor).fit(X, y)

    def _check_X(self, X, *, reset):
        """Make numbers of a table, and in fit look at which of them to embed.

        Sets in fit: ``is_embedded_`` and how many inputs the network has.
        """
        table = check_table(self, X, reset=False)
        rows = check_array(
            self.preprocessor_.transform(table),
            accept_sparse="csr",
            dtype=[np.dtype(self._float_dtype)],
            estimator=self,
        )
        if reset:
            self._n_inputs = rows.shape[1]
            self._choose_embedded(rows, self._input_names())
        return rows

    def _input_shape(self):
        return (self._n_inputs,)

    def _input_names(self):
        """The names of the network's inputs, if the preprocessor knows them."""
        known = getattr(self.preprocessor_, "get_feature_names_out", None)
        return None if known is None else known()

    def get_feature_names_out(self):
        """Return the names of the columns that the network sees.

        Returns
        -------
        ndarray of str
            Numbers keep their names, categories are "column_category", and
            "missingindicator_column" says where a number is missing.
        """
        check_is_fitted(self)
        return np.asarray(self.preprocessor_.get_feature_names_out(), dtype=object)

    def _described_inputs(self):
        return self._input_names(), described_transformer(self.preprocessor_)

    def __sklearn_tags__(self):
        """What scikit-learn asks about the estimator."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


class TabularClassifier(NetworkClassifier, RawTableNetwork):
    """Classify the rows of a table as it is.

    A DataFrame of pandas or polars, or an array, goes in without preparation: numbers,
    booleans, text, categories and dates, missing values in any of them. Inside,
    transformers of scikit-learn make numbers of the columns (see ``preprocessor_``):
    numbers are standardised, those with heavy tails bent; missing ones get the median
    and an indicator; categories become columns, rare and unknown ones share one; dates
    become days and their place in year, week and day. Then several networks with
    embeddings of the numbers are trained on different rows, each stopped early by the
    others, and averaged.

    Parameters
    ----------
    hidden_layer_sizes : int or tuple of int, default=(128, 128)
        Units of each hidden layer; ``()`` makes a linear model. Widen or deepen when
        the training loss stays high, narrow when only the validation loss does.
    n_layers : int, default=None
        Number of hidden layers of ``units`` each, in place of ``hidden_layer_sizes``:
        for searches that vary depth and width.
    units : int, default=None
        Units of each of ``n_layers`` hidden layers. Of the two, one alone has the other
        from the default of ``hidden_layer_sizes``.
    activation : str, Keras layer, callable or tuple of them, default="relu"
        Of the hidden layers, or one for each in their order: any Keras name ("tanh",
        "sigmoid", "leaky_relu", "elu", ...), "maxout", a function, or a layer without
        weights. The output activation follows from the target.
    activation_params : dict or tuple of dict, default=None
        Parameters of an activation given by name: ``negative_slope`` of "leaky_relu",
        ``alpha`` of "elu", ``n_pieces`` of "maxout" (2 by default); or those of each
        layer, None for none.
    kernel_initializer : str, Keras initializer or callable, default="glorot_uniform"
        How weights are drawn; "he_normal" suits deep relu networks.
    batch_normalization : bool, "after" or tuple of them, default=False
        Normalise every layer but the output over the batch, between the weights (then
        without bias) and the activation, or "after" the activation; or one value for
        each in their order. Helps deep networks and large learning rates.
    input_dropout : float, default=0.0
        Share of the inputs set to zero in each update; for many redundant features.
    dropout : float, sequence of float or "auto", default="auto"
        Share of each hidden layer's outputs set to zero in each update: one rate, or
        one per hidden layer; "auto" is 0.15 behind layers of at least 64 units, in fits
        of at least 200 rows. Raise it when the validation loss rises while the training
        loss falls. Source: Srivastava et al. (2014), JMLR 15.
    l1 : float or sequence of float, default=0.0
        Penalty ``l1 * sum(abs(w))`` on the kernels of all layers but the output (on the
        output when it is the only one); makes weights exactly small. Or one number for
        each layer in their order; one more is for the output.
    l2 : float or sequence of float, default=0.0
        Penalty ``l2 * sum(w ** 2)`` on the same kernels, or one per layer.
    activity_l1 : float, default=0.0
        Penalty on the mean over rows of ``sum(abs(outputs))`` of the same layers; makes
        activations sparse.
    max_norm : float, default=None
        Largest norm of the weights into one unit, enforced after every update.
    numeric_embedding : {"auto", "periodic", "piecewise_linear"} or None, default="auto"
        Functions of every numeric feature that the network sees with the feature:
        learned linear maps of "periodic" waves of learned frequencies, or of how full
        the bins between quantiles are. "auto" is "periodic" in a first fit of 1,000
        rows or more; with fewer it harms. Scale X. Sources: Gorishniy et al. (2022),
        arXiv 2203.05556; Holzmüller et al. (2024), arXiv 2407.04491.
    numeric_features : "auto", "all" or array-like of bool, int or str, default="auto"
        The features that ``numeric_embedding`` embeds: a mask, numbers or names of
        columns. "auto" are those with more than two different values in the first rows
        that are fitted, so that indicators stay as they are.
    embedding_terms : int, default=16
        Waves or bins per feature.
    embedding_size : int, default=4
        Numbers that an embedded feature becomes, itself among them.
    embedding_sigma : float, default=0.1
        Deviation of the frequencies at the start, in waves per unit of X; raise it
        where the target changes within small differences of a feature.
    optimizer : str, Keras optimizer or class of one, default="adam"
        Any Keras optimizer, by name or as a class. An instance carries its own
        settings, is copied, and excludes the parameters below up to
        ``optimizer_params``.
    learning_rate : float or Keras schedule, default=0.001
        Step size. Lower it by tens when the loss jumps or diverges, raise it when it
        crawls.
    decay : float, default=0.0
        The rate becomes ``learning_rate / (1 + decay * update)``.
    schedule : str, default="constant"
        What the rate is multiplied by over the share t of the planned ``epochs``:
        "constant" is 1, "linear" 1 - t, "cosine" (1 + cos(pi t)) / 2, "coslog4" four
        cosine cycles of doubling length (RealMLP, arXiv 2407.04491), "one_cycle" a rise
        over 30 % of the epochs and a long fall (arXiv 1708.07120); ``learning_rate`` is
        the largest rate. Early stopping leaves the plan as it is; every fit that goes
        on by ``warm_start`` begins a plan of its own; ``partial_fit`` counts its epochs
        and begins anew behind every ``epochs`` of them. Worth a trial where the last
        epochs jump, often with a larger rate.
    momentum : float, default=0.0
        For optimizers that have it ("sgd", "rmsprop"); 0.9 is usual.
    nesterov : bool, default=False
        Nesterov momentum, for "sgd".
    clipnorm : float, default=None
        Largest norm of each gradient; against divergence.
    clipvalue : float, default=None
        Largest absolute value of each entry of a gradient.
    weight_decay : float, default=None
        Every update takes this share of the weights, times the rate, from them, apart
        from the gradient; for any optimizer. None is the optimizer's own: 0.004 for
        "adamw", none for most. Against overfitting, with values of 1e-4 to 1e-1.
        Source: Loshchilov and Hutter (2019), arXiv 1711.05101.
    optimizer_params : dict, default=None
        Further arguments of the Keras optimizer: rho, beta_1, beta_2, amsgrad, epsilon,
        global_clipnorm, use_ema, ...
    loss : str, Keras loss or callable, default="auto"
        "auto" is cross-entropy, binary or categorical as the target demands. Any Keras
        loss otherwise ("binary_focal_crossentropy", "mean_squared_error", ...); one
        that cannot fit the target is refused.
    loss_params : dict, default=None
        Arguments of a loss given by name, such as ``delta`` of Huber's or ``quantile``.
        Better than a Keras object with arguments: scikit-learn's ``clone`` copies it by
        its configuration, from which Keras leaves out Huber's ``delta``.
    label_smoothing : float, default=0.0
        Share of a label that cross-entropies spread over all classes, so that the
        network is never quite sure. It can raise the accuracy where labels are wrong
        now and then, and makes probabilities worse. Source: Szegedy et al. (2016),
        arXiv 1512.00567.
    metrics : str, Keras metric, callable, list of them, or None, default="auto"
        Recorded in ``history_`` under their Keras names; "auto" is accuracy.
    epochs : int, default=100
        Passes over the training rows; the most there will be with early stopping.
    batch_size : int, "auto" or None, default=32
        Rows per update; -1, or a number of at least n_samples, makes every update see
        all rows. "auto" is ``min(200, n_samples)`` as in scikit-learn's MLP, None is 32
        as in Keras.
    shuffle : bool, default=True
        Visit the rows in a new order in every epoch.
    early_stopping : bool, "auto" or "watch", default="auto"
        Stop when ``monitor`` no longer improves, and keep the best weights. "auto" does
        so from 200 training rows on, and never in ``partial_fit``. Watches ``X_val`` if
        fit gets it, else a seeded, shuffled, stratified part of the training rows;
        "watch" does nothing but that: all epochs are trained, and the last weights
        kept.
    patience : int, default=10
        Epochs without improvement before stopping.
    min_delta : float, default=0.0
        Smaller improvements do not count.
    monitor : str or callable, default="auto"
        A column of ``history_``, "auto" is "val_loss"; or a scorer of scikit-learn, by
        name or as a callable ``(estimator, X, y)``: rows to validate on are scored
        after every epoch, more is better, and ``history_`` has the scores under the
        name of the scorer or of its function with ``val_`` in front. With
        ``calibration`` also "val_calibrated_loss", the loss on these rows behind the
        temperature that is best for them.
    monitor_mode : {"auto", "min", "max"}, default="auto"
        Whether less or more of it is better; inferred from the name by default, and
        known of scorers.
    validation_fraction : float, default=0.1
        Share of the rows that early stopping watches when fit gets no ``X_val``;
        without early stopping and calibration no rows are held out. A class with too
        few rows to have some on both sides keeps them to train on.
    calibration : "temperature" or None, default=None
        Divide the logits of predictions by the number that gives the rows held out the
        smallest cross-entropy, so that probabilities say how often they are right.
        Takes ``X_val`` if fit gets it, else the rows of early stopping, which are held
        out then in any case. Classes stay as predicted. Source: Guo et al. (2017), ICML
        70.
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weight per class, multiplied into the sample weights; "balanced" weighs classes
        inversely to their frequency. Labels take a list with one dict per column.
    n_members : int, default=8
        Networks to train from different seeds, with early stopping each with its own
        rows held out; probabilities or values are averaged. They run side by side in
        threads, or one after the other where ``callbacks`` or ``verbose`` look at them;
        each gets copies of the callbacks. The first is the one of ``n_members=1``. 4 to
        8 nearly always predict better than one. Source: Lakshminarayanan et al. (2017),
        arXiv 1612.01474.
    preprocessor : transformer, default=None
        Makes numbers of the table, in place of the one that ``preprocessor_`` shows
        otherwise: any transformer or Pipeline of scikit-learn, which gets X and y as
        ``fit`` gets them. A copy of it is fitted.
    callbacks : Keras callback, ``OptunaPruning`` or list of them, default=None
        Every fit works on fresh copies, see ``callbacks_``; those of scikit-learn go to
        ``set_callbacks``. A callback that looks at batches makes a fit slower, no
        callback changes its results but on purpose.
    warm_start : bool, default=False
        Go on from the last fit: weights, optimizer, epoch count and history.
    random_state : int, RandomState instance or None, default=None
        Seeds initial weights, row orders, dropout and the rows held out. An int gives
        the same bits in every fit, thread and process of a machine; wide layers and
        other dtypes than float32 need the same number of threads for that, see "What is
        promised" in the documentation.
    dtype : {"float32", "float64", "mixed_bfloat16"}, default="float32"
        Of weights and arithmetic; float64 for exactness, mixed_bfloat16 for hardware
        that has it.
    jit_compile : bool or "auto", default="auto"
        Compile with XLA. "auto" does so for dense networks, which gain twentyfold on a
        CPU, and not for convolutions, which lose, nor for fits of at most 1,600 updates
        and half a second, which NumPy trains with nothing to compile, if it has all
        parts of the network. Give True for many short fits of one architecture, False
        for a search over many architectures.
    verbose : {0, 1, 2}, default=0
        0 is silent; 1 shows a bar that moves or, where the output is no terminal, a
        line per tenth of the epochs; 2 prints a line per epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or (n_labels, 2)
        The classes, sorted; for a multilabel target those of each label, 0 and 1.
    n_features_in_ : int
        Features seen in fit.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had names that are strings.
    is_embedded_ : ndarray of bool of shape (n_features,), or None
        The features that ``numeric_embedding`` embeds; None without one.
    preprocessor_ : transformer
        What makes numbers of the table, fitted: a Pipeline of ``TableColumns`` and
        transformers of scikit-learn, or a copy of ``preprocessor``.
    n_outputs_ : int
        Output units of the network.
    n_iter_ : int
        Epochs of the last fit or partial_fit, as in scikit-learn.
    n_epochs_ : int
        Epochs of all fits that went on from each other; as long as ``history_``.
    best_epoch_ : int
        The epoch whose weights are kept, counted from 1 over all fits that went on from
        each other.
    do_early_stopping_ : bool
        Whether the last fit watched rows to stop early.
    history_ : dict of str to list of float
        Loss, metrics, ``val_*`` and learning rate after every epoch, and what callbacks
        have added to the logs.
    callbacks_ : list of Keras callbacks
        The copies that the last fit has used, with what they have gathered; pickles and
        copies of the estimator do without them.
    members_ : list of estimators
        Only with ``n_members`` above 1: each network as a fitted estimator of its own,
        with its history. Then ``n_iter_`` and ``n_epochs_`` are the most that any has,
        ``best_epoch_`` is the rounded mean, ``history_`` the mean over those that were
        still training; ``model_`` averages all.
    interrupted_ : estimator
        Only after Ctrl-C in fit: a fitted estimator with the epochs that were done.
    loss_curve_ : list of float
        The training loss after every epoch.
    temperature_ : float
        What logits are divided by in predictions, ``model_`` and exports, see
        ``calibration``; 1 without.
    model_ : keras.Model
        The network in standard Keras layers.

    Raises
    ------
    ValueError
        In fit, if parameters, data and target do not go together; in predict, if the
        table has other columns than in fit, or in another order.
    skdeep.exceptions.DivergenceError
        In fit, if a loss or a weight becomes infinite or NaN.

    See Also
    --------
    DNNClassifier : One network, for rows of numbers.
    TableColumns : The first step of ``preprocessor_``.

    Examples
    --------
    >>> import pandas as pd
    >>> from skdeep import TabularClassifier
    >>> table = pd.DataFrame(
    ...     {
    ...         "age": [23, None, 51, 38, 62, 29] * 8,
    ...         "city": ["Ulm", "Bonn", None, "Bonn", "Ulm", "Bonn"] * 8,
    ...     }
    ... )
    >>> bought = ["no", "yes", "no", "yes", "no", "yes"] * 8
    >>> net = TabularClassifier(n_members=2, epochs=50, random_state=0)
    >>> net.fit(table, bought).score(table, bought)
    1.0
    >>> [str(name) for name in net.get_feature_names_out()[:3]]
    ['age', 'missingindicator_age', 'city_Bonn']
    """

    _parameter_constraints = CONSTRAINTS["TabularClassifier"]

    def __init__(
        self,
        hidden_layer_sizes: int | ArrayLike = (128, 128),
        *,
        n_layers: int | None = None,
        units: int | None = None,
        activation: str | Callable[..., Any] | ArrayLike = "relu",
        activation_params: dict[Any, Any] | list[Any] | tuple[Any, ...] | None = None,
        kernel_initializer: str | Callable[..., Any] = "glorot_uniform",
        batch_normalization: bool | str | ArrayLike = False,
        input_dropout: float = 0.0,
        dropout: float | str | ArrayLike = "auto",
        l1: float | ArrayLike = 0.0,
        l2: float | ArrayLike = 0.0,
        activity_l1: float = 0.0,
        max_norm: float | None = None,
        numeric_embedding: str | None = "auto",
        numeric_features: str | ArrayLike = "auto",
        embedding_terms: int = 16,
        embedding_size: int = 4,
        embedding_sigma: float = 0.1,
        optimizer: Any = "adam",
        learning_rate: Any = 0.001,
        decay: float = 0.0,
        schedule: str = "constant",
        momentum: float = 0.0,
        nesterov: bool = False,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        weight_decay: float | None = None,
        optimizer_params: dict[Any, Any] | None = None,
        loss: str | Callable[..., Any] = "auto",
        loss_params: dict[Any, Any] | None = None,
        label_smoothing: float = 0.0,
        metrics: str | Callable[..., Any] | list[Any] | tuple[Any, ...] | None = "auto",
        epochs: int = 100,
        batch_size: int | str | None = 32,
        shuffle: bool = True,
        early_stopping: bool | str = "auto",
        patience: int = 10,
        min_delta: float = 0.0,
        monitor: str | Callable[..., Any] = "auto",
        monitor_mode: str = "auto",
        validation_fraction: float = 0.1,
        calibration: str | None = None,
        class_weight: str | dict[Any, Any] | list[Any] | None = None,
        n_members: int = 8,
        preprocessor: Any = None,
        callbacks: Any = None,
        warm_start: bool = False,
        random_state: int | RandomState | None = None,
        dtype: str = "float32",
        jit_compile: bool | str = "auto",
        verbose: bool | int = 0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.n_layers = n_layers
        self.units = units
        self.activation = activation
        self.activation_params = activation_params
        self.kernel_initializer = kernel_initializer
        self.batch_normalization = batch_normalization
        self.input_dropout = input_dropout
        self.dropout = dropout
        self.l1 = l1
        self.l2 = l2
        self.activity_l1 = activity_l1
        self.max_norm = max_norm
        self.numeric_embedding = numeric_embedding
        self.numeric_features = numeric_features
        self.embedding_terms = embedding_terms
        self.embedding_size = embedding_size
        self.embedding_sigma = embedding_sigma
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.decay = decay
        self.schedule = schedule
        self.momentum = momentum
        self.nesterov = nesterov
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.weight_decay = weight_decay
        self.optimizer_params = optimizer_params
        self.loss = loss
        self.loss_params = loss_params
        self.label_smoothing = label_smoothing
        self.metrics = metrics
        self.epochs = epochs
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.patience = patience
        self.min_delta = min_delta
        self.monitor = monitor
        self.monitor_mode = monitor_mode
        self.validation_fraction = validation_fraction
        self.calibration = calibration
        self.class_weight = class_weight
        self.n_members = n_members
        self.preprocessor = preprocessor
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.random_state = random_state
        self.dtype = dtype
        self.jit_compile = jit_compile
        self.verbose = verbose


class TabularRegressor(NetworkRegressor, RawTableNetwork):
    """Predict numbers for the rows of a table as it is.

    A DataFrame of pandas or polars, or an array, goes in without preparation: numbers,
    booleans, text, categories and dates, missing values in any of them. See
    ``TabularClassifier`` for what is done with them. The target is standardised.

    Parameters
    ----------
    hidden_layer_sizes : int or tuple of int, default=(128, 128)
        Units of each hidden layer; ``()`` makes a linear model. Widen or deepen when
        the training loss stays high, narrow when only the validation loss does.
    n_layers : int, default=None
        Number of hidden layers of ``units`` each, in place of ``hidden_layer_sizes``:
        for searches that vary depth and width.
    units : int, default=None
        Units of each of ``n_layers`` hidden layers. Of the two, one alone has the other
        from the default of ``hidden_layer_sizes``.
    activation : str, Keras layer, callable or tuple of them, default="relu"
        Of the hidden layers, or one for each in their order: any Keras name ("tanh",
        "sigmoid", "leaky_relu", "elu", ...), "maxout", a function, or a layer without
        weights. The output activation follows from the target.
    activation_params : dict or tuple of dict, default=None
        Parameters of an activation given by name: ``negative_slope`` of "leaky_relu",
        ``alpha`` of "elu", ``n_pieces`` of "maxout" (2 by default); or those of each
        layer, None for none.
    output_activation : "auto" or the name of a Keras activation, default="auto"
        What predictions go through: "softplus", "exponential", "squareplus" or "relu"
        keep them above 0, "sigmoid" or "hard_sigmoid" between 0 and 1, "tanh" or
        "softsign" between -1 and 1, "linear" lets them be any number. "auto" is
        "exponential" for "poisson", "gamma" and "tweedie", else "linear". Targets are
        trained on in their units then: ``normalize_y="auto"`` leaves them alone.
    kernel_initializer : str, Keras initializer or callable, default="glorot_uniform"
        How weights are drawn; "he_normal" suits deep relu networks.
    batch_normalization : bool, "after" or tuple of them, default=False
        Normalise every layer but the output over the batch, between the weights (then
        without bias) and the activation, or "after" the activation; or one value for
        each in their order. Helps deep networks and large learning rates.
    input_dropout : float, default=0.0
        Share of the inputs set to zero in each update; for many redundant features.
    dropout : float, sequence of float or "auto", default="auto"
        Share of each hidden layer's outputs set to zero in each update: one rate, or
        one per hidden layer; "auto" is 0.15 behind layers of at least 64 units, in fits
        of at least 200 rows. Raise it when the validation loss rises while the training
        loss falls. Source: Srivastava et al. (2014), JMLR 15.
    l1 : float or sequence of float, default=0.0
        Penalty ``l1 * sum(abs(w))`` on the kernels of all layers but the output (on the
        output when it is the only one); makes weights exactly small. Or one number for
        each layer in their order; one more is for the output.
    l2 : float or sequence of float, default=0.0
        Penalty ``l2 * sum(w ** 2)`` on the same kernels, or one per layer.
    activity_l1 : float, default=0.0
        Penalty on the mean over rows of ``sum(abs(outputs))`` of the same layers; makes
        activations sparse.
    max_norm : float, default=None
        Largest norm of the weights into one unit, enforced after every update.
    numeric_embedding : {"auto", "periodic", "piecewise_linear"} or None, default="auto"
        Functions of every numeric feature that the network sees with the feature:
        learned linear maps of "periodic" waves of learned frequencies, or of how full
        the bins between quantiles are. "auto" is "periodic" in a first fit of 1,000
        rows or more; with fewer it harms. Scale X. Sources: Gorishniy et al. (2022),
        arXiv 2203.05556; Holzmüller et al. (2024), arXiv 2407.04491.
    numeric_features : "auto", "all" or array-like of bool, int or str, default="auto"
        The features that ``numeric_embedding`` embeds: a mask, numbers or names of
        columns. "auto" are those with more than two different values in the first rows
        that are fitted, so that indicators stay as they are.
    embedding_terms : int, default=16
        Waves or bins per feature.
    embedding_size : int, default=4
        Numbers that an embedded feature becomes, itself among them.
    embedding_sigma : float, default=0.1
        Deviation of the frequencies at the start, in waves per unit of X; raise it
        where the target changes within small differences of a feature.
    optimizer : str, Keras optimizer or class of one, default="adam"
        Any Keras optimizer, by name or as a class. An instance carries its own
        settings, is copied, and excludes the parameters below up to
        ``optimizer_params``.
    learning_rate : float or Keras schedule, default=0.001
        Step size. Lower it by tens when the loss jumps or diverges, raise it when it
        crawls.
    decay : float, default=0.0
        The rate becomes ``learning_rate / (1 + decay * update)``.
    schedule : str, default="constant"
        What the rate is multiplied by over the share t of the planned ``epochs``:
        "constant" is 1, "linear" 1 - t, "cosine" (1 + cos(pi t)) / 2, "coslog4" four
        cosine cycles of doubling length (RealMLP, arXiv 2407.04491), "one_cycle" a rise
        over 30 % of the epochs and a long fall (arXiv 1708.07120); ``learning_rate`` is
        the largest rate. Early stopping leaves the plan as it is; every fit that goes
        on by ``warm_start`` begins a plan of its own; ``partial_fit`` counts its epochs
        and begins anew behind every ``epochs`` of them. Worth a trial where the last
        epochs jump, often with a larger rate.
    momentum : float, default=0.0
        For optimizers that have it ("sgd", "rmsprop"); 0.9 is usual.
    nesterov : bool, default=False
        Nesterov momentum, for "sgd".
    clipnorm : float, default=None
        Largest norm of each gradient; against divergence.
    clipvalue : float, default=None
        Largest absolute value of each entry of a gradient.
    weight_decay : float, default=None
        Every update takes this share of the weights, times the rate, from them, apart
        from the gradient; for any optimizer. None is the optimizer's own: 0.004 for
        "adamw", none for most. Against overfitting, with values of 1e-4 to 1e-1.
        Source: Loshchilov and Hutter (2019), arXiv 1711.05101.
    optimizer_params : dict, default=None
        Further arguments of the Keras optimizer: rho, beta_1, beta_2, amsgrad, epsilon,
        global_clipnorm, use_ema, ...
    loss : str, Keras loss or callable, default="auto"
        "auto" is the squared error. Any Keras loss otherwise ("mean_absolute_error",
        "huber", "poisson" with positive predictions, ...), or "quantile", "gaussian",
        "gamma", "tweedie", see "Losses and metrics" in the documentation.
    loss_params : dict, default=None
        Arguments of a loss given by name, such as ``delta`` of Huber's or ``quantile``.
        Better than a Keras object with arguments: scikit-learn's ``clone`` copies it by
        its configuration, from which Keras leaves out Huber's ``delta``.
    quantile : float, default=None
        Predict this quantile of the target instead of its mean, by the pinball loss;
        0.9 for a number that nine of ten targets stay below.
    quantiles : tuple of float, default=None
        Predict these quantiles and the median by one network, with an output for each:
        (0.05, 0.5, 0.95) for intervals of 90 %, see ``predict_interval``. They never
        cross, and ``predict`` answers with the median.
    metrics : str, Keras metric, callable, list of them, or None, default="auto"
        Recorded in ``history_`` under their Keras names; "auto" is none besides the
        loss.
    epochs : int, default=100
        Passes over the training rows; the most there will be with early stopping.
    batch_size : int, "auto" or None, default=32
        Rows per update; -1, or a number of at least n_samples, makes every update see
        all rows. "auto" is ``min(200, n_samples)`` as in scikit-learn's MLP, None is 32
        as in Keras.
    shuffle : bool, default=True
        Visit the rows in a new order in every epoch.
    early_stopping : bool, "auto" or "watch", default="auto"
        Stop when ``monitor`` no longer improves, and keep the best weights. "auto" does
        so from 200 training rows on, and never in ``partial_fit``. Watches ``X_val`` if
        fit gets it, else a seeded, shuffled, part of the training rows; "watch" does
        nothing but that: all epochs are trained, and the last weights kept.
    patience : int, default=10
        Epochs without improvement before stopping.
    min_delta : float, default=0.0
        Smaller improvements do not count.
    monitor : str or callable, default="auto"
        A column of ``history_``, "auto" is "val_loss"; or a scorer of scikit-learn, by
        name or as a callable ``(estimator, X, y)``: rows to validate on are scored
        after every epoch, more is better, and ``history_`` has the scores under the
        name of the scorer or of its function with ``val_`` in front. With
        ``calibration`` also "val_calibrated_loss", the loss on these rows behind the
        temperature that is best for them.
    monitor_mode : {"auto", "min", "max"}, default="auto"
        Whether less or more of it is better; inferred from the name by default, and
        known of scorers.
    validation_fraction : float, default=0.1
        Share of the rows that early stopping watches when fit gets no ``X_val``;
        without early stopping and calibration no rows are held out. A class with too
        few rows to have some on both sides keeps them to train on.
    normalize_y : bool or "auto", default="auto"
        Train on the target minus its mean, divided by its deviation; predictions come
        back in its units, and metrics are measured in them; the loss is not. "auto"
        does so for losses that ask only how far a prediction is off (squared and
        absolute error, "huber", "log_cosh", "quantile", "gaussian"), and leaves the
        target alone for others, such as "poisson" and own functions. For "gamma" and
        "tweedie" it only divides by the mean.
    n_members : int, default=8
        Networks to train from different seeds, with early stopping each with its own
        rows held out; probabilities or values are averaged. They run side by side in
        threads, or one after the other where ``callbacks`` or ``verbose`` look at them;
        each gets copies of the callbacks. The first is the one of ``n_members=1``. 4 to
        8 nearly always predict better than one. Source: Lakshminarayanan et al. (2017),
        arXiv 1612.01474.
    preprocessor : transformer, default=None
        Makes numbers of the table, in place of the one that ``preprocessor_`` shows
        otherwise: any transformer or Pipeline of scikit-learn, which gets X and y as
        ``fit`` gets them. A copy of it is fitted.
    callbacks : Keras callback, ``OptunaPruning`` or list of them, default=None
        Every fit works on fresh copies, see ``callbacks_``; those of scikit-learn go to
        ``set_callbacks``. A callback that looks at batches makes a fit slower, no
        callback changes its results but on purpose.
    warm_start : bool, default=False
        Go on from the last fit: weights, optimizer, epoch count and history.
    random_state : int, RandomState instance or None, default=None
        Seeds initial weights, row orders, dropout and the rows held out. An int gives
        the same bits in every fit, thread and process of a machine; wide layers and
        other dtypes than float32 need the same number of threads for that, see "What is
        promised" in the documentation.
    dtype : {"float32", "float64", "mixed_bfloat16"}, default="float32"
        Of weights and arithmetic; float64 for exactness, mixed_bfloat16 for hardware
        that has it.
    jit_compile : bool or "auto", default="auto"
        Compile with XLA. "auto" does so for dense networks, which gain twentyfold on a
        CPU, and not for convolutions, which lose, nor for fits of at most 1,600 updates
        and half a second, which NumPy trains with nothing to compile, if it has all
        parts of the network. Give True for many short fits of one architecture, False
        for a search over many architectures.
    verbose : {0, 1, 2}, default=0
        0 is silent; 1 shows a bar that moves or, where the output is no terminal, a
        line per tenth of the epochs; 2 prints a line per epoch.

    Attributes
    ----------
    n_features_in_ : int
        Features seen in fit.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had names that are strings.
    is_embedded_ : ndarray of bool of shape (n_features,), or None
        The features that ``numeric_embedding`` embeds; None without one.
    preprocessor_ : transformer
        What makes numbers of the table, fitted: a Pipeline of ``TableColumns`` and
        transformers of scikit-learn, or a copy of ``preprocessor``.
    n_outputs_ : int
        Output units of the network.
    n_iter_ : int
        Epochs of the last fit or partial_fit, as in scikit-learn.
    n_epochs_ : int
        Epochs of all fits that went on from each other; as long as ``history_``.
    best_epoch_ : int
        The epoch whose weights are kept, counted from 1 over all fits that went on from
        each other.
    do_early_stopping_ : bool
        Whether the last fit watched rows to stop early.
    history_ : dict of str to list of float
        Loss, metrics, ``val_*`` and learning rate after every epoch, and what callbacks
        have added to the logs.
    callbacks_ : list of Keras callbacks
        The copies that the last fit has used, with what they have gathered; pickles and
        copies of the estimator do without them.
    members_ : list of estimators
        Only with ``n_members`` above 1: each network as a fitted estimator of its own,
        with its history. Then ``n_iter_`` and ``n_epochs_`` are the most that any has,
        ``best_epoch_`` is the rounded mean, ``history_`` the mean over those that were
        still training; ``model_`` averages all.
    interrupted_ : estimator
        Only after Ctrl-C in fit: a fitted estimator with the epochs that were done.
    loss_curve_ : list of float
        The training loss after every epoch.
    model_ : keras.Model
        The network in standard Keras layers.

    Raises
    ------
    ValueError
        In fit, if parameters, data and target do not go together; in predict, if the
        table has other columns than in fit, or in another order.
    skdeep.exceptions.DivergenceError
        In fit, if a loss or a weight becomes infinite or NaN.

    See Also
    --------
    DNNRegressor : One network, for rows of numbers.
    TableColumns : The first step of ``preprocessor_``.

    Examples
    --------
    >>> import pandas as pd
    >>> from skdeep import TabularRegressor
    >>> table = pd.DataFrame(
    ...     {
    ...         "rooms": [3, 5, None, 2, 4, 6] * 8,
    ...         "heating": ["gas", "oil", "gas", None, "gas", "oil"] * 8,
    ...     }
    ... )
    >>> price = [210_000, 350_000, 270_000, 150_000, 280_000, 420_000] * 8
    >>> net = TabularRegressor(n_members=2, random_state=0).fit(table, price)
    >>> net.score(table, price) > 0.9
    True
    """

    _parameter_constraints = CONSTRAINTS["TabularRegressor"]

    def __init__(
        self,
        hidden_layer_sizes: int | ArrayLike = (128, 128),
        *,
        n_layers: int | None = None,
        units: int | None = None,
        activation: str | Callable[..., Any] | ArrayLike = "relu",
        activation_params: dict[Any, Any] | list[Any] | tuple[Any, ...] | None = None,
        output_activation: str = "auto",
        kernel_initializer: str | Callable[..., Any] = "glorot_uniform",
        batch_normalization: bool | str | ArrayLike = False,
        input_dropout: float = 0.0,
        dropout: float | str | ArrayLike = "auto",
        l1: float | ArrayLike = 0.0,
        l2: float | ArrayLike = 0.0,
        activity_l1: float = 0.0,
        max_norm: float | None = None,
        numeric_embedding: str | None = "auto",
        numeric_features: str | ArrayLike = "auto",
        embedding_terms: int = 16,
        embedding_size: int = 4,
        embedding_sigma: float = 0.1,
        optimizer: Any = "adam",
        learning_rate: Any = 0.001,
        decay: float = 0.0,
        schedule: str = "constant",
        momentum: float = 0.0,
        nesterov: bool = False,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        weight_decay: float | None = None,
        optimizer_params: dict[Any, Any] | None = None,
        loss: str | Callable[..., Any] = "auto",
        loss_params: dict[Any, Any] | None = None,
        quantile: float | None = None,
        quantiles: ArrayLike | None = None,
        metrics: str | Callable[..., Any] | list[Any] | tuple[Any, ...] | None = "auto",
        epochs: int = 100,
        batch_size: int | str | None = 32,
        shuffle: bool = True,
        early_stopping: bool | str = "auto",
        patience: int = 10,
        min_delta: float = 0.0,
        monitor: str | Callable[..., Any] = "auto",
        monitor_mode: str = "auto",
        validation_fraction: float = 0.1,
        normalize_y: bool | str = "auto",
        n_members: int = 8,
        preprocessor: Any = None,
        callbacks: Any = None,
        warm_start: bool = False,
        random_state: int | RandomState | None = None,
        dtype: str = "float32",
        jit_compile: bool | str = "auto",
        verbose: bool | int = 0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.n_layers = n_layers
        self.units = units
        self.activation = activation
        self.activation_params = activation_params
        self.output_activation = output_activation
        self.kernel_initializer = kernel_initializer
        self.batch_normalization = batch_normalization
        self.input_dropout = input_dropout
        self.dropout = dropout
        self.l1 = l1
        self.l2 = l2
        self.activity_l1 = activity_l1
        self.max_norm = max_norm
        self.numeric_embedding = numeric_embedding
        self.numeric_features = numeric_features
        self.embedding_terms = embedding_terms
        self.embedding_size = embedding_size
        self.embedding_sigma = embedding_sigma
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.decay = decay
        self.schedule = schedule
        self.momentum = momentum
        self.nesterov = nesterov
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.weight_decay = weight_decay
        self.optimizer_params = optimizer_params
        self.loss = loss
        self.loss_params = loss_params
        self.quantile = quantile
        self.quantiles = quantiles
        self.metrics = metrics
        self.epochs = epochs
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.patience = patience
        self.min_delta = min_delta
        self.monitor = monitor
        self.monitor_mode = monitor_mode
        self.validation_fraction = validation_fraction
        self.normalize_y = normalize_y
        self.n_members = n_members
        self.preprocessor = preprocessor
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.random_state = random_state
        self.dtype = dtype
        self.jit_compile = jit_compile
        self.verbose = verbose
