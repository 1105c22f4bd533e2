"""epoch_curve: scores after every epoch, as many separate trainings would give them."""

import joblib
import keras
import numpy as np
import pytest
import sklearn
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import GroupKFold, KFold, validation_curve
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skdeep import CNNClassifier, DNNClassifier, DNNRegressor
from skdeep.datasets import load_boston_housing
from skdeep.engine import cache_info
from skdeep.model_selection import epoch_curve

FOLDS = KFold(3, shuffle=True, random_state=0)


def iris_net(**changes):
    """A network that learns something of iris in a few epochs."""
    parameters = {"learning_rate": 0.01, "epochs": 4, "random_state": 0, **changes}
    return DNNClassifier((8,), **parameters)


def iris_pipeline(**changes):
    """The same behind a scaler."""
    return Pipeline([("scale", StandardScaler()), ("net", iris_net(**changes))])


class CountingScaler(StandardScaler):
    """Notes how many rows it transforms, for all its clones."""

    transformed: list[int] = []

    def transform(self, X, copy=None):
        """Scale, and take a note."""
        self.transformed.append(len(X))
        return super().transform(X, copy)


class Square(TransformerMixin, BaseEstimator):
    """A transformer without state."""

    def fit(self, X, y=None):
        """Do nothing."""
        return self

    def transform(self, X):
        """Square every value."""
        return X**2

    def __sklearn_is_fitted__(self):
        """Always."""
        return True


def scaler_mean(pipeline, X, y):
    """A scorer: the first mean that the scaler of a pipeline learned."""
    return pipeline.named_steps["scale"].mean_[0]


def assert_equals_separate_fits(estimator, prefix, X, y, scoring):
    """Compare with scikit-learn's validation curve over ``epochs``."""
    expected = validation_curve(
        estimator,
        X,
        y,
        param_name=f"{prefix}epochs",
        param_range=range(1, 5),
        cv=FOLDS,
        scoring=scoring,
    )

    epochs, *scores = epoch_curve(estimator, X, y, cv=FOLDS, scoring=scoring)

    assert_array_equal(epochs, [1, 2, 3, 4])
    assert_array_equal(scores[0], expected[0])
    assert_array_equal(scores[1], expected[1])


@pytest.mark.fast
def test_equals_separate_fits_of_a_classifier_in_a_pipeline():
    """Row k is, bit for bit, what training with epochs=k scores."""
    X, y = load_iris(return_X_y=True)

    assert_equals_separate_fits(
        iris_pipeline(dropout=0.2, decay=0.01), "net__", X, y, "neg_log_loss"
    )


def test_equals_separate_fits_of_a_regressor_with_scaled_target():
    """Predictions between epochs come back in the units of the target."""
    X, y = load_boston_housing(return_X_y=True)
    net = DNNRegressor((8,), normalize_y=True, epochs=4, random_state=0)
    pipeline = make_pipeline(MinMaxScaler(), net)

    assert_equals_separate_fits(pipeline, "dnnregressor__", X, y, None)


def test_equals_separate_fits_of_a_convolutional_network():
    """Images and BatchNormalization, whose statistics change too, are no exception."""
    X, y = load_digits(return_X_y=True)
    net = CNNClassifier(
        (4,),
        hidden_layer_sizes=(),
        image_shape=(8, 8, 1),
        batch_normalization=True,
        epochs=4,
        random_state=0,
    )
    pipeline = make_pipeline(MinMaxScaler(), net)

    assert_equals_separate_fits(
        pipeline, "cnnclassifier__", X[:240], y[:240], "neg_log_loss"
    )


def test_equals_separate_fits_with_averaged_weights():
    """What the optimizer does after the last epoch is done for every epoch."""
    X, y = load_iris(return_X_y=True)
    pipeline = iris_pipeline(optimizer_params={"use_ema": True, "ema_momentum": 0.9})

    assert_equals_separate_fits(pipeline, "net__", X, y, "neg_log_loss")


def test_a_fold_that_a_callback_stops_keeps_its_last_scores():
    """So does a fit with more epochs: it stops at the same one."""
    X, y = load_iris(return_X_y=True)
    stopping = keras.callbacks.EarlyStopping("loss", min_delta=100, patience=1)
    pipeline = iris_pipeline(callbacks=[stopping])

    assert_equals_separate_fits(pipeline, "net__", X, y, "neg_log_loss")

    _, _, test_scores = epoch_curve(pipeline, X, y, cv=FOLDS, scoring="neg_log_loss")
    assert_array_equal(test_scores[2:], test_scores[[1, 1]])
    assert (test_scores[1] != test_scores[0]).all()


