"""How much memory a configuration of Keras asks for, known before anything is made.

Arrays in a file are as large as their bytes, but a metric is as large as the numbers in
its configuration say: ``MeanIoU(num_classes=n)`` counts pairs of classes in n² places.
So every whole number in the configuration of a metric is taken for a length, and two
of them for the sides of a table; only where Keras is known to keep less, less is
counted. Objects of the other kinds hold no array before they have seen a network,
whatever their numbers are; a test makes them all and looks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

# Over all Keras objects of a file: 128 MiB, the memory of MeanIoU(num_classes=4096).
MAX_IMPLIED_NUMBERS = 2**24
SIZED_MODULE = "keras.metrics"
# They keep four counts per threshold, and the thresholds in lists of Python.
METRICS_OF_THRESHOLDS = frozenset(
    {
        "AUC",
        "PrecisionAtRecall",
        "RecallAtPrecision",
        "SensitivityAtSpecificity",
        "SpecificityAtSensitivity",
    }
)
NUMBERS_PER_THRESHOLD = 16
DEFAULT_THRESHOLDS = 200  # of Keras 3.15


def implied_numbers(name: str, config: Any) -> int:
    """Return at least as many numbers as the object will hold when it is made.

    Parameters
    ----------
    name : str
        The public name of a class of Keras.
    config : dict
        Its configuration, with those of other objects in it.
    """
    inner = sum(implied_numbers(*pair) for pair in _objects_within(config))
    module, _, attribute = name.rpartition(".")
    if module != SIZED_MODULE:
        return inner
    lengths = [1, 1, *_lengths(config)]
    if attribute not in METRICS_OF_THRESHOLDS:
        return inner + max(lengths) ** 2
    if "num_thresholds" not in (config or {}):  # a file may leave a default out
        lengths.append(DEFAULT_THRESHOLDS)
    # The two ones in front make sure that there are two.
    longest, second = sorted(lengths)[:-3:-1]
    return inner + NUMBERS_PER_THRESHOLD * longest * second


def _objects_within(config: Any) -> Iterator[tuple[str, Any]]:
    """Yield name and configuration of the objects in a configuration."""
    if isinstance(config, list):
        for item in config:
            yield from _objects_within(item)
    elif isinstance(config, dict) and "class_name" in config:
        yield f"{config.get('module')}.{config['class_name']}", config.get("config")
    elif isinstance(config, dict):
        for item in config.values():
            yield from _objects_within(item)


def _lengths(config: Any) -> Iterator[int]:
    """Yield every number of a configuration as a length, and those of its lists."""
    if isinstance(config, list | tuple):
        yield len(config)
        for item in config:
            yield from _lengths(item)
    elif isinstance(config, dict):
        for item in config.values():
            yield from _lengths(item)
    elif isinstance(config, int | float) and not isinstance(config, bool):
        yield abs(int(config)) if math.isfinite(config) else 0
