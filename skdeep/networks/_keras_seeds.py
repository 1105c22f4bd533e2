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
    drawings = _drawings(model, input_shapes)
    free = zip(model.weights, drawings, as_drawn(model, drawings), strict=True)
    for place, (v, drawing, is_as_drawn) in enumerate(free):
        if drawing is None or not (is_as_drawn and drawing.is_seedless):
            continue
        if _takes_seed(drawing.initializer):
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


def as_drawn(model: Any, drawings: Sequence[Drawing | None]) -> list[bool]:
    """Say which weights of a model that was just built are as Keras draws them.

    The others were put there on purpose, such as those of a trained part. Keras'
    initializers keep the seed they have drawn with, so they can draw again. Whether
    weights are drawn whose layer has not kept its initializer nobody can see; they are
    taken for it unless a random one of another layer is not: who loads a model's
    weights loads all of them.
    """
    drawn = _initializers_of_weights(model)
    pairs = list(zip(model.weights, drawings, strict=True))
    found = [_is_as_drawn(v, drawing, drawn.get(id(v))) for v, drawing in pairs]
    random = [drawing is not None and drawing.is_seedless for drawing in drawings]
    is_loaded = any(
        is_random and known is False
        for is_random, known in zip(random, found, strict=True)
    )
    return [
        is_random and not is_loaded if known is None else known
        for is_random, known in zip(random, found, strict=True)
    ]


def _is_as_drawn(
    variable: Any, drawing: Drawing | None, own_initializer: Any
) -> bool | None:
    """Whether a weight is as Keras has drawn it; None if nobody can see that."""
    if drawing is None:
        return None
    if drawing.is_seedless and own_initializer is None:
        return None
    initializer = own_initializer if drawing.is_seedless else drawing.initializer
    again = initializer(drawing.shape, dtype=drawing.dtype)
    return np.array_equal(again, variable.numpy())


def _initializers_of_weights(model: Any) -> dict[int, Any]:
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
    drawn = _initializers_of_weights(model)
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
