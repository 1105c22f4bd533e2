"""Estimators that are pickled, copied, saved and loaded."""

import copy
import dataclasses
import json
import os
import pickle
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import joblib
import keras
import numpy as np
import pandas as pd
import pytest
from scipy.stats import loguniform
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

import skdeep
from skdeep import CNNClassifier, CNNRegressor, DNNClassifier, DNNRegressor
from skdeep.engine import cache_info
from skdeep.exceptions import VersionWarning
from skdeep.persistence._classes import RECORDS, record_class

# Without XLA, which compiles longer than these networks train.
SMALL = {
    "hidden_layer_sizes": (6,),
    "epochs": 2,
    "random_state": 0,
    "jit_compile": False,
}


def by_pickle(estimator, folder):
    """Through pickle."""
    return pickle.loads(pickle.dumps(estimator))


def by_joblib(estimator, folder):
    """Through a file of joblib."""
    joblib.dump(estimator, folder / "net.joblib")
    return joblib.load(folder / "net.joblib")


def by_deepcopy(estimator, folder):
    """Through copy."""
    return copy.deepcopy(estimator)


def by_save(estimator, folder):
    """Through a file of our own."""
    skdeep.save(estimator, folder / "net.skdeep")
    return skdeep.load(folder / "net.skdeep")


WAYS = [by_pickle, by_joblib, by_deepcopy, by_save]
all_ways = pytest.mark.parametrize("way", WAYS)


def multiclass(request):
    """Classes that are strings."""
    X, y = request.getfixturevalue("iris")
    net = DNNClassifier(**SMALL, dropout=0.2, numeric_embedding="periodic")
    return net, X, np.array(["a", "b", "c"])[y]


def binary(request):
    """Two classes and every penalty."""
    X, y = request.getfixturevalue("cancer")
    penalties = {"l1": 0.01, "l2": 0.01, "activity_l1": 0.01, "max_norm": 2.0}
    return DNNClassifier(**SMALL, **penalties, batch_normalization=True), X, y


def multilabel(request):
    """Labels that do not exclude each other."""
    X, _ = request.getfixturevalue("iris")
    return DNNClassifier(**SMALL), X, request.getfixturevalue("iris_labels")


def rescaled(request):
    """Two targets in units of their own, in double precision."""
    X, y = request.getfixturevalue("diabetes")
    net = DNNRegressor(**SMALL, normalize_y=True, dtype="float64", activation="maxout")
    net.set_params(numeric_embedding="piecewise_linear")
    return net, X, np.column_stack([y, 9 * y + 3])


def images(request):
    """Images of digits, early stopping."""
    X, y = request.getfixturevalue("digits")
    net = CNNClassifier((3,), **SMALL, early_stopping=True)
    net.set_params(activation=["tanh", "relu"], l2=(0.1, 0, 0.2), conv_dropout=0.1)
    return net, X, y


def numbers_of_images(request):
    """A number for each image."""
    X, y = request.getfixturevalue("digits")
    return CNNRegressor((3,), **SMALL), X, y.astype(float)


@pytest.fixture(
    scope="module",
    params=[multiclass, binary, multilabel, rescaled, images, numbers_of_images],
    ids=lambda case: case.__name__,
)
def fitted(request):
    """A fitted estimator and rows to predict."""
    estimator, X, y = request.param(request)
    return estimator.fit(X, y), X


def same_predictions(first, second, X):
    """Whether all predictions are equal, bit for bit."""
    methods = [m for m in ("predict", "predict_proba") if hasattr(first, m)]
    return all(
        np.array_equal(getattr(first, method)(X), getattr(second, method)(X))
        for method in methods
    )


def same_attributes(first, second):
    """Whether all that a fit shows is equal."""
    kept = [name for name in vars(first) if name != "callbacks_"]  # may hold files
    shown = [name for name in kept if name.endswith("_")]
    np.testing.assert_equal(
        {n: vars(second)[n] for n in shown}, {n: vars(first)[n] for n in shown}
    )
    return sorted(kept) == sorted(vars(second))


@pytest.mark.fast
@all_ways
def test_predictions_are_equal_bit_for_bit(fitted, way, tmp_path):
    """A fitted estimator predicts the same after any round trip."""
    estimator, X = fitted

    returned = way(estimator, tmp_path)

    assert same_attributes(estimator, returned)
    assert same_predictions(estimator, returned, X)


