"""Rows of any kind: tables, frames, sparse matrices and images are learnt alike."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.preprocessing import StandardScaler

from skdeep import CNNClassifier, CNNRegressor, DNNClassifier
from skdeep.exceptions import InvalidImageError

FEATURES = ["sepal length", "sepal width", "petal length", "petal width"]


def classifier(**parameters):
    """Return a small classifier of tables."""
    net = {"hidden_layer_sizes": (8,), "learning_rate": 0.02, "random_state": 0}
    return DNNClassifier(**{**net, "epochs": 5, **parameters})


def cnn(**parameters):
    """Return a small classifier of images."""
    net = {"filters": (4,), "hidden_layer_sizes": (8,), "random_state": 0, "epochs": 2}
    return CNNClassifier(**{**net, **parameters})


TABLES = {
    "float32": lambda X: X.astype(np.float32),
    "integer": lambda X: X.astype(int),
    "int8": lambda X: X.astype(np.int8),
    "object": lambda X: X.astype(object),
    "list": lambda X: X.tolist(),
    "columns first": np.asfortranarray,
    "every second column": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "csr_matrix": sparse.csr_matrix,
    "csr_array": sparse.csr_array,
    "csc_matrix": sparse.csc_matrix,
    "csc_array": sparse.csc_array,
    "coo_array": sparse.coo_array,
    "pandas": lambda X: pd.DataFrame(X, columns=FEATURES),
    "pandas Int64": lambda X: pd.DataFrame(X, columns=FEATURES).astype("Int64"),
    "polars": lambda X: pl.DataFrame(X, schema=FEATURES),
}


@pytest.fixture(scope="module")
def whole_numbers(iris):
    """Iris rounded, so that every kind of array holds the same numbers."""
    X, y = iris
    return np.rint(X * 3), y


@pytest.mark.fast
@pytest.mark.parametrize("kind", TABLES)
def test_tables_of_any_kind_are_learnt_alike(kind, whole_numbers):
    """The same numbers give the same probabilities, whatever holds them."""
    X, y = whole_numbers
    table = TABLES[kind](X)
    expected = classifier().fit(X, y).predict_proba(X)

    net = classifier().fit(table, y)

    np.testing.assert_array_equal(net.predict_proba(table), expected)
    assert net.n_features_in_ == 4


@pytest.mark.parametrize("kind", [k for k in TABLES if k not in ("pandas", "polars")])
def test_a_network_fitted_on_doubles_predicts_any_kind(kind, whole_numbers):
    """What fit got does not bind predict: everything is cast to the compute dtype."""
    X, y = whole_numbers
    net = classifier().fit(X, y)
    table = TABLES[kind](X)
    table = table if not hasattr(table, "columns") else table.to_numpy()

    found = net.predict_proba(table)

    np.testing.assert_array_equal(found, net.predict_proba(X))


@pytest.mark.parametrize("dtype", ["float32", "float64", "mixed_bfloat16"])
def test_probabilities_have_the_compute_dtype(dtype, iris):
    """float64 computes and returns doubles, all else singles whose rows sum to 1."""
    X, y = iris

    found = classifier(dtype=dtype, jit_compile=False).fit(X, y).predict_proba(X)

    assert found.dtype == ("float64" if dtype == "float64" else "float32")
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.fast
def test_names_of_frames_are_kept_and_checked(iris):
    """feature_names_in_ holds the names; wrong or reordered columns are refused."""
    X, y = iris
    frame = pd.DataFrame(X, columns=FEATURES)
    reordered, renamed = frame[FEATURES[::-1]], frame.rename(columns={FEATURES[0]: "x"})

    net = classifier().fit(frame, y)

    np.testing.assert_array_equal(net.feature_names_in_, FEATURES)
    with pytest.raises(ValueError, match="must be in the same order"):
        net.predict(reordered)
    with pytest.raises(ValueError, match=r"unseen at fit time:\n- x"):
        net.predict(renamed)


def test_names_of_polars_are_seen_as_scikit_learn_sees_them(iris):
    """Which versions of polars give names is not for skdeep to say."""
    X, y = iris
    frame = pl.DataFrame(X, schema=FEATURES)
    expected = getattr(StandardScaler().fit(frame), "feature_names_in_", None)

    net = classifier().fit(frame, y)

    np.testing.assert_array_equal(getattr(net, "feature_names_in_", None), expected)
    assert net.score(frame, y) == net.score(pl.DataFrame(frame), y)


def test_a_fit_on_an_array_forgets_the_names_of_a_frame(iris):
    """feature_names_in_ belongs to the last fit."""
    X, y = iris
    net = classifier().fit(pd.DataFrame(X, columns=FEATURES), y)

    net.fit(X, y)

    assert not hasattr(net, "feature_names_in_")
    assert net.predict(X).shape == (150,)


def test_images_with_and_without_an_axis_for_grey(digits):
    """(n, h, w) and (n, h, w, 1) are the same images."""
    images, y = digits

    flat_grey = cnn().fit(images, y)
    one_channel = cnn().fit(images[..., np.newaxis], y)

    np.testing.assert_array_equal(
        one_channel.predict_proba(images), flat_grey.predict_proba(images)
    )
    assert flat_grey.image_shape_ == (8, 8, 1)
    assert flat_grey.n_features_in_ == 64
    assert flat_grey.predict_proba(images[:1]).shape == (1, 10)


@pytest.mark.parametrize(
    "image_shape",
    [(8, 8, 1), (-1, 8, 1), (8, -1, 1), (8, 8, -1), [8, 8, 1], np.array([8, 8, 1])],
    ids=str,
)
def test_flat_rows_are_images_by_image_shape(image_shape, digits):
    """Flat rows are cut as reshape does, with one length left to be worked out."""
    images, y = digits
    rows = images.reshape(len(images), -1)
    expected = cnn().fit(images, y).predict_proba(images)

    net = cnn(image_shape=image_shape).fit(rows, y)

    assert net.image_shape_ == (8, 8, 1)
    np.testing.assert_array_equal(net.predict_proba(rows), expected)
    np.testing.assert_array_equal(net.predict_proba(images), expected)


@pytest.mark.parametrize("make", [sparse.csr_matrix, sparse.csc_array, pd.DataFrame])
def test_flat_rows_may_be_sparse_or_framed(make, digits):
    """Whatever holds flat rows, the images are the same."""
    images, y = digits
    rows = images.reshape(len(images), -1)
    expected = cnn().fit(images, y).predict_proba(images)

    net = cnn(image_shape=(8, 8, 1)).fit(make(rows), y)

    np.testing.assert_array_equal(net.predict_proba(make(rows)), expected)


@pytest.mark.parametrize("make", [lambda a: a.astype(np.uint8), lambda a: a.tolist()])
def test_images_of_any_kind_are_learnt_alike(make, digits):
    """Bytes and lists give what floats of the same values give."""
    images, y = np.rint(digits[0] * 16), digits[1]
    expected = cnn().fit(images, y).predict_proba(images)

    net = cnn().fit(make(images), y)

    np.testing.assert_array_equal(net.predict_proba(make(images)), expected)


def test_images_with_colours(digits):
    """Three channels are three features per pixel."""
    images, y = digits
    colours = np.stack([images, 1 - images, images**2], axis=3)

    net = CNNRegressor((4,), hidden_layer_sizes=(8,), epochs=2).fit(colours, y)

    assert net.image_shape_ == (8, 8, 3)
    assert net.n_features_in_ == 192
    assert net.predict(colours).shape == (400,)


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (1, 9), (2, 1)], ids=str)
def test_the_smallest_images_work_by_default(shape):
    """With padding="same" kernels and poolings may be larger than the image."""
    images = np.random.default_rng(0).random((20, *shape))
    net = CNNClassifier((4, 4), hidden_layer_sizes=(3,), epochs=1)

    net.fit(images, np.arange(20) % 2)

    assert net.predict_proba(images).shape == (20, 2)


@pytest.mark.parametrize(
    ("parameters", "layer"),
    [
        ({"kernel_size": 9}, r"convolution 1 .* \(9, 9\) .* got 8x8 pixels"),
        ({"filters": (4, 4, 4)}, r"pooling 2 .* \(2, 2\) .* got 1x1 pixels"),
        ({"filters": ((4, 4, 4, 4),)}, r"convolution 4 .* \(3, 3\) .* got 2x2 pixels"),
        ({"kernel_size": (1, 3), "pool_size": 7}, r"pooling 1 .* got 8x6 pixels"),
    ],
)
def test_images_too_small_for_a_layer_name_it(parameters, layer, digits):
    """With padding="valid" the first layer that the image is too small for is named."""
    with pytest.raises(InvalidImageError, match=layer):
        cnn(padding="valid", **parameters).fit(*digits)


@pytest.mark.parametrize(
    ("reshape", "image_shape", "message"),
    [
        (
            (-1, 64),
            None,
            r"flat rows of 64 features\. Pass image_shape=.*DNNClassifier",
        ),
        ((-1, 64), (8, 8), r"\(height, width, channels\).*got \(8, 8\)"),
        ((-1, 64), (8, 8, 1, 1), r"got \(8, 8, 1, 1\)"),
        ((-1, 64), (-1, -1, 1), r"one may be -1; got \(-1, -1, 1\)"),
        ((-1, 64), (8, None, 1), r"got \(8, None, 1\)"),
        ((-1, 64), (7, -1, 1), r"multiply to the 64 features.*got \(7, -1, 1\)"),
        ((-1, 64), (8, 8, 2), r"multiply to the 64 features.*got \(8, 8, 2\)"),
        ((-1, 8, 8, 1, 1), None, r"got X of shape \(400, 8, 8, 1, 1\)"),
        ((400, 8, 0, 8), None, r"at least one pixel.*\(400, 8, 0, 8\)"),
    ],
)
def test_shapes_of_no_images_are_refused(reshape, image_shape, message, digits):
    """The error says what was expected, what came, and what to pass."""
    images, y = digits
    images = images[:, :, :0] if 0 in reshape else images

    with pytest.raises(InvalidImageError, match=message):
        cnn(image_shape=image_shape).fit(images.reshape(reshape), y)


def test_images_of_another_size_are_refused_by_predict(digits):
    """Images to predict have the size of those that fit has seen."""
    images, y = digits
    net = cnn().fit(images, y)

    with pytest.raises(InvalidImageError, match=r"\(5, 8, 1\).*\(8, 8, 1\) as in fit"):
        net.predict(images[:, :5])
    with pytest.raises(ValueError, match=r"63 features.*64 features"):
        net.predict(images.reshape(len(images), -1)[:, 1:])
