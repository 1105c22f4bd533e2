"""skdeep.datasets: what the loaders return, and what they do about missing files.

Nothing here needs a network: downloads are made from ``file:`` addresses. The tests
of whole data sets need their files and skip unless SKDEEP_DATA names the folder.
"""

import doctest
import gzip
import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn.utils import Bunch

import skdeep.datasets
from skdeep.datasets import (
    _boston,
    _images,
    _stocks,
    _text,
    _xor,
    fetch_cifar10,
    fetch_fashion_mnist,
    fetch_imdb,
    fetch_mnist,
    fetch_reuters,
    load_boston_housing,
    load_stocks,
    make_xor,
)
from skdeep.datasets._files import DataFile, Download, locate
from skdeep.datasets._npz import read_arrays
from skdeep.datasets._originals import (
    convert_cifar10,
    convert_fashion_mnist,
    read_idx,
)
from skdeep.datasets._words import limit_ranks, multi_hot

FETCHERS = [
    fetch_cifar10,
    fetch_fashion_mnist,
    fetch_imdb,
    fetch_mnist,
    fetch_reuters,
]
IMAGE_FETCHERS = [
    (fetch_cifar10, "cifar10", (32, 32, 3)),
    (fetch_fashion_mnist, "fashion_mnist", (28, 28)),
    (fetch_mnist, "mnist", (28, 28)),
]
needs_data = pytest.mark.skipif(
    not os.environ.get("SKDEEP_DATA"),
    reason="needs the folder of data sets that SKDEEP_DATA names",
)


# Small files in the layout of the real ones


def write_images(folder, name, image_shape, n_train=6, n_test=4):
    """Write an image set of a few random images; return its arrays."""
    generator = np.random.default_rng(0)
    arrays = {}
    for part, n in (("train", n_train), ("test", n_test)):
        arrays[f"x_{part}"] = generator.integers(
            256, size=(n, *image_shape), dtype=np.uint8
        )
        arrays[f"y_{part}"] = generator.integers(10, size=n).astype(np.uint8)
    np.savez_compressed(folder / f"{name}.npz", **arrays)
    return arrays


def as_lists(*rows):
    """Return an object array of lists, as Keras stores texts."""
    array = np.empty(len(rows), dtype=object)
    array[:] = [list(row) for row in rows]
    return array


RANK_OF_WORD = {"the": 1, "film": 2, "was": 3, "good": 4, "bad": 5}
TRAIN_TEXTS = as_lists((1, 2, 3, 4), (1, 2, 3, 5), (4, 4, 4), (2,))
TEST_TEXTS = as_lists((5, 1), (1,))


def write_imdb(folder, **changes):
    """Write a data set of six reviews."""
    arrays = {
        "x_train": TRAIN_TEXTS,
        "y_train": np.array([1, 0, 1, 0]),
        "x_test": TEST_TEXTS,
        "y_test": np.array([0, 1]),
    }
    np.savez(folder / "imdb.npz", **{**arrays, **changes})
    (folder / "imdb_word_index.json").write_text(json.dumps(RANK_OF_WORD))


