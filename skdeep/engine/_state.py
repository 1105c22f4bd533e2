"""What a program takes and gives: the state of a fit, and rows on the device."""

from __future__ import annotations

from typing import Any, NamedTuple


class State(NamedTuple):
    """What changes during a fit, as lists of device arrays."""

    weights: list[Any]
    optimizer: list[Any]  # what the optimizer remembers
    metrics: list[Any]  # sum of losses, number of rows, accumulators of metrics


class DeviceChunk(NamedTuple):
    """Rows on the device, padded to the size of a program's chunk; or a batch."""

    X: Any
    y: Any
    weight: Any
