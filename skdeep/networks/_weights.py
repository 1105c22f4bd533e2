"""The weight arrays of a network: their shapes, and how they are drawn.

The order is that of the standard Keras model, so ``model.set_weights`` takes the
arrays as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skdeep.exceptions import InvalidImageError, InvalidNetworkError
from skdeep.keras_objects._initializers import seeded
from skdeep.networks._description import Convolution, Network, Pooling


@dataclass(frozen=True)
class WeightSpec:
    """Shape and role of one weight array."""

    layer: str
    role: str  # "kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance"
    shape: tuple[int, ...]

    @property
    def trainable(self) -> bool:
        """Whether the optimizer changes it."""
        return not self.role.startswith("moving")


def image_shapes(network: Network) -> list[tuple[int, int, int]]:
    """Give the output shape (height, width, channels) of every image layer."""
    height, width, channels = network.input_shape
    shapes = []
    counts = {Convolution: 0, Pooling: 0}
    for layer in network.image_layers:
        counts[type(layer)] += 1
        if isinstance(layer, Convolution):
            window, stride, channels = layer.kernel_size, (1, 1), layer.filters
        else:
            window, stride = layer.size, layer.size
        before = (height, width)
        height = _output_length(height, window[0], stride[0], layer.padding)
        width = _output_length(width, window[1], stride[1], layer.padding)
        if min(height, width) < 1:
            kind = "convolution" if isinstance(layer, Convolution) else "pooling"
            name = f"{kind} {counts[type(layer)]}"
            raise InvalidImageError(
                f"Expected images large enough for every layer; {name} with a window "
                f"of {window} and padding='valid' got {before[0]}x{before[1]} pixels "
                f"(input images: {network.input_shape}). Use padding='same', fewer "
                "or smaller poolings, or larger images."
            )
        shapes.append((height, width, channels))
    return shapes


def _output_length(length: int, window: int, stride: int, padding: str) -> int:
    """Return the number of outputs along one axis of a convolution or pooling."""
    if padding == "same":
        return -(-length // stride)
    return (length - window) // stride + 1


def weight_specs(network: Network) -> list[WeightSpec]:
    """List the weights of a network in the order of the standard Keras model."""
    specs: list[WeightSpec] = []
    pieces = network.n_pieces
    if network.image_layers:
        shapes = image_shapes(network)
        channels = network.input_shape[-1]
        number = 0
        for layer in network.image_layers:
            if isinstance(layer, Convolution):
                number += 1
                kernel = (*layer.kernel_size, channels, layer.filters * pieces)
                specs += _affine(
                    f"convolution_{number}", kernel, network.batch_normalization
                )
                channels = layer.filters
        n_inputs = int(np.prod(shapes[-1]))
    else:
        n_inputs = int(np.prod(network.input_shape))
    for number, hidden in enumerate(network.hidden, start=1):
        shape = (n_inputs, hidden.units * pieces)
        specs += _affine(f"hidden_{number}", shape, network.batch_normalization)
        n_inputs = hidden.units
    specs += _affine("output", (n_inputs, network.output_units), False)
    return specs


def _affine(
    layer: str, kernel: tuple[int, ...], batch_normalization: bool
) -> list[WeightSpec]:
    """Kernel and bias, or kernel and the four arrays of a batch normalisation."""
    roles = ("gamma", "beta", "moving_mean", "moving_variance")
    vectors = roles if batch_normalization else ("bias",)
    return [WeightSpec(layer, "kernel", kernel)] + [
        WeightSpec(layer, role, kernel[-1:]) for role in vectors
    ]


def draw_weights(network: Network, seed: int) -> list[np.ndarray]:
    """Draw initial weights; every kernel has its own seed, derived from ``seed``."""
    ones = ("gamma", "moving_variance")
    dtype = network.compute_dtype
    arrays = []
    for i, spec in enumerate(weight_specs(network)):
        if spec.role == "kernel":
            array = _draw_kernel(network, spec.shape, kernel_seed(seed, i))
        else:
            array = np.full(spec.shape, float(spec.role in ones), dtype=dtype)
        arrays.append(array)
    return arrays


def _draw_kernel(network: Network, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Draw one kernel, and refuse what a user's initialiser makes of it."""
    dtype = network.compute_dtype
    initializer = seeded(network.kernel_initializer, seed)
    failure = None
    try:
        array = np.asarray(initializer(shape, dtype=dtype), dtype=dtype)
        got = f"shape {array.shape}" if array.shape != shape else "infinity or NaN"
    except Exception as error:  # whatever the user's initialiser raises
        failure, got = error, f"the error {error!r}"
    if failure or array.shape != shape or not np.isfinite(array).all():
        raise InvalidNetworkError(
            f"kernel_initializer must give finite numbers of shape {shape}; got {got} "
            f"from {network.kernel_initializer!r}. Give a function of (shape, dtype), "
            "or the name of a Keras initializer."
        ) from failure
    return array


def kernel_seed(seed: int, position: int) -> int:
    """Derive the seed of one kernel."""
    return int(np.random.SeedSequence([seed, position]).generate_state(1)[0] >> 1)
