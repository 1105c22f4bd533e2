"""Recurrent layers: sequences into sequences, or into a vector.

The formulas of one step are in ``_cells``; the loop over the steps comes with the call,
because what is quick there is a matter of the backend.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._initializers import seeded
from skdeep.keras_objects._onnx_activations import Graph
from skdeep.networks._network import CallContext, WeightSpec
from skdeep.networks.layers._activation import Activation
from skdeep.networks.layers._cells import CELLS, Cell
from skdeep.networks.layers._dense import read_recurrent
from skdeep.networks.layers._dropout import HIDDEN, rate_name, read_rates
from skdeep.networks.layers._kernel import KernelLayer, kernel_fields
from skdeep.networks.layers._layer import Layer, LayerOutput, Place, Shape, Site

START = "orthogonal"  # of recurrent kernels, as in Keras
DIRECTIONS = ("forward", "backward")


@dataclass(frozen=True)
class Recurrent(KernelLayer):
    """A cell at every step, in one direction or in both.

    Parameters
    ----------
    cell : {"lstm", "gru", "simple"}
        Its kind.
    units : int
        Outputs of each direction.
    bidirectional : bool
        Whether the steps are gone through from the end as well.
    keeps_steps : bool
        Whether outputs of all steps are handed on, or those of the last one.
    rate, recurrent_rate : str
        The names of the dropout rates of the inputs and of the last outputs; empty if
        nothing is dropped. What is dropped is so at all steps of an update.
    """

    cell: str
    units: int
    bidirectional: bool = False
    keeps_steps: bool = False
    rate: str = ""
    recurrent_rate: str = ""

    places: ClassVar[tuple[Place, ...]] = (Place.FEATURES,)
    depth: ClassVar[int] = 1

    @classmethod
    def from_parameters(cls, site: Site) -> Iterator[Layer]:
        """One for every entry of ``units``, if the estimator has them."""
        if "cell" not in site.parameters:
            return
        all_units, rates = read_layers(site.parameters), read_rates(site.parameters)
        for i, units in enumerate(all_units):
            yield cls(
                site.parameters["cell"],
                units,
                bool(site.parameters["bidirectional"]),
                keeps_steps=i + 1 < len(all_units),
                rate=rate_name(HIDDEN, i) if rates[i] > 0 else "",
                recurrent_rate=recurrent_name(i)
                if site.parameters["recurrent_dropout"] > 0
                else "",
                name=f"recurrent_{i + 1}",
                **kernel_fields(site.parameters, i),
            )
        yield from site.behind("recurrent", 0, Place.NORMALIZATION)
        if site.parameters["activity_l1"] > 0:
            yield Activation(
                "linear", name="recurrent_activity", dtype=site.dtype, activity_l1=True
            )

    @classmethod
    def read_parameters(cls, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The rates of every layer, each by its own name."""
        if "cell" not in parameters:
            return {}
        layers, rates = read_layers(parameters), read_rates(parameters)
        rate = parameters["recurrent_dropout"]
        names = {rate_name(HIDDEN, i): rates[i] for i, _ in enumerate(layers)}
        return names | {recurrent_name(i): rate for i, _ in enumerate(layers)}

    @classmethod
    def n_kernels(cls, parameters: Mapping[str, Any]) -> int:
        """One per recurrent layer; both of its kernels have the same penalties."""
        return len(read_recurrent(parameters))

    @property
    def dropout_names(self) -> tuple[str, ...]:
        """The rates."""
        return tuple(filter(None, (self.rate, self.recurrent_rate)))

    @property
    def hyperparameter_names(self) -> tuple[str, ...]:
        """The rates and the penalties."""
        return (*self.dropout_names, *super().hyperparameter_names)

    @property
    def for_prediction(self) -> Layer:
        """The layer without what only training needs."""
        bare = super().for_prediction
        return replace(bare, rate="", recurrent_rate="")  # type: ignore[call-arg]

    @property
    def _cell(self) -> Cell:
        """Formula and sizes."""
        return CELLS[self.cell]

    @property
    def _directions(self) -> tuple[str, ...]:
        """The ways to go through the steps."""
        return DIRECTIONS if self.bidirectional else DIRECTIONS[:1]

    def output_shape(self, input_shape: Shape) -> Shape:
        """The units of all directions, at every step or once."""
        n_units = self.units * len(self._directions)
        return (*input_shape[: 1 if self.keeps_steps else 0], n_units)

    def weight_specs(self, input_shape: Shape) -> list[WeightSpec]:
        """Kernel, recurrent kernel and bias of every direction."""
        n_values = self.units * self._cell.n_gates
        shapes = {
            "kernel": (input_shape[-1], n_values),
            "recurrent_kernel": (self.units, n_values),
            "bias": self._cell.bias_shape(self.units),
        }
        return [
            WeightSpec(self._part(way), role, shape, self.max_norm and role != "bias")
            for way in self._directions
            for role, shape in shapes.items()
        ]

    def _part(self, way: str) -> str:
        """The name of one direction."""
        return f"{self.name}_{way}" if self.bidirectional else self.name

    def widest(self, input_shape: Shape) -> int:
        """What comes from the inputs of all steps, which is held at once."""
        n_values = self.units * self._cell.n_gates * len(self._directions)
        return max(super().widest(input_shape), input_shape[0] * n_values)

    def multiplications(self, input_shape: Shape) -> int:
        """Those of all steps."""
        specs = self.weight_specs(input_shape)
        kernels = [s.shape for s in specs if s.role.endswith("kernel")]
        return input_shape[0] * sum(int(np.prod(shape)) for shape in kernels)

    def draw(self, spec: WeightSpec, seed: int) -> np.ndarray:
        """Draw the kernels; recurrent ones are orthogonal."""
        if spec.role == "recurrent_kernel":
            return np.asarray(seeded(START, seed)(spec.shape, dtype=self.compute_dtype))
        if spec.role == "bias":
            return self._cell.start_of_bias(self.units, self.compute_dtype)
        return super().draw(spec, seed)

    def call(self, arrays: Sequence[Any], x: Any, context: CallContext) -> LayerOutput:
        """Go through the steps; those that are masked leave the state as it is."""
        from keras import ops

        n_ways = len(self._directions)
        in_masks = self._kept(self.rate, int(x.shape[-1]), x, context)
        own_masks = self._kept(self.recurrent_rate, self.units, x, context)
        outputs, penalties = [], []
        for i in range(n_ways):
            part = arrays[3 * i : 3 * i + 3]
            kernels = [ops.cast(array, x.dtype) for array in part]
            rows = x * ops.expand_dims(in_masks[i], 1) if self.rate else x
            outputs.append(self._direction(i, rows, kernels, own_masks[i], context))
            penalties += [
                self.penalty(kernel, context.hyperparameters) for kernel in part[:2]
            ]
        values = outputs[0] if n_ways == 1 else ops.concatenate(outputs, axis=-1)
        return LayerOutput(values, sum(penalties) if self.penalized else None)

    def _kept(self, name: str, size: int, x: Any, context: CallContext) -> list[Any]:
        """For every direction what values are multiplied with: dropped ones with 0."""
        from keras import ops

        n_ways = len(self._directions)
        if not name or context.dropout is None:
            return [ops.ones((1, 1), x.dtype)] * n_ways
        ones = ops.ones((int(x.shape[0]), size * n_ways), x.dtype)
        kept: list[Any] = ops.split(context.dropout(name, ones), n_ways, axis=-1)
        return kept

    def _direction(
        self, way: int, x: Any, kernels: list[Any], kept: Any, context: CallContext
    ) -> Any:
        """The outputs of one direction, in the order of the steps."""
        from keras import ops

        kernel, recurrent_kernel, bias = kernels
        own_bias = None
        if self._cell.has_two_biases:
            bias, own_bias = bias[0], bias[1]
        # What comes from the inputs is one product for all steps.
        inputs = [_steps_first(ops.matmul(x, kernel) + bias, way)]
        if context.step_mask is not None:
            inputs.append(_steps_first(ops.expand_dims(context.step_mask, -1), way))
        formula, units, drops = (
            self._cell.formula,
            self.units,
            bool(self.recurrent_rate),
        )

        def step(now: Sequence[Any], state: Any) -> Any:
            outputs = state[:, :units] * kept if drops else state[:, :units]
            own = ops.matmul(outputs, recurrent_kernel)
            own = own if own_bias is None else own + own_bias
            new = formula(now[0], own, state)
            return ops.where(now[1], new, state) if len(now) > 1 else new

        state = ops.zeros((ops.shape(x)[0], units * self._cell.n_states), x.dtype)
        states = context.recurrence(step, inputs, state, self.keeps_steps)
        outputs = states[..., :units]
        if not self.keeps_steps:
            return outputs
        return _steps_first(outputs, 0) if way == 0 else _rows_first(outputs)

    def to_keras(self, x: Any, hyperparameters: Mapping[str, float]) -> Any:
        """Keras' LSTM, GRU or SimpleRNN, inside Bidirectional if both ways are gone."""
        from keras import layers

        seed = zlib.crc32(self.name.encode())
        arguments = self.keras_arguments(hyperparameters)
        arguments |= {
            "return_sequences": self.keeps_steps,
            "dropout": hyperparameters.get(self.rate, 0.0),
            "recurrent_dropout": hyperparameters.get(self.recurrent_rate, 0.0),
            "recurrent_initializer": seeded(START, seed),
            "seed": seed,
        }
        for name in ("regularizer", "constraint"):
            if f"kernel_{name}" in arguments:
                arguments[f"recurrent_{name}"] = arguments[f"kernel_{name}"]
        layer = getattr(layers, self._cell.keras_name)(self.units, **arguments)
        if self.bidirectional:
            layer = layers.Bidirectional(layer, name=self.name, dtype=self.dtype)
        return layer(x)

    def to_onnx(
        self, graph: Graph, x: str, arrays: Sequence[Any], input_shape: Shape
    ) -> str:
        """The operator of the cell, once for every direction."""
        steps = graph.add("Transpose", x, perm=[2, 0, 1])  # (n_steps, n, n_features)
        outputs = [
            self._onnx_direction(
                graph, steps, arrays[3 * i : 3 * i + 3], i, input_shape[0]
            )
            for i in range(len(self._directions))
        ]
        return (
            outputs[0] if len(outputs) == 1 else graph.add("Concat", *outputs, axis=1)
        )

    def _onnx_direction(
        self, graph: Graph, x: str, arrays: Sequence[Any], way: int, n_steps: int
    ) -> str:
        """(n_steps, n, n_features) -> (n, units, n_steps), or (n, units)."""
        kernel, recurrent_kernel, bias = arrays
        biases = bias if self._cell.has_two_biases else (bias, np.zeros_like(bias))
        weights = [self._onnx_gates(k.T) for k in (kernel, recurrent_kernel)]
        both = np.concatenate([self._onnx_gates(b) for b in biases])
        constants = [graph.constant(a[np.newaxis]) for a in (*weights, both)]
        own = {"linear_before_reset": 1} if self.cell == "gru" else {}
        y = graph.add(
            self._cell.onnx_name,
            x,
            *constants,
            hidden_size=self.units,
            direction=("forward", "reverse")[way],
            **own,
        )  # (n_steps, 1, n, units)
        y = graph.add("Squeeze", y, graph.constant([1], "int64"))
        if self.keeps_steps:
            return graph.add("Transpose", y, perm=[1, 2, 0])
        last = (n_steps - 1, 0)[way]
        return graph.add("Gather", y, graph.constant(last, "int64"), axis=0)

    def _onnx_gates(self, array: np.ndarray) -> np.ndarray:
        """Arrays with the gates on the first axis, in the order of ONNX."""
        gates = np.split(array, self._cell.n_gates)
        return np.concatenate([gates[i] for i in self._cell.onnx_order])


def _steps_first(x: Any, way: int) -> Any:
    """(n_rows, n_steps, ...) -> (n_steps, n_rows, ...) in the order of the way."""
    from keras import ops

    x = ops.transpose(x, (1, 0, 2))
    return ops.flip(x, axis=0) if way else x


def _rows_first(x: Any) -> Any:
    """Back from the order of the backward way."""
    from keras import ops

    return ops.transpose(ops.flip(x, axis=0), (1, 0, 2))


def recurrent_name(number: int) -> str:
    """The name of the rate inside a recurrent layer, counted from 0."""
    return f"recurrent_dropout_{number}"


def read_layers(parameters: Mapping[str, Any]) -> list[int]:
    """The units of every recurrent layer, at least of one."""
    units = read_recurrent(parameters)
    if not units:
        raise InvalidNetworkError(
            f"units must name at least one recurrent layer; got "
            f"{parameters['units']!r}. Use the DNN estimators for networks without."
        )
    return units
