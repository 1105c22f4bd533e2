"""A network of the user's own, as Keras has it.

Nothing here knows what the layers do, but for two things: which of them look at other
rows than their own, and which get slower by XLA.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from skdeep.data._training_data import TrainingData
from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._keras_config import (
    Objects,
    all_layers,
    describe_model,
    final_activation,
    rebuild_model,
)
from skdeep.networks._keras_numbers import put_numbers, take_numbers
from skdeep.networks._keras_seeds import as_drawn
from skdeep.networks._keras_template import Template
from skdeep.networks._network import (
    CallContext,
    CallResult,
    Network,
    NumpyContext,
    NumpyTraining,
    WeightSpec,
)

# Where the logits come from, see ``KerasNetwork``.
SPLIT, WHOLE, INVERSE = "split", "whole", "inverse"
# The gradients of these take XLA on a CPU many times as long as graph mode, or fail.
SLOW_WITH_XLA = ("Conv", "DepthwiseConv", "SeparableConv", "Pooling", "UpSampling")
# fmt: off
ELEMENTWISE = frozenset((
    "Abs", "Add", "Cast", "Divide", "Equal", "Exp", "Gelu", "Greater", "Less",
    "Log", "Maximum", "Minimum", "Multiply", "Negative", "NotEqual", "Power",
    "Relu", "Sigmoid", "Softmax", "Sqrt", "Square", "Subtract", "Tanh",
    "TrueDivide",
))
# fmt: on
MANY_LAYERS = 99  # their products are left to TensorFlow


@dataclass(frozen=True)
class KerasNetwork:
    """A model's class and configuration; see ``Network`` for what it can do.

    Parameters
    ----------
    config : str
        The configuration in JSON, automatic names counted anew.
    objects : tuple of (name, object)
        Classes and functions of the user that it names.
    input_shapes : tuple of tuple of int
        The shape of a row, for each input of the model. Several inputs are one row of
        all their values, one input after the other.
    output_units : int
        How many numbers come out for one row.
    compute_dtype : str
        The dtype of rows, losses and predictions.
    link : str
        The activation that makes predictions of logits.
    ending : {"split", "whole", "inverse"}
        Whether logits are what comes before the model's last activation, what comes
        out of it, or what ``link`` makes that of.
    is_rowwise : bool
        Whether what comes out for a row depends on that row alone, or on others by
        batch normalisation, which can leave rows out.
    prefers_xla : bool
        Whether XLA makes training faster.
    takes_indices : bool
        Whether rows hold numbers of things, such as words.
    hyperparameter_names : tuple of str, default=()
        The numbers that ``config`` has marks for, in their order.
    """

    config: str
    objects: Objects
    input_shapes: tuple[tuple[int, ...], ...]
    output_units: int
    compute_dtype: str
    link: str
    ending: str
    is_rowwise: bool
    prefers_xla: bool
    takes_indices: bool
    hyperparameter_names: tuple[str, ...] = ()

    dropout_names = ()
    depth = MANY_LAYERS
    runs_in_numpy = False
    trains_in_numpy = False  # layers of Keras have no gradients there
    output_activation = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is only remembered."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one row."""
        if len(self.input_shapes) == 1:
            return self.input_shapes[0]
        return (sum(map(math.prod, self.input_shapes)),)

    @property
    def for_prediction(self) -> Network:
        """The same network: Keras' layers know when they predict."""
        return self

    @property
    def without_output_activation(self) -> KerasNetwork:
        """The same network, whose predictions are its logits."""
        return replace(self, link="linear")

    @property
    def output_places(self) -> list[int]:
        """Kernel and bias of a last layer that is a Dense layer of Keras."""
        ending = final_activation(json.loads(self.config))
        name = None if ending is None or self.ending == INVERSE else ending["name"]
        paths = [str(v.path).split("/") for v in self._template.weights]
        places = [i for i, path in enumerate(paths) if path[-2:-1] == [name]]
        if {paths[i][-1] for i in places} not in ({"kernel"}, {"kernel", "bias"}):
            raise InvalidNetworkError(
                "calibration='temperature' divides the weights of a last layer "
                "Dense(n, activation='softmax') or 'sigmoid'; got a model that ends "
                "otherwise. End it so, or leave calibration at None."
            )
        return places

    @functools.cached_property
    def _template(self) -> Template:
        """The model without values; made once."""
        tree = json.loads(self.config)
        if self.ending == SPLIT:
            ending = final_activation(tree)
            assert ending is not None
            ending["activation"] = "linear"
        names = self.hyperparameter_names
        return Template(tree, self.objects, self.input_shapes, names)

    @property
    def max_values_per_row(self) -> int:
        """How many values one row takes where it is widest, as far as Keras knows."""
        shapes = [*self.input_shapes, *map(_shape_of, all_layers(self._template.model))]
        return max([self.output_units, *map(math.prod, shapes)])

    @property
    def multiplications_per_row(self) -> int:
        """How many multiplications with a weight one row takes, roughly."""
        layers = all_layers(self._template.model)
        return max(1, sum(_work_of(layer) for layer in layers))

    def weight_specs(self) -> list[WeightSpec]:
        """List the weights in the order of the Keras model."""
        template = self._template
        return [
            WeightSpec(
                layer=str(v.path).rpartition("/")[0].replace("/", "_"),
                role=_role(v.name, place in template.trained),
                shape=tuple(v.shape),
                constraint=v.constraint,
            )
            for place, v in enumerate(template.weights)
        ]

    def draw_weights(
        self, seed: int, training: TrainingData | None = None
    ) -> list[np.ndarray]:
        """Draw initial weights in that order, from ``seed`` alone."""
        drawn = self._template.draw(seed)
        return [array.astype(self.compute_dtype, copy=False) for array in drawn]

    def drawn_by_keras(self, model: Any) -> list[bool]:
        """Say which weights of a model that was just built are as Keras draws them."""
        return as_drawn(model, self._template.drawings)

    def call(self, weights: Sequence[Any], x: Any, context: CallContext) -> CallResult:
        """Send rows through; padding is cut off where rows see each other."""
        from keras import ops

        mask = context.row_mask
        n_rows = None
        if mask is not None and not self.is_rowwise:
            n_rows = ops.cast(ops.sum(mask), "int32")
            x = x[:n_rows]
            mask = None
        output, updates, penalty = self._template.call(
            weights,
            self._separated(x),
            context.training,
            mask,
            context.seed,
            context.hyperparameters if self.hyperparameter_names else {},
        )
        logits = self._logits(output)
        if n_rows is not None:
            places = ops.arange(context.row_mask.shape[0], dtype="int32")
            logits = ops.take(logits, ops.minimum(places, n_rows - 1), axis=0)
        dtype = self.compute_dtype
        updates = {place: ops.cast(v, dtype) for place, v in updates.items()}
        return CallResult(logits, ops.cast(penalty, dtype), updates)

    def _separated(self, x: Any) -> list[Any]:
        """Rows of each input, of rows that hold all."""
        from keras import ops

        if len(self.input_shapes) == 1:
            return [x]
        ends = np.cumsum([math.prod(shape) for shape in self.input_shapes])
        return [
            ops.reshape(x[:, end - math.prod(shape) : end], (-1, *shape))
            for end, shape in zip(ends, self.input_shapes, strict=True)
        ]

    def _logits(self, output: Any) -> Any:
        """What the link makes predictions of."""
        from keras import ops

        output = ops.reshape(output, (-1, self.output_units))
        output = ops.cast(output, self.compute_dtype)
        if self.ending != INVERSE:
            return output
        # Clipped as Keras' losses do.
        if self.link == "softmax":
            output = output / ops.sum(output, -1, keepdims=True)
        output = ops.clip(output, 1e-7, 1 - 1e-7)
        if self.link == "softmax":
            return ops.log(output)
        return ops.log(output) - ops.log(1 - output)

    def predictions(self, logits: Any) -> Any:
        """Apply the output activation."""
        from keras import activations

        return activations.get(self.link)(logits)

    def to_keras(
        self,
        hyperparameters: Mapping[str, float],
        weights: Sequence[np.ndarray] | None = None,
        rescaling: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> Any:
        """Make the user's model anew, with these weights."""
        tree = json.loads(self.config)
        put_numbers(tree, self.hyperparameter_names, hyperparameters)
        model = rebuild_model(tree, self.objects, self.input_shapes)
        if weights is not None:
            model.set_weights(list(weights))
        if rescaling is None:
            return model
        import keras

        scale, offset = (numbers.tolist() for numbers in rescaling)
        units = keras.layers.Rescaling(scale, offset, name="units")
        return keras.Model(model.inputs, units(model.outputs[0]))

    def to_numpy(self, weights: Sequence[np.ndarray], product: Any) -> list[Any]:
        """Refuse: what Keras' layers do is known to Keras alone."""
        raise InvalidNetworkError(
            "A network of your own predicts by TensorFlow; got a call of to_numpy. Ask "
            "runs_in_numpy first."
        )

    def to_numpy_training(
        self,
        weights: np.ndarray,
        gradients: np.ndarray,
        context: NumpyContext,
    ) -> NumpyTraining:
        """Refuse: what Keras' layers do is known to Keras alone."""
        raise InvalidNetworkError(
            "A network of your own trains by TensorFlow; got a call of "
            "to_numpy_training. Ask trains_in_numpy first."
        )

    def to_onnx(self, graph: Graph, x: str, weights: Sequence[np.ndarray]) -> str:
        """Refuse: Keras' own exporter knows its layers."""
        raise InvalidNetworkError(
            "A network of your own is exported to ONNX by Keras; got format='onnx'. "
            "Use model_.export(path, format='onnx')."
        )


def keras_network(
    model: Any,
    input_shapes: Sequence[tuple[int, ...]],
    loss: str,
    on_logits: bool | None,
) -> tuple[KerasNetwork, dict[str, float]]:
    """Describe a built model, and say which of its numbers may change.

    Parameters
    ----------
    model : keras.Model
        With one output of one axis besides that of rows.
    input_shapes : sequence of tuple of int
        The shape of a row, for each input.
    loss : str
        The name of its class, if the loss can be computed on logits; else empty.
    on_logits : bool or None
        Whether the model gives logits to that loss; None if nobody has said so, and
        a model without a last activation does.
    """
    config, objects = describe_model(model)
    numbers = {}
    if not objects:  # whose configuration may hold the same, and mean another thing
        tree = json.loads(config)
        numbers = take_numbers(tree)
        config = json.dumps(tree, sort_keys=True)
    ending = final_activation(json.loads(config))
    activation = None if ending is None else str(ending["activation"])
    if on_logits is None:
        on_logits = activation == "linear"
    link, how = _ending_for(activation, loss, on_logits)
    layers = all_layers(model)
    parts = [*layers, *getattr(model, "operations", ())]
    is_rowwise = not objects and all(map(_is_rowwise, parts))
    network = KerasNetwork(
        config,
        objects,
        tuple(tuple(int(n) for n in shape) for shape in input_shapes),
        int(model.outputs[0].shape[-1]),
        _compute_dtype(model),
        link,
        how,
        is_rowwise,
        is_rowwise and not any(map(_is_slow_with_xla, layers)),
        any(map(_takes_indices, layers)),
        tuple(numbers),
    )
    return network, numbers


def _ending_for(activation: str | None, loss: str, on_logits: bool) -> tuple[str, str]:
    """Say what makes predictions of logits, and where logits come from."""
    if not loss:
        return (activation, SPLIT) if activation else ("linear", WHOLE)
    link = "sigmoid" if loss.startswith("Binary") else "softmax"
    if on_logits:
        return link, WHOLE
    # Keras takes the logits behind any of the two, whatever the loss is made for.
    return link, SPLIT if activation in ("sigmoid", "softmax") else INVERSE


def _is_rowwise(part: Any) -> bool:
    """Whether a layer is known to send every row through alone, or to take masks."""
    from keras import layers

    if not type(part).__module__.startswith("keras.") or type(part) is layers.Lambda:
        return False
    if not isinstance(part, layers.Layer):  # an operation between two layers
        return type(part).__name__ in ELEMENTWISE
    has_penalty = getattr(part, "activity_regularizer", None) is not None
    return not has_penalty and not getattr(part, "renorm", False)


def _is_slow_with_xla(layer: Any) -> bool:
    """Whether a layer is a convolution, or Keras says that XLA cannot compile it.

    It says so of recurrent layers where there is a GPU, which has kernels for them. On
    a CPU these take half the time of graph mode, and embeddings a third.
    """
    name = type(layer).__name__
    is_convolution = name.startswith(SLOW_WITH_XLA[:3])
    # Over all places it is a mean or a maximum like any other.
    is_global = name.startswith("Global")
    is_local = name.rstrip("123D").endswith(SLOW_WITH_XLA[3:]) and not is_global
    return is_convolution or is_local or not getattr(layer, "supports_jit", True)


def _takes_indices(layer: Any) -> bool:
    """Whether a layer looks its inputs up."""
    from keras import layers

    if isinstance(layer, layers.InputLayer):
        return "int" in str(layer.dtype)
    return isinstance(layer, layers.Embedding)


def _compute_dtype(model: Any) -> str:
    """The dtype of the weights, which is that of losses under mixed policies."""
    dtypes = {str(v.dtype) for v in model.weights} & {"float32", "float64"}
    return "float64" if dtypes == {"float64"} else "float32"


def _role(name: str, is_trained: bool) -> str:
    """A role by which the engine knows what is trained."""
    return name if is_trained else f"moving_{name}"


def _shape_of(layer: Any) -> tuple[int, ...]:
    """The shape of a row behind a layer; unknown sides count as 1."""
    try:
        shape = layer.output.shape[1:]
    except (AttributeError, ValueError):
        return ()
    return tuple(int(n or 1) for n in shape)


def _work_of(layer: Any) -> int:
    """Multiplications of one row in a layer itself: its kernels, at every place."""
    kernels = [math.prod(v.shape) for v in layer._trainable_variables if v.ndim > 1]
    return sum(kernels) * math.prod(_shape_of(layer)[:-1])
