"""Everything of scikit-learn that takes an estimator takes these, with real fits."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import PartialDependenceDisplay, permutation_importance
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score, brier_score_loss
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    StratifiedKFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    StandardScaler,
)

from skdeep import CNNClassifier, CNNRegressor, DNNClassifier, DNNRegressor
from skdeep.engine import cache_info

NET = {"hidden_layer_sizes": (8,), "learning_rate": 0.02, "random_state": 0}


def classifier(**parameters):
    """Return a small classifier that learns iris in 15 epochs."""
    return DNNClassifier(**{**NET, "epochs": 15, **parameters})


def regressor(**parameters):
    """Return a small regressor that learns diabetes in 15 epochs."""
    return DNNRegressor(**{**NET, "epochs": 15, **parameters})


def cnn(**parameters):
    """Return a small network for digits."""
    parameters = {"filters": (8,), "epochs": 12, **NET, **parameters}
    return CNNClassifier(**{**parameters, "hidden_layer_sizes": (16,)})


@pytest.fixture(scope="module")
def patients():
    """Diabetes as a frame in the units of the doctors."""
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    return X, y / 100


def with_words(X):
    """Return the frame with sex as a word."""
    return X.assign(sex=np.where(X["sex"] == 1, "one", "other"))


# Pipelines


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler()])
def test_pipelines_learn_what_the_network_alone_cannot(scaler, patients):
    """A scaler in front makes features in the units of the doctors learnable."""
    X, y = patients

    scaled = make_pipeline(scaler, regressor()).fit(X, y)

    assert scaled.score(X, y) > 0.35
    assert scaled.score(X, y) > regressor().fit(X, y).score(X, y) + 0.1
    assert list(scaled.feature_names_in_) == list(X.columns)


@pytest.mark.parametrize("sparse_output", [True, False])
def test_column_transformers_of_frames(sparse_output, patients):
    """Words become columns, numbers are scaled, and the network learns from both."""
    X, y = patients
    one_hot = OneHotEncoder(drop="if_binary", sparse_output=sparse_output)
    columns = make_column_transformer(
        (one_hot, ["sex"]), remainder=StandardScaler(), sparse_threshold=1.0
    )

    pipeline = make_pipeline(columns, regressor())
    scores = cross_val_score(pipeline, with_words(X), y, cv=3)

    assert scores.mean() > 0.35


def test_frames_of_a_transformer_give_their_names(patients):
    """With set_output("pandas") the network knows the names of its features."""
    X, y = patients
    one_hot = OneHotEncoder(drop="if_binary", sparse_output=False)
    columns = make_column_transformer((one_hot, ["sex"]), remainder=StandardScaler())

    pipeline = make_pipeline(columns.set_output(transform="pandas"), regressor())
    pipeline.fit(with_words(X), y)

    names = pipeline[-1].feature_names_in_
    assert names[:2].tolist() == ["onehotencoder__sex_other", "remainder__age"]
    assert len(names) == 10


def test_pipelines_of_images(digits):
    """A scaler knows flat rows only; image_shape makes them images again."""
    images, y = digits
    X = images.reshape(len(images), -1) * 16
    pipeline = make_pipeline(MinMaxScaler(), cnn(image_shape=(8, -1, 1)))

    scores = cross_val_score(pipeline, X, y, cv=2)

    assert scores.mean() > 0.8


# Cross validation


@pytest.mark.fast
def test_cross_validation_of_a_classifier_is_stratified(iris):
    """Rows sorted by class are no trouble: every fold has all classes."""
    X, y = iris

    scores = cross_val_score(classifier(), X, y, cv=3)

    assert scores.shape == (3,)
    assert scores.min() > 0.85


def test_cross_validation_of_images(digits):
    """Arrays of three axes are cut into folds like tables."""
    images, y = digits

    scores = cross_val_score(cnn(), images, y, cv=2)

    assert scores.mean() > 0.8


def test_cross_validation_by_groups(diabetes):
    """Splitters that need groups get them."""
    X, y = diabetes

    scores = cross_val_score(
        regressor(), X, y, groups=np.arange(len(y)) % 7, cv=GroupKFold(3)
    )

    assert scores.min() > 0.3


def test_cross_validate_with_several_scores(iris):
    """Several scorers, training scores and the fitted networks come back."""
    X, y = iris

    results = cross_validate(
        classifier(),
        X,
        y,
        cv=3,
        scoring=["accuracy", "neg_log_loss"],
        return_train_score=True,
        return_estimator=True,
        error_score="raise",
    )

    assert results["test_accuracy"].min() > 0.85
    assert (results["train_neg_log_loss"] > -0.5).all()
    probabilities = [net.predict_proba(X[:1]) for net in results["estimator"]]
    assert not np.array_equal(probabilities[0], probabilities[1])


@pytest.mark.parametrize("method", ["predict_proba", "predict_log_proba"])
def test_cross_val_predict_has_a_column_per_class(method, iris):
    """Predictions of the folds are put together in the order of the classes."""
    X, y = iris
    names = np.array(["zinnia", "aster", "mallow"])[y]

    found = cross_val_predict(classifier(), X, names, cv=3, method=method)

    assert found.shape == (150, 3)
    assert (np.unique(names)[found.argmax(axis=1)] == names).mean() > 0.85


def test_cross_val_predict_of_labels(iris, iris_labels):
    """Label matrices are predicted fold by fold, too."""
    X, _ = iris
    folds = list(StratifiedKFold(3).split(X, iris[1]))

    labels = cross_val_predict(classifier(), X, iris_labels, cv=folds)
    found = cross_val_predict(
        classifier(), X, iris_labels, cv=folds, method="predict_proba"
    )

    assert (labels == iris_labels).mean() > 0.8
    np.testing.assert_array_equal(found > 0.5, labels)


def test_cross_val_predict_of_numbers(diabetes):
    """A regressor with two targets gives two columns."""
    X, y = diabetes

    found = cross_val_predict(regressor(), X, np.column_stack([y, -y]), cv=3)

    assert found.shape == (442, 2)
    assert np.corrcoef(found[:, 0], y)[0, 1] > 0.6


# Searches


def test_a_search_inside_a_pipeline_compiles_one_program(empty_cache, iris):
    """Candidates that differ in numbers only, on folds of any size, share a program."""
    X, y = iris
    pipeline = make_pipeline(StandardScaler(), classifier(epochs=3, jit_compile=True))
    values = {
        "dnnclassifier__learning_rate": [0.001, 0.01, 0.02],
        "dnnclassifier__l2": [0.0001, 0.001],
        "dnnclassifier__dropout": [0.1, 0.2],
    }

    search = GridSearchCV(pipeline, values, cv=4).fit(X[:149], y[:149])

    assert len(search.cv_results_["params"]) == 12
    assert cache_info().misses == 1
    assert cache_info().hits == 12 * 4


def test_searches_over_architectures(iris):
    """Layers, activations and optimizers are parameters like others."""
    X, y = iris
    values = [
        {"hidden_layer_sizes": [(8,), (4, 4)]},
        {"activation": ["tanh"], "optimizer": ["sgd"]},
    ]

    net = classifier(jit_compile=False)
    search = GridSearchCV(net, values, cv=2, error_score="raise").fit(X, y)

    assert len(search.cv_results_["params"]) == 3
    assert search.best_score_ > 0.85


def test_halving_searches_spend_epochs(iris):
    """With resource="epochs" the better candidates are trained for longer."""
    X, y = iris
    search = HalvingGridSearchCV(
        classifier(),
        {"learning_rate": [1e-6, 0.001, 0.02]},
        resource="epochs",
        min_resources=5,
        max_resources=15,
        cv=2,
        random_state=0,
    )

    search.fit(X, y)

    assert search.n_resources_ == [5, 15]
    assert search.best_params_ == {"learning_rate": 0.02, "epochs": 15}
    assert search.best_estimator_.n_iter_ == 15


def test_nested_searches(iris):
    """A search is cross-validated like any estimator."""
    X, y = iris
    search = GridSearchCV(classifier(), {"learning_rate": [1e-6, 0.02]}, cv=2)

    scores = cross_val_score(search, X, y, cv=2, error_score="raise")

    assert scores.min() > 0.85


@pytest.mark.parametrize("exploit_incremental_learning", [False, True])
def test_learning_curves(exploit_incremental_learning, iris):
    """Scores over growing training sets, by fit and by partial_fit."""
    X, y = iris

    sizes, _, scores = learning_curve(
        classifier(),
        X,
        y,
        cv=2,
        train_sizes=[0.4, 1.0],
        shuffle=True,
        random_state=0,
        exploit_incremental_learning=exploit_incremental_learning,
        error_score="raise",
    )

    assert sizes.tolist() == [30, 75]
    assert scores.shape == (2, 2)
    assert scores[1].mean() > scores[0].mean() - 0.1


def test_validation_curves(iris):
    """Scores over a parameter: a learning rate of nearly nothing learns nothing."""
    X, y = iris

    _, scores = validation_curve(
        classifier(),
        X,
        y,
        param_name="learning_rate",
        param_range=[1e-6, 0.02],
        cv=2,
        error_score="raise",
    )

    assert scores[0].mean() < 0.6 < 0.85 < scores[1].mean()


# Ensembles


def test_soft_voting(iris):
    """Probabilities are averaged with those of another classifier."""
    X, y = iris
    members = [("net", classifier()), ("linear", LogisticRegression())]

    voting = VotingClassifier(members, voting="soft").fit(X, y)

    expected = np.mean(
        [clone(member).fit(X, y).predict_proba(X) for _, member in members], axis=0
    )
    np.testing.assert_allclose(voting.predict_proba(X), expected)


def test_voting_of_regressors(diabetes):
    """Predictions are averaged with those of another regressor."""
    X, y = diabetes
    voting = VotingRegressor([("net", regressor()), ("linear", Ridge())]).fit(X, y)

    expected = (regressor().fit(X, y).predict(X) + Ridge().fit(X, y).predict(X)) / 2

    np.testing.assert_allclose(voting.predict(X), expected)


def test_stacking(iris, diabetes):
    """A final estimator learns from predictions of the folds."""
    classifiers = [("net", classifier()), ("linear", LogisticRegression())]
    regressors = [("net", regressor()), ("linear", Ridge())]

    stack = StackingClassifier(classifiers, cv=2).fit(*iris)
    numbers = StackingRegressor(regressors, cv=2).fit(*diabetes)

    assert stack.score(*iris) > 0.9
    assert numbers.score(*diabetes) > 0.45


def test_bagging(iris, diabetes):
    """Members are trained on drawn rows, a regressor's with two targets, too."""
    X, y = diabetes
    target = np.column_stack([y, -y])

    bag = BaggingClassifier(classifier(), n_estimators=3, random_state=0).fit(*iris)
    numbers = BaggingRegressor(regressor(), n_estimators=3, random_state=0)

    assert bag.score(*iris) > 0.9
    assert numbers.fit(X, target).predict(X).shape == target.shape
    assert numbers.score(X, target) > 0.45


