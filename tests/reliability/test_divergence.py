"""A fit that diverges says so, a search goes on, and no NaN is returned in silence."""

from __future__ import annotations

import re

import keras
import numpy as np
import pytest
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV

from skdeep import DNNClassifier, DNNRegressor
from skdeep.exceptions import ConvergenceWarning, DivergenceError

RNG = np.random.RandomState(0)
X = RNG.normal(size=(40, 3))
y = X @ [1.0, -2.0, 0.5] + 3


def regressor(**parameters):
    """Return a linear network of plain gradient descent."""
    defaults = {
        "hidden_layer_sizes": (),
        "optimizer": "sgd",
        "learning_rate": 0.05,
        "epochs": 300,
        "batch_size": 8,
        "random_state": 0,
        "jit_compile": False,
    }
    return DNNRegressor(**{**defaults, **parameters})


@pytest.mark.fast
def test_divergence_tells_when_with_what_and_what_to_try():
    """The error names epoch, last finite loss, rate, both ranges and remedies."""
    net = regressor(learning_rate=50.0)

    with pytest.raises(DivergenceError) as caught:
        net.fit(X, y)

    message = str(caught.value)
    epoch = int(re.search(r"in epoch (\d+)", message)[1])
    loss = float(re.search(r"last finite loss: ([^,]+),", message)[1])
    assert 1 <= epoch <= 20
    assert 1 < loss < np.inf
    for part in ("learning_rate=50", "X from -", "y from -", "clipnorm", "Scaler"):
        assert part in message
    assert not hasattr(net, "_fitted")


def test_a_fit_that_diverges_ends_within_its_segment():
    """The first call of a diverging fit is its last, however many epochs there are."""
    net = regressor(learning_rate=50.0, epochs=10**7)

    with pytest.raises(DivergenceError):
        net.fit(X, y)


def test_weights_that_overflow_in_the_last_update_are_found():
    """A finite loss in the only epoch does not hide infinite weights behind it."""
    net = regressor(learning_rate=1e38, epochs=1, batch_size=40, normalize_y=False)

    with pytest.raises(DivergenceError, match=r"last finite loss: \d"):
        net.fit(X, y * 100)


def test_a_failed_fit_leaves_the_last_good_one():
    """An estimator that has been fitted predicts as before when a refit diverges."""
    net = regressor().fit(X, y)
    expected = net.predict(X)

    net.set_params(learning_rate=50.0)
    with pytest.raises(DivergenceError):
        net.fit(X, y)

    np.testing.assert_array_equal(net.predict(X), expected)


def test_a_search_survives_candidates_that_diverge():
    """A third of the candidates diverges; the winner is right, failures are counted."""
    search = GridSearchCV(
        regressor(epochs=30),
        {"learning_rate": [0.0001, 0.03, 50.0]},
        cv=3,
        error_score=np.nan,
    )

    with (
        pytest.warns(FitFailedWarning, match="3 fits failed out of a total of 9"),
        pytest.warns(UserWarning, match="non-finite"),
    ):
        search.fit(X, y)

    assert search.best_params_ == {"learning_rate": 0.03}
    assert search.best_score_ > 0.9
    assert np.isnan(search.cv_results_["mean_test_score"][2])


# Kernels so large that rows of 1e38 become infinite in the hidden layer, and infinity
# minus infinity in the output, which neither softmax nor argmax would show.
LARGE_KERNELS = keras.initializers.RandomUniform(-10, 10, seed=0)
QUESTIONS = [
    (DNNClassifier, "predict"),
    (DNNClassifier, "predict_proba"),
    (DNNClassifier, "predict_log_proba"),
    (DNNRegressor, "predict"),
]


@pytest.mark.fast
@pytest.mark.filterwarnings("ignore:.* encountered in reduce")  # scikit-learn's sum
@pytest.mark.parametrize(("cls", "question"), QUESTIONS)
def test_predictions_that_overflow_are_refused(cls, question):
    """The error says how many rows overflow, which is the first, and what to do."""
    net = cls(
        hidden_layer_sizes=(4,),
        epochs=1,
        random_state=0,
        jit_compile=False,
        kernel_initializer=LARGE_KERNELS,
    ).fit(X, np.digitize(y, [2, 4]))
    far = np.full((3, 3), 3e38) * [[0], [1], [-1]]

    with pytest.raises(
        ValueError, match=r"2 of 3 rows, the first of them row 1: .+ Scale"
    ):
        getattr(net, question)(far)

    assert np.isfinite(getattr(net, question)(far[:1])).all()


@pytest.mark.filterwarnings("ignore:.* encountered in reduce")
def test_double_precision_takes_what_single_does_not():
    """dtype="float64", which the error recommends, predicts the same rows."""
    large = {"hidden_layer_sizes": (4,), "kernel_initializer": LARGE_KERNELS}
    net = regressor(**large, dtype="float64", learning_rate=1e-9, epochs=1).fit(X, y)

    assert np.isfinite(net.predict(np.full((3, 3), 3e38))).all()


def test_a_validation_loss_that_is_no_number_ends_early_stopping():
    """Early stopping on rows whose loss overflows says so instead of never stopping."""
    net = regressor(early_stopping=True)

    with (
        pytest.warns(UserWarning, match="X_val lies far outside X"),
        pytest.raises(DivergenceError, match="val_loss=inf in epoch 1"),
    ):
        net.fit(X, y, X_val=X * 1e30, y_val=y)


def test_a_fit_without_any_progress_warns():
    """A network whose loss never falls below that of the first epoch warns."""
    net = regressor(learning_rate=1e-30, epochs=10, batch_size=40)

    with pytest.warns(ConvergenceWarning, match="Expected the loss to fall"):
        net.fit(X, y)


def test_a_fit_with_progress_does_not_warn():
    """A loss that falls is nothing to warn of: warnings are errors in these tests."""
    net = regressor(epochs=10).fit(X, y)

    assert net.loss_curve_[-1] < net.loss_curve_[0]
