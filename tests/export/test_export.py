"""Networks that are written for other programs, and read by them."""

import json
import os
import subprocess
import sys
import zipfile

import keras
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
import tensorflow as tf
from sklearn.exceptions import NotFittedError

import skdeep
from skdeep import CNNClassifier, CNNRegressor, DNNClassifier, DNNRegressor
from skdeep.engine._fitted import FittedNetwork
from skdeep.export._conventions import describe_conventions
from skdeep.export._onnx import onnx_model
from skdeep.keras_objects._onnx_activations import ACTIVATIONS
from skdeep.networks._from_parameters import make_network
from skdeep.networks._head import ClassHead

# Without XLA and Adam, which compile longer than these networks train.
SMALL = {
    "optimizer": "sgd",
    "hidden_layer_sizes": (6,),
    "epochs": 2,
    "random_state": 0,
    "jit_compile": False,
}


def run_keras(path, X):
    """Outputs of a .keras file."""
    return np.asarray(keras.saving.load_model(path)(X))


def run_saved_model(path, X):
    """Outputs of a SavedModel."""
    model = tf.saved_model.load(str(path))
    return model.serve(X).numpy()


def run_onnx(path, X):
    """Outputs of an ONNX file."""
    session = onnxruntime.InferenceSession(path)
    return session.run(["output"], {"input": X.astype(np.float32)})[0]


def outputs(estimator, X):
    """What a network returns, from what its estimator predicts."""
    if not hasattr(estimator, "predict_proba"):
        return estimator.predict(X).reshape(len(X), -1)
    probabilities = estimator.predict_proba(X)
    return probabilities[:, -estimator.model_.output_shape[1] :]


def multiclass(request):
    """Classes that are strings, all kinds of layers between."""
    X, y = request.getfixturevalue("iris")
    net = DNNClassifier(**SMALL, batch_normalization=True, dropout=0.2, l2=0.01)
    net.set_params(numeric_embedding="periodic")
    return net, X, np.array(["a", "b", "c"])[y]


def binary(request):
    """Two classes, maxout."""
    X, y = request.getfixturevalue("cancer")
    net = DNNClassifier(**SMALL, activation="maxout", activation_params={"n_pieces": 3})
    return net, X, y == 1


def multilabel(request):
    """Labels that do not exclude each other, no hidden layer."""
    X, _ = request.getfixturevalue("iris")
    net = DNNClassifier(**SMALL).set_params(hidden_layer_sizes=())
    return net, X, request.getfixturevalue("iris_labels")


def rescaled(request):
    """Two targets in units of their own, in double precision."""
    X, y = request.getfixturevalue("diabetes")
    net = DNNRegressor(**SMALL, normalize_y=True, dtype="float64")
    net.set_params(numeric_embedding="piecewise_linear", numeric_features=[0, 2])
    return net, X, np.column_stack([y, 9 * y + 3])


def rates(request):
    """Positive predictions."""
    X, y = request.getfixturevalue("diabetes")
    return DNNRegressor(**SMALL, loss="poisson"), X, y


def shares(request):
    """Two targets between 0 and 1, and outputs that stay there."""
    X, y = request.getfixturevalue("diabetes")
    share = (y - y.min()) / np.ptp(y)
    net = DNNRegressor(**SMALL, output_activation="hard_sigmoid")
    return net, X, np.column_stack([share, 1 - share])


def images(request):
    """Convolutions and poolings that pad, normalised, the mean of each channel."""
    X, y = request.getfixturevalue("digits")
    net = CNNClassifier(
        ((3, 4), 5),
        **SMALL,
        pool_size=(3, None),
        pooling="average",
        batch_normalization=True,
        global_pooling="average",
    )
    return net, X[..., np.newaxis], y


def numbers_of_images(request):
    """Convolutions that do not pad, maxout over channels, the largest of each."""
    X, y = request.getfixturevalue("digits")
    net = CNNRegressor((3,), **SMALL, padding="valid", activation="maxout")
    net.set_params(global_pooling="max", conv_dropout=0.1, batch_normalization="after")
    return net, X[..., np.newaxis], y.astype(float)


def sequences(request):
    """Windows along steps, of which there are fewer behind each."""
    X, y = request.getfixturevalue("digits")
    net = CNNRegressor(((3, 4), 5), **SMALL, kernel_size=(2,), padding="valid")
    net.set_params(pool_size=(2, None), batch_normalization=True)
    return net, X, y.astype(float)


