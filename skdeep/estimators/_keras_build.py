"""A model of the user's → what the engine trains, or why Keras has to train it.

Everything here is a function of its arguments; see ``_prepare`` for what follows.
"""

from __future__ import annotations

import copy
import inspect
import json
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdeep.engine._choice import resolve_jit
from skdeep.engine._key import ProgramKey, resolve_batch_size
from skdeep.engine._objective import Objective, make_objective
from skdeep.estimators._keras_routing import made, made_all, made_each, routed
from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._losses import NAMED, name_of_loss, resolve_loss
from skdeep.keras_objects._optimizers import Optimizer, make_optimizer
from skdeep.keras_objects._spec import KerasSpec, from_spec
from skdeep.networks._head import BINARY, MULTICLASS, ClassHead, Head
from skdeep.networks._keras_config import (
    all_layers,
    describe_model,
    own_objects,
    rebuild_model,
)
from skdeep.networks._keras_network import keras_network
from skdeep.networks._one_hot_head import head_for_loss

# Methods by which a model can say how it is trained.
TRAINING_METHODS = ("fit", "train_step", "test_step", "compute_loss", "compute_metrics")
LOSS_SCALED = ("float16", "mixed_float16")
DEFAULT_OPTIMIZER = "rmsprop"
DEFAULT_BATCH_SIZE = 32
INTEGERS_IN_FLOAT32 = 2**24


@dataclass(frozen=True, eq=False)
class Compiled:
    """What a model is trained with: of the parameters, or of its own compilation."""

    optimizer: Any
    loss: Any
    metrics: Any
    loss_params: Mapping[str, Any]
    optimizer_params: Mapping[str, Any]


