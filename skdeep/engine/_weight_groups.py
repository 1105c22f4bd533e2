"""Small weights that an optimizer updates together, as one vector.

To XLA every array that is updated is a kernel of its own, some 20 ms of compiling, and
to TensorFlow some 25 operations to trace. With biases and small kernels in one vector
a first fit of 13-20-20-20-1 took 1.3 seconds in place of 1.9, one of 13-64-64-1 with
dropout 1.5 in place of 1.8, and an update 16 microseconds in place of 22, and 22 in
place of 24. Kernels of 64 x 64 stay alone, and a vector has no more values than one:
with the 9,000 of three layers in one XLA gave half of it to a second thread.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from skdeep.engine._stateless_optimizer import StatelessOptimizer
from skdeep.keras_objects._spec import KerasSpec

MOST_VALUES = 1024  # of a weight that is not alone
MOST_TOGETHER = 4096
# Those that treat every number alike, whatever array it is in, unless they are told one
# of these things.
NUMBER_BY_NUMBER = {
    f"keras.optimizers.{name}"
    for name in (
        "Adadelta",
        "Adagrad",
        "Adam",
        "AdamW",
        "Adamax",
        "Ftrl",
        "Lion",
        "Nadam",
        "RMSprop",
        "SGD",
    )
}
BY_ARRAY = ("clipnorm", "global_clipnorm", "use_ema", "gradient_accumulation_steps")

Shapes = Sequence[tuple[int, ...]]
Joined = Callable[[Sequence[Any]], Any]  # arrays → a vector
Parted = Callable[[Any, Shapes], Sequence[Any]]  # and back


def updates_number_by_number(optimizer: Any) -> bool:
    """Whether the optimizer of a spec treats all numbers of all arrays alike."""
    if not isinstance(optimizer, KerasSpec) or optimizer.cls not in NUMBER_BY_NUMBER:
        return False
    arguments = json.loads(optimizer.config)
    return not any(arguments.get(name) for name in BY_ARRAY)


class WeightGroups:
    """Which weights an optimizer gets as one array, and what it remembers of them.

    Parameters
    ----------
    shapes : sequence of tuple of int
        Of the weights.
    may_join : sequence of bool
        Whether a weight may be in a group with others.

    Attributes
    ----------
    members : list of lists of int
        The weights of every group: one, or some that are joined.
    """

    def __init__(self, shapes: Shapes, may_join: Sequence[bool]):
        self._shapes = list(shapes)
        sizes = [math.prod(shape) for shape in shapes]
        self.members: list[list[int]] = []
        together: list[int] = []
        for i, (size, may) in enumerate(zip(sizes, may_join, strict=True)):
            if not may or size > MOST_VALUES:
                self.members.append([i])
                continue
            if not together or sum(sizes[j] for j in together) + size > MOST_TOGETHER:
                together = []
                self.members.append(together)
            together.append(i)

    def join(self, arrays: Sequence[Any], joined: Joined) -> list[Any]:
        """Return one array per group for one per weight."""
        return [
            arrays[group[0]] if len(group) == 1 else joined([arrays[i] for i in group])
            for group in self.members
        ]

    def part(self, arrays: Sequence[Any], parted: Parted) -> list[Any]:
        """Return one array per weight for one per group."""
        found: list[Any] = [None] * len(self._shapes)
        for group, array in zip(self.members, arrays, strict=True):
            shapes = [self._shapes[i] for i in group]
            parts = [array] if len(group) == 1 else parted(array, shapes)
            for i, part in zip(group, parts, strict=True):
                found[i] = part
        return found

    def memory_of_groups(
        self, memory: Sequence[np.ndarray], optimizer: Any
    ) -> list[np.ndarray]:
        """Return what an optimizer remembers of groups; see ``memory_of_weights``."""
        n_weights, n_groups = len(self._shapes), len(self.members)
        if n_groups == n_weights:
            return list(memory)
        return _regrouped(
            memory, optimizer, n_weights, lambda arrays: self.join(arrays, joined)
        )

    def memory_of_weights(
        self, memory: Sequence[np.ndarray], optimizer: Any
    ) -> list[np.ndarray]:
        """Return what Keras' optimizer remembers of weights that nobody has joined.

        Parameters
        ----------
        memory : sequence of arrays
            What the optimizer remembers of the groups, in the order of its variables.
        optimizer : KerasSpec
            The optimizer, which must be one that updates number by number.
        """
        n_weights, n_groups = len(self._shapes), len(self.members)
        if n_groups == n_weights:
            return list(memory)
        return _regrouped(
            memory, optimizer, n_groups, lambda arrays: self.part(arrays, parted)
        )


def joined(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Put arrays one behind the other."""
    return np.concatenate([array.reshape(-1) for array in arrays])


def parted(vector: np.ndarray, shapes: Shapes) -> list[np.ndarray]:
    """Cut a vector into arrays."""
    ends = list(itertools.accumulate(map(math.prod, shapes)))
    pieces = np.split(vector, ends[:-1])
    return [p.reshape(shape) for p, shape in zip(pieces, shapes, strict=True)]


def _regrouped(
    memory: Sequence[np.ndarray],
    optimizer: Any,
    n_arrays: int,
    regroup: Callable[[list[np.ndarray]], list[np.ndarray]],
) -> list[np.ndarray]:
    """Replace what is remembered of each array by what ``regroup`` makes of it."""
    left = iter(memory)
    found: list[np.ndarray] = []
    for n_slots in _slots(optimizer):
        if n_slots == 0:
            found.append(next(left))
            continue
        of_arrays = [[next(left) for _ in range(n_slots)] for _ in range(n_arrays)]
        by_slot = [regroup(list(of_slot)) for of_slot in zip(*of_arrays, strict=True)]
        found += itertools.chain.from_iterable(zip(*by_slot, strict=True))
    return found


@functools.lru_cache(maxsize=64)
def _slots(optimizer: KerasSpec) -> tuple[int, ...]:
    """In which order an optimizer's variables come.

    A 0 stands for a variable that belongs to no weight, such as the count of updates;
    another number for so many of the first weight, then as many of the next, and so on.
    """
    import keras

    weights = [
        keras.Variable(np.zeros(1, "float32"), name=name)
        for name in ("first", "second")
    ]
    # What is remembered of a weight begins with the weight's name.
    names = StatelessOptimizer(optimizer, weights, "float32").memory_names
    is_of_first = ["first" in name.split("_") for name in names]
    slots = []
    while is_of_first:
        n_slots = [*is_of_first, False].index(False)
        slots.append(n_slots)
        del is_of_first[: 2 * n_slots or 1]
    return tuple(slots)