class Exploit:
    """An object whose pickle runs code when it is opened."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


# Boston housing


@pytest.mark.fast
def test_boston_has_the_cells_of_the_original_table():
    """The bundled table has 506 rows whose first, last and extreme cells are known."""
    X, y = load_boston_housing(return_X_y=True)

    assert X.shape == (506, 13)
    assert y.shape == (506,)
    first = [0.00632, 18, 2.31, 0, 0.538, 6.575, 65.2, 4.09, 1, 296, 15.3, 396.9, 4.98]
    assert X[0].tolist() == first
    assert y[[0, -1]].tolist() == [24.0, 11.9]
    assert np.count_nonzero(y == 50.0) == 16
    assert X[:, 0].max() == 88.9762


@needs_data
def test_boston_equals_the_file_of_keras():
    """Every bundled cell is the one in boston_housing.npz."""
    X, y = load_boston_housing(return_X_y=True)

    path = Path(os.environ["SKDEEP_DATA"]) / "boston_housing.npz"
    x_file, y_file = read_arrays(path, ["x", "y"])
    np.testing.assert_array_equal(X, x_file)
    np.testing.assert_array_equal(y, y_file)


def test_boston_split_is_that_of_keras():
    """split="keras" gives the rows of keras.datasets in their order."""
    X_train, X_test, y_train, y_test = load_boston_housing(
        return_X_y=True, split="keras"
    )

    X, y = load_boston_housing(return_X_y=True)
    order = np.arange(506)
    np.random.RandomState(113).shuffle(order)
    n_train = int(506 * (1 - 0.2))
    np.testing.assert_array_equal(X_train, X[order][:n_train])
    np.testing.assert_array_equal(X_test, X[order][n_train:])
    np.testing.assert_array_equal(y_train, y[order][:n_train])
    np.testing.assert_array_equal(y_test, y[order][n_train:])
    assert (len(X_train), len(X_test)) == (404, 102)
    assert y_train[:4].tolist() == [15.2, 42.3, 50.0, 21.1]


def test_boston_bunch_of_a_split_names_the_rows():
    """A Bunch with split="keras" holds all rows and the indices of both parts."""
    boston = load_boston_housing(split="keras")
    X_train, X_test, y_train, y_test = load_boston_housing(
        return_X_y=True, split="keras"
    )

    np.testing.assert_array_equal(X_train, boston.data[boston.train_indices])
    np.testing.assert_array_equal(X_test, boston.data[boston.test_indices])
    np.testing.assert_array_equal(y_train, boston.target[boston.train_indices])
    np.testing.assert_array_equal(y_test, boston.target[boston.test_indices])
    both = np.concatenate([boston.train_indices, boston.test_indices])
    assert sorted(both) == list(range(506))


def test_boston_split_of_frames_keeps_the_columns():
    """as_frame with split="keras" gives frames and series of the same rows."""
    X_train, X_test, y_train, _ = load_boston_housing(
        return_X_y=True, as_frame=True, split="keras"
    )

    arrays = load_boston_housing(return_X_y=True, split="keras")
    assert list(X_train.columns) == list(X_test.columns)
    assert X_train.columns[-2] == "B"
    assert y_train.name == "MEDV"
    np.testing.assert_array_equal(X_train.to_numpy(), arrays[0])
    np.testing.assert_array_equal(y_train.to_numpy(), arrays[2])


@pytest.mark.fast
def test_boston_refuses_another_split():
    """An unknown split is named, with what to use instead."""
    with pytest.raises(ValueError, match=r"'half'.*train_test_split"):
        load_boston_housing(split="half")


def test_boston_description_is_honest():
    """DESCR says where the table is from and what is wrong with variable B."""
    description = load_boston_housing().DESCR

    for phrase in ("Harrison", "StatLib", "questionable about B", "36 of the 506"):
        assert phrase in description
    b = load_boston_housing().data[:, 11]
    assert np.count_nonzero(b <= 1000 * (1 - 0.63) ** 2) == 36


# Stocks and exclusive or


@pytest.mark.fast
def test_stocks_are_eight_rows_of_two_scales():
    """The table of shares has eight rows, and volumes a thousand times the prices."""
    X, y = load_stocks(return_X_y=True)

    assert X.shape == (8, 4)
    assert X[0].tolist() == [828.659973, 833.450012, 908100, 828.349976]
    assert y[[0, -1]].tolist() == [831.659973, 809.559998]
    assert X[:, 2].min() > 1000 * X[:, 0].max()


@pytest.mark.fast
def test_xor_is_the_truth_table():
    """Four points without noise are the corners and their exclusive or."""
    X, y = make_xor()

    assert X.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert y.tolist() == [0, 1, 1, 0]


def test_xor_noise_is_seeded_and_spreads_the_corners():
    """The same random_state gives the same points, of the stated deviation."""
    X, y = make_xor(4000, noise=0.1, random_state=0)

    np.testing.assert_array_equal(X, make_xor(4000, noise=0.1, random_state=0)[0])
    corners, classes = make_xor(4000)
    np.testing.assert_array_equal(y, classes)
    assert np.std(X - corners) == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [({"n_samples": 0}, "n_samples"), ({"noise": -1}, "noise")],
)
def test_xor_refuses_impossible_numbers(arguments, name):
    """A number out of range is named."""
    with pytest.raises(ValueError, match=f"make_xor expects {name}"):
        make_xor(**arguments)


@pytest.mark.parametrize("load", [load_boston_housing, load_stocks])
def test_bundled_tables_come_as_bunch_tuple_and_frames(load):
    """All return styles hold the same numbers."""
    bunch, framed = load(), load(as_frame=True)
    X, y = load(return_X_y=True)

    assert bunch.frame is None
    assert list(framed.frame.columns) == bunch.feature_names + bunch.target_names
    np.testing.assert_array_equal(X, bunch.data)
    np.testing.assert_array_equal(y, framed.target)
    np.testing.assert_array_equal(np.column_stack([X, y]), framed.frame)


# Images


@pytest.mark.parametrize(("fetch", "name", "image_shape"), IMAGE_FETCHERS)
def test_images_come_flat_and_in_shape(fetch, name, image_shape, tmp_path):
    """``data`` has flat rows, ``images`` the shape, ``target`` the labels."""
    written = write_images(tmp_path, name, image_shape)

    bunch = fetch(data_home=tmp_path, subset="test")

    np.testing.assert_array_equal(bunch.images, written["x_test"])
    np.testing.assert_array_equal(bunch.data, written["x_test"].reshape(4, -1))
    np.testing.assert_array_equal(bunch.target, written["y_test"])
    assert bunch.data.dtype == np.uint8
    assert len(bunch.target_names) == 10
    assert len(bunch.feature_names) == bunch.data.shape[1]
    assert bunch.DESCR


@pytest.mark.parametrize(
    ("subset", "parts"),
    [("train", ["train"]), ("test", ["test"]), ("all", ["train", "test"])],
)
def test_subset_selects_rows(subset, parts, tmp_path):
    """The rows are those of the parts asked for, training rows first."""
    written = write_images(tmp_path, "mnist", (28, 28))

    X, y = fetch_mnist(data_home=tmp_path, subset=subset, return_X_y=True)

    images = np.concatenate([written[f"x_{part}"] for part in parts])
    np.testing.assert_array_equal(X, images.reshape(-1, 784))
    np.testing.assert_array_equal(
        y, np.concatenate([written[f"y_{part}"] for part in parts])
    )


def test_training_rows_are_the_default(tmp_path):
    """Whoever forgets the subset does not train on the test rows."""
    written = write_images(tmp_path, "mnist", (28, 28))

    np.testing.assert_array_equal(
        fetch_mnist(data_home=tmp_path).target, written["y_train"]
    )


@pytest.mark.parametrize("fetch", FETCHERS)
def test_unknown_subset_is_refused(fetch, tmp_path):
    """The three subsets are named in the error."""
    with pytest.raises(ValueError, match=r"'train', 'test' or 'all'; got 'valid'"):
        fetch(data_home=tmp_path, subset="valid")


def test_image_frames_name_pixels_by_row_and_column(tmp_path):
    """Column pixel_r_c holds pixel (r, c) of every image."""
    written = write_images(tmp_path, "mnist", (28, 28))

    digits = fetch_mnist(data_home=tmp_path, as_frame=True)

    np.testing.assert_array_equal(
        digits.frame["pixel_3_7"], written["x_train"][:, 3, 7]
    )
    np.testing.assert_array_equal(digits.frame["target"], written["y_train"])


def test_labels_in_a_column_are_flattened(tmp_path):
    """Labels of shape (n, 1), as keras.datasets.cifar10 has them, come as (n,)."""
    written = write_images(tmp_path, "cifar10", (32, 32, 3))
    written["y_train"] = written["y_train"][:, None]
    np.savez(tmp_path / "cifar10.npz", **written)

    _, y = fetch_cifar10(data_home=tmp_path, return_X_y=True)

    assert y.shape == (6,)


# Texts


@pytest.fixture
def reviews(tmp_path):
    """A folder with a small file of reviews."""
    write_imdb(tmp_path)
    return tmp_path


def test_texts_come_as_binary_rows(reviews):
    """Cell (i, j) is 1 where review i has the word of rank j + 1, however often."""
    bunch = fetch_imdb(data_home=reviews, subset="all", num_words=4)
    tokens = fetch_imdb(data_home=reviews, subset="all", num_words=4, tokens=True)

    assert isinstance(bunch.data, sparse.csr_matrix)
    assert bunch.data.dtype == np.float32
    assert bunch.data.shape == (6, 4)
    for row, ranks in zip(bunch.data.toarray(), tokens.data, strict=True):
        assert row.tolist() == [float(j + 1 in ranks) for j in range(4)]
    assert bunch.feature_names.tolist() == ["the", "film", "was", "good"]


def test_rows_are_shuffled_as_keras_shuffles_them(reviews):
    """Training and test rows are permuted in turn by one generator with seed 113."""
    bunch = fetch_imdb(data_home=reviews, subset="test", tokens=True)

    generator = np.random.RandomState(113)
    generator.permutation(len(TRAIN_TEXTS))
    expected = TEST_TEXTS[generator.permutation(len(TEST_TEXTS))]
    assert bunch.data.tolist() == expected.tolist()


def test_words_not_kept_become_zero_in_token_lists(reviews):
    """Token lists keep their length; a rank above num_words is 0."""
    tokens = fetch_imdb(data_home=reviews, tokens=True, num_words=3)

    assert sorted(map(len, tokens.data)) == [1, 3, 4, 4]
    assert {rank for row in tokens.data for rank in row} == {0, 1, 2, 3}


def test_decode_turns_ranks_and_rows_into_words(reviews):
    """A token list gives its text, a sparse row its words by frequency."""
    bunch = fetch_imdb(data_home=reviews, num_words=4)
    row = multi_hot(as_lists((4, 2, 1)), 5)

    assert bunch.decode([1, 2, 3, 5]) == "the film was bad"
    assert bunch.decode([4, 0, 99]) == "good [unknown] [unknown]"
    assert bunch.decode(row) == "the film good"
    assert bunch.decode(sparse.csr_array(row)[[0]]) == "the film good"
    assert pickle.loads(pickle.dumps(bunch)).decode([4]) == "good"
    with pytest.raises(ValueError, match="decode expects one row"):
        bunch.decode(bunch.data)


def test_num_words_none_keeps_all_words(reviews):
    """Without a limit, and with one above the number of words, all are kept."""
    for num_words in (None, 1000):
        bunch = fetch_imdb(data_home=reviews, num_words=num_words)

        assert bunch.data.shape == (4, 5)
        assert len(bunch.feature_names) == 5


def test_text_frames_have_a_sparse_column_per_word(reviews):
    """The frame's columns are the words, then a target that no word is called."""
    bunch = fetch_imdb(data_home=reviews, as_frame=True)

    assert list(bunch.frame.columns) == [*RANK_OF_WORD, "is_positive"]
    assert bunch.data.sparse.density < 1
    np.testing.assert_array_equal(
        bunch.data.to_numpy(), fetch_imdb(data_home=reviews).data.toarray()
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_words": 0}, "num_words to be None or a positive integer; got 0"),
        ({"num_words": 2.5}, "num_words to be None or a positive integer; got 2.5"),
        ({"tokens": True, "as_frame": True}, "at most one of tokens and as_frame"),
    ],
)
def test_impossible_text_options_are_refused(arguments, message, reviews):
    """The options that do not fit are named."""
    with pytest.raises(ValueError, match=message):
        fetch_imdb(data_home=reviews, **arguments)


