"""Optimizers by name or instance, with a learning rate that is data of the program.

Keras supplies the update rules. A user's instance is read, never used: what it is
goes into the key as class and configuration, and every program makes its own.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Real
from typing import Any

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._other_words import suggestion
from skdeep.keras_objects._schedules import CONSTANT
from skdeep.keras_objects._spec import spec_of_call, to_spec

# Parameters of an estimator that are no argument of a Keras optimizer; the others are
# handed on by name.
NOT_KERAS = ("optimizer", "learning_rate", "decay", "schedule", "optimizer_params")
DECAY = "weight_decay"
NOT_FOR_PARAMS = ("self", "name", "kwargs", "learning_rate")


@dataclass(frozen=True)
class Optimizer:
    """An optimizer without its learning rate, comparable by what it does."""

    spec: Any  # the Keras optimizer; its own learning rate is replaced
    schedule: Any  # the spec of a Keras schedule, or None for a plain number
    schedule_name: str = CONSTANT  # in place of one of Keras'
    decays: bool = False  # whether weights decay by a number that is data, too


def make_optimizer(
    parameters: Mapping[str, Any], defaults: Mapping[str, Any]
) -> tuple[Optimizer, float, float]:
    """Resolve the optimizer parameters of an estimator.

    Parameters
    ----------
    parameters : Mapping
        Of the estimator; those that ``defaults`` names are read.
    defaults : Mapping
        What the parameters are where the user has said nothing.

    Returns
    -------
    optimizer : Optimizer
        What goes into the program.
    learning_rate, decay : float
        The numbers that are written into the program before a run; the rate is 1.0
        where a schedule gives it.
    """
    optimizer = parameters["optimizer"]
    said = {
        name: parameters[name]
        for name, default in defaults.items()
        if name != "optimizer" and parameters[name] != default
    }
    if not isinstance(optimizer, str | type):
        return _from_instance(optimizer, said)
    return _from_class(optimizer, parameters, said)


def _from_class(
    given: str | type, parameters: Mapping[str, Any], said: dict[str, Any]
) -> tuple[Optimizer, float, float]:
    """A class or its name, with whatever arguments are not the default."""
    cls = _optimizer_class(given) if isinstance(given, str) else given
    name = given if isinstance(given, str) else given.__name__
    _refuse_odd_class(cls)
    arguments = {
        **(parameters["optimizer_params"] or {}),
        **{n: value for n, value in said.items() if n not in NOT_KERAS},
    }
    _check_arguments(cls, name, arguments)
    decays = said.get(DECAY) is not None
    if decays:
        _refuse_second_decay(parameters)
        arguments[DECAY] = 1.0
    learning_rate, schedule = parameters["learning_rate"], None
    if isinstance(learning_rate, type):
        raise InvalidNetworkError(
            "learning_rate must be a number or an instance of a Keras schedule; got "
            f"the class {learning_rate.__name__}. Make one with its arguments."
        )
    if hasattr(learning_rate, "get_config"):
        schedule, learning_rate = to_spec(learning_rate), 1.0
    # Only written down here: making a Keras optimizer takes 2 ms, a fit of 20 rows 4.
    spec = spec_of_call(cls, {"learning_rate": 1.0, **arguments})
    made = Optimizer(spec, schedule, _schedule_name(parameters, schedule), decays)
    return made, float(learning_rate), float(parameters["decay"])


def _refuse_second_decay(parameters: Mapping[str, Any]) -> None:
    """Refuse a weight decay that is said twice."""
    others = parameters["optimizer_params"] or {}
    if DECAY in others:
        raise InvalidNetworkError(
            "weight_decay is a parameter of its own; got "
            f"{DECAY}={parameters[DECAY]!r} and {others[DECAY]!r} in optimizer_params. "
            "Leave it out there."
        )


def _schedule_name(parameters: Mapping[str, Any], schedule: Any) -> str:
    """Return the schedule by name; beside one of Keras' it means nothing."""
    name: str = parameters.get("schedule", CONSTANT)
    if schedule is None or name == CONSTANT:
        return name
    raise InvalidNetworkError(
        "schedule goes with a learning_rate that is a number; got "
        f"schedule={name!r} and the Keras schedule "
        f"{type(parameters['learning_rate']).__name__}. Give the largest rate as a "
        "number, or leave schedule out."
    )