def test_boosting_weighs_rows(iris, diabetes):
    """AdaBoost, which needs sample weights of its classifiers, improves on one."""
    X, y = iris
    weak = classifier(epochs=4)

    boosted = AdaBoostClassifier(weak, n_estimators=5, random_state=0).fit(X, y)
    numbers = AdaBoostRegressor(regressor(), n_estimators=3, random_state=0)

    assert boosted.score(X, y) > weak.fit(X, y).score(X, y)
    assert numbers.fit(*diabetes).score(*diabetes) > 0.4


def test_multi_output_regression_of_one_network_per_target(diabetes):
    """MultiOutputRegressor trains the same networks as separate fits."""
    X, y = diabetes
    target = np.column_stack([y, -y])

    several = MultiOutputRegressor(regressor()).fit(X, target)

    for column in range(2):
        expected = regressor().fit(X, target[:, column]).predict(X)
        np.testing.assert_array_equal(several.predict(X)[:, column], expected)


def test_one_classifier_per_class(iris):
    """One-vs-rest asks for the probability of one class at a time."""
    X, y = iris

    rest = OneVsRestClassifier(classifier()).fit(X, y)

    assert rest.score(X, y) > 0.85
    assert rest.predict_proba(X).shape == (150, 3)


# Calibration, thresholds, targets


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration(method, cancer):
    """Calibrated probabilities of an overconfident network are nearer to the truth."""
    X, y = cancer
    train, test = np.arange(0, 569, 2), np.arange(1, 569, 2)
    net = classifier(hidden_layer_sizes=(64,), dropout=0.0, epochs=150)
    calibrated = CalibratedClassifierCV(net, method=method, cv=3).fit(
        X[train], y[train]
    )

    plain = clone(net).fit(X[train], y[train])

    score = brier_score_loss(y[test], plain.predict_proba(X[test])[:, 1])
    found = brier_score_loss(y[test], calibrated.predict_proba(X[test])[:, 1])
    assert found < score


