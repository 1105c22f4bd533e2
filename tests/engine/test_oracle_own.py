"""Networks of the user's own train as ``keras.Model.fit`` trains them.

As in ``test_oracle``: the same initial weights, no shuffling, and 50 rows in batches
of 16, so that the last batch is ragged.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from skdeep import KerasClassifier, KerasRegressor

N_ROWS = 50
RNG = np.random.RandomState(0)
X = RNG.normal(size=(N_ROWS, 5)).astype("float32")
STEPS = RNG.normal(size=(N_ROWS, 7, 3)).astype("float32")
PADDED = STEPS * (np.arange(7) < RNG.randint(2, 7, size=(N_ROWS, 1)))[..., np.newaxis]
WORDS = RNG.randint(0, 9, size=(N_ROWS, 7))
TWO = [X[:, :2], X[:, 2:]]
Y = X[:, 0] * 2 + X[:, 1] ** 2
CLASSES = np.digitize(Y, [0, 2])


@keras.saving.register_keras_serializable("skdeep_tests")
class Penalised(layers.Layer):
    """A layer with a weight of its own and a penalty on what all rows make of it."""

    def build(self, shape):
        """Make the weight."""
        self.kernel = self.add_weight(shape=(shape[-1], 4))

    def call(self, x):
        """Multiply, and add the penalty."""
        x = ops.matmul(x, self.kernel)
        self.add_loss(0.01 * ops.mean(ops.square(x)))
        return x


class Subclassed(keras.Model):
    """A model of its own class."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden = layers.Dense(4, activation="tanh")
        self.final = layers.Dense(1)

    def call(self, x):
        """Two layers."""
        return self.final(self.hidden(x))


def on(x, *outputs):
    """A model of an input and functions behind it."""
    rows = keras.Input(x)
    found = rows
    for function in outputs:
        found = function(found)
    return keras.Model(rows, layers.Dense(1)(found))


def branches(x):
    """Two branches, one of them with a penalty on its weights."""
    one = layers.Dense(4, activation="relu")(x)
    other = layers.Dense(3, activation="tanh", kernel_regularizer="l2")(x)
    return layers.Concatenate()([one, other])


def shared(x):
    """One layer used twice, and a way around it."""
    layer = layers.Dense(5, activation="tanh")
    return layers.Add()([layer(layer(x)), x])


def attention(x):
    """Self-attention with a residual connection."""
    found = layers.MultiHeadAttention(2, 3)(x, x)
    return layers.GlobalAveragePooling1D()(layers.LayerNormalization()(found + x))


def two_inputs():
    """An input of two values and one of three."""
    left, right = keras.Input((2,), name="left"), keras.Input((3,), name="right")
    hidden = layers.concatenate([layers.Dense(3, activation="relu")(left), right])
    return keras.Model([left, right], layers.Dense(1)(hidden))


def mixed():
    """Arithmetic in bfloat16."""
    layer = layers.Dense(4, activation="relu", dtype="mixed_bfloat16")
    return on((5,), layer)


NETWORKS = {
    "branches": (lambda: on((5,), branches), X),
    "shared and residual": (lambda: on((5,), shared), X),
    "batch normalisation": (
        lambda: on(
            (5,), layers.Dense(4, use_bias=False), layers.BatchNormalization(), ops.relu
        ),
        X,
    ),
    "batch normalisation of steps": (
        lambda: on(
            (7, 3),
            layers.Masking(),
            layers.BatchNormalization(),
            layers.SimpleRNN(3),
        ),
        PADDED,
    ),
    "lstm": (lambda: on((7, 3), layers.LSTM(4)), STEPS),
    "gru with masking": (
        lambda: on((7, 3), layers.Masking(), layers.GRU(3)),
        PADDED,
    ),
    "conv1d": (
        lambda: on((7, 3), layers.Conv1D(4, 3, activation="relu"), layers.Flatten()),
        STEPS,
    ),
    "embedding and pooling": (
        lambda: on((7,), layers.Embedding(9, 4), layers.GlobalAveragePooling1D()),
        WORDS,
    ),
    "attention": (lambda: on((7, 3), attention), STEPS),
    "own layer with a loss": (lambda: on((5,), Penalised()), X),
    "activity": (lambda: on((5,), layers.Dense(4, activity_regularizer="l2")), X),
    "penalties": (
        lambda: on(
            (5,),
            layers.Dense(4, kernel_regularizer=keras.regularizers.L1L2(0.01, 0.02)),
            layers.Dense(3, kernel_regularizer="l1", bias_regularizer="l2"),
        ),
        X,
    ),
    "masking and penalties both ways": (
        lambda: on(
            (7, 3),
            layers.Masking(),
            layers.Bidirectional(layers.SimpleRNN(3, recurrent_regularizer="l2")),
            layers.Dense(2, kernel_regularizer=keras.regularizers.L2(0.05)),
        ),
        PADDED,
    ),
    "constraint": (
        lambda: on(
            (5,), layers.Dense(4, kernel_constraint=keras.constraints.MaxNorm(0.5))
        ),
        X,
    ),
    "mean over rows": (lambda: on((5,), lambda x: x - ops.mean(x, axis=0)), X),
    "frozen layer": (lambda: on((5,), layers.Dense(4, trainable=False)), X),
    "subclass": (Subclassed, X),
    "sequential without input": (
        lambda: keras.Sequential([layers.Dense(4, "relu"), layers.Dense(1)]),
        X,
    ),
    "two inputs": (two_inputs, TWO),
}

