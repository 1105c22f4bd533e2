"""Many fits stay within a fixed memory, and leave no file and no thread behind."""

from __future__ import annotations

import gc
import itertools
import os
import subprocess
import sys
import threading
import weakref

import keras
import numpy as np
import pytest
from sklearn.base import clone
from tensorflow.python.framework.func_graph import FuncGraph

from skdeep import CNNRegressor, DNNRegressor
from skdeep.engine import backends, cache_info, clear_cache
from skdeep.engine._predictor import Predictor
from skdeep.engine._program import TrainingProgram

X = np.random.RandomState(0).normal(size=(40, 4))
MIB = 2**20


def resident_bytes():
    """Return the memory of this process that is in use."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def fit(units, seed=0, **parameters):
    """Fit and predict with one of many architectures."""
    once = {"epochs": 1, "batch_size": 8, "random_state": seed, "jit_compile": False}
    # With a largest norm, which NumPy does not have: this is about programs.
    net = DNNRegressor((units,), max_norm=9.0, **once, **parameters)
    net.fit(X, X[:, 0]).predict(X)


def grown_bytes(n_architectures, n_fits):
    """Fit every architecture once, then in turn; return how much memory grew."""
    for units in range(1, n_architectures + 1):
        fit(units)
    gc.collect()
    before = resident_bytes()
    for number in range(n_fits):
        fit(number % n_architectures + 1, seed=number)
    gc.collect()
    return resident_bytes() - before


linux = pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs /proc")


@linux
def test_a_hundred_fits_do_not_grow(empty_cache):
    """Further fits of known architectures compile nothing and keep nothing."""
    grown = grown_bytes(4, 100)

    assert cache_info().misses == 4
    assert grown < 8 * MIB


@linux
@pytest.mark.slow
def test_a_thousand_fits_do_not_grow(empty_cache):
    """A thousand fits over as many architectures as are kept compile each once."""
    n_kept = cache_info().maxsize

    grown = grown_bytes(n_kept, 1000)

    assert cache_info().misses == n_kept
    assert grown < 16 * MIB


def living(*classes):
    """Return weak references to all objects of these classes."""
    gc.collect()
    return [weakref.ref(thing) for thing in gc.get_objects() if type(thing) in classes]


def test_an_evicted_program_is_freed(empty_cache):
    """Nothing of skdeep, Keras or Python holds a program that left the cache."""
    fit(5, activation=keras.activations.tanh)  # a function: TensorFlow predicts, too
    programs, predictors = living(TrainingProgram), living(Predictor)

    clear_cache()

    assert len(programs) == len(predictors) == 1
    assert living(TrainingProgram, Predictor) == []


# With a largest norm, which NumPy does not have.
DENSE = DNNRegressor((6, 5), max_norm=9.0, optimizer="sgd", epochs=1, random_state=0)
IMAGES = CNNRegressor(filters=(2,), image_shape=(2, 2, 1), epochs=1, random_state=0)


@pytest.mark.parametrize(
    ("net", "n_lasting"),
    [
        (DENSE, 0),
        (DENSE, 1),
        (clone(DENSE).set_params(jit_compile=False), 0),
        (IMAGES, 0),
    ],
    ids=["session", "XLA", "graph mode", "convolution"],
)
def test_tensorflow_keeps_no_graph_of_an_evicted_program(
    net, n_lasting, empty_cache, monkeypatch
):
    """What a program was traced in goes with it: no register of gradients holds it."""
    monkeypatch.setattr(backends, "_n_made", itertools.count())
    monkeypatch.setattr(backends, "N_LASTING", n_lasting)
    clone(net).fit(X, X[:, 0])
    clear_cache()
    before = len(living(FuncGraph))

    clone(net).set_params(hidden_layer_sizes=(7, 5)).fit(X, X[:, 0])
    n_compiled = cache_info().compiled
    clear_cache()

    assert n_compiled == 1
    assert len(living(FuncGraph)) == before


@pytest.mark.fast
@linux
def test_a_failed_compilation_keeps_nothing(empty_cache):
    """What could not be compiled is not in the cache, and not counted."""
    net = DNNRegressor((3,), loss=lambda y_true, y_pred: 1 / 0, jit_compile=False)

    with pytest.raises(ValueError, match="loss"):
        net.fit(X, X[:, 0])

    assert cache_info().currsize == cache_info().misses == 0


@linux
def test_no_file_and_no_thread_is_left_behind():
    """Fits open nothing that they do not close, and start no thread that stays."""
    fit(3)
    files = len(os.listdir("/proc/self/fd"))
    threads = threading.active_count()
    tasks = len(os.listdir("/proc/self/task"))

    for seed in range(10):
        fit(3, seed)

    assert len(os.listdir("/proc/self/fd")) <= files
    assert threading.active_count() <= threads
    assert len(os.listdir("/proc/self/task")) <= tasks


# One process, since each takes seconds to import TensorFlow: what one step leaves
# behind only adds to what the next is found to need.
LARGE_THINGS = """
import numpy as np
import scipy.sparse
from skdeep import DNNClassifier, DNNRegressor
from skdeep.engine._fitted import FittedNetwork
from skdeep.networks._from_parameters import make_network

