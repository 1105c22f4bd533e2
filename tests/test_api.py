"""The public face: what is importable, and that its documentation is true."""

import ast
import doctest
import importlib
import inspect
import re
import subprocess
import sys
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import validate

import skdeep
from skdeep import (
    CNNClassifier,
    CNNRegressor,
    DNNClassifier,
    DNNRegressor,
    RNNClassifier,
    RNNRegressor,
    TabularClassifier,
    TabularRegressor,
)
from skdeep.estimators._parameters import CONSTRAINTS, PARAMETERS, ROLES

ESTIMATORS = [
    CNNClassifier,
    CNNRegressor,
    DNNClassifier,
    DNNRegressor,
    RNNClassifier,
    RNNRegressor,
    TabularClassifier,
    TabularRegressor,
]
MODULES = [
    "skdeep",
    "skdeep.callbacks",
    "skdeep.datasets",
    "skdeep.displays",
    "skdeep.engine",
    "skdeep.exceptions",
    "skdeep.model_selection",
]
# What numpydoc asks for and skdeep does not: an extended summary, an example and a
# "See Also" in every docstring; and to leave out the name of what is returned, which
# scikit-learn writes ("self : object").
NOT_ASKED = {"ES01", "EX01", "RT02", "SA01"}
# Parameters with several rows in the table, and the reason.
OWN_ROWS = {
    "n_members": "raw tables have eight",
    "numeric_embedding": "raw tables have waves",
    "units": "of recurrent layers, or of as many hidden layers as n_layers",
    "activation": "recurrent layers have those of their kind",
    "activation_params": "one for each layer only where there is one kind of layers",
    "hidden_layer_sizes": "tables have (128, 128), images (128,) behind convolutions, "
    "sequences none behind recurrent layers",
    "batch_normalization": "recurrent layers are normalised behind the last one",
    "dropout": "tables have it behind wide layers, recurrent layers drop inputs",
    "sequence_shape": "in place of images, or of a number per step",
    "learning_rate": "recurrent networks learn too slowly with Keras' default",
    "loss": "cross-entropies for classes, squared errors for numbers",
    "metrics": "classifiers record accuracy",
    "early_stopping": "only the rows of classifiers are stratified; tables have auto",
    "normalize_y": "tables have auto",
}


def public_objects():
    """Return name → object for everything of ours in the public lists."""
    listed = [
        (f"{module}.{name}", getattr(importlib.import_module(module), name))
        for module in MODULES
        for name in importlib.import_module(module).__all__
    ]
    return {
        name: found
        for name, found in listed
        if getattr(found, "__module__", "").startswith("skdeep")
    }


def public_methods(cls):
    """Return name → method or property of a class that is ours to document."""
    members = {
        name: found.fget if isinstance(found, property) else found
        for name, found in inspect.getmembers(cls)
        if not name.startswith("_")
    }
    return {
        name: found
        for name, found in members.items()
        if inspect.isfunction(found) and found.__module__.startswith("skdeep")
    }


OBJECTS = public_objects()
METHODS = {
    f"{name}.{method}": found
    for name, cls in OBJECTS.items()
    if inspect.isclass(cls)
    for method, found in public_methods(cls).items()
}
WITH_PARAMETERS = {
    name: found
    for name, found in (OBJECTS | METHODS).items()
    if callable(found)
    and not (inspect.isclass(found) and issubclass(found, Exception | tuple))
}


def documented(found, section="Parameters"):
    """Return name → entry for a section of a docstring."""
    return {
        name: entry
        for entry in NumpyDocString(inspect.getdoc(found))[section]
        for name in entry.name.split(", ")
    }


@pytest.mark.parametrize("module", MODULES)
def test_public_lists_are_sorted_and_complete(module):
    """__all__ is sorted, importable, and leaves no public function or class out."""
    found = importlib.import_module(module)
    public = {
        name
        for name, value in vars(found).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and f"{value.__module__}.".startswith(f"{module}.")
    }

    assert found.__all__ == sorted(found.__all__)
    assert public <= set(found.__all__)
    assert all(hasattr(found, name) for name in found.__all__)


@pytest.mark.fast
def test_the_version_can_be_compared():
    """__version__ has the form that installers sort."""
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+|(a|b|rc)\d+)?", skdeep.__version__)


