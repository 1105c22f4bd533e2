"""Quantiles and intervals: one network, an output for each, and none ever cross."""

import keras
import numpy as np
import onnxruntime
import pytest
from keras import ops
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdeep import CNNRegressor, DNNRegressor, KerasRegressor, load, save
from skdeep.exceptions import InvalidNetworkError

RNG = np.random.RandomState(0)
X = RNG.uniform(-1, 1, size=(500, 3))
# The noise grows with the second feature; the target is far from 0 and 1.
Y = 2 * X[:, 0] + RNG.normal(size=500) * (1.2 + X[:, 1]) + 20
TWO = np.column_stack([Y, -3 * Y])
NET = {
    "hidden_layer_sizes": (16,),
    "epochs": 40,
    "learning_rate": 0.01,
    "normalize_y": True,
    "random_state": 0,
}
SMALL = NET | {"epochs": 2}


def shares_below(quantiles, y):
    """Return which share of the targets lies below each quantile."""
    return (y[..., np.newaxis] < quantiles).mean(axis=0)


@pytest.fixture(scope="module")
def net():
    """A regressor of three quantiles, fitted."""
    return DNNRegressor(**NET, quantiles=(0.1, 0.5, 0.9)).fit(X, Y)


@pytest.mark.fast
def test_quantiles_have_so_many_targets_below(net):
    """Each output learns its quantile, predict the median, an interval two of them."""
    found = net.predict_quantiles(X)

    np.testing.assert_allclose(shares_below(found, Y), (0.1, 0.5, 0.9), atol=0.05)
    np.testing.assert_array_equal(net.predict(X), found[:, 1])
    np.testing.assert_array_equal(net.predict_interval(X, 0.8), found[:, [0, 2]])
    np.testing.assert_array_equal(
        net.predict_quantiles(X, [0.9, 0.5]), found[:, [2, 1]]
    )


def test_intervals_grow_with_the_noise(net):
    """Quantiles belong to a row: where targets vary more they lie further apart."""
    low, high = net.predict_interval(X, 0.8).T

    quiet, loud = X[:, 1] < -0.5, X[:, 1] > 0.5
    assert (high - low)[loud].mean() > 2 * (high - low)[quiet].mean()


def test_quantiles_never_cross():
    """Sorted outputs, however little the network has learnt, and in every target."""
    levels = (0.9, 0.1, 0.3, 0.5, 0.7)
    raw = DNNRegressor(**SMALL, quantiles=levels).initialize(X, TWO)

    found = raw.predict_quantiles(X, sorted(levels))

    assert found.shape == (500, 2, 5)
    assert (np.diff(found) >= 0).all()
    # In the order of the constructor.
    np.testing.assert_array_equal(raw.predict_quantiles(X), found[..., [4, 0, 1, 2, 3]])


def test_several_targets_have_their_quantiles_each():
    """With two targets quantiles and bounds are on a last axis behind them."""
    net = DNNRegressor(**NET, quantiles=(0.1, 0.9)).fit(X, TWO)

    found = net.predict_quantiles(X)

    assert found.shape == (500, 2, 2)
    np.testing.assert_allclose(shares_below(found, TWO), [(0.1, 0.9)] * 2, atol=0.05)
    assert net.predict(X).shape == (500, 2)
    assert net.predict_interval(X, 0.8).shape == (500, 2, 2)
    assert net.score(X, TWO) > 0.3


def test_the_median_is_learnt_though_nobody_asked_for_it():
    """Of two bounds ``predict`` could not answer; the network has the median, too."""
    asked = DNNRegressor(**SMALL, quantiles=(0.1, 0.5, 0.9)).fit(X, Y)

    net = DNNRegressor(**SMALL, quantiles=(0.1, 0.9)).fit(X, Y)

    assert net.n_outputs_ == 3
    assert net.predict_quantiles(X).shape == (500, 2)
    np.testing.assert_array_equal(net.predict(X), asked.predict(X))