def test_limit_ranks_leaves_its_argument_alone():
    """The lists that were read are not changed."""
    ranks = as_lists((1, 9))

    assert limit_ranks(ranks, 5).tolist() == [[1, 0]]
    assert ranks.tolist() == [[1, 9]]


def test_reuters_in_one_piece_is_divided_as_keras_divides_it(tmp_path):
    """Keras' layout is shuffled with seed 113; the first 80 percent are training."""
    labels = np.arange(10)
    np.savez(tmp_path / "reuters.npz", x=as_lists(*[[1]] * 10), y=labels)
    (tmp_path / "reuters_word_index.json").write_text('{"the": 1}')

    train = fetch_reuters(data_home=tmp_path)
    test = fetch_reuters(data_home=tmp_path, subset="test")

    order = np.random.RandomState(113).permutation(10)
    np.testing.assert_array_equal(train.target, labels[order][:8])
    np.testing.assert_array_equal(test.target, labels[order][8:])
    assert len(train.target_names) == 46
    assert train.target_names[3:5] == ["earn", "acq"]


def test_reuters_in_two_parts_needs_its_own_topics(tmp_path):
    """A file that is not Keras' takes its topics from the list beside it."""
    arrays = {"x_train": as_lists([1], [1]), "y_train": np.array([0, 1])}
    arrays |= {"x_test": as_lists([1]), "y_test": np.array([1])}
    np.savez(tmp_path / "reuters.npz", **arrays)
    (tmp_path / "reuters_word_index.json").write_text('{"the": 1}')

    with pytest.raises(FileNotFoundError, match=r"reuters_topics\.json beside"):
        fetch_reuters(data_home=tmp_path)
    (tmp_path / "reuters_topics.json").write_text('["tea", "tin"]')

    assert fetch_reuters(data_home=tmp_path).target_names == ["tea", "tin"]


