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
    # Below 2**31: the seed of dropout enters the program as an int32.
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
            # 2**64 numbers per epoch, more than any shuffle takes; the period of 2**128
            # has room for as many epochs.
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
    from keras import ops

    n_values = int(np.prod(shape))
    counter = ops.cast(ops.arange(n_values, dtype="int32"), "uint32")
    layer_key = ops.convert_to_tensor((layer * 0x85EBCA6B) & 0xFFFFFFFF, "uint32")
    key = _mix(ops.cast(seed, "uint32") + layer_key)
    key = _mix(key + ops.cast(step, "uint32"))
    # After one round alone place i under key k would be place i + 1 under k - 1, so
    # masks would be shifted copies of each other (test_dropout_masks_are_independent).
    bits = _mix(_mix(counter + key) ^ key)
    # 24 bits make a float32 in [0, 1) without rounding.
    uniform = ops.cast(ops.cast(_shifted(bits, 8), "int32"), rate.dtype)
    return ops.reshape(uniform >= rate * 16777216.0, shape)  # 2**24


def _mix(x: Any) -> Any:
    """Scatter 32 bits (a multiply-xorshift hash found by search, "lowbias32")."""
    from keras import ops

    x = (x ^ _shifted(x, 16)) * ops.convert_to_tensor(0x7FEB352D, "uint32")
    x = (x ^ _shifted(x, 15)) * ops.convert_to_tensor(0x846CA68B, "uint32")
    return x ^ _shifted(x, 16)


def _shifted(x: Any, n_bits: int) -> Any:
    """Bits moved to the right."""
    from keras import ops

    return ops.bitwise_right_shift(x, ops.convert_to_tensor(n_bits, "uint32"))
