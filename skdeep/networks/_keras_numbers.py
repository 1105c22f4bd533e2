"""Numbers in a Keras model that may change from fit to fit, taken out of its text.

Those are the rates of Keras' Dropout layers and the factors of its L1 and L2 penalties
on weights. In the text of a network a mark stands in the place of each, so models that
differ in such numbers alone have the same text, and share a program. A number that is
zero stays: then the part is not there.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# A mark is its number times this: a rate below 1 that every float holds exactly.
UNIT = 2.0**-20
PENALTIES = ("l1", "l2")
REGULARIZERS = ("L1", "L2", "L1L2")


def take_numbers(tree: Any) -> dict[str, float]:
    """Put marks in the places of the numbers, and return the numbers by name.

    ``tree`` is the configuration of a model of Keras' own objects; it is changed.
    """
    numbers: dict[str, float] = {}
    for config, key in _places(tree):
        value = float(config[key])
        config[key] = (len(numbers) + 1) * UNIT
        numbers[f"{key}_{len(numbers)}"] = value
    return numbers


def put_numbers(tree: Any, names: Sequence[str], numbers: Mapping[str, float]) -> None:
    """Put numbers in the places of their marks."""
    if names:
        for config, key in list(_places(tree)):
            config[key] = float(numbers[names[_number(config[key])]])


def _number(mark: Any) -> int:
    """Which number a mark stands for."""
    return round(float(mark) / UNIT) - 1


def _places(tree: Any, key: str = "") -> Iterator[tuple[dict[str, Any], str]]:
    """The configurations of dropout layers and penalties, in order, with the keys."""
    if isinstance(tree, list):
        for value in tree:
            yield from _places(value, key)
    if not isinstance(tree, dict):
        return
    yield from _own_places(tree, key)
    for name, value in tree.items():
        yield from _places(value, name)


def _own_places(node: dict[str, Any], key: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The numbers of one node, whose parent has it under ``key``."""
    config = node.get("config")
    if not isinstance(config, dict):
        return
    module, name = node.get("module"), node.get("class_name")
    is_dropout = module == "keras.layers" and name == "Dropout"
    if is_dropout and 0 < config["rate"] < 1 and config.get("noise_shape") is None:
        yield config, "rate"
    # A penalty on outputs is a part of how a layer is called.
    is_of_weights = key.endswith("_regularizer") and key != "activity_regularizer"
    if module == "keras.regularizers" and name in REGULARIZERS and is_of_weights:
        for factor in PENALTIES:
            if config.get(factor):
                yield config, factor


class Numbers:
    """The numbers of one template: read where a call says what they are.

    Sets: ``values``, of the call that is under way; None in one without.
    """

    def __init__(self, names: Sequence[str]):
        self._names = names
        self.values: Mapping[str, Any] | None = None

    def bind(self, layers: Sequence[Any], variables: Sequence[Any]) -> None:
        """Let the layers and penalties of a template read them."""
        if not self._names:
            return
        from keras import layers as keras_layers
        from keras import regularizers

        kinds = tuple(getattr(regularizers, name) for name in REGULARIZERS)
        for layer in layers:
            is_dropout = type(layer) is keras_layers.Dropout
            if is_dropout and 0 < layer.rate < 1 and layer.noise_shape is None:
                layer.call = functools.partial(self._dropped, layer)
        for variable in variables:
            if type(variable.regularizer) in kinds:
                penalty = functools.partial(self._penalty, variable.regularizer)
                variable.regularizer = penalty

    def _value(self, mark: Any, dtype: Any) -> Any:
        """The number that a mark stands for, in a call that has numbers."""
        from keras import ops

        assert self.values is not None
        return ops.cast(self.values[self._names[_number(mark)]], dtype)

    def _dropped(self, layer: Any, inputs: Any, training: bool = False) -> Any:
        """What Keras' Dropout does, with a rate that is known when it runs."""
        import keras
        from keras import ops

        if not training or self.values is None:
            return inputs
        # Keras' own function asks Python whether the rate is 0.
        rate = self._value(layer.rate, inputs.dtype)
        shape, seed = ops.shape(inputs), layer.seed_generator
        drawn = keras.random.uniform(shape, dtype=inputs.dtype, seed=seed)
        zeros = ops.zeros((), inputs.dtype)
        return ops.where(drawn >= rate, inputs / (1 - rate), zeros)

    def _penalty(self, regularizer: Any, x: Any) -> Any:
        """l1 * sum(|x|) + l2 * sum(x ** 2), of those that the penalty has."""
        from keras import ops

        total = ops.zeros((), x.dtype)
        if self.values is None:
            return total
        for name, size in (("l1", ops.abs), ("l2", ops.square)):
            mark = getattr(regularizer, name, None)
            if mark is not None and float(mark) > 0:
                total = total + self._value(mark, x.dtype) * ops.sum(size(x))
        return total
