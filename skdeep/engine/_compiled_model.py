"""The network of a run as a compiled Keras model, for the callbacks of Keras."""

from __future__ import annotations

from typing import Any

from skdeep.engine._job import Job
from skdeep.keras_objects._losses import OWN_LOSSES
from skdeep.keras_objects._optimizers import DECAY
from skdeep.keras_objects._spec import from_spec


def compiled_model(job: Job) -> Any:
    """Build the Keras model of a job, with its optimizer, loss and metrics.

    Its weights are random; those of the run, and what its optimizer remembers, fit in.
    A loss that Keras does not have stays out: a saved model would not load.
    """
    key, hyperparameters = job.key, job.hyperparameters
    model = key.network.to_keras(hyperparameters, rescaling=job.rescaling)
    optimizer = from_spec(key.optimizer.spec)
    schedule = from_spec(key.optimizer.schedule)
    # The spec has 1.0 for every rate: rates are data, and no part of a key.
    optimizer.learning_rate = schedule or hyperparameters["learning_rate"]
    if key.optimizer.decays:
        optimizer.weight_decay = hyperparameters[DECAY]
    loss = from_spec(key.objective.loss)
    model.compile(
        optimizer,
        loss=None if isinstance(loss, OWN_LOSSES) else loss,
        metrics=[from_spec(metric) for _, metric in key.objective.metrics],
        # Under a global policy mixed_float16 Keras would put another optimizer around
        # ours; the network has a dtype of its own.
        auto_scale_loss=False,
    )
    # Keras builds it with the first update, which this model never makes; callbacks
    # show the run's memory in its variables.
    optimizer.build(model.trainable_variables)
    return model
