"""Bad input is refused at once, in words that help, and leaves everything as it was.

A table: what is wrong, for which estimators, and a word of the message. Every case is
refused before a program is compiled. Messages of skdeep have three beats (expected,
got, do); cases marked ``SKLEARN`` are refused by scikit-learn, in its own words.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field

import keras
import numpy as np
import pandas as pd
import polars as pl
import pytest
import tensorflow as tf
from scipy import sparse

from skdeep import CNNClassifier, CNNRegressor, DNNClassifier, DNNRegressor
from skdeep.datasets import fetch_imdb, fetch_mnist, load_boston_housing
from skdeep.displays import EpochCurveDisplay, GridSearchDisplay, HistoryDisplay
from skdeep.engine import cache_info, clear_cache
from skdeep.exceptions import NotFittedError
from skdeep.keras_objects._other_words import OTHER_WORDS

DNN = (DNNClassifier, DNNRegressor)
CNN = (CNNClassifier, CNNRegressor)
CLASSIFIERS = (DNNClassifier, CNNClassifier)
REGRESSORS = (DNNRegressor, CNNRegressor)
ALL = (*DNN, *CNN)
SKLEARN = True

RNG = np.random.RandomState(0)
N = 20
TABLE = RNG.normal(size=(N, 4))
IMAGES = RNG.uniform(size=(N, 4, 4, 1))
LABELS = np.arange(N) % 3
NUMBERS = RNG.normal(size=N)
ONES = np.ones(N)
ZEROS = np.zeros(N)
NAN, INF = float("nan"), float("inf")


@dataclass
class Case:
    """One fault: fit gets ``data`` and ``parameters`` instead of good ones."""

    says: str
    classes: tuple = ALL
    data: dict = field(default_factory=dict)
    parameters: dict = field(default_factory=dict)
    sklearn: bool = False


def case(says, classes=ALL, *, sklearn=False, data=None, **parameters):
    """Write a case in one line."""
    return Case(says, classes, data or {}, parameters, sklearn)


def put(value, array, place=3):
    """Return a copy with another value in one place."""
    array = np.array(array, dtype=float)
    array.flat[place] = value
    return array


def wrong(value, cls):
    """Return rows for an estimator with ``value`` in one place."""
    return put(value, rows_of(cls))


def rows_of(cls):
    """Return good rows."""
    return TABLE if cls in DNN else IMAGES


def frame(**columns):
    """Return a table with some columns."""
    return {"X": pd.DataFrame(columns)}


# --- data -----------------------------------------------------------------------

DATA = {
    "y None": case("y to be passed", sklearn=SKLEARN, data={"y": None}),
    "y shorter": case("same number of samples", data={"y": LABELS[:5]}),
    "y NaN": case("NaN", sklearn=SKLEARN, data={"y": put(NAN, LABELS)}),
    "y infinite": case("infinity", sklearn=SKLEARN, data={"y": put(INF, LABELS)}),
    "y complex": case("Complex", sklearn=SKLEARN, data={"y": LABELS + 1j}),
    "y of three axes": case(
        "dim 3", sklearn=SKLEARN, data={"y": LABELS.reshape(N, 1, 1)}
    ),
    "y without columns": case(
        "0 feature", sklearn=SKLEARN, data={"y": np.empty((N, 0))}
    ),
    "y overflows float32": case(
        "fit into", REGRESSORS, data={"y": NUMBERS * 1e39}, normalize_y=False
    ),
    "y huge integers": case(
        "fit into",
        REGRESSORS,
        data={"y": np.full(N, 10**60, dtype=object)},
        normalize_y=False,
    ),
    "y strings": case(
        "convert", REGRESSORS, sklearn=SKLEARN, data={"y": np.full(N, "a")}
    ),
    "y objects": case(
        "float", REGRESSORS, sklearn=SKLEARN, data={"y": np.full(N, object())}
    ),
    "y dates": case(
        "dates", REGRESSORS, data={"y": np.full(N, np.datetime64("2020-01-01"))}
    ),
    "y nullable NA": case(
        "NaN",
        REGRESSORS,
        sklearn=SKLEARN,
        data={"y": pd.Series([1, None] * 10, dtype="Int64")},
    ),
    "y polars null": case(
        "NaN", REGRESSORS, sklearn=SKLEARN, data={"y": pl.Series([1.0, None] * 10)}
    ),
    "y fractions": case(
        "Unknown label", CLASSIFIERS, sklearn=SKLEARN, data={"y": NUMBERS}
    ),
    "y mixed types": case(
        "sorted", CLASSIFIERS, data={"y": np.array(["a", 1] * 10, dtype=object)}
    ),
    "y with None": case(
        "missing", CLASSIFIERS, data={"y": np.array(["a", None] * 10, dtype=object)}
    ),
    "y category missing": case(
        "missing",
        CLASSIFIERS,
        data={"y": pd.Series(pd.Categorical(["u", None] * 10))},
    ),
    "y string missing": case(
        "missing", CLASSIFIERS, data={"y": pd.Series(["u", None] * 10, dtype="string")}
    ),
    "y bool missing": case(
        "missing",
        CLASSIFIERS,
        data={"y": pd.Series([True, None] * 10, dtype="boolean")},
    ),
    "y classes in columns": case(
        "multioutput", CLASSIFIERS, data={"y": np.c_[LABELS, LABELS]}
    ),
    "weights shorter": case(
        "expected", sklearn=SKLEARN, data={"sample_weight": ONES[:3]}
    ),
    "weights in two axes": case(
        "1D", sklearn=SKLEARN, data={"sample_weight": np.ones((N, 2))}
    ),
    "weights NaN": case("NaN", sklearn=SKLEARN, data={"sample_weight": put(NAN, ONES)}),
    "weights infinite": case(
        "infinity", sklearn=SKLEARN, data={"sample_weight": put(INF, ONES)}
    ),
    "weights negative": case(
        "Negative", sklearn=SKLEARN, data={"sample_weight": -ONES}
    ),
    "weights all zero": case("zero", sklearn=SKLEARN, data={"sample_weight": ZEROS}),
    "weights strings": case(
        "convert", sklearn=SKLEARN, data={"sample_weight": ["a"] * N}
    ),
    "weights complex": case(
        "Complex", sklearn=SKLEARN, data={"sample_weight": ONES * 1j}
    ),
    "weights zero among the held-out rows": case(
        "at least one weight",
        data={"sample_weight": np.r_[1.0, np.zeros(N - 1)]},
        early_stopping=True,
        validation_fraction=0.25,
        random_state=0,
    ),
    "y_val alone": case("X_val", data={"y_val": LABELS}),
    "sample_weight_val alone": case("alone", data={"sample_weight_val": ONES}),
    "fraction that leaves nothing": case(
        "rows to train on", early_stopping=True, validation_fraction=0.9999
    ),
}
X_FAULTS = {
    "X NaN": ("NaN", SKLEARN, lambda cls: wrong(NAN, cls)),
    "X infinite": ("infinity", SKLEARN, lambda cls: wrong(INF, cls)),
    "X minus infinite": ("infinity", SKLEARN, lambda cls: wrong(-INF, cls)),
    "X overflows float32": ("too large", SKLEARN, lambda cls: wrong(1e39, cls)),
    "X without rows": ("0 sample", SKLEARN, lambda cls: rows_of(cls)[:0]),
    "X complex": ("Complex", SKLEARN, lambda cls: rows_of(cls) + 1j),
    "X strings": ("convert", SKLEARN, lambda cls: np.full(rows_of(cls).shape, "a")),
    "X objects": (
        "float",
        SKLEARN,
        lambda cls: np.full(rows_of(cls).shape, object(), dtype=object),
    ),
    "X dates": ("dates", False, lambda cls: rows_of(cls).astype("datetime64[s]")),
    "X spans of time": (
        "numbers",
        False,
        lambda cls: rows_of(cls).astype("timedelta64[s]"),
    ),
    "X huge integers": (
        "too large",
        SKLEARN,
        lambda cls: np.full(rows_of(cls).shape, 10**60, dtype=object),
    ),
    "X None": ("Expected 2D", SKLEARN, lambda cls: None),
    "X number": ("Expected 2D", SKLEARN, lambda cls: 3.0),
    "X of one axis": ("Expected 2D", SKLEARN, lambda cls: TABLE[:, 0]),
    "X a word": ("convert", SKLEARN, lambda cls: "abc"),
    "X a dict": ("float", SKLEARN, lambda cls: {"a": 1}),
    "X ragged": ("inhomogeneous", SKLEARN, lambda cls: [[1, 2], [3]] * 10),
    "X ragged images": (
        "inhomogeneous",
        SKLEARN,
        lambda cls: [np.ones((4, 4)), np.ones((3, 3))] * 10,
    ),
}
TABLES = {
    "X without columns": case(
        "0 feature", DNN, sklearn=SKLEARN, data={"X": np.empty((N, 0))}
    ),
    "X of three axes": case("dim 3", DNN, sklearn=SKLEARN, data={"X": IMAGES[..., 0]}),
    "X nullable NA": case(
        "NaN", DNN, sklearn=SKLEARN, data=frame(a=pd.array([1, None] * 10, "Int64"))
    ),
    "X category of words": case(
        "convert", DNN, sklearn=SKLEARN, data=frame(a=pd.Categorical(["u", "v"] * 10))
    ),
    "X column of dates": case(
        "dates", DNN, data=frame(a=ONES, b=pd.Timestamp("2020-01-01"))
    ),
    "X column of dates with a zone": case(
        "dates", DNN, data=frame(a=ONES, b=pd.Timestamp("2020-01-01", tz="UTC"))
    ),
    "X column of periods": case(
        "numbers", DNN, data=frame(b=pd.period_range("2020", periods=N, freq="D"))
    ),
    "X polars null": case(
        "NaN", DNN, sklearn=SKLEARN, data={"X": pl.DataFrame({"a": [1.0, None] * 10})}
    ),
    "X polars words": case(
        "convert",
        DNN,
        sklearn=SKLEARN,
        data={"X": pl.DataFrame({"a": ["u", "v"] * 10})},
    ),
    "X names of two types": case(
        "string",
        DNN,
        sklearn=SKLEARN,
        data={"X": pd.DataFrame(TABLE, columns=["a", 1, "b", 2])},
    ),
    "X sparse NaN": case(
        "NaN", DNN, sklearn=SKLEARN, data={"X": sparse.csr_matrix(put(NAN, TABLE))}
    ),
    "X flat rows without image_shape": case("image_shape", CNN, data={"X": TABLE}),
    "X of five axes": case("other axes", CNN, data={"X": IMAGES[np.newaxis]}),
    "X of no pixels": case("one pixel", CNN, data={"X": IMAGES[:, :0]}),
    "images too small": case(
        "large enough", CNN, padding="valid", kernel_size=5, pool_size=None
    ),
}
VALIDATION_FAULTS = {
    "X_val alone": ("y_val", lambda cls: {"y_val": None}),
    "X_val and y_val of two lengths": ("same number", lambda cls: {"y_val": ONES[:3]}),
    "X_val NaN": ("X_val", lambda cls: {"X_val": wrong(NAN, cls)}),
    "X_val infinite": ("X_val", lambda cls: {"X_val": wrong(INF, cls)}),
    "X_val empty": (
        "X_val",
        lambda cls: {"X_val": rows_of(cls)[:0], "y_val": ONES[:0]},
    ),
    "X_val narrower": ("X_val", lambda cls: {"X_val": rows_of(cls)[:, :2]}),
    "y_val NaN": ("y_val", lambda cls: {"y_val": put(NAN, ONES)}),
    "sample_weight_val shorter": (
        "sample_weight_val",
        lambda cls: {"sample_weight_val": ONES[:3]},
    ),
    "sample_weight_val all zero": (
        "sample_weight_val",
        lambda cls: {"sample_weight_val": ZEROS},
    ),
    "sample_weight_val negative": (
        "sample_weight_val",
        lambda cls: {"sample_weight_val": -ONES},
    ),
}

# --- parameters -----------------------------------------------------------------


class OddShape:
    """An activation that loses a column."""

    def __call__(self, x):
        """Return all columns but the last."""
        return x[:, :-1]


def fails(*args, **kwargs):
    """Raise, as a mistake in a user's function does."""
    raise ZeroDivisionError("a mistake of the user")


