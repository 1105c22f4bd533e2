"""What windows over images and sequences leave of them."""

from __future__ import annotations

from skdeep.exceptions import InvalidImageError, InvalidSequenceError
from skdeep.networks.layers._layer import Shape

ONNX_PADDINGS = {"same": "SAME_UPPER", "valid": "VALID"}


def output_lengths(
    name: str, image: Shape, window: Shape, strides: Shape, padding: str
) -> Shape:
    """Height and width, or steps, behind a layer; the name stands in the error."""
    # same: ceil(length / stride)
    # valid: floor((length - size) / stride) + 1
    lengths = tuple(
        -(-length // stride) if padding == "same" else (length - size) // stride + 1
        for length, size, stride in zip(image, window, strides, strict=True)
    )
    if min(lengths) < 1:
        kind, large, size, error = {
            1: ("sequences", "long", "steps", InvalidSequenceError),
            2: ("images", "large", "pixels", InvalidImageError),
        }[len(image)]
        raise error(
            f"Expected {kind} {large} enough for every layer; {name.replace('_', ' ')} "
            f"with a window of {window} and padding='valid' got "
            f"{'x'.join(map(str, image))} {size}. Use padding='same', fewer or smaller "
            f"poolings, or {large}er {kind}."
        )
    return lengths
