"""What users of other wrappers ran into: each test is a behaviour they asked for.

Those not here have a file of their own: tags and cross validation
(``test_sklearn.py``, ``test_metaestimators.py``), weights, shapes and labels
(``test_targets.py``), scorers, routing, reproducibility, divergence, callbacks,
pickles and history.
"""

import gc
import logging
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skdeep import CNNClassifier, DNNClassifier, DNNRegressor
from skdeep.engine import cache_info

NET = {"hidden_layer_sizes": (8,), "learning_rate": 0.02, "random_state": 0}


def classifier(**parameters):
    """Return a small classifier that learns iris in 15 epochs."""
    return DNNClassifier(**{**NET, "epochs": 15, **parameters})


def regressor(**parameters):
    """Return a small regressor that learns something of diabetes in 15 epochs."""
    return DNNRegressor(**{**NET, "epochs": 15, **parameters})


# Only the import changes


@pytest.mark.parametrize(
    ("theirs", "ours", "data"),
    [
        (MLPClassifier, DNNClassifier, "cancer"),
        (MLPRegressor, DNNRegressor, "diabetes"),
    ],
)
def test_code_for_the_networks_of_scikit_learn_runs(theirs, ours, data, request):
    """Parameters, methods and attributes of the same name do the same."""
    X, y = request.getfixturevalue(data)
    parameters = {
        "hidden_layer_sizes": (8,),
        "activation": "tanh",
        "batch_size": 16,
        "shuffle": True,
        "random_state": 0,
        "warm_start": False,
        "early_stopping": True,
        "validation_fraction": 0.2,
        "verbose": False,
    }
    attributes = ["n_iter_", "n_features_in_", "n_outputs_", "loss_curve_"]

    nets = [
        theirs(**parameters, learning_rate_init=0.01, max_iter=40).fit(X, y),
        ours(**parameters, learning_rate=0.01, epochs=40, jit_compile=False).fit(X, y),
    ]

    assert [net.score(X, y) for net in nets] == pytest.approx(
        [nets[0].score(X, y)] * 2, abs=0.1
    )
    for net in nets:
        assert all(hasattr(net, attribute) for attribute in attributes)
        assert len(net.loss_curve_) == net.n_iter_
        assert net.predict(X).shape == y.shape
        assert net.n_outputs_ == 1


def test_a_search_over_a_misspelt_parameter_names_the_real_ones(iris):
    """The error comes at once, from scikit-learn, with the list of parameters."""
    search = GridSearchCV(classifier(), {"learning_rat": [0.1]}, cv=2)

    with pytest.raises(ValueError, match=r"(?s)'learning_rat' .*'learning_rate'"):
        search.fit(*iris)


def test_layer_sizes_are_drawn_as_tuples(iris):
    """A randomized search over tuples and numbers of units."""
    sizes = [(8,), (4, 4), 8, ()]
    net = classifier(jit_compile=False)
    search = RandomizedSearchCV(
        net, {"hidden_layer_sizes": sizes}, n_iter=4, cv=2, error_score="raise"
    )

    search.fit(*iris)

    tried = [params["hidden_layer_sizes"] for params in search.cv_results_["params"]]
    assert sorted(map(str, tried)) == sorted(map(str, sizes))
    assert search.best_params_["hidden_layer_sizes"] in sizes


# Quiet and small


def test_nothing_is_printed_by_default(iris, capfd):
    """Fit, predict and score write neither to stdout nor to stderr."""
    classifier().fit(*iris)  # TensorFlow may be loaded now, and is tested elsewhere
    capfd.readouterr()

    net = classifier(early_stopping=True).fit(*iris)
    net.predict_proba(iris[0])
    net.score(*iris)

    assert capfd.readouterr() == ("", "")


def test_many_architectures_bring_no_warning_of_retracing(iris):
    """TensorFlow does not take the programs of a search for one that is retraced."""
    X, y = iris
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    logger = logging.getLogger("tensorflow")
    logger.addHandler(handler)

    for n_units in range(9, 16):
        net = classifier(
            hidden_layer_sizes=(n_units,),
            epochs=1,
            early_stopping=True,
            jit_compile=False,
        )
        net.fit(X, y)
    logger.removeHandler(handler)

    assert records == []


def resident_mebibytes():
    """How much memory this process holds; 0 where Linux does not tell."""
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[1]) / 256 if pages.exists() else 0


def test_fits_leave_nothing_behind(iris):
    """After 100 fits there are no more objects and no more memory than before."""
    X, y = iris

    def fit_often(n_fits):
        for random_state in range(n_fits):
            net = classifier(epochs=2, random_state=random_state, l2=0.001)
            net.fit(X, y).predict(X)
        del net
        gc.collect()
        return len(gc.get_objects()), resident_mebibytes()

    objects, memory = fit_often(20)
    objects_after, memory_after = fit_often(100)

    assert objects_after - objects < 100
    assert memory_after - memory < 20
    assert cache_info().currsize <= cache_info().maxsize


