"""The table of constructor parameters, and what follows from it.

One row per parameter holds its default, its role, what scikit-learn may accept for it,
and its documentation. ``scripts/write_parameters.py`` writes the constructors, their
docstrings and the documentation's table of roles from here; a test says when it has to
be run. The order of the rows is that of the constructors. A parameter that means
another thing in some estimators has a row for each meaning.

============  ====================================  =======================
role          meaning                               changing it costs
============  ====================================  =======================
architecture  shapes the graph                      a new program
program       how the graph is trained              a new program
variable      a number written into the program     nothing
run           read by Python around the program     nothing
============  ====================================  =======================

A variable that goes from zero to not zero (``dropout``, ``l1``, ...) adds a part to the
graph and costs a program once; ``l1`` and ``l2`` are one part.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from skdeep._sklearn import HasMethods, Interval, Options, StrOptions
from skdeep.keras_objects._schedules import SCHEDULES
from skdeep.networks._output_activation import RANGES

ARCHITECTURE, PROGRAM, VARIABLE, RUN = "architecture", "program", "variable", "run"

RAW_TABLES = frozenset({"TabularClassifier", "TabularRegressor"})
PLAIN_TABLES = frozenset({"DNNClassifier", "DNNRegressor"})
TABLES = PLAIN_TABLES | RAW_TABLES
IMAGES = frozenset({"CNNClassifier", "CNNRegressor"})
SEQUENCES = frozenset({"RNNClassifier", "RNNRegressor"})
ESTIMATORS = TABLES | IMAGES | SEQUENCES
CLASSIFIERS = frozenset(
    {"CNNClassifier", "DNNClassifier", "RNNClassifier", "TabularClassifier"}
)
REGRESSORS = ESTIMATORS - CLASSIFIERS
SHARE_HELD_OUT = 0.1


class NumberInterval(Interval):
    """An interval without True and False, which Python takes for 1 and 0."""

    def is_satisfied_by(self, value: Any) -> bool:
        """Whether the value is a number in the interval."""
        is_number = not isinstance(value, bool | np.bool_)
        return is_number and bool(super().is_satisfied_by(value))


class Schedule(HasMethods):
    """A schedule of Keras, by its methods, so that checking does not import Keras."""

    def __str__(self) -> str:
        """Say what to give in place of a schedule's name."""
        return (
            "a schedule such as keras.optimizers.schedules.CosineDecay(0.001, "
            "decay_steps=1000); schedules by name go to the parameter schedule, such "
            "as schedule='cosine'"
        )


RATE = NumberInterval(Real, 0, 1, closed="left")
NOT_NEGATIVE = NumberInterval(Real, 0, None, closed="left")
POSITIVE = NumberInterval(Real, 0, None, closed="neither")
COUNT = NumberInterval(Integral, 1, None, closed="left")
AT_LEAST_TWO = NumberInterval(Integral, 2, None, closed="left")
AUTO = StrOptions({"auto"})
FLOATS = StrOptions({"float32", "float64", "mixed_bfloat16"})
# By their methods, so that checking does not import Keras.
KERAS_OPTIMIZER = HasMethods(["apply_gradients", "get_config"])
KERAS_SCHEDULE = Schedule(["__call__", "get_config"])
KERAS_CALLBACK = HasMethods(["on_epoch_end", "set_model"])
OWN_CALLBACK = HasMethods(["on_epoch_end", "on_run_end"])


@dataclass(frozen=True, eq=False)
class Parameter:
    """A row of the table."""

    name: str
    default: Any
    role: str  # what a new value costs, see above
    constraints: list[Any]  # in the words of scikit-learn's ``_parameter_constraints``
    type: str  # as the docstring says it, without the default
    text: str  # what it does and when to change it, broken into lines anyhow
    only: frozenset[str] = ESTIMATORS  # the estimators that have it


# One row per parameter: what is checked, what is read, what is said.
# fmt: off