@pytest.mark.fast(cases="all")
@all_ways
def test_what_is_not_fitted_stays_so(way, tmp_path):
    """Parameters survive a round trip, and predict still asks for fit."""
    estimator = DNNRegressor((5, 4), dropout=(0.1, 0.2), optimizer_params={"rho": 0.8})

    returned = way(estimator, tmp_path)

    assert returned.get_params() == estimator.get_params()
    with pytest.raises(NotFittedError):
        returned.predict(np.zeros((1, 2)))


@pytest.fixture(scope="module")
def search(iris):
    """A fitted search over a pipeline, with two scores."""
    net = make_pipeline(StandardScaler(), DNNClassifier(**SMALL, dropout=0.1))
    grid = {"dnnclassifier__learning_rate": [0.01, 0.1]}
    scores = ["accuracy", "neg_log_loss"]
    return GridSearchCV(net, grid, cv=2, scoring=scores, refit="accuracy").fit(*iris)


@all_ways
def test_pipelines_and_searches_travel_too(search, iris, way, tmp_path):
    """A fitted search over a pipeline keeps its results and its best estimator."""
    X, y = iris

    returned = way(search, tmp_path)

    for name, column in search.cv_results_.items():
        np.testing.assert_array_equal(returned.cv_results_[name], column)
    assert returned.best_params_ == search.best_params_
    assert returned.score(X, y) == search.score(X, y)
    assert same_predictions(search, returned, X)


@all_ways
def test_training_goes_on_where_it_stopped(iris, way, tmp_path):
    """3 + 3 epochs with a round trip between are 6 epochs, dropout and all."""
    X, y = iris
    net = DNNClassifier(**SMALL, dropout=0.3, warm_start=True)
    interrupted = clone(net).set_params(epochs=3).fit(X, y)
    whole = clone(net).set_params(epochs=6).fit(X, y)

    returned = way(interrupted, tmp_path).fit(X, y)

    assert returned.n_epochs_ == 6
    assert returned.history_ == whole.history_
    assert same_predictions(whole, returned, X)


@all_ways
def test_partial_fit_goes_on_where_it_stopped(diabetes, way, tmp_path):
    """The state of the optimizer travels, without warm_start too."""
    X, y = diabetes
    net = DNNRegressor(**SMALL).partial_fit(X, y)

    returned = way(net, tmp_path).partial_fit(X, y)

    assert same_predictions(net.partial_fit(X, y), returned, X)


@all_ways
def test_keras_objects_travel_with_their_settings(diabetes, way, tmp_path):
    """Optimizers, schedules, losses, metrics and initializers stay what they are."""
    X, y = diabetes
    schedule = keras.optimizers.schedules.ExponentialDecay(0.05, 10, 0.9)
    net = DNNRegressor(
        **SMALL,
        activation=keras.layers.LeakyReLU(0.3),
        kernel_initializer=keras.initializers.HeNormal(),
        optimizer=keras.optimizers.SGD(schedule, momentum=0.8),
        loss=keras.losses.Huber(delta=0.3),  # which Keras forgets in its own pickles
        metrics=[keras.metrics.MeanAbsoluteError(name="error")],
        warm_start=True,
    ).fit(X, y)

    returned = way(net, tmp_path)

    assert same_predictions(net, returned, X)
    assert returned.fit(X, y).history_ == net.fit(X, y).history_


@pytest.mark.fast
@all_ways
def test_loading_compiles_nothing(fitted, way, tmp_path, empty_cache):
    """A round trip needs no program, neither to train nor to predict."""
    estimator, _ = fitted

    way(estimator, tmp_path)

    assert cache_info().misses == cache_info().predictors == 0


def test_loading_needs_no_tensorflow(iris, tmp_path):
    """Another process reads files of all kinds without TensorFlow."""
    X, y = iris
    net = DNNClassifier(
        **SMALL, optimizer="sgd", momentum=0.9, loss="kl_divergence", warm_start=True
    ).fit(X, y)
    (tmp_path / "net.pickle").write_bytes(pickle.dumps(net))
    joblib.dump(net, tmp_path / "net.joblib")
    skdeep.save(net, tmp_path / "net.skdeep")
    code = """
import joblib, pickle, skdeep, sys
nets = [pickle.load(open("net.pickle", "rb")), joblib.load("net.joblib")]
nets += [skdeep.load("net.skdeep")]
print(*(len(net.history_["loss"]) for net in nets))
print("tensorflow" in sys.modules or "keras" in sys.modules)
"""

    output = subprocess.check_output(
        [sys.executable, "-c", code], text=True, cwd=tmp_path
    )

    assert output.split() == ["2", "2", "2", "False"]


