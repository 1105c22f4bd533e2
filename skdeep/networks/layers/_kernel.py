"""What layers with a kernel share: its start, its penalties, its largest norm."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
from scipy.linalg import get_blas_funcs

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._initializers import draw, read_initializer, seeded
from skdeep.networks._memory import aligned
from skdeep.networks._network import LIMIT, NumpyContext, NumpyTraining, WeightSpec
from skdeep.networks.layers._layer import Layer, Product, RowsFunction, Shape
from skdeep.networks.layers._numbers import check_order
from skdeep.networks.layers._per_layer import (
    checked_values,
    is_per_layer,
    n_layers,
)

PENALTIES = ("l1", "l2")
BIAS_VALUES = 8192  # that are added to rows at a time in a prediction


@dataclass(frozen=True, kw_only=True)
class KernelLayer(Layer):
    """A layer that multiplies with a kernel; units or filters are its last axis.

    ``penalized`` and ``max_norm`` say whether numbers are there at all; their values
    belong to the run. ``penalties`` are the names of those for the kernel.
    """

    kernel_initializer: Any = "glorot_uniform"
    use_bias: bool = True
    penalized: bool = False
    max_norm: bool = False
    penalties: tuple[str, str] = PENALTIES

    @classmethod
    def read_parameters(cls, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The penalties of the layers, each by its own name, if they differ."""
        return read_penalties(parameters)

    @property
    def norm_axes(self) -> int | tuple[int, ...]:
        """All axes of the kernel but the last."""
        return 0

    @property
    def hyperparameter_names(self) -> tuple[str, ...]:
        """The penalties; the largest norm is the optimizer's business."""
        return self.penalties if self.penalized else ()

    @property
    def for_prediction(self) -> Layer:
        """The layer without start, penalties and limit."""
        return replace(
            self,
            kernel_initializer="zeros",
            penalized=False,
            penalties=PENALTIES,
            max_norm=False,
        )

    def kernel_specs(self, kernel: Shape) -> list[WeightSpec]:
        """The kernel and, if there is one, the bias."""
        specs = [WeightSpec(self.name, "kernel", kernel, self.max_norm)]
        return specs + [WeightSpec(self.name, "bias", kernel[-1:])] * self.use_bias

    def draw(self, spec: WeightSpec, seed: int) -> np.ndarray:
        """Draw the kernel, and refuse what a user's initialiser makes of it."""
        if spec.role != "kernel":
            return super().draw(spec, seed)
        shape, dtype = spec.shape, self.compute_dtype
        failure = None
        try:
            array = draw(self.kernel_initializer, seed, shape, dtype)
            got = f"shape {array.shape}" if array.shape != shape else "infinity or NaN"
        except Exception as error:  # whatever the user's initialiser raises
            failure, got = error, f"the error {error!r}"
        if failure or array.shape != shape or not np.isfinite(array).all():
            raise InvalidNetworkError(
                f"kernel_initializer must give finite numbers of shape {shape}; got "
                f"{got} from {self.kernel_initializer!r}. Give a function of (shape, "
                "dtype), or the name of a Keras initializer."
            ) from failure
        return array

    def penalty(self, kernel: Any, hyperparameters: Mapping[str, Any]) -> Any:
        """sum(l1 * |kernel| + l2 * kernel^2); None without either.

        Both are in a program that has one of them, so that a zero in a grid of the
        other costs no program. As one sum they take as long as one alone (a fifth of
        the time of a small fit); as two sums they took 1.35 times that.
        """
        from keras import ops

        if not self.penalized:
            return None
        kernel = ops.cast(kernel, self.compute_dtype)
        l1, l2 = (hyperparameters[name] for name in self.penalties)
        return ops.sum(l1 * ops.abs(kernel) + l2 * ops.square(kernel))

    def affine_training(
        self,
        n_units: int,
        weights: np.ndarray,
        gradients: np.ndarray,
        context: NumpyContext,
    ) -> NumpyTraining:
        """Train x @ kernel + bias, the bias if there is one, in NumPy."""
        affine, by_affine = (each.reshape(-1, n_units) for each in (weights, gradients))
        n_inputs = len(affine) - self.use_bias
        kernel, transposed = affine[:n_inputs], affine.T  # the bias is its last row
        values, by_values = (
            each[: n_inputs * n_units] for each in (weights, gradients)
        )
        outputs = aligned((n_units + 1, context.n_rows), weights.dtype, fill=1)
        inside = outputs[:-1]
        by_inputs = aligned((n_inputs, context.n_rows), weights.dtype)
        delta_of_rows = aligned((context.n_rows, n_units), weights.dtype)
        numbers = context.hyperparameters
        l1, l2 = (numbers[n] for n in self.penalties) if self.penalized else (0, 0)
        scratch = np.empty_like(values) if l1 else None
        every = np.ones(values.size if l1 else 0, values.dtype)
        # As in ``_numpy_optimizers``: penalties took half as long as all the rest.
        add = get_blas_funcs("axpy", (values,))
        seen = outputs
        before = flipped = np.empty(0)

        # np.dot takes half the time of np.matmul where products are small.
        def forward(x: np.ndarray) -> np.ndarray:
            nonlocal seen
            seen = x if self.use_bias else x[:-1]
            np.dot(transposed, seen, inside)
            return outputs

        def backward(delta: np.ndarray) -> np.ndarray:
            nonlocal before, flipped
            if delta is not before:
                before, flipped = delta, delta.T
            # With the transposed array OpenBLAS takes as long, with 32 rows longer.
            np.copyto(delta_of_rows, flipped)
            np.dot(seen, delta_of_rows, by_affine)
            if l1:
                add(np.sign(values, scratch), by_values, a=l1)
            if l2:
                add(values, by_values, a=2 * l2)
            return delta if context.is_first else np.dot(kernel, delta, by_inputs)

        # Not by asum of BLAS: OpenBLAS' begins at the next multiple of 64 bytes, so
        # that the last bit depends on where an array lies.
        def penalty() -> float:
            squares = l2 * float(values.dot(values))
            if not l1:
                return squares
            return squares + l1 * float(np.abs(values, scratch).dot(every))

        return NumpyTraining(forward, backward, penalty if self.penalized else None)

    def keras_arguments(self, hyperparameters: Mapping[str, float]) -> dict[str, Any]:
        """What Keras' layers with a kernel take, all of them alike."""
        from keras import constraints, regularizers

        arguments: dict[str, Any] = {
            "name": self.name,
            "dtype": self.dtype,
            "use_bias": self.use_bias,
            # Seeded, so that no global generator is asked.
            "kernel_initializer": seeded(
                self.kernel_initializer, zlib.crc32(self.name.encode())
            ),
        }
        if self.penalized:
            arguments["kernel_regularizer"] = regularizers.L1L2(
                *(hyperparameters[name] for name in self.penalties)
            )
        if self.max_norm:
            arguments["kernel_constraint"] = constraints.MaxNorm(
                hyperparameters[LIMIT], axis=self.norm_axes
            )
        return arguments


