"""A Keras model that nobody trains: it gives a network its formula.

The values of its variables are never read: those of a call come with the call, by
``stateless_call``. How they start is seen where it is made: inside a
``keras.StatelessScope`` a variable waits for its value, and still has its initializer.
Checked against Keras 3.14 and 3.15.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdeep.networks._keras_config import (
    Objects,
    all_layers,
    given_seeds,
    rebuild_model,
)
from skdeep.networks._keras_numbers import Numbers
from skdeep.networks._layer_stack import array_seed

# Updates draw from one generator at most this often before numbers would repeat.
DRAWS_PER_STEP = 2**16


@dataclass(frozen=True)
class Drawing:
    """How the start of one weight is drawn."""

    initializer: Any
    shape: tuple[int, ...]
    dtype: str

    is_seedless: bool  # random, and the user has not said how

    def draw(self, seed: int) -> np.ndarray:
        """Draw it; a seed of the user's own counts more than ``seed``."""
        initializer = self.initializer
        if self.is_seedless:
            config = {**initializer.get_config(), "seed": seed}
            initializer = type(initializer).from_config(config)
        return np.asarray(initializer(self.shape, dtype=self.dtype))


def _drawing(variable: Any, seeds: set[Any]) -> Drawing:
    """How a variable starts that waits for its value.

    A layer with layers in it may have given a drawn seed to theirs, so what the user
    has said is seen in the configuration of the model.
    """
    initializer = variable._initializer
    is_seedless = getattr(initializer, "seed", None) is not None
    if is_seedless:
        is_seedless = initializer.get_config().get("seed") not in seeds
    return Drawing(initializer, tuple(variable.shape), variable.dtype, is_seedless)


class Template:
    """A model without values.

    Attributes
    ----------
    model : keras.Model
        Never written to.
    weights : list of keras.Variable
        In the order of ``model.weights``.
    drawings : list of Drawing
        How each of them starts.
    trained : set of int
        The places of those that an optimizer changes.
    """

    def __init__(
        self,
        tree: Any,
        objects: Objects,
        input_shapes: Sequence[tuple[int, ...]],
        numbers: Sequence[str] = (),
    ):
        import keras

        seeds = set(given_seeds(tree))  # of which Keras takes parts away
        with keras.StatelessScope():  # where variables wait, and have an initializer
            self.model = rebuild_model(tree, objects, input_shapes)
            self.weights = list(self.model.weights)
            self.drawings = [_drawing(v, seeds) for v in self.weights]
        places = {id(v): i for i, v in enumerate(self.weights)}
        self.trained = {places[id(v)] for v in self.model.trainable_variables}
        self._trained = [places[id(v)] for v in self.model.trainable_variables]
        others = self.model.non_trainable_variables
        self._others = [(v, places.get(id(v))) for v in others]
        self._mask = threading.local()
        self._lock = threading.Lock()
        self._numbers = Numbers(numbers)
        self._numbers.bind(all_layers(self.model), self.weights)
        for layer in all_layers(self.model):
            if isinstance(layer, keras.layers.BatchNormalization):
                self._let_see_mask(layer)

    def draw(self, seed: int) -> list[np.ndarray]:
        """Draw all weights; every array has its own seed, derived from ``seed``."""
        return [d.draw(array_seed(seed, i)) for i, d in enumerate(self.drawings)]

    def call(
        self,
        values: Sequence[Any],
        rows: Sequence[Any],
        training: bool,
        row_mask: Any,
        seed: Any,
        numbers: Mapping[str, Any],
    ) -> tuple[Any, dict[int, Any], Any]:
        """Return the output, new values by place, and the sum of penalties."""
        from keras import ops

        trained = [values[place] for place in self._trained]
        others = [
            self._noise(number, seed) if place is None else values[place]
            for number, (_, place) in enumerate(self._others)
        ]
        others = [
            ops.cast(value, variable.dtype)
            for value, (variable, _) in zip(others, self._others, strict=True)
        ]
        # Layers keep notes while they are called, so one trace at a time.
        with self._lock, self._masking(row_mask):
            self._numbers.values = numbers or None
            output, after, losses = self.model.stateless_call(
                trained,
                others,
                self._inputs(rows),
                training=training,
                return_losses=True,
            )
        places = [place for _, place in self._others]
        pairs = zip(places, after, strict=True)
        updates = {place: value for place, value in pairs if place is not None}
        return output, updates, sum(losses)

    def _inputs(self, rows: Sequence[Any]) -> Any:
        """Rows in the structure and the dtypes that the model was made with."""
        from keras import ops, tree

        wanted = getattr(self.model, "inputs", None)
        if wanted:
            pairs = zip(rows, wanted, strict=True)
            rows = [ops.cast(x, tensor.dtype) for x, tensor in pairs]
        if len(rows) == 1 and not isinstance(
            getattr(self.model, "input", None), Mapping
        ):
            return rows[0]
        return tree.pack_sequence_as(self.model.input, list(rows))

    def _noise(self, number: int, seed: Any) -> Any:
        """The state of a generator for an update: a function of (fit, update)."""
        from keras import ops

        if seed is None:
            return ops.zeros((2,), "int64")
        first = ops.cast(seed[0], "int64") + number * 0x9E3779B1
        return ops.stack([first, ops.cast(seed[1], "int64") * DRAWS_PER_STEP])

    @contextmanager
    def _masking(self, row_mask: Any) -> Iterator[None]:
        """Let the layers that look at all rows know which count."""
        self._mask.rows = row_mask
        try:
            yield
        finally:
            self._mask.rows = None

    def _let_see_mask(self, layer: Any) -> None:
        """Give a batch normalisation the mask of rows, with that of steps if any.

        Its ``call`` takes a mask; only in this template's own layer it is always given.
        """
        from keras import ops

        call = layer.call

        def masked_call(inputs: Any, training: Any = None, mask: Any = None) -> Any:
            rows = getattr(self._mask, "rows", None)
            if rows is not None and training:
                shape = (-1, *(1 for _ in inputs.shape[2:]))
                rows = ops.reshape(ops.cast(rows, "bool"), shape)
                own = ops.ones(ops.shape(inputs)[:-1], "bool") if mask is None else mask
                mask = ops.logical_and(rows, own)
            return call(inputs, training=training, mask=mask)

        layer.call = masked_call
