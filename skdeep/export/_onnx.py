"""A network in the operators of ONNX, written from its description and its weights.

Everything is float32: ONNX Runtime has many operators in no other precision. Images
come in as (height, width, channels), as everywhere in skdeep, and are turned to ONNX's
(channels, height, width) once, and back in front of the first hidden layer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from skdeep.engine._fitted import FittedNetwork
from skdeep.export._onnx_activations import add_activation
from skdeep.networks._description import Convolution, Network, Pooling
from skdeep.networks._standard import check_units
from skdeep.networks._weights import image_shapes

OPSET = 20  # the first with Gelu; ONNX Runtime has it since 1.17
IR_VERSION = 9  # of the same time
EPSILON = 1e-3  # of Keras' BatchNormalization
OUTPUT_ACTIVATIONS = {"exponential": "Exp", "sigmoid": "Sigmoid", "softmax": "Softmax"}
PADDINGS = {"same": "SAME_UPPER", "valid": "VALID"}


def onnx_model(fitted: FittedNetwork) -> Any:
    """Return an ``onnx.ModelProto`` that does what the fitted network does."""
    try:
        import onnx
    except ImportError as error:
        raise ImportError(
            "format='onnx' needs the package onnx, which is not installed. Install it "
            "with: pip install 'skdeep[onnx]'"
        ) from error
    network = fitted.network
    graph = Graph()
    _write_network(graph, fitted)
    rows = _value("input", network.input_shape)
    outputs = _value("output", (network.output_units,))
    model = onnx.helper.make_model(
        onnx.helper.make_graph(
            graph.nodes,
            "network",
            [rows],
            [outputs],
            graph.arrays,
        ),
        producer_name="skdeep",
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    onnx.checker.check_model(model)
    return model


def _value(name: str, shape: tuple[int, ...]) -> Any:
    """Any number of rows of floats of a shape."""
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n_samples", *shape])


class Graph:
    """Operators in the order in which they run; sets ``nodes`` and ``arrays``."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.arrays: list[Any] = []

    def add(
        self, operator: str, *inputs: str, output: str = "", **attributes: Any
    ) -> str:
        """Append an operator and return the name of its output."""
        from onnx import helper

        output = output or f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(self, value: Any, dtype: str = "float32") -> str:
        """Return the name of an array or a number."""
        from onnx import numpy_helper

        name = f"constant_{len(self.arrays)}"
        array = np.ascontiguousarray(value, dtype=dtype).reshape(np.shape(value))
        self.arrays.append(numpy_helper.from_array(array, name))
        return name


def _write_network(graph: Graph, fitted: FittedNetwork) -> None:
    """Append all layers, from the value "input" to the value "output"."""
    network, weights = fitted.network, iter(fitted.weights)
    x = "input"
    if network.image_layers:
        x = graph.add("Transpose", x, perm=[0, 3, 1, 2])
        for layer, shape in zip(
            network.image_layers, image_shapes(network), strict=True
        ):
            if isinstance(layer, Convolution):
                x = _convolution(graph, x, layer, network, weights, shape)
            else:
                x = _pooling(graph, x, layer)
        x = graph.add("Transpose", x, perm=[0, 2, 3, 1])
    if len(network.input_shape) > 1:
        x = graph.add("Flatten", x)
    for hidden in network.hidden:
        bias = [] if network.batch_normalization else [1]
        arrays = [graph.constant(next(weights)) for _ in [0, *bias]]
        x = graph.add("Gemm", x, *arrays)
        x = _finish(graph, x, network, weights, (hidden.units,))
    x = graph.add(
        "Gemm", x, graph.constant(next(weights)), graph.constant(next(weights))
    )
    operator = OUTPUT_ACTIVATIONS.get(network.output_activation, "Identity")
    if fitted.rescaling is None:
        graph.add(operator, x, output="output")
        return
    check_units(fitted.rescaling)
    scale, offset = (graph.constant(numbers) for numbers in fitted.rescaling)
    x = graph.add("Mul", graph.add(operator, x), scale)
    graph.add("Add", x, offset, output="output")


def _convolution(
    graph: Graph,
    x: str,
    layer: Convolution,
    network: Network,
    weights: Iterator[np.ndarray],
    shape: tuple[int, int, int],
) -> str:
    """Append a convolution, its normalisation and its activation."""
    kernel = next(weights).transpose(3, 2, 0, 1)  # (out, in, rows, columns)
    arrays = [graph.constant(kernel)]
    if not network.batch_normalization:
        arrays.append(graph.constant(next(weights)))
    x = graph.add("Conv", x, *arrays, auto_pad=PADDINGS[layer.padding])
    height, width, channels = shape
    return _finish(graph, x, network, weights, (channels, height, width))


def _pooling(graph: Graph, x: str, layer: Pooling) -> str:
    """Append a pooling; padding counts in no mean, as in Keras."""
    operator = {"max": "MaxPool", "average": "AveragePool"}[layer.kind]
    return graph.add(
        operator,
        x,
        kernel_shape=list(layer.size),
        strides=list(layer.size),
        auto_pad=PADDINGS[layer.padding],
    )


def _finish(
    graph: Graph,
    x: str,
    network: Network,
    weights: Iterator[np.ndarray],
    shape: tuple[int, ...],
) -> str:
    """Append batch normalisation and activation; units are on the axis 1."""
    if network.batch_normalization:
        arrays = [graph.constant(next(weights)) for _ in range(4)]
        x = graph.add("BatchNormalization", x, *arrays, epsilon=EPSILON)
    if network.activation != "maxout":
        return add_activation(graph, x, network, axis=1)
    pieces = graph.constant([-1, network.n_pieces, *shape], dtype="int64")
    x = graph.add("Reshape", x, pieces)
    axes = graph.constant([1], dtype="int64")
    return graph.add("ReduceMax", x, axes, keepdims=0)
