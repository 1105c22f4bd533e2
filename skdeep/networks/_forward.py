"""The forward pass of a network as a pure function of weights, numbers and rows.

The same function serves training and prediction. It draws no random numbers and
changes no state: dropout masks come from the caller, batch statistics go back to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from keras import activations, ops

from skdeep.keras_objects._activations import activation_function
from skdeep.networks._description import Convolution, Network, Pooling

BATCH_NORMALIZATION_MOMENTUM = 0.99  # Keras' defaults
BATCH_NORMALIZATION_EPSILON = 1e-3

# (name of the rate, values) -> values with some of them dropped, the others scaled
Dropout = Callable[[str, Any], Any]


@dataclass
class Forward:
    """What one pass gives.

    ``updates`` maps the position of a moving mean or variance to its new value.
    """

    logits: Any = None
    penalty: Any = 0.0
    updates: dict[int, Any] = field(default_factory=dict)


def _convolve(x: Any, kernel: Any, padding: str) -> Any:
    """Convolve with strides of 1."""
    return ops.conv(x, kernel, strides=1, padding=padding)


@dataclass(frozen=True)
class Pass:
    """What a pass needs besides the weights; see ``forward``."""

    network: Network
    numbers: Mapping[str, Any]
    row_mask: Any = None  # (n_rows,), 1 for a row that counts, 0 for padding
    dropout: Dropout | None = None
    product: Callable[[Any, Any], Any] = ops.matmul
    convolution: Callable[[Any, Any, str], Any] = _convolve

    @property
    def training(self) -> bool:
        """Whether batch statistics and dropout are in use."""
        return self.dropout is not None

    @property
    def compute_dtype(self) -> str:
        """The dtype of the layers' arithmetic."""
        dtype = self.network.dtype
        return "bfloat16" if dtype == "mixed_bfloat16" else dtype


def forward(
    weights: Sequence[Any], x: Any, run: Pass
) -> Forward:  # x: (n_rows, *input_shape)
    """Send rows through the network.

    Parameters
    ----------
    weights : sequence of tensors
        In the order of ``weight_specs``.
    x : tensor of shape (n_rows, *input_shape)
        The rows.
    run : Pass
        The network, its numbers, which rows count, and how to drop values; without
        ``dropout`` the pass is one of prediction.

    Returns
    -------
    Forward
        The logits in the network's float dtype, the penalty, the new moving averages.
    """
    network = run.network
    result = Forward()
    arrays = iter(enumerate(weights))
    x = ops.cast(x, run.compute_dtype)
    if network.has_input_dropout and run.dropout is not None:
        x = run.dropout("input_dropout", x)
    for layer in network.image_layers:
        if isinstance(layer, Convolution):
            x = _weighted_layer(x, arrays, run, result, layer)
        else:
            x = _pool(x, layer)
    if network.image_layers:
        x = ops.reshape(x, (-1, _n_values(x)))
    for number, hidden in enumerate(network.hidden):
        x = _weighted_layer(x, arrays, run, result, None)
        if hidden.dropout and run.dropout is not None:
            x = run.dropout(f"dropout_{number}", x)
    kernel = next(arrays)[1]
    if not network.hidden and not network.image_layers:
        result.penalty += _kernel_penalty(kernel, run)
    bias = next(arrays)[1]
    logits = run.product(x, ops.cast(kernel, x.dtype)) + ops.cast(bias, x.dtype)
    result.logits = ops.cast(logits, network.compute_dtype)
    return result


def predictions(network: Network, logits: Any) -> Any:
    """Apply the output activation."""
    return activations.get(network.output_activation)(logits)


def _n_values(x: Any) -> int:
    """The number of values of one row."""
    count = 1
    for length in x.shape[1:]:
        count *= int(length)
    return count