def kernel_fields(
    parameters: Mapping[str, Any], layer: int, *, is_output: bool = False
) -> dict[str, Any]:
    """The fields of a layer with a kernel that an estimator's parameters set.

    Parameters
    ----------
    parameters : mapping of str to Any
        Of the constructor.
    layer : int
        The layer's number among all that have a kernel.
    is_output : bool, default=False
        Whether it is the last of them.
    """
    penalties = [_penalty(parameters, name, layer, is_output) for name in PENALTIES]
    names = PENALTIES
    if _differ(parameters):
        names = (f"{PENALTIES[0]}_{layer}", f"{PENALTIES[1]}_{layer}")
    return {
        "dtype": parameters["dtype"],
        "kernel_initializer": read_initializer(parameters["kernel_initializer"]),
        "penalized": max(penalties) > 0,
        "penalties": names,
        "max_norm": parameters[LIMIT] is not None,
    }


def affine_in_numpy(arrays: Sequence[np.ndarray], product: Product) -> RowsFunction:
    """Return the function x -> x @ kernel + bias, the bias if there is one."""
    kernel, *bias = arrays
    multiply = product(kernel)
    if not bias:
        return multiply
    (vector,) = bias
    # For many rows the bias stands there again and again: with 64 units NumPy adds a
    # vector of 8,192 numbers in half the time of 128 vectors.
    n_times = 1 << (max(1, BIAS_VALUES // vector.size).bit_length() - 1)
    repeated = np.tile(vector, n_times)

    def multiply_and_add(x: np.ndarray) -> np.ndarray:
        x = multiply(x)
        if x.size % repeated.size == 0 and x.flags.c_contiguous:
            whole = x.reshape(-1, repeated.size)
            np.add(whole, repeated, out=whole)
        else:
            x += vector
        return x

    return multiply_and_add


def _differ(parameters: Mapping[str, Any]) -> bool:
    """Whether a penalty has a number for each layer."""
    return any(is_per_layer(parameters[name]) for name in PENALTIES)


def _penalty(
    parameters: Mapping[str, Any], name: str, layer: int, is_output: bool
) -> float:
    """The penalty on the kernel of one layer.

    One that all layers share spares the output, unless its kernel is the only one.
    """
    given = parameters[name]
    if is_per_layer(given):
        return float(given[layer]) if layer < len(given) else 0.0
    return 0.0 if is_output and layer > 0 else float(given)


def read_penalties(parameters: Mapping[str, Any]) -> dict[str, float]:
    """The penalties of every layer by name, if either has one per layer."""
    for name in PENALTIES:
        check_order(name, parameters[name])
        _check_penalties(name, checked_values(parameters, name, with_output=True))
    if not _differ(parameters):
        return {}
    n = n_layers(parameters)
    return {
        f"{name}_{layer}": _penalty(parameters, name, layer, layer == n)
        for name in PENALTIES
        for layer in range(n + 1)
    }


def _check_penalties(name: str, values: list[Any]) -> None:
    """Refuse what is no number of at least 0."""
    for value in values:
        is_number = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
        if not is_number or not 0 <= float(value) < math.inf:
            raise InvalidNetworkError(
                f"{name} must hold finite numbers of at least 0; got {values!r}. Give "
                "0 to a layer without penalty."
            )
