"""What sending one row through a network costs: multiplications, and values held."""

from __future__ import annotations

from itertools import chain, repeat
from math import prod

from skdeep.networks._description import Convolution, Network
from skdeep.networks._weights import image_shapes, weight_specs


def multiplications_per_row(network: Network) -> int:
    """Count the multiplications with a weight; a convolution has them at each place."""
    kernels = [s.shape for s in weight_specs(network) if s.role == "kernel"]
    n_places = [
        height * width
        for layer, (height, width, _) in _image_layers(network)
        if isinstance(layer, Convolution)
    ]
    pairs = zip(kernels, chain(n_places, repeat(1)), strict=False)
    return sum(prod(kernel) * places for kernel, places in pairs)


def largest_layer(network: Network) -> int:
    """Count the values of one row where they are most, input and output included."""
    widths = [prod(network.input_shape), network.output_units]
    widths += [h.units * network.n_pieces for h in network.hidden]
    for layer, shape in _image_layers(network):
        pieces = network.n_pieces if isinstance(layer, Convolution) else 1
        widths.append(prod(shape) * pieces)
    return max(widths)


def _image_layers(network: Network) -> list[tuple[object, tuple[int, int, int]]]:
    """Pair every image layer with its output shape; nothing if there are none."""
    if not network.image_layers:
        return []
    return list(zip(network.image_layers, image_shapes(network), strict=True))
