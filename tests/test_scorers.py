"""Every built-in scorer that fits a task scores the estimators."""

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.neighbors import KNeighborsClassifier

from skdeep import DNNClassifier, DNNRegressor

NET = {
    "hidden_layer_sizes": (8,),
    "learning_rate": 0.02,
    "epochs": 15,
    "random_state": 0,
}
CLASSIFICATION = {"accuracy", "balanced_accuracy", "f1_macro", "matthews_corrcoef"}
PROBABILITIES = {"neg_log_loss", "average_precision", "roc_auc_ovr"}
REGRESSION = {"r2", "neg_mean_absolute_error", "explained_variance"}


def score_by_all(estimator, X, y):
    """Score with every built-in scorer that can; return name → score."""
    scores = {}
    for name in get_scorer_names():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                score = get_scorer(name)(estimator, X, y)
        except (ValueError, TypeError, AttributeError):
            continue
        if np.isfinite(score):
            scores[name] = score
    return scores


class Task(NamedTuple):
    """Data, their target in another form, and an estimator of scikit-learn for it."""

    data: str
    target: Callable
    net: BaseEstimator
    reference: BaseEstimator
    needed: set


def labels_of(y, n_labels):
    """Return a 0/1 column for each of the first classes."""
    return (y[:, np.newaxis] == np.arange(n_labels)).astype(int)


CLASSIFIER = DNNClassifier(**NET)
POSITIVE = DNNRegressor(**NET, loss="poisson")  # some scorers demand it
LABEL_SCORERS = {"accuracy", "f1_macro", "f1_samples", "roc_auc", "average_precision"}
TASKS = {
    "two classes": Task(
        data="cancer",
        target=lambda y: y,
        net=CLASSIFIER,
        reference=LogisticRegression(),
        needed=CLASSIFICATION | PROBABILITIES | {"roc_auc", "neg_brier_score", "f1"},
    ),
    "two strings": Task(  # some scorers want a pos_label then, and refuse
        data="cancer",
        target=lambda y: np.array(["a", "b"])[y],
        net=CLASSIFIER,
        reference=LogisticRegression(),
        needed=CLASSIFICATION | {"roc_auc", "neg_log_loss"},
    ),
    "three classes": Task(
        data="iris",
        target=lambda y: y,
        net=CLASSIFIER,
        reference=LogisticRegression(),
        needed=CLASSIFICATION | PROBABILITIES | {"roc_auc_ovo", "top_k_accuracy"},
    ),
    "two labels": Task(  # which must not be taken for two classes
        data="iris",
        target=lambda y: labels_of(y, 2),
        net=CLASSIFIER,
        reference=KNeighborsClassifier(),
        needed=LABEL_SCORERS,
    ),
    "three labels": Task(
        data="iris",
        target=lambda y: labels_of(y, 3),
        net=CLASSIFIER,
        reference=KNeighborsClassifier(),
        needed=LABEL_SCORERS | {"neg_log_loss"},
    ),
    "one number": Task(
        data="diabetes",
        target=lambda y: y,
        net=POSITIVE,
        reference=Ridge(),
        needed=REGRESSION | {"neg_mean_gamma_deviance", "neg_max_error"},
    ),
    "two numbers": Task(
        data="diabetes",
        target=lambda y: np.column_stack([y, 2 * y]),
        net=POSITIVE,
        reference=Ridge(),
        needed=REGRESSION,
    ),
}


# One label per row on purpose: of such labels alone scikit-learn takes a log loss.
@pytest.mark.filterwarnings("ignore:y is a matrix of 3 labels")
@pytest.mark.fast
@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_scorers_take_what_they_take_of_scikit_learn(task, request):
    """A scorer that scores an estimator of scikit-learn scores ours of the task."""
    X, y = request.getfixturevalue(task.data)
    y = task.target(y)
    expected = score_by_all(clone(task.reference).fit(X, y), X, y)

    scores = score_by_all(clone(task.net).fit(X, y), X, y)

    assert set(scores) >= set(expected) | task.needed


def test_scores_are_of_a_model_that_has_learnt(cancer, diabetes):
    """Probability scorers see the probabilities, regression scorers the numbers."""
    X, y = cancer
    classifier = DNNClassifier(**NET).fit(X, y)
    regressor = DNNRegressor(**NET).fit(*diabetes)

    assert get_scorer("roc_auc")(classifier, X, y) > 0.93
    assert get_scorer("average_precision")(classifier, X, y) > 0.93
    assert get_scorer("neg_log_loss")(classifier, X, y) > -0.35
    assert get_scorer("r2")(regressor, *diabetes) == regressor.score(*diabetes) > 0.4
