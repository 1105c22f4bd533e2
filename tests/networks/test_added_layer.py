"""A new kind of layer is one class and one parameter: here is one, made for the test.

Nothing else in skdeep is told of it, and yet it trains, predicts, becomes a Keras
model and an ONNX file, and is saved and loaded.
"""

from __future__ import annotations

import inspect
import pickle
from dataclasses import dataclass

import keras
import numpy as np
import onnxruntime
import pytest
from keras import ops

import skdeep
from skdeep import DNNRegressor
from skdeep.engine import cache_info
from skdeep.engine._random import draw_seeds
from skdeep.export._onnx import onnx_model
from skdeep.networks._network import WeightSpec
from skdeep.networks.layers._dense import Dense
from skdeep.networks.layers._layer import Layer, LayerOutput, Place

EPSILON = 1e-3
RNG = np.random.RandomState(0)
X = RNG.normal(size=(50, 5)).astype(np.float32)
Y = X @ RNG.normal(size=5)


@dataclass(frozen=True)
class RowNormalization(Layer):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta over the units of a row.

    ``shrink`` penalises gamma with a number of the run.
    """

    shrink: bool

    places = (Place.NORMALIZATION,)

    @classmethod
    def from_parameters(cls, site):
        """Stand behind every kernel but the output's."""
        if site.parameters.get("row_normalization"):
            name = f"{site.owner}_row_normalization"
            yield cls(site.parameters["shrink"] > 0, name=name, dtype=site.dtype)

    @property
    def hyperparameter_names(self):
        """The penalty, if there is one."""
        return ("shrink",) if self.shrink else ()

    def weight_specs(self, input_shape):
        """Two vectors."""
        roles = ("gamma", "beta")
        return [WeightSpec(self.name, role, input_shape[-1:]) for role in roles]

    def call(self, arrays, x, context):
        """Normalise every row by itself."""
        gamma, beta = arrays
        mean = ops.mean(x, axis=-1, keepdims=True)
        scale = ops.rsqrt(ops.var(x, axis=-1, keepdims=True) + EPSILON)
        penalty = None
        if self.shrink:
            penalty = context.hyperparameters["shrink"] * ops.sum(ops.square(gamma))
        return LayerOutput((x - mean) * scale * gamma + beta, penalty)

    def to_keras(self, x, hyperparameters):
        """Keras' LayerNormalization."""
        shrink = hyperparameters.get("shrink", 0.0)
        return keras.layers.LayerNormalization(
            epsilon=EPSILON,
            gamma_regularizer=keras.regularizers.L2(shrink),
            name=self.name,
            dtype=self.dtype,
        )(x)

    def to_onnx(self, graph, x, arrays, input_shape):
        """LayerNormalization of ONNX."""
        constants = map(graph.constant, arrays)
        return graph.add("LayerNormalization", x, *constants, axis=1, epsilon=EPSILON)


def with_parameters(constructor, **defaults):
    """Give the signature of a constructor more parameters."""
    signature = inspect.signature(constructor)
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
        for name, default in defaults.items()
    ]
    return signature.replace(parameters=[*signature.parameters.values(), *more])


class RowNormalizedRegressor(DNNRegressor):
    """A DNNRegressor with the parameters of the new layer."""

    _parameter_constraints = {
        **DNNRegressor._parameter_constraints,
        "row_normalization": ["boolean"],
        "shrink": [float],
    }

    def __init__(self, *args, row_normalization=True, shrink=0.01, **parameters):
        super().__init__(*args, **parameters)
        self.row_normalization = row_normalization
        self.shrink = shrink

    __init__.__signature__ = with_parameters(
        DNNRegressor.__init__, row_normalization=True, shrink=0.01
    )


SMALL = {
    "hidden_layer_sizes": (8, 6),
    "epochs": 4,
    "batch_size": 16,
    "dropout": 0.0,
    "normalize_y": False,
    "random_state": 3,
}


@pytest.fixture(scope="module")
def net():
    """A regressor with the new layer, fitted."""
    return RowNormalizedRegressor(**SMALL, shuffle=False).fit(X, Y)


@pytest.mark.fast
def test_it_stands_behind_every_kernel(net):
    """The stack has the layer where its class says it stands."""
    names = [layer.name for layer in net._fitted.network.layers]

    assert names == [
        "hidden_1",
        "hidden_1_row_normalization",
        "hidden_1_activation",
        "hidden_2",
        "hidden_2_row_normalization",
        "hidden_2_activation",
        "output",
    ]