def one_argument(y_true):
    """Take no predictions."""
    return y_true


class Slowly(keras.optimizers.Optimizer):
    """An optimizer that passes on to another, as one for a moving average would."""

    def __init__(self, inner):
        super().__init__(learning_rate=0.1)
        self.inner = inner

    def get_config(self):
        """Return what is inside, as an object."""
        return super().get_config() | {"inner": self.inner}


class Forgetful(keras.optimizers.SGD):
    """An optimizer whose configuration lacks an argument, or the rate."""

    def __init__(self, power, keeps_rate=True, **kwargs):
        super().__init__(**kwargs)
        self.keeps_rate = keeps_rate

    def get_config(self):
        """Return less than the constructor needs."""
        config = super().get_config()
        return config if self.keeps_rate else config | {"learning_rate": None}


def nan_kernel(shape, dtype=None):
    """Return a kernel of NaN."""
    return np.full(shape, np.nan)


NOT_NUMBERS = ["a", None, NAN]
REFUSED_BY_SKLEARN = {
    "hidden_layer_sizes": [-1, 0, NAN, "abc", None, 3.0],
    "n_layers": [True, -1, 1.5, NAN, "a"],
    "units": [True, 0, 1.5, NAN, "a"],
    "activation": [None, 3, NAN],
    "activation_params": [3, "a"],
    "kernel_initializer": [3, None, NAN],
    "batch_normalization": ["yes", 3, None],
    "input_dropout": [1.0, -0.1, (0.1,), *NOT_NUMBERS],
    "dropout": [True, 1.0, -0.1, INF, *NOT_NUMBERS],
    "l1": [-1, INF, *NOT_NUMBERS],
    "l2": [True, -1, INF, *NOT_NUMBERS],
    "activity_l1": [-1, INF, *NOT_NUMBERS],
    "max_norm": [0, -1, NAN, INF, "a"],
    "numeric_embedding": ["plr", 3, True],
    "numeric_features": [None, 3, "some"],
    "embedding_terms": [True, 0, 1.5, *NOT_NUMBERS],
    "embedding_size": [True, 1, 2.5, *NOT_NUMBERS],
    "embedding_sigma": [True, 0, -1, INF, *NOT_NUMBERS],
    "optimizer": [None, 3, object()],
    "learning_rate": [True, "cosine", 0, -1, INF, *NOT_NUMBERS],
    "decay": [-1, INF, *NOT_NUMBERS],
    "schedule": ["cosinus", None, 3],
    "momentum": [True, -1, 1.5, *NOT_NUMBERS],
    "nesterov": ["a", 3, None],
    "clipnorm": [True, 0, -1, NAN, INF, "a"],
    "clipvalue": [0, -1, NAN, INF, "a"],
    "weight_decay": [True, -1, NAN, INF, "a"],
    "optimizer_params": [3, "a"],
    "loss": [None, 3, object()],
    "loss_params": [3, "a"],
    "label_smoothing": [True, 1.0, -0.1, INF, *NOT_NUMBERS],
    "metrics": [3, object()],
    "n_members": [True, 0, 1.5, *NOT_NUMBERS],
    "epochs": [True, 0, -1, 1.5, INF, *NOT_NUMBERS],
    "batch_size": [True, 0, -2, 1.5, "a", NAN],
    "shuffle": ["a", 3, None],
    "early_stopping": ["a", 3, None],
    "patience": [True, 0, -1, 1.5, *NOT_NUMBERS],
    "min_delta": [True, -1, INF, *NOT_NUMBERS],
    "monitor": [3, None],
    "monitor_mode": ["up", 3, None],
    "validation_fraction": [0, 1, -0.1, 1.5, *NOT_NUMBERS],
    "callbacks": [3, "a", {"a": 1}],
    "warm_start": ["a", 3, None],
    "random_state": [-1, 1.5, NAN, "a", 2**40],
    "dtype": ["float16", "int32", None, 3],
    "jit_compile": ["yes", 3, None],
    "verbose": [3, -1, "a", None],
    "class_weight": ["nope", 3, NAN],
    "normalize_y": ["a", 3, None],
    "calibration": ["isotonic", True, 3, NAN],
    "quantile": [0, 1, 90, -0.1, NAN, INF, "a", (0.9,)],
    "quantiles": [0.9, "a", NAN],
    "filters": [0, -1, NAN, None, "abc"],
    "kernel_size": [True, 0, -1, "a", None],
    "padding": ["nope", 3, None],
    "pool_size": [True, 0, -1, "a"],
    "pooling": ["avg", 3, None],
    "conv_dropout": [True, 1.0, -0.1, INF, *NOT_NUMBERS],
    "global_pooling": ["avg", 3, True],
    "image_shape": [3, "a"],
    "sequence_shape": [3, "a"],
    "output_activation": ["softmax", "maxout", 3, None],
}
PARAMETERS = {
    "layer of no units": case("hidden_layer_sizes", hidden_layer_sizes=(3, 0)),
    "layer of half units": case("hidden_layer_sizes", hidden_layer_sizes=(2.5,)),
    "layer named": case("hidden_layer_sizes", hidden_layer_sizes=("a",)),
    "layer True": case("hidden_layer_sizes", hidden_layer_sizes=(True,)),
    "layers in a dict": case("hidden_layer_sizes", hidden_layer_sizes={8: 1}),
    "layers in a set": case("hidden_layer_sizes", hidden_layer_sizes={8, 16}),
    "dropout in a dict": case("dropout", dropout={0.1: 1}),
    "layers nested": case("hidden_layer_sizes", hidden_layer_sizes=((3,),)),
    "layer of 10**12 units": case("hidden_layer_sizes", hidden_layer_sizes=10**12),
    "layers of 2**60 weights": case(
        "fewer than", hidden_layer_sizes=(2**30, 2**30), epochs=1
    ),
    "activation misspelt": case("'relu'", activation="rleu"),
    "activation empty": case("activation", activation=""),
    "activation of another name": case("'sigmoid'", activation="logistic"),
    "activation of no name": case("'linear'", activation="identity"),
    "activation by its class": case("'leaky_relu'", activation="LeakyReLU"),
    "activation that needs arguments": case(
        "functools.partial(keras.activations.threshold, threshold=..., "
        "default_value=...)",
        activation="threshold",
    ),
    "layer of Keras": case(
        "number of units", hidden_layer_sizes=(keras.layers.Dense(8), 4)
    ),
    "rate of a class": case(
        "class", learning_rate=keras.optimizers.schedules.CosineDecay
    ),
    "initializer class": case("class", kernel_initializer=keras.initializers.HeNormal),
    "initializer of another name": case("'zeros'", kernel_initializer="zero"),
    "initializer of PyTorch": case(
        "'glorot_uniform'", kernel_initializer="xavier_uniform"
    ),
    "loss class": case("class Huber. Give an instance", loss=keras.losses.Huber),
    "loss of another name": case("'auto'", loss="log_loss"),
    "metric of another name": case("'auc'", metrics="roc_auc"),
    "metric that only looks up": case("metrics", metrics="get"),
    "activation that halves": case("activation", activation="glu"),
    "activation class": case("activation", activation=keras.layers.PReLU),
    "activation with weights": case("weights", activation=keras.layers.Dense(3)),
    "activation that fails": case("activation", activation=fails),
    "activation that loses a column": case("shape", activation=OddShape()),
    "activation_params unknown": case("activation_params", activation_params={"a": 1}),
    "activation_params no name": case("activation_params", activation_params={1: 1}),
    "units beside sizes": case("Leave one of them out", units=5),
    "layers beside sizes": case("n_layers=2. Leave", n_layers=2),
    "too many activations": case("per layer", activation=("relu",) * 7),
    "activations in a set": case("activation must", activation={"relu", "tanh"}),
    "activation_params of no layer": case(
        "one per layer", activation_params=[("a", 1)]
    ),
    "too few penalties": case("one more for the output", l2=(0.1,)),
    "maxout of one piece": case(
        "n_pieces", activation="maxout", activation_params={"n_pieces": 1}
    ),
    "initializer unknown": case("kernel_initializer", kernel_initializer="nope"),
    "initializer that fails": case("kernel_initializer", kernel_initializer=fails),
    "initializer of NaN": case("NaN", kernel_initializer=nan_kernel),
    "initializer of another shape": case(
        "shape", kernel_initializer=lambda shape, dtype=None: np.ones(3)
    ),
    "too many dropout rates": case("per hidden layer", dropout=(0.1, 0.2, 0.3)),
    "dropout of everything": case("below 1", dropout=(0.5, 1.0)),
    "dropout NaN": case("below 1", dropout=(0.5, NAN)),
    "dropout named": case("below 1", dropout=(0.5, "a")),
    "optimizer misspelt": case("'adam'", optimizer="addam"),
    "weight decay said twice": case(
        "Leave it out there", weight_decay=0.1, optimizer_params={"weight_decay": 0.1}
    ),
    "weight decay beside an instance": case(
        "own settings", optimizer=keras.optimizers.SGD(), weight_decay=0.1
    ),
    "label smoothing of another loss": case(
        "Set it in one place", CLASSIFIERS, label_smoothing=0.1, loss="huber"
    ),
    "label smoothing beside an object": case(
        "Set it in one place",
        CLASSIFIERS,
        label_smoothing=0.1,
        loss=keras.losses.CategoricalCrossentropy(),
    ),
    "label smoothing said twice": case(
        "Set it in one place",
        CLASSIFIERS,
        label_smoothing=0.1,
        loss="categorical_crossentropy",
        loss_params={"label_smoothing": 0.2},
    ),
    "wrapper class": case("class", optimizer=keras.optimizers.LossScaleOptimizer),
    "optimizer of negative rate": case(
        "learning rate", optimizer=keras.optimizers.SGD(learning_rate=-1.0)
    ),
    "optimizer of rate NaN": case(
        "learning rate", optimizer=keras.optimizers.SGD(learning_rate=NAN)
    ),
    "optimizer said twice": case(
        "own settings", optimizer=keras.optimizers.SGD(), momentum=0.5
    ),
    "optimizer that scales losses": case(
        "wraps other optimizers",
        optimizer=keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD()),
    ),
    "optimizer of one's own around another": case(
        "wraps other optimizers", optimizer=Slowly(keras.optimizers.SGD())
    ),
    "optimizer whose configuration forgets": case(
        "get_config", optimizer=Forgetful(power=2)
    ),
    "optimizer without a rate to read": case(
        "learning rate", optimizer=Forgetful(power=2, keeps_rate=False)
    ),
    "rate overflows float32": case("learning_rate", learning_rate=1e39),
    "rate vanishes in float32": case("learning_rate", learning_rate=1e-50),
    "penalty overflows float32": case("l2", l2=1e39),
    "momentum for adam": case("momentum", momentum=0.9),
    "nesterov for adam": case("nesterov", nesterov=True),
    "optimizer_params misspelt": case("'beta_2'", optimizer_params={"beta": 1}),
    "optimizer_params no name": case("optimizer", optimizer_params={1: 1}),
    "optimizer_params a word": case("optimizer", optimizer_params={"beta_1": "x"}),
    "optimizer_params NaN": case("finite", optimizer_params={"beta_1": NAN}),
    "clipped twice": case("clip", clipnorm=1.0, clipvalue=1.0),
    "loss misspelt": case("'hinge'", loss="hinje"),
    "loss for sequences": case("loss", loss="ctc"),
    "loss for classes": case("targets", REGRESSORS, loss="categorical_crossentropy"),
    "loss for two classes": case("targets", CLASSIFIERS, loss="binary_crossentropy"),
    "loss for numbers": case("targets", CLASSIFIERS, loss="poisson"),
    "loss of one argument": case("loss", loss=one_argument),
    "loss that fails": case("loss", loss=fails),
    "loss that does not reduce": case(
        "reduce", loss=keras.losses.MeanSquaredError(reduction="none")
    ),
    "loss_params unknown": case("loss_params", loss="huber", loss_params={"a": 1}),
    "loss_params no name": case("loss_params", loss="huber", loss_params={1: 1}),
    "loss_params of an object": case(
        "by name", loss=keras.losses.Huber(), loss_params={"delta": 2.0}
    ),
    "quantile of 1": case(
        "quantile", REGRESSORS, loss="quantile", loss_params={"quantile": 1.0}
    ),
    "metric misspelt": case("metrics", metrics="nope"),
    "metric a number": case("metrics", metrics=[3]),
    "metric None in a list": case("metrics", metrics=[None]),
    "metric class": case("instance", metrics=keras.metrics.MeanSquaredError),
    "metric twice": case("different names", metrics=["mse", "mse"]),
    "metric of several numbers": case(
        "one number each", metrics=keras.metrics.F1Score()
    ),
    "metric that fails": case("metrics", metrics=fails),
    "accuracy of numbers": case("classifiers", REGRESSORS, metrics="accuracy"),
    "monitor unknown": case(
        "monitor", early_stopping=True, validation_fraction=0.25, monitor="nope"
    ),
    "monitor not among metrics": case(
        "monitor", early_stopping=True, validation_fraction=0.25, monitor="val_x"
    ),
    "callback a number": case("callbacks", callbacks=[3]),
    "callback None in a list": case("callbacks", callbacks=[None]),
    "callback class": case("instance", callbacks=[keras.callbacks.Callback]),
    "weights of classes all zero": case(
        "zero", CLASSIFIERS, class_weight={0: 0, 1: 0, 2: 0}
    ),
    "weight of a class negative": case(
        "at least 0", CLASSIFIERS, class_weight={0: -1, 1: 1, 2: 1}
    ),
    "weight of a class NaN": case(
        "at least 0", CLASSIFIERS, class_weight={0: NAN, 1: 1, 2: 1}
    ),
    "weight of a class infinite": case(
        "at least 0", CLASSIFIERS, class_weight={0: INF, 1: 1, 2: 1}
    ),
    "weight of a class a word": case(
        "at least 0", CLASSIFIERS, class_weight={0: "a", 1: 1, 2: 1}
    ),
    "weights of classes in a list": case("dict", CLASSIFIERS, class_weight=[1, 2]),
    "weight of a class that is not there": case(
        "not in class_weight", CLASSIFIERS, sklearn=SKLEARN, class_weight={7: 1}
    ),
    "no filters": case("filters", CNN, filters=()),
    "block without filters": case("filters", CNN, filters=((2,), ())),
    "convolution of no filters": case("filters", CNN, filters=(0,)),
    "convolution of half filters": case("filters", CNN, filters=(2.5,)),
    "convolution of 10**12 filters": case("filters", CNN, filters=(10**12,)),
    "kernel of one side": case("kernel_size", CNN, kernel_size=(3,)),
    "kernel of three sides": case("kernel_size", CNN, kernel_size=(3, 3, 3)),
    "kernel of no rows": case("kernel_size", CNN, kernel_size=(0, 1)),
    "kernel of 10**9 rows": case("fewer than", CNN, kernel_size=10**9),
    "too many poolings": case("pool_size", CNN, pool_size=(2, 2)),
    "pooling of no rows": case("pool_size", CNN, pool_size=(0,)),
    "pooling of three sides": case("pool_size", CNN, pool_size=((2, 2, 2),)),
    "pooling of 10**12 rows": case("pool_size", CNN, pool_size=10**12),
}
if hasattr(keras.optimizers, "MultiOptimizer"):  # from Keras 3.15 on
    PARAMETERS["optimizer of optimizers"] = case(
        "wraps other optimizers",
        optimizer=keras.optimizers.MultiOptimizer(
            keras.optimizers.OptimizerMap(keras.optimizers.SGD())
        ),
    )
