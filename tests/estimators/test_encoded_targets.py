"""Encoders of a subclass, for several inputs and outputs, as SciKeras' guides have."""

import pickle

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score
from sklearn.model_selection import KFold, cross_val_score
from sklearn.preprocessing import (
    FunctionTransformer,
    LabelEncoder,
    OneHotEncoder,
    scale,
)

from skdeep import KerasClassifier, KerasRegressor

X, CODES = load_iris(return_X_y=True)
X = scale(X)
FOLDS = KFold(2, shuffle=True, random_state=0)
Y = np.column_stack([CODES > 0, CODES])
ROW = np.arange(len(X))  # as weights, another for each row


class TwoOutputs(BaseEstimator, TransformerMixin):
    """The first column for a sigmoid, the second, one-hot, for a softmax."""

    def fit(self, y):
        """Learn the classes."""
        self.one_hot_ = OneHotEncoder(sparse_output=False).fit(y[:, 1:])
        self.labels_ = LabelEncoder().fit(y[:, 0])
        return self

    def transform(self, y):
        """An array for each output."""
        return [self.labels_.transform(y[:, 0]), self.one_hot_.transform(y[:, 1:])]

    def inverse_transform(self, y, return_proba=False):
        """Labels of what the model predicts."""
        first, second = y
        if return_proba:
            return np.hstack([first, second])
        labels = self.labels_.inverse_transform((first[:, 0] > 0.5).astype(int))
        return np.column_stack([labels, self.one_hot_.inverse_transform(second)])

    def get_metadata(self):
        """What the build function wants to know."""
        return {"n_outputs_expected_": 2, "n_classes_": [2, 3]}


class TwoOutputsClassifier(KerasClassifier):
    """Labels in two columns."""

    @property
    def target_encoder(self):
        """The encoder above."""
        return TwoOutputs()

    def score(self, X, y, sample_weight=None):
        """Accuracy of the second column."""
        return accuracy_score(
            y[:, 1], self.predict(X)[:, 1], sample_weight=sample_weight
        )


class TwoInputsRegressor(KerasRegressor):
    """A table, cut into two inputs."""

    @property
    def feature_encoder(self):
        """Columns by name of the input."""
        return FunctionTransformer(lambda X: {"left": X[:, :2], "right": X[:, 2:]})


def two_outputs(meta):
    """A sigmoid and a softmax."""
    rows = keras.Input((meta["n_features_in_"],))
    hidden = layers.Dense(16, activation="relu")(rows)
    first = layers.Dense(1, activation="sigmoid")(hidden)
    second = layers.Dense(meta["n_classes_"][1], activation="softmax")(hidden)
    return keras.Model(rows, [first, second])


def two_inputs():
    """Inputs by name."""
    left, right = keras.Input((2,), name="left"), keras.Input((2,), name="right")
    return keras.Model(
        [left, right], layers.Dense(1)(layers.concatenate([left, right]))
    )


LOSSES = ["binary_crossentropy", "categorical_crossentropy"]


def test_two_outputs_of_a_classifier():
    """Cross-validated, by scikit-learn's score of the subclass; kept in pickles."""
    net = TwoOutputsClassifier(
        two_outputs,
        loss=LOSSES,
        optimizer="sgd",
        optimizer__learning_rate=0.5,
        epochs=15,
    )

    scores = cross_val_score(net, X, Y, cv=FOLDS, error_score="raise")
    fitted = clone(net).fit(X, Y, sample_weight=np.ones(len(X)))

    assert scores.mean() > 0.8
    assert fitted.trainer_ == "keras"
    assert fitted.n_outputs_expected_ == 2
    assert fitted.predict(X).shape == (150, 2)
    assert fitted.predict_proba(X).shape == (150, 4)
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.predict(X), fitted.predict(X))