def _weighted_layer(
    x: Any,
    arrays: Iterator[tuple[int, Any]],
    run: Pass,
    result: Forward,
    convolution: Convolution | None,
) -> Any:
    """Kernel, then bias or batch normalisation, then activation, with penalties."""
    network = run.network
    kernel = next(arrays)[1]
    result.penalty += _kernel_penalty(kernel, run)
    kernel = ops.cast(kernel, x.dtype)
    if convolution is None:
        x = run.product(x, kernel)
    else:
        x = run.convolution(x, kernel, convolution.padding)
    if network.batch_normalization:
        x = _normalize(x, [next(arrays) for _ in range(4)], run, result)
    else:
        x = x + ops.cast(next(arrays)[1], x.dtype)
    if network.activation == "maxout":
        x = _maxout(x, network.n_pieces)
    else:
        x = activation_function(network.activation, dict(network.activation_params))(x)
    if network.has_activity_l1:
        result.penalty += _activity_penalty(x, run)
    return x


def _kernel_penalty(kernel: Any, run: Pass) -> Any:
    """l1 * sum(|kernel|) + l2 * sum(kernel^2)."""
    penalty = 0.0
    kernel = ops.cast(kernel, run.network.compute_dtype)
    if run.network.has_l1:
        penalty += run.numbers["l1"] * ops.sum(ops.abs(kernel))
    if run.network.has_l2:
        penalty += run.numbers["l2"] * ops.sum(ops.square(kernel))
    return penalty


def _activity_penalty(x: Any, run: Pass) -> Any:
    """activity_l1 * sum(|outputs|) / number of rows, as Keras normalises it."""
    magnitude = ops.abs(ops.cast(x, run.network.compute_dtype))
    if run.row_mask is None:
        n_rows = ops.cast(ops.shape(x)[0], magnitude.dtype)
        return run.numbers["activity_l1"] * ops.sum(magnitude) / n_rows
    magnitude = magnitude * _as_column(run.row_mask, magnitude)
    n_rows = ops.sum(run.row_mask)
    return run.numbers["activity_l1"] * ops.sum(magnitude) / n_rows


def _normalize(
    x: Any, arrays: list[tuple[int, Any]], run: Pass, result: Forward
) -> Any:
    """Batch normalisation over the rows that count."""
    gamma, beta, (mean_at, moving_mean), (variance_at, moving_variance) = arrays
    values = ops.cast(x, run.network.compute_dtype)
    if run.training:
        mean, variance = _moments(values, run.row_mask)
        momentum = BATCH_NORMALIZATION_MOMENTUM
        result.updates[mean_at] = moving_mean * momentum + mean * (1 - momentum)
        result.updates[variance_at] = moving_variance * momentum + variance * (
            1 - momentum
        )
    else:
        mean, variance = moving_mean, moving_variance
    scale = gamma[1] * ops.rsqrt(variance + BATCH_NORMALIZATION_EPSILON)
    return ops.cast(values * scale + (beta[1] - mean * scale), x.dtype)


def _moments(x: Any, row_mask: Any) -> tuple[Any, Any]:
    """Mean and variance per channel of the rows that count."""
    axes = tuple(range(len(x.shape) - 1))
    mask = _as_column(row_mask, x)
    n_values = ops.sum(row_mask) * (_n_values(x) // int(x.shape[-1]))
    mean = ops.sum(x * mask, axis=axes) / n_values
    variance = ops.sum(ops.square(x - mean) * mask, axis=axes) / n_values
    return mean, variance


def _as_column(row_mask: Any, x: Any) -> Any:
    """The mask with as many axes as ``x``, to multiply with."""
    return ops.reshape(row_mask, (-1,) + (1,) * (len(x.shape) - 1))


def _maxout(x: Any, n_pieces: int) -> Any:
    """The largest of ``n_pieces`` linear functions per unit."""
    n_units = int(x.shape[-1]) // n_pieces
    shape = (-1, *(int(n) for n in x.shape[1:-1]), n_pieces, n_units)
    return ops.max(ops.reshape(x, shape), axis=-2)


def _pool(x: Any, layer: Pooling) -> Any:
    """Max or average pooling; the stride is the window."""
    if layer.kind == "max":
        return ops.max_pool(x, layer.size, strides=layer.size, padding=layer.padding)
    return ops.average_pool(x, layer.size, strides=layer.size, padding=layer.padding)