IMAGE_SHAPES = [
    (4, 4),
    (4, 4, 1, 1),
    (0, 4, 1),
    (5, 4, 1),
    (-1, -1, 1),
    (4.0, 4, 1),
    (4, 4, NAN),
]


def make(cls, **parameters):
    """Return a small estimator."""
    small = {"hidden_layer_sizes": (3, 2), "epochs": 2, "jit_compile": False}
    if cls in CNN:
        small |= {"filters": (2,)}
    return cls(**{**small, **parameters})


def arguments_of(cls, data):
    """Return good arguments of fit, some of them replaced."""
    y = LABELS if cls in CLASSIFIERS else NUMBERS
    return {"X": rows_of(cls), "y": y, **data}


# How a clause of advice begins; a message whose last beat has none of these, tells
# what is wrong but not what to do.
ADVICE = re.compile(
    r"(^|[.;:,?] )(add|average|change|choose|convert|did you mean|fit|give|known names:"
    r"|leave|load|look|lower|make|pass|put|raise|resize|scale|see|set|turn|use) ",
    re.IGNORECASE,
)


def is_in_three_beats(message):
    """Say whether it tells what was expected, what came, and what to do."""
    expected, got, rest = message.partition("got ")
    return bool(expected.strip() and got and ADVICE.search(rest))


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize(
    "message",
    [
        "dropout must be below 1.",
        "dropout must be below 1; got 2.",
        "dropout must be below 1; got 2. This is far too much for any network.",
        "Give a rate below 1; got 2.",
        "got 2. Give a rate below 1.",
    ],
)
def test_what_lacks_a_beat_is_found(message):
    """The check of this file fails a message without expectation, value or advice."""
    assert is_in_three_beats("dropout must be below 1; got 2. Give a rate.")
    assert not is_in_three_beats(message)