@pytest.fixture(
    scope="module",
    params=[
        multiclass,
        binary,
        multilabel,
        rescaled,
        rates,
        shares,
        images,
        numbers_of_images,
        sequences,
    ],
    ids=lambda case: case.__name__,
)
def fitted(request):
    """A fitted estimator and rows to predict."""
    estimator, X, y = request.param(request)
    return estimator.fit(X, y), np.asarray(X, estimator.model_.input.dtype)[:50]


@pytest.mark.fast
@pytest.mark.parametrize(
    ("format", "name", "run"),
    [
        ("keras", "net.keras", run_keras),
        ("saved_model", "net", run_saved_model),
        ("onnx", "net.onnx", run_onnx),
    ],
)
def test_other_programs_predict_the_same(fitted, format, name, run, tmp_path):
    """The exported file gives the estimator's predictions in a foreign runtime."""
    estimator, X = fitted

    estimator.export(tmp_path / name, format=format)

    np.testing.assert_allclose(
        run(tmp_path / name, X), outputs(estimator, X), rtol=2e-5, atol=1e-6
    )
    assert os.listdir(tmp_path) == [name]


@pytest.fixture(scope="module")
def any_net(iris):
    """A fitted network, for what is the same for all."""
    X, y = iris
    table = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    return DNNClassifier(**SMALL).fit(table, y)


def fitted_network(estimator=None, input_shape=(4,), **parameters):
    """A network with weights that were drawn."""
    parameters = (estimator or DNNRegressor((5,))).get_params() | parameters
    network, _ = make_network(parameters, input_shape, 2, "linear")
    return FittedNetwork(network, {}, network.draw_weights(0))


def run_onnx_model(model, X):
    """Outputs of a model that was not written to a file."""
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(["output"], {"input": X.astype(np.float32)})[0]


LAYERS = {
    "LeakyReLU": keras.layers.LeakyReLU(0.4),
    "ELU": keras.layers.ELU(0.7),
    "ReLU": keras.layers.ReLU(2.0, 0.1, 0.3),
    "a function of Keras": keras.activations.gelu,
}


@pytest.mark.parametrize(
    "name",
    [*(name for name in ACTIVATIONS if hasattr(keras.activations, name)), *LAYERS],
)
def test_onnx_has_the_activations_of_keras(name):
    """A network predicts the same in ONNX Runtime, with any of these activations."""
    fitted = fitted_network(activation=LAYERS.get(name, name))
    X = np.random.default_rng(0).normal(scale=3, size=(40, 4)).astype(np.float32)

    model = onnx_model(fitted)

    expected = fitted.predict(X)
    np.testing.assert_allclose(run_onnx_model(model, X), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("activation", ["softmax", "leaky_relu"])
def test_onnx_knows_where_the_channels_are(activation):
    """An activation over channels, and one with a parameter, hold for images too."""
    images = CNNRegressor(
        (4, 3), kernel_size=(3, 2), pool_size=((2, 3), None), hidden_layer_sizes=(5,)
    )
    fitted = fitted_network(images, (6, 5, 3), activation=activation)
    X = np.random.default_rng(0).normal(size=(7, 6, 5, 3)).astype(np.float32)

    model = onnx_model(fitted)

    np.testing.assert_allclose(
        run_onnx_model(model, X), fitted.predict(X), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("activation", ["sparsemax", lambda x: x * x])
def test_onnx_names_activations_that_it_does_not_have(activation):
    """The error says which activation it is, and which format takes it."""
    fitted = fitted_network(activation=activation)

    with pytest.raises(ValueError, match=r"activation=.*format='saved_model'"):
        onnx_model(fitted)


def test_onnx_is_in_single_precision():
    """A network of mixed precision predicts the same up to the rounding of bfloat16."""
    fitted = fitted_network(dtype="mixed_bfloat16")
    X = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)

    model = onnx_model(fitted)

    np.testing.assert_allclose(run_onnx_model(model, X), fitted.predict(X), atol=0.03)


def read_keras(path):
    """The conventions in a .keras file."""
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("skdeep.json"))


def read_saved_model(path):
    """The conventions in a SavedModel."""
    return json.loads((path / "assets.extra" / "skdeep.json").read_text())


