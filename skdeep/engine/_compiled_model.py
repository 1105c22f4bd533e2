"""The network of a run as a compiled Keras model, for callbacks of Keras and for users.

What a model is compiled with is kept as values, so that it can be pickled and saved.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from skdeep.engine._job import Job
from skdeep.engine._key import ProgramKey
from skdeep.keras_objects._counting import with_names_from_zero
from skdeep.keras_objects._losses import OWN_LOSSES
from skdeep.keras_objects._optimizers import DECAY
from skdeep.keras_objects._spec import KerasSpec, from_spec


def compiled_model(job: Job) -> Any:
    """Build the Keras model of a job, with its optimizer, loss and metrics.

    Its weights are random; those of the run, and what its optimizer remembers, fit in.
    """
    model = job.key.network.to_keras(job.hyperparameters, rescaling=job.rescaling)
    compile_with(model, compilation_of(job.key), job.hyperparameters)
    return model


def compilation_of(key: ProgramKey) -> dict[str, Any]:
    """What the model of a program is compiled with, as values."""
    loss = key.objective.loss
    return {
        "optimizer": key.optimizer.spec,
        "schedule": key.optimizer.schedule,
        "decays": key.optimizer.decays,
        # One that Keras does not have stays out: a saved model would not load.
        "loss": None if isinstance(from_spec(loss), OWN_LOSSES) else loss,
        "metrics": [list(pair) for pair in key.objective.metrics],
    }


def is_of_keras(compilation: Mapping[str, Any]) -> bool:
    """Whether nothing of it is the user's own, which may be in no module."""
    metrics = [metric for _, metric in compilation["metrics"]]
    values = [compilation[n] for n in ("optimizer", "schedule", "loss")] + metrics
    return all(
        v is None or (isinstance(v, KerasSpec) and isinstance(v.cls, str))
        for v in values
    )


def compile_with(
    model: Any, compilation: Mapping[str, Any], hyperparameters: Mapping[str, float]
) -> None:
    """Compile a model as a fit was."""
    # TensorFlow keeps something for every name that a variable has ever had.
    optimizer = with_names_from_zero(
        functools.partial(from_spec, compilation["optimizer"])
    )
    schedule = from_spec(compilation["schedule"])
    # The spec has 1.0 for every rate: rates are data, and no part of a key.
    optimizer.learning_rate = schedule or hyperparameters["learning_rate"]
    if compilation["decays"]:
        optimizer.weight_decay = hyperparameters[DECAY]
    model.compile(
        optimizer,
        loss=from_spec(compilation["loss"]),
        metrics=[_named(metric, name) for name, metric in compilation["metrics"]],
        # Under a global policy mixed_float16 Keras would put another optimizer around
        # ours; the network has a dtype of its own.
        auto_scale_loss=False,
    )
    # Keras builds it with the first update, which this model never makes; callbacks
    # show the run's memory in its variables, and Keras loads no file without them.
    optimizer.build(model.trainable_variables)


def _named(metric: Any, name: str) -> Any:
    """A metric with its name in the history; a function has its own."""
    made = from_spec(metric)
    if isinstance(metric, KerasSpec):
        made.name = name
    return made
