"""What the engine, the exports and the estimators ask of a network, whatever is in it.

A network says what it looks like and holds no number that may change from fit to fit:
it is frozen, hashable, picklable, and equal to every other that does the same, so it
can be in the key of a program. Nothing here knows layers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from skdeep.data._training_data import TrainingData

# The hyperparameter that bounds the norms of weights with ``is_limited``.
LIMIT = "max_norm"


@dataclass(frozen=True)
class WeightSpec:
    """Shape and role of one weight array.

    ``is_limited`` says that after every update the norms over all axes but the last
    are cut down to the hyperparameter ``max_norm``.
    """

    layer: str
    role: str  # "kernel", "bias", "gamma", "beta", "moving_mean", "fixed_kernel", ...
    shape: tuple[int, ...]
    is_limited: bool = False
    constraint: Any = None

    @property
    def trainable(self) -> bool:
        """Whether the optimizer changes it."""
        return not self.role.startswith(("moving", "fixed"))


def _product(x: Any, kernel: Any) -> Any:
    """The matrix product of Keras, imported late."""
    from keras import ops

    return ops.matmul(x, kernel)


def _convolution(x: Any, kernel: Any, padding: str) -> Any:
    """Keras' convolution with strides of 1, wherever Keras has channels by default."""
    from keras import ops

    return ops.conv(x, kernel, 1, padding, data_format="channels_last")


def _cosine(x: Any) -> Any:
    """The cosine of Keras."""
    from keras import ops

    return ops.cos(x)


def _apart(make: Callable[[], Any], x: Any) -> Any:
    """Call it."""
    return make()


def _recurrence(
    step: Callable[[Sequence[Any], Any], Any],
    inputs: Sequence[Any],
    state: Any,
    keeps_steps: bool,
) -> Any:
    """Go through steps: ``step(those of one step, state)`` gives the next state.

    ``inputs`` have the steps on the first axis, and so has the result if all states
    are kept.
    """
    from keras import ops

    def next_state(state: Any, now: Any) -> tuple[Any, Any]:
        state = step(now, state)
        return state, state

    last, states = ops.scan(next_state, state, list(inputs))
    return states if keeps_steps else last


@dataclass(frozen=True)
class CallContext:
    """What a call needs besides weights and rows.

    Parameters
    ----------
    hyperparameters : mapping of str to number
        A value for every one of the network's ``hyperparameter_names``; a prediction
        needs none.
    row_mask : tensor of shape (n_rows,), default=None
        1 for a row that counts, 0 for padding; None if all count.
    dropout : callable, default=None
        (name of the rate, values) -> values with some of them dropped and the others
        scaled. None says that the call is one of prediction.
    seed : (seed, update), default=None
        Two scalar ints, for layers that draw by themselves; None in predictions.
    product : callable
        (x, kernel) -> their matrix product.
    convolution : callable
        (x, kernel, padding) -> the convolution, channels last, strides of 1.
    apart : callable
        (make, x) -> ``make()``, a mask for x.
    cosine : callable
        x -> its cosine.
    recurrence : callable
        (step, inputs, state, keeps_steps) -> the last state, or the states of all
        steps; see ``_recurrence``.
    step_mask : tensor of shape (n_rows, n_steps), default=None
        Which steps of sequences count; a layer says so to those behind it.
    """

    hyperparameters: Mapping[str, Any]
    row_mask: Any = None
    dropout: Callable[[str, Any], Any] | None = None
    seed: Any = None
    # These predict. Training gets those of the backend, which differ in their
    # gradients.
    product: Callable[[Any, Any], Any] = _product
    convolution: Callable[..., Any] = _convolution
    apart: Callable[[Callable[[], Any], Any], Any] = _apart
    cosine: Callable[[Any], Any] = _cosine
    recurrence: Callable[..., Any] = _recurrence
    step_mask: Any = None

    @property
    def training(self) -> bool:
        """Whether batch statistics and dropout are in use."""
        return self.dropout is not None


