"""Losses and metrics of the user that give one number for a batch, as in Keras."""

import keras
import numpy as np
import pytest
from keras import ops
from sklearn.metrics import r2_score
from test_oracle import (
    BATCH_SIZE,
    BY_SGD,
    EPOCHS,
    MODES,
    RATE,
    SMALL,
    WEIGHTS,
    Y_CLASSES,
    Y_NUMBER,
    X,
    assert_same_training,
    keras_fit,
)

from skdeep import DNNClassifier, DNNRegressor, KerasRegressor
from skdeep.exceptions import InvalidNetworkError

TWO = np.column_stack([Y_NUMBER, Y_NUMBER**2])


def root_mean_squared_error(y_true, y_pred):
    """Return the root of the mean over all rows."""
    return ops.sqrt(ops.mean(ops.square(y_true - y_pred)))


def euclidean(y_true, y_pred):
    """Return the root of the sum over all rows."""
    return ops.sqrt(ops.sum(ops.square(y_true - y_pred)))


def r_squared(y_true, y_pred):
    """Return the share of the variance that is explained."""
    rest = ops.sum(ops.square(y_true - y_pred))
    return 1 - rest / (ops.sum(ops.square(y_true - ops.mean(y_true))) + 1e-7)


def unexplained(y_true, y_pred):
    """Return what r_squared leaves."""
    return 1 - r_squared(y_true, y_pred)


def mean_error_of_outputs(y_true, y_pred):
    """Return one number per output."""
    return ops.mean(ops.square(y_true - y_pred), axis=0)


def own_cross_entropy(y_true, y_pred):
    """Return the mean over all rows, of one-hot classes."""
    return -ops.mean(ops.sum(y_true * ops.log(y_pred), axis=-1))


class Spread(keras.losses.Loss):
    """The deviation of the errors, and their mean."""

    def call(self, y_true, y_pred):
        """Return one number."""
        error = y_true - y_pred
        return ops.std(error) + ops.square(ops.mean(error))


LOSSES = [
    root_mean_squared_error,
    euclidean,
    unexplained,
    Spread(),
    Spread(reduction="sum"),
]


@pytest.mark.fast
@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_a_number_for_a_batch_is_its_loss(loss):
    """Training equals Keras', the ragged last batch included, with XLA and without."""
    estimator = DNNRegressor(**SMALL, **BY_SGD, loss=loss, l2=0.01).fit(X, Y_NUMBER)

    target = Y_NUMBER[:, np.newaxis].astype(np.float32)
    oracle = keras_fit(estimator, X, target, keras.optimizers.SGD(RATE), loss)
    for jit_compile in MODES:
        estimator.set_params(jit_compile=jit_compile).fit(X, Y_NUMBER)
        assert_same_training(estimator, oracle)


def test_a_number_per_output_is_no_number_per_row():
    """Two outputs and two rows are told apart."""
    loss = mean_error_of_outputs
    estimator = DNNRegressor(**SMALL, **BY_SGD, loss=loss).fit(X, TWO)

    target = TWO.astype(np.float32)
    oracle = keras_fit(estimator, X, target, keras.optimizers.SGD(RATE), loss)
    assert_same_training(estimator, oracle)


def test_classes_come_one_hot():
    """A formula for several classes gets their indicators."""
    settings = {**SMALL, **BY_SGD}
    estimator = DNNClassifier(**settings, loss=own_cross_entropy).fit(X, Y_CLASSES)

    plain = DNNClassifier(**settings).fit(X, Y_CLASSES)

    np.testing.assert_allclose(
        estimator.predict_proba(X), plain.predict_proba(X), rtol=1e-3
    )


@pytest.mark.fast
@pytest.mark.parametrize("jit_compile", MODES)
def test_a_metric_of_batches_is_averaged_over_them(jit_compile):
    """History and validation have the mean over batches, of rows that count."""
    parameters = {**SMALL, "metrics": [r_squared, "mae"], "normalize_y": True}
    net = DNNRegressor(**parameters, jit_compile=jit_compile)

    net.fit(X, Y_NUMBER, X_val=X, y_val=Y_NUMBER)

    parts = [slice(i, i + BATCH_SIZE) for i in range(0, len(X), BATCH_SIZE)]
    predictions = net.predict(X)
    expected = np.mean([r2_score(Y_NUMBER[p], predictions[p]) for p in parts])
    found = net.history_["val_r_squared"]
    assert len(found) == EPOCHS
    np.testing.assert_allclose(found[-1], expected, rtol=1e-4)
    mae = np.abs(predictions - Y_NUMBER).mean()
    np.testing.assert_allclose(net.history_["val_mae"][-1], mae, rtol=1e-4)


def test_an_own_network_takes_them():
    """KerasRegressor trains with them in the compiled program."""
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])

    net = KerasRegressor(
        model, loss=root_mean_squared_error, metrics=[r_squared], epochs=2, verbose=0
    ).fit(X, Y_NUMBER)

    assert {"loss", "r_squared"} <= set(net.history_)


# what cannot be


@pytest.mark.parametrize("where", ["sample_weight", "sample_weight_val"])
def test_weights_of_rows_are_refused(where):
    """They cannot enter one number, and equal ones need not."""
    parameters = {**SMALL, **BY_SGD, "jit_compile": False}
    net = DNNRegressor(**parameters, loss=root_mean_squared_error, l2=0.01)
    rows = {"X": X, "y": Y_NUMBER, "X_val": X, "y_val": Y_NUMBER}

    net.fit(**rows, **{where: np.full(len(X), 3.0)})

    with pytest.raises(InvalidNetworkError, match="leave the weights out"):
        net.fit(**rows, **{where: WEIGHTS})


def test_class_weights_are_refused():
    """They are weights of rows."""
    settings = {**SMALL, **BY_SGD, "class_weight": {0: 2, 1: 1, 2: 1}}
    net = DNNClassifier(**settings, loss=own_cross_entropy)

    with pytest.raises(InvalidNetworkError, match="sample_weight or class_weight"):
        net.fit(X, Y_CLASSES)


def test_a_formula_that_xla_does_not_take_says_so():
    """Sorting needs a length that is known; graph mode takes it."""

    def sorted_error(y_true, y_pred):
        difference = ops.sort(y_true, axis=0) - ops.sort(y_pred, axis=0)
        return ops.mean(ops.square(difference))

    with pytest.raises(InvalidNetworkError, match="set jit_compile=False"):
        DNNRegressor(**SMALL, loss=sorted_error).fit(X, Y_NUMBER)

    net = DNNRegressor(**SMALL, loss=sorted_error, jit_compile=False).fit(X, Y_NUMBER)
    assert net.loss_curve_[-1] < net.loss_curve_[0]