def test_one_quantile_is_what_is_predicted():
    """``quantile=0.9`` is the loss of that name, as in HistGradientBoosting."""
    by_loss = DNNRegressor(**SMALL, loss="quantile", loss_params={"quantile": 0.9})
    expected = by_loss.fit(X, Y).predict(X)

    ways = [{}, {"loss": "quantile"}, {"loss": "quantile", "quantile": 0.9}]
    for way in ways:
        net = DNNRegressor(**SMALL, **{"quantile": 0.9} | way).fit(X, Y)
        np.testing.assert_array_equal(net.predict(X), expected)
        np.testing.assert_array_equal(net.predict_quantiles(X)[:, 0], expected)


def test_training_is_that_of_plain_keras():
    """The mean of the pinball losses, as Keras trains a function of it, weights too."""
    weight = RNG.uniform(0.5, 2, size=500)
    weight /= weight.mean()
    settings = SMALL | {"normalize_y": False, "shuffle": False, "batch_size": 20}
    net = DNNRegressor(**settings, quantiles=(0.2, 0.5, 0.7))
    start = net.initialize(X, Y).model_

    def pinball(y, p):
        q = ops.convert_to_tensor([0.2, 0.5, 0.7])
        return ops.mean(ops.where(y > p, q * (y - p), (q - 1) * (y - p)), axis=-1)

    # Without the sorting behind the output, which only predictions have.
    plain = keras.Model(start.inputs, start.get_layer("output").output)
    plain.compile(keras.optimizers.Adam(0.01), pinball, jit_compile=False)
    history = plain.fit(
        X, Y[:, None], 20, 2, 0, shuffle=False, sample_weight=weight
    ).history
    net.fit(X, Y, weight)

    np.testing.assert_allclose(net.history_["loss"], history["loss"], rtol=1e-5)
    for own, expected in zip(net._fitted.weights, plain.get_weights(), strict=True):
        np.testing.assert_allclose(own, expected, atol=1e-5)


def test_metrics_are_those_of_the_median():
    """Metrics see what ``predict`` answers, in the units of the target."""
    net = DNNRegressor(
        **SMALL, quantiles=(0.1, 0.9), metrics=["mean_absolute_error"]
    ).fit(X, TWO, X_val=X, y_val=TWO)

    expected = np.abs(net.predict(X) - TWO).mean()
    found = net.history_["val_mean_absolute_error"][-1]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_files_and_exports_hold_the_quantiles(tmp_path):
    """Saved, as .keras and as ONNX the network gives sorted quantiles in units."""
    net = DNNRegressor(**SMALL, quantiles=(0.1, 0.3, 0.9)).initialize(X, TWO)
    flat = net.predict_quantiles(X, (0.1, 0.3, 0.5, 0.9)).reshape(500, -1)

    save(net, tmp_path / "net.skdeep")
    net.export(tmp_path / "net.keras")
    net.export(tmp_path / "net.onnx", "onnx")

    again = load(tmp_path / "net.skdeep")
    np.testing.assert_array_equal(again.predict_quantiles(X), net.predict_quantiles(X))
    model = keras.saving.load_model(tmp_path / "net.keras")
    np.testing.assert_allclose(np.asarray(model(X)), flat, rtol=1e-5)
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    rows = {"input": X.astype(np.float32)}
    np.testing.assert_allclose(session.run(None, rows)[0], flat, rtol=1e-5)
    text = session.get_modelmeta().custom_metadata_map["skdeep"]
    assert '"meaning": "quantiles 0.1, 0.3, 0.5, 0.9 of each target' in text


def test_images_have_quantiles_too(digits):
    """A CNNRegressor predicts them as a DNNRegressor does."""
    images, y = digits
    net = CNNRegressor(filters=(4,), quantiles=(0.05, 0.95), epochs=2, random_state=0)

    intervals = net.fit(images, y).predict_interval(images)

    assert intervals.shape == (400, 2)
    assert (intervals[:, 0] <= intervals[:, 1]).all()


def build(meta):
    """Build a network with as many outputs as the quantiles need."""
    layers = keras.layers
    outputs = layers.Dense(meta["n_outputs_expected_"])
    model = keras.Sequential([layers.Dense(16, "relu"), outputs])
    model.compile(loss="mse")
    return model


