"""The network of a run as a compiled Keras model, for the callbacks of Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from skdeep.engine._key import ProgramKey
from skdeep.engine._objective import Quantile
from skdeep.keras_objects._spec import from_spec
from skdeep.networks._standard import standard_model


def compiled_model(
    key: ProgramKey,
    numbers: Mapping[str, float],
    rescaling: tuple[np.ndarray, np.ndarray] | None = None,
) -> Any:
    """Build the standard model with optimizer, loss and metrics of a program.

    Its weights are random; those of the run, and what its optimizer remembers, fit in.
    A quantile loss stays out: Keras has none, and a saved model would not load.
    """
    model = standard_model(key.network, numbers, rescaling=rescaling)
    optimizer = from_spec(key.optimizer.spec)
    schedule = from_spec(key.optimizer.schedule)
    optimizer.learning_rate = schedule or numbers["learning_rate"]
    loss = from_spec(key.objective.loss)
    model.compile(
        optimizer,
        loss=None if isinstance(loss, Quantile) else loss,
        metrics=[from_spec(metric) for _, metric in key.objective.metrics],
        # Under a global policy mixed_float16 Keras would put another optimizer around
        # ours; the network has a dtype of its own.
        auto_scale_loss=False,
    )
    optimizer.build(model.trainable_variables)
    return model
