"""The types that a user's own mypy sees."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WRONG = """
from skdeep import DNNClassifier

classes: int = DNNClassifier().predict([[0.0]])
DNNClassifier(epochs="five")
DNNClassifier().fit([[0.0]], [0], weights=[1.0])
"""


def faults(folder):
    """Return where ``mypy --strict`` finds faults in the programs of a folder."""
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent"]
    done = subprocess.run(
        [*command, "--no-error-summary", f"--cache-dir={os.devnull}", "."],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    lines = [line for line in done.stdout.splitlines() if ": note:" not in line]
    return [":".join(line.split(":")[:2]) for line in lines]


def test_a_typed_program_passes_and_a_wrong_one_does_not(tmp_path):
    """Estimators and functions have types: right calls pass, wrong ones are found."""
    shutil.copy(ROOT / "tests" / "typed_program.py", tmp_path / "right.py")
    (tmp_path / "wrong.py").write_text(WRONG)

    found = faults(tmp_path)

    assert found == ["wrong.py:4", "wrong.py:5", "wrong.py:6"]


@pytest.mark.fast
def test_types_are_checked_alike_with_and_without_the_extras():
    """The check of types looks for no package that an extra brings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    untyped = project["tool"]["mypy"]["overrides"][0]["module"]
    expected = {name.removesuffix(".*") for name in untyped} | {
        "numpy",
        "rich",
        "skdeep",
    }

    imported = set()
    for path in (ROOT / "skdeep").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add(node.module.partition(".")[0])

    assert imported - set(sys.stdlib_module_names) - expected == set()
