"""The layout of the package: who may import whom, and what an import costs."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "skdeep"

# Imports run strictly downward, or stay inside a package.
ROWS = {
    "skdeep": 8,
    "skdeep.displays": 7,
    "skdeep.persistence": 7,
    "skdeep.model_selection": 6,
    "skdeep.estimators": 5,
    "skdeep.export": 4,
    "skdeep.engine": 3,
    "skdeep.callbacks": 2,
    "skdeep.networks": 2,
    "skdeep.data": 1,
    "skdeep.datasets": 1,
    "skdeep.keras_objects": 1,
    "skdeep._atomic_write": 0,
    "skdeep._sklearn": 0,
    "skdeep._warnings": 0,
    "skdeep._version": 0,
    "skdeep.exceptions": 0,
}
FRAMEWORKS = ("keras", "tensorflow")
PUBLIC_MODULES = [
    "skdeep",
    "skdeep.callbacks",
    "skdeep.datasets",
    "skdeep.displays",
    "skdeep.engine",
    "skdeep.exceptions",
    "skdeep.model_selection",
]


def module_name(path):
    """Return the dotted name of a file of the package."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


PRIVATE_FILES = {module for module in FILES if "._" in module}


def imports(nodes):
    """Yield every imported module, with the imported name if there is one."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module, alias.name) for alias in node.names)


def all_imports(module):
    """Every import of a file, those inside functions, too."""
    return list(imports_in(FILES[module].read_text("utf-8")))


def imports_in(source):
    """Every import of a source; a module's name as a string is for importlib."""
    nodes = list(ast.walk(ast.parse(source)))
    yield from imports(nodes)
    for node in nodes:
        # public names are those of the library and of folders with data, too
        if isinstance(node, ast.Constant) and node.value in PRIVATE_FILES:
            yield node.value, None


def test_imports_by_name_and_late_ones_are_seen():
    """Neither importlib nor a function hides an import from the tests below."""
    source = """
def late():
    from skdeep.engine import _run
    importlib.import_module("skdeep.engine._job")
WHERE = {"Optimizer": "skdeep.keras_objects._optimizers"}
"""

    assert set(imports_in(source)) == {
        ("skdeep.engine", "_run"),
        ("skdeep.engine._job", None),
        ("skdeep.keras_objects._optimizers", None),
    }


def part_of(module):
    """The row a module belongs to: its package, or itself at the top of skdeep."""
    return ".".join(module.split(".")[:2])


def imports_of_skdeep(module):
    """The modules of skdeep that a file imports."""
    for imported, name in all_imports(module):
        if imported.split(".")[0] == "skdeep":
            submodule = f"{imported}.{name}"
            yield submodule if submodule in FILES else imported


@pytest.mark.fast
def test_every_part_of_the_package_has_a_row():
    """A new file at the top of the package is a decision, written down here."""
    assert {part_of(module) for module in FILES} == set(ROWS)


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("module", FILES)
def test_imports_run_downward(module):
    """A module imports only its own package and lower rows."""
    upward = [
        imported
        for imported in imports_of_skdeep(module)
        if part_of(imported) != part_of(module)
        and ROWS[part_of(imported)] >= ROWS[part_of(module)]
    ]

    assert upward == []


@pytest.mark.fast
def test_imports_have_no_cycle():
    """No two modules import each other, not even by way of others or late."""
    graph = {module: set(imports_of_skdeep(module)) - {module} for module in FILES}

    order = list(TopologicalSorter(graph).static_order())

    assert set(order) == set(FILES)


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("module", FILES)
def test_frameworks_are_imported_late(module):
    """Keras and TensorFlow are imported inside functions."""
    body = ast.parse(FILES[module].read_text("utf-8")).body
    at_the_top = {name.split(".")[0] for name, _ in imports(body)}

    assert at_the_top & set(FRAMEWORKS) == set()


def test_importing_skdeep_loads_no_framework():
    """Every public module, a constructor and clone work without TensorFlow.

    What only ``save`` and ``load`` need is imported by them.
    """
    code = f"""
import sys, skdeep
print([name for name in sys.modules if name.startswith("skdeep.persistence._")])
import {", ".join(PUBLIC_MODULES)}
from sklearn.base import clone
clone(skdeep.DNNClassifier(dropout=0.1)).set_params(l2=0.1)
skdeep.engine.cache_info(); skdeep.engine.clear_cache()
print([name for name in ("keras", "tensorflow", "matplotlib") if name in sys.modules])
"""

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "['skdeep.persistence._archive']\n[]\n"
    assert done.stderr == ""


@pytest.mark.fast
def test_frameworks_are_used_by_their_public_names():
    """No file reaches into the private modules of Keras and TensorFlow."""
    private = [
        (module, imported)
        for module in FILES
        for imported, _ in all_imports(module)
        if imported.startswith(("keras.src", "tensorflow.python", "tensorflow.core"))
    ]

    assert private == []


@pytest.mark.fast
def test_private_names_of_scikit_learn_have_one_door():
    """What scikit-learn may change without notice has to be mended in one place."""
    users = {
        module
        for module in FILES
        for imported, name in all_imports(module)
        if imported.startswith("sklearn")
        and ("._" in imported or (name or "").startswith("_"))
    }

    assert users == {"skdeep._sklearn"}
