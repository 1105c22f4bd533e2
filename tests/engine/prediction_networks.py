"""Networks and weights that the tests of predictions share."""

from __future__ import annotations

import numpy as np

from skdeep import CNNClassifier, DNNRegressor
from skdeep.networks._from_parameters import make_network


def network_of(estimator, input_shape, outputs, output_activation, **parameters):
    """Return the network that an estimator's parameters make."""
    given = {**estimator.get_params(), **parameters}
    return make_network(given, input_shape, outputs, output_activation)[0]


def dense(*units, inputs=13, outputs=1, output_activation="linear", **parameters):
    """Return a dense network whose output is linear, if not told otherwise."""
    return network_of(
        DNNRegressor(units), (inputs,), outputs, output_activation, **parameters
    )


def image(side=8, filters=(5,), **parameters):
    """Return a network for square images of 3 classes."""
    cnn = CNNClassifier(filters, hidden_layer_sizes=(9,), pooling="average")
    return network_of(cnn, (side, side, 2), 3, "softmax", **parameters)


def weights_of(network, seed=0):
    """Draw weights that keep the size of values; every variance is positive."""
    generator = np.random.RandomState(seed)
    weights = []
    for spec in network.weight_specs():
        fan_in = np.prod(spec.shape[:-1]) if spec.role == "kernel" else 1
        shift = 0.5 if spec.role == "kernel" else -0.2
        drawn = generator.uniform(size=spec.shape) - shift
        drawn *= (12 / fan_in) ** 0.5
        weights.append(drawn.astype(network.compute_dtype))
    return weights
