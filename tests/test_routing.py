"""Metadata routing: weights and validation rows reach the network, and only it."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.datasets import load_diabetes
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skdeep import CNNClassifier, CNNRegressor, DNNClassifier, DNNRegressor

ESTIMATORS = [CNNClassifier, CNNRegressor, DNNClassifier, DNNRegressor]


def regressor(**parameters):
    """Return a small regressor that learns something of diabetes."""
    net = {"hidden_layer_sizes": (8,), "learning_rate": 0.02, "random_state": 0}
    return DNNRegressor(**{**net, "epochs": 10, **parameters})


@pytest.fixture
def routing():
    """Switch scikit-learn's metadata routing on."""
    with config_context(enable_metadata_routing=True):
        yield


@pytest.fixture(scope="module")
def patients():
    """Diabetes in the units of the doctors: rows to train on, rows to watch."""
    X, y = load_diabetes(return_X_y=True, scaled=False)
    return X[:300], y[:300] / 100, X[300:], y[300:] / 100


@pytest.mark.fast
@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_requests_can_be_set_for_all_metadata(Estimator, routing):
    """fit, partial_fit and score say what they can be given."""
    requests = Estimator().get_metadata_routing()

    assert set(requests.fit.requests) == {
        "sample_weight",
        "X_val",
        "y_val",
        "sample_weight_val",
        "groups",
    }
    classes = {"classes"} if "Classifier" in Estimator.__name__ else set()
    assert set(requests.partial_fit.requests) == {"sample_weight"} | classes
    assert set(requests.score.requests) == {"sample_weight"}


def test_a_pipeline_transforms_the_validation_rows(routing, patients):
    """With transform_input the rows to watch go through the scaler, fitted without."""
    X, y, X_val, y_val = patients
    net = regressor(early_stopping=True).set_fit_request(X_val=True, y_val=True)
    steps = [("scale", StandardScaler()), ("net", net)]

    pipeline = Pipeline(steps, transform_input=["X_val"])
    pipeline.fit(X, y, X_val=X_val, y_val=y_val)

    scaler = StandardScaler().fit(X)
    by_hand = regressor(early_stopping=True).fit(
        scaler.transform(X), y, X_val=scaler.transform(X_val), y_val=y_val
    )
    np.testing.assert_array_equal(pipeline["scale"].mean_, scaler.mean_)
    assert pipeline["net"].history_ == by_hand.history_
    assert min(by_hand.history_["val_loss"]) < 0.5


def test_without_transform_input_the_validation_rows_would_mislead(routing, patients):
    """Rows that no scaler saw give another validation loss: what the option is for."""
    X, y, X_val, y_val = patients
    net = regressor().set_fit_request(X_val=True, y_val=True)
    steps = [("scale", StandardScaler()), ("net", net)]

    with pytest.warns(UserWarning, match="transform_input"):
        raw = Pipeline(steps).fit(X, y, X_val=X_val, y_val=y_val)

    assert min(raw["net"].history_["val_loss"]) > 10


def test_validation_weights_are_routed(routing, patients):
    """Rows to watch of weight zero do not count."""
    X, y, X_val, y_val = patients
    net = regressor().set_fit_request(X_val=True, y_val=True, sample_weight_val=True)
    pipeline = Pipeline(
        [("scale", StandardScaler()), ("net", net)], transform_input=["X_val"]
    )
    spoilt = np.r_[y_val, y_val + 100]

    pipeline.fit(
        X,
        y,
        X_val=np.vstack([X_val, X_val]),
        y_val=spoilt,
        sample_weight_val=np.r_[np.ones(len(y_val)), np.zeros(len(y_val))],
    )
    weighted = pipeline["net"].history_["val_loss"]
    pipeline.fit(X, y, X_val=X_val, y_val=y_val, sample_weight_val=np.ones(len(y_val)))

    np.testing.assert_allclose(
        pipeline["net"].history_["val_loss"], weighted, rtol=1e-5
    )


def test_sample_weights_reach_every_fold(routing, diabetes):
    """Cross validation cuts the weights like the rows, in fit and in score."""
    X, y = diabetes
    spoilt = np.where(np.arange(len(y)) % 3 == 0, y + 100, y)
    weight = np.where(np.arange(len(y)) % 3 == 0, 0.0, 1.0)
    net = regressor().set_fit_request(sample_weight=True)
    net.set_score_request(sample_weight=True)

    scores = cross_val_score(net, X, spoilt, params={"sample_weight": weight}, cv=2)
    plain = cross_val_score(regressor(), X, spoilt, cv=2)

    assert scores.min() > 0.3
    assert plain.max() < 0.1


def test_sample_weights_go_through_a_search_of_a_pipeline(routing, diabetes):
    """A search hands weights to the network of a pipeline, to scaler only if asked."""
    X, y = diabetes
    spoilt = np.where(np.arange(len(y)) % 3 == 0, y + 100, y)
    weight = np.where(np.arange(len(y)) % 3 == 0, 0.0, 1.0)
    net = regressor().set_fit_request(sample_weight=True)
    scaler = StandardScaler().set_fit_request(sample_weight=False)

    search = GridSearchCV(
        make_pipeline(scaler, net),
        {"dnnregressor__learning_rate": [1e-6, 0.02]},
        cv=2,
        scoring=get_scorer("r2").set_score_request(sample_weight=True),
    )
    search.fit(X, spoilt, sample_weight=weight)

    assert search.best_params_ == {"dnnregressor__learning_rate": 0.02}
    assert search.best_score_ > 0.3


@pytest.mark.fast
def test_metadata_nobody_asked_for_is_refused(routing, diabetes):
    """Without a request, weights and validation rows are an error, not ignored."""
    X, y = diabetes
    pipeline = make_pipeline(StandardScaler(), regressor())

    with pytest.raises(UnsetMetadataPassedError, match=r"X_val.*set_fit_request"):
        pipeline.fit(X, y, X_val=X, y_val=y)
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        cross_val_score(regressor(), X, y, params={"sample_weight": y}, cv=2)


def test_weights_by_the_name_of_a_step(diabetes):
    """Without routing, a pipeline passes weights on by the name of the step."""
    X, y = diabetes
    weight = np.arange(len(y)) % 2
    pipeline = make_pipeline(StandardScaler(), regressor())

    pipeline.fit(X, y, dnnregressor__sample_weight=weight)

    expected = regressor().fit(StandardScaler().fit_transform(X), y, weight)
    assert pipeline[-1].history_ == expected.history_
