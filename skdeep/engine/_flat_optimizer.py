"""An optimizer over all weights as one vector.

Most optimizers treat every weight alone, whichever array it stands in. As one vector a
network of three layers needs three kernels for Adam in place of eighteen, and compiling
takes a quarter less; a fit takes as long as before, as long as the weights are few.
Outside, what the optimizer remembers has one array per weight array, as in Keras.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skdeep.engine._stateless_optimizer import StatelessOptimizer

# Gathering gradients into a vector copies them, once per update: nothing beside the
# products of a small network, more than it saves in a large one.
MAX_WEIGHTS = 2**16
WHOLE = "all_weights"
# Not Nadam: of what it remembers one number has no lasting name.
ELEMENTWISE = (
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lion",
    "RMSprop",
    "SGD",
)


def make_optimizer(
    spec: Any, variables: Sequence[Any], dtype: str, decays: bool = False
) -> StatelessOptimizer | FlatOptimizer:
    """Return an optimizer, over one vector where that gives the same."""
    optimizer = StatelessOptimizer(spec, variables, dtype, decays)
    if _is_flat(optimizer, variables):
        return FlatOptimizer(optimizer, spec, variables, dtype, decays)
    return optimizer


def _is_flat(optimizer: StatelessOptimizer, variables: Sequence[Any]) -> bool:
    """Whether all weights may stand in one vector."""
    from keras import optimizers

    keras = optimizer.keras
    known = [getattr(optimizers, name) for name in ELEMENTWISE]
    # The class itself: one derived from it may look at a whole array.
    is_elementwise = type(keras).__mro__[1] in known
    # Norms are those of an array, averages and sums have slots of their own.
    settings = ("clipnorm", "global_clipnorm", "gradient_accumulation_steps")
    is_plain = not keras.use_ema and all(getattr(keras, s) is None for s in settings)
    n_weights = sum(int(np.prod(v.shape)) for v in variables)
    has_limits = any(v.constraint is not None for v in variables)
    are_told_apart = len({v.name for v in variables}) == len(variables) > 1
    return (
        is_elementwise
        and is_plain
        and are_told_apart
        and not has_limits
        and n_weights <= MAX_WEIGHTS
    )


class FlatOptimizer:
    """A ``StatelessOptimizer`` with one weight array: a vector of all.

    Parameters
    ----------
    apart : StatelessOptimizer
        The same with the arrays as they are: it says what is remembered of which.
    spec, variables, dtype, decays
        What it was made of.
    """

    use_ema = False

    def __init__(
        self,
        apart: StatelessOptimizer,
        spec: Any,
        variables: Sequence[Any],
        dtype: str,
        decays: bool = False,
    ):
        import keras

        self._apart = apart
        self._shapes = [tuple(v.shape) for v in variables]
        sizes = [int(np.prod(shape)) for shape in self._shapes]
        self._ends = np.cumsum(sizes).tolist()
        whole = keras.Variable(np.zeros(sum(sizes), dtype), dtype=dtype, name=WHOLE)
        self._whole = StatelessOptimizer(spec, [whole], dtype, decays)
        self._places = self._find_places([v.name for v in variables])

    def _find_places(self, names: Sequence[str]) -> list[list[int]]:
        """For each array that is remembered, those of its parts in ``_apart``."""
        apart = self._apart.memory_names
        return [
            [apart.index(name.replace(WHOLE, part, 1)) for part in names]
            if name.startswith(WHOLE)
            else [apart.index(name)]
            for name in self._whole.memory_names
        ]

    def start(self) -> list[np.ndarray]:
        """Return its memory before the first update."""
        return self.packed(self._apart.start())

    def packed(self, memory: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Put what is remembered of all weight arrays into vectors."""
        return [
            np.concatenate([np.ravel(memory[place]) for place in places])
            if len(places) > 1
            else memory[places[0]]
            for places in self._places
        ]

    def unpacked(self, memory: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Cut vectors into what is remembered of each weight array."""
        apart = dict[int, np.ndarray]()
        for value, places in zip(memory, self._places, strict=True):
            parts = self._cut(value) if len(places) > 1 else [value]
            apart.update(zip(places, parts, strict=True))
        return [apart[place] for place in sorted(apart)]

    def _cut(self, vector: Any) -> list[Any]:
        """Cut a vector into arrays of the weights' shapes."""
        starts = [0, *self._ends[:-1]]
        return [
            vector[start:end].reshape(shape)
            for start, end, shape in zip(starts, self._ends, self._shapes, strict=True)
        ]

    def step(self, memory: Sequence[Any]) -> Any:
        """Return how many updates there were: a scalar."""
        return self._whole.step(memory)

    def n_batches(self, memory: Sequence[Any]) -> Any:
        """Return how many gradients there were: a scalar."""
        return self._whole.n_batches(memory)

    def scale_loss(self, loss: Any) -> Any:
        """Scale a loss by the factor that ``apply`` takes out of the gradients."""
        return self._whole.scale_loss(loss)

    def apply(
        self,
        memory: Sequence[Any],
        gradients: Sequence[Any],
        weights: Sequence[Any],
        rate: Any,
        decay: Any = None,
    ) -> tuple[list[Any], list[Any]]:
        """Return the weights after one update, and what is remembered of it."""
        from keras import ops

        gradient, weight = (
            ops.concatenate([ops.reshape(a, (-1,)) for a in arrays])
            for arrays in (gradients, weights)
        )
        (after,), memory = self._whole.apply(memory, [gradient], [weight], rate, decay)
        starts = [0, *self._ends[:-1]]
        cut = [
            ops.reshape(after[start:end], shape)
            for start, end, shape in zip(starts, self._ends, self._shapes, strict=True)
        ]
        return cut, memory

    def finish(self, memory: Sequence[Any], weights: Sequence[Any]) -> list[Any]:
        """Return the weights as they are: averages would have vectors of their own."""
        return list(weights)