# Files: found, missing, damaged, downloaded


@pytest.mark.parametrize("fetch", FETCHERS)
def test_missing_file_says_which_goes_where(fetch, tmp_path):
    """Without a download, one error names the files, the folder and the variable."""
    with pytest.raises(FileNotFoundError) as caught:
        fetch(data_home=tmp_path, download_if_missing=False)

    message = str(caught.value)
    name = fetch.__name__
    assert message.startswith(f"{name} needs {name.removeprefix('fetch_')}.npz")
    for phrase in (str(tmp_path), "SKDEEP_DATA", "data_home", "download_if_missing"):
        assert phrase in message
    assert ("word_index.json" in message) == (fetch in (fetch_imdb, fetch_reuters))


def test_failed_download_says_which_file_goes_where(tmp_path):
    """An address that cannot be reached ends in one error with all three beats."""
    address = (tmp_path / "nowhere" / "table.npz").as_uri()
    file = DataFile("table.npz", (Download(address),))

    with pytest.raises(FileNotFoundError) as caught:
        locate([file], loader="fetch_table", data_home=tmp_path)

    message = str(caught.value)
    assert "fetch_table needs table.npz" in message
    assert "the download failed" in message
    assert address in message
    assert f"Put table.npz into {tmp_path}" in message
    assert list(tmp_path.iterdir()) == []


