"""Constructor parameters of a regressor → what the outputs of its network are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._losses import DEFAULT_POWER, Tweedie
from skdeep.networks._distribution_output import GaussianOutput, PositiveOutput
from skdeep.networks._number_output import NumberOutput
from skdeep.networks._quantile_output import (
    MEDIAN,
    QuantileOutput,
    levels_of,
    read_levels,
)

# The powers of the mean that variances grow with; "tweedie" has it as a parameter.
POWERS = {"gamma": 2.0, "poisson": 1.0, "tweedie": DEFAULT_POWER}


def number_output(
    loss: Any, loss_params: Mapping[str, Any] | None, quantile: Any, quantiles: Any
) -> NumberOutput:
    """Say what a regressor of these parameters predicts.

    Several quantiles are those asked for and the median, which is what ``predict``
    answers with.
    """
    name = loss if isinstance(loss, str) else ""
    if quantile is None and quantiles is None and name != "quantile":
        return _distribution(name, loss_params or {})
    _check_together(loss, loss_params, quantile, quantiles)
    if quantiles is None:
        given = (loss_params or {}).get("quantile", MEDIAN)
        levels = (given if quantile is None else quantile,)
        return QuantileOutput(levels, levels)
    asked = read_levels(quantiles)
    return QuantileOutput(levels_of(asked), asked)


def _distribution(name: str, params: Mapping[str, Any]) -> NumberOutput:
    """The distribution that a loss stands for, or a number."""
    if name == "gaussian":
        return GaussianOutput()
    if name not in POWERS:
        return NumberOutput()
    power = POWERS[name]
    if name == "tweedie":
        power = Tweedie(params.get("power", power)).power
    return PositiveOutput(name, power)


def _check_together(
    loss: Any, loss_params: Mapping[str, Any] | None, quantile: Any, quantiles: Any
) -> None:
    """Refuse quantiles said twice, and beside another loss."""
    params = loss_params or {}
    given = {
        "quantile": quantile,
        "quantiles": quantiles,
        "loss_params['quantile']": params.get("quantile"),
        "loss_params['quantiles']": params.get("quantiles"),
    }
    said = [name for name, value in given.items() if value is not None]
    if len(said) > 1 or "quantiles" in params:
        raise InvalidNetworkError(
            "Expected quantile or quantiles, one of the two parameters; got "
            f"{' and '.join(said)}. Give one of them."
        )
    if loss is not None and not (
        isinstance(loss, str) and loss in ("auto", "quantile")
    ):
        raise InvalidNetworkError(
            f"{said[0]} goes with loss='quantile', which 'auto' stands for then; got "
            f"loss={loss!r}. Leave the loss out, or {said[0]}."
        )
