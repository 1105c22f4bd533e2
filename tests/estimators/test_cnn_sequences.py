"""Convolutions over sequences: what counts as one, and what is refused."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdeep import CNNClassifier, CNNRegressor, load, save
from skdeep.engine import cache_info
from skdeep.exceptions import (
    InvalidImageError,
    InvalidNetworkError,
    InvalidSequenceError,
)

RNG = np.random.RandomState(0)
STEPS = RNG.normal(size=(60, 8, 2)).astype(np.float32)
FLAT = STEPS.reshape(60, 16)
Y = STEPS[:, :4, 0].sum(axis=1)
SMALL = {"filters": (3,), "hidden_layer_sizes": (), "epochs": 2, "random_state": 0}


@pytest.mark.fast
def test_flat_rows_and_lists_are_the_sequences_they_hold():
    """A shape or a window of one number says that three axes are sequences."""
    by_window = CNNRegressor(**SMALL, kernel_size=(3,)).fit(STEPS, Y)
    n_programs = cache_info().misses

    by_shape = CNNRegressor(**SMALL, sequence_shape=(-1, 2))

    for rows in (STEPS, FLAT, sparse.csr_array(FLAT), STEPS.tolist()):
        found = by_shape.fit(rows, Y).predict(rows)
        np.testing.assert_array_equal(found, by_window.predict(STEPS))
    assert by_shape.sequence_shape_ == by_window.sequence_shape_ == (8, 2)
    assert by_shape.n_features_in_ == 16
    assert cache_info().misses == n_programs


@pytest.mark.fast
def test_three_axes_are_images_otherwise():
    """As before sequences were taken; another fit may see the other kind."""
    net = CNNRegressor(**SMALL).fit(STEPS, Y)
    seen = net.image_shape_

    net.set_params(kernel_size=(3,)).fit(STEPS, Y)

    assert seen == (8, 2, 1)
    assert net.sequence_shape_ == (8, 2)
    assert not hasattr(net, "image_shape_")
    assert not hasattr(net.set_params(kernel_size=3).fit(STEPS, Y), "sequence_shape_")


def test_a_series_goes_through_a_pipeline_and_a_file(tmp_path):
    """Scaled, of one number per step, learnt, saved and loaded."""
    phase = RNG.uniform(0, 6, size=(200, 1))
    is_quick = RNG.randint(2, size=200)
    X = np.sin(phase + np.arange(24) * (0.4 + 0.4 * is_quick[:, np.newaxis]))
    net = CNNClassifier(
        (8,), kernel_size=(5,), global_pooling="average", hidden_layer_sizes=(),
        epochs=30, learning_rate=0.01, random_state=0,
    )  # fmt: skip
    pipe = make_pipeline(StandardScaler(), net).fit(X, is_quick)

    save(pipe, tmp_path / "series.skdeep")
    loaded = load(tmp_path / "series.skdeep")

    assert pipe.score(X, is_quick) > 0.9
    np.testing.assert_array_equal(loaded.predict_proba(X), pipe.predict_proba(X))


@pytest.mark.fast
@pytest.mark.parametrize(
    ("parameters", "rows", "error", "advice"),
    [
        (
            {"sequence_shape": (8, 2), "image_shape": (4, 4, 1)},
            FLAT,
            InvalidNetworkError,
            "Leave one at None",
        ),
        (
            {"sequence_shape": (8, 2), "kernel_size": (3, 3)},
            STEPS,
            InvalidNetworkError,
            "Give one number",
        ),
        ({"sequence_shape": (7, 2)}, FLAT, InvalidSequenceError, "sequence_shape"),
        (
            {"kernel_size": (9,), "padding": "valid"},
            STEPS,
            InvalidSequenceError,
            "longer sequences",
        ),
        (
            {"kernel_size": (3,)},
            [row[: 5 + i % 3].tolist() for i, row in enumerate(STEPS)],
            InvalidSequenceError,
            "RNNRegressor",
        ),
        ({"kernel_size": 3}, FLAT, InvalidImageError, "image_shape"),
    ],
)
def test_what_is_no_sequence_is_refused(parameters, rows, error, advice):
    """In words of sequences, with advice."""
    with pytest.raises(error, match=advice):
        CNNRegressor(**SMALL, **parameters).fit(rows, Y)


@pytest.mark.fast
def test_other_sequences_than_those_of_fit_are_refused():
    """Neither longer ones nor images."""
    net = clone(CNNRegressor(**SMALL, kernel_size=(3,))).fit(STEPS, Y)

    with pytest.raises(InvalidSequenceError, match="as in fit"):
        net.predict(STEPS[:, :5])
    with pytest.raises(InvalidSequenceError, match="n_steps"):
        net.predict(STEPS[..., np.newaxis])
