"""random_state → four seeds; seeds → row orders and dropout masks.

Nothing here depends on how a fit is cut into calls: the order of the rows is a
function of (seed, epoch), a dropout mask of (seed, step, layer). No global random
state is read or changed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state


class Seeds(NamedTuple):
    """One seed for each thing that is drawn."""

    weights: int
    order: int
    dropout: int
    holdout: int


def draw_seeds(random_state: Any) -> Seeds:
    """Draw the seeds of a fit from any random_state that scikit-learn takes."""
    generator = check_random_state(random_state)
    return Seeds(
        *(int(s) for s in generator.randint(2**31 - 1, size=len(Seeds._fields)))
    )


class RowOrders:
    """The order of the rows of every epoch, each epoch on its own.

    One bit generator jumps to the stretch of numbers that belongs to an epoch; making
    a generator per epoch took 20 µs, jumping takes 3.
    """

    def __init__(self, seed: int, n_rows: int, shuffle: bool):
        self._n_rows = n_rows
        self._shuffle = shuffle
        self._bits = np.random.PCG64(seed)
        self._start = self._bits.state
        self._generator = np.random.Generator(self._bits)

    def epoch(self, number: int) -> np.ndarray:
        """Row numbers in the order in which epoch ``number`` (from 0) visits them."""
        rows = np.arange(self._n_rows, dtype=np.int32)
        if self._shuffle:
            self._bits.state = self._start
            self._bits.advance(number << 64)
            self._generator.shuffle(rows)
        return rows


def keep_mask(
    shape: tuple[int, ...], rate: Any, seed: Any, step: Any, layer: int
) -> Any:  # -> bool tensor
    """Say for every value whether it survives a dropout of ``rate``.

    A counter is hashed (two rounds of multiply and xor-shift on 32 bits), which costs
    a tenth of TensorFlow's generators inside a compiled loop, gives the same bits
    with and without XLA, and needs no state.

    Parameters
    ----------
    shape : tuple of int
        The shape of the values.
    rate : scalar float tensor
        The probability that a value is dropped.
    seed, step : scalar int32 tensors
        Which fit, and which update of it.
    layer : int
        Which dropout of the network.
    """
    import tensorflow as tf

    n_values = int(np.prod(shape))
    counter = tf.bitcast(tf.range(n_values, dtype=tf.int32), tf.uint32)
    key = _mix(
        tf.bitcast(seed, tf.uint32)
        + tf.constant((layer * 0x85EBCA6B) & 0xFFFFFFFF, tf.uint32)
    )
    key = _mix(key + tf.bitcast(step, tf.uint32))
    bits = _mix(_mix(counter + key) ^ key)
    # 24 bits make a float32 in [0, 1) without rounding.
    uniform = tf.cast(
        tf.bitcast(tf.bitwise.right_shift(bits, tf.constant(8, tf.uint32)), tf.int32),
        rate.dtype,
    )
    return tf.reshape(uniform >= rate * 16777216.0, shape)


def _mix(x: Any) -> Any:
    """Scatter 32 bits (a multiply-xorshift hash found by search, "lowbias32")."""
    import tensorflow as tf

    def shift(value: Any, n_bits: int) -> Any:
        return tf.bitwise.right_shift(value, tf.constant(n_bits, tf.uint32))

    x = (x ^ shift(x, 16)) * tf.constant(0x7FEB352D, tf.uint32)
    x = (x ^ shift(x, 15)) * tf.constant(0x846CA68B, tf.uint32)
    return x ^ shift(x, 16)