def check_refused(cls, data, parameters, says, sklearn):
    """Fit, and look at the error and at what it leaves."""
    estimator = make(cls, **parameters)
    arguments = arguments_of(cls, data)
    before = dict(estimator.__dict__)
    rows = copy.deepcopy(arguments["X"])
    compiled = cache_info().misses

    with pytest.raises((ValueError, TypeError, NotFittedError)) as caught:
        estimator.fit(**arguments)

    assert says in str(caught.value)
    assert sklearn or is_in_three_beats(str(caught.value)), str(caught.value)
    assert cache_info().misses == compiled
    assert estimator.__dict__ == before
    if isinstance(rows, np.ndarray) and rows.dtype.kind in "fc":
        np.testing.assert_array_equal(arguments["X"], rows)


def of_classes(table):
    """Return (name, class, case) for every case and class."""
    return [
        pytest.param(cls, case, id=f"{cls.__name__}-{name}")
        for name, case in table.items()
        for cls in case.classes
    ]


@pytest.mark.fast
@pytest.mark.parametrize(("cls", "case"), of_classes(DATA | TABLES | PARAMETERS))
def test_fit_refuses(cls, case):
    """Wrong data and wrong parameters end fit before anything is compiled."""
    check_refused(cls, case.data, case.parameters, case.says, case.sklearn)


