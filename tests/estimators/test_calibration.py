"""Calibrated probabilities: logits over a temperature that rows held out ask for."""

import keras
import numpy as np
import onnxruntime
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from sklearn.base import clone
from sklearn.metrics import log_loss

from skdeep import CNNClassifier, DNNClassifier, KerasClassifier, load, save

RNG = np.random.RandomState(0)
X = RNG.normal(size=(600, 5))
# Noise in the labels that a large network learns by heart, and is too sure of.
CLASSES = np.array(["a", "b", "c"])[
    np.argmax(X[:, :3] + 1.5 * RNG.gumbel(size=(600, 3)), axis=1)
]
TWO = CLASSES == "a"
LABELS = np.column_stack([TWO, CLASSES == "b"]).astype(int)
TRAIN, TEST = slice(0, 300), slice(300, 600)
NET = {"hidden_layer_sizes": (64,), "epochs": 60, "learning_rate": 0.01}
NET |= {"random_state": 0, "validation_fraction": 0.3}
TARGETS = {"multiclass": CLASSES, "binary": TWO, "multilabel": LABELS}


def mean_log_loss(net, y):
    """The log loss on the test rows, for labels that of all of them."""
    found = net.predict_proba(X[TEST])
    if y.ndim == 1:
        return log_loss(y[TEST], found, labels=net.classes_)
    return -np.mean(np.log(np.where(y[TEST] == 1, found, 1 - found)))


@pytest.mark.fast
@pytest.mark.parametrize("kind", TARGETS)
def test_probabilities_are_right_as_often_as_they_say(kind):
    """A network that is too sure becomes less so; what it predicts stays."""
    y = TARGETS[kind]
    net = DNNClassifier(**NET, calibration="temperature")
    raw = DNNClassifier(**NET)

    # With rows of its own to calibrate on it trains on the same as the other.
    net.fit(X[TRAIN], y[TRAIN], X_val=X[300:450], y_val=y[300:450])
    raw.fit(X[TRAIN], y[TRAIN])

    assert net.temperature_ > 1.2
    assert raw.temperature_ == 1
    np.testing.assert_array_equal(net.predict(X), raw.predict(X))
    assert mean_log_loss(net, y) < mean_log_loss(raw, y) - 0.02


def test_the_temperature_is_the_best_there_is():
    """It minimises the weighted log loss of the validation rows."""
    weight = RNG.uniform(0.2, 3, size=300)
    net = DNNClassifier(**NET, calibration="temperature").fit(
        X[TRAIN],
        CLASSES[TRAIN],
        X_val=X[TEST],
        y_val=CLASSES[TEST],
        sample_weight_val=weight,
    )
    raw = clone(net).set_params(calibration=None).fit(X[TRAIN], CLASSES[TRAIN])
    logits = raw.predict_log_proba(X[TEST])

    def loss(temperature):
        return log_loss(
            CLASSES[TEST], softmax(logits / temperature, axis=1), sample_weight=weight
        )

    best = minimize_scalar(loss, bounds=(0.1, 10), method="bounded").x
    np.testing.assert_allclose(net.temperature_, best, rtol=1e-3)
    np.testing.assert_allclose(
        net.predict_proba(X[TEST]), softmax(logits / best, axis=1), atol=1e-3
    )


def test_rows_are_held_out_though_nothing_stops():
    """Without X_val and early stopping a part of the rows is kept for calibration."""
    calibrated = DNNClassifier(**NET, calibration="temperature")
    stopping = clone(calibrated).set_params(
        early_stopping=True, patience=60, calibration=None
    )

    calibrated.fit(X[TRAIN], CLASSES[TRAIN])
    stopping.fit(X[TRAIN], CLASSES[TRAIN])

    assert calibrated.n_iter_ == 60
    assert calibrated.history_["val_loss"] == stopping.history_["val_loss"]


def test_files_models_and_exports_are_calibrated(tmp_path):
    """Whoever predicts with the network divides by the temperature."""
    net = DNNClassifier(**NET, calibration="temperature").fit(X[TRAIN], CLASSES[TRAIN])
    expected = net.predict_proba(X)

    save(net, tmp_path / "net.skdeep")
    net.export(tmp_path / "net.keras")
    net.export(tmp_path / "net.onnx", "onnx")

    again = load(tmp_path / "net.skdeep")
    np.testing.assert_array_equal(again.predict_proba(X), expected)
    assert again.temperature_ == net.temperature_
    model = keras.saving.load_model(tmp_path / "net.keras")
    np.testing.assert_allclose(np.asarray(model(X)), expected, atol=1e-6)
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    found = session.run(None, {"input": X.astype(np.float32)})[0]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    other = DNNClassifier(**NET).initialize(X, CLASSES).set_weights(net.model_)
    np.testing.assert_array_equal(other.predict_proba(X), expected)


