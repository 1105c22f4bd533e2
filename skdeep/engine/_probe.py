"""What a predictor is tried with: weights and rows that draw on all of a network."""

from __future__ import annotations

from math import prod

import numpy as np

from skdeep.networks._network import Network, WeightSpec

N_PROBED_ROWS = 8


def probe(network: Network) -> tuple[list[np.ndarray], np.ndarray]:
    """Weights for every part of the network, and ``N_PROBED_ROWS`` different rows."""
    # Always the same: the tile follows from network and processor, not from chance.
    generator = np.random.default_rng(0)
    dtype = network.compute_dtype
    weights = [
        _drawn_weight(generator, spec).astype(dtype) for spec in network.weight_specs()
    ]
    shape = (N_PROBED_ROWS, *network.input_shape)
    rows = generator.standard_normal(shape, np.float32).astype(dtype)
    if network.takes_indices:  # the least that any table has
        rows = (rows > 0).astype(dtype)
    return weights, rows


def same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether arrays are equal to the bit, NaN included."""
    return one.tobytes() == other.tobytes()


def places_are_equal(outputs: np.ndarray) -> bool:
    """Whether outputs of tiles that repeat a row each, (n_tiles, tile, ...), do so."""
    return same_bits(outputs, outputs[:, :1].repeat(outputs.shape[1], axis=1))


def _drawn_weight(generator: np.random.Generator, spec: WeightSpec) -> np.ndarray:
    """Draw a weight such that values keep their size; no variance is negative."""
    drawn = generator.random(spec.shape, np.float32)
    if spec.role not in ("kernel", "recurrent_kernel"):
        return drawn + np.float32(0.5)
    fan_in = max(1, prod(spec.shape[:-1]))
    # Uniform in (-1/2, 1/2) has the variance 1/12; here it becomes 1 / fan_in.
    return (drawn - np.float32(0.5)) * np.float32((12 / fan_in) ** 0.5)