def test_calibration_of_a_fitted_network(cancer):
    """A frozen network is calibrated without being trained again."""
    X, y = cancer
    net = classifier().fit(X[::2], y[::2])

    calibrated = CalibratedClassifierCV(FrozenEstimator(net)).fit(X[1::2], y[1::2])

    assert net.n_iter_ == 15
    assert calibrated.score(X, y) > 0.85


def test_tuned_thresholds(cancer):
    """A threshold tuned for balanced accuracy finds more of a rare class."""
    X, y = cancer
    kept = np.r_[np.flatnonzero(y == 1), np.flatnonzero(y == 0)[:40]]
    X, y = X[kept], y[kept]
    tuned = TunedThresholdClassifierCV(classifier(), cv=3, random_state=0).fit(X, y)

    plain = classifier().fit(X, y)

    assert tuned.best_threshold_ != 0.5
    assert balanced_accuracy_score(y, tuned.predict(X)) > balanced_accuracy_score(
        y, plain.predict(X)
    )


@pytest.mark.parametrize("columns", [None, 1, 2])
def test_transformed_targets_keep_their_shape(columns, diabetes):
    """A target behind a transformer comes back in its own units and shape."""
    X, y = diabetes
    target = y * 1000 if columns is None else np.stack([y * 1000] * columns, axis=1)
    net = TransformedTargetRegressor(regressor(), transformer=StandardScaler())

    net.fit(X, target)

    assert net.predict(X).shape == target.shape
    assert net.score(X, target) > 0.45