def _refuse_odd_class(cls: Any) -> None:
    """Refuse a class that is no optimizer, or one around others."""
    import keras

    optimizers = keras.optimizers
    # MultiOptimizer came with Keras 3.15.
    names = ("LossScaleOptimizer", "MultiOptimizer")
    wrappers = tuple(vars(optimizers)[n] for n in names if hasattr(optimizers, n))
    if not issubclass(cls, optimizers.Optimizer) or issubclass(cls, wrappers):
        raise InvalidNetworkError(
            "optimizer must be a Keras optimizer's name, class or instance; got the "
            f"class {cls.__name__}. Give one like keras.optimizers.Adam."
        )


def _from_instance(
    optimizer: Any, said: dict[str, Any]
) -> tuple[Optimizer, float, float]:
    """An instance says everything itself; nothing may be said twice."""
    import keras

    if said:
        raise InvalidNetworkError(
            "An optimizer instance carries its own settings; got also "
            f"{', '.join(f'{name}={value!r}' for name, value in said.items())}. Set "
            "them in the instance, or give the optimizer by name, which a search can "
            "vary."
        )
    config = optimizer.get_config()
    _refuse_wrapper(optimizer, config)
    rate = config.get("learning_rate")
    schedule = None
    if isinstance(rate, dict):
        with _configuration_read(optimizer):
            rate = keras.optimizers.schedules.deserialize(rate)
        schedule, rate = to_spec(rate), 1.0
    elif not (isinstance(rate, Real) and 0 < float(rate) < math.inf):
        raise InvalidNetworkError(
            "optimizer must have a learning rate above 0 in its configuration; got an "
            f"instance of {type(optimizer).__name__} with learning_rate={rate!r}. Make "
            "it with another one, or return the rate in get_config."
        )
    with _configuration_read(optimizer):
        copy = type(optimizer).from_config({**config, "learning_rate": 1.0})
    return Optimizer(to_spec(copy), schedule), float(rate), 0.0


def _refuse_wrapper(optimizer: Any, config: Any) -> None:
    """Refuse an optimizer of optimizers, whose learning rate is not one number.

    Keras has two: LossScaleOptimizer keeps small float16 gradients from vanishing,
    and no network here computes in float16; MultiOptimizer has one optimizer per
    variable. Others' are known by the same sign, an optimizer in their configuration.
    """
    if not _holds_optimizer(config):
        return
    raise InvalidNetworkError(
        "optimizer must be a single optimizer with a learning rate of its own; got a "
        f"{type(optimizer).__name__}, which wraps other optimizers. Give the one "
        "inside: no dtype of skdeep needs its losses scaled, and all layers share an "
        "optimizer."
    )


def _holds_optimizer(config: Any) -> bool:
    """Whether an optimizer is anywhere in a configuration, serialised or not."""
    import keras

    if isinstance(config, list | tuple):
        return any(map(_holds_optimizer, config))
    if not isinstance(config, dict):
        return isinstance(config, keras.optimizers.Optimizer)
    name = str(config.get("class_name"))
    cls = getattr(keras.optimizers, name.rpartition(">")[2], None)
    if isinstance(cls, type) and issubclass(cls, keras.optimizers.Optimizer):
        return True
    return name == "OptimizerMap" or any(map(_holds_optimizer, config.values()))


@contextmanager
def _configuration_read(optimizer: Any) -> Iterator[None]:
    """Say what an optimizer must be able to do, if its configuration fails."""
    try:
        yield
    except InvalidNetworkError:
        raise
    except Exception as error:  # whatever the class of a user raises
        raise InvalidNetworkError(
            "optimizer must be what its class makes of get_config(), since every fit "
            f"makes its own; got {type(optimizer).__name__} with the error "
            f"{type(error).__name__}: {str(error).rstrip('.')}. Give it a get_config "
            "that its constructor takes."
        ) from error


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
    hint = suggestion("optimizer", name.lower(), classes)
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
    hint = suggestion("optimizer_params", unknown[0], known)
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
