"""Training in NumPy: what compiled programs give, to rounding, and when it is used."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path
from unittest.mock import patch

import keras
import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from skdeep import DNNClassifier, DNNRegressor
from skdeep.engine import _choice, cache_info
from skdeep.engine._one_thread import ONE_THREAD
from skdeep.engine._random import DropoutFactors, keep_mask
from skdeep.keras_objects._numpy_activations import ACTIVATIONS
from skdeep.keras_objects._numpy_derivatives import DERIVATIVES
from skdeep.networks._network import NumpyContext

ROOT = Path(__file__).parent.parent.parent
RNG = np.random.RandomState(0)
X = RNG.normal(size=(103, 6))
Y = X[:, 0] + 0.1 * RNG.normal(size=103)
CLASSES = np.digitize(Y, [-0.5, 0.5])
LABELS = np.column_stack([Y > 0, Y > 1]).astype(int)
WEIGHTS = RNG.uniform(0.2, 3, size=103)
SMALL = {
    "hidden_layer_sizes": (9, 5),
    "epochs": 3,
    "batch_size": 16,
    "early_stopping": False,
    "random_state": 0,
}


def small(cls=DNNRegressor, **parameters):
    """A network that NumPy trains."""
    return cls(**{**SMALL, **parameters})


def weights(net):
    """The weights of a fitted network."""
    return net.model_.get_weights()


def key_of(net, y=Y):
    """The key of the program that a fit of a network asks for."""
    with (
        patch("skdeep.engine._cache.ProgramCache.program", side_effect=_carry_out),
        pytest.raises(_Seen) as raised,
    ):
        net.fit(X, y)
    return raised.value.args[0]


class _Seen(Exception):
    """Carries a key out of a fit."""


def _carry_out(key):
    raise _Seen(key)


def fitted_by_tensorflow(net, *data, **arguments):
    """Fit by a graph of TensorFlow, which is made sooner than a program of XLA."""
    net.set_params(jit_compile=False)
    with patch.object(_choice, "can_train", return_value=False):
        return net.fit(*data, **arguments)


CASES = {
    "plain": (DNNRegressor, Y, {}),
    "linear model": (DNNRegressor, Y, {"hidden_layer_sizes": ()}),
    "wide layers": (DNNRegressor, Y, {"hidden_layer_sizes": (100, 90)}),
    "two targets": (DNNRegressor, np.column_stack([Y, -Y]), {}),
    "dropout": (DNNRegressor, Y, {"dropout": 0.3, "input_dropout": 0.1}),
    "penalties": (DNNRegressor, Y, {"l1": 1e-3, "l2": 1e-2}),
    "penalties by layer": (DNNRegressor, Y, {"l2": [0.1, 0.0, 0.01]}),
    "decay": (DNNRegressor, Y, {"decay": 0.1}),
    "weight decay": (DNNRegressor, Y, {"weight_decay": 0.1}),
    "sgd": (DNNRegressor, Y, {"optimizer": "sgd"}),
    "momentum": (DNNRegressor, Y, {"optimizer": "sgd", "momentum": 0.9}),
    "nesterov": (
        DNNRegressor,
        Y,
        {"optimizer": "sgd", "momentum": 0.9, "nesterov": True},
    ),
    "rmsprop": (DNNRegressor, Y, {"optimizer": "rmsprop"}),
    "rmsprop, momentum": (DNNRegressor, Y, {"optimizer": "rmsprop", "momentum": 0.5}),
    "adamw": (DNNRegressor, Y, {"optimizer": "adamw"}),
    "betas": (DNNRegressor, Y, {"optimizer_params": {"beta_1": 0.7, "epsilon": 1e-4}}),
    "an instance": (DNNRegressor, Y, {"optimizer": keras.optimizers.AdamW(0.01)}),
    "huber": (DNNRegressor, Y, {"loss": "huber"}),
    "absolute error": (DNNRegressor, Y, {"loss": "mean_absolute_error"}),
    "metrics": (
        DNNRegressor,
        10 + 3 * Y,
        {"metrics": ["mae", "mse", "root_mean_squared_error"], "normalize_y": True},
    ),
    "held out": (DNNRegressor, Y, {"early_stopping": True, "l2": 0.01}),
    "one batch": (DNNRegressor, Y, {"batch_size": -1}),
    "float64": (DNNRegressor, Y, {"dtype": "float64"}),
    "two classes": (DNNClassifier, Y > 0, {}),
    "three classes": (DNNClassifier, CLASSES, {"hidden_layer_sizes": (12,)}),
    "labels": (DNNClassifier, LABELS, {}),
}


@pytest.mark.fast
@pytest.mark.parametrize("name", CASES)
def test_numpy_gives_what_tensorflow_gives(name):
    """Weights and history are those of Keras' formulas, to rounding."""
    cls, y, parameters = CASES[name]
    ours, theirs = (small(cls, **parameters) for _ in range(2))

    ours.fit(X, y, sample_weight=WEIGHTS)
    fitted_by_tensorflow(theirs, X, y, sample_weight=WEIGHTS)

    assert key_of(small(cls, **parameters), y).in_numpy
    digits = 1e-12 if parameters.get("dtype") == "float64" else 2e-5
    for own, other in zip(weights(ours), weights(theirs), strict=True):
        np.testing.assert_allclose(own, other, rtol=digits, atol=digits / 10)
    assert list(ours.history_) == list(theirs.history_)
    for column, values in ours.history_.items():
        np.testing.assert_allclose(values, theirs.history_[column], rtol=digits)


