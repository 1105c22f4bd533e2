"""The programs on the page of SciKeras' users run with SciKeras, too, by one import."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "migration" / "scikeras-programs.md"
SECTION = re.compile(r"^## (.*?)\n.*?^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRAMS = dict(SECTION.findall(PAGE.read_text(encoding="utf-8")))
START = PAGE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
IMPORT = re.compile(r"^from skdeep import (\w+)  # (from scikeras.wrappers import \1)$")
# Definitions of the first program that others use.
SHARED = "A dense network"


def by_scikeras(program):
    """Return a program with the other import."""
    first, rest = program.split("\n", 1)
    return f"{IMPORT.fullmatch(first)[2]}\n{rest}"


@pytest.mark.fast
def test_ten_programs_differ_in_one_line():
    """Each begins with both imports and measures something."""
    assert len(PROGRAMS) == 10
    for program in PROGRAMS.values():
        assert IMPORT.fullmatch(program.split("\n", 1)[0])
        assert program.count("skdeep") == 1
        assert "accuracy = " in program or "error = " in program


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_program_runs_with_scikeras(name):
    """What the page promises of skdeep holds for SciKeras, where it still works."""
    pytest.importorskip("scikeras")
    names = {}
    exec(START, names)
    if name != SHARED:
        exec(by_scikeras(PROGRAMS[SHARED]).split("\nnet = ")[0], names)

    exec(by_scikeras(PROGRAMS[name]), names)
