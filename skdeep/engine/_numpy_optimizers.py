"""Keras' commonest optimizers in NumPy, for all weights at once.

Weights, gradients and what is remembered lie one behind the other in one vector each:
a function of NumPy takes half a microsecond however short its arrays are. What a fit
keeps has the order of Keras' own variables, so that it can go on under XLA.
"""

from __future__ import annotations

import itertools
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
from scipy.linalg import get_blas_funcs

from skdeep.keras_objects._optimizers import Optimizer
from skdeep.keras_objects._schedules import CONSTANT
from skdeep.keras_objects._spec import KerasSpec
from skdeep.networks._memory import aligned

Shapes = Sequence[tuple[int, ...]]


class FlatWeights:
    """Arrays of given shapes, one behind the other in one vector.

    Attributes
    ----------
    vector : array of shape (n_values,)
        All values.
    arrays : list of arrays
        Views of it.
    """

    def __init__(self, shapes: Shapes, dtype: Any):
        ends = [0, *itertools.accumulate(map(math.prod, shapes))]
        self.vector = aligned((ends[-1],), dtype)
        self.arrays = [
            self.vector[start:stop].reshape(shape)
            for (start, stop), shape in zip(
                itertools.pairwise(ends), shapes, strict=True
            )
        ]

    def set(self, values: Sequence[np.ndarray]) -> None:
        """Copy arrays in."""
        for array, value in zip(self.arrays, values, strict=True):
            np.copyto(array, value)

    def copies(self) -> list[np.ndarray]:
        """Copy the arrays out."""
        return [array.copy() for array in self.arrays]


class NumpyOptimizer(ABC):
    """The update of one fit.

    Parameters
    ----------
    shapes : sequence of tuple of int
        Of the weights.
    dtype : str
        Of the weights.
    arguments : dict
        Those of the Keras class.

    Attributes
    ----------
    step : int
        How many updates there were.
    """

    defaults: dict[str, Any]  # the arguments that are known here

    def __init__(self, shapes: Shapes, dtype: str, arguments: dict[str, Any]):
        self.step = 0
        self._set = {**self.defaults, **arguments}
        self._slots = [FlatWeights(shapes, dtype) for _ in range(self._n_slots)]
        self._memory = [slot.vector for slot in self._slots]
        self._work = aligned((sum(map(math.prod, shapes)),), dtype)
        # Of no axis: a number would be made one in every update.
        self._epsilon = np.array(self._set.get("epsilon", 0), dtype)
        # y += a * x and x *= a in one go: a third of an update less than with the
        # functions of NumPy, which take two.
        self._add, self._scale = get_blas_funcs(("axpy", "scal"), (self._work,))

    @property
    @abstractmethod
    def _n_slots(self) -> int:
        """How many numbers are remembered of every weight."""

    @abstractmethod
    def _update(self, weights: np.ndarray, gradients: np.ndarray, rate: float) -> None:
        """Change the weights, whose step is counted already."""

    def update(
        self, weights: np.ndarray, gradients: np.ndarray, rate: float, decay: float
    ) -> None:
        """Change the weights by their gradients.

        Parameters
        ----------
        weights, gradients : arrays of shape (n_values,)
            Weights are changed in place.
        rate, decay : float
            The learning rate of this update, and by how much weights decay.
        """
        if decay:
            # Not times 1 - decay * rate, which float32 rounds to 7 digits.
            np.multiply(weights, weights.dtype.type(decay * rate), self._work)
            np.subtract(weights, self._work, weights)
        self.step += 1
        self._update(weights, gradients, rate)

    def remember(self, memory: Sequence[np.ndarray] | None) -> None:
        """Go on from what Keras' variables would hold; None for the beginning."""
        self.step = int(memory[0]) if memory else 0
        places = self._in_order([slot.arrays for slot in self._slots])
        for place, array in enumerate(places):
            np.copyto(array, memory[1 + place] if memory else 0)

    def memory(self) -> list[np.ndarray]:
        """What Keras' variables would hold now."""
        arrays = self._in_order([slot.copies() for slot in self._slots])
        return [np.asarray(self.step, np.int64), *arrays]

    def _in_order(self, slots: list[list[np.ndarray]]) -> list[np.ndarray]:
        """The arrays of the slots in the order of Keras' variables: slot by slot."""
        return [array for slot in slots for array in slot]


