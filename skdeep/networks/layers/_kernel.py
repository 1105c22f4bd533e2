"""What layers with a kernel share: its start, its penalties, its largest norm."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._initializers import read_initializer, seeded
from skdeep.networks._network import LIMIT, WeightSpec
from skdeep.networks.layers._layer import Layer, Shape


@dataclass(frozen=True, kw_only=True)
class KernelLayer(Layer):
    """A layer that multiplies with a kernel; units or filters are its last axis.

    ``l1``, ``l2`` and ``max_norm`` say whether a number is there at all; its value
    belongs to the run.
    """

    kernel_initializer: Any = "glorot_uniform"
    use_bias: bool = True
    l1: bool = False
    l2: bool = False
    max_norm: bool = False

    norm_axes: ClassVar[int | tuple[int, ...]] = (
        0  # all axes of the kernel but the last
    )

    @property
    def hyperparameter_names(self) -> tuple[str, ...]:
        """The penalties; the largest norm is the optimizer's business."""
        flags = {"l1": self.l1, "l2": self.l2}
        return tuple(name for name, has in flags.items() if has)

    @property
    def for_prediction(self) -> Layer:
        """The layer without start, penalties and limit."""
        return replace(
            self, kernel_initializer="zeros", l1=False, l2=False, max_norm=False
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
        initializer = seeded(self.kernel_initializer, seed)
        failure = None
        try:
            array = np.asarray(initializer(shape, dtype=dtype), dtype=dtype)
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
        """l1 * sum(|kernel|) + l2 * sum(kernel^2); None without either."""
        from keras import ops

        if not self.l1 and not self.l2:
            return None
        penalty = 0.0
        kernel = ops.cast(kernel, self.compute_dtype)
        if self.l1:
            penalty += hyperparameters["l1"] * ops.sum(ops.abs(kernel))
        if self.l2:
            penalty += hyperparameters["l2"] * ops.sum(ops.square(kernel))
        return penalty

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
        if self.l1 or self.l2:
            arguments["kernel_regularizer"] = regularizers.L1L2(
                hyperparameters.get("l1", 0.0), hyperparameters.get("l2", 0.0)
            )
        if self.max_norm:
            arguments["kernel_constraint"] = constraints.MaxNorm(
                hyperparameters[LIMIT], axis=self.norm_axes
            )
        return arguments


def kernel_fields(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a hidden layer with a kernel that an estimator's parameters set."""
    return {
        "dtype": parameters["dtype"],
        "kernel_initializer": read_initializer(parameters["kernel_initializer"]),
        "use_bias": not parameters["batch_normalization"],
        "l1": parameters["l1"] > 0,
        "l2": parameters["l2"] > 0,
        "max_norm": parameters[LIMIT] is not None,
    }
