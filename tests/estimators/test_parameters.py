"""The table of parameters: what follows from a row does follow from it."""

import inspect
import re

import pytest
from test_roles import CHANGES, ESTIMATORS, Y, start_of

from scripts import write_parameters
from skdeep import DNNRegressor
from skdeep.estimators import _parameters
from skdeep.estimators._parameters import (
    ARCHITECTURE,
    OPTIMIZER,
    PARAMETERS,
    PROGRAM,
    ROLES,
    RUN,
    VARIABLE,
    defaults_of,
    names_of_role,
    parameters_of,
)

CASES = [(cls, row.name) for cls in ESTIMATORS for row in parameters_of(cls)]


def prepared(estimator, X):
    """Return the key of the program a fit would train with, and its numbers."""
    rows = estimator._training_data(X, Y, None, False, None)
    job = estimator._prepare(rows, None, estimator.epochs, continuing=False)
    return job.key, job.hyperparameters


# what is written from the table


@pytest.mark.fast
def test_source_and_documentation_follow_from_the_table(capsys):
    """Constructors, docstrings and the table of roles are as the script writes them."""
    changed = write_parameters.main(["--check"])

    assert capsys.readouterr().out == ""
    assert changed == 0


@pytest.mark.parametrize(
    ("written", "otherwise"),
    [
        ("        max_norm: float | None = None,\n", ""),
        ("        self.l2 = l2\n", "        self.l2 = l1\n"),
        ("    decay : float, default=0.0\n", "    decay : int, default=0.5\n"),
        ("        Share of the inputs set to zero in each update", "        Share"),
        ("    n_outputs_ : int\n        Output units of the network.\n", ""),
    ],
)
def test_a_change_by_hand_is_written_over(written, otherwise):
    """Signature, assignments, types and texts all come from the table."""
    source = inspect.getsource(inspect.getmodule(DNNRegressor))
    by_hand = source.replace(written, otherwise)

    repaired = write_parameters.with_constructors(by_hand)

    assert by_hand != source
    assert repaired == source


def test_a_new_estimator_needs_headings_only():
    """The script fills in an empty constructor and empty sections."""
    headings = "".join(
        f"    {title}\n    ----------\n\n" for title in ("Parameters", "Attributes")
    )
    new = f'class CNNRegressor:\n    """Text.\n\n{headings}    """\n\n'

    written = write_parameters.with_constructors(new + "    def __init__(self): ...\n")

    names = {}
    exec(f"from __future__ import annotations\n{written}", names)
    assert list(inspect.signature(names["CNNRegressor"]).parameters) == list(
        defaults_of("CNNRegressor")
    )
    assert "    image_shape_ : tuple of (int, int, int)\n" in written


def test_the_check_shows_what_differs(capsys):
    """The check fails with a difference to read, which names the file."""
    path = write_parameters.ROOT / "skdeep" / "estimators" / "_dnn.py"

    write_parameters.show_difference(path, "l2=0.5\n", "l2=0.0\n")

    shown = capsys.readouterr().out
    assert "--- skdeep/estimators/_dnn.py" in shown
    assert "-l2=0.5\n+l2=0.0\n" in shown


# the rows


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("name", sorted(_parameters.ESTIMATORS))
def test_an_estimator_has_a_parameter_once(name):
    """However many rows a parameter has, each estimator finds one."""
    names = [row.name for row in parameters_of(name)]

    assert len(names) == len(set(names))


@pytest.mark.fast
def test_a_parameter_has_one_role():
    """Rows of the same parameter differ in texts and defaults, never in the role."""
    assert {(row.name, row.role) for row in PARAMETERS} == set(ROLES.items())


def test_derived_classes_have_the_rows_of_their_estimator():
    """A user's subclass of any name finds the defaults that it inherits."""

    class Mine(DNNRegressor):
        pass

    assert defaults_of(Mine, OPTIMIZER) == defaults_of("DNNRegressor", OPTIMIZER)
    assert defaults_of(Mine)["hidden_layer_sizes"] == (128, 128)


@pytest.mark.fast
def test_roles_divide_the_parameters():
    """Every parameter of an estimator is found under one of the four roles."""
    by_role = [
        name
        for role in (ARCHITECTURE, PROGRAM, VARIABLE, RUN)
        for name in names_of_role("CNNClassifier", role)
    ]

    assert sorted(by_role) == sorted(defaults_of("CNNClassifier"))


# what the roles promise, before anything is compiled


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize(
    ("cls", "name"), CASES, ids=[f"{cls.__name__}-{name}" for cls, name in CASES]
)
def test_the_role_says_where_a_parameter_goes(cls, name):
    """Architecture and program go into the key, variables into the numbers only."""
    start, X = start_of(cls, name)
    key, numbers = prepared(cls(**start), X)

    other_key, other_numbers = prepared(cls(**start | {name: CHANGES[name]}), X)

    assert (other_key != key) == (ROLES[name] in (ARCHITECTURE, PROGRAM))
    assert (hash(other_key) == hash(key)) == (other_key == key)
    if ROLES[name] == VARIABLE:
        assert other_numbers.keys() == numbers.keys()
        assert other_numbers != numbers
    if ROLES[name] == RUN:
        assert other_numbers == numbers


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_every_variable_is_a_number_of_the_program(cls):
    """The vector of hyperparameters has the variables, rates once per layer."""
    start, X = ESTIMATORS[cls]

    _, numbers = prepared(cls(**start), X)

    found = {re.sub(r"_\d+$", "", name) for name in numbers}
    assert found == set(names_of_role(cls, VARIABLE))