# Four batches need no pipeline that is rewritten and watched, for a sixth of the time.
AS_THEY_ARE = tf.data.Options()
AS_THEY_ARE.autotune.enabled = False
AS_THEY_ARE.experimental_optimization.apply_default_optimizations = False


def in_batches(x, y):
    """Rows and targets in batches of 16, in order.

    Of arrays Keras would make as much, by functions that it traces for 0.15 s.
    """
    parts = [tuple(part) if isinstance(part, list) else part for part in (x, y)]
    rows = tf.data.Dataset.from_tensor_slices(tuple(parts))
    return rows.batch(16).with_options(AS_THEY_ARE)


def keras_fit(model, x, y, held_out=None):
    """Train with Keras; return weights and history."""
    rows = in_batches(x, y)
    validation = in_batches(*held_out) if held_out else None
    history = model.fit(
        rows, epochs=3, shuffle=False, verbose=0, validation_data=validation
    )
    return model.get_weights(), history.history


def compiled(model, optimizer, loss):
    """Compile a model as a graph: Keras would ask XLA, for minutes of all cases.

    An optimizer that has its variables before it is used lets Keras trace once, not
    twice.
    """
    model.compile(optimizer, loss, jit_compile=False)
    optimizer.build(model.trainable_variables)


def copy_of(build, x):
    """The model and a second one with the same weights."""
    model, other = build(), build()
    for one in (model, other):
        one(x)
    other.set_weights(model.get_weights())
    return model, other


