"""Whatever the network, the parameters and the data: the promises hold.

Networks are drawn from a short list of sizes, so that most examples find their
program; everything that costs no compilation is drawn freely.
"""

from __future__ import annotations

import os
import pickle
import random
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skdeep import CNNClassifier, CNNRegressor, DNNClassifier, DNNRegressor
from skdeep.engine import cache_info
from skdeep.exceptions import (
    ConvergenceWarning,
    DivergenceError,
    InvalidImageError,
    InvalidNetworkError,
)

EXAMPLES_OF_A_LONG_RUN = int(os.environ.get("SKDEEP_FUZZ_EXAMPLES", "2000"))
OUR_ERRORS = (DivergenceError, InvalidImageError, InvalidNetworkError)
N_LARGEST = 33

PROGRAM_PARTS = {
    "hidden_layer_sizes": [(), (3,), (4, 2)],
    "activation": ["relu", "tanh", "maxout"],
    "batch_normalization": [False, False, True],
    "has_dropout": [False, True],
    "has_penalty": [False, True],
    "optimizer": ["sgd", "adam", "rmsprop"],
    "batch_size": [8, 64],
    "dtype": ["float32", "float32", "float64", "mixed_bfloat16"],
    "target": ["binary", "multiclass", "multilabel", "number", "numbers"],
    "n_features": [1, 4],
    "padding": ["same", "valid"],
    "pooling": ["max", "average"],
}


def draw_programs(count):
    """Return some of all combinations; what is compiled is bounded by their number."""
    choose = random.Random(0).choice
    return [
        {name: choose(values) for name, values in PROGRAM_PARTS.items()}
        for _ in range(count)
    ]


@st.composite
def examples_of(draw, count, xla=False):
    """Draw (program, parameters, X, y) for one of ``count`` programs."""
    program = dict(draw(st.sampled_from(draw_programs(count))))
    target = program.pop("target")
    image = {name: program.pop(name) for name in ("padding", "pooling")}
    numbers = {
        "dropout": program.pop("has_dropout") * draw(st.sampled_from([0.1, 0.5])),
        "l2": program.pop("has_penalty") * draw(st.sampled_from([0.01, 1.0])),
        "learning_rate": draw(st.sampled_from([1e-4, 0.01, 0.3, 1e6])),
        "decay": draw(st.sampled_from([0.0, 0.01])),
        "epochs": draw(st.integers(1, 4)),
        "shuffle": draw(st.booleans()),
        "early_stopping": draw(st.booleans()),
        "validation_fraction": draw(st.floats(0.05, 0.6)),
        "random_state": draw(st.integers(0, 2**31)),
        "jit_compile": xla,
    }
    X, y = draw(data(target, program.pop("n_features")))
    return target, program | numbers, image, X, y


@st.composite
def data(draw, target, n_features):
    """Draw rows and a target."""
    n_rows = draw(st.integers(1, N_LARGEST))
    rng = np.random.RandomState(draw(st.integers(0, 2**31)))
    scale = draw(st.sampled_from([1e-3, 1.0, 100.0]))
    dtype = draw(st.sampled_from(["float64", "float32", "int32", "uint8", "bool"]))
    with np.errstate(invalid="ignore"):
        X = (rng.normal(size=(n_rows, n_features)) * scale).astype(dtype)
    targets = {
        "binary": rng.choice(["no", "yes"], n_rows),
        "multiclass": rng.randint(3, size=n_rows) * 10,
        "multilabel": rng.randint(2, size=(n_rows, 3)),
        "number": rng.normal(size=n_rows),
        "numbers": rng.normal(size=(n_rows, 2)),
    }
    return X, targets[target]


def fit(cls, settings_, X, y):
    """Fit, or return None where one of our errors says why not."""
    net = cls(**settings_)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        # Drawn labels may happen to look like one-hot rows.
        warnings.filterwarnings("ignore", message="y is a matrix of")
        # Early stopping is drawn, and so is the share that it would hold out.
        warnings.filterwarnings("ignore", message="validation_fraction is the share")
        try:
            return net.fit(X, y)
        except OUR_ERRORS:
            return None
        except ValueError as error:
            if "early_stopping needs" not in str(error):
                raise
            return None


def check_predictions(net, X, y):
    """Look at shapes, dtypes, classes and probabilities."""
    predicted = net.predict(X)
    assert predicted.shape == y.shape
    if not hasattr(net, "classes_"):
        assert predicted.dtype == (np.float32 if X.dtype == np.float32 else np.float64)
        assert np.isfinite(predicted).all()
        return
    probabilities = net.predict_proba(X)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    if y.ndim == 2:
        assert set(np.unique(predicted)) <= {0, 1}
        return
    assert set(predicted) <= set(y)
    assert probabilities.shape == (len(X), len(net.classes_))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def check_same_rows(net, X, order):
    """Check that rows in another order give the same bits in that order."""
    predict = getattr(net, "predict_proba", net.predict)
    np.testing.assert_array_equal(predict(X[order]), predict(X)[order])


def check_promises(cls, settings_, X, y):
    """Fit once, and check everything that must hold."""
    net = fit(cls, settings_, X, y)
    if net is None:
        return
    outputs = net.predict(X)
    check_predictions(net, X, y)
    copy = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(copy.predict(X), outputs)
    order = np.random.RandomState(0).permutation(len(X))
    check_same_rows(net, X, order)
    compiled = cache_info().misses
    again = fit(cls, settings_, X, y)
    np.testing.assert_array_equal(again.predict(X), outputs)
    one_more = np.arange(len(X) + 1) % len(X)
    fit(cls, settings_, X[one_more], y[one_more])
    assert cache_info().misses == compiled


def check_table(example):
    """Check one example of a table."""
    target, parameters, _, X, y = example
    cls = DNNRegressor if target.startswith("number") else DNNClassifier
    check_promises(cls, parameters, X, y)


def check_images(example):
    """Check one example of images: the rows as pixels."""
    target, parameters, image, X, y = example
    cls = CNNRegressor if target.startswith("number") else CNNClassifier
    images = np.resize(X, (len(X), 4, 4, 1))
    check_promises(cls, {**parameters, **image, "filters": (2,)}, images, y)


def take(count):
    """Take a number of examples, the same ones in every run."""
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.fast
@take(3)
@given(examples_of(1))
def test_a_few_tables(example):
    """Every promise holds for the first examples: the fast run's share."""
    check_table(example)


@take(74)
@given(examples_of(8))
def test_tables(example):
    """Every promise holds for tables, in graph mode."""
    check_table(example)


@take(8)
@given(examples_of(2, xla=True))
def test_tables_under_xla(example):
    """Every promise holds for tables, under XLA."""
    check_table(example)


@take(18)
@given(examples_of(3))
def test_images(example):
    """Every promise holds for images."""
    check_images(example)


@pytest.mark.slow
@take(EXAMPLES_OF_A_LONG_RUN * 7 // 10)
@given(examples_of(60))
def test_many_tables(example):
    """Every promise holds for many more tables."""
    check_table(example)


@pytest.mark.slow
@take(EXAMPLES_OF_A_LONG_RUN // 10)
@given(examples_of(8, xla=True))
def test_many_tables_under_xla(example):
    """Every promise holds for many more tables under XLA."""
    check_table(example)


@pytest.mark.slow
@take(EXAMPLES_OF_A_LONG_RUN // 5)
@given(examples_of(12))
def test_many_images(example):
    """Every promise holds for many more images."""
    check_images(example)
