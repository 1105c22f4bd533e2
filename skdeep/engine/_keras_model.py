"""The network of a run as a compiled Keras model, for the callbacks of Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from skdeep.engine._key import ProgramKey
from skdeep.engine._objective import Quantile
from skdeep.keras_objects._spec import from_spec


def compiled_model(
    key: ProgramKey,
    numbers: Mapping[str, float],
    rescaling: tuple[np.ndarray, np.ndarray] | None = None,
) -> Any:
    """Build the Keras model with optimizer, loss and metrics of a program.

    Its weights are random; those of the run, and what its optimizer remembers, fit in.
    A quantile loss stays out: Keras has none, and a saved model would not load.
    """
    model = key.network.to_keras(numbers, rescaling=rescaling)
    optimizer = from_spec(key.optimizer.spec)
    schedule = from_spec(key.optimizer.schedule)
    optimizer.learning_rate = schedule or numbers["learning_rate"]
    loss = from_spec(key.objective.loss)
    model.compile(
        optimizer,
        loss=None if isinstance(loss, Quantile) else loss,
        metrics=[from_spec(metric) for _, metric in key.objective.metrics],
    )
    optimizer.build(model.trainable_variables)
    return model
