"""What is minimised and what is measured, in a form that a program can be found by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._losses import name_of_loss, resolve_loss
from skdeep.keras_objects._metrics import resolve_metric
from skdeep.networks._head import TargetType


@dataclass(frozen=True)
class Objective:
    """Loss and metrics in a form that compares by what they do.

    ``loss`` is a spec of a Keras loss, one of our own or a function; ``metrics`` are
    pairs of the name in the history and what ``keras.metrics`` makes of it. The
    formulas of Keras read ``epsilon``, a setting of the process, when they are traced:
    a program that was traced with another one is another program. ``point_units`` are
    the outputs that are predictions, one per target, if others say how sure they are.
    """

    target_type: TargetType
    n_outputs: int
    loss: Any
    metrics: tuple[tuple[str, Any], ...]
    epsilon: float
    point_units: tuple[int, ...] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the history that loss and metrics fill."""
        return ("loss", *(name for name, _ in self.metrics))

    @property
    def loss_name(self) -> str:
        """The class or function name of the loss."""
        return name_of_loss(self.loss)


def make_objective(
    loss: Any,
    loss_params: dict[str, Any] | None,
    metrics: Any,
    target_type: TargetType,
    n_outputs: int,
    point_units: tuple[int, ...] | None = None,
) -> Objective:
    """Resolve the constructor's ``loss`` and ``metrics`` for a type of target."""
    import keras

    loss = target_type.loss if isinstance(loss, str) and loss == "auto" else loss
    resolved = resolve_loss(loss, dict(loss_params or {}))
    target_type.check_loss(name_of_loss(resolved))
    if isinstance(metrics, str) and metrics == "auto":
        metrics = target_type.metrics
    elif metrics is None:
        metrics = ()
    elif isinstance(metrics, str) or not isinstance(metrics, Sequence):
        metrics = (metrics,)
    pairs = tuple(resolve_metric(m, target_type.accuracy) for m in metrics)
    # They are keys of an epoch's dict: of two equal ones the first would be lost.
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names) or "loss" in names:
        raise InvalidNetworkError(
            f"metrics must have different names, none of them 'loss'; got {names}. "
            "Give the Keras metric objects names of their own."
        )
    epsilon = keras.config.epsilon()
    return Objective(target_type, n_outputs, resolved, pairs, epsilon, point_units)