# What the network is made of; networks/_from_parameters.py reads it.
LAYERS = (
    Parameter("units", (32,), ARCHITECTURE, ["array-like", COUNT],
        "int or tuple of int",
        """Units of each recurrent layer, per direction. All but the last hand on their
        outputs at every step.""", only=SEQUENCES),
    Parameter("cell", "lstm", ARCHITECTURE, [StrOptions({"gru", "lstm", "simple"})],
        '{"lstm", "gru", "simple"}',
        """Kind of recurrent layer, as Keras has it. "gru" has three quarters of the
        weights of "lstm"; "simple" forgets within some ten steps.""", only=SEQUENCES),
    Parameter("bidirectional", False, ARCHITECTURE, ["boolean"],
        "bool",
        """Go through the steps from the end as well, with other weights; for sequences
        that are known as a whole, such as texts.""", only=SEQUENCES),
    Parameter("sequence_shape", None, ARCHITECTURE, ["array-like", None],
        "(n_steps, n_features)",
        """Shape of the sequences when X has flat rows, as behind a scaler; one entry
        may be -1. None has a single number, or the number of a thing, per step.""",
        only=SEQUENCES),
    Parameter("mask_value", None, ARCHITECTURE, [Real, None],
        "float",
        """Steps whose values all are this one count as padding, and are left out.
        Sequences of different lengths are padded with it in front.""",
        only=SEQUENCES),
    Parameter("embedding_dim", None, ARCHITECTURE, [COUNT, None],
        "int",
        """X holds numbers of things, such as words: give each thing a vector of this
        many values, which is trained. None for sequences of measurements.""",
        only=SEQUENCES),
    Parameter("vocabulary_size", None, ARCHITECTURE, [COUNT, None],
        "int",
        """With ``embedding_dim``: the things have numbers below this one. None takes
        the largest in fit plus 1.""", only=SEQUENCES),
    Parameter("filters", (32, 64), ARCHITECTURE, ["array-like"],
        "tuple of int or of tuples of int",
        """Filters of each convolution. A tuple in the tuple is a block: its
        convolutions follow each other, with one pooling behind them.""", only=IMAGES),
    Parameter("kernel_size", 3, ARCHITECTURE, [COUNT, "array-like"],
        "int, (int, int) or (int,)",
        """Rows and columns of the convolutions' windows, in pixels; or the steps of
        windows over sequences.""", only=IMAGES),
    Parameter("padding", "same", ARCHITECTURE, [StrOptions({"same", "valid"})],
        '{"same", "valid"}',
        """Of convolutions and poolings: "same" pads, so any image works; "valid" does
        not, so images and sequences shrink.""", only=IMAGES),
    Parameter("pool_size", 2, ARCHITECTURE, [COUNT, "array-like", None],
        "int, None, or one entry per block",
        """Window and stride of the pooling behind each block, in pixels or steps; None
        for none.""", only=IMAGES),
    Parameter("pooling", "max", ARCHITECTURE, [StrOptions({"max", "average"})],
        '{"max", "average"}',
        """Kind of pooling.""", only=IMAGES),
    Parameter("conv_dropout", 0.0, VARIABLE, [RATE, "array-like"],
        "float or sequence of float",
        """Share of each block's outputs, behind its pooling, set to zero in each
        update: one rate, or one per block.""", only=IMAGES),
    Parameter("global_pooling", None, ARCHITECTURE,
        [StrOptions({"max", "average"}), None],
        '{"max", "average"} or None',
        """Reduce every channel to one number behind the last block; None keeps all
        pixels. Far fewer weights, and less overfitting. Source: Lin et al. (2013),
        arXiv 1312.4400.""", only=IMAGES),
    Parameter("image_shape", None, ARCHITECTURE, ["array-like", None],
        "(height, width, channels)",
        """Shape of the images when X has flat rows, as behind a scaler; one entry may
        be -1.""", only=IMAGES),
    Parameter("sequence_shape", None, ARCHITECTURE, ["array-like", None],
        "(n_steps, n_channels)",
        """X has sequences, of shape (n_samples, n_steps, n_channels) or as flat rows,
        and windows go along their steps; one entry may be -1. None for images, unless
        ``kernel_size`` is ``(n_steps,)``.""", only=IMAGES),
    Parameter("hidden_layer_sizes", (128,), ARCHITECTURE, ["array-like", COUNT],
        "int or tuple of int",
        """Units of each hidden layer. Widen or deepen when the training loss stays
        high, narrow when only the validation loss does.""", only=IMAGES),
    Parameter("hidden_layer_sizes", (128, 128), ARCHITECTURE, ["array-like", COUNT],
        "int or tuple of int",
        """Units of each hidden layer; ``()`` makes a linear model. Widen or deepen when
        the training loss stays high, narrow when only the validation loss does.""",
        only=TABLES),
    Parameter("hidden_layer_sizes", (), ARCHITECTURE, ["array-like", COUNT],
        "int or tuple of int",
        """Units of each hidden layer between the recurrent layers and the output.""",
        only=SEQUENCES),
    Parameter("n_layers", None, ARCHITECTURE,
        [NumberInterval(Integral, 0, None, closed="left"), None],
        "int",
        """Number of hidden layers of ``units`` each, in place of
        ``hidden_layer_sizes``: for searches that vary depth and width.""",
        only=TABLES | IMAGES),
    Parameter("units", None, ARCHITECTURE, [COUNT, None],
        "int",
        """Units of each of ``n_layers`` hidden layers. Of the two, one alone has the
        other from the default of ``hidden_layer_sizes``.""",
        only=TABLES | IMAGES),
    Parameter("activation", "relu", ARCHITECTURE, [str, callable],
        "str, Keras layer or callable",
        """Of the hidden layers: any Keras name ("tanh", "sigmoid", "leaky_relu", "elu",
        ...), "maxout", a function, or a layer without weights. Cells have those of
        their formulas, the output activation follows from the target.""",
        only=SEQUENCES),
    Parameter("activation_params", None, ARCHITECTURE, [dict, None],
        "dict",
        """Parameters of an activation given by name: ``negative_slope`` of
        "leaky_relu", ``alpha`` of "elu", ``n_pieces`` of "maxout" (2 by default).""",
        only=SEQUENCES),
    Parameter("activation", "relu", ARCHITECTURE, [str, callable, "array-like"],
        "str, Keras layer, callable or tuple of them",
        """Of the hidden layers, or one for each in their order: any Keras name ("tanh",
        "sigmoid", "leaky_relu", "elu", ...), "maxout", a function, or a layer without
        weights. The output activation follows from the target.""",
        only=TABLES | IMAGES),
    Parameter("activation_params", None, ARCHITECTURE, [dict, list, tuple, None],
        "dict or tuple of dict",
        """Parameters of an activation given by name: ``negative_slope`` of
        "leaky_relu", ``alpha`` of "elu", ``n_pieces`` of "maxout" (2 by default); or
        those of each layer, None for none.""", only=TABLES | IMAGES),
    Parameter("output_activation", "auto", ARCHITECTURE,
        [StrOptions({"auto", *RANGES})],
        '"auto" or the name of a Keras activation',
        """What predictions go through: "softplus", "exponential", "squareplus" or
        "relu" keep them above 0, "sigmoid" or "hard_sigmoid" between 0 and 1, "tanh" or
        "softsign" between -1 and 1, "linear" lets them be any number. "auto" is
        "exponential" for "poisson", "gamma" and "tweedie", else "linear". Targets are
        trained on in their units then: ``normalize_y="auto"`` leaves them alone.""",
        only=REGRESSORS),
    Parameter("kernel_initializer", "glorot_uniform", ARCHITECTURE, [str, callable],
        "str, Keras initializer or callable",
        """How weights are drawn; "he_normal" suits deep relu networks."""),
    Parameter("batch_normalization", False, ARCHITECTURE,
        ["boolean", StrOptions({"after"}), "array-like"],
        'bool, "after" or tuple of them',
        """Normalise every layer but the output over the batch, between the weights
        (then without bias) and the activation, or "after" the activation; or one value
        for each in their order. Helps deep networks and large learning rates.""",
        only=TABLES | IMAGES),
    Parameter("batch_normalization", False, ARCHITECTURE, ["boolean"],
        "bool",
        """Normalise over the batch what the last recurrent layer gives, and every
        hidden layer, there between the weights (then without bias) and the
        activation.""", only=SEQUENCES),
    Parameter("input_dropout", 0.0, VARIABLE, [RATE],
        "float",
        """Share of the inputs set to zero in each update; for many redundant
        features.""", only=TABLES | IMAGES),
    *(
        Parameter("dropout", default, VARIABLE, [RATE, "array-like", AUTO],
            'float, sequence of float or "auto"',
            """Share of each hidden layer's outputs set to zero in each update: one
            rate, or one per hidden layer; "auto" is 0.15 behind layers of at least 64
            units, in fits of at least 200 rows. Raise it when the validation loss rises
            while the training loss falls. Source: Srivastava et al. (2014), JMLR
            15.""", only=kind)
        for default, kind in (("auto", TABLES), (0.0, IMAGES))
    ),
    Parameter("dropout", 0.0, VARIABLE, [RATE, "array-like"],
        "float or sequence of float",
        """Share of each recurrent layer's inputs, the same ones at all steps, and of
        each hidden layer's outputs set to zero in each update: one rate, or one per
        recurrent layer and then one per hidden layer.""", only=SEQUENCES),
    Parameter("recurrent_dropout", 0.0, VARIABLE, [RATE],
        "float",
        """Share of the outputs of the step before that a recurrent layer gets as zeros,
        the same ones at all steps. Source: Gal and Ghahramani (2016), NeurIPS.""",
        only=SEQUENCES),
    Parameter("l1", 0.0, VARIABLE, [NOT_NEGATIVE, "array-like"],
        "float or sequence of float",
        """Penalty ``l1 * sum(abs(w))`` on the kernels of all layers but the output (on
        the output when it is the only one); makes weights exactly small. Or one number
        for each layer in their order; one more is for the output."""),
    Parameter("l2", 0.0, VARIABLE, [NOT_NEGATIVE, "array-like"],
        "float or sequence of float",
        """Penalty ``l2 * sum(w ** 2)`` on the same kernels, or one per layer."""),
    Parameter("activity_l1", 0.0, VARIABLE, [NOT_NEGATIVE],
        "float",
        """Penalty on the mean over rows of ``sum(abs(outputs))`` of the same layers;
        makes activations sparse."""),
    Parameter("max_norm", None, VARIABLE, [POSITIVE, None],
        "float",
        """Largest norm of the weights into one unit, enforced after every update."""),
    *(
        Parameter("numeric_embedding", default, ARCHITECTURE,
            [StrOptions({"auto", "periodic", "piecewise_linear"}), None],
            '{"auto", "periodic", "piecewise_linear"} or None',
            """Functions of every numeric feature that the network sees with the
            feature: learned linear maps of "periodic" waves of learned frequencies, or
            of how full the bins between quantiles are. "auto" is "periodic" in a first
            fit of 1,000 rows or more; with fewer it harms. Scale X. Sources: Gorishniy
            et al. (2022), arXiv 2203.05556; Holzmüller et al. (2024), arXiv
            2407.04491.""", only=kind)
        for default, kind in ((None, PLAIN_TABLES), ("auto", RAW_TABLES))
    ),
    Parameter("numeric_features", "auto", ARCHITECTURE,
        [StrOptions({"auto", "all"}), "array-like"],
        '"auto", "all" or array-like of bool, int or str',
        """The features that ``numeric_embedding`` embeds: a mask, numbers or names of
        columns. "auto" are those with more than two different values in the first rows
        that are fitted, so that indicators stay as they are.""", only=TABLES),
    Parameter("embedding_terms", 16, ARCHITECTURE, [COUNT],
        "int",
        """Waves or bins per feature.""", only=TABLES),
    Parameter("embedding_size", 4, ARCHITECTURE, [AT_LEAST_TWO],
        "int",
        """Numbers that an embedded feature becomes, itself among them.""",
        only=TABLES),
    Parameter("embedding_sigma", 0.1, RUN, [POSITIVE],
        "float",
        """Deviation of the frequencies at the start, in waves per unit of X; raise it
        where the target changes within small differences of a feature.""",
        only=TABLES),
)