@pytest.mark.fast
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")  # scikit-learn's
@pytest.mark.parametrize("cls", ALL)
@pytest.mark.parametrize("name", X_FAULTS)
def test_fit_refuses_rows(cls, name):
    """Rows that are no finite numbers end fit before anything is compiled."""
    says, sklearn, make_rows = X_FAULTS[name]

    check_refused(cls, {"X": make_rows(cls)}, {}, says, sklearn)


@pytest.mark.fast
@pytest.mark.parametrize("cls", ALL)
@pytest.mark.parametrize("name", VALIDATION_FAULTS)
def test_fit_refuses_validation_rows(cls, name):
    """Faulty validation rows are refused like training rows, under their names."""
    says, change = VALIDATION_FAULTS[name]
    good = arguments_of(cls, {})
    data = {"X_val": good["X"], "y_val": good["y"], **change(cls)}

    check_refused(cls, data, {}, says, SKLEARN)


def test_new_classes_in_the_validation_rows_are_named():
    """A class that training has not seen is refused and told."""
    data = {"X_val": TABLE, "y_val": LABELS + 1}

    check_refused(DNNClassifier, data, {}, "[3]", False)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("cls", "name", "value"),
    [
        pytest.param(cls, name, value, id=f"{cls.__name__}-{name}-{value!s:.20}")
        for cls in ALL
        for name, values in REFUSED_BY_SKLEARN.items()
        if name in cls._parameter_constraints
        for value in values
    ],
)
def test_every_parameter_has_values_it_refuses(cls, name, value):
    """Negative, zero, NaN, infinite and wrongly typed values name the parameter."""
    check_refused(cls, {}, {name: value}, name, SKLEARN)