def compile_arguments(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What a build function may hand to ``model.compile``."""
    import keras

    given = {**parameters, **routed(parameters, "compile")}
    arguments = routed(parameters, "optimizer")
    optimizer = given["optimizer"] or DEFAULT_OPTIMIZER
    if isinstance(optimizer, str):
        optimizer = type(keras.optimizers.get(optimizer))(**arguments)
    else:
        optimizer = made(optimizer, arguments, "optimizer")
    others = ("loss", "metrics", "loss_weights", "weighted_metrics", "run_eagerly")
    found = {"optimizer": optimizer, **{n: given[n] for n in others if n in given}}
    found["loss"] = _made_losses(found["loss"], routed(parameters, "loss"))
    if found["metrics"] is not None:
        metrics = found["metrics"]
        several = isinstance(metrics, Mapping | list | tuple)
        found["metrics"] = made_each(
            metrics if several else [metrics], routed(parameters, "metrics")
        )
    return {name: value for name, value in found.items() if value is not None}


def _made_losses(loss: Any, arguments: dict[str, Any]) -> Any:
    """The loss, or one for each output, with the arguments that are routed to it."""

    def make(one: Any, own: dict[str, Any]) -> Any:
        if isinstance(one, str) and own:
            return from_spec(resolve_loss(one, own))
        return made(one, own, "loss")

    return made_each(loss, arguments, make)


def built_model(model: Any, input_shapes: Sequence[tuple[int, ...]]) -> Any:
    """Return a model that has its weights and says what its outputs are.

    A copy, where it had no weights; around a model of the user's own class one of
    Keras', unless that class has its own way of training.
    """
    import keras

    if not (model.built and model.weights):
        config, objects = describe_model(model)
        built = rebuild_model(json.loads(config), objects, input_shapes)
        if model.compiled:
            built.compile_from_config(model.get_compile_config())
        model = built
    if getattr(model, "outputs", None) or own_training(model):
        return model
    rows = [keras.Input(shape) for shape in input_shapes]
    around = keras.Model(rows, model(rows[0] if len(rows) == 1 else rows))
    if model.compiled:
        around.compile_from_config(model.get_compile_config())
    return around


def built_or_why_not(
    model: Any, input_shapes: Sequence[tuple[int, ...]]
) -> tuple[Any, str]:
    """Return what ``built_model`` returns, or the model and why there is no such."""
    try:
        return built_model(model, input_shapes), ""
    except Exception as error:  # of Keras, or of the user's own classes
        return model, f"it cannot be made again from its configuration: {error}"


def call_once(model: Any, input_shapes: Sequence[tuple[int, ...]]) -> None:
    """Let a Sequential compute a row: Keras exports none that has never been called."""
    import keras

    if isinstance(model, keras.Sequential):
        model(np.zeros((1, *input_shapes[0]), model.inputs[0].dtype))


def own_training(model: Any) -> str:
    """The name of a method by which a model says itself how it is trained."""
    import keras

    for name in TRAINING_METHODS:
        if getattr(type(model), name) is not getattr(keras.Model, name):
            return name
    return ""


def _compilation(model: Any) -> dict[str, Any]:
    """What a model is compiled with, written down; empty if that cannot be."""
    try:
        return (model.get_compile_config() or {}) if model.compiled else {}
    except Exception:  # of a class of the user's that nobody can write down
        return {}


def _loss_and_params(
    model: Any, parameters: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """The loss of the parameters, or of a compiled model; None if nobody has said."""
    given = {**parameters, **routed(parameters, "compile")}
    loss, loss_params = given["loss"], routed(parameters, "loss")
    if loss is None and model.compiled:
        loss = model.loss
    if isinstance(loss, type):
        return made(loss, loss_params, "loss"), {}
    return loss, loss_params


def compiled_settings(model: Any, parameters: Mapping[str, Any]) -> Compiled:
    """Say with which optimizer, loss and metrics a model is trained."""
    import keras

    given = {**parameters, **routed(parameters, "compile")}
    own = _compilation(model)
    metrics = given["metrics"]
    if metrics is None and own.get("metrics"):
        metrics = keras.saving.deserialize_keras_object(own["metrics"])
    if metrics is not None:
        metrics = made_all(metrics, routed(parameters, "metrics"))
    loss, loss_params = _loss_and_params(model, parameters)
    optimizer = given["optimizer"]
    if optimizer is None and model.compiled:
        optimizer = model.optimizer
    return Compiled(
        optimizer or DEFAULT_OPTIMIZER,
        "auto" if loss is None else loss,
        "auto" if metrics is None else metrics,
        loss_params,
        routed(parameters, "optimizer"),
    )


def why_keras(model: Any, parameters: Mapping[str, Any], X: Any) -> str:
    """Say why the engine cannot train a built model; empty if it can."""
    given = {**parameters, **routed(parameters, "compile")}
    own = _compilation(model)
    if given.get("run_eagerly") or own.get("run_eagerly"):
        return "run_eagerly=True asks for one operation after the other"
    if own_training(model):
        return f"{type(model).__name__} has a {own_training(model)} of its own"
    for settings in (given, own):
        for name in ("loss_weights", "weighted_metrics"):
            if settings.get(name):
                return f"it is compiled with {name}"
    loss = given["loss"] if given["loss"] is not None else own.get("loss")
    if isinstance(loss, list | tuple) or _is_dict_of_losses(loss):
        return "it has several losses"
    outputs = getattr(model, "outputs", None) or []
    if len(outputs) != 1 or len(outputs[0].shape) != 2 or outputs[0].shape[1] is None:
        return "it does not have one output of (n_samples, n_units)"
    if X.dtype.kind == "O":
        return "its rows hold text"
    for layer in all_layers(model):
        if layer.dtype_policy.name in LOSS_SCALED:
            return "it computes in float16, which needs scaled losses"
        if getattr(layer, "stateful", False):
            return f"{layer.name} remembers states from batch to batch"
        # What they have learnt is in tensors beside their weights, or in tables.
        if hasattr(layer, "adapt") and getattr(layer, "input_mean", None) is None:
            return f"{layer.name} is adapted to data before training"
    return ""


def _is_dict_of_losses(loss: Any) -> bool:
    """Whether it is a loss per output, and not a loss that Keras has written down."""
    return isinstance(loss, Mapping) and "class_name" not in loss


def head_for(model: Any, head: Head, parameters: Mapping[str, Any], y: Any) -> Head:
    """Return the head that fits a model's outputs and its loss.

    Two units may stand for two classes; rows of one label each may be one-hot classes.

    Raises
    ------
    InvalidNetworkError
        If the model has another number of outputs than the target needs.
    """
    outputs = getattr(model, "outputs", None) or []
    sizes = [output.shape[1:] for output in outputs]
    units = sum(math.prod(n or 1 for n in size) for size in sizes)
    is_known = all(n is not None for size in sizes for n in size)
    if units == head.n_outputs or not outputs or not is_known:
        return head_for_loss(head, _loss_name(model, parameters), y)
    alternative = ""
    if isinstance(head, ClassHead) and head.target == BINARY.name:
        if units == len(head.classes) == 2:
            return ClassHead(MULTICLASS.name, head.classes)
        alternative = " (or 2, with softmax)"
    raise InvalidNetworkError(
        f"model must have {head.n_outputs} output unit(s){alternative} for this "
        f"{head.target_type.name} target; got {units}. Give its last layer "
        "meta['n_outputs_expected_'] units."
    )


def _loss_name(model: Any, parameters: Mapping[str, Any]) -> str:
    """The class of the loss that a model is trained with; empty if it is unclear."""
    loss, loss_params = _loss_and_params(model, parameters)
    if loss is None:
        return ""
    try:
        return name_of_loss(resolve_loss(loss, dict(loss_params)))
    except (TypeError, ValueError):  # one for each output; or a fault told later
        return ""


def make_program(
    model: Any,
    settings: Compiled,
    head: Head,
    input_shapes: Sequence[tuple[int, ...]],
    batch_size: int,
    jit_compile: Any,
) -> tuple[ProgramKey, dict[str, float]]:
    """Say what program trains a built model, and with which numbers."""
    objective = make_objective(
        *head.loss(settings.loss, dict(settings.loss_params) or None),
        settings.metrics,
        head.target_type,
        head.n_outputs,
        head.point_units,
    )
    loss, on_logits = _loss_on_logits(objective)
    is_chosen = not (isinstance(settings.loss, str) and settings.loss == "auto")
    on_logits_if_said = on_logits if is_chosen else None
    network, numbers = keras_network(model, input_shapes, loss, on_logits_if_said)
    optimizer, rate, decay = _optimizer(settings)
    xla = resolve_jit(jit_compile, network.prefers_xla)
    key = ProgramKey(
        network, objective, optimizer, batch_size, xla and network.is_rowwise
    )
    return key, {"learning_rate": rate, "decay": decay, **numbers}


def resolved_batch_size(batch_size: Any, n_rows: int) -> int:
    """None is Keras' default, -1 stands for all rows."""
    if batch_size is None:
        batch_size = DEFAULT_BATCH_SIZE
    size = resolve_batch_size(int(batch_size), n_rows) if batch_size > 0 else 0
    return size or resolve_batch_size(max(n_rows, 1), n_rows)


def _loss_on_logits(objective: Objective) -> tuple[str, bool]:
    """The class of a loss that can be computed on logits, and whether it is."""
    if not isinstance(objective.loss, KerasSpec):
        return "", False
    config = json.loads(objective.loss.config)
    if "from_logits" not in config:
        return "", False
    return objective.loss.name, bool(config["from_logits"])


def _optimizer(settings: Compiled) -> tuple[Optimizer, float, float]:
    """Resolve the optimizer with the parameters routed to it."""
    import keras

    optimizer, arguments = settings.optimizer, dict(settings.optimizer_params)
    if isinstance(optimizer, type):
        name = optimizer.__name__.lower()
        is_known = getattr(keras.optimizers, optimizer.__name__, None) is optimizer
        optimizer = name if is_known else optimizer(**arguments)
        arguments = arguments if is_known else {}
    if not isinstance(optimizer, str):
        if arguments:
            config = {**optimizer.get_config(), **arguments}
            optimizer = type(optimizer).from_config(config)
        arguments = {}
    defaults = {"optimizer": None, "learning_rate": None, "decay": 0.0}
    rate = arguments.pop("learning_rate", None)
    if rate is None and isinstance(optimizer, str):
        rate = _default_rate(optimizer)
    parameters = {
        **defaults,
        "optimizer": optimizer,
        "learning_rate": rate,
        "optimizer_params": arguments,
    }
    return make_optimizer(parameters, {**defaults, "optimizer_params": arguments})


def _default_rate(name: str) -> float:
    """The learning rate that Keras gives an optimizer; unknown names get any."""
    import keras

    found: Any = {n.lower(): c for n, c in vars(keras.optimizers).items()}
    found = found.get(name.lower())
    try:
        return float(inspect.signature(found).parameters["learning_rate"].default)
    except (KeyError, TypeError, ValueError):
        return 0.001


def start_weights(network: Any, model: Any, seed: int) -> list[np.ndarray] | None:
    """Return the weights of a model that a function has built, drawn ones anew.

    None if all are drawn.
    """
    is_drawn = network.drawn_by_keras(model)
    if all(is_drawn):
        return None
    drawn = network.draw_weights(seed)
    pairs = zip(is_drawn, drawn, model.weights, strict=True)
    dtype = network.compute_dtype
    return [d if new else v.numpy().astype(dtype) for new, d, v in pairs]


def model_to_train(model: Any, is_own: bool) -> Any:
    """Return a model that Keras may train: the user's object stays as it is."""
    import keras

    if not is_own:
        return model
    own = keras.saving.custom_object_scope(own_objects(model))
    with own, warnings.catch_warnings():
        # That of the copy has its variables, one that never trained has none.
        warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
        return copy.deepcopy(model)


def inputs_of(model: Any) -> list[tuple[str, tuple[int, ...]]]:
    """The names of a model's inputs and the shapes of their rows, as it orders them.

    Empty for a model that does not say.
    """
    inputs = getattr(model, "inputs", None) or []
    given = getattr(model, "input", None) if inputs else None
    if isinstance(given, Mapping):
        return [(name, tuple(given[name].shape[1:])) for name in sorted(given)]
    return [(tensor.name, tuple(tensor.shape[1:])) for tensor in inputs]


def _own_loss(loss: Any, parameters: Mapping[str, Any], head: Head) -> Any:
    """The loss as a function, if it is one that Keras does not have."""
    loss, params = head.loss(loss, routed(parameters, "loss"))
    is_own = isinstance(loss, str) and loss in NAMED
    return resolve_loss(loss, dict(params)).call if is_own else None


def _automatic_loss(model: Any, head: Any) -> Any:
    """The loss that fits the target, for each output."""
    if hasattr(head, "losses_for"):
        return head.losses_for(model)
    n_outputs = len(getattr(model, "outputs", None) or [None])
    loss = head.target_type.loss
    return loss if n_outputs == 1 else [loss] * n_outputs


def compile_to_train(model: Any, parameters: Mapping[str, Any], head: Head) -> None:
    """Compile a model for Keras, unless it is and nobody has said otherwise."""
    own = _own_loss(parameters["loss"], parameters, head)
    if own is not None:  # its parameters are in it
        others = {n: v for n, v in parameters.items() if not n.startswith("loss__")}
        parameters = {**others, "loss": own}
    given = compile_arguments(parameters)
    names = ("optimizer", "loss", "metrics")
    is_said = any(parameters.get(name) is not None for name in names)
    if model.compiled and not is_said:
        if parameters.get("run_eagerly"):
            model.run_eagerly = True
        return
    if "loss" not in given and not (model.compiled and model.loss):
        given["loss"] = _automatic_loss(model, head)
    elif "loss" not in given:
        given["loss"] = model.loss
    model.compile(**given)