# How it is updated; keras_objects/_optimizers.py reads it, and passes what is
# none of its own on to the Keras optimizer by name.
OPTIMIZER = (
    Parameter("optimizer", "adam", PROGRAM, [str, KERAS_OPTIMIZER],
        "str, Keras optimizer or class of one",
        """Any Keras optimizer, by name or as a class. An instance carries its own
        settings, is copied, and excludes the parameters below up to
        ``optimizer_params``."""),
    Parameter("learning_rate", 0.001, VARIABLE, [POSITIVE, KERAS_SCHEDULE],
        "float or Keras schedule",
        """Step size. Lower it by tens when the loss jumps or diverges, raise it when it
        crawls.""", only=TABLES | IMAGES),
    Parameter("learning_rate", 0.005, VARIABLE, [POSITIVE, KERAS_SCHEDULE],
        "float or Keras schedule",
        """Step size. Lower it by tens when the loss jumps or diverges, raise it when it
        crawls. With 0.001, which Keras has for "adam", recurrent networks of few rows
        need hundreds of epochs.""", only=SEQUENCES),
    Parameter("decay", 0.0, VARIABLE, [NOT_NEGATIVE],
        "float",
        """The rate becomes ``learning_rate / (1 + decay * update)``."""),
    Parameter("schedule", "constant", PROGRAM, [StrOptions({"constant", *SCHEDULES})],
        "str",
        """What the rate is multiplied by over the share t of the planned ``epochs``:
        "constant" is 1, "linear" 1 - t, "cosine" (1 + cos(pi t)) / 2,
        "coslog4" four cosine cycles of doubling length (RealMLP, arXiv 2407.04491),
        "one_cycle" a rise over 30 % of the epochs and a long fall (arXiv 1708.07120);
        ``learning_rate`` is the largest rate. Early stopping leaves the plan as it is;
        every fit that goes on by ``warm_start`` begins a plan of its own;
        ``partial_fit`` counts its epochs and begins anew behind every ``epochs`` of
        them. Worth a trial where the last epochs jump, often with a larger rate."""),
    Parameter("momentum", 0.0, PROGRAM, [NumberInterval(Real, 0, 1, closed="both")],
        "float",
        """For optimizers that have it ("sgd", "rmsprop"); 0.9 is usual."""),
    Parameter("nesterov", False, PROGRAM, ["boolean"],
        "bool",
        """Nesterov momentum, for "sgd"."""),
    Parameter("clipnorm", None, PROGRAM, [POSITIVE, None],
        "float",
        """Largest norm of each gradient; against divergence."""),
    Parameter("clipvalue", None, PROGRAM, [POSITIVE, None],
        "float",
        """Largest absolute value of each entry of a gradient."""),
    Parameter("weight_decay", None, VARIABLE, [NOT_NEGATIVE, None],
        "float",
        """Every update takes this share of the weights, times the rate, from them,
        apart from the gradient; for any optimizer. None is the optimizer's own: 0.004
        for "adamw", none for most. Against overfitting, with values of 1e-4 to 1e-1.
        Source: Loshchilov and Hutter (2019), arXiv 1711.05101."""),
    Parameter("optimizer_params", None, PROGRAM, [dict, None],
        "dict",
        """Further arguments of the Keras optimizer: rho, beta_1, beta_2, amsgrad,
        epsilon, global_clipnorm, use_ema, ..."""),
)