class Adam(NumpyOptimizer):
    """Kingma and Ba (2015), Adam: A Method for Stochastic Optimization, ICLR."""

    defaults = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}

    def __init__(self, shapes: Shapes, dtype: str, arguments: dict[str, Any]):
        super().__init__(shapes, dtype, arguments)
        # Keras rounds what it raises to a power to float32, whatever the weights are.
        names = ("beta_1", "beta_2")
        self._bases = [float(np.float32(self._set[name])) for name in names]

    @property
    def _n_slots(self) -> int:
        return 2

    def _update(self, weights: np.ndarray, gradients: np.ndarray, rate: float) -> None:
        beta_1, beta_2 = self._set["beta_1"], self._set["beta_2"]
        (first, second), work = self._memory, self._work
        self._scale(beta_1, first)
        self._add(gradients, first, a=1 - beta_1)
        np.square(gradients, work)
        self._scale(beta_2, second)
        self._add(work, second, a=1 - beta_2)
        power_1, power_2 = (base**self.step for base in self._bases)
        np.sqrt(second, work)
        np.add(work, self._epsilon, work)
        np.divide(first, work, work)
        self._add(work, weights, a=-rate * math.sqrt(1 - power_2) / (1 - power_1))

    def _in_order(self, slots: list[list[np.ndarray]]) -> list[np.ndarray]:
        """Both moments of a weight, then those of the next."""
        return [array for both in zip(*slots, strict=True) for array in both]


class SGD(NumpyOptimizer):
    """Gradient descent, with momentum of Polyak's or Nesterov's kind."""

    defaults = {"momentum": 0.0, "nesterov": False}

    @property
    def _n_slots(self) -> int:
        return int(self._set["momentum"] != 0)

    def _update(self, weights: np.ndarray, gradients: np.ndarray, rate: float) -> None:
        for velocity in self._memory:
            self._scale(self._set["momentum"], velocity)
            self._add(gradients, velocity, a=-rate)
        if not self._memory:
            self._add(gradients, weights, a=-rate)
        elif self._set["nesterov"]:
            self._add(gradients, weights, a=-rate)
            self._add(velocity, weights, a=self._set["momentum"])
        else:
            self._add(velocity, weights)


class RMSprop(NumpyOptimizer):
    """Tieleman and Hinton (2012), Lecture 6.5: RMSprop, with Keras' momentum."""

    defaults = {"rho": 0.9, "momentum": 0.0, "epsilon": 1e-7}

    @property
    def _n_slots(self) -> int:
        return 1 + int(self._set["momentum"] > 0)

    def _update(self, weights: np.ndarray, gradients: np.ndarray, rate: float) -> None:
        rho, work = self._set["rho"], self._work
        squares, *moving = self._memory
        np.square(gradients, work)
        self._scale(rho, squares)
        self._add(work, squares, a=1 - rho)
        np.add(squares, self._epsilon, work)
        np.sqrt(work, work)
        np.divide(gradients, work, work)
        if not moving:
            self._add(work, weights, a=-rate)
        for velocity in moving:
            self._scale(self._set["momentum"], velocity)
            self._add(work, velocity, a=rate)
            self._add(velocity, weights, a=-1.0)


DECAY = "weight_decay"
KNOWN: dict[str, type[NumpyOptimizer]] = {
    "keras.optimizers.Adam": Adam,
    "keras.optimizers.AdamW": Adam,
    "keras.optimizers.RMSprop": RMSprop,
    "keras.optimizers.SGD": SGD,
}
DECAYS = {"keras.optimizers.AdamW": 0.004}  # where Keras has one by default
# What an instance says of itself though it does nothing.
WITHOUT_EFFECT = ("learning_rate", "ema_momentum")


def runs_in_numpy(optimizer: Optimizer) -> bool:
    """Whether this file has the optimizer with all its arguments."""
    spec = optimizer.spec
    if optimizer.schedule_name != CONSTANT or optimizer.schedule is not None:
        return False
    if not isinstance(spec, KerasSpec) or spec.cls not in KNOWN:
        return False
    known = {*KNOWN[spec.cls].defaults, *WITHOUT_EFFECT, DECAY}
    return all(
        isinstance(value, Real) if name in known else value in (None, False)
        for name, value in json.loads(spec.config).items()
        if not (name == DECAY and value is None)
    )


def make_optimizer(optimizer: Optimizer, shapes: Shapes, dtype: str) -> NumpyOptimizer:
    """Make the optimizer, if ``runs_in_numpy``."""
    arguments = json.loads(optimizer.spec.config)
    known = KNOWN[optimizer.spec.cls]
    own = {name: arguments[name] for name in known.defaults if name in arguments}
    return known(shapes, dtype, own)


def constant_decay(optimizer: Optimizer) -> float:
    """By how much weights decay if no number of the run says so."""
    arguments = json.loads(optimizer.spec.config)
    return float(arguments.get(DECAY, DECAYS.get(optimizer.spec.cls)) or 0.0)