@dataclass
class CallResult:
    """What one call gives.

    ``updates`` maps the position of a weight that no optimizer changes, such as a
    moving mean, to its new value.
    """

    logits: Any  # (n_rows, output_units)
    penalty: Any = 0.0  # one number, added to the loss of the batch
    updates: dict[int, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NumpyContext:
    """What training in NumPy needs besides weights and rows.

    Parameters
    ----------
    hyperparameters : mapping of str to number
        A value for every one of the network's ``hyperparameter_names``.
    n_rows : int
        How many rows every batch has that goes through.
    dropout : callable
        (name of the rate, (n_values, n_rows)) -> a function without arguments: what
        every value is multiplied by in the update of the moment, 0 for those that are
        dropped, as an array of that shape.
    is_first : bool, default=False
        Whether gradients by what comes in are asked of nobody.
    """

    hyperparameters: Mapping[str, Any]
    n_rows: int
    dropout: Callable[[str, tuple[int, int]], Callable[[], np.ndarray]]
    is_first: bool = False


class NumpyTraining(NamedTuple):
    """A network or a part of it, for batches of one number of rows.

    ``forward`` turns rows into values, both as arrays of shape (n_values + 1, n_rows):
    a row of the data is a column, and below it stands a one. With the bias as the last
    row of a kernel one product multiplies and adds it, and another one gives both
    gradients; and OpenBLAS is fastest with kernels that stand in front. All together
    saves a fifth of an update. ``backward`` turns gradients by these values, of shape
    (n_values, n_rows), into gradients by the rows, and writes those by the weights
    where they belong. ``penalty`` is what is added to the loss, None for nothing.
    Functions may overwrite what they get, and give the same array every time.
    """

    forward: Callable[[np.ndarray], np.ndarray]
    backward: Callable[[np.ndarray], np.ndarray]
    penalty: Callable[[], float] | None = None


class Network(Protocol):
    """A network as a value; see the top of this file."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one row."""

    @property
    def output_units(self) -> int:
        """How many numbers come out for one row."""

    @property
    def compute_dtype(self) -> str:
        """The dtype of rows, losses and predictions; mixed policies use float32."""

    @property
    def hyperparameter_names(self) -> tuple[str, ...]:
        """The names of all numbers the network reads, in a fixed order."""

    @property
    def dropout_names(self) -> tuple[str, ...]:
        """Those of them that are dropout rates, in the order of the rows' way."""

    @property
    def prefers_xla(self) -> bool:
        """Whether XLA makes training faster; convolutions get slower by it."""

    @property
    def takes_indices(self) -> bool:
        """Whether rows hold numbers of things, and not any numbers."""

    @property
    def depth(self) -> int:
        """How many hidden layers multiply with a matrix, one after the other."""

    @property
    def max_values_per_row(self) -> int:
        """How many values one row takes where it is widest."""

    @property
    def multiplications_per_row(self) -> int:
        """How many multiplications with a weight one row takes."""

    @property
    def runs_in_numpy(self) -> bool:
        """Whether ``to_numpy`` predicts: a rule of the network alone."""

    @property
    def trains_in_numpy(self) -> bool:
        """Whether ``to_numpy_training`` trains: a rule of the network alone."""

    @property
    def output_activation(self) -> Any:
        """The activation behind the logits; asked of networks that NumPy trains."""

    @property
    def for_prediction(self) -> Network:
        """The same network without what only training needs."""

    @property
    def without_output_activation(self) -> Network:
        """The same network, whose predictions are its logits."""

    @property
    def output_places(self) -> Sequence[int]:
        """Which weights the logits are proportional to, all of them together.

        Raises
        ------
        InvalidNetworkError
            If it is not known.
        """

    def weight_specs(self) -> list[WeightSpec]:
        """List the weights in the order of the Keras model."""

    def draw_weights(
        self, seed: int, training: TrainingData | None = None
    ) -> list[np.ndarray]:
        """Draw initial weights in that order, from ``seed`` alone.

        Those that are statistics of the training rows come from ``training``.
        """

    def call(self, weights: Sequence[Any], x: Any, context: CallContext) -> CallResult:
        """Send rows through: a pure function that draws no random numbers."""

    def predictions(self, logits: Any) -> Any:
        """Apply the output activation."""

    def to_keras(
        self,
        hyperparameters: Mapping[str, float],
        weights: Sequence[np.ndarray] | None = None,
        rescaling: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> Any:
        """Make a ``keras.Model`` of standard layers that does the same.

        Parameters
        ----------
        hyperparameters : mapping of str to float
            A value for every one of ``hyperparameter_names``.
        weights : sequence of arrays, default=None
            What ``set_weights`` gets; None leaves Keras' own random weights.
        rescaling : (scale, offset), default=None
            A linear map behind the output, for targets that were normalised.
        """

    def to_numpy(
        self,
        weights: Sequence[np.ndarray],
        product: Callable[[np.ndarray], Callable[[np.ndarray], np.ndarray]],
    ) -> Sequence[Callable[[np.ndarray], np.ndarray]]:
        """Return functions that predict without TensorFlow, one behind the other.

        Parameters
        ----------
        weights : sequence of arrays
            In the order of ``weight_specs``.
        product : callable
            kernel -> function that multiplies values of shape (n_tiles, n_rows,
            n_units) with it.
        """

    def to_numpy_training(
        self,
        weights: np.ndarray,
        gradients: np.ndarray,
        context: NumpyContext,
    ) -> NumpyTraining:
        """Return functions that train without TensorFlow.

        Parameters
        ----------
        weights, gradients : arrays of shape (n_weights,)
            All of them, one behind the other in the order of ``weight_specs``. The
            weights change between two batches; ``backward`` writes the gradients.
        context : NumpyContext
            Numbers, rows and dropout.
        """

    def to_onnx(self, graph: Any, x: str, weights: Sequence[np.ndarray]) -> str:
        """Append the network to an ONNX graph.

        Parameters
        ----------
        graph : Graph
            Takes operators and constants.
        x : str
            The name of the value that holds the rows.
        weights : sequence of arrays
            In the order of ``weight_specs``.

        Returns
        -------
        str
            The name of the value that holds the predictions.
        """
