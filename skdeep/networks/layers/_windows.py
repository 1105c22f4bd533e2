"""What windows over images leave of them."""

from __future__ import annotations

from skdeep.exceptions import InvalidImageError
from skdeep.networks.layers._layer import Shape

ONNX_PADDINGS = {"same": "SAME_UPPER", "valid": "VALID"}


def output_lengths(
    name: str, image: Shape, window: Shape, strides: Shape, padding: str
) -> Shape:
    """Height and width behind a layer; the name stands in the error."""
    # same: ceil(length / stride)
    # valid: floor((length - size) / stride) + 1
    lengths = tuple(
        -(-length // stride) if padding == "same" else (length - size) // stride + 1
        for length, size, stride in zip(image, window, strides, strict=True)
    )
    if min(lengths) < 1:
        raise InvalidImageError(
            f"Expected images large enough for every layer; {name.replace('_', ' ')} "
            f"with a window of {window} and padding='valid' got {image[0]}x{image[1]} "
            "pixels. Use padding='same', fewer or smaller poolings, or larger images."
        )
    return lengths
