"""A network in the operators of ONNX: what it makes of itself, as a model.

Everything is float32: ONNX Runtime has many operators in no other precision. Images
come in as (height, width, channels), as everywhere in skdeep.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skdeep.engine._fitted import FittedNetwork
from skdeep.engine._fitted_members import FittedMembers

OPSET = 20  # the first with Gelu; ONNX Runtime has it since 1.17
IR_VERSION = 9  # of the same time


def onnx_model(fitted: FittedNetwork | FittedMembers) -> Any:
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
        self,
        operator: str,
        *inputs: str,
        output: str = "",
        n_unread: int = 0,
        **attributes: Any,
    ) -> str:
        """Append an operator and return the name of its first output."""
        from onnx import helper

        output = output or f"{operator}_{len(self.nodes)}"
        outputs = [output, *(f"{output}_{i + 1}" for i in range(n_unread))]
        self.nodes.append(helper.make_node(operator, inputs, outputs, **attributes))
        return output

    def constant(self, value: Any, dtype: str = "float32") -> str:
        """Return the name of an array or a number."""
        from onnx import numpy_helper

        name = f"constant_{len(self.arrays)}"
        # Reshaped, since ascontiguousarray gives a single number an axis.
        array = np.ascontiguousarray(value, dtype=dtype).reshape(np.shape(value))
        self.arrays.append(numpy_helper.from_array(array, name))
        return name


def _write_network(graph: Graph, fitted: FittedNetwork | FittedMembers) -> None:
    """Append all operators, from the value "input" to the value "output"."""
    # The last operator has named its result after itself.
    graph.add("Identity", fitted.to_onnx(graph, "input"), output="output")
