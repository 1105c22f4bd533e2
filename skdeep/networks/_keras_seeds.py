"""A model that Keras trains: what it draws follows from one seed.

Keras gives an initializer and a generator of random numbers a seed of Python's global
generator where the user has said none. Those seeds are put in place of here, before
training and on the model alone; nothing global is touched, and what the user has said
or put into weights stays.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from skdeep.networks._keras_config import all_layers, describe_model
from skdeep.networks._keras_template import Drawing, Template
from skdeep.networks._layer_stack import array_seed


def seed_weights(
    model: Any, input_shapes: Sequence[tuple[int, ...]], seed: int
) -> None:
    """Draw the weights of a model anew that are as Keras has drawn them.

    Those that are not there yet are drawn from ``seed``, too, when they are made.
    Weights of a layer that says neither in its configuration nor as
    ``..._initializer`` how they start stay as they are.
    """
    drawn = initializers_of_weights(model)
    drawings = _drawings(model, input_shapes)
    for place, (v, drawing) in enumerate(zip(model.weights, drawings, strict=True)):
        if drawing is None or not drawing.is_seedless:
            continue
        if _takes_seed(drawing.initializer) and is_as_drawn(v, drawing, drawn):
            v.assign(drawing.draw(array_seed(seed, place)))
    for place, layer in enumerate(all_layers(model), start=len(drawings)):
        if not layer.built:
            _seed_initializers(layer, array_seed(seed, place))


def seed_generators(model: Any, seed: int) -> None:
    """Let dropout, noise and the like begin with ``seed``, if they have none."""
    import keras

    for place, layer in enumerate([model, *all_layers(model)]):
        for value in vars(layer).values():
            is_generator = isinstance(value, keras.random.SeedGenerator)
            if is_generator and _lacks_seed(value):
                value.state.assign([array_seed(seed, place), 0])


def initializers_of_weights(model: Any) -> dict[int, Any]:
    """The initializers that have drawn weights of a model, by the weights' ids."""
    found = {}
    for layer in all_layers(model):
        for v in [*layer._trainable_variables, *layer._non_trainable_variables]:
            stem = v.name.removesuffix("_kernel")
            for name in (v.name, stem):
                initializer = getattr(layer, f"{name}_initializer", None)
                if hasattr(initializer, "seed"):
                    found[id(v)] = initializer
                    break
    return found


def is_as_drawn(variable: Any, drawing: Drawing, drawn: dict[int, Any]) -> bool:
    """Whether a weight of a model that was just built is as Keras draws it.

    Others were put there on purpose, such as those of a trained part. Keras'
    initializers keep the seed they have drawn with, so they can draw again.
    """
    initializer = drawing.initializer
    if drawing.is_seedless:
        if id(variable) not in drawn:
            return True
        initializer = drawn[id(variable)]
    again = initializer(drawing.shape, dtype=drawing.dtype)
    return np.array_equal(again, variable.numpy())


def _drawings(
    model: Any, input_shapes: Sequence[tuple[int, ...]]
) -> Sequence[Drawing | None]:
    """How each weight starts; None where nobody can say."""
    if not model.weights:
        return []
    try:
        config, objects = describe_model(model)
        drawings = Template(json.loads(config), objects, input_shapes).drawings
        if len(drawings) == len(model.weights):
            return drawings
    except Exception:  # of a class of the user's that cannot be made again
        pass
    drawn = initializers_of_weights(model)
    return [
        Drawing(drawn[id(v)], tuple(v.shape), v.dtype, _lacks_seed(drawn[id(v)]))
        if id(v) in drawn
        else None
        for v in model.weights
    ]


def _seed_initializers(layer: Any, seed: int) -> None:
    """Give a layer initializers of its own that draw with seeds, where it has none."""
    for place, (name, value) in enumerate(list(vars(layer).items())):
        is_random = name.endswith("_initializer") and hasattr(value, "seed")
        if is_random and _lacks_seed(value):
            config = {**value.get_config(), "seed": array_seed(seed, place)}
            setattr(layer, name, type(value).from_config(config))


def _takes_seed(drawing: Any) -> bool:
    """Whether an object of Keras, or one like it, can be made with a seed."""
    return "seed" in drawing.get_config()


def _lacks_seed(drawing: Any) -> bool:
    """Whether nobody has said with which seed an object of Keras draws."""
    return _takes_seed(drawing) and drawing.get_config()["seed"] is None