@pytest.mark.fast
def test_the_table_holds_every_parameter():
    """No parameter is without a wrong value in this file."""
    parameters = {name for cls in ALL for name in cls._parameter_constraints}

    assert parameters == set(REFUSED_BY_SKLEARN)


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "kl_divergence"])
def test_one_hot_rows_are_told_from_labels(loss):
    """The advice is the one number per row that the loss is for, not another loss."""
    data = {"y": np.eye(3, dtype=int)[LABELS]}

    check_refused(DNNClassifier, data, {"loss": loss}, "y.argmax(axis=1)", False)


@pytest.mark.parametrize(
    "make_rows",
    [
        lambda X, y: tf.data.Dataset.from_tensor_slices((X, y)).batch(8),
        lambda X, y: iter([(X, y)]),
    ],
    ids=["tf.data", "iterator"],
)
@pytest.mark.parametrize("cls", ALL)
def test_rows_in_pieces_are_refused(cls, make_rows):
    """A data set of TensorFlow and a generator are told what else to do."""
    y = LABELS if cls in CLASSIFIERS else NUMBERS
    X = make_rows(rows_of(cls), y)

    with pytest.raises(TypeError, match=r"gives its rows in pieces.*partial_fit") as e:
        make(cls).fit(X, y)

    assert is_in_three_beats(str(e.value))