@pytest.mark.parametrize("name", sorted(DERIVATIVES))
def test_derivatives_are_those_of_the_activations(name):
    """A difference quotient in float64 says the same, away from kinks."""
    x = np.linspace(-3, 7, 50) + 0.013
    step = 1e-6
    function, derivative = ACTIVATIONS[name], DERIVATIVES[name]
    quotient = (function(x + step) - function(x - step)) / (2 * step)

    ours = derivative.of(x.copy(), function(x.copy()))

    np.testing.assert_allclose(ours * np.ones_like(x), quotient, atol=1e-8)


# The weights say what the gradient was.
ONE_LAYER = {
    "hidden_layer_sizes": (5,),
    "epochs": 1,
    "optimizer": "sgd",
    "learning_rate": 0.1,
}


@pytest.mark.parametrize("name", sorted(DERIVATIVES))
def test_every_activation_trains_as_in_tensorflow(name):
    """One epoch with each gives the same weights, to rounding."""
    ours, theirs = (small(**ONE_LAYER, activation=name) for _ in range(2))

    # Small rows: exp of large ones would leave nothing to compare.
    ours.fit(X / 4, Y)
    fitted_by_tensorflow(theirs, X / 4, Y)

    assert key_of(small(activation=name)).in_numpy
    for own, other in zip(weights(ours), weights(theirs), strict=True):
        np.testing.assert_allclose(own, other, rtol=2e-5, atol=2e-6)