def test_a_table_is_cut_into_inputs():
    """By the feature encoder, under cross validation."""
    y = X @ [1.0, -1.0, 2.0, 0.5]
    adam = {"optimizer": "adam", "optimizer__learning_rate": 0.05}
    net = TwoInputsRegressor(two_inputs, epochs=60, random_state=0, **adam)

    scores = cross_val_score(net, X, y, cv=FOLDS, error_score="raise")

    assert scores.mean() > 0.8


class Logged(KerasRegressor):
    """Targets on a logarithmic scale, by a transformer of scikit-learn."""

    @property
    def target_encoder(self):
        """Logarithms."""
        return FunctionTransformer(np.log, np.exp)


def test_a_single_output_may_have_an_encoder():
    """Predictions come back through it."""
    y = np.exp(X @ [0.5, -0.2, 0.3, 0.1])
    net = Logged(
        lambda: keras.Sequential([layers.Dense(1)]),
        loss="mse",
        optimizer="adam",
        optimizer__learning_rate=0.1,
        batch_size=8,
        epochs=15,
    )

    assert net.fit(X, y).score(X, y) > 0.95


@pytest.mark.fast
def test_a_loss_has_to_be_named():
    """None follows from what an encoder makes."""
    with pytest.raises(ValueError, match="need a loss that is named"):
        TwoOutputsClassifier(two_outputs).fit(X, Y)


@pytest.mark.fast
def test_class_weights_are_refused():
    """Only the encoder knows the classes."""
    net = TwoOutputsClassifier(two_outputs, loss=LOSSES, class_weight="balanced")

    with pytest.raises(ValueError, match="Give sample_weight"):
        net.fit(X, Y)


class Scored(TwoOutputsClassifier):
    """With a score in SciKeras' way."""

    score = KerasClassifier.score

    @staticmethod
    def scorer(y_true, y_pred, sample_weight=None):
        """The share of rows with both labels right."""
        return float(np.average((y_true == y_pred).all(axis=1), weights=sample_weight))


def test_a_subclass_may_have_a_scorer():
    """It scores, and what the encoder tells is in attributes."""
    net = Scored(two_outputs, loss=LOSSES, epochs=2).fit(X, Y)

    right = (net.predict(X) == Y).all(axis=1)

    assert net.score(X, Y) == right.mean()
    assert net.score(X, Y, ROW) == np.average(right, weights=ROW)
    assert net.n_classes_ == [2, 3]
    assert net.target_encoder_.inverse_transform(net.model_.predict(X)).shape == Y.shape


class VectorsRegressor(KerasRegressor):
    """Inputs as vectors, and fewer than the table has columns."""

    @property
    def feature_encoder(self):
        """Two columns."""
        return FunctionTransformer(lambda X: [X[:, 0], X[:, 3]])


def test_an_encoder_may_make_vectors_of_rows_that_are_checked():
    """A vector is an input of one value; rows keep the number of their columns."""

    def build():
        rows = [keras.Input((1,)), keras.Input((1,))]
        return keras.Model(rows, layers.Dense(1)(layers.concatenate(rows)))

    net = VectorsRegressor(build, epochs=2).fit(X, CODES)

    assert net.n_features_in_ == 4
    assert net.predict(X).shape == (150,)
    with pytest.raises(ValueError, match="expecting 4 features"):
        net.predict(X[:, :3])


def test_there_are_encoders_without_a_subclass():
    """They say what the labels and the rows are for the network, and back."""
    names = np.array(["a", "b", "c"])[CODES]
    net = KerasClassifier(
        lambda: keras.Sequential([layers.Dense(3, activation="softmax")])
    ).fit(X, names)

    codes = net.target_encoder_.transform(names)
    outputs = net.model_.predict(net.feature_encoder_.transform(X), verbose=0)

    np.testing.assert_array_equal(codes, CODES)
    labels = net.target_encoder_.inverse_transform(outputs)
    np.testing.assert_array_equal(labels, net.predict(X))
    assert net.target_encoder_ is net.partial_fit(X[:9], names[:9]).target_encoder_
