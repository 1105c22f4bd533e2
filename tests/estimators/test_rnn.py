"""Recurrent networks: which sequences they take, what they keep, where they go."""

import os
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdeep
from skdeep import RNNClassifier, RNNRegressor
from skdeep.datasets import fetch_imdb
from skdeep.engine import cache_info
from skdeep.exceptions import InvalidNetworkError, InvalidSequenceError

RNG = np.random.RandomState(0)
STEPS = RNG.normal(size=(40, 6, 2))
FLAT = STEPS.reshape(40, 12)
Y = STEPS[:, 0, 0] + STEPS[:, -1, 1]
TEXTS = [list(RNG.randint(1, 9, size=n)) for n in RNG.randint(2, 7, size=40)]
HAS_THREE = np.array([3 in text for text in TEXTS])
# What compiles soonest: neither XLA nor Adam.
QUICK = {"optimizer": "sgd", "jit_compile": False}
SHORT = {"epochs": 2, "random_state": 0, **QUICK}
WORDS = {**SHORT, "embedding_dim": 3, "mask_value": 0}


def padded(texts, n_steps):
    """Zeros in front."""
    return np.array([[0] * (n_steps - len(text)) + list(text) for text in texts])


@pytest.mark.fast
def test_flat_rows_and_lists_are_the_sequences_they_hold():
    """Three axes, flat rows, sparse rows, tables and lists train the same network."""
    net = RNNRegressor((3,), **SHORT)
    expected = net.fit(STEPS, Y).predict(STEPS)

    flat = clone(net).set_params(sequence_shape=(6, -1))
    for rows in (FLAT, sparse.csr_array(FLAT), pd.DataFrame(FLAT), FLAT.tolist()):
        np.testing.assert_array_equal(flat.fit(rows, Y).predict(rows), expected)
    listed = [list(map(list, steps)) for steps in STEPS]
    np.testing.assert_array_equal(net.fit(listed, Y).predict(listed), expected)
    assert net.sequence_shape_ == flat.sequence_shape_ == (6, 2)
    assert net.n_features_in_ == 12


@pytest.mark.fast
def test_sequences_of_different_lengths_are_padded_in_front():
    """As lists, as an array of objects, and padded by hand."""
    net = RNNClassifier((3,), **WORDS)
    objects = np.empty(len(TEXTS), object)
    objects[:] = TEXTS

    by_hand = clone(net).fit(padded(TEXTS, 6), HAS_THREE)
    listed = clone(net).fit(TEXTS, HAS_THREE)

    expected = by_hand.predict_proba(padded(TEXTS, 6))
    np.testing.assert_array_equal(listed.predict_proba(TEXTS), expected)
    np.testing.assert_array_equal(listed.predict_proba(objects), expected)
    np.testing.assert_array_equal(listed.predict_proba(TEXTS[:1]), expected[:1])
    assert listed.vocabulary_size_ == 9


def test_padding_has_no_part_in_a_prediction():
    """Vectors of different lengths, padded by a number that is no measurement."""
    net = RNNRegressor((3,), cell="gru", mask_value=-9.0, **SHORT)
    cut = [steps[: 3 + i % 4] for i, steps in enumerate(STEPS)]
    net.fit(cut, Y)

    behind = np.full((40, 6, 2), -9.0)
    for row, steps in zip(behind, cut, strict=True):
        row[: len(steps)] = steps

    np.testing.assert_allclose(net.predict(behind), net.predict(cut), rtol=1e-6)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("parameters", "rows", "message"),
    [
        ({}, np.zeros((40, 2, 2, 2)), r"\(n_samples, n_steps, n_features\); got"),
        ({}, np.zeros((40, 0, 2)), "at least one step"),
        ({"sequence_shape": (5, 2)}, FLAT, "multiply to the 12 features"),
        ({"sequence_shape": (5, -1)}, FLAT, "multiply to the 12 features"),
        ({"sequence_shape": (2, 3, 2)}, FLAT, r"\(n_steps, n_features\), ints"),
        ({}, TEXTS, "needs mask_value .* lengths from 2 to 6"),
        ({"mask_value": 0, "sequence_shape": (5, 1)}, TEXTS, "at most 5 steps"),
        ({"embedding_dim": 2}, STEPS, "one thing per step"),
        ({"embedding_dim": 2}, FLAT, "whole numbers of at least 0"),
        ({"embedding_dim": 2, "vocabulary_size": 5}, padded(TEXTS, 6), "below 5; got"),
    ],
)
def test_sequences_of_another_shape_are_refused(parameters, rows, message):
    """The message says what was expected and what to set."""
    with pytest.raises(InvalidSequenceError, match=message):
        RNNRegressor(**parameters).fit(rows, Y)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"units": ()}, "at least one recurrent layer"),
        ({"units": (4, 3), "dropout": (0.1,)}, r"per recurrent and hidden layer \(2\)"),
        ({"embedding_dim": 2, "mask_value": 7}, "mask_value must be 0 or None"),
    ],
)
def test_parameters_that_make_no_network_are_refused(parameters, message):
    """Before anything is compiled."""
    with pytest.raises(InvalidNetworkError, match=message):
        RNNClassifier(**parameters).fit(padded(TEXTS, 6), HAS_THREE)


@pytest.mark.fast
def test_other_sequences_than_in_fit_are_refused():
    """Another length, another number of features, an unknown word."""
    net = RNNRegressor((3,), **SHORT).fit(STEPS, Y)
    words = RNNClassifier((3,), **WORDS).fit(TEXTS, HAS_THREE)

    with pytest.raises(InvalidSequenceError, match=r"expecting .* \(6, 2\) as in fit"):
        net.predict(STEPS[:, 1:])
    with pytest.raises(InvalidSequenceError, match="below 9; got 9"):
        words.predict([[9, 1]])
    with pytest.raises(InvalidSequenceError, match="at most 6 steps"):
        words.predict([[1] * 7, [1]])


