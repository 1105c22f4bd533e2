"""Plain Keras is the oracle: same weights and batches, same losses and weights.

Every case trains the estimator without shuffling, and ``keras.Model.fit`` on the
standard model with the same initial weights; 50 rows and a batch of 16 make the last
batch ragged.
"""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from skdeep import (
    CNNClassifier,
    CNNRegressor,
    DNNClassifier,
    DNNRegressor,
    RNNRegressor,
)
from skdeep.data._training_data import TrainingData
from skdeep.engine._random import draw_seeds

N_ROWS, EPOCHS, BATCH_SIZE = 50, 4, 16
MODES = (False, True)  # NumPy if it can, else a graph; XLA
RNG = np.random.RandomState(0)
X = RNG.normal(size=(N_ROWS, 5))
IMAGES = RNG.uniform(size=(N_ROWS, 7, 6, 2))
Y_NUMBER = X @ RNG.normal(size=5) + 0.1 * RNG.normal(size=N_ROWS)
Y_BINARY = (Y_NUMBER > 0).astype(int)
Y_CLASSES = np.digitize(Y_NUMBER, [-1, 1])
WEIGHTS = RNG.uniform(0.2, 3, size=N_ROWS)
WEIGHTS /= WEIGHTS.mean()
SMALL = {
    "hidden_layer_sizes": (6,),
    "epochs": EPOCHS,
    "batch_size": BATCH_SIZE,
    "shuffle": False,
    "random_state": 3,
}
# Keras trains on the target as it is.
PLAIN = {**SMALL, "normalize_y": False}
# Of layers and losses SGD tells as much as Adam, whose formula is most of a program.
RATE = 0.02
BY_SGD = {"optimizer": "sgd", "learning_rate": RATE}
LOSSES = {
    "regression": lambda: keras.losses.MeanSquaredError(),
    "binary": lambda: keras.losses.BinaryCrossentropy(),
    "multiclass": lambda: keras.losses.SparseCategoricalCrossentropy(),
}