@pytest.mark.parametrize("name", OBJECTS | METHODS)
def test_docstrings_are_numpydoc(name):
    """Sections, parameters and their order satisfy numpydoc."""
    is_record = issubclass(type(OBJECTS.get(name)), type) and issubclass(
        OBJECTS[name], tuple
    )
    allowed = NOT_ASKED | ({"PR01"} if is_record else set())  # it documents attributes

    errors = [error for error in validate(name)["errors"] if error[0] not in allowed]

    assert errors == []


def default_of(text):
    """Read a documented default; NaN has a name and no literal."""
    return np.nan if text == "np.nan" else ast.literal_eval(text)


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("name", WITH_PARAMETERS)
def test_documented_defaults_are_those_of_the_signature(name):
    """Every "default=" is what the signature has, and none is missing."""
    parameters = inspect.signature(WITH_PARAMETERS[name]).parameters
    entries = documented(WITH_PARAMETERS[name])
    defaults = {
        parameter: default_of(entry.type.split("default=")[1])
        for parameter, entry in entries.items()
        if "default=" in entry.type
    }

    assert defaults == {
        parameter: parameters[parameter.lstrip("*")].default
        for parameter in entries
        if parameters[parameter.lstrip("*")].default is not inspect.Parameter.empty
    }


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_every_parameter_is_declared_everywhere(Estimator):
    """Constructor, docstring, constraints and roles have the same parameters."""
    parameters = list(inspect.signature(Estimator).parameters)

    assert list(documented(Estimator)) == parameters
    assert set(Estimator._parameter_constraints) == set(parameters)
    assert set(parameters) <= set(ROLES)
    assert sorted(Estimator().get_params()) == sorted(parameters)


@pytest.mark.fast
def test_no_role_or_constraint_is_left_over():
    """The tables name no parameter and no estimator that does not exist."""
    parameters = {
        name
        for Estimator in ESTIMATORS
        for name in inspect.signature(Estimator).parameters
    }

    assert set(ROLES) == parameters
    assert set(CONSTRAINTS) == {Estimator.__name__ for Estimator in ESTIMATORS}


def test_texts_differ_only_where_they_must():
    """What is the same in several estimators has one row, so one text and default."""
    rows = Counter(row.name for row in PARAMETERS)

    assert {name for name, n in rows.items() if n > 1} == set(OWN_ROWS)


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_constructors_only_assign(Estimator):
    """What is passed to the constructor is kept, the very same objects."""
    values = {name: object() for name in inspect.signature(Estimator).parameters}

    net = Estimator(**values)

    assert vars(net) == values


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_fitted_attributes_are_documented(Estimator, iris):
    """Every attribute that fit adds for users is in the docstring, and the reverse."""
    X, y = iris
    shape = {"image_shape": (1, 4, 1)} if "CNN" in Estimator.__name__ else {}
    quick = {"optimizer": "sgd", "epochs": 1, "jit_compile": False}
    net = Estimator(**shape, hidden_layer_sizes=(2,), **quick)

    net.fit(X, y)

    found = {name for name in dir(net) if re.fullmatch(r"[a-z]\w*[a-z]_", name)}
    elsewhere = {"feature_names_in_", "interrupted_", "members_"}
    elsewhere |= {"sequence_shape_"} if shape else set()  # where rows are sequences
    assert found | elsewhere == set(documented(Estimator, "Attributes"))


@pytest.mark.parametrize(
    "name", [name for name in OBJECTS if not name.startswith("skdeep.datasets")]
)
def test_examples_of_docstrings_run(name):
    """What a docstring shows is what a reader gets."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner(
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    )
    report = []
    for example in finder.find(OBJECTS[name], name, globs={}):
        runner.run(example, out=report.append)
    plt.close("all")

    assert report == []


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_every_estimator_shows_an_example(Estimator):
    """The docstring of an estimator ends in something to type."""
    assert NumpyDocString(inspect.getdoc(Estimator))["Examples"]


def test_public_modules_are_there_after_import_skdeep():
    """As after ``import sklearn``, without importing them before they are asked for."""
    code = (
        "import skdeep, sys; print('skdeep.datasets' in sys.modules); "
        "skdeep.datasets.load_boston_housing; print('datasets' in dir(skdeep))"
    )

    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert shown.stdout.split() == ["False", "True"]
