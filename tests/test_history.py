"""What a fit shows: history_, history_frame, loss_curve_, summary, model_."""

import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.metrics import mean_absolute_error, r2_score

from skdeep import CNNClassifier, CNNRegressor, DNNClassifier, DNNRegressor
from skdeep.engine import cache_info


@pytest.fixture(scope="module")
def validated(iris):
    """Six epochs on the even rows of iris, validated on the odd ones."""
    X, y = iris
    net = DNNClassifier((8,), learning_rate=0.02, epochs=6, decay=0.1, random_state=0)
    return net.fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])


@pytest.fixture(scope="module")
def images_net(digits):
    """A convolutional network with everything that has weights or statistics."""
    X, y = digits
    net = CNNClassifier(
        ((4,), (6,)),
        hidden_layer_sizes=(5,),
        batch_normalization=True,
        dropout=0.2,
        optimizer="sgd",
        epochs=1,
        random_state=0,
    )
    return net.fit(X, y)


@pytest.mark.fast
def test_history_has_plain_floats_for_every_epoch(validated):
    """Loss, metrics, their val_ twins and the learning rate, one float per epoch."""
    columns = ["loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"]

    history = validated.history_

    assert sorted(history) == sorted(columns)
    for values in history.values():
        assert type(values) is list
        assert [type(value) for value in values] == [float] * 6


def test_history_measures_what_it_says(validated, iris):
    """The last validation accuracy is the score, the rate decays as promised."""
    X, y = iris

    history = validated.history_

    assert_allclose(history["val_accuracy"][-1], validated.score(X[1::2], y[1::2]))
    assert np.all(np.diff(history["loss"]) < 0)
    rates = 0.02 / (1 + 0.1 * 3 * np.arange(1, 7))  # 3 updates per epoch
    assert_allclose(history["learning_rate"], rates, rtol=1e-6)


@pytest.mark.fast
def test_history_frame_counts_epochs_from_one(validated):
    """The table has the columns of history_ and the epoch as its index."""
    frame = validated.history_frame()

    assert isinstance(frame, pd.DataFrame)
    assert frame.index.name == "epoch"
    assert list(frame.index) == [1, 2, 3, 4, 5, 6]
    assert frame.to_dict(orient="list") == validated.history_
    assert set(frame.dtypes) == {np.dtype(float)}


def test_loss_curve_is_the_training_loss(validated):
    """scikit-learn's name for it works, too."""
    assert validated.loss_curve_ == validated.history_["loss"]


def test_metrics_appear_under_their_keras_names(diabetes):
    """A metric's name in the history is the one that Keras gives it."""
    net = DNNRegressor(
        (4,),
        metrics=["mae", keras.metrics.RootMeanSquaredError()],
        epochs=2,
        random_state=0,
    )

    net.fit(*diabetes)

    expected = {"loss", "mae", "root_mean_squared_error", "learning_rate"}
    assert set(net.history_) == expected


def test_history_grows_with_warm_start(iris):
    """Training that goes on appends; training anew begins again."""
    net = DNNClassifier((8,), epochs=3, warm_start=True, random_state=0).fit(*iris)
    first = dict(net.history_)

    net.fit(*iris)
    grown = net.history_["loss"]
    net.set_params(warm_start=False).fit(*iris)

    assert len(grown) == 6
    assert grown[:3] == first["loss"]
    assert net.history_ == first


def test_history_frame_leaves_gaps_where_nothing_was_measured(iris):
    """Epochs without validation rows have no validation loss."""
    X, y = iris
    net = DNNClassifier((8,), epochs=2, warm_start=True, random_state=0).fit(X, y)

    net.fit(X, y, X_val=X, y_val=y)

    frame = net.history_frame()
    assert frame["val_loss"].isna().tolist() == [True, True, False, False]
    assert frame["loss"].notna().all()


def test_summary_lists_layers_shapes_and_counts(images_net):
    """One row per layer; the counts add up to those of the Keras model."""
    frame = images_net.summary()

    assert list(frame.columns) == ["kind", "output_shape", "n_parameters"]
    assert frame.index.name == "layer"
    assert frame["output_shape"].iloc[0] == (8, 8, 1)
    assert frame["output_shape"].iloc[-1] == (10,)
    assert frame["n_parameters"].sum() == images_net.model_.count_params()
    assert frame.attrs["n_parameters"] == images_net.model_.count_params()
    kinds = set(frame["kind"])
    assert kinds >= {"Conv2D", "MaxPooling2D", "Flatten", "Dense", "BatchNormalization"}


def test_summary_counts_the_cifar_network(cifar_like):
    """The convolutional network of the courses has 684,746 parameters exactly."""
    net = CNNClassifier(
        ((32,), (64, 128), (256,)),
        padding="valid",
        pool_size=(2, 2, None),
        hidden_layer_sizes=(128,),
        dropout=0.25,
        random_state=0,
    )

    net.initialize(*cifar_like)

    frame = net.summary()
    assert frame.attrs["n_parameters"] == 684_746
    counts = frame["n_parameters"]
    assert counts[counts > 0].tolist() == [896, 18_496, 73_856, 295_168, 295_040, 1_290]
    shapes = frame.loc[frame["kind"].isin(["Conv2D", "MaxPooling2D"]), "output_shape"]
    assert shapes.tolist() == [
        (30, 30, 32),
        (15, 15, 32),
        (13, 13, 64),
        (11, 11, 128),
        (5, 5, 128),
        (3, 3, 256),
    ]


