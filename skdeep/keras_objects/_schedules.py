"""Learning rates over a planned training, by name: a factor between 0 and 1.

Each is a function of how much of the plan is done, from 0 to 1, so that nobody has to
count updates. Keras' own schedules, which count them, are no part of this file.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

CONSTANT = "constant"
# Of one_cycle, as in Smith and Topin (2018) and in PyTorch's OneCycleLR: the share of
# the plan in which the rate rises, what it starts from, what it ends with.
RISE, START, END = 0.3, 1 / 25, 1e-4 / 25
N_CYCLES = 4  # of coslog


def linear(t: Any) -> Any:
    """1 - t."""
    return 1 - t


def cosine(t: Any) -> Any:
    """(1 + cos(pi * t)) / 2."""
    from keras import ops

    return 0.5 * (1 + ops.cos(math.pi * t))


def coslog4(t: Any) -> Any:
    """(1 - cos(2 * pi * log2(1 + 15 * t))) / 2: four cycles, each twice as long."""
    from keras import ops

    # log1p, which keeps the digits of a small t.
    cycles = ops.log1p((2**N_CYCLES - 1) * t) / math.log(2)
    return 0.5 * (1 - ops.cos(2 * math.pi * cycles))


def one_cycle(t: Any) -> Any:
    """Rise from 1/25 to 1 over 30 % of the plan, fall to 4e-6: half cosines both."""
    from keras import ops

    rising = START + (1 - START) * (1 - cosine(t / RISE))
    falling = END + (1 - END) * cosine((t - RISE) / (1 - RISE))
    return ops.where(t < RISE, rising, falling)


# ``constant`` is no function: the graph of a fit without a schedule has no part of one.
SCHEDULES: dict[str, Callable[[Any], Any]] = {
    "linear": linear,
    "cosine": cosine,
    "coslog4": coslog4,
    "one_cycle": one_cycle,
}