def test_rates_and_rows_need_no_other_program():
    """A grid over rates, penalties and seeds under cross validation compiles once."""
    net = RNNRegressor((3,), dropout=0.1, recurrent_dropout=0.1, l2=0.01, **SHORT)
    grid = {
        "dropout": [0.2, (0.3,)],
        "recurrent_dropout": [0.1, 0.4],
        "learning_rate": [0.01, 0.1],
        "l2": [0.1, 0.001],
    }
    before = cache_info().misses

    search = GridSearchCV(net, grid, cv=2, error_score="raise").fit(STEPS, Y)

    assert cache_info().misses == before + 1
    scores = search.cv_results_["mean_test_score"]
    assert len(set(scores)) > 8


def test_dropout_drops_other_values_in_every_layer_and_direction():
    """A rate of almost 1 stops learning; the same seed gives the same bits."""
    cells = {"units": (3, 3), "cell": "simple", "bidirectional": True}
    net = RNNRegressor(**cells, dropout=0.5, **SHORT)

    once, again = (clone(net).fit(STEPS, Y).predict(STEPS) for _ in range(2))
    other = clone(net).set_params(recurrent_dropout=0.5).fit(STEPS, Y).predict(STEPS)

    np.testing.assert_array_equal(once, again)
    assert (once != other).any()


def test_words_are_cross_validated_as_lists():
    """Folds hold other lengths and words; the parameters say how far they may go."""
    net = RNNClassifier((4,), sequence_shape=(6,), vocabulary_size=9, **WORDS)

    scores = cross_val_score(net, TEXTS, HAS_THREE, cv=3, error_score="raise")

    assert len(scores) == 3


def test_flat_rows_are_scaled_in_a_pipeline():
    """sequence_shape says what the columns are."""
    net = make_pipeline(StandardScaler(), RNNRegressor(sequence_shape=(6, 2), **SHORT))

    assert np.isfinite(cross_val_score(net, FLAT, Y, cv=2)).all()


@pytest.mark.parametrize("parameters", [{}, {"bidirectional": True, "units": (3, 2)}])
def test_they_are_kept_and_go_on(tmp_path, parameters):
    """Pickles and files predict the same bits, and training goes on."""
    net = RNNClassifier(**{**WORDS, "units": (3,), **parameters}, warm_start=True)
    net.fit(TEXTS, HAS_THREE)

    skdeep.save(net, tmp_path / "net.skdeep")
    loaded = skdeep.load(tmp_path / "net.skdeep")

    for copy in (pickle.loads(pickle.dumps(net)), loaded):
        expected = net.predict_proba(TEXTS)
        np.testing.assert_array_equal(copy.predict_proba(TEXTS), expected)
    loaded.fit(TEXTS, HAS_THREE).partial_fit(TEXTS, HAS_THREE)
    net.fit(TEXTS, HAS_THREE).partial_fit(TEXTS, HAS_THREE)
    assert loaded.n_epochs_ == 5
    np.testing.assert_array_equal(loaded.predict(TEXTS), net.predict(TEXTS))


@pytest.mark.parametrize("cell", ["lstm", "gru", "simple"])
def test_other_programs_predict_the_same(tmp_path, cell):
    """ONNX Runtime and Keras, stacked and in both directions."""
    onnxruntime = pytest.importorskip("onnxruntime")
    arguments = {"units": (4, 3), "bidirectional": True, "cell": cell, **SHORT}
    words = padded(TEXTS, 6)

    for own, rows in (({}, STEPS), ({"embedding_dim": 3}, words)):
        net = RNNRegressor(**arguments, **own, hidden_layer_sizes=(4,))
        net.initialize(rows, Y)
        net.export(tmp_path / "net.onnx", format="onnx")
        session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
        found = session.run(None, {"input": rows.astype("float32")})[0][:, 0]
        np.testing.assert_allclose(found, net.predict(rows), atol=1e-5)


def test_masks_are_refused_in_onnx(tmp_path):
    """Its operators leave out steps at the end alone."""
    net = RNNClassifier((2,), **WORDS).fit(TEXTS, HAS_THREE)

    with pytest.raises(InvalidNetworkError, match="got mask_value"):
        net.export(tmp_path / "net.onnx", format="onnx")
    net.export(tmp_path / "net.keras")


def test_one_line_expresses_the_recurrent_system():
    """LSTM 32, batch normalisation, one unit: R1 of the Keras courses."""
    net = RNNRegressor((32,), batch_normalization=True).initialize(STEPS, Y)

    kinds = [type(layer).__name__ for layer in net.model_.layers]
    assert kinds == ["InputLayer", "LSTM", "BatchNormalization", "Dense"]


@pytest.mark.slow
@pytest.mark.skipif("SKDEEP_DATA" not in os.environ, reason="the reviews are needed")
def test_film_reviews_are_read_in_their_order():
    """An embedding and an LSTM on the last 200 words: 0.84 of the test reviews."""
    known = {"num_words": 10_000, "tokens": True, "return_X_y": True}
    X, y = fetch_imdb(**known)
    X_test, y_test = fetch_imdb(subset="test", **known)
    net = RNNClassifier(
        (32,),
        embedding_dim=32,
        vocabulary_size=10_001,
        mask_value=0,
        dropout=0.2,
        learning_rate=0.003,
        batch_size=128,
        epochs=2,
        random_state=0,
    )

    net.fit([review[-200:] for review in X], y)

    assert net.score([review[-200:] for review in X_test], y_test) >= 0.84