# What is minimised and recorded; engine/_objective.py reads it.
OBJECTIVE = (
    Parameter("loss", "auto", PROGRAM, [str, callable],
        "str, Keras loss or callable",
        """"auto" is cross-entropy, binary or categorical as the target demands. Any
        Keras loss otherwise ("binary_focal_crossentropy", "mean_squared_error", ...);
        one that cannot fit the target is refused.""", only=CLASSIFIERS),
    Parameter("loss", "auto", PROGRAM, [str, callable],
        "str, Keras loss or callable",
        """"auto" is the squared error. Any Keras loss otherwise ("mean_absolute_error",
        "huber", "poisson" with positive predictions, ...), or "quantile", "gaussian",
        "gamma", "tweedie", see "Losses and metrics" in the documentation.""",
        only=REGRESSORS),
    Parameter("loss_params", None, PROGRAM, [dict, None],
        "dict",
        """Arguments of a loss given by name, such as ``delta`` of Huber's or
        ``quantile``. Better than a Keras object with arguments: scikit-learn's
        ``clone`` copies it by its configuration, from which Keras leaves out Huber's
        ``delta``."""),
    Parameter("quantile", None, PROGRAM,
        [NumberInterval(Real, 0, 1, closed="neither"), None],
        "float",
        """Predict this quantile of the target instead of its mean, by the pinball loss;
        0.9 for a number that nine of ten targets stay below.""", only=REGRESSORS),
    Parameter("quantiles", None, ARCHITECTURE, ["array-like", None],
        "tuple of float",
        """Predict these quantiles and the median by one network, with an output for
        each: (0.05, 0.5, 0.95) for intervals of 90 %, see ``predict_interval``. They
        never cross, and ``predict`` answers with the median.""", only=REGRESSORS),
    Parameter("label_smoothing", 0.0, PROGRAM, [RATE],
        "float",
        """Share of a label that cross-entropies spread over all classes, so that the
        network is never quite sure. It can raise the accuracy where labels are wrong
        now and then, and makes probabilities worse. Source: Szegedy et al. (2016),
        arXiv 1512.00567.""", only=CLASSIFIERS),
    Parameter("metrics", "auto", PROGRAM, [str, callable, list, tuple, None],
        "str, Keras metric, callable, list of them, or None",
        """Recorded in ``history_`` under their Keras names; "auto" is accuracy.""",
        only=CLASSIFIERS),
    Parameter("metrics", "auto", PROGRAM, [str, callable, list, tuple, None],
        "str, Keras metric, callable, list of them, or None",
        """Recorded in ``history_`` under their Keras names; "auto" is none besides the
        loss.""", only=REGRESSORS),
)

