"""The network of a run as a compiled Keras model, for the callbacks of Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from skdeep._frozen import thaw
from skdeep.engine._key import ProgramKey
from skdeep.engine._objective import Quantile
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
    optimizer = thaw(key.optimizer.frozen)
    schedule = thaw(key.optimizer.schedule)
    optimizer.learning_rate = schedule or numbers["learning_rate"]
    loss = thaw(key.objective.loss)
    model.compile(
        optimizer,
        loss=None if isinstance(loss, Quantile) else loss,
        metrics=[thaw(metric) for _, metric in key.objective.metrics],
    )
    optimizer.build(model.trainable_variables)
    return model