def read_onnx(path):
    """The conventions in an ONNX file."""
    entries = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    return json.loads(entries["skdeep"])


@pytest.mark.parametrize(
    ("format", "name", "read"),
    [
        ("keras", "net.keras", read_keras),
        ("saved_model", "net", read_saved_model),
        ("onnx", "net.onnx", read_onnx),
    ],
)
def test_conventions_travel_along(any_net, format, name, read, tmp_path):
    """Classes, columns and the meaning of outputs are in every exported file."""
    any_net.export(tmp_path / name, format=format)

    conventions = read(tmp_path / name)
    assert conventions["estimator"] == "DNNClassifier"
    assert conventions["input"]["features"] == ["a", "b", "c", "d"]
    assert conventions["output"]["classes"] == [0, 1, 2]
    assert conventions["output"]["meaning"].startswith("probability of each class")


def test_labels_of_any_kind_become_text_or_numbers():
    """Conventions hold what JSON holds."""
    dates = np.array(["2024-01-01", "2024-01-02"], dtype="datetime64[D]")
    network = fitted_network().network

    conventions = describe_conventions(
        "DNNClassifier", network, ClassHead("binary", dates), None
    )

    assert conventions["output"]["classes"] == ["2024-01-01", "2024-01-02"]
    assert json.loads(json.dumps(conventions)) == conventions


def test_exported_keras_files_need_no_skdeep(fitted, tmp_path):
    """A .keras file names layers of Keras only."""
    estimator, _ = fitted

    estimator.export(tmp_path / "net.keras")

    with zipfile.ZipFile(tmp_path / "net.keras") as archive:
        assert b"skdeep" not in archive.read("config.json")


def test_what_a_user_does_to_the_model_is_not_exported(iris, tmp_path):
    """The exported network is the fitted one, whatever became of ``model_``."""
    X, y = iris
    net = DNNClassifier(**SMALL).fit(X, y)
    net.model_.set_weights([0 * weight for weight in net.model_.get_weights()])

    net.export(tmp_path / "net.keras")

    found = run_keras(tmp_path / "net.keras", X)
    np.testing.assert_allclose(found, net.predict_proba(X), rtol=1e-5)


def test_an_exported_folder_replaces_its_like_only(any_net, tmp_path):
    """A SavedModel is replaced by another, any other folder is left alone."""
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("important")

    any_net.export(tmp_path / "model", format="saved_model")
    any_net.export(tmp_path / "model", format="saved_model")
    with pytest.raises(FileExistsError, match="which is something else"):
        any_net.export(tmp_path / "thesis", format="saved_model")

    assert sorted(os.listdir(tmp_path)) == ["model", "thesis"]
    assert os.listdir(tmp_path / "thesis") == ["chapter.tex"]


@pytest.mark.parametrize(
    ("path", "format", "message"),
    [
        ("net.h5", "h5", r"format must be one of .*got 'h5'"),
        ("net.h5", "keras", r"must be called \*\.keras; got .*net\.h5"),
        ("net", "onnx", r"must be called \*\.onnx"),
        ("net.onnx", "keras", r"Change the name, or give format='onnx'"),
    ],
)
def test_formats_and_names_are_checked(any_net, tmp_path, path, format, message):
    """An unknown format and a name that does not go with it are refused."""
    with pytest.raises(ValueError, match=message):
        any_net.export(tmp_path / path, format=format)

    assert os.listdir(tmp_path) == []


@pytest.mark.fast
def test_only_fitted_networks_are_exported(tmp_path):
    """Export asks for fit."""
    with pytest.raises(NotFittedError):
        DNNRegressor().export(tmp_path / "net.keras")


def test_export_says_what_to_install(any_net, tmp_path):
    """Where onnx is missing, the error names the extra; nothing else needs it."""
    skdeep.save(any_net, tmp_path / "net.skdeep")
    code = """
import sys
sys.modules["onnx"] = None  # as if it were not installed
import skdeep
try:
    skdeep.load("net.skdeep").export("net.onnx", format="onnx")
except ImportError as error:
    print(error)
"""

    output = subprocess.check_output(
        [sys.executable, "-c", code], text=True, cwd=tmp_path
    )

    assert "pip install 'skdeep[onnx]'" in output
    assert os.listdir(tmp_path) == ["net.skdeep"]