PARAMETERS = {
    "leaky_relu": {"activation_params": {"negative_slope": 0.4}},
    "elu": {"activation_params": {"alpha": 0.3}},
    "a layer": {"activation": keras.layers.ELU(0.7)},
    "another": {"activation": keras.layers.LeakyReLU()},
    "a third": {"activation": keras.layers.ReLU()},
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_activations_with_parameters_train_as_in_tensorflow(name):
    """Slopes and the like count in gradients, too."""
    parameters = {**ONE_LAYER, "activation": name, **PARAMETERS[name]}
    ours, theirs = small(**parameters).fit(X, Y), small(**parameters)

    fitted_by_tensorflow(theirs, X, Y)

    assert key_of(small(**parameters)).in_numpy
    for own, other in zip(weights(ours), weights(theirs), strict=True):
        np.testing.assert_allclose(own, other, rtol=2e-5, atol=2e-6)


def test_masks_are_those_of_compiled_programs():
    """Bit by bit, for steps in any order and for the last rows of an epoch."""
    factors = DropoutFactors(["first", "second"], 2**31 - 7, np.float32)
    of_16, of_3 = (factors.of("second", (40, n), 0.3) for n in (16, 3))
    for step in [0, 1, 5000, 2, 2**20]:
        kept = keep_mask((16, 40), np.float32(0.3), 2**31 - 7, step, 1)
        kept_of_fewer = keep_mask((3, 40), np.float32(0.3), 2**31 - 7, step, 1)

        ours, fewer = of_16(step), of_3(step)

        np.testing.assert_array_equal(ours.T > 0, kept)
        np.testing.assert_array_equal(fewer.T > 0, kept_of_fewer)
    assert set(np.unique(ours)) == {np.float32(0), np.float32(1 / 0.7)}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_where_a_fit_is_cut_changes_no_bit(dtype):
    """Epochs in one call, one by one, and batch by batch give equal histories."""
    parameters = {"dropout": 0.2, "l2": 0.01, "dtype": dtype, "epochs": 4}
    by_epoch, by_batch = keras.callbacks.Callback(), _EveryBatch()

    at_once = small(**parameters).fit(X, Y)
    nets = [
        small(**parameters, callbacks=[callback]).fit(X, Y)
        for callback in (by_epoch, by_batch)
    ]

    for net in nets:
        assert net.history_ == at_once.history_
        for own, other in zip(weights(net), weights(at_once), strict=True):
            np.testing.assert_array_equal(own, other)


@pytest.mark.parametrize("n_bytes", [16, 32, 48])
def test_penalties_have_the_same_bits_wherever_weights_lie(n_bytes):
    """Some sums of BLAS begin at a multiple of 64 bytes, and arrays need not."""
    net = small(hidden_layer_sizes=(300,), l1=1e-3, l2=1e-3).fit(X, Y)
    network, values = net._fitted.network, net._fitted.weights
    context = NumpyContext(net._fitted.hyperparameters, 16, dropout=_carry_out)

    vector = np.concatenate([array.ravel() for array in values])
    found = [
        network.to_numpy_training(placed(vector, start), vector, context).penalty()
        for start in (0, n_bytes)
    ]

    assert found[0] == found[1]


def placed(array, n_bytes):
    """A copy that lies some bytes behind a multiple of 64."""
    room = np.empty(array.nbytes + 128, np.uint8)
    start = -room.ctypes.data % 64 + n_bytes
    copy = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


class _EveryBatch(keras.callbacks.Callback):
    """Looks at every batch."""

    def on_train_batch_end(self, batch, logs=None):
        """Look."""
        assert np.isfinite(logs["loss"])


def test_training_goes_on_where_another_left_off():
    """What Adam remembers passes from NumPy to XLA and back."""
    net = small(warm_start=True, epochs=2).fit(X, Y)
    other = small(warm_start=True, epochs=2, jit_compile=True).fit(X, Y)

    for first, second in ((True, "auto"), ("auto", True)):
        net.set_params(jit_compile=first).fit(X, Y)
        other.set_params(jit_compile=second).fit(X, Y)

    for own, their in zip(weights(net), weights(other), strict=True):
        np.testing.assert_allclose(own, their, rtol=2e-5, atol=2e-6)


@pytest.mark.fast
def test_a_search_over_short_fits_compiles_nothing(empty_cache):
    """Widths, depths, activations and batch sizes cost no program."""
    for sizes in [(4,), (5, 5), (6, 6, 6)]:
        for activation in ["relu", "tanh"]:
            net = small(hidden_layer_sizes=sizes, activation=activation)
            net.fit(X, Y).fit(X[:50], Y[:50])

    info = cache_info()
    assert (info.misses, info.hits, info.compiled) == (6, 6, 0)


WHO_TRAINS = {
    "few updates": ({}, True),
    "many updates": ({"epochs": 1000}, False),
    "few that take long": (
        {"hidden_layer_sizes": (3500, 3500), "jit_compile": "auto"},
        False,
    ),
    "asked for XLA": ({"jit_compile": True}, False),
    "asked for no XLA": ({"jit_compile": False, "epochs": 1000}, True),
    "long updates without XLA": (
        {"jit_compile": False, "hidden_layer_sizes": (2000, 2000)},
        False,
    ),
    "batch normalisation": ({"batch_normalization": True}, False),
    "max norm": ({"max_norm": 1.0}, False),
    "an activation without a derivative here": ({"activation": "mish"}, False),
    "a function": ({"activation": keras.ops.tanh}, False),
    "a parameter without a derivative here": (
        {"activation": keras.layers.ReLU(max_value=2.0)},
        False,
    ),
    "a schedule": ({"schedule": "cosine"}, False),
    "another optimizer": ({"optimizer": "nadam"}, False),
    "an argument of the optimizer": ({"clipnorm": 1.0}, False),
    "averages": ({"optimizer_params": {"use_ema": True}}, False),
    "another loss": ({"loss": "log_cosh"}, False),
    "an argument of the loss": (
        {"loss": "huber", "loss_params": {"delta": 2.0}},
        False,
    ),
    "an activation that the loss does not go with": (
        {"output_activation": "softsign"},
        False,
    ),
    "another metric": ({"metrics": ["log_cosh"]}, False),
    "quantiles": ({"quantiles": (0.1, 0.9)}, False),
    "mixed precision": ({"dtype": "mixed_bfloat16"}, False),
}


@pytest.mark.filterwarnings("ignore:Expected targets")
@pytest.mark.parametrize("name", WHO_TRAINS)
def test_who_trains_is_a_rule_of_parameters_and_rows(name):
    """NumPy where it has everything and updates are few; the same before and after."""
    parameters, in_numpy = WHO_TRAINS[name]

    keys = [key_of(small(**parameters)) for _ in range(2)]

    assert [key.in_numpy for key in keys] == [in_numpy, in_numpy]
    assert keys[0] == keys[1]


def test_the_line_is_drawn_by_the_number_of_updates():
    """One epoch more, and XLA trains; each member of an ensemble counts alone."""
    n_per_epoch = -(-len(X) // SMALL["batch_size"])
    most = _choice.MOST_UPDATES // n_per_epoch

    assert key_of(small(epochs=most)).in_numpy
    assert not key_of(small(epochs=most + 1)).in_numpy
    assert key_of(small(epochs=most, n_members=2)).in_numpy


CODE = """
import sys, numpy as np
from tests.engine.test_numpy_program import wide
np.savez(sys.argv[1], *wide()._fitted.weights)
"""


def wide():
    """A fitted network whose products a BLAS splits over threads.

    With 513 features OpenBLAS also adds in another order then; with 200 it does not.
    """
    rng = np.random.RandomState(0)
    rows, classes = rng.normal(size=(300, 513)), rng.randint(3, size=300)
    own = {"batch_size": 128, "epochs": 2, "dropout": 0.1, "jit_compile": False}
    return small(DNNClassifier, hidden_layer_sizes=(64,), **own).fit(rows, classes)


def test_the_number_of_threads_changes_no_bit(tmp_path):
    """Products that a BLAS would split have the same bits under 1, 2 and 4 threads.

    So they have where OMP_NUM_THREADS says how many: see tests/test_threads.py.
    """
    found = []
    for n_threads in (1, 2, 4):  # as in a process that was told so when it started
        with threadpool_limits(limits=n_threads, user_api="blas"):
            found.append([weight.tobytes() for weight in wide()._fitted.weights])
    path = tmp_path / "weights.npz"
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "4"}
    command = [sys.executable, "-c", CODE, str(path)]

    subprocess.run(command, env=environment, cwd=ROOT, check=True)

    with np.load(path) as arrays:
        found.append([arrays[name].tobytes() for name in arrays.files])
    assert found[0] == found[1] == found[2] == found[3]


def n_threads():
    """How many threads every BLAS would take now."""
    return {b["num_threads"] for b in threadpool_info() if b["user_api"] == "blas"}


def test_threads_of_blas_are_put_back():
    """After a fit, after an error, and when the last of several threads leaves."""
    with threadpool_limits(limits=2, user_api="blas"):
        small().fit(X, Y)
        with pytest.raises(RuntimeError), ONE_THREAD:
            raise RuntimeError
        assert n_threads() == {2}
        entered, leave = threading.Event(), threading.Event()

        def stay():
            with ONE_THREAD:
                entered.set()
                leave.wait(60)

        thread = threading.Thread(target=stay)
        thread.start()
        entered.wait()
        with ONE_THREAD:
            pass
        assert n_threads() == {1}
        leave.set()
        thread.join()
        assert n_threads() == {2}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_trains_though_a_thread_was_inside():
    """Locks that were closed in the parent are none of the child's."""
    context = multiprocessing.get_context("fork")
    with ONE_THREAD:
        child = context.Process(target=_enter_and_leave)
        child.start()
        child.join(60)

    assert child.exitcode == 0


def _enter_and_leave():
    with ONE_THREAD:
        pass
