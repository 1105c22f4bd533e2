"""The limit: a training loop written by hand in JAX for dense networks.

The whole fit is one compiled program: `lax.scan` over the epochs, inside it
`lax.scan` over the batches. Formulas are those of Keras (Adam with its epsilon,
weighted means over a ragged last batch, L2 on the kernels only), so that with
the same weights and batches the losses are those of `keras.Model.fit`; the tests
hold it to that. There is no validation, no callback, no metric and no estimator
around it: whoever needs those pays more, and this file says how much.
"""

from functools import partial
from itertools import pairwise
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


class Loop(NamedTuple):
    """What the program is compiled for."""

    batch_size: int
    n_classes: int | None  # None: squared error of one output
    drops: bool  # whether there is any dropout
    penalises: bool  # whether there is any L2


class Numbers(NamedTuple):
    """What differs from fit to fit without a new compilation."""

    learning_rate: float
    dropout: float = 0.0
    l2: float = 0.0


class State(NamedTuple):
    """What a step changes."""

    weights: list
    mean: list  # Adam's first moment, shaped as the weights
    variance: list  # Adam's second moment
    step: jax.Array
    key: jax.Array


def glorot_uniform(key, sizes):
    """Return `[(kernel, bias), ...]` for the layer `sizes`, as Keras starts them."""
    weights = []
    for n_in, n_out in pairwise(sizes):
        key, layer_key = jax.random.split(key)
        limit = np.sqrt(6 / (n_in + n_out))
        kernel = jax.random.uniform(
            layer_key, (n_in, n_out), minval=-limit, maxval=limit
        )
        weights.append((kernel, jnp.zeros(n_out)))
    return weights


def outputs(weights, X, dropout=0.0, key=None):
    """Return the network's outputs, (batch, outputs); without a key drop nothing."""
    for index, (kernel, bias) in enumerate(weights[:-1]):
        X = jax.nn.relu(X @ kernel + bias)  # (batch, units)
        if key is not None:
            layer_key = jax.random.fold_in(key, index)
            kept = jax.random.bernoulli(layer_key, 1 - dropout, X.shape)
            X = jnp.where(kept, X / (1 - dropout), 0)
    kernel, bias = weights[-1]
    return X @ kernel + bias


def batch_loss(weights, batch, key, numbers, loop):
    """Return the mean loss over the rows whose `real` is 1, penalty included."""
    X, y, real = batch
    predicted = outputs(weights, X, numbers.dropout, key)
    if loop.n_classes is None:
        row_losses = jnp.square(predicted[:, 0] - y)
    else:
        log_p = jax.nn.log_softmax(predicted)
        row_losses = -jnp.take_along_axis(log_p, y[:, None], axis=1)[:, 0]
    loss = jnp.sum(row_losses * real) / jnp.sum(real)
    if loop.penalises:
        loss += numbers.l2 * sum(jnp.sum(jnp.square(kernel)) for kernel, _ in weights)
    return loss


def adam_step(state, gradients, learning_rate):
    """Return the state after Adam's update, in the form and order Keras has it."""
    step = state.step + 1
    rate = learning_rate * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    mean = jax.tree.map(lambda m, g: m + (g - m) * (1 - 0.9), state.mean, gradients)
    variance = jax.tree.map(
        lambda v, g: v + (g * g - v) * (1 - 0.999), state.variance, gradients
    )
    weights = jax.tree.map(
        lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-7),
        state.weights,
        mean,
        variance,
    )
    return state._replace(weights=weights, mean=mean, variance=variance, step=step)


def train(weights, X, y, orders, key, numbers, loop):
    """Train one epoch for each row of `orders`; return weights and epoch losses.

    `orders` holds row numbers, (n_epochs, n_rows). Every epoch's last batch is
    filled up with rows of weight zero, so that all batches have one shape.
    """
    n_rows = orders.shape[1]
    n_steps = -(-n_rows // loop.batch_size)
    n_padding = n_steps * loop.batch_size - n_rows
    real = jnp.pad(jnp.ones(n_rows), (0, n_padding)).reshape(n_steps, -1)

    def one_step(state, batch):
        step_key = None
        if loop.drops:
            key, step_key = jax.random.split(state.key)
            state = state._replace(key=key)
        loss, gradients = jax.value_and_grad(batch_loss)(
            state.weights, batch, step_key, numbers, loop
        )
        return adam_step(state, gradients, numbers.learning_rate), loss

    def one_epoch(state, order):
        rows = jnp.pad(order, (0, n_padding))
        X_batches = X[rows].reshape(n_steps, loop.batch_size, -1)
        y_batches = y[rows].reshape(n_steps, loop.batch_size)
        state, losses = lax.scan(one_step, state, (X_batches, y_batches, real))
        return state, jnp.sum(losses * real.sum(axis=1)) / n_rows

    zeros = jax.tree.map(jnp.zeros_like, weights)
    state = State(weights, zeros, zeros, jnp.zeros((), jnp.int32), key)
    state, history = lax.scan(one_epoch, state, orders)
    return state.weights, history


@partial(jax.jit, static_argnames=("sizes", "epochs", "loop"))
def fit(key, X, y, numbers, sizes, epochs, loop):
    """Draw weights and row orders, then `train`: the compiled program of one fit."""
    weight_key, order_key, dropout_key = jax.random.split(key, 3)
    order_keys = jax.random.split(order_key, epochs)
    orders = jax.vmap(lambda k: jax.random.permutation(k, len(X)))(order_keys)
    weights = glorot_uniform(weight_key, sizes)
    return train(weights, X, y, orders, dropout_key, numbers, loop)


class ScanNetwork:
    """`fit` and `predict` around the program, with NumPy arrays in and out.

    `generator` names JAX's random number generator: its default is counter-based
    and reproducible anywhere, "rbg" is the cheaper one for dropout.
    """

    def __init__(self, sizes, epochs, loop, numbers, seed=0, generator="threefry2x32"):
        self.sizes = sizes
        self.epochs = epochs
        self.loop = loop
        self.numbers = numbers
        self.seed = seed
        self.generator = generator

    def fit(self, X, y):
        """Train from new weights; wait for the result."""
        y = y.astype(np.float32 if self.loop.n_classes is None else np.int32)
        key = jax.random.key(self.seed, impl=self.generator)
        weights, history = fit(
            key, X, y, self.numbers, self.sizes, self.epochs, self.loop
        )
        self.weights_ = jax.tree.map(np.asarray, weights)
        self.loss_curve_ = np.asarray(history)
        return self

    def predict(self, X):
        """Return values, or class numbers."""
        predicted = np.asarray(_outputs(self.weights_, X))
        if self.loop.n_classes is None:
            return predicted[:, 0]
        return predicted.argmax(axis=1)


_outputs = jax.jit(outputs)
