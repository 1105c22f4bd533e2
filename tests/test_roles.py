"""Every parameter has the role it declares: a change costs one program or none."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler

from skdeep import (
    CNNClassifier,
    CNNRegressor,
    DNNClassifier,
    DNNRegressor,
    RNNClassifier,
    RNNRegressor,
    TabularClassifier,
    TabularRegressor,
)
from skdeep.engine import cache_info, clear_cache
from skdeep.estimators._parameters import (
    ARCHITECTURE,
    CONSTRAINTS,
    PROGRAM,
    ROLES,
    VARIABLE,
)

RNG = np.random.RandomState(0)
X = RNG.normal(size=(20, 4))
IMAGES = RNG.uniform(size=(20, 16))
Y = RNG.randint(3, size=20)
WORDS = np.arange(80).reshape(20, 4) % 3
# A start in which every part is there, so that numbers can change.
COMMON = {
    "hidden_layer_sizes": (4, 3),
    "activation": "leaky_relu",
    "input_dropout": 0.1,
    "dropout": 0.1,
    "l1": 0.01,
    "l2": 0.01,
    "activity_l1": 0.01,
    "max_norm": 2.0,
    "optimizer": "sgd",
    "momentum": 0.5,
    "weight_decay": 0.01,
    "loss": "mean_squared_error",
    "metrics": None,
    "epochs": 2,
    "batch_size": 8,
    "random_state": 0,
    "jit_compile": False,
}
# What takes half as long to compile, and of dense networks is trained by NumPy, which
# asks the cache for a program as TensorFlow does.
WITHOUT_PARTS = {
    "numeric_embedding": None,
    "hidden_layer_sizes": (2,),
    "input_dropout": 0.0,
    "dropout": 0.0,
    "l1": 0.0,
    "l2": 0.0,
    "activity_l1": 0.0,
    "max_norm": None,
    "momentum": 0.0,
    "weight_decay": None,
    "loss": "auto",
}
SEQUENCES = {
    **{name: value for name, value in COMMON.items() if name != "input_dropout"},
    "units": (2,),
    "cell": "lstm",
    "hidden_layer_sizes": (4,),
    "recurrent_dropout": 0.1,
}
# What a parameter needs beside it to have an effect.
EMBEDDED = {"numeric_embedding": "periodic"}
NEEDS = {
    "embedding_terms": EMBEDDED,
    "embedding_size": EMBEDDED,
    "embedding_sigma": EMBEDDED,
    "numeric_features": EMBEDDED,
    "nesterov": {"momentum": 0.5},
    "validation_fraction": {"early_stopping": True},
    "vocabulary_size": {"embedding_dim": 2},
    "sequence_shape": {"sequence_shape": (-1, 1)},
}
TABLE = {**COMMON, "numeric_embedding": "periodic", "embedding_terms": 2}
IMAGE = {
    **COMMON,
    "image_shape": (4, 4, 1),
    "filters": (2,),
    "conv_dropout": 0.1,
}
# Those with the same programs follow each other: 16 are kept.
ESTIMATORS = {
    DNNRegressor: (TABLE | {"loss": "auto"}, X),
    TabularRegressor: (TABLE | {"loss": "auto", "n_members": 1}, X),
    DNNClassifier: (TABLE, X),
    TabularClassifier: (TABLE | {"n_members": 1}, X),
    CNNClassifier: (IMAGE, IMAGES),
    CNNRegressor: (IMAGE | {"loss": "auto"}, IMAGES),
    RNNClassifier: (SEQUENCES, WORDS),
    RNNRegressor: (SEQUENCES | {"loss": "auto"}, WORDS),
}
CHANGES = {
    "hidden_layer_sizes": (5, 3),
    "n_layers": 3,
    "units": 5,
    "activation": "tanh",
    "activation_params": {"negative_slope": 0.05},
    "output_activation": "softplus",
    "kernel_initializer": "he_normal",
    "batch_normalization": True,
    "input_dropout": 0.2,
    "dropout": (0.2, 0.3),
    "l1": 0.02,
    "l2": 0.02,
    "activity_l1": 0.02,
    "max_norm": 1.0,
    "numeric_embedding": "piecewise_linear",
    "numeric_features": (0, 2),
    "embedding_terms": 3,
    "embedding_size": 3,
    "embedding_sigma": 0.5,
    "optimizer": "rmsprop",
    "learning_rate": 0.01,
    "decay": 0.1,
    "schedule": "cosine",
    "momentum": 0.6,
    "nesterov": True,
    "clipnorm": 1.0,
    "clipvalue": 1.0,
    "weight_decay": 0.1,
    "optimizer_params": {"use_ema": True},
    "loss": "huber",
    "loss_params": {"reduction": "sum"},
    "label_smoothing": 0.1,
    "quantile": 0.9,
    "quantiles": (0.1, 0.5, 0.9),
    "metrics": ["mean_absolute_error"],
    "epochs": 3,
    "batch_size": 9,
    "shuffle": False,
    "early_stopping": True,
    "patience": 3,
    "min_delta": 0.1,
    "monitor": "loss",
    "monitor_mode": "min",
    "validation_fraction": 0.3,
    "calibration": "temperature",
    "class_weight": "balanced",
    "normalize_y": True,
    "n_members": 2,
    "callbacks": keras.callbacks.TerminateOnNaN(),
    "warm_start": True,
    "random_state": 1,
    "dtype": "float64",
    "jit_compile": True,
    "verbose": False,
    "preprocessor": MinMaxScaler(),
    "filters": (3,),
    "kernel_size": 2,
    "padding": "valid",
    "pool_size": None,
    "pooling": "average",
    "conv_dropout": (0.2,),
    "global_pooling": "average",
    "image_shape": (2, 8, 1),
    "cell": "gru",
    "bidirectional": True,
    "sequence_shape": (-1, 2),
    "mask_value": 0.0,
    "embedding_dim": 3,
    "vocabulary_size": 7,
    "recurrent_dropout": 0.2,
}


def start_of(cls, name):
    """Return what an estimator starts from when a parameter is changed, and rows."""
    start, X = ESTIMATORS[cls]
    simpler = {**start, **WITHOUT_PARTS, "cell": "simple"}
    parts = {} if ROLES[name] == VARIABLE else simpler
    # What it does not go with.
    beside = {"label_smoothing": "loss", "sequence_shape": "image_shape"}
    if "n_layers" in CONSTRAINTS[cls.__name__]:
        beside |= dict.fromkeys(("n_layers", "units"), "hidden_layer_sizes")
    start = {n: v for n, v in start.items() if n != beside.get(name)}
    start = {n: parts.get(n, value) for n, value in start.items()}
    return start | NEEDS.get(name, {}), X


def having(name):
    """Return the estimators that have a parameter."""
    return [cls for cls in ESTIMATORS if name in CONSTRAINTS[cls.__name__]]


def cases():
    """Return every parameter with one of the estimators that have it.

    Each estimator gets one of every role. The others are tried with the first that has
    them: its start is there already, and that of a dense network costs least.
    """
    tried = set()
    for name in sorted(CHANGES, key=lambda name: len(having(name))):
        role = ROLES[name]
        new = [cls for cls in having(name) if (cls, role) not in tried]
        cls = (new or having(name))[0]
        tried.add((cls, role))
        yield cls, name


# One estimator after the other: they share the programs of their starts. Each case
# changes another parameter, so that what it adds to the cache is new to the others,
# unless the key forgets it.
CASES = sorted(cases(), key=lambda case: list(ESTIMATORS).index(case[0]))


@pytest.mark.fast
@pytest.mark.parametrize(
    ("cls", "name"), CASES, ids=[f"{cls.__name__}-{name}" for cls, name in CASES]
)
def test_a_change_costs_what_the_role_says(cls, name):
    """Changing a parameter compiles one program or none, as its role declares.

    That the key of the program says so for all estimators, tests/estimators/
    test_parameters.py checks without compiling.
    """
    start, X = start_of(cls, name)
    estimator = cls(**start).fit(X, Y)
    before = cache_info()

    estimator.set_params(**{name: CHANGES[name]}).fit(X, Y)

    n_compiled = 1 if ROLES[name] in (ARCHITECTURE, PROGRAM) else 0
    after = cache_info()
    assert after.misses - before.misses == n_compiled
    # Every member asks for the program.
    assert after.hits - before.hits == estimator.n_members - n_compiled


def test_every_estimator_has_cases_of_every_role():
    """Each parameter is changed once, and each role is counted for each estimator."""
    found = {(cls, ROLES[name]) for cls, name in CASES}

    assert len(CASES) == len(ROLES)
    assert found == set(itertools.product(ESTIMATORS, set(ROLES.values())))


@pytest.mark.fast
@pytest.mark.parametrize("name", ["dropout", "l1", "l2", "activity_l1", "max_norm"])
def test_a_part_that_was_not_there_costs_one_program(name):
    """A number that goes from nothing to something adds a part, once."""
    clear_cache()
    estimator = DNNRegressor(**COMMON | WITHOUT_PARTS).fit(X, Y)
    before = cache_info().misses

    for value in (0.3, 0.4):
        estimator.set_params(**{name: value}).fit(X, Y)

    assert cache_info().misses - before == 1


def test_a_zero_beside_another_penalty_costs_nothing():
    """A grid of l1 and l2 with zeros in it has two programs: with penalty, without."""
    clear_cache()
    estimator = DNNRegressor(**COMMON | WITHOUT_PARTS)

    for l1, l2 in [(0.0, 0.0), (0.0, 0.01), (0.01, 0.0), (0.01, 0.01)]:
        estimator.set_params(l1=l1, l2=l2).fit(X, Y)

    assert cache_info().misses == 2


def test_a_learning_rate_schedule_costs_one_program():
    """A schedule is part of the graph; the same schedule again is not new."""
    estimator = DNNRegressor(**COMMON | WITHOUT_PARTS).fit(X, Y)
    before = cache_info().misses

    for _ in range(2):
        schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
        estimator.set_params(learning_rate=schedule).fit(X, Y)

    assert cache_info().misses - before == 1


def test_equal_keras_objects_share_a_program():
    """Optimizers, losses and metrics that do the same are the same."""
    clear_cache()

    for _ in range(2):
        DNNRegressor(
            hidden_layer_sizes=(3,),
            optimizer=keras.optimizers.Adam(0.01, beta_1=0.8),
            loss=keras.losses.Huber(0.5),
            metrics=[keras.metrics.MeanAbsoluteError(name="mae")],
            activation=keras.layers.LeakyReLU(negative_slope=0.2),
            kernel_initializer=keras.initializers.HeNormal(),
            epochs=1,
            jit_compile=False,
        ).fit(X, Y)

    assert cache_info().misses == 1


@pytest.mark.parametrize("n_rows", [5, 19, 404, 1023, 1024])
def test_one_row_more_shares_the_program(n_rows):
    """Folds that differ by a row train with the same compiled program."""
    rows = RNG.normal(size=(n_rows + 1, 3))
    estimator = DNNRegressor(hidden_layer_sizes=(3,), epochs=1, jit_compile=False)
    estimator.fit(rows[:-1], rows[:-1, 0])
    before = cache_info().misses

    estimator.fit(rows, rows[:, 0])

    assert cache_info().misses == before


def test_more_rows_than_a_program_holds_share_it_too():
    """20 rows and 20,000 rows train with the same compiled program."""
    rows = RNG.normal(size=(20000, 3))
    estimator = DNNRegressor((3,), epochs=1, batch_size=64, jit_compile=False)
    estimator.fit(rows[:20], rows[:20, 0])
    before = cache_info().misses

    estimator.fit(rows, rows[:, 0])

    assert cache_info().misses == before