def test_environment_variable_names_the_folder(tmp_path, monkeypatch):
    """SKDEEP_DATA is searched without data_home, and not with it."""
    write_images(tmp_path, "mnist", (28, 28))
    monkeypatch.setenv("SKDEEP_DATA", str(tmp_path))

    assert fetch_mnist(download_if_missing=False).data.shape == (6, 784)
    with pytest.raises(FileNotFoundError):
        fetch_mnist(data_home=tmp_path / "other", download_if_missing=False)


def test_cache_of_keras_is_searched_last(tmp_path, monkeypatch):
    """A file that Keras has downloaded is used, if it has Keras' checksum."""
    cache = tmp_path / "datasets"
    cache.mkdir()
    (cache / "table.txt").write_text("one")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("SKDEEP_DATA", raising=False)
    genuine = Download("https://localhost/table.txt", hashlib.md5(b"one").hexdigest())
    other = Download("https://localhost/table.txt", hashlib.md5(b"two").hexdigest())

    assert locate([DataFile("table.txt", (genuine,))], loader="fetch_table") == [
        cache / "table.txt"
    ]
    with pytest.raises(OSError, match=r"fetch_table expects .*table\.txt.*Move it"):
        locate([DataFile("table.txt", (other,))], loader="fetch_table")
    assert (cache / "table.txt").read_text() == "one"


