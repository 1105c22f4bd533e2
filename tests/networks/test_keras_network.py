"""What is seen of a Keras model without training it."""

import keras
import pytest
from keras import layers

from skdeep.networks._keras_network import keras_network


@pytest.mark.fast
@pytest.mark.parametrize(
    ("shape", "parts", "expected"),
    [
        ((4,), [layers.Dense(2)], True),
        ((5, 4), [layers.LSTM(2)], True),
        ((5, 4), [layers.Bidirectional(layers.GRU(2))], True),
        ((5,), [layers.Embedding(9, 2), layers.GlobalAveragePooling1D()], True),
        ((5, 4), [layers.Conv1D(2, 3), layers.GlobalMaxPooling1D()], False),
        ((5, 4), [layers.MaxPooling1D(2), layers.Flatten()], False),
        ((4, 4, 1), [layers.RandomRotation(0.1), layers.Flatten()], False),
    ],
)
def test_xla_follows_from_the_layers(shape, parts, expected):
    """Convolutions, poolings and what Keras says XLA cannot compile go without it."""
    model = keras.Sequential([keras.Input(shape), *parts, layers.Dense(1)])

    network, _ = keras_network(model, [shape], "", None)

    assert network.prefers_xla is expected
