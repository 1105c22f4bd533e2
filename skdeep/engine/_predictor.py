"""The predict function of one network: a row's outputs are its own, to the last bit.

A kernel may compute the same row differently when the number of rows is another: the
rows that are left over behind the last full block of a product, the values behind the
last full vector of a tanh, a sum that is split over threads, a lone row, which is
multiplied as a vector. Which kernel does so depends on the processor. So no kernel
ever sees another shape: rows go through in tiles of one fixed number of rows, one tile
after the other in a loop inside one compiled function, and the last tile is filled up.

Then only the place within the tile could still matter. When the function is made, that
is tried: copies of a row must give the same bits at every place, or a smaller tile is
taken, at last of one row.

Measured for 13-64-64-1 on two cores: one row 0.4 ms, 404 rows 0.5 ms and 100,000 rows
18 ms in tiles of 768, where one call with all rows took 0.6, 0.65 and 27 ms; in tiles
of 192 and 48, 100,000 rows took 45 and 80 ms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from skdeep.engine._probe import places_are_equal, probe, same_bits
from skdeep.engine.backends._loading import load_tensorflow
from skdeep.networks._network import CallContext, Network

# Rows per tile. Kernels work through 4 to 16 values at once and through up to 48 rows,
# so tiles of a multiple of 48 leave no rest for another kernel; 24 does where vectors
# have at most 8 values, as in the published builds of TensorFlow.
TILES = (768, 384, 192, 96, 48, 24, 1)
# A tile is as large as a single row can wait for: 2**22 multiplications take some
# 0.1 ms. But a dense layer reads all its weights for every tile, so it takes at least
# 48 rows; an image is work enough from about 1.4 million multiplications on.
MAX_MULTIPLICATIONS = 2**22
MIN_DENSE_TILE = 48
SMALL_IMAGE_TILE = 24
MAX_MULTIPLICATIONS_OF_IMAGES = 2**25

# Values in the tiles that are computed at a time: 64 MiB keep memory bounded.
MAX_VALUES = 2**24
# Values of the rows of a call, or of its outputs. They are held up to four times: as
# dense rows, filled up to tiles, as a tensor, and by tile. Sparse rows of 100,000
# features took 368 MiB with 2**24; calls of 16 MiB still cost nothing.
MAX_CALL_VALUES = 2**22
MAX_TILES_AT_ONCE = 10


def tiles_to_try(network: Network) -> list[int]:
    """The sizes of tile for a network, the one to take if it proves right first."""
    work = network.multiplications_per_row
    if not network.prefers_xla:  # convolutions
        is_small = work * SMALL_IMAGE_TILE <= MAX_MULTIPLICATIONS_OF_IMAGES
        least = SMALL_IMAGE_TILE if is_small else 1
    else:
        least = MIN_DENSE_TILE
    return [
        tile
        # A tile of 1 passes always: something must be left when no larger one is right.
        for tile in TILES
        if (tile <= least or tile * work <= MAX_MULTIPLICATIONS)
        and (tile == 1 or tile * network.max_values_per_row <= MAX_VALUES)
    ]


class Predictor:
    """The predict function of one network, for any number of rows.

    Threads may share it: no call leaves anything behind but, at most, the loop.
    """

    n_bytes = 0  # the weights come with every call

    def __init__(self, network: Network):
        self.network = network
        self.tile = 0
        self._predict_tile: Any = None

    def compile(self) -> None:
        """Trace the function for the largest tile whose places are all equal.

        Sets: ``tile``, ``_predict_tile``.
        """
        for tile in tiles_to_try(self.network):
            self.tile = tile
            self._predict_tile = self._trace_tile()
            if tile == 1 or self._places_are_equal():
                return

    @property
    def n_call_rows(self) -> int:
        """How many rows one call may have; a whole number of tiles."""
        values = max(prod(self.network.input_shape), self.network.output_units)
        return max(1, MAX_CALL_VALUES // (values * self.tile)) * self.tile

    def prepared(self, weights: Sequence[np.ndarray]) -> list[Any]:
        """Return what ``predict`` takes for weights: tensors."""
        constant = load_tensorflow().constant
        return [constant(weight) for weight in weights]

    def predict(self, weights: Sequence[Any], X: np.ndarray) -> np.ndarray:
        """Predict rows; each has the same bits alone and among any others."""
        n_rows = len(X)
        n_tiles = -(-n_rows // self.tile)
        if n_tiles * self.tile != n_rows:
            # Rows have no part in each other's outputs, so what zeros give does not
            # matter.
            filled = np.zeros((n_tiles * self.tile, *X.shape[1:]), X.dtype)
            filled[:n_rows] = X
            X = filled
        tiles = X.reshape(n_tiles, self.tile, *self.network.input_shape)
        call = self._one_by_one if n_tiles <= 1 else self._predict_tiles
        outputs: np.ndarray = call(list(weights), tiles)
        return outputs.reshape(-1, self.network.output_units)[:n_rows]

    def _one_by_one(self, weights: list[Any], tiles: np.ndarray) -> np.ndarray:
        """Outputs for tiles, in a call each."""
        shape = (len(tiles), self.tile, self.network.output_units)
        outputs = np.empty(shape, self.network.compute_dtype)
        for tile, its_outputs in zip(tiles, outputs, strict=True):
            its_outputs[:] = self._predict_tile(weights, tile).numpy()
        return outputs

    @cached_property
    def _predict_tiles(self) -> Callable[[list[Any], np.ndarray], np.ndarray]:
        """Outputs for several tiles in one call, if that gives the bits of one each.

        Made when first needed: that takes three times as long as the function of one
        tile, and many networks never see more rows than a tile has.
        """
        loop = self._trace_loop()

        def predict_tiles(weights: list[Any], tiles: np.ndarray) -> np.ndarray:
            outputs: np.ndarray = loop(weights, tiles).numpy()
            return outputs

        probe = self._probe()
        is_same = same_bits(predict_tiles(*probe), self._one_by_one(*probe))
        return predict_tiles if is_same else self._one_by_one

    def _trace_tile(self) -> Any:
        """Make the function of weights and one tile."""
        network = self.network

        def predict_tile(weights: Any, tile: Any) -> Any:
            result = network.call(weights, tile, CallContext({}))
            return network.predictions(result.logits)

        return self._trace(predict_tile, (self.tile,))

    def _trace_loop(self) -> Any:
        """Make the function of weights and tiles, a loop around the other."""
        tf, tile, n_outputs = load_tensorflow(), self.tile, self.network.output_units
        n_at_once = MAX_CALL_VALUES // (tile * self.network.max_values_per_row)

        def predict_tiles(weights: Any, tiles: Any) -> Any:
            n_tiles = tf.shape(tiles)[0]
            outputs = tf.TensorArray(
                self.network.compute_dtype, n_tiles, element_shape=(tile, n_outputs)
            )

            def predict_next(number: Any, outputs: Any) -> Any:
                found = self._predict_tile(weights, tf.gather(tiles, number))
                return number + 1, outputs.write(number, found)

            _, outputs = tf.while_loop(
                lambda number, _: number < n_tiles,
                predict_next,
                [0, outputs],
                parallel_iterations=int(np.clip(n_at_once, 1, MAX_TILES_AT_ONCE)),
            )
            return outputs.stack()

        return self._trace(predict_tiles, (None, tile))

    def _trace(self, function: Any, n_rows: tuple[int | None, ...]) -> Any:
        """Trace a function of weights and rows.

        Called directly it need not look for the trace that fits, which took 0.3 ms.
        """
        tf, network = load_tensorflow(), self.network
        dtype = network.compute_dtype
        weights = [tf.TensorSpec(spec.shape, dtype) for spec in network.weight_specs()]
        rows = tf.TensorSpec((*n_rows, *network.input_shape), dtype)
        return tf.function(
            function, input_signature=[weights, rows], autograph=False
        ).get_concrete_function()

    def _places_are_equal(self) -> bool:
        """Whether copies of a row give the same bits at every place of a tile."""
        return places_are_equal(self._one_by_one(*self._probe()))

    def _probe(self) -> tuple[list[Any], np.ndarray]:
        """Weights, and tiles of equal rows."""
        weights, rows = probe(self.network)
        return weights, rows[:, np.newaxis].repeat(self.tile, axis=1)
