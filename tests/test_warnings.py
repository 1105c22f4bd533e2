"""Where warnings point: a user looks for the line that called fit."""

import warnings

import pytest
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdeep
from skdeep import DNNClassifier
from skdeep.exceptions import ConvergenceWarning
from skdeep.model_selection import epoch_curve
from skdeep.persistence import _warn_of_versions

USELESS = {"learning_rate": 1e-30, "epochs": 5, "batch_size": 150, "random_state": 0}


def net():
    """Make a network whose loss does not fall."""
    return DNNClassifier((2,), **USELESS)


# One line each, since the line is what is looked for.
WAYS = {
    "fit": lambda X, y: net().fit(X, y),
    "pipeline": lambda X, y: make_pipeline(StandardScaler(), net()).fit(X, y),
    "folds": lambda X, y: cross_val_score(net(), X, y, cv=2),
    "search": lambda X, y: GridSearchCV(net(), {"l2": [0.1, 0.2]}, cv=2).fit(X, y),
    "curve": lambda X, y: epoch_curve(net(), X, y, cv=2),
}


def points_to(caught, function):
    """Say whether every warning points at the one line of a function."""
    places = {(warning.filename, warning.lineno) for warning in caught}
    return places == {(__file__, function.__code__.co_firstlineno)}


@pytest.mark.fast
@pytest.mark.parametrize("way", WAYS)
def test_a_useless_fit_is_reported_at_the_line_of_the_user(way, iris):
    """However many frames of scikit-learn and joblib are in between."""
    with pytest.warns(ConvergenceWarning) as caught:
        WAYS[way](*iris)

    assert points_to(caught, WAYS[way])


def test_a_filter_for_a_module_of_the_user_finds_the_warning(iris):
    """What is ignored or made an error by module is so by the user's module."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", category=ConvergenceWarning, module=__name__)
        with pytest.raises(ConvergenceWarning):
            net().fit(*iris)


def test_files_of_other_versions_are_reported_at_the_line_of_the_user():
    """Reading a file warns as fitting does."""
    written = {"skdeep": skdeep.__version__, "scikit-learn": "0.1"}
    way = lambda: _warn_of_versions(written, ["Scaler"])  # noqa: E731

    with pytest.warns(InconsistentVersionWarning) as caught:
        way()

    assert points_to(caught, way)
