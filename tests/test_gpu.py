"""Where a network is trained: on a GPU that TensorFlow sees, on no other backend."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdeep import CNNClassifier, DNNClassifier, DNNRegressor

FITS = """
import os, sys
import numpy as np
from skdeep import DNNClassifier
X = np.eye(4, dtype="float32")
for backend in sys.argv[1:]:
    os.environ["KERAS_BACKEND"] = backend
    try:
        DNNClassifier((2,), epochs=1, random_state=0).fit(X, [0, 1, 0, 1])
    except RuntimeError as error:
        print(error)
"""


def gpus():
    """The GPUs that TensorFlow sees."""
    import tensorflow as tf

    return tf.config.list_physical_devices("GPU")


@pytest.fixture(scope="module")
def gpu():
    """Fail, and do not skip, where a run with ``-m gpu`` finds none."""
    assert gpus(), "TensorFlow sees no GPU; install tensorflow[and-cuda]"


@pytest.fixture
def images():
    """40 small images of two kinds."""
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    X = rng.normal(size=(40, 8, 8, 1)).astype("float32") + y[:, None, None, None]
    return X, y


@pytest.mark.fast
def test_another_backend_of_keras_is_refused():
    """Whether it is installed or not, and with what to do."""
    output = subprocess.check_output(
        [sys.executable, "-c", FITS, "jax", "torch"], text=True
    )

    for backend, line in zip(["jax", "torch"], output.splitlines(), strict=True):
        assert line.startswith("skdeep needs Keras on TensorFlow; Keras runs on")
        assert f"{backend!r}. Set KERAS_BACKEND=tensorflow" in line


@pytest.mark.gpu
def test_a_gpu_learns_what_a_processor_learns(gpu, iris):
    """The same losses within rounding, which a GPU does in another order."""
    import tensorflow as tf

    net = DNNClassifier((8,), learning_rate=0.01, epochs=5, random_state=0)
    on_gpu = net.fit(*iris).history_["loss"]
    with tf.device("/CPU:0"):
        on_processor = net.fit(*iris).history_["loss"]

    assert_allclose(on_gpu, on_processor, rtol=1e-3)


@pytest.mark.gpu
def test_a_gpu_gives_the_same_bits_again(gpu, iris):
    """Two fits with one seed, of a network of dense layers."""
    net = DNNRegressor((8,), epochs=3, random_state=0)

    first = net.fit(*iris).predict(iris[0])
    again = net.fit(*iris).predict(iris[0])

    assert_array_equal(first, again)


@pytest.mark.gpu
@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_convolutions_train_on_a_gpu(gpu, images, jit_compile, dtype):
    """With XLA and without, in single and in mixed precision."""
    net = CNNClassifier(
        (4,),
        hidden_layer_sizes=(),
        learning_rate=0.01,
        epochs=10,
        jit_compile=jit_compile,
        dtype=dtype,
        random_state=0,
    )

    losses = net.fit(*images).history_["loss"]

    assert losses[-1] < losses[0]