def test_download_is_checked_and_moved_into_place(tmp_path):
    """A file arrives under its name, alone, and is not downloaded again."""
    source = tmp_path / "server" / "table.txt"
    source.parent.mkdir()
    source.write_text("one")
    checksum = hashlib.sha256(b"one").hexdigest()
    file = DataFile("table.txt", (Download(source.as_uri(), checksum),))
    home = tmp_path / "home"

    (path,) = locate([file], loader="fetch_table", data_home=home)
    source.unlink()
    (again,) = locate([file], loader="fetch_table", data_home=home)

    assert path == again == home / "table.txt"
    assert path.read_text() == "one"
    assert list(home.iterdir()) == [path]


def test_download_with_a_wrong_checksum_is_not_kept(tmp_path):
    """Other bytes than expected end in an error and leave no file."""
    source = tmp_path / "server.txt"
    source.write_text("two")
    checksum = hashlib.sha256(b"one").hexdigest()
    file = DataFile("table.txt", (Download(source.as_uri(), checksum),))
    home = tmp_path / "home"

    with pytest.raises(FileNotFoundError, match=r"the download failed .*hash"):
        locate([file], loader="fetch_table", data_home=home)

    assert list(home.iterdir()) == []


def test_words_of_another_copy_are_not_downloaded(tmp_path):
    """Ranks that Keras did not make do not get Keras' words."""
    write_imdb(tmp_path)
    (tmp_path / "imdb_word_index.json").unlink()

    with pytest.raises(OSError, match=r"Put the imdb_word_index\.json that belongs"):
        fetch_imdb(data_home=tmp_path)


def damage_end(content):
    """Cut the last third off."""
    return content[: len(content) * 2 // 3]


def damage_middle(content):
    """Change one byte."""
    middle = len(content) // 3
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [damage_end, damage_middle, lambda content: b""])
@pytest.mark.parametrize("fetch", [fetch_mnist, fetch_imdb])
def test_damaged_file_is_named_and_kept(fetch, damage, tmp_path):
    """A file that cannot be read is named in the error, and left as it is."""
    write_images(tmp_path, "mnist", (28, 28), n_train=60)
    write_imdb(tmp_path)
    path = tmp_path / f"{fetch.__name__.removeprefix('fetch_')}.npz"
    broken = damage(path.read_bytes())
    path.write_bytes(broken)

    with pytest.raises(OSError, match="left as it is") as caught:
        fetch(data_home=tmp_path)

    assert str(path) in str(caught.value)
    assert path.read_bytes() == broken


