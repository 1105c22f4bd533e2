"""Several inputs: rows of them for scikit-learn."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split

from skdeep import InputArrays, KerasClassifier
from tests.estimators.keras_builds import build_two_inputs

RNG = np.random.RandomState(0)
PARTS = {"left": RNG.normal(size=(60, 2)), "right": RNG.normal(size=(60, 3, 1))}
Y = PARTS["left"][:, 0] > PARTS["right"][:, 0, 0]


@pytest.mark.fast
def test_rows_are_chosen_of_all_inputs_alike():
    """By numbers, masks and slices; names give the whole arrays."""
    X = InputArrays(PARTS)
    mask = np.arange(60) % 2 == 0

    assert X.shape == (60, 5)
    assert len(X) == 60
    assert list(X) == ["left", "right"]
    assert X["left"] is PARTS["left"]
    for rows in ([3, 1], np.array([3, 1]), mask, slice(5)):
        np.testing.assert_array_equal(X[rows]["right"], PARTS["right"][rows])
    assert X[7].shape == (1, 5)


@pytest.mark.fast
def test_arrays_of_different_lengths_are_refused():
    """The message shows the shapes."""
    with pytest.raises(ValueError, match=r"same number of rows.*\(59, 2\)"):
        InputArrays({"left": PARTS["left"][1:], "right": PARTS["right"]})
    with pytest.raises(ValueError, match="same number of rows"):
        InputArrays({})


def test_networks_of_several_inputs_are_cross_validated():
    """In scores, splits and searches; predictions are those of a dict."""
    X = InputArrays(PARTS)
    net = KerasClassifier(
        build_two_inputs, optimizer="adam", epochs=30, random_state=0, batch_size=16
    )
    grid = {"optimizer__learning_rate": [0.01, 0.05]}

    scores = cross_val_score(net, X, Y, cv=3, error_score="raise")
    search = GridSearchCV(net, grid, cv=2, error_score="raise").fit(X, Y)
    X_train, X_test, y_train, _ = train_test_split(X, Y, random_state=0)

    assert scores.mean() > 0.5
    assert search.best_score_ > 0.7
    fitted = net.fit(X_train, y_train)
    by_dict = fitted.predict_proba(dict(X_test))
    np.testing.assert_array_equal(fitted.predict_proba(X_test), by_dict)


def test_a_list_has_rows_in_the_order_of_the_inputs():
    """It is cut like a dict, and stays a list for the network."""
    X = InputArrays([np.zeros((6, 2)), np.ones((6, 3))])

    few = X[[1, 4, 5]]

    assert few.shape == (3, 5)
    assert [part.shape for part in few.as_given()] == [(3, 2), (3, 3)]
    assert list(few) == ["0", "1"]
