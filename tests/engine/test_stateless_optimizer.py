"""A Keras optimizer as a pure function: what it remembers."""

import keras
import numpy as np
import pytest

from skdeep.engine._stateless_optimizer import StatelessOptimizer


@pytest.mark.fast
def test_a_decay_of_weights_is_not_remembered():
    """It is given with every update, and callbacks see what Keras' optimizer has."""
    weights = [keras.Variable(np.zeros((3, 4), "float32"), name="kernel")]

    plain = StatelessOptimizer(keras.optimizers.Adam(), weights, "float32")
    decaying = StatelessOptimizer(
        keras.optimizers.Adam(weight_decay=1.0), weights, "float32", decays=True
    )

    assert [m.shape for m in decaying.start()] == [m.shape for m in plain.start()]
