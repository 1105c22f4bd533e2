"""Several networks in one estimator: which they are, and what is made of them."""

from __future__ import annotations

import _thread
import pickle
import signal
import threading

import keras
import numpy as np
import pytest
from sklearn.base import clone

import skdeep
from skdeep import CNNClassifier, DNNClassifier, DNNRegressor
from skdeep.exceptions import DivergenceError, InvalidNetworkError
from skdeep.model_selection import epoch_curve

RNG = np.random.RandomState(0)
X = RNG.normal(size=(60, 3))
Y = 100 * X[:, 0] + 20 * RNG.normal(size=60)
LABELS = np.array(["a", "b", "c"])[np.digitize(Y, [-50, 50])]
SMALL = {
    "hidden_layer_sizes": (4,),
    "learning_rate": 0.02,
    "epochs": 6,
    "random_state": 0,
}
STOPPING = {"early_stopping": True, "patience": 2, "validation_fraction": 0.3}


def regressor(n_members, **settings):
    """Return a regressor whose targets are standardised."""
    own = SMALL | {"normalize_y": True} | settings
    return DNNRegressor(**own, n_members=n_members)


@pytest.fixture(scope="module")
def fitted():
    """Three fitted members, which tests look at."""
    return regressor(3).fit(X, Y)


@pytest.mark.fast
def test_members_are_fits_of_their_own(fitted):
    """The first is that of n_members=1; each is what its own parameters give."""
    alone = regressor(1).fit(X, Y)

    again = [clone(member).fit(X, Y) for member in fitted.members_]

    predictions = [member.predict(X) for member in fitted.members_]
    np.testing.assert_array_equal(predictions[0], alone.predict(X))
    np.testing.assert_array_equal([net.predict(X) for net in again], predictions)
    assert len(np.unique(predictions, axis=0)) == 3
    np.testing.assert_allclose(fitted.predict(X), np.mean(predictions, axis=0))


@pytest.mark.parametrize("random_state", ["int", "instance"])
def test_more_members_change_none_of_the_others(fitted, random_state):
    """Seeds are drawn one behind the other, whoever draws them."""
    seed = {"int": lambda: 0, "instance": lambda: np.random.RandomState(0)}
    make = seed[random_state]

    more = regressor(4, random_state=make()).fit(X, Y)

    fewer = regressor(2, random_state=make()).fit(X, Y)
    for one, other in zip(fewer.members_, more.members_, strict=False):
        np.testing.assert_array_equal(one.predict(X), other.predict(X))


def test_members_are_the_same_side_by_side_and_in_turn(fitted, capsys):
    """What looks on makes them wait for each other, and changes no bit."""
    in_turn = regressor(3, verbose=2).fit(X, Y)

    printed = capsys.readouterr().out.splitlines()
    assert [line[:27] for line in printed[5:7]] == [
        "Member 1/3 - Epoch 6/6 - lo",
        "Member 2/3 - Epoch 1/6 - lo",
    ]
    np.testing.assert_array_equal(in_turn.predict(X), fitted.predict(X))


def test_each_member_holds_out_its_own_rows():
    """Probabilities are averaged; the epochs of all are put together as documented."""
    net = DNNClassifier(
        **SMALL | STOPPING | {"epochs": 60, "learning_rate": 0.1}, n_members=3
    )

    net.fit(X, LABELS)

    members = net.members_
    means = np.mean([member.predict_proba(X) for member in members], axis=0)
    assert len({tuple(member.history_["val_loss"]) for member in members}) == 3
    np.testing.assert_allclose(net.predict_proba(X), means, rtol=1e-6)
    assert net.predict_proba(X).dtype == members[0].predict_proba(X).dtype
    np.testing.assert_array_equal(net.predict(X), net.classes_[means.argmax(axis=1)])
    lengths = [member.n_iter_ for member in members]
    assert len(set(lengths)) > 1
    assert net.n_iter_ == net.n_epochs_ == len(net.history_["loss"]) == max(lengths)
    assert net.best_epoch_ == round(np.mean([m.best_epoch_ for m in members]))
    last = [m.history_["loss"][-1] for m in members if m.n_iter_ == max(lengths)]
    assert net.history_["loss"][-1] == pytest.approx(np.mean(last))


def test_the_deviation_is_that_of_the_members(fitted):
    """In the units and the shape of the targets; that of a distribution is added."""
    two = regressor(2).fit(X, np.c_[Y, -Y])
    gaussian = regressor(2, loss="gaussian").fit(X, Y)

    mean, std = fitted.predict(X, return_std=True)

    members = [member.predict(X) for member in fitted.members_]
    np.testing.assert_array_equal(mean, fitted.predict(X))
    np.testing.assert_allclose(std, np.std(members, axis=0), rtol=1e-5)
    assert two.predict(X.astype("f"), return_std=True)[1].shape == (60, 2)
    assert two.predict(X.astype("f"), return_std=True)[1].dtype == np.float32
    own = np.array([m.predict(X, return_std=True) for m in gaussian.members_])
    total = np.mean(own[:, 1] ** 2, axis=0) + np.var(own[:, 0], axis=0)
    found = gaussian.predict(X, return_std=True)
    np.testing.assert_allclose(found[1], np.sqrt(total), rtol=1e-5)
    np.testing.assert_array_equal(found[0], gaussian.predict(X))
    with pytest.raises(ValueError, match="or several networks; got one of"):
        fitted.members_[0].predict(X, return_std=True)