def test_training_goes_on_from_the_weights_that_were_trained():
    """A temperature belongs to predictions: warm starts do not see it."""
    net = DNNClassifier(**NET | {"epochs": 30}, warm_start=True)
    net.set_params(calibration="temperature")
    raw = clone(net).set_params(calibration=None)

    for _ in range(2):
        net.fit(X[TRAIN], CLASSES[TRAIN], X_val=X[TEST], y_val=CLASSES[TEST])
        raw.fit(X[TRAIN], CLASSES[TRAIN], X_val=X[TEST], y_val=CLASSES[TEST])

    assert net.history_ == raw.history_
    assert net.temperature_ > 1.2


def test_images_are_calibrated_too(digits):
    """A CNNClassifier has the parameter, and it does what it does for tables."""
    images, y = digits
    net = CNNClassifier(
        filters=(4,), epochs=3, calibration="temperature", random_state=0
    )

    net.fit(images, y)

    assert net.temperature_ != 1
    np.testing.assert_allclose(net.predict_proba(images).sum(axis=1), 1, rtol=1e-5)


def build(ending, separate):
    """Build a classifier of three classes that ends so."""
    layers = keras.layers
    last = (
        [layers.Dense(3), layers.Softmax()] if separate else [layers.Dense(3, ending)]
    )
    return keras.Sequential([layers.Dense(64, "relu"), *last])


@pytest.mark.parametrize("ending", ["softmax", None])
def test_a_network_of_ones_own_is_calibrated(ending):
    """If a Dense layer gives the logits, with or without the softmax."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=ending is None)
    net = KerasClassifier(
        build,
        ending=ending,
        separate=False,
        loss=loss,
        optimizer="adam",
        optimizer__learning_rate=0.01,
        epochs=60,
        validation_fraction=0.3,
        calibration="temperature",
        random_state=0,
    )

    net.fit(X[TRAIN], CLASSES[TRAIN])
    without = {"calibration": None, "validation_fraction": 0.1}
    raw = clone(net).set_params(**without).fit(X[TRAIN], CLASSES[TRAIN])

    assert net.temperature_ > 1.2
    assert mean_log_loss(net, CLASSES) < mean_log_loss(raw, CLASSES)


def test_where_there_are_no_logits_calibration_is_refused():
    """Before training, with what to do instead; partial_fit holds nothing out."""
    own = KerasClassifier(
        build, ending=None, separate=True, calibration="temperature", random_state=0
    )
    eager = clone(own).set_params(ending="softmax", separate=False, run_eagerly=True)

    with pytest.raises(ValueError, match=r"last layer Dense.*End it so, or leave"):
        own.fit(X, CLASSES)
    with pytest.raises(ValueError, match=r"that the engine can train; got one"):
        eager.fit(X, CLASSES)
    with pytest.raises(ValueError, match=r"holds no rows out .* set calibration=None"):
        DNNClassifier(calibration="temperature").partial_fit(X, TWO, classes=[0, 1])


@pytest.mark.parametrize("kind", TARGETS)
def test_early_stopping_can_watch_the_calibrated_loss(kind):
    """The history has it; the best epoch by it is kept, with its temperature."""
    y = TARGETS[kind]
    net = DNNClassifier(**NET, calibration="temperature", early_stopping=True)
    net.set_params(monitor="val_calibrated_loss", patience=10)

    net.fit(X[TRAIN], y[TRAIN], X_val=X[TEST], y_val=y[TEST])

    losses = net.history_["val_calibrated_loss"]
    assert np.argmin(losses) == net.best_epoch_ - 1
    assert np.all(np.array(losses) <= np.array(net.history_["val_loss"]) + 1e-6)
    np.testing.assert_allclose(mean_log_loss(net, y), min(losses), rtol=1e-4)


@pytest.mark.fast
def test_the_calibrated_loss_needs_a_calibration():
    """Of a network whose probabilities stay as they are there is none."""
    net = DNNClassifier(**NET, early_stopping=True, monitor="val_calibrated_loss")

    with pytest.raises(ValueError, match="Set calibration='temperature'"):
        net.fit(X, TWO)


def test_own_networks_and_members_watch_the_calibrated_loss():
    """Where a network comes from, and how many there are, is no matter."""
    model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(3, "softmax")])
    settings = {"epochs": 2, "random_state": 0, "calibration": "temperature"}
    settings |= {"early_stopping": True, "monitor": "val_calibrated_loss"}
    own = KerasClassifier(model, **settings)
    several = DNNClassifier((4,), **settings, n_members=2)

    for net in (own, several):
        assert len(net.fit(X, CLASSES).history_["val_calibrated_loss"]) == 2