@pytest.mark.parametrize(
    "changes",
    [
        {"x_train": np.zeros((6, 28, 27), np.uint8)},
        {"x_train": np.zeros((5, 28, 28), np.uint8)},
        {"x_train": np.zeros((6, 28, 28))},
        {"y_train": np.full(6, 10)},
    ],
)
def test_images_of_another_layout_are_refused(changes, tmp_path):
    """Wrong shapes, types and labels end in an error with the file's name."""
    written = write_images(tmp_path, "mnist", (28, 28))
    np.savez(tmp_path / "mnist.npz", **{**written, **changes})

    with pytest.raises(OSError, match=r"mnist\.npz .*expected"):
        fetch_mnist(data_home=tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"x_train": np.zeros((4, 2), int)},
        {"x_train": as_lists([1], [2])},
        {"x_train": as_lists([1], [2], [3], ["4"])},
        {"y_train": np.array([0, 1, 2, 0])},
    ],
)
def test_texts_of_another_layout_are_refused(changes, tmp_path):
    """Wrong shapes, entries and labels end in an error with the file's name."""
    write_imdb(tmp_path, **changes)

    with pytest.raises(OSError, match=r"imdb\.npz"):
        fetch_imdb(data_home=tmp_path)


def test_file_with_code_does_not_run_it(tmp_path):
    """A pickle that asks for anything but arrays is refused before it acts."""
    victim = tmp_path / "victim"
    write_imdb(tmp_path, x_train=np.array([Exploit(victim)] * 4, dtype=object))

    with pytest.raises(OSError, match=r"imdb\.npz .* asks for"):
        fetch_imdb(data_home=tmp_path)

    assert not victim.exists()


# Conversion of published files


def write_idx(path, array):
    """Write a gzipped idx file of bytes."""
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    path.write_bytes(gzip.compress(header + array.tobytes()))


def test_idx_files_become_one_npz(tmp_path):
    """The four files of Fashion-MNIST, in Keras' order, end in the usual layout."""
    arrays = [
        np.arange(3, dtype=np.uint8),
        np.arange(3 * 28 * 28).astype(np.uint8).reshape(3, 28, 28),
        np.arange(2, dtype=np.uint8),
        np.ones((2, 28, 28), np.uint8),
    ]
    paths = [tmp_path / f"{i}.gz" for i in range(4)]
    for path, array in zip(paths, arrays, strict=True):
        write_idx(path, array)

    convert_fashion_mnist(paths, tmp_path / "fashion_mnist.npz")
    bunch = fetch_fashion_mnist(data_home=tmp_path)

    np.testing.assert_array_equal(bunch.images, arrays[1])
    np.testing.assert_array_equal(bunch.target, arrays[0])


@pytest.mark.parametrize("content", [b"", b"\0\0\x08\x01\0\0\0\x09ab", b"\0\1\x08\0"])
def test_damaged_idx_file_is_named(content, tmp_path):
    """Too few bytes or a wrong header end in an error with the file's name."""
    path = tmp_path / "labels.gz"
    path.write_bytes(gzip.compress(content))

    with pytest.raises(OSError, match=r"labels\.gz"):
        read_idx(path)


def test_cifar_archive_becomes_one_npz(tmp_path):
    """The batches of pickled planes end as images with the colours last."""
    planes = np.arange(2 * 3072).astype(np.uint8).reshape(2, 3072)
    batch = pickle.dumps({b"data": planes, b"labels": [3, 7]}, protocol=4)
    path = tmp_path / "cifar.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]:
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(batch)
            archive.addfile(member, io.BytesIO(batch))

    convert_cifar10([path], tmp_path / "cifar10.npz")
    train = fetch_cifar10(data_home=tmp_path)

    assert train.images.shape == (10, 32, 32, 3)
    assert train.target.tolist() == [3, 7] * 5
    np.testing.assert_array_equal(
        train.images[1, 2, 5], planes[1].reshape(3, 32, 32)[:, 2, 5]
    )


# The real files


