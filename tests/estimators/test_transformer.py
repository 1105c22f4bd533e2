"""Hidden layers as features: which layer, whose training, which pipelines."""

import pickle

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import parametrize_with_checks

import skdeep
from skdeep import (
    CNNClassifier,
    DNNClassifier,
    DNNRegressor,
    KerasClassifier,
    NetworkTransformer,
    RNNClassifier,
)
from skdeep.engine import cache_info
from skdeep.exceptions import InvalidNetworkError
from tests.estimators.keras_builds import build_dense

X, Y = load_digits(return_X_y=True)
X, Y = X[:200] / 16, Y[:200]
SHORT = {"epochs": 2, "optimizer": "sgd", "random_state": 0}
NET = DNNClassifier((8, 5), dropout=0.1, jit_compile=False, **SHORT)
NETWORKS = [
    NET,
    CNNClassifier((3,), image_shape=(8, 8, 1), hidden_layer_sizes=(5,), **SHORT),
    RNNClassifier(
        (3,), sequence_shape=(8, 8), hidden_layer_sizes=(5,), jit_compile=False, **SHORT
    ),
    KerasClassifier(build_dense, units=5, **SHORT),
    KerasClassifier(build_dense, units=5, run_eagerly=True),
]


def of_keras(net, layer):
    """Outputs of a layer, as Keras computes them."""
    model = net.model_
    cut = keras.Model(model.inputs, model.layers[layer].output)
    rows = X.reshape(-1, *model.inputs[0].shape[1:]).astype("float32")
    return np.asarray(cut([rows])).reshape(len(X), -1)


@pytest.mark.fast
@pytest.mark.parametrize("net", NETWORKS, ids=lambda net: type(net).__name__)
def test_features_are_the_outputs_of_the_layer(net):
    """Of every kind of network and at every depth, flat."""
    net = clone(net).fit(X, Y)

    for layer in range(1, len(net.model_.layers)):
        found = net.as_transformer(layer).transform(X)
        np.testing.assert_allclose(found, of_keras(net, layer), atol=1e-5)


@pytest.mark.fast
def test_a_layer_is_found_by_its_name_and_refused_by_another():
    """As in summary(); the message lists the names."""
    net = clone(NET).fit(X, Y)

    by_name = net.as_transformer("hidden_1").transform(X)

    np.testing.assert_array_equal(by_name, net.as_transformer(1).transform(X))
    assert list(net.summary().index)[1] == "hidden_1"
    for layer in ("hidden_9", 99):
        with pytest.raises(InvalidNetworkError, match=r"hidden_1.*got .*9"):
            net.as_transformer(layer).transform(X)


@pytest.mark.fast
def test_a_row_has_the_same_features_among_any_others():
    """Stacks of layers are cut, not Keras' models."""
    transformer = clone(NET).fit(X, Y).as_transformer()

    together, alone = transformer.transform(X), transformer.transform(X[7:8])

    np.testing.assert_array_equal(together[7:8], alone)


def test_units_of_the_target_are_no_layer():
    """With normalize_y, -2 is still the last hidden layer."""
    net = DNNRegressor((6,), normalize_y=True, **SHORT).fit(X, Y)

    assert net.as_transformer().transform(X).shape == (200, 6)


def test_a_frozen_network_stays_as_it_is():
    """Cross validation, clones and fits train nothing; a Pipeline holds the rest."""
    net = clone(NET).fit(X, Y)
    before = cache_info()
    pipe = make_pipeline(net.as_transformer(), SVC())

    scores = cross_val_score(pipe, X, Y, cv=2)
    features = clone(pipe).fit(X, Y)[0].transform(X)

    assert cache_info().misses == before.misses
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(features, net.as_transformer().transform(X))


def test_a_network_is_fitted_in_the_pipeline_and_searched():
    """Parameters reach it by two names; sample weights do, too."""
    step = NetworkTransformer(make_pipeline(StandardScaler(), NET))
    pipe = make_pipeline(step, LogisticRegression(max_iter=1000))
    grid = {
        "networktransformer__estimator__dnnclassifier__learning_rate": [0.001, 0.01],
        "networktransformer__layer": [-2, "hidden_1"],
    }

    search = GridSearchCV(pipe, grid, cv=2, error_score="raise").fit(X, Y)

    assert search.best_score_ > 0.5
    assert not hasattr(NET, "_fitted")
    weight = np.linspace(0.1, 2, len(X))
    step = NetworkTransformer(NET).fit(X, Y, sample_weight=weight)
    direct = clone(NET).fit(X, Y, sample_weight=weight).as_transformer()
    np.testing.assert_array_equal(step.transform(X), direct.transform(X))


def test_features_have_names_and_frames():
    """get_feature_names_out, set_output, and the names of the rows."""
    frame = pd.DataFrame(X).add_prefix("pixel_")
    step = NetworkTransformer(NET).set_output(transform="pandas").fit(frame, Y)

    found = step.transform(frame)

    names = [f"networktransformer{i}" for i in range(5)]
    assert list(found.columns) == list(step.get_feature_names_out()) == names
    assert step.n_features_in_ == 64
    assert step.feature_names_in_[0] == "pixel_0"


def test_it_is_kept(tmp_path):
    """Pickles and files give the same bits, frozen or not."""
    net = clone(NET).fit(X, Y)

    for step in (net.as_transformer(), NetworkTransformer(NET).fit(X, Y)):
        expected = step.transform(X)
        skdeep.save(step, tmp_path / "step.skdeep")
        loaded = skdeep.load(tmp_path / "step.skdeep")
        np.testing.assert_array_equal(loaded.transform(X), expected)
        pickled = pickle.loads(pickle.dumps(step))
        np.testing.assert_array_equal(pickled.transform(X), expected)


def test_fitting_again_gives_the_features_of_the_new_network():
    """Nothing of an earlier fit or layer is remembered."""
    step = NetworkTransformer(NET).fit(X, Y)
    first = step.transform(X)

    step.set_params(estimator__random_state=1).fit(X, Y)

    assert (step.transform(X) != first).any()
    assert step.set_params(layer="hidden_1").transform(X).shape == (200, 8)


@pytest.mark.parametrize("inner", [LogisticRegression(), StandardScaler()])
def test_other_estimators_are_refused(inner):
    """They have no layers."""
    with pytest.raises((TypeError, ValueError), match="NetworkTransformer"):
        NetworkTransformer(inner).fit(X, Y)


@parametrize_with_checks([NetworkTransformer(DNNRegressor((4,), **SHORT))])
def test_conformance(estimator, check):
    """scikit-learn's checks of transformers pass."""
    check(estimator)