# How the rows are gone through, and who looks on.
TRAINING = (
    Parameter("epochs", 100, RUN, [COUNT],
        "int",
        """Passes over the training rows; the most there will be with early
        stopping."""),
    Parameter("batch_size", 32, PROGRAM,
        [COUNT, Options(Integral, {-1}), StrOptions({"auto"}), None],
        'int, "auto" or None',
        """Rows per update; -1, or a number of at least n_samples, makes every update
        see all rows. "auto" is ``min(200, n_samples)`` as in scikit-learn's MLP, None
        is 32 as in Keras."""),
    Parameter("shuffle", True, RUN, ["boolean"],
        "bool",
        """Visit the rows in a new order in every epoch."""),
    *(
        Parameter("early_stopping", default, RUN,
            ["boolean", StrOptions({"auto", "watch"})],
            'bool, "auto" or "watch"',
            f"""Stop when ``monitor`` no longer improves, and keep the best weights.
            "auto" does so from {fewest} training rows on, and never in ``partial_fit``.
            Watches ``X_val`` if fit gets it, else a seeded, shuffled, {stratified}part
            of the training rows; "watch" does nothing but that: all epochs are trained,
            and the last weights kept.""", only=who & kind)
        for who, stratified in ((CLASSIFIERS, "stratified "), (REGRESSORS, ""))
        for default, kind, fewest in (
            ("auto", PLAIN_TABLES, "1,000"),
            ("auto", RAW_TABLES, "200"),
            (False, ESTIMATORS - TABLES, "1,000"),
        )
    ),
    Parameter("patience", 10, RUN, [COUNT],
        "int",
        """Epochs without improvement before stopping."""),
    Parameter("min_delta", 0.0, RUN, [NOT_NEGATIVE],
        "float",
        """Smaller improvements do not count."""),
    Parameter("monitor", "auto", RUN, [str, callable],
        "str or callable",
        """A column of ``history_``, "auto" is "val_loss"; or a scorer of scikit-learn,
        by name or as a callable ``(estimator, X, y)``: rows to validate on are scored
        after every epoch, more is better, and ``history_`` has the scores under the
        name of the scorer or of its function with ``val_`` in front. With
        ``calibration`` also "val_calibrated_loss", the loss on these rows behind the
        temperature that is best for them."""),
    Parameter("monitor_mode", "auto", RUN, [StrOptions({"auto", "min", "max"})],
        '{"auto", "min", "max"}',
        """Whether less or more of it is better; inferred from the name by default, and
        known of scorers."""),
    Parameter("validation_fraction", SHARE_HELD_OUT, RUN,
        [NumberInterval(Real, 0, 1, closed="neither")],
        "float",
        """Share of the rows that early stopping watches when fit gets no ``X_val``;
        without early stopping and calibration no rows are held out. A class with too
        few rows to have some on both sides keeps them to train on."""),
    Parameter("calibration", None, RUN, [StrOptions({"temperature"}), None],
        '"temperature" or None',
        """Divide the logits of predictions by the number that gives the rows held out
        the smallest cross-entropy, so that probabilities say how often they are right.
        Takes ``X_val`` if fit gets it, else the rows of early stopping, which are held
        out then in any case. Classes stay as predicted. Source: Guo et al. (2017), ICML
        70.""", only=CLASSIFIERS),
    Parameter("class_weight", None, RUN, [dict, list, StrOptions({"balanced"}), None],
        'dict, list of dict, "balanced" or None',
        """Weight per class, multiplied into the sample weights; "balanced" weighs
        classes inversely to their frequency. Labels take a list with one dict per
        column.""", only=CLASSIFIERS),
    *(
        Parameter("normalize_y", default, RUN, ["boolean", AUTO],
            'bool or "auto"',
            """Train on the target minus its mean, divided by its deviation; predictions
            come back in its units, and metrics are measured in them; the loss is not.
            "auto" does so for losses that ask only how far a prediction is off (squared
            and absolute error, "huber", "log_cosh", "quantile", "gaussian"), and leaves
            the target alone for others, such as "poisson" and own functions. For
            "gamma" and "tweedie" it only divides by the mean.""",
            only=REGRESSORS & kind)
        for default, kind in (("auto", TABLES), (False, ESTIMATORS - TABLES))
    ),
    *(
        Parameter("n_members", default, RUN, [COUNT],
            "int",
            """Networks to train from different seeds, with early stopping each with its
        own rows held out; probabilities or values are averaged. They run side by side
        in threads, or one after the other where ``callbacks`` or ``verbose`` look at
        them; each gets copies of the callbacks. The first is the one of
        ``n_members=1``. 4 to 8 nearly always predict better than one. Source:
        Lakshminarayanan et al. (2017), arXiv 1612.01474.""",
            only=kind)
        for default, kind in ((1, ESTIMATORS - RAW_TABLES), (8, RAW_TABLES))
    ),
    Parameter("preprocessor", None, RUN, [HasMethods(["fit", "transform"]), None],
        "transformer",
        """Makes numbers of the table, in place of the one that ``preprocessor_`` shows
        otherwise: any transformer or Pipeline of scikit-learn, which gets X and y as
        ``fit`` gets them. A copy of it is fitted.""", only=RAW_TABLES),
    Parameter("callbacks", None, RUN,
        [list, tuple, KERAS_CALLBACK, OWN_CALLBACK, None],
        "Keras callback, ``OptunaPruning`` or list of them",
        """Every fit works on fresh copies, see ``callbacks_``; those of scikit-learn go
        to ``set_callbacks``. A callback that looks at batches makes a fit slower, no
        callback changes its results but on purpose."""),
    Parameter("warm_start", False, RUN, ["boolean"],
        "bool",
        """Go on from the last fit: weights, optimizer, epoch count and history."""),
    Parameter("random_state", None, RUN, ["random_state"],
        "int, RandomState instance or None",
        """Seeds initial weights, row orders, dropout and the rows held out. An int
        gives the same bits in every fit, thread and process of a machine; wide layers
        and other dtypes than float32 need the same number of threads for that, see
        "What is promised" in the documentation."""),
    Parameter("dtype", "float32", ARCHITECTURE, [FLOATS],
        '{"float32", "float64", "mixed_bfloat16"}',
        """Of weights and arithmetic; float64 for exactness, mixed_bfloat16 for hardware
        that has it."""),
    Parameter("jit_compile", "auto", PROGRAM, ["boolean", StrOptions({"auto"})],
        'bool or "auto"',
        """Compile with XLA. "auto" does so for dense networks, which gain twentyfold on
        a CPU, and not for convolutions, which lose, nor for fits of at most 1,600
        updates and half a second, which NumPy trains with nothing to compile, if it has
        all parts of the network. Give True for many short fits of one architecture,
        False for a search over many architectures."""),
    Parameter("verbose", 0, RUN, ["boolean", Options(Integral, {0, 1, 2})],
        "{0, 1, 2}",
        """0 is silent; 1 shows a bar that moves or, where the output is no terminal, a
        line per tenth of the epochs; 2 prints a line per epoch."""),
)