@pytest.mark.parametrize("parameter", OTHER_WORDS)
def test_every_suggestion_is_taken(parameter):
    """No word of others leads to a word that is unknown here, too."""
    for ours in set(OTHER_WORDS[parameter].values()):
        is_of_classes = ours in ("auto", "auc", "binary_crossentropy")
        cls = DNNClassifier if is_of_classes else DNNRegressor
        data = {"y": LABELS % 2} if cls is DNNClassifier else {}

        make(cls, epochs=1, **{parameter: ours}).fit(**arguments_of(cls, data))


@pytest.mark.parametrize("metric", ["log_cosh", "huber", "mean_squared_error"])
def test_the_formulas_of_keras_are_metrics(metric):
    """Every function of keras.metrics is found by its name."""
    net = make(DNNRegressor, metrics=metric).fit(TABLE, NUMBERS)

    assert metric in net.history_


def test_fit_and_predict_say_that_they_are_in_a_graph():
    """Inside a graph no value is known; nothing is compiled, nothing else blamed."""
    net = make(DNNRegressor).fit(TABLE, NUMBERS)

    with tf.Graph().as_default():
        with pytest.raises(RuntimeError, match=r"from inside a tf\.function"):
            make(DNNRegressor).fit(TABLE, NUMBERS)
        with pytest.raises(RuntimeError, match=r"from inside a tf\.function"):
            net.predict(TABLE)


def test_fit_says_that_debugging_is_in_the_way_of_xla():
    """The operations that check every number are none of XLA's."""
    tf.debugging.enable_check_numerics()
    try:
        with pytest.raises(RuntimeError, match=r"enable_check_numerics.*jit_compile"):
            make(DNNRegressor, jit_compile=True).fit(TABLE, NUMBERS)
        make(DNNRegressor).fit(TABLE, NUMBERS)
    finally:
        tf.debugging.disable_check_numerics()


@pytest.mark.parametrize(
    "around",
    [tf.GradientTape, lambda: tf.distribute.MirroredStrategy(["CPU:0"]).scope()],
    ids=["tape", "strategy"],
)
@pytest.mark.parametrize("jit_compile", [False, True])
def test_tapes_and_strategies_do_not_matter(around, jit_compile):
    """A fit inside them is the fit outside, to the last bit."""
    net = make(DNNRegressor, jit_compile=jit_compile, random_state=0)
    expected = net.fit(TABLE, NUMBERS).predict(TABLE)
    clear_cache()

    with around():
        found = net.fit(TABLE, NUMBERS).predict(TABLE)

    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("image_shape", IMAGE_SHAPES, ids=str)
@pytest.mark.parametrize("cls", CNN)
def test_image_shape_must_fit_the_rows(cls, image_shape):
    """Flat rows need a shape of three ints that multiply to their length."""
    data = {"X": IMAGES.reshape(N, 16)}

    check_refused(cls, data, {"image_shape": image_shape}, "image_shape", False)


# --- after fit ------------------------------------------------------------------

