"""Scorers of scikit-learn as what early stopping watches."""

from __future__ import annotations

import pickle

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, make_scorer, roc_auc_score

from skdeep import CNNClassifier, DNNClassifier, DNNRegressor, KerasClassifier
from skdeep.exceptions import InvalidNetworkError

RNG = np.random.RandomState(0)
X = RNG.normal(size=(120, 4))
Y = 50 * X[:, 0] + 20 * RNG.normal(size=120)
LABELS = np.where(Y > 0, "yes", "no")
STOPPING = {
    "hidden_layer_sizes": (4,),
    "learning_rate": 0.02,
    "epochs": 60,
    "early_stopping": True,
    "patience": 3,
    "validation_fraction": 0.3,
    "random_state": 0,
}


def last_of_rows(estimator, X, y):
    """A score of one's own, which sees an estimator, rows and labels."""
    assert set(y) <= {"yes", "no"}
    return estimator.predict_proba(X)[-1].max()


@pytest.mark.fast
def test_a_score_is_that_of_the_epoch_in_the_units_of_the_target():
    """It is the metric of the same name, negative, and its best epoch is kept."""
    frame = pd.DataFrame(X, columns=list("abcd"))
    net = DNNRegressor(
        **STOPPING,
        normalize_y=True,
        metrics="mean_absolute_error",
        monitor="neg_mean_absolute_error",
    )

    history = net.fit(frame, Y).history_frame()

    scores = history["val_neg_mean_absolute_error"]
    expected = -history["val_mean_absolute_error"]
    np.testing.assert_allclose(scores, expected, rtol=1e-5)
    assert net.best_epoch_ == scores.idxmax() == net.n_iter_ - 3


@pytest.mark.parametrize(
    ("monitor", "column"),
    [
        ("roc_auc", "val_roc_auc"),
        (make_scorer(f1_score, pos_label="yes"), "val_f1_score"),
        (last_of_rows, "val_last_of_rows"),
    ],
    ids=["name", "scorer", "function"],
)
def test_scorers_see_the_labels_of_the_user(monitor, column):
    """By name, made by make_scorer, or a function; copies stop the same."""
    net = DNNClassifier(**STOPPING, monitor=monitor)

    net.fit(X, LABELS)

    again = pickle.loads(pickle.dumps(net)).fit(X, LABELS)
    assert net.best_epoch_ == np.argmax(net.history_[column]) + 1
    assert again.history_ == net.history_


def test_rows_of_ones_own_are_scored_with_their_weights():
    """The last score is that of the fitted network; no early stopping is needed."""
    weight = RNG.uniform(size=120)
    net = DNNClassifier((4,), epochs=3, monitor="roc_auc", random_state=0)

    net.fit(X, LABELS, X_val=X, y_val=LABELS, sample_weight_val=weight)

    given = net.predict_proba(X)[:, 1]
    expected = roc_auc_score(LABELS, given, sample_weight=weight)
    assert net.history_["val_roc_auc"][-1] == pytest.approx(expected)


def build(meta):
    """Return a network of one's own."""
    rows = keras.Input((meta["n_features_in_"],))
    return keras.Sequential([rows, keras.layers.Dense(1, activation="sigmoid")])


@pytest.mark.parametrize("kind", ["members", "images", "own network"])
def test_every_network_can_be_scored(kind):
    """Members score their own rows; images and networks of users are scored, too."""
    stopping = STOPPING | {"epochs": 4, "monitor": "balanced_accuracy"}
    rows = X.reshape(-1, 2, 2, 1) if kind == "images" else X
    own = {n: v for n, v in stopping.items() if "size" not in n and "rate" not in n}
    make = {
        "members": lambda: DNNClassifier(**stopping, n_members=2),
        "images": lambda: CNNClassifier((2,), pool_size=None, **stopping),
        "own network": lambda: KerasClassifier(build, **own),
    }

    net = make[kind]().fit(rows, LABELS)

    scores = net.history_["val_balanced_accuracy"]
    assert len(scores) == net.n_iter_
    assert 0 <= min(scores) <= max(scores) <= 1


def test_what_is_no_score_is_refused():
    """Unknown names, and functions that return no number."""
    unknown = DNNClassifier(**STOPPING, monitor="val_rocauc")
    several = DNNClassifier(**STOPPING, monitor=lambda *args: {"a": 1.0})

    with pytest.raises(InvalidNetworkError, match="no scorer of scikit-learn, either"):
        unknown.fit(X, LABELS)
    with pytest.raises(InvalidNetworkError, match=r"one number; got .'a': 1\.0"):
        several.fit(X, LABELS)
