"""The outputs of a hidden layer of a fitted network."""

from __future__ import annotations

import math
from typing import Any

from skdeep.engine._fitted import FittedNetwork
from skdeep.engine._keras_training import KerasTrained
from skdeep.engine.backends._loading import load_tensorflow
from skdeep.exceptions import InvalidNetworkError
from skdeep.networks._layer_stack import LayerStack
from skdeep.networks.layers._flatten import Flatten


def hidden_network(fitted: Any, layer: int | str) -> Any:
    """Return what predicts the outputs of a layer, one row of numbers per row.

    A stack of layers is cut behind the layer, so a row's outputs have the same bits
    among any others; other networks are cut by Keras, and predict as Keras does.

    Parameters
    ----------
    fitted : FittedNetwork or KerasTrained
        The network.
    layer : int or str
        The number of the layer in ``model_.layers``, or its name.

    Raises
    ------
    InvalidNetworkError
        If there is no such layer, or its outputs cannot be reached.
    """
    if not isinstance(fitted, FittedNetwork | KerasTrained):
        raise InvalidNetworkError(
            "Hidden layers are those of one network; got several members. Take one of "
            "members_."
        )
    model = _model_without_units(fitted)
    name = _layer_name(model, layer)
    if isinstance(fitted, FittedNetwork) and isinstance(fitted.network, LayerStack):
        names = [own.name for own in fitted.network.layers]
        if name in names:
            layers = fitted.network.layers[: names.index(name) + 1]
            # Dropout alone leaves nothing for a prediction.
            if any(own.for_prediction is not None for own in layers):
                return _cut_stack(fitted, fitted.network, len(layers))
    return _cut_model(fitted, model, name)


def _model_without_units(fitted: Any) -> Any:
    """The Keras model whose last layer is the network's output, in no units."""
    load_tensorflow()
    if isinstance(fitted, KerasTrained):
        return fitted.model
    return fitted.network.to_keras(fitted.hyperparameters, fitted.weights)


def _layer_name(model: Any, layer: int | str) -> str:
    """The name of a layer that is given by its number or its name."""
    names = [own.name for own in model.layers]
    try:
        return str(names[names.index(layer) if isinstance(layer, str) else layer])
    except (IndexError, ValueError):
        raise InvalidNetworkError(
            f"layer must be the name or the number of one of the layers {names}; got "
            f"{layer!r}. summary() lists them."
        ) from None


def _cut_stack(fitted: FittedNetwork, network: LayerStack, n_layers: int) -> Any:
    """The first layers, with the weights that are theirs."""
    layers = network.layers[:n_layers]
    cut = LayerStack(network.input_shape, layers)
    n_weights = len(cut.weight_specs())
    if len(cut.output_shape) > 1:
        flatten = Flatten(name="features", dtype=layers[-1].dtype)
        cut = LayerStack(network.input_shape, (*layers, flatten))
    return FittedNetwork(cut, fitted.hyperparameters, fitted.weights[:n_weights])


def _cut_model(fitted: Any, model: Any, name: str) -> KerasTrained:
    """A Keras model that ends behind the layer."""
    import keras

    try:
        output = model.get_layer(name).output
        cut = keras.Model(model.inputs, output)
    except (AttributeError, ValueError) as error:
        raise InvalidNetworkError(
            f"Layer {name!r} must have one output that follows from the inputs of the "
            f"model; got the error {error} Build the network of keras.Input and layers."
        ) from error
    if isinstance(output, list | dict):
        raise InvalidNetworkError(
            f"Layer {name!r} must have one output; got {len(output)}. Give a layer "
            "behind it."
        )
    shapes = getattr(fitted, "input_shapes", None) or _shapes(fitted.network)
    return KerasTrained(cut, shapes)


def _shapes(network: Any) -> Any:
    """The shape of a row for each input of a network."""
    return getattr(network, "input_shapes", (network.input_shape,))


def n_outputs_of(hidden: Any) -> int:
    """How many numbers come out for one row."""
    if isinstance(hidden, FittedNetwork):
        return hidden.network.output_units
    return math.prod(hidden.model.outputs[0].shape[1:])