@pytest.fixture
def cifar_like():
    """Twenty images of noise in the shape of CIFAR-10, two of every class."""
    images = np.random.default_rng(0).random((20, 32, 32, 3), dtype=np.float32)
    return images, np.arange(20) % 10


def test_model_predicts_the_same(images_net, digits):
    """model_ is the fitted network: its outputs are the probabilities."""
    X, _ = digits

    outputs = images_net.model_.predict(X[..., np.newaxis], verbose=0)

    assert_allclose(outputs, images_net.predict_proba(X), rtol=1e-4, atol=1e-6)


def test_model_speaks_in_units_of_the_target(diabetes):
    """With normalize_y the model's outputs are rescaled, too."""
    X, y = diabetes
    net = DNNRegressor((8,), normalize_y=True, epochs=3, random_state=0).fit(X, y)

    outputs = net.model_.predict(X, verbose=0)

    assert_allclose(outputs.ravel(), net.predict(X), rtol=1e-4, atol=1e-5)


def test_model_is_made_of_standard_layers(images_net):
    """No layer comes from skdeep."""
    for layer in images_net.model_.layers:
        assert type(layer).__module__.startswith("keras.")


def test_model_opens_without_skdeep(images_net, digits, tmp_path):
    """A saved model is loaded by a process that cannot import skdeep."""
    X = digits[0][:5, ..., np.newaxis]
    images_net.model_.save(tmp_path / "net.keras")
    np.save(tmp_path / "X.npy", X)
    program = """
import sys
sys.modules["skdeep"] = None
import keras, numpy as np
model = keras.saving.load_model("net.keras")
np.save("outputs.npy", model.predict(np.load("X.npy"), verbose=0))
"""

    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)

    outputs = np.load(tmp_path / "outputs.npy")
    expected = images_net.predict_proba(digits[0][:5])
    assert_allclose(outputs, expected, rtol=1e-4, atol=1e-6)


def test_model_may_be_changed_without_harm(diabetes):
    """The estimator's predictions do not follow what is done to model_."""
    X, y = diabetes
    net = DNNRegressor((8,), epochs=2, random_state=0).fit(X, y)
    before = net.predict(X)

    net.model_.set_weights([np.zeros_like(w) for w in net.model_.get_weights()])

    assert_array_equal(net.predict(X), before)


@pytest.mark.parametrize(
    "look",
    [
        lambda net: net.history_frame(),
        lambda net: net.summary(),
        lambda net: net.model_,
        lambda net: net.loss_curve_,
    ],
    ids=["history_frame", "summary", "model_", "loss_curve_"],
)
@pytest.mark.parametrize(
    "Estimator", [DNNClassifier, DNNRegressor, CNNClassifier, CNNRegressor]
)
def test_unfitted_estimators_say_so(Estimator, look):
    """Before fit there is nothing to show, and the error is scikit-learn's."""
    with pytest.raises(NotFittedError):
        look(Estimator())


@pytest.mark.parametrize("two", [False, True], ids=["one output", "two outputs"])
@pytest.mark.parametrize("jit_compile", [True, False])
def test_metrics_have_the_units_of_the_target(two, jit_compile, diabetes):
    """With normalize_y, too, metrics say what predict and scikit-learn say."""
    X, y = diabetes
    y = np.column_stack([1000 * y, 5 - y]) if two else 1000 * y
    X, X_val, y, y_val = X[:300], X[300:], y[:300], y[300:]
    net = DNNRegressor(
        (8,),
        normalize_y=True,
        metrics=["mae", "r2_score", keras.metrics.RootMeanSquaredError(name="rmse")],
        optimizer="sgd",
        learning_rate=0.1,
        epochs=3,
        jit_compile=jit_compile,
        random_state=0,
    )

    net.fit(X, y, X_val=X_val, y_val=y_val)

    predicted = net.predict(X_val)
    measured = {name: values[-1] for name, values in net.history_.items()}
    expected = {
        "val_mae": mean_absolute_error(y_val, predicted),
        "val_r2_score": r2_score(y_val, predicted),
        "val_rmse": np.sqrt(np.mean((y_val - predicted) ** 2)),
    }
    assert {name: measured[name] for name in expected} == pytest.approx(
        expected, rel=1e-4
    )
    assert measured["val_loss"] < 5  # of the standardised target
    assert 0.5 < measured["mae"] / measured["val_mae"] < 2


def test_the_units_of_the_target_cost_no_compilation(diabetes, empty_cache):
    """Folds have different means and deviations, and share one program."""
    X, y = diabetes
    compiled = {"epochs": 1, "optimizer": "sgd", "random_state": 0}
    compiled["jit_compile"] = True
    net = DNNRegressor((8,), metrics="mae", **compiled)

    for part, normalize_y in [(slice(200), True), (slice(99, 400), True), (9, False)]:
        rows = slice(part) if part == 9 else part
        net.set_params(normalize_y=normalize_y).fit(X[rows], y[rows])

    assert cache_info().misses == 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_units_beyond_the_metrics_are_refused(dtype, diabetes):
    """Keras' metrics count in float32: an error of 1e300 would be infinite."""
    X, y = diabetes
    net = DNNRegressor((8,), normalize_y=True, metrics="mae", epochs=1, dtype=dtype)

    with pytest.raises(ValueError, match=r"seen by metrics; got .*e\+300"):
        net.fit(X, y * 1e300)

    assert net.set_params(metrics="auto").fit(X, y * 1e300).n_iter_ == 1
