"""What all tests share: small real data sets, a cache that starts empty.

The arrays are read-only, so a test in which something writes into the caller's data
fails.
"""

import gc
import os
import random

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.preprocessing import scale

from skdeep.engine import clear_cache

# Figures are drawn, never shown.
os.environ.setdefault("MPLBACKEND", "Agg")


def read_only(*arrays):
    """Return the arrays with writing forbidden."""
    for array in arrays:
        array.setflags(write=False)
    return arrays


def pytest_addoption(parser):
    """Take the option of scripts/test."""
    parser.addoption("--fast", action="store_true", help="run what is marked fast")


def pytest_collection_modifyitems(config, items):
    """With --fast, keep of every test that is marked so its first case, or all."""
    if not config.getoption("fast"):
        return
    kept, seen = [], set()
    for item in items:
        mark = item.get_closest_marker("fast")
        if mark and (mark.kwargs.get("cases") == "all" or item.function not in seen):
            kept.append(item)
        seen.add(item.function)
    config.hook.pytest_deselected(items=[i for i in items if i not in kept])
    items[:] = kept


# While files are imported, no garbage is made that is worth looking for.
gc.disable()


def pytest_collection_finish():
    """Let the garbage collector forget what imports made.

    It looked through a million objects of TensorFlow and Keras again and again while
    programs were traced: an eighth of the time of a run.
    """
    gc.freeze()
    gc.set_threshold(10_000)
    gc.enable()


@pytest.fixture(scope="session")
def iris():
    """150 flowers in the order of their 3 classes, 4 standardised features."""
    X, y = load_iris(return_X_y=True)
    return read_only(scale(X), y)


@pytest.fixture(scope="session")
def cancer():
    """569 tumours of 2 classes, 4 of their features, standardised."""
    X, y = load_breast_cancer(return_X_y=True)
    return read_only(scale(X[:, :4]), y)


@pytest.fixture(scope="session")
def diabetes():
    """442 patients, 10 standardised features, a positive number to predict."""
    X, y = load_diabetes(return_X_y=True)
    return read_only(scale(X), y / 100)


@pytest.fixture(scope="session")
def digits():
    """400 images of 8 × 8 pixels from 0 to 1, of 10 classes."""
    images, y = load_digits(return_X_y=True)
    return read_only(images[:400].reshape(-1, 8, 8) / 16, y[:400])


@pytest.fixture(scope="session")
def iris_labels(iris):
    """A 0/1 column for each of two classes of iris, and one for either of them."""
    y = iris[1]
    return read_only(np.column_stack([y == 0, y >= 1, y == 2]).astype(int))[0]


@pytest.fixture(autouse=True)
def same_draws():
    """Begin every test with the same global generators.

    A fit without random_state draws from NumPy's, and a layer that Keras builds from
    Python's: a test that forgot it would pass on most days.
    """
    np.random.seed(0)  # noqa: NPY002 - the one that scikit-learn uses
    random.seed(0)


@pytest.fixture(scope="module", autouse=True)
def forget_programs():
    """Drop the programs of a file after it: nothing else will ask for them."""
    yield
    clear_cache()


@pytest.fixture
def empty_cache():
    """Drop all compiled programs, so that their counts start at zero."""
    clear_cache()
