"""Training in parts gives, bit for bit, what training in one go gives."""

import pickle

import keras
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.metrics import check_scoring
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdeep import DNNClassifier, DNNRegressor, KerasClassifier
from skdeep.model_selection._going_on import GoingOn
from skdeep.model_selection._pipeline import last_step


class CrossFitted(TransformerMixin, BaseEstimator):
    """Gives other rows while it is fitted, as TargetEncoder does."""

    def fit(self, X, y=None):
        """Do nothing."""
        return self

    def fit_transform(self, X, y=None):
        """Change what is trained on."""
        return X + 0.5

    def transform(self, X):
        """Change nothing."""
        return X

    def __sklearn_is_fitted__(self):
        """Always."""
        return True


def net(**changes):
    """A small network with everything that has to go on: order, dropout, momentum."""
    parameters = {"learning_rate": 0.01, "dropout": 0.1, "random_state": 0, **changes}
    return DNNClassifier((4,), **parameters)


def small_model():
    """A network of the user's."""
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])


def scores(going, n_epochs, X, y, **fit_params):
    """Train until so many epochs are done; return the score of the held-out rows."""
    result, _ = going.fit_and_score(
        n_epochs,
        X,
        y,
        scorer=check_scoring(going.estimator),
        train=range(0, len(X), 2),
        test=range(1, len(X), 2),
        parameters=None,
        fit_params=fit_params,
        score_params={},
        error_score="raise",
        verbose=0,
        caller=None,
        task=None,
    )
    return result["test_scores"]


def in_one_go(estimator, n_epochs, X, y, **fit_params):
    """Fit a clone on the same rows."""
    whole = clone(estimator)
    last_step(whole).set_params(epochs=n_epochs)
    return whole.fit(X[::2], y[::2], **fit_params)


def weights_of(network):
    """All weights, of all members."""
    members = getattr(network, "members_", [network])
    return [weights for m in members for weights in m.model_.get_weights()]


@pytest.mark.fast
@pytest.mark.parametrize(
    "estimator",
    [
        net(schedule="cosine"),
        net(n_members=2),
        net(calibration="temperature"),
        net(optimizer_params={"use_ema": True, "ema_momentum": 0.9}),
        DNNRegressor((4,), normalize_y=True, momentum=0.9, optimizer="sgd"),
        make_pipeline(StandardScaler(), net()),
        make_pipeline(CrossFitted(), net(schedule="one_cycle")),
        KerasClassifier(small_model, random_state=0),
    ],
    ids=[
        "schedule",
        "members",
        "calibration",
        "averages",
        "regressor",
        "pipeline",
        "cross-fitted",
        "own model",
    ],
)
def test_parts_give_the_weights_of_one_fit(iris, estimator):
    """Schedules, dropout, averages and what transformers give while they are fitted."""
    X, y = iris[0][::3], iris[1][::3]
    last_step(estimator).set_params(random_state=0)
    going = GoingOn(clone(estimator), 6)

    scores(going, 2, X, y)
    scores(going, 3, X, y)
    score = scores(going, 6, X, y)

    whole = in_one_go(estimator, 6, X, y)
    assert score == whole.score(X[1::2], y[1::2])
    assert last_step(going.estimator).history_ == last_step(whole).history_
    for part, one in zip(
        weights_of(last_step(going.estimator)),
        weights_of(last_step(whole)),
        strict=True,
    ):
        assert_array_equal(part, one)


def test_weights_of_samples_go_on(iris):
    """Every part weighs the rows as the whole fit does."""
    X, y = iris[0][::3], iris[1][::3]
    weight = (y + 1.0)[::2]
    going = GoingOn(net(), 4)

    scores(going, 1, X, y, sample_weight=weight)
    scores(going, 4, X, y, sample_weight=weight)

    whole = in_one_go(net(), 4, X, y, sample_weight=weight)
    assert_array_equal(going.estimator.predict_proba(X), whole.predict_proba(X))


def test_a_pickle_goes_on_elsewhere(iris):
    """Parts may run in different processes."""
    X, y = iris[0][::3], iris[1][::3]
    pipeline = make_pipeline(StandardScaler(), net())
    going = GoingOn(clone(pipeline), 4)

    scores(going, 2, X, y)
    elsewhere = pickle.loads(pickle.dumps(going))
    scores(elsewhere, 4, X, y)

    whole = in_one_go(pipeline, 4, X, y)
    assert_array_equal(elsewhere.estimator.predict_proba(X), whole.predict_proba(X))


def test_what_is_done_is_not_done_again(iris):
    """A rung that asks for no more epochs scores and trains nothing."""
    X, y = iris[0][::3], iris[1][::3]
    going = GoingOn(net(), 4)

    first = scores(going, 2, X, y)
    again = scores(going, 2, X, y)

    assert again == first
    assert going.estimator.n_epochs_ == 2


def test_what_keras_trains_is_refused(iris):
    """Keras does not promise the same bits in parts."""
    X, y = iris[0][::3], iris[1][::3]
    eager = KerasClassifier(small_model, run_eagerly=True, random_state=0)

    with pytest.raises(TypeError, match="expects a network that skdeep's program"):
        scores(GoingOn(eager, 4), 2, X, y)
