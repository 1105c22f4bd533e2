"""What activations share: the parameters that ask for them, the penalty behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from skdeep.networks._network import CallContext
from skdeep.networks.layers._layer import Layer, LayerOutput, Place, Site
from skdeep.networks.layers._per_layer import at_layer


@dataclass(frozen=True, kw_only=True)
class ActivityLayer(Layer):
    """A layer whose outputs may be penalised; ``activity_l1`` says whether."""

    activity_l1: bool = False

    places: ClassVar[tuple[Place, ...]] = (Place.ACTIVATION,)

    @property
    def hyperparameter_names(self) -> tuple[str, ...]:
        """The penalty, if there is one."""
        return ("activity_l1",) if self.activity_l1 else ()

    def penalized(self, x: Any, context: CallContext) -> LayerOutput:
        """Add activity_l1 * sum(|outputs|) / number of rows, as Keras normalises it."""
        from keras import ops

        if not self.activity_l1:
            return LayerOutput(x)
        factor = context.hyperparameters["activity_l1"]
        # Not in bfloat16, whose sums end soon: 256 + 1 is 256 there.
        magnitude = ops.abs(ops.cast(x, self.compute_dtype))
        if context.row_mask is None:
            n_rows = ops.cast(ops.shape(x)[0], magnitude.dtype)
        else:
            # Padding repeats a row, which would be penalised again and again.
            magnitude = magnitude * as_column(context.row_mask, magnitude)
            n_rows = ops.sum(context.row_mask)
        return LayerOutput(x, factor * ops.sum(magnitude) / n_rows)

    def keras_arguments(self, hyperparameters: Mapping[str, float]) -> dict[str, Any]:
        """What the Keras layer takes whose outputs are penalised."""
        from keras import regularizers

        arguments: dict[str, Any] = {"name": self.name, "dtype": self.dtype}
        if self.activity_l1:
            penalty = regularizers.L1(hyperparameters["activity_l1"])
            arguments["activity_regularizer"] = penalty
        return arguments


def as_column(row_mask: Any, x: Any) -> Any:
    """The mask with as many axes as ``x``, to multiply with."""
    from keras import ops

    return ops.reshape(row_mask, (-1,) + (1,) * (len(x.shape) - 1))  # (n_rows, 1, ...)


def activation_at(
    parameters: Mapping[str, Any], layer: int
) -> tuple[Any, dict[str, Any]]:
    """The activation of a layer and its parameters."""
    params = at_layer(parameters, "activation_params", layer)
    return at_layer(parameters, "activation", layer), dict(params or {})


def is_maxout(activation: Any) -> bool:
    """Whether it is the one that is no function of one number."""
    return isinstance(activation, str) and activation == "maxout"


def n_pieces(parameters: Mapping[str, Any], layer: int) -> int:
    """How many linear pieces a unit has: some for maxout, 1 for all else."""
    activation, params = activation_at(parameters, layer)
    return int(params.get("n_pieces", 2)) if is_maxout(activation) else 1


def activity_fields(site: Site) -> dict[str, Any]:
    """The fields that the site and the parameters set."""
    return {
        "name": f"{site.owner}_activation",
        "dtype": site.dtype,
        "activity_l1": site.parameters["activity_l1"] > 0,
    }
