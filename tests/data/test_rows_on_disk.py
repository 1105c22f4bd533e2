"""Rows in a file train as rows in memory do; test_memory.py asks what they need."""

import h5py
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skdeep import CNNClassifier, DNNClassifier, DNNRegressor, RNNClassifier
from skdeep.data._rows_on_disk import RowsOnDisk, is_on_disk

RNG = np.random.default_rng(0)
# 9 MiB: more than the program holds at once, and than is read in one go.
TABLE = RNG.normal(size=(4_000, 300))
NUMBERS = TABLE[:, 0] - TABLE[:, 1]
IMAGES = RNG.integers(0, 256, size=(60, 6, 6), dtype=np.uint8)
WORDS = RNG.integers(0, 20, size=(60, 5))
LABELS = np.arange(60) % 2
ONCE = {"epochs": 2, "random_state": 0}


class SlicesOnly:
    """What zarr and its like have in common: a shape, a dtype, and rows by slices."""

    def __init__(self, rows):
        self.shape, self.dtype, self._rows = rows.shape, rows.dtype, rows

    def __getitem__(self, key):
        """Return the rows of a slice."""
        assert isinstance(key, slice)
        return self._rows[key]


def on_disk(kind, rows, folder):
    """Return rows that lie in a file of a kind."""
    if kind == "map":
        mapped = np.memmap(folder / "map", rows.dtype, "w+", shape=rows.shape)
        mapped[:] = rows
        return mapped
    if kind == "hdf5":
        file = h5py.File(folder / "rows.h5", "w")
        return file.create_dataset("X", data=rows, chunks=(50, *rows.shape[1:]))
    return SlicesOnly(rows)


def assert_same(first, second):
    """Compare two fits to the bit."""
    pairs = zip(first._fitted.weights, second._fitted.weights, strict=True)
    for one, other in pairs:
        np.testing.assert_array_equal(one, other)
    assert first.history_ == second.history_


KINDS = pytest.mark.parametrize("kind", ["map", "hdf5", "slices"])


@pytest.mark.fast
@KINDS
def test_a_table_in_a_file_trains_to_the_same_bits(kind, tmp_path):
    """Shuffled, and with rows held out, a file gives what an array in memory gives."""
    in_memory = DNNRegressor((8,), **ONCE).fit(TABLE, NUMBERS)
    X = on_disk(kind, TABLE, tmp_path)

    net = DNNRegressor((8,), **ONCE).fit(X, NUMBERS)

    assert_same(in_memory, net)
    assert net.do_early_stopping_
    np.testing.assert_array_equal(net.predict(X), in_memory.predict(TABLE))


@KINDS
@pytest.mark.parametrize(
    ("net", "rows"),
    [
        (CNNClassifier((4,), **ONCE), IMAGES),
        (CNNClassifier((4,), image_shape=(6, 6, 1), **ONCE), IMAGES.reshape(60, -1)),
        (RNNClassifier((4,), **ONCE), IMAGES.astype(float)),
        (RNNClassifier((4,), embedding_dim=3, **ONCE), WORDS),
    ],
    ids=["images", "flat images", "sequences", "words"],
)
def test_other_rows_in_a_file_train_to_the_same_bits(kind, net, rows, tmp_path):
    """Images, sequences and numbers of words may be in files, too."""
    in_memory = clone(net).fit(rows, LABELS)
    X = on_disk(kind, rows, tmp_path)

    net = clone(net).fit(X, LABELS)

    assert_same(in_memory, net)
    np.testing.assert_array_equal(in_memory.predict_proba(rows), net.predict_proba(X))


def test_all_that_looks_at_rows_takes_those_in_files(tmp_path):
    """Validation rows, members, calibration, scorers, embeddings: same bits."""
    y = NUMBERS > 0
    settings = {
        "n_members": 2,
        "calibration": "temperature",
        "monitor": "roc_auc",
        "numeric_embedding": "piecewise_linear",
    }
    net = DNNClassifier((4,), **settings, **ONCE)
    rows, X_val = TABLE[:, :20], TABLE[:3_000, :20]
    in_memory = DNNClassifier((4,), **settings, **ONCE)
    in_memory.fit(rows, y, X_val=X_val, y_val=y[:3_000])

    net.fit(SlicesOnly(rows), y, X_val=SlicesOnly(X_val), y_val=y[:3_000])

    assert_same(in_memory, net)
    assert net.temperature_ == in_memory.temperature_


@KINDS
def test_a_value_that_is_missing_far_behind_is_found(kind, tmp_path):
    """The last row of a file is looked at as the first one is."""
    rows = TABLE.copy()
    rows[-1, -1] = np.nan
    X = on_disk(kind, rows, tmp_path)

    with pytest.raises(ValueError, match="Input X contains NaN"):
        DNNRegressor((8,), **ONCE).fit(X, NUMBERS)


def test_parts_of_a_file_train_on():
    """partial_fit takes rows in files, to the bits of rows in memory."""
    in_memory = DNNRegressor((8,), **ONCE).partial_fit(TABLE, NUMBERS)

    net = DNNRegressor((8,), **ONCE).partial_fit(SlicesOnly(TABLE), NUMBERS)

    assert_same(in_memory, net)


@pytest.mark.fast
def test_rows_are_chosen_before_they_are_read(tmp_path):
    """A choice among chosen rows reads what is left, in its order."""
    rows = RowsOnDisk(on_disk("hdf5", TABLE, tmp_path), np.float32)
    numbers = RNG.permutation(len(TABLE))

    chosen = rows[100:3_000][numbers[numbers < 2_900]][5:900]

    expected = TABLE[100:3_000][numbers[numbers < 2_900]][5:900]
    np.testing.assert_array_equal(chosen.read(), expected.astype(np.float32))
    assert chosen.max() == expected.astype(np.float32).max()


@pytest.mark.fast
def test_arrays_in_memory_are_none_of_these():
    """What is in memory goes the way it has always gone."""
    for X in (TABLE, TABLE.tolist(), pd.DataFrame(TABLE), pd.Series(NUMBERS)):
        assert not is_on_disk(X)
