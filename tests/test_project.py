"""What surrounds the package: what the wheel holds, files that other tools read."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

import skdeep

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "skdeep"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
YAML = [
    ROOT / "CITATION.cff",
    ROOT / ".pre-commit-config.yaml",
    *ROOT.glob(".github/**/*.yml"),
]


def read_yaml(name):
    """Return the values of a file of the project."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel that pip would install, opened."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    subprocess.run(
        [*command, "--outdir", folder, ROOT], check=True, capture_output=True
    )
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as file:
        yield file


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    """Every file of skdeep is in it, data and py.typed among them, and no test."""
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    held = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert held == expected
    assert "skdeep/py.typed" in held
    assert any(name.endswith(".csv") for name in held)


def test_the_wheel_says_what_it_is(wheel):
    """Its metadata have version, license, keywords and the README."""
    name = f"skdeep-{skdeep.__version__}.dist-info"

    metadata = wheel.read(f"{name}/METADATA").decode()

    assert f"\nVersion: {skdeep.__version__}\n" in metadata
    assert "\nLicense-Expression: BSD-3-Clause\n" in metadata
    assert "\nKeywords: " in metadata
    assert "\n# skdeep\n" in metadata
    assert f"{name}/licenses/LICENSE" in wheel.namelist()


@pytest.mark.fast
@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_yaml_is_valid(path):
    """Tools that read these files find a table with a text for every key."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)

    assert isinstance(content, dict)
    assert all(isinstance(key, str) for key in content)


def test_the_workflow_runs_scripts_that_exist():
    """Its jobs call the scripts of the repository, on every Python that is named."""
    jobs = read_yaml(".github/workflows/tests.yml")["jobs"]
    steps = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
    scripts = re.findall(r"^(?:\.ci|scripts)/\S+", "\n".join(steps), re.MULTILINE)
    classifiers = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))

    assert {".ci/run", "scripts/docs", "scripts/wheel"} <= set(scripts)
    assert [name for name in scripts if not (ROOT / name).is_file()] == []
    assert jobs["systems"]["strategy"]["matrix"]["python"] == classifiers


def test_hooks_have_the_versions_of_the_checks():
    """What runs before a commit complains like scripts/check."""
    pinned = set(PROJECT["optional-dependencies"]["check"])

    hooks = read_yaml(".pre-commit-config.yaml")["repos"][0]["hooks"]

    used = {name for hook in hooks for name in hook["additional_dependencies"]}
    assert used
    assert used <= pinned


def test_the_citation_names_this_version():
    """CITATION.cff has what the format asks for, and the version of the package."""
    citation = read_yaml("CITATION.cff")
    release = skdeep.__version__.partition(".dev")[0]
    page = (ROOT / "docs" / "help.md").read_text(encoding="utf-8")

    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["version"] == release
    assert citation["license"] == PROJECT["license"]
    assert f"version = {{{release}}}" in page
