"""What a fit shows in a Jupyter notebook; a kernel runs one."""

import os
from types import SimpleNamespace

import nbclient
import nbformat
import pytest

from skdeep.callbacks._progress import NotebookBar

CELLS = {
    "silent": """
from sklearn.datasets import load_iris
from skdeep import DNNClassifier
X, y = load_iris(return_X_y=True)
net = DNNClassifier((8,), epochs=12, random_state=0)
net = net.fit(X, y)
""",
    "bar": "net = net.set_params(verbose=1).fit(X, y)",
    "lines": "net = net.set_params(verbose=2, epochs=3).fit(X, y)",
    "shown": "net",
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """The outputs of every cell, after a kernel has run the notebook."""
    folder = tmp_path_factory.mktemp("notebook")
    book = nbformat.v4.new_notebook(
        cells=list(map(nbformat.v4.new_code_cell, CELLS.values()))
    )
    client = nbclient.NotebookClient(
        book, timeout=None, resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env={**os.environ, "IPYTHONDIR": str(folder / "ipython")})
    return {name: cell.outputs for name, cell in zip(CELLS, book.cells, strict=True)}


def test_a_fit_is_silent_by_default(outputs):
    """Nothing is written, TensorFlow's notes at its start included."""
    assert outputs["silent"] == []


def test_verbose_leaves_one_full_bar(outputs):
    """The bar stays in the cell with the last loss; nothing else is written."""
    [output] = outputs["bar"]

    assert output.output_type == "display_data"
    assert '<progress value="12" max="12">' in output.data["text/html"]
    assert output.data["text/plain"].startswith("DNNClassifier 12/12 loss: ")


def test_verbose_2_writes_a_line_per_epoch(outputs):
    """Lines are as in a terminal."""
    text = "".join(output.text for output in outputs["lines"])

    assert {output.name for output in outputs["lines"]} == {"stdout"}
    assert [line[:9] for line in text.splitlines()] == [
        "Epoch 1/3",
        "Epoch 2/3",
        "Epoch 3/3",
    ]


def test_a_fitted_network_is_shown_with_layers_and_curve(outputs):
    """The last expression of a cell is the picture of the network."""
    [output] = outputs["shown"]

    assert "skdeep-network" in output.data["text/html"]
    assert output.data["text/plain"].startswith("DNNClassifier(")


@pytest.mark.fast
def test_a_title_is_no_markup():
    """A name with brackets is shown as it is."""
    view = NotebookBar("<b>net</b>")._view(SimpleNamespace(epoch=1, last_epoch=2))

    assert "&lt;b&gt;net" in view["text/html"]
    assert view["text/plain"] == "<b>net</b> 1/2"