def test_compiles_once_for_all_folds_and_epochs(empty_cache):
    """Folds share one program, and looking between epochs compiles nothing."""
    X, y = load_iris(return_X_y=True)

    epoch_curve(iris_pipeline(jit_compile=True), X, y, cv=4)

    assert cache_info().misses == 1
    assert cache_info().hits == 3
    assert cache_info().predictors == 1


@pytest.mark.parametrize(
    "backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)]
)
def test_does_not_depend_on_n_jobs(backend):
    """Threads and processes give the scores of one after the other, bit for bit."""
    X, y = load_iris(return_X_y=True)
    expected = epoch_curve(iris_pipeline(), X, y, scoring="neg_log_loss", cv=2)

    with joblib.parallel_config(backend=backend):
        curve = epoch_curve(
            iris_pipeline(), X, y, scoring="neg_log_loss", cv=2, n_jobs=2
        )

    for array, array_expected in zip(curve, expected, strict=True):
        assert_array_equal(array, array_expected)


def test_transformers_see_the_training_rows_of_the_fold_only():
    """What a scaler learns is the mean of the fold's training rows."""
    X, y = load_iris(return_X_y=True)
    expected = [X[train, 0].mean() for train, _ in FOLDS.split(X)]

    _, _, test_scores = epoch_curve(
        iris_pipeline(), X, y, cv=FOLDS, scoring=scaler_mean
    )

    np.testing.assert_allclose(test_scores, np.tile(expected, (4, 1)))


def test_rows_are_transformed_once_per_fold():
    """A slow transformer costs the same for four epochs as for one."""
    X, y = load_iris(return_X_y=True)
    nets = [iris_net(epochs=epochs) for epochs in (1, 4)]
    counts = []

    for net in nets:
        CountingScaler.transformed.clear()
        epoch_curve(make_pipeline(CountingScaler(), Square(), net), X, y, cv=3)
        counts.append(list(CountingScaler.transformed))

    assert counts[0] == counts[1]


def test_scorers_see_the_rows_as_given():
    """A scorer may look at columns that the pipeline transforms away."""
    X, y = load_iris(return_X_y=True, as_frame=True)

    def mean_petal_length(estimator, X, y):
        return X["petal length (cm)"].mean()

    _, train_scores, _ = epoch_curve(
        iris_pipeline(), X, y, cv=FOLDS, scoring=mean_petal_length
    )

    train, _ = next(FOLDS.split(X))
    assert train_scores[0, 0] == X["petal length (cm)"].iloc[train].mean()


def test_pipelines_may_be_nested():
    """A Pipeline at the end of a Pipeline is looked into."""
    X, y = load_iris(return_X_y=True)
    nested = make_pipeline(StandardScaler(), make_pipeline("passthrough", iris_net()))

    curve = epoch_curve(nested, X, y, cv=FOLDS, scoring="neg_log_loss")

    expected = epoch_curve(iris_pipeline(), X, y, cv=FOLDS, scoring="neg_log_loss")
    assert_array_equal(curve[2], expected[2])


def test_takes_sparse_rows():
    """A sparse matrix gives the scores of the dense one."""
    X, y = load_iris(return_X_y=True)

    sparse = epoch_curve(iris_net(), csr_array(X), y, cv=FOLDS, scoring="neg_log_loss")

    dense = epoch_curve(iris_net(), X, y, cv=FOLDS, scoring="neg_log_loss")
    assert_array_equal(sparse[2], dense[2])


@pytest.mark.fast
def test_leaves_the_estimator_alone():
    """Clones are trained; the estimator stays unfitted."""
    X, y = load_iris(return_X_y=True)
    pipeline = iris_pipeline()
    before = dict(pipeline["net"].__dict__)

    epoch_curve(pipeline, X, y, cv=2)

    assert pipeline["net"].__dict__ == before


def test_groups_reach_the_splitter():
    """With groups no group is on both sides of a fold."""
    X, y = load_iris(return_X_y=True)
    groups = np.arange(150) % 7

    _, _, test_scores = epoch_curve(
        iris_pipeline(), X, y, groups=groups, cv=GroupKFold(7)
    )

    assert test_scores.shape == (4, 7)