QUESTIONS = {
    "predict": lambda net, X: net.predict(X),
    "score": lambda net, X: net.score(X, LABELS[: len(X)]),
    "model_": lambda net, X: net.model_,
    "loss_curve_": lambda net, X: net.loss_curve_,
    "history_frame": lambda net, X: net.history_frame(),
    "summary": lambda net, X: net.summary(),
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("cls", ALL)
def test_an_unfitted_estimator_says_so(cls, question):
    """Everything that needs a fit asks for one."""
    with pytest.raises(NotFittedError, match="fit"):
        QUESTIONS[question](make(cls), rows_of(cls))


@pytest.fixture(scope="module", params=ALL, ids=lambda cls: cls.__name__)
def fitted(request):
    """One fitted estimator of each class, on rows with names where it has them."""
    return make(request.param, random_state=0).fit(**arguments_of(request.param, {}))


OTHER_ROWS = {
    "NaN": ("NaN", lambda X: put(NAN, X)),
    "infinite": ("infinity", lambda X: put(INF, X)),
    "none": ("0 sample", lambda X: X[:0]),
    "narrower": (r"is expecting (4 features|images of shape)", lambda X: X[:, :3]),
    "dates": ("must hold numbers; got date", lambda X: X.astype("datetime64[s]")),
    "strings": ("could not convert", lambda X: np.full(X.shape, "a")),
    "complex": ("Complex data not supported", lambda X: X + 1j),
    "no array": ("Expected 2D array", lambda X: None),
}


@pytest.mark.fast
@pytest.mark.parametrize("name", OTHER_ROWS)
def test_predict_refuses_other_rows(fitted, name):
    """Rows that fit would refuse, or of another width, are refused by predict, too."""
    says, change = OTHER_ROWS[name]
    X = rows_of(type(fitted))

    with pytest.raises((ValueError, TypeError), match=says):
        fitted.predict(change(X))

    assert np.isfinite(np.asarray(fitted.predict(X), float)).all()


def test_renamed_and_reordered_columns_are_refused():
    """Names seen in fit must come back in the same order."""
    frame = pd.DataFrame(TABLE, columns=list("abcd"))
    net = make(DNNRegressor).fit(frame, NUMBERS)

    for other in (frame[list("badc")], frame.rename(columns={"a": "z"}), frame[["a"]]):
        with pytest.raises(ValueError, match="feature"):
            net.predict(other)


def test_duplicate_column_names_are_refused():
    """Two columns of one name cannot be told apart."""
    frame = pd.DataFrame(TABLE, columns=list("aabc"))

    with pytest.raises(ValueError, match="unique"):
        make(DNNRegressor).fit(frame, NUMBERS)


# --- loaders and displays -------------------------------------------------------

LOADERS = {
    "Boston split": (lambda: load_boston_housing(split="half"), "split"),
    "Boston split a number": (lambda: load_boston_housing(split=3), "split"),
    "MNIST subset": (lambda: fetch_mnist(subset="most"), "subset"),
    "MNIST subset None": (lambda: fetch_mnist(subset=None), "subset"),
    "IMDb subset": (lambda: fetch_imdb(subset=3), "subset"),
    "IMDb no words": (lambda: fetch_imdb(num_words=0), "num_words"),
    "IMDb half words": (lambda: fetch_imdb(num_words=2.5), "num_words"),
    "IMDb lists in a frame": (
        lambda: fetch_imdb(tokens=True, as_frame=True),
        "tokens",
    ),
}
DISPLAYS = {
    "history of an unfitted network": (
        lambda: HistoryDisplay.from_estimator(DNNRegressor()),
        NotFittedError,
        "DNNRegressor instance is not fitted yet",
    ),
    "history of a number": (
        lambda: HistoryDisplay.from_estimator(3),
        TypeError,
        "3 is not an estimator",
    ),
    "epochs of an unknown scorer": (
        lambda: EpochCurveDisplay.from_estimator(
            make(DNNRegressor), TABLE, NUMBERS, scoring="nope"
        ),
        ValueError,
        "'scoring'.*'nope'",
    ),
    "epochs of too many folds": (
        lambda: EpochCurveDisplay.from_estimator(
            make(DNNRegressor), TABLE, NUMBERS, cv=100
        ),
        ValueError,
        "n_splits=100 greater than the number of samples: n_samples=20",
    ),
    "search of a network": (
        lambda: GridSearchDisplay.from_estimator(DNNRegressor()),
        NotFittedError,
        "DNNRegressor instance is not fitted yet",
    ),
}


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("name", LOADERS)
def test_loaders_refuse(name):
    """A loader asked for what it does not have says so before it reads a file."""
    load, says = LOADERS[name]

    with pytest.raises(ValueError, match=says) as caught:
        load()

    assert is_in_three_beats(str(caught.value))


@pytest.mark.parametrize("name", DISPLAYS)
def test_displays_refuse(name):
    """A display of what is not there says so."""
    show, error, says = DISPLAYS[name]

    with pytest.raises(error, match=says):
        show()


# --- what is unusual but good ---------------------------------------------------


@pytest.mark.parametrize("kind", ["fortran", "strided", "read-only", "mapped"])
def test_unusual_arrays_are_taken_and_left_alone(kind, tmp_path):
    """Any memory layout gives the same predictions, and is never written to."""
    mapped = np.memmap(tmp_path / "X", dtype=float, mode="w+", shape=TABLE.shape)
    mapped[:] = TABLE
    read_only = TABLE.copy()
    read_only.setflags(write=False)
    wide = np.repeat(TABLE, 2, axis=1)
    arrays = {
        "fortran": np.asfortranarray(TABLE),
        "strided": wide[:, ::2],
        "read-only": read_only,
        "mapped": mapped,
    }
    expected = make(DNNRegressor, random_state=0).fit(TABLE, NUMBERS).predict(TABLE)

    net = make(DNNRegressor, random_state=0).fit(arrays[kind], NUMBERS)

    np.testing.assert_array_equal(net.predict(arrays[kind]), expected)
    np.testing.assert_array_equal(arrays[kind], TABLE)


def test_huge_and_tiny_weights_count_by_their_ratio():
    """Weights near the limits of floats train like ones."""
    expected = make(DNNRegressor, random_state=0).fit(TABLE, NUMBERS).predict(TABLE)

    for size in (1.5e308, 1e-320):
        net = make(DNNRegressor, random_state=0)
        net.fit(TABLE, NUMBERS, sample_weight=np.full(N, size))

        np.testing.assert_array_equal(net.predict(TABLE), expected)