@needs_data
@pytest.mark.parametrize(
    ("fetch", "shape", "classes"),
    [
        (fetch_mnist, (60_000, 784), [5, 0, 4, 1, 9, 2, 1, 3]),
        (fetch_fashion_mnist, (60_000, 784), [9, 0, 0, 3, 0, 2, 7, 2]),
    ],
)
def test_real_images_are_complete(fetch, shape, classes):
    """The training rows are those of the original, in its order."""
    bunch = fetch(download_if_missing=False)

    assert bunch.data.shape == shape
    assert bunch.target[:8].tolist() == classes
    assert np.bincount(bunch.target).min() > 5000


@needs_data
def test_real_cifar10_has_classes_of_equal_size():
    """Every class of CIFAR-10 has as many images as the others."""
    bunch = fetch_cifar10(download_if_missing=False)

    assert bunch.images.shape[1:] == (32, 32, 3)
    assert len(set(np.bincount(bunch.target, minlength=10))) == 1


@needs_data
def test_real_reviews_make_sense():
    """Half of the reviews are positive, and these have the word "great" more often."""
    reviews = fetch_imdb(download_if_missing=False)

    assert reviews.data.shape == (25_000, 10_000)
    assert reviews.target.mean() == 0.5
    assert set(np.unique(reviews.data.data)) == {1.0}
    column = reviews.feature_names.tolist().index("great")
    has_great = reviews.data[:, column].toarray().ravel()
    positive = reviews.target == 1
    assert has_great[positive].mean() > 1.5 * has_great[~positive].mean()


@needs_data
def test_real_newswires_make_sense():
    """Newswires on wheat mostly have the word "wheat" or "grain"."""
    news = fetch_reuters(subset="all", tokens=True, download_if_missing=False)

    topic = "grain"
    rows = news.data[news.target == news.target_names.index(topic)]
    mentions = ["grain" in (t := news.decode(r)) or "wheat" in t for r in rows]
    assert np.mean(mentions) > 0.5


READ_ALL = """
import sys
from skdeep import datasets

for name in sys.argv[1:]:
    fetch = getattr(datasets, name)
    fetch(subset="test", return_X_y=True, download_if_missing=False)
    print(name, "tensorflow" in sys.modules or "keras" in sys.modules)
"""


@needs_data
def test_real_files_are_read_without_keras():
    """Reading from a folder starts neither Keras nor TensorFlow."""
    names = [fetch.__name__ for fetch in FETCHERS]

    output = subprocess.check_output(
        [sys.executable, "-c", READ_ALL, *names], text=True
    )

    assert output.splitlines() == [f"{name} False" for name in names]


@pytest.mark.network
@pytest.mark.parametrize("fetch", FETCHERS)
def test_download_from_the_network(fetch, tmp_path):
    """The published files are where Keras says and have what the loaders expect."""
    bunch = fetch(data_home=tmp_path, subset="all")

    assert len(bunch.target) > 10_000


# The module


def test_public_list_is_sorted_and_complete():
    """__all__ is sorted, and every name in it can be imported and has a docstring."""
    names = skdeep.datasets.__all__

    assert names == sorted(names)
    assert all(getattr(skdeep.datasets, name).__doc__ for name in names)


@pytest.mark.parametrize(
    "module",
    [
        _boston,
        _stocks,
        _xor,
        pytest.param(_images, marks=needs_data),
        pytest.param(_text, marks=needs_data),
    ],
)
def test_examples_in_docstrings_are_true(module):
    """Every example prints what its docstring says."""
    result = doctest.testmod(module)

    assert result.attempted > 0
    assert result.failed == 0


def test_bundled_files_are_small():
    """The package carries less than 50 kB of data."""
    folder = Path(skdeep.datasets.__file__).parent / "data"

    assert sum(path.stat().st_size for path in folder.iterdir()) < 50_000


def test_bunch_is_scikit_learns():
    """What loaders return opens by attribute and by key."""
    bunch = load_stocks()

    assert isinstance(bunch, Bunch)
    assert bunch["data"] is bunch.data
