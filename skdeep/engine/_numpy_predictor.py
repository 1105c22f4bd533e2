"""The predict function of one network in NumPy: no framework, and a row's own bits.

As in ``_predictor``, no product ever sees another shape: rows go through in tiles of
one fixed number of rows, and the last tile is filled up. ``np.matmul`` of many tiles
multiplies each on its own, in a loop in C, so many tiles are one call and yet have the
bits of one tile each. What is left to try, when the function is made and for several
tiles when they first come, is tried: copies of a row must give the same bits at every
place of a tile, and tiles the same bits side by side as alone.

A product is small enough that no BLAS splits it over threads, so the number of threads
has no part in the bits, and threads that predict side by side do not wait for the
threads of BLAS. Measured on two cores with 100,000 rows of 300-300: products of all
rows at once, which OpenBLAS splits, took up to ten times as long as small ones.

Eight rows are a tile: with OpenBLAS on the kernels for AVX-512, AVX2, AVX and SSE2
equal at all places, for all sizes tried, where 12, 16 and 32 rows were not on AVX2. A
single row has to wait for all rows of its tile, and on AVX-512 products of 8 rows run
at the speed of large ones.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from skdeep.engine._probe import places_are_equal, probe, same_bits
from skdeep.engine._turns import Turns
from skdeep.networks._network import Network

TILES = (8, 4, 1)
# Multiplications in one product. OpenBLAS begins to use threads at 4 times as many, or
# 1.9 times on some ARM processors.
MAX_MULTIPLICATIONS = 2**16
MAX_UNITS = 64  # of one product, if there must be several
# A product with one column would be one with a vector, which has rules of its own. For
# the last layer of a regressor, 64 inputs, two columns take half the time of eight, and
# have places as equal: all of 1 to 69 inputs, on the kernels named above.
MIN_UNITS = 2

# How many tiles go through side by side, and how many values of a layer they may have:
# 512 KiB stay in a core's cache.
SIDE_BY_SIDE = (256, 64, 16, 4)
MAX_VALUES = 2**17
MAX_CALL_VALUES = 2**22  # of the rows of a call, or of its outputs

# Multiplications of a call that one thread makes at a time, 0.3 ms. Beyond that
# functions of NumPy take so long that threads gain by being side by side.
MAX_WORK_IN_TURN = 2**24
TURNS = Turns()

Function = Callable[[np.ndarray], np.ndarray]


class NumpyPredictor:
    """The predict function of one network, for any number of rows.

    Threads may share it: no call leaves anything behind.
    """

    n_bytes = 0  # the weights come with every call

    def __init__(self, network: Network):
        self.network = network
        self.tile = 0

    def compile(self) -> None:
        """Choose the largest tile whose places are all equal. Sets: ``tile``."""
        for tile in TILES:
            self.tile = tile
            if tile == 1 or places_are_equal(self._one_by_one(*self._probe())):
                return

    @functools.cached_property  # counting the values took 8 µs
    def n_call_rows(self) -> int:
        """How many rows one call may have; a whole number of tiles."""
        values = max(prod(self.network.input_shape), self.network.output_units)
        return max(1, MAX_CALL_VALUES // (values * self.tile)) * self.tile

    @functools.cached_property
    def _n_tiles_in_turn(self) -> int:
        """Up to how many tiles are so little work that threads do better in turns."""
        work = self.network.multiplications_per_row + self.network.max_values_per_row
        return MAX_WORK_IN_TURN // (self.tile * work)

    def prepared(self, weights: Sequence[np.ndarray]) -> list[Function]:
        """Return what ``predict`` takes for weights: the functions of the layers."""
        product = functools.partial(fixed_product, n_rows=self.tile)
        return list(self.network.to_numpy(weights, product))

    def predict(self, functions: Sequence[Function], X: np.ndarray) -> np.ndarray:
        """Predict rows; each has the same bits alone and among any others."""
        n_rows, tile = len(X), self.tile
        n_tiles = max(1, -(-n_rows // tile))
        # A copy: layers may overwrite what they get. Rows have no part in each other's
        # outputs, so what zeros give behind the last row does not matter.
        filled = np.zeros((n_tiles * tile, *X.shape[1:]), X.dtype)
        filled[:n_rows] = X
        tiles = filled.reshape(n_tiles, tile, *X.shape[1:])
        # Overflow is found in the outputs.
        with np.errstate(all="ignore"):
            if n_tiles <= self._n_tiles_in_turn:
                with TURNS:
                    outputs = self._outputs(functions, tiles)
            else:
                outputs = self._outputs(functions, tiles)
        return outputs.reshape(n_tiles * tile, -1)[:n_rows]

    def _outputs(self, functions: Sequence[Function], tiles: np.ndarray) -> np.ndarray:
        """Outputs for tiles, (n_tiles, tile, n_outputs)."""
        if len(tiles) == 1:
            return _through(functions, tiles)
        starts = self._starts(len(tiles))
        parts = [_through(functions, tiles[a:b]) for a, b in pairwise(starts)]
        return np.concatenate(parts)

    def _starts(self, n_tiles: int) -> list[int]:
        """Where tiles are cut such that no part has another number than those tried."""
        starts = [0]
        for size in (*self._sizes, 1) if n_tiles >= SIDE_BY_SIDE[-1] else (1,):
            n_parts = (n_tiles - starts[-1]) // size
            starts += [starts[-1] + size * (i + 1) for i in range(n_parts)]
        return starts

    @functools.cached_property
    def _sizes(self) -> list[int]:
        """How many tiles may go side by side, in falling order; tried when needed."""
        weights, tiles = self._probe()
        functions = self.prepared(weights)
        most = MAX_VALUES // (self.tile * self.network.max_values_per_row)
        sizes = []
        with np.errstate(all="ignore"):
            alone = self._one_by_one(weights, tiles)
            for size in (size for size in SIDE_BY_SIDE if size <= most):
                numbers = np.arange(size) % len(tiles)
                if same_bits(_through(functions, tiles[numbers]), alone[numbers]):
                    sizes.append(size)
        return sizes

    def _one_by_one(self, weights: Sequence[Any], tiles: np.ndarray) -> np.ndarray:
        """Outputs for tiles, each on its own."""
        functions = self.prepared(weights)
        with np.errstate(all="ignore"):
            outputs = [_through(functions, tile[np.newaxis].copy()) for tile in tiles]
        return np.concatenate(outputs)

    def _probe(self) -> tuple[list[np.ndarray], np.ndarray]:
        """Weights, and tiles of equal rows."""
        weights, rows = probe(self.network)
        return weights, rows[:, np.newaxis].repeat(self.tile, axis=1)


def _through(functions: Sequence[Function], tiles: np.ndarray) -> np.ndarray:
    """Send tiles through all layers."""
    for function in functions:
        tiles = function(tiles)
    return tiles


def fixed_product(kernel: np.ndarray, n_rows: int) -> Function:
    """Return the function tiles -> tiles @ kernel, in products of a fixed shape each.

    Parameters
    ----------
    kernel : array of shape (n_inputs, n_units)
        What is multiplied with.
    n_rows : int
        Of one tile.
    """
    n_units = kernel.shape[1]
    if n_units == 1:
        multiply = fixed_product(np.pad(kernel, ((0, 0), (0, MIN_UNITS - 1))), n_rows)
        return lambda tiles: multiply(tiles)[..., :1]
    most = max(1, MAX_MULTIPLICATIONS // n_rows)  # weights of one product
    if kernel.size <= most:
        kernel = np.ascontiguousarray(kernel)
        return lambda tiles: np.matmul(tiles, kernel)
    outputs = _slices(n_units, min(MAX_UNITS, most))
    inputs = _slices(len(kernel), max(1, most // outputs[0].stop))
    # Copies: rows of a wide kernel lie far from each other, which costs a third.
    blocks = [
        (i, o, np.ascontiguousarray(kernel[i, o])) for o in outputs for i in inputs
    ]
    return functools.partial(_product_of_blocks, blocks, n_units)


def _product_of_blocks(
    blocks: Sequence[tuple[slice, slice, np.ndarray]], n_units: int, tiles: np.ndarray
) -> np.ndarray:
    """The sum of products with parts of a kernel, in the order of its rows."""
    result = np.empty((*tiles.shape[:-1], n_units), tiles.dtype)
    for inputs, outputs, block in blocks:
        if inputs.start == 0:
            np.matmul(tiles[..., inputs], block, out=result[..., outputs])
        else:
            result[..., outputs] += np.matmul(tiles[..., inputs], block)
    return result


def _slices(length: int, most: int) -> list[slice]:
    """Cut a length into parts of about the same size, none longer than most."""
    n_parts = -(-length // most)
    size = -(-length // n_parts)
    return [slice(i, min(i + size, length)) for i in range(0, length, size)]
