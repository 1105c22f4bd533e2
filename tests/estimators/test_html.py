"""What a notebook shows of a fitted network: its layers and its curve as HTML."""

import pickle
import re
import subprocess
import sys
from xml.etree import ElementTree

import keras
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdeep import DNNClassifier, KerasClassifier
from skdeep.estimators._html import curve_svg


@pytest.fixture(scope="module")
def net(iris):
    """A network of several kinds of layers that was validated."""
    net = DNNClassifier(
        (8,), dropout=0.1, batch_normalization=True, epochs=6, random_state=0
    )
    X, y = iris
    return net.fit(X, y, X_val=X, y_val=y)


def cells(html):
    """Return the texts of the table of layers, row by row."""
    table = re.search(r"<details open>.*?</table>", html, re.DOTALL)[0]
    rows = re.findall(r'<tr class="default">(.*?)</tr>', table)
    return [re.findall(r"<td.*?>(.*?)</td>", row) for row in rows]


def test_layers_are_those_of_the_summary(net):
    """Every layer that has weights is there, with its shape and their number."""
    frame = net.summary().query("n_parameters > 0")

    rows = [row for row in cells(net._repr_html_()) if row[2]]

    assert [int(row[2]) for row in rows] == frame["n_parameters"].tolist()
    assert [(int(row[1]),) for row in rows] == frame["output_shape"].tolist()
    assert f"Network of {frame['n_parameters'].sum()} parameters" in net._repr_html_()


@pytest.mark.parametrize("around", ["pipeline", "search"])
def test_it_is_shown_inside_other_estimators(around, net, iris):
    """A fitted Pipeline or search shows the network it holds."""
    if around == "pipeline":
        outer = make_pipeline(StandardScaler(), net).fit(*iris)
    else:
        outer = GridSearchCV(net, {"dropout": [0.1, 0.2]}, cv=2).fit(*iris)

    html = outer._repr_html_()

    assert html.count("skdeep-network") == 1
    assert html.count("<svg role") == 1


def test_own_networks_show_their_layers(iris):
    """Of a Keras network of the user's own the names of its layers are there."""
    model = keras.Sequential(
        [keras.layers.Dense(5, name="first"), keras.layers.Dense(3, "softmax")]
    )
    net = KerasClassifier(model, epochs=2, random_state=0).fit(*iris)

    rows = cells(net._repr_html_())

    assert [row[2] for row in rows] == ["25", "18"]
    assert rows[0][0].endswith("first")


def test_looking_loads_no_framework(net, tmp_path):
    """Showing a loaded network, and completing its names, imports no TensorFlow."""
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(net))
    program = """
import pickle, sys
net = pickle.load(open("net.pkl", "rb"))
assert "skdeep-network" in net._repr_html_()
assert {"model_", "predict_proba"} <= set(dir(net))
assert not {"keras", "tensorflow", "matplotlib"} & set(sys.modules)
"""

    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)


@pytest.mark.fast
def test_an_unfitted_network_is_shown_as_ever():
    """Before fit there are parameters only, and nothing that only a fit leaves."""
    net = DNNClassifier()

    html = net._repr_html_()

    assert "hidden_layer_sizes" in html
    assert "skdeep-network" not in html
    assert "model_" not in dir(net)


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize(
    ("history", "n_lines", "n_points"),
    [
        ({"loss": [3.0, 2.0, 1.0]}, 1, 3),
        ({"loss": [300.0, 2.0, 1.0], "val_loss": [3.0, 1.0, 2.0]}, 2, 6),
        ({"loss": [1.0, 1.0], "val_loss": [float("nan"), 1.0]}, 1, 2),
        ({"loss": [float("nan"), -1.0, 0.0]}, 1, 2),
        ({"loss": list(range(10_000))}, 1, 500),
    ],
    ids=["training", "validation", "validated late", "skipped", "long"],
)
def test_the_curve_has_a_point_per_epoch(history, n_lines, n_points):
    """Losses that are numbers are drawn inside the picture, up to 500 of a line."""
    picture = ElementTree.fromstring(curve_svg(history, best_epoch=2))

    lines = [line.get("points").split() for line in picture.iter("polyline")]
    places = [tuple(map(float, point.split(","))) for line in lines for point in line]

    assert len(lines) == n_lines
    assert len(places) == n_points
    width, height = float(picture.get("width")), float(picture.get("height"))
    assert all(0 <= x <= width and 0 <= y <= height for x, y in places)
    assert len(list(picture.iter("circle"))) == (n_lines == 2)


@pytest.mark.fast
@pytest.mark.parametrize("history", [{}, {"loss": [1.0]}], ids=["none", "one epoch"])
def test_there_is_no_curve_of_a_single_point(history):
    """A network that has not been trained for two epochs has no curve."""
    assert curve_svg(history, best_epoch=0) == ""
