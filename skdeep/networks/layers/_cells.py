"""The cells of recurrent layers: formulas of one step, and their arrays.

A state is one tensor, (n_rows, n_units) or for an LSTM (n_rows, 2 * n_units) with the
outputs in front. Gates are in the order of Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

# (values of the step from the inputs, values from the last outputs, state) -> state
Formula = Callable[[Any, Any, Any], Any]


@dataclass(frozen=True)
class Cell:
    """A kind of cell.

    Attributes
    ----------
    keras_name, onnx_name : str
        What Keras and ONNX call the layer.
    n_gates : int
        How many vectors of units a step is computed from.
    n_states : int
        How many it hands on, the outputs among them.
    has_two_biases : bool
        Whether the last outputs get a bias of their own.
    formula : callable
        One step.
    onnx_order : tuple of int
        The gates as ONNX has them.
    """

    keras_name: str
    onnx_name: str
    n_gates: int
    n_states: int
    has_two_biases: bool
    formula: Formula
    onnx_order: tuple[int, ...]

    def bias_shape(self, units: int) -> tuple[int, ...]:
        """The shape of the bias, or of both."""
        n_values = self.n_gates * units
        return (2, n_values) if self.has_two_biases else (n_values,)

    def start_of_bias(self, units: int, dtype: str) -> np.ndarray:
        """Zeros, and ones at the forget gate: nothing is forgotten at first."""
        bias = np.zeros(self.bias_shape(units), dtype)
        if self.keras_name == "LSTM":
            bias[units : 2 * units] = 1
        return bias


def lstm(from_inputs: Any, from_outputs: Any, state: Any) -> Any:
    """LSTM: c = f * c + i * tanh(g); h = o * tanh(c), gates i, f, g, o."""
    from keras import ops

    i, f, g, o = ops.split(from_inputs + from_outputs, 4, axis=-1)
    c = ops.split(state, 2, axis=-1)[1]
    c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
    return ops.concatenate([ops.sigmoid(o) * ops.tanh(c), c], axis=-1)


def gru(from_inputs: Any, from_outputs: Any, state: Any) -> Any:
    """GRU: h = z * h + (1 - z) * tanh(g + r * g'), gates z, r, g; "reset after"."""
    from keras import ops

    z, r, g = ops.split(from_inputs, 3, axis=-1)
    own_z, own_r, own_g = ops.split(from_outputs, 3, axis=-1)
    z, r = ops.sigmoid(z + own_z), ops.sigmoid(r + own_r)
    return z * state + (1 - z) * ops.tanh(g + r * own_g)


def simple(from_inputs: Any, from_outputs: Any, state: Any) -> Any:
    """No gates: h = tanh(x W + h U + b)."""
    from keras import ops

    return ops.tanh(from_inputs + from_outputs)


CELLS = {
    "gru": Cell("GRU", "GRU", 3, 1, True, gru, (0, 1, 2)),
    "lstm": Cell("LSTM", "LSTM", 4, 2, False, lstm, (0, 3, 1, 2)),
    "simple": Cell("SimpleRNN", "RNN", 1, 1, False, simple, (0,)),
}