def test_copies_and_exports_predict_the_same(fitted, tmp_path):
    """Pickles, files, the Keras model and ONNX average the members, too."""
    onnxruntime = pytest.importorskip("onnxruntime")
    expected = fitted.predict(X)
    skdeep.save(fitted, tmp_path / "net.skdeep")
    fitted.export(tmp_path / "net.keras")
    fitted.export(tmp_path / "net.onnx", format="onnx")

    loaded = skdeep.load(tmp_path / "net.skdeep")
    model = keras.saving.load_model(tmp_path / "net.keras")
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")

    copy = pickle.loads(pickle.dumps(fitted))
    for net in (loaded, copy):
        np.testing.assert_array_equal(net.predict(X), expected)
        assert net.history_ == fitted.history_
        assert len(net.members_) == 3
    outputs = [
        np.asarray(fitted.model_(X)),
        np.asarray(model(X)),
        session.run(None, {"input": X.astype(np.float32)})[0],
    ]
    for output in outputs:
        np.testing.assert_allclose(output[:, 0], expected, rtol=1e-4, atol=1e-3)
    copy.set_weights([0 * array for array in model.get_weights()])
    assert np.ptp(copy.predict(X)) == 0
    copy.set_weights(fitted.model_)
    np.testing.assert_array_equal(copy.predict(X), expected)


def test_all_members_go_on(fitted):
    """Warm starts and partial fits continue each; their number cannot change."""
    warm = regressor(3, epochs=3, warm_start=True).fit(X, Y)
    warm = pickle.loads(pickle.dumps(warm)).fit(X, Y)
    plain = DNNRegressor(**SMALL, n_members=2).fit(X, Y)
    parts = DNNRegressor(**SMALL, n_members=2)

    for _ in range(6):
        parts.partial_fit(X, Y)

    np.testing.assert_array_equal(warm.predict(X), fitted.predict(X))
    assert (warm.n_iter_, warm.n_epochs_) == (3, 6)
    np.testing.assert_array_equal(parts.predict(X), plain.predict(X))
    with pytest.raises(InvalidNetworkError, match="n_members=2 after a fit with 3"):
        warm.set_params(n_members=2).fit(X, Y)
    warm.set_params(n_members=1, warm_start=False, epochs=6).fit(X, Y)
    assert not hasattr(warm, "members_")
    np.testing.assert_array_equal(warm.predict(X), fitted.members_[0].predict(X))


def test_each_member_has_copies_of_the_callbacks():
    """They are told of one member after the other; callbacks_ has all copies."""
    images = X.reshape(-1, 3, 1, 1)
    stop = keras.callbacks.EarlyStopping("loss", patience=1, min_delta=10)
    net = CNNClassifier(
        (2,), pool_size=None, hidden_layer_sizes=(), epochs=5, n_members=2
    )

    net.set_params(callbacks=stop).fit(images, LABELS)

    assert [member.n_iter_ for member in net.members_] == [2, 2]
    assert len(net.callbacks_) == 2
    assert stop not in net.callbacks_
    assert net.callbacks_ == [m.callbacks_[0] for m in net.members_]


def test_ctrl_c_ends_all_members():
    """It reaches the threads; interrupted_ has the members that had begun."""
    net = regressor(3, epochs=10**7)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    threading.Timer(1.0, _thread.interrupt_main).start()

    # Shells let the processes of a job ignore it, and this fit would never end.
    try:
        with pytest.raises(KeyboardInterrupt, match="interrupted_ is a fitted"):
            net.fit(X, Y)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not hasattr(net, "members_")
    assert len(net.interrupted_.members_) >= 1
    assert np.isfinite(net.interrupted_.predict(X)).all()


def test_the_first_member_that_diverges_is_the_error():
    """Whichever thread is quicker, the estimator is as it was."""
    net = DNNRegressor(**SMALL | {"learning_rate": 1e12}, optimizer="sgd", n_members=3)

    with pytest.raises(DivergenceError) as found:
        net.fit(X, Y)

    with pytest.raises(DivergenceError) as expected:
        net.set_params(n_members=1).fit(X, Y)
    assert str(found.value) == str(expected.value)
    assert not hasattr(net, "_fitted")


def test_epoch_curves_are_of_one_network():
    """Members are trained one by one, so there is no epoch of all to look at."""
    with pytest.raises(ValueError, match="n_members=2, which are trained one by one"):
        epoch_curve(regressor(2), X, Y, cv=2)
