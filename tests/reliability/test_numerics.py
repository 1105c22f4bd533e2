"""Gradients against finite differences, weights against copies, extreme inputs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from skdeep import CNNRegressor, DNNClassifier, DNNRegressor
from skdeep.keras_objects._losses import Quantile
from skdeep.networks._from_parameters import make_network
from skdeep.networks._network import CallContext

RNG = np.random.RandomState(0)
N = 6
TABLE = RNG.normal(size=(N, 4))
IMAGES = RNG.normal(size=(N, 4, 4, 2))
Y = RNG.normal(size=(N, 1))
MASK = np.array([1.0, 1, 1, 1, 1, 0])  # the last row is padding
STEP = 1e-6
OPTIMIZERS = [
    "adadelta",
    "adafactor",
    "adagrad",
    "adam",
    "adamax",
    "adamw",
    "ftrl",
    "lion",
    "nadam",
    "rmsprop",
    "sgd",
]


def table_network(output_activation="linear", **parameters):
    """Stack a network of one hidden layer in double precision."""
    small = DNNRegressor((3,), activation="tanh", dtype="float64").get_params()
    return make_network(small | parameters, (4,), 1, output_activation)[0]


def image_network(**parameters):
    """Stack a network of one convolution in double precision."""
    small = CNNRegressor(
        (2,),
        kernel_size=(3, 2),
        pool_size=None,
        hidden_layer_sizes=(),
        activation="tanh",
        dtype="float64",
    ).get_params()
    return make_network(small | parameters, (4, 4, 2), 1, "linear")[0]


NETWORKS = {
    "linear": table_network(hidden_layer_sizes=()),
    "dense": table_network(),
    "two dense layers": table_network(hidden_layer_sizes=(3, 2)),
    "dropout": table_network(dropout=0.3, input_dropout=0.3),
    "maxout": table_network(activation="maxout"),
    "leaky relu": table_network(
        activation="leaky_relu", activation_params={"negative_slope": 0.3}
    ),
    "batch normalisation": table_network(batch_normalization=True),
    "l1": table_network(l1=0.3),
    "l2": table_network(l2=0.3),
    "l2 of a linear model": table_network(hidden_layer_sizes=(), l2=0.3),
    "activity l1": table_network(activity_l1=0.3),
    "periodic": table_network(
        numeric_embedding="periodic", numeric_features=(0, 2), embedding_terms=3
    ),
    "convolution": image_network(),
    "convolution, valid": image_network(kernel_size=2, padding="valid"),
    "max pooling": image_network(pool_size=2),
    "average pooling": image_network(pool_size=2, pooling="average"),
    "normalised convolution": image_network(batch_normalization=True),
    "convolution of maxout": image_network(activation="maxout"),
    "activity l1 of images": image_network(activity_l1=0.3),
    "exponential output": table_network("exponential"),
}
FIXED_MASKS = {"input_dropout": [0.0, 1, 1, 1], "dropout_0": [1.0, 0, 1]}


def squared_error(y, outputs):
    """Return one loss per row."""
    return (y - outputs)[:, 0] ** 2


def drop(name, x):
    """Drop the same units of every row, as a mask once drawn does."""
    return x * np.array(FIXED_MASKS[name]) / 0.7


def loss_of(network, weights, values):
    """Return the training loss: mean over rows that count, plus penalties."""
    import tensorflow as tf

    hyperparameters = dict.fromkeys(network.hyperparameter_names, 0.3)
    X = IMAGES if len(network.input_shape) > 1 else TABLE
    mask = tf.constant(MASK)
    context = CallContext(hyperparameters, mask, drop)
    result = network.call(weights, tf.constant(X), context)
    per_row = values(tf.constant(Y), network.predictions(result.logits))
    return tf.reduce_sum(per_row * mask) / tf.reduce_sum(mask) + result.penalty


def largest_difference(network, values):
    """Compare all gradients with central differences, relative to their size."""
    import tensorflow as tf

    start = network.draw_weights(3)
    rng = np.random.RandomState(1)
    start = [w + 0.1 * rng.normal(size=w.shape) for w in start]
    variables = [tf.Variable(w) for w in start]
    with tf.GradientTape() as tape:
        loss = loss_of(network, variables, values)
    gradients = tape.gradient(
        loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    worst = 0.0
    for position, gradient in enumerate(gradients):
        for place in range(min(start[position].size, 12)):
            ends = []
            for sign in (1, -1):
                moved = [w.copy() for w in start]
                moved[position].flat[place] += sign * STEP
                ends.append(float(loss_of(network, moved, values)))
            expected = (ends[0] - ends[1]) / (2 * STEP)
            error = abs(gradient.numpy().flat[place] - expected)
            worst = max(worst, error / max(1.0, abs(expected)))
    return worst


@pytest.mark.fast
@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_of_layers_and_penalties_are_those_of_differences(name):
    """Every kind of layer and penalty has the gradient of what it computes."""
    assert largest_difference(NETWORKS[name], squared_error) < 1e-7


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_gradients_of_the_quantile_loss_are_those_of_differences(quantile):
    """The pinball loss has the gradient of what it computes."""
    assert largest_difference(table_network(), Quantile(quantile).call) < 1e-7


@pytest.mark.fast
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_weight_of_k_is_k_copies(optimizer):
    """In a full batch a row of weight k trains like k rows, whatever the optimizer."""
    weight = np.array([1, 3, 2, 1, 4, 1])
    copies = np.repeat(np.arange(N), weight)
    net = DNNRegressor(
        (3,),
        activation="tanh",
        optimizer=optimizer,
        learning_rate=0.01,
        l2=0.01,
        epochs=20,
        batch_size=64,
        random_state=0,
        dtype="float64",
        jit_compile=False,
    )
    y = Y[:, 0]

    weighted = net.fit(TABLE, y, sample_weight=weight).predict(TABLE)
    copied = net.fit(TABLE[copies], y[copies]).predict(TABLE)

    np.testing.assert_allclose(weighted, copied, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_class_weight_of_k_is_k_copies(optimizer):
    """The same for the weights of classes."""
    labels = np.array([0, 0, 1, 1, 2, 2])
    copies = np.repeat(np.arange(N), np.array([2, 1, 3])[labels])
    net = DNNClassifier(
        (3,),
        optimizer=optimizer,
        learning_rate=0.01,
        epochs=20,
        batch_size=64,
        random_state=0,
        dtype="float64",
        jit_compile=False,
    )

    weighted = net.set_params(class_weight={0: 2, 1: 1, 2: 3}).fit(TABLE, labels)
    weighted = weighted.predict_proba(TABLE)
    copied = net.set_params(class_weight=None).fit(TABLE[copies], labels[copies])

    np.testing.assert_allclose(weighted, copied.predict_proba(TABLE), rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_extreme_rows_train_in_double_precision(scale):
    """Numbers of size 1e-30 and 1e30 give finite losses and predictions in float64."""
    net = DNNRegressor(
        (3,), epochs=5, normalize_y=False, dtype="float64", random_state=0
    )
    y = Y[:, 0] * scale

    with pytest.warns(UserWarning, match="y should be of size 1"):
        net.fit(TABLE * scale, y)

    assert np.isfinite(net.loss_curve_).all()
    assert np.isfinite(net.predict(TABLE * scale)).all()


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_extreme_targets_are_learnt_when_normalized(scale):
    """With normalize_y a target of any size is learnt like one of size 1."""
    net = DNNRegressor(
        (8,),
        epochs=60,
        learning_rate=0.05,
        normalize_y=True,
        dtype="float64",
        random_state=0,
        jit_compile=False,
    )
    y = TABLE[:, 0] * scale

    score = net.fit(TABLE, y).score(TABLE, y)

    assert score > 0.9


def normalizing(**parameters):
    """Return a regressor that learns a linear target, whatever its unit."""
    small = {"epochs": 30, "learning_rate": 0.05, "random_state": 0}
    return DNNRegressor((8,), normalize_y=True, jit_compile=False, **small | parameters)


@pytest.mark.parametrize("unit", [2.0**1000, 2.0**-700, 2.0**-1000])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_unit_of_a_normalized_target_changes_no_digit(unit, weighted):
    """Targets of size 1e301 and 1e-301 train and are predicted like those of size 1."""
    y = np.column_stack([TABLE[:, 0] + 3, TABLE[:, 1] - 7])
    weight = np.linspace(0.5, 2, len(y)) * (8e307 if weighted else 1)
    expected = normalizing().fit(TABLE, y, sample_weight=weight)

    net = normalizing().fit(TABLE, y * unit, sample_weight=weight)

    assert net.loss_curve_ == expected.loss_curve_
    assert net.loss_curve_[-1] < 0.5 * net.loss_curve_[0]
    np.testing.assert_array_equal(net.predict(TABLE), expected.predict(TABLE) * unit)


@pytest.mark.parametrize("value", [0.1, 1e300, 1e-310])
def test_a_constant_target_is_predicted(value):
    """A target without variation has its value as mean, and deviation 1."""
    y = np.full(len(TABLE), value)
    weight = np.linspace(0.1, 3, len(TABLE))

    net = normalizing(epochs=1).fit(TABLE, y, sample_weight=weight)

    assert net._head.scale.tolist() == [1.0]
    assert net._head.offset.tolist() == [value]
    assert net.history_["loss"][0] < 10


def test_predictions_that_overflow_in_their_units_are_refused():
    """What is finite in the network and infinite in units of y is an error."""
    y = TABLE[:, 0] / np.abs(TABLE[:, 0]).max() * 1.7e308
    net = normalizing().fit(TABLE, y)

    with pytest.raises(ValueError, match="overflow float64 in the units of the target"):
        net.predict(TABLE * 100)


@pytest.mark.parametrize("unit", [1e300, 1e-200])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_units_that_other_programs_would_round_are_refused(unit, dtype, tmp_path):
    """A Keras or ONNX model gives numbers in units of y, or is not made."""
    net = normalizing(epochs=1, dtype=dtype).fit(TABLE, TABLE[:, 0] * unit)

    with pytest.raises(ValueError, match=r"means of y must lie .* got deviations"):
        _ = net.model_
    with pytest.raises(ValueError, match="Measure y in another unit"):
        net.export(tmp_path / "net.onnx", format="onnx")


def test_weights_that_overflow_together_are_refused():
    """A sample weight and a class weight may be huge, their product may not."""
    labels = np.arange(len(TABLE)) % 2
    net = DNNClassifier((3,), class_weight={0: 1e10, 1: 1.0})

    with pytest.raises(ValueError, match=r"must be finite; got weights up to 1e\+300"):
        net.fit(TABLE, labels, sample_weight=np.full(len(TABLE), 1e300))


@pytest.mark.parametrize("value", [0.0, 1.0, -1e6])
def test_constant_columns_do_no_harm(value):
    """Columns without any variation give finite losses, with normalised layers too."""
    X = np.full((20, 3), value)
    X[:, 0] = np.linspace(-1, 1, 20)
    net = DNNRegressor(
        (4,), batch_normalization=True, epochs=5, random_state=0, jit_compile=False
    )

    net.fit(X, X[:, 0])

    assert np.isfinite(net.loss_curve_).all()
    assert np.isfinite(net.predict(X)).all()


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_matrix], ids=["dense", "csr"])
def test_ten_thousand_one_hot_columns_are_learnt(kind):
    """Rows of 10,000 columns with a single one are learnt by heart."""
    n_rows, n_columns = 60, 10_000
    hot = RNG.choice(n_columns, n_rows, replace=False)
    X = sparse.csr_matrix(
        (np.ones(n_rows), (np.arange(n_rows), hot)), shape=(n_rows, n_columns)
    )
    labels = np.arange(n_rows) % 2
    net = DNNClassifier(
        (8,), epochs=30, learning_rate=0.05, random_state=0, jit_compile=False
    )

    score = net.fit(kind(X.toarray()), labels).score(X, labels)

    assert score == 1.0