def assert_close(estimator, oracle, rtol=2e-4, atol=2e-5):
    """Compare what both recorded, and the weights."""
    weights, history = oracle
    for name, values in history.items():
        np.testing.assert_allclose(estimator.history_[name], values, rtol=rtol)
    for ours, theirs in zip(estimator.model_.get_weights(), weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_trains_as_in_keras(name):
    """Losses, validation losses and weights equal those of Keras' own loop."""
    build, x = NETWORKS[name]
    model, other = copy_of(build, x)
    compiled(other, keras.optimizers.SGD(0.05, momentum=0.5), "mean_squared_error")
    held_out = [part[:20] for part in x] if isinstance(x, list) else x[:20]
    sgd = keras.optimizers.SGD(0.05, momentum=0.5)
    own = KerasRegressor(model, optimizer=sgd, epochs=3, batch_size=16, shuffle=False)

    own.fit(x, Y, X_val=held_out, y_val=Y[:20])

    assert own.trainer_ == "engine"
    assert_close(own, keras_fit(other, x, Y, (held_out, Y[:20])))
    if name != "mean over rows":  # whose predictions depend on the batch, in Keras, too
        expected = np.asarray(other(x))[:, 0]
        np.testing.assert_allclose(own.predict(x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.fast
@pytest.mark.parametrize("name", ["branches", "batch normalisation"])
def test_networks_of_dense_layers_train_as_in_keras_without_xla(name):
    """What is compiled by XLA by default gives the same without."""
    build, x = NETWORKS[name]
    model, other = copy_of(build, x)
    compiled(other, keras.optimizers.Adam(0.01), "mean_squared_error")
    own = KerasRegressor(
        model,
        optimizer="adam",
        optimizer__learning_rate=0.01,
        epochs=3,
        batch_size=16,
        shuffle=False,
        jit_compile=False,
    )

    own.fit(x, Y)

    assert_close(own, keras_fit(other, x, Y))


def test_bfloat16_trains_nearly_as_in_keras():
    """Rounding differs by what is fused, and nothing else."""
    model, other = copy_of(mixed, X)
    compiled(other, keras.optimizers.SGD(0.01), "mean_squared_error")
    sgd = keras.optimizers.SGD(0.01)
    own = KerasRegressor(model, optimizer=sgd, epochs=3, batch_size=16, shuffle=False)

    own.fit(X, Y)

    assert own.trainer_ == "engine"
    assert_close(own, keras_fit(other, X, Y), rtol=0.02, atol=0.02)


ENDINGS = {
    "softmax": ("softmax", "sparse_categorical_crossentropy"),
    "logits": (None, keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
    "one-hot": ("softmax", "categorical_crossentropy"),
    "sigmoids": ("sigmoid", "categorical_crossentropy"),
    "others": ("softplus", "categorical_crossentropy"),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_classifiers_train_as_in_keras_whatever_ends_the_network(name):
    """Cross-entropies of probabilities and of logits are those of Keras."""
    activation, loss = ENDINGS[name]

    def build():
        layer = layers.Dense(3, activation=activation)
        return keras.Sequential([keras.Input((5,)), layers.Dense(4, "tanh"), layer])

    model, other = copy_of(build, X)
    compiled(other, keras.optimizers.SGD(0.05), loss)
    sgd = keras.optimizers.SGD(0.05)
    own = KerasClassifier(
        model, loss=loss, optimizer=sgd, epochs=3, batch_size=16, shuffle=False
    )

    own.fit(X, CLASSES)

    y = CLASSES if "sparse" in str(loss) or name == "logits" else np.eye(3)[CLASSES]
    assert_close(own, keras_fit(other, X, y))
    np.testing.assert_allclose(own.predict_proba(X).sum(axis=1), 1, rtol=1e-5)


def test_dropout_of_keras_layers_drops_what_it_says():
    """Half of the outputs, others in every update, the same for one seed."""
    model = keras.Sequential([keras.Input((1000,)), layers.Dropout(0.5)])
    network = _network(model, (1000,))
    ones = np.ones((4, 1000), "float32")

    draws = [_trained_call(network, ones, seed, step) for seed, step in PLACES]

    same, again, later, other = draws
    np.testing.assert_array_equal(same, again)
    assert 0.45 < (same == 0).mean() < 0.55
    assert set(np.unique(same)) == {0.0, 2.0}
    assert 0.4 < (same != later).mean() < 0.6
    assert 0.4 < (same != other).mean() < 0.6


PLACES = [(1, 0), (1, 0), (1, 1), (2, 0)]


def _network(model, shape):
    """The engine's view of a model."""
    from skdeep.networks._keras_network import keras_network

    return keras_network(model, [shape], "", False)[0]


def _trained_call(network, x, seed, step):
    """Outputs as in an update."""
    from skdeep.networks._network import CallContext

    context = CallContext({"rate_0": 0.5}, None, lambda name, x: x, (seed, step))
    return np.asarray(network.call([], x, context).logits)


def test_two_outputs_are_trained_by_keras():
    """Columns of y go to the outputs in order; predictions come back side by side."""

    def build():
        rows = keras.Input((5,))
        hidden = layers.Dense(4, activation="tanh")(rows)
        return keras.Model(rows, [layers.Dense(1)(hidden), layers.Dense(2)(hidden)])

    model, other = copy_of(build, X)
    y = np.column_stack([Y, X[:, 2], X[:, 3]]).astype("float32")
    compiled(other, keras.optimizers.SGD(0.05), ["mean_squared_error"] * 2)
    sgd = keras.optimizers.SGD(0.05)
    own = KerasRegressor(model, optimizer=sgd, epochs=3, batch_size=16, shuffle=False)

    own.fit(X, y)

    assert own.trainer_ == "keras"
    _, history = keras_fit(other, X, [y[:, :1], y[:, 1:]])
    np.testing.assert_allclose(own.history_["loss"], history["loss"], rtol=1e-5)
    assert own.predict(X).shape == (N_ROWS, 3)


def test_what_has_its_own_training_step_is_trained_by_it():
    """A model that overrides train_step runs that step."""
    steps = []

    class Stepping(keras.Sequential):
        def train_step(self, data):
            steps.append(1)
            return super().train_step(data)

    def build():
        return Stepping([keras.Input((5,)), layers.Dense(1)])

    own = KerasRegressor(build, optimizer="sgd", run_eagerly=False).fit(X, Y)

    assert own.trainer_ == "keras"
    assert steps