def test_sparse_rows_are_never_dense_as_a_whole():
    """A matrix that would take 400 MB is learnt and predicted in less than half."""
    rng = np.random.default_rng(0)  # a RandomState would shuffle 100 million places
    X = sparse.random(1000, 100_000, 1e-4, "csr", np.float32, random_state=rng)
    y = np.arange(1000) % 2
    net = DNNClassifier((2,), epochs=1, batch_size=20, jit_compile=False)
    net.fit(X[:40], y[:40]).predict(X[:40])  # compiling is not what is measured

    tracemalloc.start()
    predicted = net.fit(X, y).predict(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert predicted.shape == (1000,)
    assert peak < 200e6


# Scores mean what scikit-learn means


@pytest.mark.fast
def test_scores_are_accuracy_and_r2(iris, diabetes):
    """A higher score is better, and no loss is passed off as one."""
    net = classifier().fit(*iris)
    numbers = regressor().fit(*diabetes)

    assert net.score(*iris) == accuracy_score(iris[1], net.predict(iris[0]))
    assert numbers.score(*diabetes) == r2_score(
        diabetes[1], numbers.predict(diabetes[0])
    )


def test_weighted_scores_of_frames(iris):
    """Score takes a frame with sample weights and any index."""
    X, y = iris
    weight = np.arange(150) % 3
    frame = pd.DataFrame(X, columns=list("abcd"), index=np.arange(150) + 1000)
    net = classifier().fit(frame, y, sample_weight=pd.Series(weight, index=frame.index))

    found = net.score(frame, y, sample_weight=pd.Series(weight))

    correct = net.predict(frame) == y
    assert found == pytest.approx(np.average(correct, weights=weight))


# Early stopping


@pytest.mark.parametrize(
    ("monitor", "best"), [("auto", np.argmin), ("val_accuracy", np.argmax)]
)
def test_early_stopping_keeps_the_best_weights(monitor, best, cancer):
    """The weights are those of the best epoch, whatever came after it."""
    X, y = cancer
    data = {"X": X[::2], "y": y[::2], "X_val": X[1::2], "y_val": y[1::2]}
    net = classifier(
        hidden_layer_sizes=(32, 32),
        learning_rate=0.05,
        epochs=60,
        early_stopping=True,
        monitor=monitor,
        patience=8,
    ).fit(**data)
    column = "val_loss" if monitor == "auto" else monitor

    short = classifier(
        hidden_layer_sizes=(32, 32), learning_rate=0.05, epochs=net.best_epoch_
    ).fit(**data)

    assert net.best_epoch_ == best(net.history_[column]) + 1
    assert net.n_iter_ == len(net.history_["loss"]) == net.best_epoch_ + 8 < 60
    np.testing.assert_array_equal(net.predict_proba(X), short.predict_proba(X))


# Training that goes on


def test_warm_start_goes_on_where_fit_ended(iris):
    """Two fits of 5 epochs are one of 10: weights, optimizer, row orders, history."""
    X, y = iris
    once = classifier(epochs=10, dropout=0.2).fit(X, y)

    twice = classifier(epochs=5, dropout=0.2, warm_start=True)
    twice.fit(X, y)
    twice.fit(X, y)

    np.testing.assert_array_equal(twice.predict_proba(X), once.predict_proba(X))
    assert twice.history_ == once.history_
    assert (twice.n_iter_, twice.n_epochs_) == (5, 10)
    np.testing.assert_array_equal(twice.classes_, [0, 1, 2])


def test_fit_starts_anew_without_warm_start(iris):
    """A second fit forgets the first, its classes and its history."""
    X, y = iris
    net = classifier(epochs=3).fit(X[:100], y[:100])

    net.fit(X, y)

    expected = classifier(epochs=3).fit(X, y)
    np.testing.assert_array_equal(net.predict_proba(X), expected.predict_proba(X))
    assert net.history_ == expected.history_
    assert net.n_iter_ == 3


def test_warm_start_takes_new_rates_but_no_new_network(iris):
    """Numbers may change between two fits; classes and layers may not."""
    X, y = iris
    net = classifier(epochs=3, warm_start=True).fit(X, y)

    net.set_params(learning_rate=0.001, dropout=0.1).fit(X, y)

    assert net.n_epochs_ == 6
    assert net.history_["learning_rate"] == pytest.approx([0.02] * 3 + [0.001] * 3)
    with pytest.raises(
        ValueError, match=r"only the classes \[0, 1, 2\]; got also \[7\]"
    ):
        net.fit(X, np.full(150, 7))
    with pytest.raises(ValueError, match=r"only go on with the same network"):
        net.set_params(hidden_layer_sizes=(9,)).fit(X, y)


# Images


def test_a_classifier_of_images_is_searched_like_any_other(digits):
    """Numbers of filters, kernels and paddings are parameters of a grid search."""
    images, y = digits
    values = [
        {"filters": [(4,)], "padding": ["same"]},
        {"filters": [((4, 4),)], "padding": ["valid"]},
    ]
    net = CNNClassifier(hidden_layer_sizes=(8,), learning_rate=0.02, epochs=4)

    search = GridSearchCV(net, values, cv=2, error_score="raise").fit(images, y)

    assert search.best_score_ > 0.3
    assert search.predict_proba(images[:1]).shape == (1, 10)