OPTIMIZERS = {
    "sgd": ({"learning_rate": 0.05}, {}),
    "sgd momentum": ({"learning_rate": 0.02, "momentum": 0.9, "nesterov": True}, {}),
    "rmsprop": ({"learning_rate": 0.01}, {"rho": 0.8}),
    "adam": ({"learning_rate": 0.01}, {"amsgrad": True, "beta_1": 0.8}),
    "adamw": ({"learning_rate": 0.01}, {"weight_decay": 0.1}),
    "adamw decaying": ({"learning_rate": 0.01, "weight_decay": 0.2}, {}),
    "sgd decaying": ({"learning_rate": 0.02, "weight_decay": 0.3}, {"momentum": 0.9}),
    "adagrad": ({"learning_rate": 0.05}, {}),
    "adadelta": ({"learning_rate": 1.0}, {"rho": 0.9}),
    "adamax": ({"learning_rate": 0.01}, {}),
    "nadam": ({"learning_rate": 0.01}, {}),
    "ftrl": ({"learning_rate": 0.05}, {}),
    "lion": ({"learning_rate": 0.003}, {}),
    "adafactor": ({"learning_rate": 0.05}, {}),
    "sgd accumulating": ({"learning_rate": 0.05}, {"gradient_accumulation_steps": 2}),
    "adam accumulating": (
        {"learning_rate": 0.01},
        {"gradient_accumulation_steps": 3, "clipnorm": 0.5, "weight_decay": 0.01},
    ),
    "adam averaging": (
        {"learning_rate": 0.01},
        {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
    ),
}

# Four batches need no pipeline that is rewritten and watched, for a sixth of the time.
AS_THEY_ARE = tf.data.Options()
AS_THEY_ARE.autotune.enabled = False
AS_THEY_ARE.experimental_optimization.apply_default_optimizations = False


def keras_fit(estimator, X, y, optimizer, loss, sample_weight=None, **fit_arguments):
    """Train the standard model from the estimator's initial weights.

    An optimizer that has its variables before it is used lets Keras trace once, not
    twice; and batches that are made take half the time of arrays to be cut.
    """
    network = estimator._fitted.network
    seed = draw_seeds(estimator.random_state).weights
    start = network.draw_weights(seed, TrainingData(X, y, np.ones(len(X))))
    model = network.to_keras(estimator._fitted.hyperparameters, start)
    model.compile(optimizer=optimizer, loss=loss, jit_compile=False)
    optimizer.build(model.trainable_variables)
    given = (X.astype(network.compute_dtype), y, sample_weight)
    rows = tf.data.Dataset.from_tensor_slices(
        given[: 2 if sample_weight is None else 3]
    )
    batches = rows.batch(estimator.batch_size).with_options(AS_THEY_ARE)
    history = model.fit(
        batches,
        epochs=estimator.epochs,
        shuffle=False,
        verbose=0,
        **fit_arguments,
    )
    return model.get_weights(), history.history


def assert_same_training(estimator, oracle, *, rtol=2e-4, atol=2e-5):
    """Compare losses of all epochs and final weights."""
    weights, history = oracle
    for name in {"loss", "val_loss"} & set(history):
        np.testing.assert_allclose(estimator.history_[name], history[name], rtol=rtol)
    for ours, theirs in zip(estimator._fitted.weights, weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol)


@pytest.mark.fast
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_takes_the_steps_of_keras(name):
    """Losses and weights after 16 updates equal those of Keras' own loop."""
    own, params = OPTIMIZERS[name]
    kind = name.split()[0]
    settings = {**PLAIN, "optimizer": kind, **own}
    estimator = DNNRegressor(**settings, optimizer_params=params)
    theirs = keras.optimizers.get({"class_name": kind, "config": {**own, **params}})

    estimator.fit(X, Y_NUMBER)

    oracle = keras_fit(estimator, X, Y_NUMBER, theirs, LOSSES["regression"]())
    for jit_compile in MODES:
        estimator.set_params(jit_compile=jit_compile).fit(X, Y_NUMBER)
        assert_same_training(estimator, oracle)


NETWORKS = {
    "plain": {"hidden_layer_sizes": (8, 6)},
    "linear": {"hidden_layer_sizes": ()},
    "l1 and l2": {"hidden_layer_sizes": (8, 6), "l1": 0.01, "l2": 0.02},
    "linear with l2": {"hidden_layer_sizes": (), "l2": 0.05},
    "activity": {"activity_l1": 0.01},
    "batch normalisation": {"batch_normalization": True},
    "batch normalisation with all": {
        "hidden_layer_sizes": (8, 6),
        "batch_normalization": True,
        "l1": 0.001,
        "l2": 0.002,
        "activity_l1": 0.003,
    },
    "max norm": {"max_norm": 0.5},
    "leaky relu": {
        "activation": "leaky_relu",
        "activation_params": {"negative_slope": 0.1},
    },
    "maxout": {"activation": "maxout", "activation_params": {"n_pieces": 3}},
    "one value per layer": {
        "hidden_layer_sizes": (8, 6),
        "activation": ("maxout", "tanh"),
        "activation_params": ({"n_pieces": 3}, None),
        "batch_normalization": (False, "after"),
        "l1": 0.01,
        "l2": (0.02, 0.0, 0.03),
    },
    "linear with an l2 of its own": {"hidden_layer_sizes": (), "l2": (0.05,)},
    "clipnorm": {"clipnorm": 0.1},
    "clipvalue": {"clipvalue": 0.01},
    "periodic embedding": {"numeric_embedding": "periodic", "l2": 0.01},
    "piecewise linear embedding of some columns": {
        "numeric_embedding": "piecewise_linear",
        "numeric_features": (0, 2, 3),
        "batch_normalization": True,
    },
}


@pytest.mark.fast
@pytest.mark.parametrize("name", NETWORKS)
def test_every_part_of_a_network_trains_as_in_keras(name):
    """Penalties, normalisation, constraints and activations equal Keras' layers."""
    estimator = DNNRegressor(**{**PLAIN, **BY_SGD, **NETWORKS[name]})
    clip = {k: v for k, v in NETWORKS[name].items() if k in ("clipnorm", "clipvalue")}
    optimizer = keras.optimizers.SGD(RATE, **clip)

    estimator.fit(X, Y_NUMBER)

    oracle = keras_fit(estimator, X, Y_NUMBER, optimizer, LOSSES["regression"]())
    for jit_compile in MODES:
        estimator.set_params(jit_compile=jit_compile).fit(X, Y_NUMBER)
        assert_same_training(estimator, oracle)


@pytest.mark.fast
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_sample_weights_count_as_in_keras(kind):
    """Weights of mean 1 have the effect they have in Keras."""
    y = {"binary": Y_BINARY, "multiclass": Y_CLASSES}[kind]
    target = y[:, np.newaxis] if kind == "binary" else y
    estimator = DNNClassifier(**SMALL, **BY_SGD).initialize(X, y)

    sgd = keras.optimizers.SGD(RATE)
    oracle = keras_fit(estimator, X, target, sgd, LOSSES[kind](), WEIGHTS)

    for jit_compile in MODES:
        estimator.set_params(jit_compile=jit_compile)
        estimator.fit(X, y, sample_weight=WEIGHTS * 7)
        assert_same_training(estimator, oracle)


def test_balanced_class_weights_count_as_in_keras():
    """class_weight="balanced" equals the same dict given to Keras."""
    y = (Y_NUMBER > 1).astype(int)
    share = {c: N_ROWS / (2 * np.sum(y == c)) for c in (0, 1)}
    estimator = DNNClassifier(**SMALL, class_weight="balanced")

    estimator.fit(X, y)

    oracle = keras_fit(
        estimator,
        X,
        y[:, np.newaxis],
        keras.optimizers.Adam(0.001),
        LOSSES["binary"](),
        class_weight=share,
    )
    assert_same_training(estimator, oracle)


CONVOLUTIONS = {
    "same": {},
    "valid": {"padding": "valid", "pool_size": None},
    "average pooling": {"pooling": "average"},
    # Normalised by the 2 rows of the last batch, a rounding of float32's seventh digit
    # grew to the fourth on some processors.
    "batch normalisation": {"batch_normalization": True, "dtype": "float64"},
    "blocks": {"filters": ((3, 4), (5,)), "pool_size": (2, None)},
    "maxout": {"activation": "maxout"},
    "penalties": {"l1": 0.001, "l2": 0.002, "activity_l1": 0.001},
    "one value per layer": {
        "activation": ("relu", "maxout", "tanh"),
        "batch_normalization": ("after", True, False),
        "l2": (0.0, 0.01, 0.02),
    },
    "global average pooling": {"global_pooling": "average"},
    "global max pooling": {"global_pooling": "max"},
}
OVER_SEQUENCES = {
    "average pooling": {"kernel_size": (3,), "pooling": "average", "max_norm": 0.5},
    "blocks": {
        "sequence_shape": (-1, 1),
        "filters": ((3, 4), (5,)),
        "pool_size": ((2,), None),
        "batch_normalization": True,
        "activation": "maxout",
        "global_pooling": "max",
    },
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions_train_as_in_keras(name):
    """Convolutional networks equal Keras' layers, graph mode."""
    small = {**SMALL, **BY_SGD, "hidden_layer_sizes": (8,), "filters": (3, 4)}
    estimator = CNNRegressor(**{**small, **CONVOLUTIONS[name]})

    estimator.fit(IMAGES, Y_NUMBER)

    loss = keras.losses.MeanSquaredError(dtype=estimator.dtype)
    optimizer = keras.optimizers.SGD(RATE)
    oracle = keras_fit(estimator, IMAGES, Y_NUMBER, optimizer, loss)
    assert_same_training(estimator, oracle)


@pytest.mark.parametrize("name", OVER_SEQUENCES)
def test_convolutions_over_sequences_train_as_in_keras(name):
    """Windows over steps equal Keras' Conv1D and what goes with it."""
    small = {**SMALL, "hidden_layer_sizes": (8,), "filters": (3, 4), "optimizer": "sgd"}
    rate = RATE / 4  # with larger steps another of nearly equal values is the largest
    estimator = CNNRegressor(**small | OVER_SEQUENCES[name], learning_rate=rate)
    optimizer = keras.optimizers.SGD(rate)
    steps = IMAGES[:, 0]

    estimator.fit(steps, Y_NUMBER)

    loss = LOSSES["regression"]()
    oracle = keras_fit(estimator, steps, Y_NUMBER, optimizer, loss)
    assert_same_training(estimator, oracle)


def test_convolutions_train_as_in_keras_under_xla():
    """A convolutional network forced through XLA equals Keras, too."""
    estimator = CNNClassifier(
        **{**SMALL, "hidden_layer_sizes": (8,)}, filters=(3,), jit_compile=True
    )

    estimator.fit(IMAGES, Y_CLASSES)

    oracle = keras_fit(
        estimator, IMAGES, Y_CLASSES, keras.optimizers.Adam(), LOSSES["multiclass"]()
    )
    assert_same_training(estimator, oracle)


def test_double_precision_agrees_to_ten_digits():
    """In float64 the loops give the same weights to 1e-10, with and without XLA."""
    rate = 2.0**-10  # Keras keeps learning rates in float32
    estimator = DNNRegressor(
        **PLAIN, dtype="float64", optimizer="sgd", learning_rate=rate
    )
    loss = keras.losses.MeanSquaredError(dtype="float64")
    optimizer = keras.optimizers.SGD(rate)

    weights, _ = keras_fit(estimator.fit(X, Y_NUMBER), X, Y_NUMBER, optimizer, loss)

    for jit_compile in MODES:
        estimator.set_params(jit_compile=jit_compile).fit(X, Y_NUMBER)
        for ours, theirs in zip(estimator._fitted.weights, weights, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-10)


LOSS_CASES = {
    "huber": (DNNRegressor, Y_NUMBER, {"loss_params": {"delta": 0.3}}),
    "mean_absolute_error": (DNNRegressor, Y_NUMBER, {}),
    "log_cosh": (DNNRegressor, Y_NUMBER, {}),
    "poisson": (DNNRegressor, np.abs(Y_NUMBER), {}),
    "mean_squared_logarithmic_error": (
        DNNRegressor,
        np.abs(Y_NUMBER),
        {"output_activation": "softplus"},
    ),
    "binary_focal_crossentropy": (DNNClassifier, Y_BINARY, {}),
    "mean_squared_error": (DNNClassifier, Y_BINARY, {}),
}


@pytest.mark.parametrize("loss", LOSS_CASES)
def test_losses_by_name_are_those_of_keras(loss):
    """A loss given by name trains as the Keras loss of that name."""
    cls, y, changes = LOSS_CASES[loss]
    common = PLAIN if cls is DNNRegressor else SMALL
    estimator = cls(**common, **BY_SGD, loss=loss, **changes)

    estimator.fit(X, y)

    parameters = changes.get("loss_params", {})
    theirs = keras.losses.get({"class_name": loss, "config": parameters})
    if callable(theirs) and not isinstance(theirs, keras.losses.Loss):
        names = "".join(part.title() for part in loss.split("_"))
        theirs = getattr(keras.losses, names)(**parameters)
    sgd = keras.optimizers.SGD(RATE)
    oracle = keras_fit(estimator, X, y[:, np.newaxis], sgd, theirs)
    assert_same_training(estimator, oracle)


def test_one_hot_losses_get_one_hot_targets():
    """categorical_crossentropy with label smoothing trains as in Keras."""
    params = {"label_smoothing": 0.1}
    estimator = DNNClassifier(
        **SMALL, **BY_SGD, loss="categorical_crossentropy", loss_params=params
    )

    estimator.fit(X, Y_CLASSES)

    oracle = keras_fit(
        estimator,
        X,
        np.eye(3)[Y_CLASSES],
        keras.optimizers.SGD(RATE),
        keras.losses.CategoricalCrossentropy(**params),
    )
    assert_same_training(estimator, oracle)


SMOOTHED = {
    "binary": (Y_BINARY[:, np.newaxis], keras.losses.BinaryCrossentropy),
    "multiclass": (np.eye(3)[Y_CLASSES], keras.losses.CategoricalCrossentropy),
}


@pytest.mark.parametrize("kind", SMOOTHED)
def test_labels_are_smoothed_as_in_keras(kind):
    """label_smoothing is that of the cross-entropy of the target."""
    target, loss = SMOOTHED[kind]
    y = {"binary": Y_BINARY, "multiclass": Y_CLASSES}[kind]
    estimator = DNNClassifier(**SMALL, **BY_SGD, label_smoothing=0.2)

    estimator.fit(X, y)

    theirs = loss(label_smoothing=0.2)
    oracle = keras_fit(estimator, X, target, keras.optimizers.SGD(RATE), theirs)
    assert_same_training(estimator, oracle)


def test_validation_losses_are_those_of_keras():
    """val_loss, penalties included, equals Keras' evaluation after every epoch."""
    estimator = DNNRegressor(**PLAIN, l2=0.01, activity_l1=0.01)

    estimator.fit(X[:30], Y_NUMBER[:30], X_val=X[30:], y_val=Y_NUMBER[30:])

    oracle = keras_fit(
        estimator,
        X[:30],
        Y_NUMBER[:30],
        keras.optimizers.Adam(),
        LOSSES["regression"](),
        validation_data=(X[30:], Y_NUMBER[30:]),
        validation_batch_size=BATCH_SIZE,
    )
    assert_same_training(estimator, oracle)


@pytest.mark.parametrize("scheduled", [False, True])
def test_learning_rates_follow_decay_and_schedules(scheduled):
    """decay=d equals Keras' InverseTimeDecay, and a schedule equals itself."""
    schedule = keras.optimizers.schedules.InverseTimeDecay(0.05, 1, 0.1)
    changes = (
        {"learning_rate": schedule}
        if scheduled
        else {"learning_rate": 0.05, "decay": 0.1}
    )
    estimator = DNNRegressor(**PLAIN, optimizer="sgd", **changes)

    estimator.fit(X, Y_NUMBER)

    optimizer = keras.optimizers.SGD(schedule)
    oracle = keras_fit(estimator, X, Y_NUMBER, optimizer, LOSSES["regression"]())
    assert_same_training(estimator, oracle)
    n_updates = EPOCHS * 4
    assert estimator.history_["learning_rate"][-1] == pytest.approx(
        0.05 / (1 + 0.1 * n_updates)
    )


class Planned(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule by name as one of Keras', which counts updates."""

    factors = {
        "linear": lambda t: 1 - t,
        "cosine": lambda t: (1 + np.cos(np.pi * t)) / 2,
        "coslog4": lambda t: (1 - np.cos(2 * np.pi * np.log2(1 + 15 * t))) / 2,
        "one_cycle": lambda t: np.interp(
            (1 - np.cos(np.pi * (t / 0.3 if t < 0.3 else (t - 0.3) / 0.7))) / 2,
            [0, 1],
            [1 / 25, 1] if t < 0.3 else [1, 1e-4 / 25],
        ),
    }

    def __init__(self, name, rate, n_batches):
        shares = np.arange(n_batches) / n_batches
        self.rates = [rate * self.factors[name](t) for t in shares]

    def __call__(self, step):
        """Look the rate of an update up."""
        return keras.ops.take(keras.ops.convert_to_tensor(self.rates, "float32"), step)

    def get_config(self):
        """Nothing to write down: it is not saved."""
        return {}


@pytest.mark.parametrize(
    ("name", "n_steps"),
    [("linear", 1), ("cosine", 1), ("coslog4", 2), ("one_cycle", 1)],
)
def test_a_schedule_by_name_follows_its_formula(name, n_steps):
    """Over the planned epochs, as in Keras by batches, whatever is accumulated."""
    accumulated = {"gradient_accumulation_steps": n_steps} if n_steps > 1 else {}
    linear = {"hidden_layer_sizes": (), "optimizer_params": accumulated}
    estimator = DNNRegressor(**{**PLAIN, **BY_SGD, **linear}, schedule=name)
    estimator.fit(X, Y_NUMBER)

    schedule = Planned(name, RATE, EPOCHS * (-(-N_ROWS // BATCH_SIZE)))

    optimizer = keras.optimizers.SGD(schedule, **accumulated)
    oracle = keras_fit(estimator, X, Y_NUMBER, optimizer, LOSSES["regression"]())
    assert_same_training(estimator, oracle)


STEPS = RNG.normal(size=(N_ROWS, 6, 3))
PADDED = np.where(
    np.arange(6)[:, np.newaxis] < RNG.randint(1, 7, size=(N_ROWS, 1, 1)), STEPS, -1.0
)
WORDS = RNG.randint(0, 5, size=(N_ROWS, 6))
RECURRENT = {
    "lstm": ({}, STEPS),
    "gru": ({"cell": "gru"}, STEPS),
    "simple": ({"cell": "simple"}, STEPS),
    "padded": ({"mask_value": -1.0, "cell": "gru"}, PADDED),
    "padded stack of both ways": (
        {"units": (4, 3), "bidirectional": True, "mask_value": -1.0, "cell": "simple"},
        PADDED,
    ),
    "words": ({"embedding_dim": 4}, WORDS),
    "padded words both ways": (
        {"embedding_dim": 4, "mask_value": 0, "bidirectional": True},
        WORDS,
    ),
    "all parts": (
        {
            "cell": "simple",
            "units": (4, 3),
            "hidden_layer_sizes": (5,),
            "batch_normalization": True,
            "l1": 0.01,
            "l2": 0.02,
            "activity_l1": 0.01,
            "max_norm": 0.5,
        },
        STEPS,
    ),
}


@pytest.mark.fast
@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_networks_train_as_in_keras(name):
    """Cells, directions, stacks, masks and embeddings equal Keras' layers."""
    own, rows = RECURRENT[name]
    settings = {**SMALL, "hidden_layer_sizes": (), "units": (4,), "optimizer": "sgd"}
    estimator = RNNRegressor(**settings | {"learning_rate": 0.1} | own)

    estimator.initialize(rows, Y_NUMBER)

    optimizer = keras.optimizers.SGD(0.1)
    oracle = keras_fit(estimator, rows, Y_NUMBER, optimizer, LOSSES["regression"]())
    for jit_compile in MODES:
        estimator.set_params(jit_compile=jit_compile).fit(rows, Y_NUMBER)
        assert_same_training(estimator, oracle)
    expected = np.asarray(estimator.model_(rows))[:, 0]
    np.testing.assert_allclose(estimator.predict(rows), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float64", "mixed_bfloat16"])
def test_recurrent_networks_train_in_other_dtypes(dtype):
    """Numbers of words stay whole, and float64 equals Keras to many digits."""
    words = WORDS + 300
    network = RNNRegressor(
        **{**SMALL, "hidden_layer_sizes": ()},
        units=(4,),
        embedding_dim=3,
        dtype=dtype,
        optimizer="sgd",
        learning_rate=0.1,
    )

    network.fit(words, Y_NUMBER)

    oracle = keras_fit(
        network, words, Y_NUMBER, keras.optimizers.SGD(0.1), LOSSES["regression"]()
    )
    tolerance = 1e-6 if dtype == "float64" else 0.02
    assert_same_training(network, oracle, rtol=tolerance, atol=tolerance)