@pytest.mark.parametrize("way", [by_pickle, by_save])
def test_files_are_as_small_as_the_weights(iris, way, tmp_path):
    """Nothing but weights takes room: 10 % and 20 kB more at most."""
    X, y = iris
    net = DNNClassifier((200, 200), epochs=40, jit_compile=False).fit(X, y)
    net.predict(X)
    net.model_.predict(X, verbose=0)
    n_bytes = sum(weight.nbytes for weight in net.model_.get_weights())

    way(net, tmp_path)
    sizes = [os.path.getsize(file) for file in tmp_path.iterdir()]

    assert max([len(pickle.dumps(net)), *sizes]) < 1.1 * n_bytes + 20_000


TRANSFORMERS = [
    MinMaxScaler(),
    RobustScaler(),
    PowerTransformer(),
    QuantileTransformer(n_quantiles=20),
    PolynomialFeatures(2),
    PCA(3, svd_solver="randomized", random_state=0),
    SelectKBest(f_regression, k=4),
    SimpleImputer(missing_values=np.nan, strategy="median"),
    KBinsDiscretizer(3, encode="ordinal", strategy="uniform"),
    FunctionTransformer(np.arctan),
    OrdinalEncoder(),
    ColumnTransformer(
        [
            ("few", OneHotEncoder(sparse_output=False), [1]),
            ("s", StandardScaler(), [0]),
        ],
        remainder="passthrough",
    ),
]


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=lambda t: type(t).__name__)
def test_transformers_are_saved_in_pipelines(diabetes, transformer, tmp_path):
    """The usual steps in front of a network are stored with it."""
    X, y = diabetes
    pipeline = make_pipeline(clone(transformer), Ridge()).fit(X, y)

    returned = by_save(pipeline, tmp_path)

    np.testing.assert_array_equal(returned.predict(X), pipeline.predict(X))
    assert repr(returned) == repr(pipeline)


def test_a_random_state_is_saved_in_a_pipeline(diabetes, tmp_path):
    """A generator of random numbers goes on with the number it would have given."""
    X, y = diabetes
    rng = np.random.RandomState(0)
    reduction = PCA(3, svd_solver="randomized", random_state=rng)
    pipeline = make_pipeline(reduction, Ridge()).fit(X, y)

    returned = by_save(pipeline, tmp_path)

    found = returned.named_steps["pca"].random_state
    assert found is not rng
    assert found.randint(2**31, size=9).tolist() == rng.randint(2**31, size=9).tolist()


def test_target_transformers_are_saved(diabetes, tmp_path):
    """A regressor inside TransformedTargetRegressor is stored with its functions."""
    X, y = diabetes
    net = TransformedTargetRegressor(
        DNNRegressor(**SMALL), func=np.log1p, inverse_func=np.expm1
    ).fit(X, y)

    returned = by_save(net, tmp_path)

    np.testing.assert_array_equal(returned.predict(X), net.predict(X))


def test_randomised_searches_are_saved(diabetes, tmp_path):
    """Distributions, splitters and random states of a search are stored."""
    X, y = diabetes
    search = RandomizedSearchCV(
        Ridge(),
        {"alpha": loguniform(0.1, 10.0)},
        n_iter=3,
        cv=KFold(3, shuffle=True, random_state=1),
        random_state=np.random.RandomState(0),
    ).fit(X, y)

    returned = by_save(search, tmp_path)

    assert returned.best_params_ == search.best_params_
    assert returned.fit(X, y).best_params_ == search.fit(X, y).best_params_


def test_table_names_and_requests_are_saved(iris, tmp_path):
    """Column names and metadata requests survive."""
    X, y = iris
    X = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    net = DNNClassifier(**SMALL).fit(X, y)
    with config_context(enable_metadata_routing=True):
        net.set_fit_request(X_val=True, y_val="labels")

    returned = by_save(net, tmp_path)

    assert returned.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    requests = returned.get_metadata_routing().fit.requests
    assert (requests["X_val"], requests["y_val"]) == (True, "labels")
    assert same_predictions(net, returned, X)


class OwnRegressor(DNNRegressor):
    """A class that is not of skdeep."""


def cube(x):
    """Return the cube of the values."""
    return x**3


