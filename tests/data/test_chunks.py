"""Rows in chunks train as one array does."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from skdeep import DNNClassifier, DNNRegressor, TabularRegressor
from skdeep.data._chunks import are_chunks

RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(300, 4))
LABELS = np.array(["no", "yes"])[(TABLE[:, 0] > 0).astype(int)]
WEIGHTS = RNG.uniform(1, 2, size=300)
PARTS = [slice(0, 120), slice(120, 130), slice(130, 300)]
CHUNKS = [(TABLE[part], LABELS[part]) for part in PARTS]
ONCE = {"epochs": 2, "random_state": 0}


class Parts(keras.utils.PyDataset):
    """Keras' way to give rows in chunks."""

    def __len__(self):
        """Count the chunks."""
        return len(PARTS)

    def __getitem__(self, number):
        """Return one."""
        return CHUNKS[number]


class Iterable:
    """Nothing but ``__iter__``."""

    def __iter__(self):
        """Begin anew."""
        return iter(CHUNKS)


def of_tensorflow(*arrays):
    """Return a data set of batches."""
    return tf.data.Dataset.from_tensor_slices(arrays).batch(70)


def assert_same(first, second):
    """Compare two fits to the bit."""
    np.testing.assert_array_equal(
        first.predict_proba(TABLE), second.predict_proba(TABLE)
    )
    assert first.history_ == second.history_
    np.testing.assert_array_equal(first.classes_, second.classes_)


@pytest.mark.fast
@pytest.mark.parametrize(
    "make_chunks",
    [lambda: CHUNKS, lambda: iter(CHUNKS), Iterable, Parts],
    ids=["list", "iterator", "iterable", "PyDataset"],
)
def test_chunks_train_to_the_bits_of_one_array(make_chunks):
    """Gone through once, shuffled as a whole, rows of all chunks held out."""
    settings = {**ONCE, "early_stopping": True}
    whole = DNNClassifier((4,), **settings).fit(TABLE, LABELS)

    net = DNNClassifier((4,), **settings).fit(make_chunks())

    assert_same(whole, net)


def test_a_dataset_of_tensorflow_has_weights_and_validates():
    """Tensors are arrays; a third one is the weights; X_val may come alone, too."""
    y = (LABELS == "yes").astype(int)
    whole = DNNClassifier((4,), **ONCE).fit(
        TABLE, y, WEIGHTS, X_val=TABLE[:99], y_val=y[:99]
    )

    net = DNNClassifier((4,), **ONCE).fit(
        of_tensorflow(TABLE, y, WEIGHTS), X_val=of_tensorflow(TABLE[:99], y[:99])
    )

    assert_same(whole, net)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("chunks", "error", "message"),
    [
        (iter([]), ValueError, "must give chunks of rows; got none"),
        (iter([TABLE]), TypeError, "together with their targets; got a ndarray"),
        ([(TABLE,)], TypeError, "got a tuple of 1"),
        ([(TABLE, LABELS[1:])], ValueError, "a row each for the same samples"),
        ([(TABLE[0], 1.0)], ValueError, "put together by batch"),
        ([*CHUNKS, (TABLE[:, :3], LABELS)], ValueError, r"the first, \(4,\)"),
        ([(TABLE.astype(int), LABELS), *CHUNKS], ValueError, "got .* and float64"),
        ([(LABELS[:, None], LABELS)], TypeError, "must give rows of numbers"),
        ([*CHUNKS, (TABLE, LABELS, WEIGHTS)], ValueError, "in some of them only"),
        (
            tf.data.Dataset.from_tensors((TABLE, WEIGHTS)).repeat(),
            ValueError,
            r"must come to an end.*repeat\(\)",
        ),
    ],
)
def test_chunks_that_are_none_are_refused(chunks, error, message):
    """With what came and what to give."""
    with pytest.raises(error, match=message):
        DNNRegressor((4,), **ONCE).fit(chunks)


@pytest.mark.fast
def test_only_some_take_chunks():
    """Others say what to do; targets beside chunks are one thing too many."""
    for net, given in (
        (TabularRegressor(**ONCE), {}),
        (DNNRegressor((4,), **ONCE), {"y": LABELS}),
    ):
        with pytest.raises(TypeError, match="gives its rows in pieces"):
            net.fit(iter(CHUNKS), **given)
    for X in (TABLE, TABLE.tolist(), "rows", {"a": TABLE}):
        assert not are_chunks(X)
