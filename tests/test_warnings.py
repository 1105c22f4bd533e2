"""Where warnings point: a user looks for the line that called fit."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdeep
from skdeep import DNNClassifier, DNNRegressor
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


@pytest.mark.parametrize("factor", [1e4, 1e-8])
def test_targets_of_another_size_say_normalize_y(factor):
    """Prices in cents train to nothing; the warning names the way out."""
    X = np.linspace(-1, 1, 60).reshape(30, 2)
    y = X[:, 0] * factor

    with pytest.warns(UserWarning, match="normalize_y=True"):
        DNNRegressor((3,), epochs=1, normalize_y=False).fit(X, y)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DNNRegressor((3,), epochs=1, normalize_y=True).fit(X, y)


def test_validation_rows_that_no_scaler_saw_are_noticed(iris):
    """Rows in other units than those trained on are no measure of anything."""
    X, y = iris
    raw = X * 40 + 700

    with pytest.warns(UserWarning, match="X_val lies far outside X"):
        DNNClassifier((3,), epochs=1).fit(X, y, X_val=raw, y_val=y)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DNNClassifier((3,), epochs=1).fit(X, y, X_val=2 * X, y_val=y)


def test_a_monitor_that_is_no_column_is_refused_without_stopping(iris):
    """A slip in monitor does not wait until early_stopping is set."""
    with pytest.raises(ValueError, match="nonsense"):
        DNNClassifier((3,), epochs=1, monitor="nonsense").fit(*iris)