def test_params_are_split_with_the_rows():
    """Weights of zero make rows vanish, in every fold the right ones."""
    X, y = load_iris(return_X_y=True)
    weight = (y < 2).astype(float)
    net = iris_net(epochs=40, learning_rate=0.03)

    _, _, test_scores = epoch_curve(
        net, X, y, cv=FOLDS, params={"sample_weight": weight}
    )

    expected = [(y[test] < 2).mean() for _, test in FOLDS.split(X)]
    np.testing.assert_allclose(test_scores[-1], expected, atol=0.03)


def test_params_are_routed_to_fit_scorer_and_splitter():
    """With metadata routing everyone gets what it asked for."""
    X, y = load_boston_housing(return_X_y=True)
    groups = np.arange(len(y)) % 3
    net = DNNRegressor((8,), epochs=3, random_state=0)
    weight = np.linspace(0, 1, len(y))

    with sklearn.config_context(enable_metadata_routing=True):
        net.set_fit_request(sample_weight=True)
        scorer = make_scorer(mean_absolute_error, greater_is_better=False)
        scorer.set_score_request(sample_weight=True)
        pipeline = make_pipeline(MinMaxScaler(), net)
        _, _, test_scores = epoch_curve(
            pipeline,
            X,
            y,
            groups=groups,
            cv=GroupKFold(3),
            scoring=scorer,
            params={"sample_weight": weight},
        )

        train, test = next(GroupKFold(3).split(X, groups=groups))
        fitted = pipeline.fit(X[train], y[train], sample_weight=weight[train])
    predicted = fitted.predict(X[test])
    expected = -mean_absolute_error(y[test], predicted, sample_weight=weight[test])
    assert test_scores[-1, 0] == expected


def test_interrupt_ends_the_whole_curve():
    """Ctrl-C stops epoch_curve, not only the fold that is being trained."""
    X, y = load_iris(return_X_y=True)
    calls = []

    def pressing_ctrl_c(estimator, X, y):
        calls.append(len(X))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        epoch_curve(iris_net(), X, y, cv=3, scoring=pressing_ctrl_c)

    assert len(calls) == 1


def test_error_of_a_scorer_comes_through():
    """What a scorer raises is not swallowed by the training."""
    X, y = load_iris(return_X_y=True)

    def broken(estimator, X, y):
        raise ZeroDivisionError("no such score")

    with pytest.raises(ZeroDivisionError, match="no such score"):
        epoch_curve(iris_net(), X, y, cv=3, scoring=broken)


@pytest.mark.parametrize(
    "estimator",
    [LogisticRegression(), TransformedTargetRegressor(DNNRegressor())],
)
def test_refuses_what_has_no_epochs(estimator):
    """The error names what was given and what to give."""
    X, y = load_iris(return_X_y=True)

    with pytest.raises(TypeError, match=type(estimator).__name__):
        epoch_curve(estimator, X, y)


def test_refuses_early_stopping():
    """A curve that ends early answers nothing; the error says how to go on."""
    X, y = load_iris(return_X_y=True)

    with pytest.raises(ValueError, match="Set early_stopping=False"):
        epoch_curve(iris_pipeline(early_stopping=True), X, y)


def test_refuses_several_scores():
    """One score at a time, as scikit-learn's curves."""
    X, y = load_iris(return_X_y=True)

    with pytest.raises(TypeError, match=r"one score.*\['accuracy', 'f1_macro'\]"):
        epoch_curve(iris_net(), X, y, scoring=["accuracy", "f1_macro"])


def test_boston_needs_tens_of_epochs():
    """On the Boston houses the curve falls to the published error, then lies flat."""
    X, y = load_boston_housing(return_X_y=True)
    net = DNNRegressor(optimizer="rmsprop", batch_size=16, epochs=50, random_state=0)
    folds = KFold(4, shuffle=True, random_state=0)

    epochs, train_scores, test_scores = epoch_curve(
        make_pipeline(StandardScaler(), net),
        X,
        y,
        cv=folds,
        scoring="neg_mean_absolute_error",
    )

    error = -test_scores.mean(axis=1)
    assert 2.0 < error.min() < 2.6
    assert epochs[error.argmin()] > 20
    assert train_scores[-1].mean() > test_scores[-1].mean()
