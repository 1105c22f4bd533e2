"""Embeddings of numeric features: which columns, what starts where, what is kept."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skdeep import DNNRegressor
from skdeep.engine import cache_info

RNG = np.random.RandomState(0)
N_ROWS = 60
X = np.column_stack([RNG.normal(size=(N_ROWS, 3)), RNG.randint(2, size=N_ROWS)])
Y = np.sin(6 * X[:, 0]) + X[:, 3]
# With Adam a program takes a quarter longer to compile.
SMALL = {
    "optimizer": "sgd",
    "hidden_layer_sizes": (6,),
    "epochs": 2,
    "random_state": 0,
    "jit_compile": False,
}
KINDS = ("periodic", "piecewise_linear")


def net(kind="piecewise_linear", **parameters):
    """Return a small regressor with an embedding."""
    return DNNRegressor(**{**SMALL, "numeric_embedding": kind, **parameters})


def bins(fitted):
    """Return the edges of the bins of every embedded column."""
    slope, offset = (a.astype(float) for a in fitted._fitted.weights[:2])
    rows = zip(slope[:, 0], offset, strict=True)
    return [-o[s > 0] / s[s > 0] for s, o in rows]


# which columns


@pytest.mark.fast
def test_indicators_stay_as_they_are():
    """Columns of two values are not embedded, unless they are asked for."""
    automatic = net().fit(X, Y)
    everything = clone(automatic).set_params(numeric_features="all").fit(X, Y)

    assert automatic.is_embedded_.tolist() == [True, True, True, False]
    assert everything.is_embedded_.all()
    assert automatic._fitted.network.layers[1].weight_specs((13,))[0].shape == (13, 6)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([True, False, False, True], [0, 3]),
        ([0, -1], [0, 3]),
        (np.array(["a", "d"]), [0, 3]),
        (["d"], [3]),
        ([], []),
    ],
)
def test_features_are_named_as_in_scikit_learn(given, expected):
    """A mask, numbers and names of columns say which features are embedded."""
    table = pd.DataFrame(X, columns=list("abcd"))

    fitted = net(numeric_features=given).fit(table, Y)

    assert np.flatnonzero(fitted.is_embedded_).tolist() == expected


@pytest.mark.parametrize(
    "given", [[4], [-5], ["e"], [True, False], [0.5], [[0, 1]], [None]]
)
def test_features_that_are_not_there_are_refused(given):
    """Other numbers, names and masks are refused with what there is."""
    table = pd.DataFrame(X, columns=list("abcd"))

    with pytest.raises(ValueError, match="numeric_features must"):
        net(numeric_features=given).fit(table, Y)


def test_sparse_rows_have_the_columns_of_dense_ones():
    """What is not stored counts as a value."""
    columns = [[0, 1, 2], [0, 1, 1], [-1, 0, 1], [-1, 1, 1], [0, 0, 0], [1, 2, 3]]
    table = np.tile(np.array(columns, float).T, (20, 1))
    dense = net().fit(table, Y)

    found = net().fit(sparse.csr_array(table), Y)

    assert found.is_embedded_.tolist() == [True, False, True, False, False, True]
    np.testing.assert_array_equal(found.is_embedded_, dense.is_embedded_)
    np.testing.assert_array_equal(found.predict(table), dense.predict(table))


def test_without_an_embedding_nothing_is_new(empty_cache):
    """An estimator that embeds no column shares the program of one that cannot."""
    compiled = {**SMALL, "jit_compile": True}
    DNNRegressor(**compiled).fit(X, Y)

    fitted = net(numeric_features=[], jit_compile=True).fit(X, Y)
    plain = DNNRegressor(**compiled, embedding_size=7).fit(X, Y)

    assert cache_info().misses == 1
    assert plain.is_embedded_ is None
    np.testing.assert_array_equal(fitted.predict(X), plain.predict(X))


def test_later_rows_have_the_columns_of_the_first():
    """Training goes on with rows in which a feature has two values by chance."""
    fitted = net().partial_fit(X, Y)

    fitted.partial_fit(X[:2], Y[:2])

    assert fitted.is_embedded_.tolist() == [True, True, True, False]


def test_it_stands_behind_a_column_transformer():
    """In a pipeline numbers are embedded and one-hot columns are not."""
    table = pd.DataFrame({"size": X[:, 0], "kind": np.tile(["a", "b", "c"], 20)})
    encode = make_column_transformer(
        (StandardScaler(), ["size"]), (OneHotEncoder(), ["kind"])
    )

    pipeline = make_pipeline(encode, net("periodic")).fit(table, Y)

    assert pipeline[-1].is_embedded_.tolist() == [True, False, False, False]


# bins


@pytest.mark.fast
def test_bins_lie_between_quantiles_of_the_training_rows():
    """Every bin has as many rows, and equal quantiles make one bin."""
    column = np.repeat([0.0, 1.0, 3.0, 7.0], [10, 10, 10, 30])[:, np.newaxis]

    fitted = net(embedding_terms=6).fit(column, Y)

    (edges,) = bins(fitted)
    np.testing.assert_allclose(edges, [0, 1, 3], atol=1e-6)


def test_bins_do_not_see_the_rows_held_out():
    """Early stopping's rows have no part in the edges."""
    column = np.arange(60.0)[:, np.newaxis]

    fitted = net(early_stopping=True, validation_fraction=0.5, embedding_terms=29)
    fitted.fit(column, Y)

    (edges,) = bins(fitted)
    assert len(edges) == 29