# Inspection


def test_permutation_importance_finds_what_matters(diabetes):
    """Of the features of diabetes, body mass index matters, noise does not."""
    X, y = diabetes
    X = X.copy()
    X[:, 0] = np.random.default_rng(0).normal(size=len(y))
    net = regressor().fit(X, y)

    importances = permutation_importance(net, X, y, n_repeats=3, random_state=0)

    assert importances.importances_mean[2] > 5 * importances.importances_mean[0]


def test_partial_dependence(diabetes, iris):
    """Curves and surfaces of regressors, curves of a class of classifiers."""
    net = regressor().fit(*diabetes)

    display = PartialDependenceDisplay.from_estimator(
        net, diabetes[0], [2, (2, 8)], grid_resolution=5
    )
    of_class = PartialDependenceDisplay.from_estimator(
        classifier().fit(*iris), iris[0], [3], target=2, grid_resolution=5, kind="both"
    )

    curve = display.pd_results[0]["average"][0]
    assert curve[-1] > curve[0] + 0.2
    chance = of_class.pd_results[0]["average"][of_class.target_idx]
    assert chance[-1] > chance[0] + 0.3


@pytest.mark.parametrize(
    "net", [regressor(), CNNRegressor((2,), image_shape=(1, -1, 1), epochs=1)]
)
def test_feature_names_are_kept_and_checked(net, patients):
    """Columns that are missing, new or in another order are refused."""
    X, y = patients
    net = clone(net).fit(X, y)

    assert list(net.feature_names_in_) == list(X.columns)
    for wrong in (
        X[X.columns[::-1]],
        X.rename(columns={"bmi": "weight"}),
        X.drop(columns="bmi"),
        pd.concat([X, y], axis=1),
    ):
        with pytest.raises(ValueError, match="feature names should match"):
            net.predict(wrong)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        net.predict(X.to_numpy())
