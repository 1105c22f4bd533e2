"""The network as an ordinary Keras model of standard layers with constants.

What the user gets as ``model_``: it saves, loads and predicts without skdeep.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._activations import activation_layer
from skdeep.keras_objects._initializers import seeded
from skdeep.networks._description import Convolution, Network, Pooling
from skdeep.networks._weights import image_shapes


def standard_model(
    network: Network,
    numbers: Mapping[str, float],
    weights: Sequence[np.ndarray] | None = None,
    rescaling: tuple[np.ndarray, np.ndarray] | None = None,
) -> Any:
    """Build a ``keras.Model`` that does what the description says.

    Parameters
    ----------
    network : Network
        The architecture.
    numbers : mapping of str to float
        Dropout rates and penalties, by ``network.number_names``.
    weights : sequence of arrays, default=None
        What ``set_weights`` gets; None leaves Keras' own random weights.
    rescaling : (scale, offset), default=None
        A linear map behind the output, for targets that were normalised.
    """
    import keras

    inputs = keras.Input(network.input_shape, name="input")
    x = inputs
    if network.has_input_dropout:
        x = _dropout(numbers["input_dropout"], "input_dropout")(x)
    if network.image_layers:
        x = _image_layers(x, network, numbers)
        x = keras.layers.Flatten(name="flatten")(x)
    for i, hidden in enumerate(network.hidden):
        name = f"hidden_{i + 1}"
        layer = keras.layers.Dense(
            hidden.units * network.n_pieces,
            name=name,
            **_kernel_arguments(network, numbers, name, axis=0),
        )
        x = _finish(layer(x), name, network, numbers)
        if hidden.dropout:
            x = _dropout(numbers[f"dropout_{i}"], f"dropout_{i + 1}")(x)
    output_arguments: dict[str, Any] = {}
    if not network.hidden and not network.image_layers:
        output_arguments = _regularizer(network, numbers)
    x = keras.layers.Dense(
        network.output_units,
        activation=network.output_activation,
        kernel_initializer=_initializer(network, "output"),
        dtype=network.compute_dtype,
        name="output",
        **output_arguments,
    )(x)
    if rescaling is not None:
        check_units(rescaling)
        scale, offset = rescaling
        x = keras.layers.Rescaling(
            scale.tolist(), offset.tolist(), dtype=network.compute_dtype, name="units"
        )(x)
    model = keras.Model(inputs, x)
    if weights is not None:
        model.set_weights(list(weights))
    return model


def check_units(rescaling: tuple[np.ndarray, np.ndarray]) -> None:
    """Refuse units that a network outside of skdeep would round to zero or infinity.

    Keras' Rescaling turns its numbers into float32 first, whatever its dtype.
    """
    info = np.finfo(np.float32)
    scale, offset = rescaling
    if scale.min() < info.tiny or max(scale.max(), np.abs(offset).max()) > info.max:
        raise InvalidNetworkError(
            f"Deviations and means of y must lie between {info.tiny:.3g} and "
            f"{info.max:.3g} to be part of a Keras or ONNX model; got deviations of "
            f"{scale.min():.3g} to {scale.max():.3g} and means of up to "
            f"{np.abs(offset).max():.3g}. Measure y in another unit."
        )


def _image_layers(x: Any, network: Network, numbers: Mapping[str, float]) -> Any:
    """Append convolutions and poolings."""
    from keras import layers

    image_shapes(network)
    counts = {Convolution: 0, Pooling: 0}
    for layer in network.image_layers:
        counts[type(layer)] += 1
        number = counts[type(layer)]
        if isinstance(layer, Convolution):
            name = f"convolution_{number}"
            convolution = layers.Conv2D(
                layer.filters * network.n_pieces,
                layer.kernel_size,
                padding=layer.padding,
                name=name,
                **_kernel_arguments(network, numbers, name, axis=(0, 1, 2)),
            )
            x = _finish(convolution(x), name, network, numbers)
        else:
            kinds = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}
            pooling = kinds[layer.kind](
                layer.size,
                padding=layer.padding,
                name=f"pooling_{number}",
                dtype=network.dtype,
            )
            x = pooling(x)
    return x


def _kernel_arguments(
    network: Network,
    numbers: Mapping[str, float],
    name: str,
    axis: int | tuple[int, ...],
) -> dict[str, Any]:
    """The arguments that Dense and Conv2D share."""
    from keras import constraints

    arguments = {
        "use_bias": not network.batch_normalization,
        "kernel_initializer": _initializer(network, name),
        "dtype": network.dtype,
        **_regularizer(network, numbers),
    }
    if network.has_max_norm:
        arguments["kernel_constraint"] = constraints.MaxNorm(
            numbers["max_norm"], axis=axis
        )
    return arguments


def _initializer(network: Network, layer: str) -> Any:
    """The initialiser of a layer, seeded: no global generator is asked."""
    return seeded(network.kernel_initializer, zlib.crc32(layer.encode()))


def _dropout(rate: float, name: str) -> Any:
    """A dropout layer, seeded for the same reason."""
    from keras import layers

    return layers.Dropout(rate, seed=zlib.crc32(name.encode()), name=name)


def _regularizer(network: Network, numbers: Mapping[str, float]) -> dict[str, Any]:
    """The kernel penalty, if there is one."""
    from keras import regularizers

    if not network.has_l1 and not network.has_l2:
        return {}
    penalty = regularizers.L1L2(numbers.get("l1", 0.0), numbers.get("l2", 0.0))
    return {"kernel_regularizer": penalty}


def _finish(x: Any, name: str, network: Network, numbers: Mapping[str, float]) -> Any:
    """Batch normalisation and activation behind a kernel."""
    from keras import layers, regularizers

    dtype = network.dtype
    if network.batch_normalization:
        x = layers.BatchNormalization(name=f"{name}_normalization", dtype=dtype)(x)
    arguments: dict[str, Any] = {"name": f"{name}_activation", "dtype": dtype}
    if network.has_activity_l1:
        arguments["activity_regularizer"] = regularizers.L1(numbers["activity_l1"])
    if network.activation == "maxout":
        return _maxout_layers(x, network.n_pieces, arguments)
    return activation_layer(
        network.activation, dict(network.activation_params), **arguments
    )(x)


def _maxout_layers(x: Any, n_pieces: int, arguments: dict[str, Any]) -> Any:
    """Maxout from reshaping and pooling, which Keras has."""
    from keras import layers

    name, dtype = arguments["name"], arguments["dtype"]
    *image, channels = x.shape[1:]
    n_units = channels // n_pieces
    n_places = int(np.prod(image)) if image else 1
    pieces = layers.Reshape(
        (n_places, n_pieces, n_units), name=f"{name}_pieces", dtype=dtype
    )
    largest = layers.MaxPooling2D((1, n_pieces), name=f"{name}_max", dtype=dtype)
    shape = (*image, n_units)
    return layers.Reshape(shape, **arguments)(largest(pieces(x)))
