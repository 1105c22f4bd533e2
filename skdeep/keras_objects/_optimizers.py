"""Optimizers by name or instance, with a learning rate that is data of the program.

Keras supplies the update rules. A user's instance is read, never used: what it is
goes into the key as class and configuration, and every program makes its own.
"""

from __future__ import annotations

import difflib
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._spec import from_spec, spec_of_call, to_spec

OWN_PARAMETERS = {  # parameter of the estimator -> value that means "not set"
    "learning_rate": 0.001,
    "decay": 0.0,
    "momentum": 0.0,
    "nesterov": False,
    "clipnorm": None,
    "clipvalue": None,
    "optimizer_params": None,
}
NOT_FOR_PARAMS = ("self", "name", "kwargs", "learning_rate")


@dataclass(frozen=True)
class Optimizer:
    """An optimizer without its learning rate, comparable by what it does."""

    spec: Any  # the Keras optimizer; its own learning rate is replaced
    schedule: Any  # the spec of a Keras schedule, or None for a plain number

    def make(self, learning_rate: Callable[[], Any]) -> Any:
        """Make a Keras optimizer that asks ``learning_rate()`` at every update."""
        try:
            optimizer = from_spec(self.spec)
        except (TypeError, ValueError) as error:
            raise InvalidNetworkError(
                f"optimizer must get arguments that Keras takes; got the error "
                f"{str(error).rstrip('. ')}. Leave some of them out."
            ) from error
        optimizer.learning_rate = learning_rate
        return optimizer


def make_optimizer(
    optimizer: Any,
    *,
    learning_rate: Any,
    decay: float,
    momentum: float,
    nesterov: bool,
    clipnorm: float | None,
    clipvalue: float | None,
    optimizer_params: dict[str, Any] | None,
) -> tuple[Optimizer, float, float]:
    """Resolve the optimizer parameters of an estimator.

    Returns
    -------
    optimizer : Optimizer
        What goes into the program.
    learning_rate, decay : float
        The numbers that are written into the program before a run; the rate is 1.0
        where a schedule gives it.
    """
    own = {
        "learning_rate": learning_rate,
        "decay": decay,
        "momentum": momentum,
        "nesterov": nesterov,
        "clipnorm": clipnorm,
        "clipvalue": clipvalue,
        "optimizer_params": optimizer_params,
    }
    if isinstance(optimizer, type):
        raise InvalidNetworkError(
            "optimizer must be a Keras optimizer's name or an instance; got the class "
            f"{optimizer.__name__}. Give its name, {optimizer.__name__.lower()!r}."
        )
    if not isinstance(optimizer, str):
        return _from_instance(optimizer, own)
    cls = _optimizer_class(optimizer)
    arguments = {**(optimizer_params or {})}
    for name in ("momentum", "nesterov", "clipnorm", "clipvalue"):
        if own[name] != OWN_PARAMETERS[name]:
            arguments[name] = own[name]
    _check_arguments(cls, optimizer, arguments)
    schedule = None
    if hasattr(learning_rate, "get_config"):
        schedule, learning_rate = to_spec(learning_rate), 1.0
    # Only written down here: making a Keras optimizer takes 2 ms, a fit of 20 rows 4.
    spec = spec_of_call(cls, {"learning_rate": 1.0, **arguments})
    return Optimizer(spec, schedule), float(learning_rate), float(decay)


def _from_instance(
    optimizer: Any, own: dict[str, Any]
) -> tuple[Optimizer, float, float]:
    """An instance says everything itself; nothing may be said twice."""
    import keras

    said_twice = [n for n, default in OWN_PARAMETERS.items() if own[n] != default]
    if said_twice:
        raise InvalidNetworkError(
            "An optimizer instance carries its own settings; got also "
            f"{', '.join(f'{n}={own[n]!r}' for n in said_twice)}. Set them in the "
            "instance, or give the optimizer by name, which a search can vary."
        )
    config = optimizer.get_config()
    rate = config.get("learning_rate")
    schedule = None
    if isinstance(rate, dict):
        rate = keras.optimizers.schedules.deserialize(rate)
        schedule, rate = to_spec(rate), 1.0
    elif not 0 < rate < math.inf:
        raise InvalidNetworkError(
            "optimizer must have a learning rate above 0; got an instance with "
            f"learning_rate={rate}. Make it with another one."
        )
    copy = type(optimizer).from_config({**config, "learning_rate": 1.0})
    return Optimizer(to_spec(copy), schedule), float(rate), 0.0


def _optimizer_class(name: str) -> Any:
    """Find a Keras optimizer by name, in any case."""
    import keras

    classes = {
        n.lower(): c
        for n, c in vars(keras.optimizers).items()
        if isinstance(c, type) and issubclass(c, keras.optimizers.Optimizer)
    }
    for wrapper in ("optimizer", "lossscaleoptimizer", "multioptimizer"):
        classes.pop(wrapper, None)
    if name.lower() in classes:
        return classes[name.lower()]
    close = difflib.get_close_matches(name.lower(), classes, 1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    raise InvalidNetworkError(
        f"optimizer must be a Keras optimizer's name or an instance; got {name!r}. "
        f"{hint}Known names: {', '.join(sorted(classes))}."
    )


def _check_arguments(cls: Any, name: str, arguments: dict[str, Any]) -> None:
    """Refuse arguments the optimizer does not have."""
    known = set(inspect.signature(cls).parameters) - set(NOT_FOR_PARAMS)
    unknown = sorted(set(map(str, arguments)) - known)
    if not unknown:
        _check_numbers(name, arguments)
        return
    close = difflib.get_close_matches(unknown[0], known, 1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    raise InvalidNetworkError(
        f"optimizer={name!r} takes the arguments {sorted(known)}; got {unknown}. "
        f"{hint}Leave the others out, or choose an optimizer that has them."
    )


def _check_numbers(name: str, arguments: dict[str, Any]) -> None:
    """Refuse arguments that are no finite number, where Keras looks at nothing."""
    odd = {
        key: value
        for key, value in arguments.items()
        if not isinstance(value, bool | None)
        and not (isinstance(value, Real) and math.isfinite(value))
        and not callable(value)
        and not isinstance(value, list | tuple)
    }
    if odd:
        raise InvalidNetworkError(
            f"optimizer={name!r} takes finite numbers, True, False and None in "
            f"optimizer_params; got {odd}. See keras.optimizers for what is usual."
        )