# Not getrusage: its peak begins with the memory of the process that started this one.
def mebibytes(name):
    (line,) = (line for line in open("/proc/self/status") if line.startswith(name))
    return int(line.split()[1]) / 1024

def fit_sparse():
    n_rows, n_words, n_kept = 25_000, 10_000, 120
    generator = np.random.default_rng(0)
    X = scipy.sparse.csr_matrix(
        (
            np.ones(n_rows * n_kept, np.float32),
            generator.integers(n_words, size=n_rows * n_kept),
            np.arange(0, n_rows * n_kept + 1, n_kept),
        ),
        shape=(n_rows, n_words),
    )
    y = generator.integers(2, size=n_rows)
    DNNClassifier((16,), epochs=1, batch_size=512).fit(X, y).predict(X)
    return mebibytes("VmHWM")

class Rows:
    shape, dtype = (1_000_000, 256), np.dtype(np.int8)
    some = np.repeat((np.arange(100_000) % 7).astype(np.int8)[:, None], 256, axis=1)

    def __getitem__(self, key):
        n_rows = len(range(*key.indices(1_000_000)))
        return self.some[key.start % 7 : key.start % 7 + n_rows]

def fit_file():
    y = np.arange(1_000_000) % 7 - 3.0
    net = DNNRegressor((8,), epochs=1, batch_size=1024, random_state=0).fit(Rows(), y)
    assert net.do_early_stopping_
    return mebibytes("VmHWM")

def predict_many_outputs():
    network, _ = make_network(DNNClassifier(()).get_params(), (20,), 10_000, "softmax")
    weights = [np.ones(spec.shape, "float32") for spec in network.weight_specs()]
    fitted = FittedNetwork(network, {}, weights)
    result = fitted.predict(np.ones((15_000, 20)))
    return mebibytes("VmHWM") - at_first - result.nbytes / 2**20

DNNRegressor((2,), epochs=1).fit(np.eye(3), [1.0, 2.0, 3.0])
at_first = mebibytes("VmRSS")
print(fit_sparse(), fit_file(), predict_many_outputs())
"""


@pytest.fixture(scope="module")
def mebibytes():
    """The peak of a process after either fit, and how far predictions raise it."""
    output = subprocess.check_output([sys.executable, "-c", LARGE_THINGS], text=True)
    names = ("sparse", "file", "outputs")
    return dict(zip(names, map(float, output.split()), strict=True))


@linux
def test_a_large_sparse_matrix_is_never_made_dense(mebibytes):
    """25,000 texts of 10,000 words, 1 GB as floats, fit into a process of 1.5 GiB."""
    assert mebibytes["sparse"] < 1.5 * 1024


@linux
def test_a_file_is_never_in_memory_as_a_whole(mebibytes):
    """A million rows of 256 numbers, 1 GB as floats, beside TensorFlow's 0.7 GiB."""
    assert mebibytes["file"] < 1.4 * 1024


@linux
def test_predictions_need_the_memory_of_the_result(mebibytes):
    """15,000 rows of 10,000 classes, 572 MiB, peak at most 400 MiB above that."""
    assert mebibytes["outputs"] < 400