REFUSED = {
    "a function": (DNNRegressor(activation=cube), "DNNRegressor.activation"),
    "a lambda": (
        make_pipeline(StandardScaler(), DNNRegressor(loss=lambda y, p: y - p)),
        r"Pipeline.steps\[1\]\[1\].loss",
    ),
    "a function in a list": (
        GridSearchCV(DNNRegressor(), {"activation": ["relu", cube]}),
        r"GridSearchCV.param_grid\['activation'\]\[1\]",
    ),
    "a callback": (
        DNNRegressor(callbacks=[keras.callbacks.TerminateOnNaN()]),
        r"DNNRegressor.callbacks\[0\]",
    ),
    "an own estimator": (OwnRegressor(), "got OwnRegressor"),
    "an own transformer": (
        make_pipeline(FunctionTransformer(cube), Ridge()),
        r"steps\[0\]\[1\].func",
    ),
    "a folder of pickles": (make_pipeline(Ridge(), memory="cache"), "Pipeline.memory"),
    "a layer with code": (
        DNNRegressor(activation=keras.layers.Lambda(cube)),
        "DNNRegressor.activation",
    ),
    "a metric of an own function": (
        DNNRegressor(metrics=[keras.metrics.MeanMetricWrapper(cube)]),
        r"DNNRegressor.metrics\[0\]",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_stored_is_refused_by_name(case, tmp_path):
    """The error names the place and joblib, and no file appears."""
    estimator, place = REFUSED[case]

    with pytest.raises(TypeError, match=rf"{place}.*joblib"):
        skdeep.save(estimator, tmp_path / "net.skdeep")

    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("value", [3, {"a": Ridge()}, Ridge, None])
def test_only_estimators_are_saved(value, tmp_path):
    """Save says what it takes."""
    with pytest.raises(TypeError, match=r"save expects an estimator.*joblib"):
        skdeep.save(value, tmp_path / "net.skdeep")


def test_an_estimator_that_contains_itself_is_refused(tmp_path):
    """A circle ends in an error, not in a crash."""
    net = DNNRegressor()
    net.optimizer_params = {"inner": net}

    with pytest.raises(TypeError, match="does not contain itself"):
        skdeep.save(net, tmp_path / "net.skdeep")


def test_equal_estimators_make_equal_files(iris, tmp_path):
    """A file holds no time and no chance, so files can be compared."""
    X, y = iris
    net = DNNClassifier(**SMALL).fit(X, y)

    skdeep.save(net, tmp_path / "first")
    skdeep.save(skdeep.load(tmp_path / "first"), tmp_path / "second")

    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_numpy_reads_the_arrays_of_a_file(iris, tmp_path):
    """The weights can be had without skdeep."""
    X, y = iris
    net = DNNClassifier(**SMALL).fit(X, y)
    skdeep.save(net, tmp_path / "net.skdeep")

    with np.load(tmp_path / "net.skdeep", allow_pickle=False) as arrays:
        found = [arrays[n] for n in arrays.files if n.startswith("arrays/")]

    for weight in net.model_.get_weights():
        assert any(np.array_equal(weight, array) for array in found)


# What runs without TensorFlow, so that it can fork and be killed.
SAVES_UNTIL_KILLED = """
import os, random, resource, signal, sys, time
import skdeep
nets = [skdeep.load("first.skdeep"), skdeep.load("second.skdeep")]
whole = [open(f"{name}.skdeep", "rb").read() for name in ("first", "second")]
n_kills = int(sys.argv[1])

def after_bytes(part):
    n_bytes = int(part * len(whole[1]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # which ends the process
    skdeep.save(nets[1], "net.skdeep")
    os.kill(os.getpid(), signal.SIGKILL)

def at_some_time(part):
    while True:
        skdeep.save(nets[1], "net.skdeep")
        skdeep.save(nets[0], "net.skdeep")

def found_after(save, part, seconds):
    skdeep.save(nets[0], "net.skdeep")
    child = os.fork()
    if not child:
        save(part)
    time.sleep(seconds)
    if save is at_some_time:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    skdeep.load("net.skdeep")
    return whole.index(open("net.skdeep", "rb").read())

random.seed(0)
parts = [2 * kill / n_kills for kill in range(n_kills)]
print([found_after(after_bytes, part, 0) for part in parts])
n_left_over = len([n for n in os.listdir() if n.startswith(".skdeep-")])
for part in parts:
    found_after(at_some_time, part, random.uniform(0.0, 0.05))
print(n_left_over)
"""


def two_files(iris, folder):
    """Save two networks of some 300 kB."""
    X, y = iris
    for name in ("first", "second"):
        net = DNNClassifier((256, 256), epochs=1, jit_compile=False).fit(X, y)
        skdeep.save(net, folder / f"{name}.skdeep")


@pytest.mark.parametrize(
    "n_kills", [10, pytest.param(50, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_a_kill_while_saving_leaves_a_whole_file(iris, tmp_path, n_kills):
    """However often and whenever a process is killed, a whole file is there."""
    two_files(iris, tmp_path)

    found, n_left_over = subprocess.check_output(
        [sys.executable, "-c", SAVES_UNTIL_KILLED, str(n_kills)],
        text=True,
        cwd=tmp_path,
    ).splitlines()

    # Half of the files were cut short, and half whole before the kill.
    half = n_kills // 2
    assert json.loads(found) == half * [0] + half * [1]
    assert int(n_left_over) == half


DISK_THAT_REFUSES = """
import os, resource, skdeep

def show_failure():
    try:
        skdeep.save(net, "first.skdeep")
    except OSError as error:
        print(error)
    print(sorted(os.listdir()))

net = skdeep.load("second.skdeep")
whole = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, whole[1]))
show_failure()
resource.setrlimit(resource.RLIMIT_FSIZE, whole)
os.chmod(".", 0o555)
if os.geteuid() == 0:  # whom no permission stops
    os.seteuid(65534)
show_failure()
"""


def test_a_disk_that_refuses_loses_nothing(iris):
    """A file that cannot grow and a folder that is read-only leave the old file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        two_files(iris, folder)
        old = (folder / "first.skdeep").read_bytes()

        full, seen_then, read_only, seen_at_last = subprocess.check_output(
            [sys.executable, "-c", DISK_THAT_REFUSES], text=True, cwd=folder
        ).splitlines()

        assert "File too large" in full
        assert "What was there before is unchanged" in full
        assert "Permission denied" in read_only
        assert "choose a folder that you can write to" in read_only
        assert seen_then == seen_at_last == "['first.skdeep', 'second.skdeep']"
        assert (folder / "first.skdeep").read_bytes() == old


def written_by(version, estimator, without=()):
    """Return what another version, which lacks parameters, would have pickled."""
    state = estimator.__getstate__()
    assert state["_skdeep_version"] == skdeep.__version__
    state["_skdeep_version"] = version
    if version is None:
        del state["_skdeep_version"]
    for name in without:
        del state[name]
    copied = object.__new__(type(estimator))
    return copied, state


@pytest.mark.parametrize("version", ["0.0.1", None])
def test_pickles_of_another_version_get_the_defaults_they_lack(version, iris):
    """Parameters that came later have their defaults, and a warning names them."""
    X, y = iris
    net = DNNClassifier(**SMALL, dropout=0.2).fit(X, y)
    old, state = written_by(version, net, without=["max_norm", "callbacks"])

    with pytest.warns(VersionWarning, match=r"callbacks, max_norm\. Compare") as caught:
        old.__setstate__(state)

    assert caught[0].message.written == version
    assert old.get_params() == net.get_params()
    assert vars(old).keys() == vars(net).keys() - {"callbacks_"}
    np.testing.assert_array_equal(old.predict_proba(X), net.predict_proba(X))
    assert clone(old).fit(X, y).score(X, y) == net.score(X, y)


def test_a_pickle_of_another_version_warns_once_per_estimator(iris):
    """Nothing may be missing, and yet another version may compute otherwise."""
    old, state = written_by("99.0", DNNClassifier(**SMALL))

    with pytest.warns(VersionWarning, match=r"skdeep .*; got it from 99\.0\. Compare"):
        old.__setstate__(state)

    assert not hasattr(old, "_skdeep_version")


def rewritten(path, change):
    """Change the description of a file of skdeep.save."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    description = json.loads(members["skdeep.json"])
    change(description)
    members["skdeep.json"] = json.dumps(description).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_files_of_another_version_get_the_defaults_they_lack(iris, tmp_path):
    """skdeep.load warns of the version and fills in what came later."""
    X, y = iris
    net = DNNClassifier(**SMALL).fit(X, y)
    skdeep.save(net, tmp_path / "net.skdeep")

    def age(description):
        description["versions"]["skdeep"] = "0.0.1"
        del description["estimator"]["attributes"]["max_norm"]

    rewritten(tmp_path / "net.skdeep", age)
    with pytest.warns(VersionWarning, match=r"the file .*; got it from 0\.0\.1"):
        old = skdeep.load(tmp_path / "net.skdeep")

    assert old.get_params() == net.get_params()
    np.testing.assert_array_equal(old.predict_proba(X), net.predict_proba(X))


DATACLASSES = list(filter(dataclasses.is_dataclass, map(record_class, RECORDS)))


@pytest.mark.parametrize("cls", DATACLASSES, ids=lambda cls: cls.__name__)
def test_later_fields_of_records_reach_older_pickles(cls):
    """Unpickling calls no constructor: a default must be an attribute of the class."""
    fields = dataclasses.fields(cls)

    assert all(f.default_factory is dataclasses.MISSING for f in fields)
