"""One value for all layers or one for each: activations, normalisation, penalties."""

import numpy as np
import pytest

from skdeep import CNNClassifier, DNNClassifier, DNNRegressor
from skdeep.engine import cache_info
from skdeep.exceptions import InvalidNetworkError

RNG = np.random.RandomState(0)
X = RNG.normal(size=(40, 5))
IMAGES = RNG.uniform(size=(40, 8, 8, 2))
Y = RNG.randint(3, size=40)
# With Adam a program takes a quarter longer to compile.
SMALL = {"epochs": 1, "optimizer": "sgd", "random_state": 0, "jit_compile": False}


def layers_of(fitted):
    """Return the names of the layers."""
    return [layer.name for layer in fitted._fitted.network.layers]


@pytest.mark.fast
def test_convolutions_come_first_and_hidden_layers_then():
    """Every layer in front of the output has its value, in the order of the rows."""
    fitted = CNNClassifier(
        (2, (3, 4)),
        hidden_layer_sizes=(5,),
        activation=("tanh", "relu", "elu", "linear"),
        batch_normalization=(True, False, "after", False),
        conv_dropout=(0.0, 0.2),
        global_pooling="average",
        **SMALL,
    ).fit(IMAGES, Y)

    found = {
        layer.name: layer.activation
        for layer in fitted._fitted.network.layers
        if hasattr(layer, "activation")
    }
    assert list(found.values()) == ["tanh", "relu", "elu", "linear", "softmax"]
    assert layers_of(fitted) == [
        "convolution_1",
        "convolution_1_normalization",
        "convolution_1_activation",
        "pooling_1",
        "convolution_2",
        "convolution_2_activation",
        "convolution_3",
        "convolution_3_activation",
        "convolution_3_normalization",
        "pooling_2",
        "conv_dropout_2",
        "global_pooling",
        "hidden_1",
        "hidden_1_activation",
        "output",
    ]


def test_equal_values_per_layer_are_one_value():
    """A tuple of the same value trains the network of that value."""
    one = {"activation": "tanh", "batch_normalization": True, "l2": 0.1}
    each = {name: (value,) * 2 for name, value in one.items()}

    single = DNNRegressor((4, 3), **one, **SMALL).fit(X, Y)
    several = DNNRegressor((4, 3), **each, **SMALL).fit(X, Y)

    np.testing.assert_allclose(several.predict(X), single.predict(X), rtol=1e-5)
    np.testing.assert_allclose(several.loss_curve_, single.loss_curve_, rtol=1e-5)


def test_penalties_per_layer_are_numbers_of_the_run(empty_cache):
    """Other numbers need no new program; one for the output counts there."""
    weights = []
    for l2 in [(0.001, 0.002, 0.003), (0.002, 0.001, 3.0)]:
        longer = {**SMALL, "epochs": 50, "learning_rate": 0.1, "jit_compile": True}
        fitted = DNNClassifier((4, 3), l2=l2, **longer).fit(X, Y)
        weights.append(np.abs(fitted._fitted.weights[-2]).max())

    assert cache_info().misses == 1
    assert weights[1] < 0.1 < weights[0]


def test_conv_dropout_drops_in_training_only():
    """Rates change what is learnt, and predictions have no chance in them."""
    start = CNNClassifier((3,), hidden_layer_sizes=(), **SMALL)
    plain = start.fit(IMAGES, Y).predict_proba(IMAGES)

    dropped = start.set_params(conv_dropout=0.5).fit(IMAGES, Y)

    found = dropped.predict_proba(IMAGES)
    assert np.abs(found - plain).max() > 1e-4
    np.testing.assert_array_equal(found, dropped.predict_proba(IMAGES))


@pytest.mark.parametrize(
    ("says", "parameters"),
    [
        ("activation must be one value or one per layer", {"activation": ("relu",)}),
        ("'relu'", {"activation": ("relu", "rleu")}),
        ('"linear"', {"activation": ("relu", None)}),
        (
            "takes the parameters",
            {"activation": ("elu", "tanh"), "activation_params": {"alpha": 2.0}},
        ),
        ("None per layer", {"activation_params": (None, 3)}),
        ("layer, convolutions first (2)", {"batch_normalization": (True,) * 3}),
        ('"after"', {"batch_normalization": ("before", True)}),
        ("(2, or one more for the output)", {"l1": (0.1,)}),
        ("finite numbers of at least 0", {"l1": (0.1, -0.1)}),
        ("finite numbers of at least 0", {"l2": (0.1, True)}),
        ("finite numbers of at least 0", {"l2": (0.1, "a")}),
    ],
)
def test_values_that_fit_no_layer_are_refused(says, parameters):
    """Too many, too few and wrong values are told with what would be right."""
    with pytest.raises(InvalidNetworkError) as caught:
        DNNClassifier((4, 3), **parameters, **SMALL).fit(X, Y)

    assert says in str(caught.value)


def test_rates_per_block_are_counted():
    """A rate more than there are blocks is refused."""
    with pytest.raises(InvalidNetworkError, match="one per block of filters"):
        CNNClassifier((3, 4), conv_dropout=(0.1,), **SMALL).fit(IMAGES, Y)