# fmt: on

PARAMETERS = (*LAYERS, *OPTIMIZER, *OBJECTIVE, *TRAINING)


def parameters_of(
    estimator: str | type, group: tuple[Parameter, ...] = PARAMETERS
) -> list[Parameter]:
    """Return the rows of an estimator, in the order of its constructor.

    Parameters
    ----------
    estimator : str or type
        A name in ``ESTIMATORS``, or the class of that name or one derived from it.
    group : tuple of Parameter, default=PARAMETERS
        Where to look, such as ``OPTIMIZER``.
    """
    name = estimator if isinstance(estimator, str) else _name_in_table(estimator)
    return [row for row in group if name in row.only]


def _name_in_table(cls: type) -> str:
    """Find the estimator that a class is or derives from."""
    return next(base.__name__ for base in cls.__mro__ if base.__name__ in ESTIMATORS)


def defaults_of(
    estimator: str | type, group: tuple[Parameter, ...] = PARAMETERS
) -> dict[str, Any]:
    """Return name → default of the parameters of an estimator."""
    return {row.name: row.default for row in parameters_of(estimator, group)}


def names_of_role(estimator: str | type, role: str) -> tuple[str, ...]:
    """Return the names of the parameters of an estimator that have a role."""
    return tuple(row.name for row in parameters_of(estimator) if row.role == role)


CONSTRAINTS = {
    name: {row.name: row.constraints for row in parameters_of(name)}
    for name in sorted(ESTIMATORS)
}
ROLES = {row.name: row.role for row in PARAMETERS}