@pytest.mark.parametrize(("eager", "trainer"), [(False, "engine"), (True, "keras")])
def test_a_network_of_ones_own_learns_quantiles(eager, trainer):
    """The head is the user's, the loss is ours, whoever trains and whatever it had."""
    net = KerasRegressor(
        build,
        quantiles=(0.1, 0.9),
        optimizer="adam",
        optimizer__learning_rate=0.01,
        epochs=4 if eager else 40,
        normalize_y=True,
        run_eagerly=eager,
        random_state=0,
    ).fit(X, TWO)

    found = net.predict_quantiles(X)

    assert net.trainer_ == trainer
    np.testing.assert_allclose(shares_below(found, TWO), [(0.1, 0.9)] * 2, atol=0.06)


def test_quantiles_go_through_pipelines_searches_and_stops():
    """Clones, searches, weights and early stopping work as with any loss."""
    net = DNNRegressor(**NET, quantiles=[0.1, 0.9], early_stopping=True, patience=3)
    pipeline = make_pipeline(StandardScaler(), net)

    search = GridSearchCV(pipeline, {"dnnregressor__l2": [0.0, 0.01]}, cv=2)
    search.fit(X, Y, dnnregressor__sample_weight=np.ones(500))

    best = search.best_estimator_
    assert clone(net).quantiles == [0.1, 0.9]
    assert best[-1].predict_interval(best[0].transform(X), 0.8).shape == (500, 2)
    assert best[-1].n_epochs_ < 40
    assert cross_val_score(pipeline, X, Y, cv=2).mean() > 0.2


def test_training_goes_on_with_other_quantiles_but_not_with_more():
    """``warm_start`` and ``partial_fit`` follow the parameters as they are now."""
    net = DNNRegressor(**NET, warm_start=True, quantiles=(0.1, 0.5, 0.9)).fit(X, Y)

    net.set_params(quantiles=(0.3, 0.5, 0.7)).fit(X, Y).partial_fit(X, Y)

    found = shares_below(net.predict_quantiles(X), Y)
    np.testing.assert_allclose(found, (0.3, 0.5, 0.7), atol=0.07)
    with pytest.raises(InvalidNetworkError, match=r"as many outputs; got 1 .* were 3"):
        net.set_params(quantiles=None, quantile=0.9).fit(X, Y)


WRONG = {
    "both": ({"quantile": 0.9, "quantiles": (0.1, 0.9)}, "one of the two parameters"),
    "two places": (
        {"loss": "quantile", "quantile": 0.9, "loss_params": {"quantile": 0.9}},
        "one of the two parameters",
    ),
    "another loss": ({"quantile": 0.9, "loss": "huber"}, "quantile goes with loss="),
    "twice": ({"quantiles": (0.1, 0.1)}, "different numbers between 0 and 1"),
    "too large": ({"quantiles": (0.1, 1.0)}, "both excluded; got"),
    "percent": ({"quantile": 90}, "quantile"),
    "text": ({"quantiles": ("low", "high")}, "different numbers"),
    "none": ({"quantiles": ()}, "different numbers"),
}


@pytest.mark.parametrize("case", WRONG)
def test_quantiles_that_cannot_be_are_refused(case):
    """What cannot be learnt, or is said twice, fails before anything is trained."""
    parameters, message = WRONG[case]

    with pytest.raises(ValueError, match=message):
        DNNRegressor(**SMALL, **parameters).fit(X, Y)


def test_quantiles_that_were_not_learnt_are_refused(net):
    """There is no guess between quantiles, and none by a network of the mean."""
    mean = DNNRegressor(**SMALL).fit(X, Y)

    with pytest.raises(ValueError, match=r"fitted for, \(0.1, 0.5, 0.9\); got 0.05"):
        net.predict_interval(X)
    with pytest.raises(ValueError, match=r"got 0.3. Fit with these"):
        net.predict_quantiles(X, [0.3])
    with pytest.raises(ValueError, match="coverage must be a number between 0 and 1"):
        net.predict_interval(X, 80)
    with pytest.raises(ValueError, match=r"got one of single numbers. Fit with"):
        mean.predict_interval(X)