def test_it_trains_as_in_keras(net):
    """Losses and weights, penalty included, equal those of its twin in Keras."""
    network = net._fitted.network
    start = network.draw_weights(draw_seeds(net.random_state).weights)
    model = network.to_keras({"shrink": net.shrink}, start)
    adam = keras.optimizers.Adam(0.001)
    model.compile(adam, "mean_squared_error", jit_compile=False)
    adam.build(model.trainable_variables)  # before Keras traces, once, not twice
    history = model.fit(X, Y, batch_size=16, epochs=4, shuffle=False, verbose=0)

    for jit in (False, True):
        own = RowNormalizedRegressor(**SMALL, shuffle=False, jit_compile=jit).fit(X, Y)
        np.testing.assert_allclose(own.loss_curve_, history.history["loss"], rtol=2e-4)
        for ours, theirs in zip(own._fitted.weights, model.get_weights(), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-5)


def test_its_number_is_no_part_of_the_program(empty_cache):
    """Another value of its hyperparameter finds the same program, none adds one."""
    for shrink in (0.01, 0.02, 0.0):
        RowNormalizedRegressor(**SMALL, shrink=shrink, jit_compile=False).fit(X, Y)

    assert cache_info().misses == 2


def test_other_estimators_do_without_it():
    """An estimator that lacks the parameter has the layers that it had."""
    fitted = DNNRegressor(**{**SMALL, "epochs": 1}, jit_compile=False).fit(X, Y)

    kinds = {type(layer).__name__ for layer in fitted._fitted.network.layers}

    assert kinds == {"Dense", "Activation", "Output"}


def test_its_keras_model_predicts_the_same(net):
    """``model_`` has the twin, with the trained weights."""
    found = np.asarray(net.model_(X))[:, 0]

    np.testing.assert_allclose(found, net.predict(X), rtol=1e-5, atol=1e-5)


def test_its_onnx_file_predicts_the_same(net):
    """ONNX Runtime gives the same predictions."""
    model = onnx_model(net._fitted).SerializeToString()

    session = onnxruntime.InferenceSession(model)

    found = session.run(["output"], {"input": X})[0][:, 0]
    np.testing.assert_allclose(found, net.predict(X), rtol=1e-5, atol=1e-5)


def test_it_is_saved_without_pickle(net, tmp_path):
    """A file names the class, and a process that knows it reads the file."""
    plain = DNNRegressor(**{**SMALL, "epochs": 1}, jit_compile=False).fit(X, Y)
    plain._fitted = net._fitted

    skdeep.save(plain, tmp_path / "net.skdeep")
    loaded = skdeep.load(tmp_path / "net.skdeep")

    assert loaded._fitted.network == net._fitted.network
    np.testing.assert_array_equal(loaded.predict(X), net.predict(X))


def test_networks_with_it_are_pickled(net):
    """A copy of the network is equal, and so finds the same program."""
    network = net._fitted.network
    assert network.for_prediction != network  # and is remembered

    copy = pickle.loads(pickle.dumps(network))

    assert copy == network
    assert hash(copy) == hash(network)


def test_a_name_is_taken_once():
    """Two classes of one name would be one class in a file."""
    with pytest.raises(TypeError, match=r"new name .* got Dense of .*Choose another"):
        type("Dense", (Layer,), {})


def test_a_class_that_inherits_its_parameters_stands_nowhere():
    """A subclass of a layer is no second layer in every network."""

    class WideDense(Dense):
        """Dense by another name."""

    fitted = DNNRegressor(**{**SMALL, "epochs": 1}, jit_compile=False).fit(X, Y)

    kinds = [type(layer) for layer in fitted._fitted.network.layers]
    assert WideDense not in kinds
    assert kinds.count(Dense) == 2


@pytest.mark.fast
def test_a_layer_with_a_call_of_its_own_does_not_inherit_numpys():
    """What the parent computes without TensorFlow would be another network."""

    class Negated(Dense):
        def call(self, arrays, x, context):
            """Multiply with the other sign."""
            return super().call(arrays, -x, context)

    class Renamed(Dense):
        """The same layer by another name."""

    assert not Negated(3, name="hidden_1").runs_in_numpy
    assert Renamed(3, name="hidden_1").runs_in_numpy
