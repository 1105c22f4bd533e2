"""random_state → four seeds; seeds → row orders and dropout masks.

Nothing here depends on how a fit is cut into calls: the order of the rows is a
function of (seed, epoch), a dropout mask of (seed, step, layer). No global random
state is read or changed.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from skdeep.networks._memory import aligned

FOLD, SHIFT, FACTORS = 16, 15, (0x7FEB352D, 0x846CA68B)  # of a hash of 32 bits
LAYER_KEY = 0x85EBCA6B  # what the seeds of two layers differ by
NOTHING = np.empty((0, 0, 0), bool)
MAX_AHEAD = 2**16  # values of masks made at once; they and their bits fit a cache


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
    # Every number that is written down is one more operation to trace: each once.
    number = functools.cache(lambda n: ops.convert_to_tensor(np.uint32(n)))
    fold, stir = (functools.partial(part, number=number) for part in (_fold, _stir))
    counter = ops.cast(ops.arange(n_values, dtype="int32"), "uint32")
    key = ops.cast(seed, "uint32") + number(layer * LAYER_KEY & 0xFFFFFFFF)
    key = fold(stir(fold(key)))
    stirred = stir(fold(key + ops.cast(step, "uint32")))
    # After one round alone place i under key k would be place i + 1 under k - 1, so
    # masks would be shifted copies of each other (test_dropout_masks_are_independent).
    # Two rounds are fold(stir(fold(... ^ key))) of fold(stir(fold(...))): two folds
    # behind each other undo each other, and the one of the key is done already.
    bits = fold(stir(stir(fold(counter + fold(stirred))) ^ stirred))
    # 24 bits make a float32 in [0, 1) without rounding.
    upper = ops.bitwise_right_shift(bits, number(8))
    uniform = ops.cast(ops.cast(upper, "int32"), rate.dtype)
    return ops.reshape(uniform >= rate * 16777216.0, shape)  # 2**24


class DropoutFactors:
    """The same masks in NumPy, as what values are multiplied with.

    Parameters
    ----------
    names : sequence of str
        Of the rates, in the order of the layers.
    seed : int
        Which fit.
    dtype : numpy.dtype
        Of the factors.
    """

    def __init__(self, names: Sequence[str], seed: int, dtype: Any):
        self._masks = {name: Masks(seed, layer) for layer, name in enumerate(names)}
        self._dtype = np.dtype(dtype)

    def of(
        self, name: str, shape: tuple[int, int], rate: float
    ) -> Callable[[int], np.ndarray]:
        """Return the function from an update to its factors.

        They are 0 where ``keep_mask`` drops, 1 / (1 - rate) elsewhere, in an array that
        is the same for all updates: those of many at once, four bytes for one of a
        mask, push the weights out of a core's cache. ``shape`` is (n_units, n_rows): a
        row has a column. Rows behind the last of a batch change nothing, so fewer rows
        have the first columns.
        """
        masks, n_rows = self._masks[name], shape[1]
        # uniform >= rate * 2**24 for the upper 24 bits, without the shift.
        least = math.ceil(self._dtype.type(rate) * self._dtype.type(2**24)) << 8
        masks.prepare(shape, min(least, 2**32 - 1))
        factors, scale = (
            aligned(shape, self._dtype),
            np.array(1 / (1 - rate), self._dtype),
        )

        def at(step: int) -> np.ndarray:
            return np.multiply(masks.at(step)[:, :n_rows], scale, factors)

        return at


class Masks:
    """The masks of one dropout, made for many updates at once."""

    def __init__(self, seed: int, layer: int):
        self._which = (seed, layer)
        self._shape, self._least = (0, 0), 0
        self._first, self._made = 0, NOTHING

    def prepare(self, shape: tuple[int, int], least: int) -> None:
        """Be ready for rows so many. Sets: ``_shape``, ``_least``, ``_made``.

        There are as many rows as ever were asked for: what is made while the last batch
        of an epoch has fewer is good for the whole one behind it.
        """
        self._shape = (shape[0], max(shape[1], self._shape[1]))
        self._least, self._made = least, NOTHING

    def at(self, step: int) -> np.ndarray:  # -> (n_units, n_rows), of truth values
        """What survives in an update. Sets: ``_first``, ``_made``."""
        if not 0 <= step - self._first < len(self._made):
            n_steps = MAX_AHEAD // math.prod(self._shape)
            make = _kept if n_steps else _kept.__wrapped__  # too many to be remembered
            shape = (max(1, n_steps), *self._shape)
            self._first = step
            self._made = make(*self._which, shape, step, self._least)
        mask: np.ndarray = self._made[step - self._first]
        return mask


# Candidates of a search with one random_state drop the same values; making the masks
# takes a tenth of an update. One has MAX_AHEAD bytes at most, all together 16 MiB.
@functools.lru_cache(maxsize=256)
def _kept(
    seed: int, layer: int, shape: tuple[int, int, int], step: int, least: int
) -> np.ndarray:  # -> (n_steps, n_units, n_rows), of truth values
    """Which values survive in the updates from ``step`` on: those of ``least`` bits."""
    n_steps, n_units, n_rows = shape
    base = np.array([seed + layer * LAYER_KEY & 0xFFFFFFFF], np.uint32)
    _fold_in_place(base)
    _stir_in_place(base)
    _fold_in_place(base)
    keys = base + np.arange(step, step + n_steps, dtype=np.uint32)
    _fold_in_place(keys)
    _stir_in_place(keys)
    stirred = keys[:, np.newaxis, np.newaxis].copy()
    _fold_in_place(keys)
    # Values are counted row by row, as where a row is a row.
    rows = np.arange(n_rows, dtype=np.uint32) * np.uint32(n_units)
    counter = np.arange(n_units, dtype=np.uint32)[:, np.newaxis] + rows
    bits = keys[:, np.newaxis, np.newaxis] + counter
    _fold_in_place(bits)
    _stir_in_place(bits)
    np.bitwise_xor(bits, stirred, bits)
    _stir_in_place(bits)
    _fold_in_place(bits)
    return bits >= np.uint32(least)


# A hash of 32 bits found by search, "lowbias32", is a fold, a stirring, and a fold.
def _fold(x: Any, number: Callable[[int], Any]) -> Any:
    """Put the upper half of the bits over the lower; twice, it changes nothing."""
    from keras import ops

    return x ^ ops.bitwise_right_shift(x, number(FOLD))


def _stir(x: Any, number: Callable[[int], Any]) -> Any:
    """Multiply, shift and multiply."""
    from keras import ops

    x = x * number(FACTORS[0])
    return (x ^ ops.bitwise_right_shift(x, number(SHIFT))) * number(FACTORS[1])


def _fold_in_place(x: np.ndarray) -> None:
    """What ``_fold`` does, in NumPy."""
    np.bitwise_xor(x, np.right_shift(x, np.uint32(FOLD)), x)


def _stir_in_place(x: np.ndarray) -> None:
    """What ``_stir`` does, in NumPy."""
    np.multiply(x, np.uint32(FACTORS[0]), x)
    np.bitwise_xor(x, np.right_shift(x, np.uint32(SHIFT)), x)
    np.multiply(x, np.uint32(FACTORS[1]), x)
