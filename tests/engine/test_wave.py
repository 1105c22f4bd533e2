"""The cosine that programs under XLA compute: as near as float32 allows."""

import numpy as np
import pytest

from skdeep.engine.backends._loading import load_tensorflow
from skdeep.engine.backends._wave import cosine

RNG = np.random.RandomState(0)


def values_and_slopes(x):
    """Cosine and its gradient, compiled as in a program."""
    tf = load_tensorflow()

    @tf.function(jit_compile=True)
    def compiled(x):
        y = cosine(x)
        return y, tf.gradients(y, x)[0]

    return [tensor.numpy() for tensor in compiled(tf.constant(x))]


@pytest.mark.fast
@pytest.mark.parametrize("largest", [4.0, 100.0, 1e5])
def test_cosine_and_slope_are_exact_to_rounding(largest):
    """However many waves off, both differ from the truth by 4e-7 at most."""
    x = RNG.uniform(-largest, largest, 100_000).astype(np.float32)

    values, slopes = values_and_slopes(x)

    exact = x.astype(np.float64)
    np.testing.assert_allclose(values, np.cos(exact), rtol=0, atol=2e-7)
    np.testing.assert_allclose(slopes, -np.sin(exact), rtol=0, atol=4e-7)


def test_beyond_all_digits_the_cosine_stays_small():
    """Where float32 does not know the phase any more, nothing overflows."""
    x = np.array([1e9, -1e15, 1e30, -3e38], np.float32)

    values, slopes = values_and_slopes(x)

    assert np.abs(values).max() <= 1
    assert np.abs(slopes).max() <= 1


def test_float64_is_left_to_the_library():
    """The polynomial has the digits of float32; float64 keeps its own."""
    x = RNG.uniform(-100, 100, 1000)

    values, _ = values_and_slopes(x)

    np.testing.assert_allclose(values, np.cos(x), rtol=0, atol=1e-15)