def test_a_weight_counts_as_copies_in_bins():
    """Rows of weight k give the bins of k copies, rows of weight 0 none."""
    weight = RNG.randint(4, size=N_ROWS)
    copies = np.repeat(np.arange(N_ROWS), weight)

    weighted = net().fit(X, Y, sample_weight=weight)
    copied = net().fit(X[copies], Y[copies])

    for ours, theirs in zip(bins(weighted), bins(copied), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_bins_stay_while_training_goes_on():
    """Neither updates nor later rows move the edges."""
    fitted = net(warm_start=True).fit(X, Y)
    before = bins(fitted)

    fitted.fit(X * 3, Y)

    for now, then in zip(bins(fitted), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_initialize_makes_the_bins_of_fit():
    """A network without training has its statistics."""
    initialized, fitted = net().initialize(X, Y), net().fit(X, Y)

    for ours, theirs in zip(bins(initialized), bins(fitted), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_columns_of_almost_equal_values_do_not_overflow():
    """Edges too close for float32 make no bin."""
    column = np.repeat([0.0, 1e-38, 2e-38, 1.0], 15)[:, np.newaxis]

    fitted = net().fit(column, Y)

    assert np.isfinite(fitted.predict(column)).all()


# what it is good for


@pytest.mark.parametrize("kind", KINDS)
def test_waves_are_learnt_from_few_rows(kind):
    """A function of many turns is learnt, where a plain network sees its mean."""
    x = np.random.RandomState(1).uniform(-2, 2, size=(400, 1))
    y = np.sin(8 * x[:, 0])
    longer = {"epochs": 60, "learning_rate": 0.01, "optimizer": "adam"}
    common = {**SMALL, **longer, "jit_compile": "auto"}
    plain = DNNRegressor(**common).fit(x[:300], y[:300])

    embedded = net(kind, **common, embedding_sigma=1.0).fit(x[:300], y[:300])

    assert plain.score(x[300:], y[300:]) < 0.5
    assert embedded.score(x[300:], y[300:]) > 0.9


def test_frequencies_start_as_asked_without_compiling():
    """embedding_sigma is the deviation of the frequencies, and no part of a program."""
    first = net("periodic", embedding_terms=300).initialize(X, Y)

    second = clone(first).set_params(embedding_sigma=2.0).initialize(X, Y)

    deviations = [np.std(each._fitted.weights[0]) for each in (first, second)]
    np.testing.assert_allclose(deviations, [0.1, 2.0], rtol=0.1)
    assert first._fitted.network == second._fitted.network
