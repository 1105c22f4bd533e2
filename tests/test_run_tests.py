"""The runs of scripts/test: all files take part, and a failure is not lost."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from scripts import run_tests

FILES = sorted(Path(__file__).parent.rglob("test_*.py"))


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("most", [1, 20_000, 10**9])
def test_every_file_is_in_one_part(most):
    """However large the parts are, each file is run once."""
    parts = run_tests.parts(FILES, most)

    assert sorted(file for part in parts for file in part) == FILES
    assert all(len(part) == 1 or run_tests.size(part) <= most for part in parts)


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("cut", [run_tests.whole_parts, run_tests.fast_parts])
def test_both_runs_run_every_file_once(cut):
    """Whatever is compiled with care."""
    assert sorted(file for part in cut(FILES) for file in part) == FILES


@pytest.mark.fast
def test_a_process_compiles_with_care_or_without():
    """All files that are named exist, and are among themselves."""
    careful = [file for file in FILES if run_tests.with_care(file)]

    for part in run_tests.whole_parts(FILES):
        assert len({run_tests.with_care(file) for file in part}) == 1
    assert len(careful) == len(run_tests.WITH_CARE)


@pytest.mark.parametrize(
    ("name", "options", "cheap"),
    [
        ("test_wave", [], False),
        ("test_wave", ["--fast"], True),
        ("test_part", [], True),
    ],
)
def test_xla_is_told_what_a_file_needs(name, options, cheap, tmp_path, monkeypatch):
    """And what the caller has told it stays."""
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_max_isa=AVX2")

    flags = run_tests.flags(tmp_path / "engine" / f"{name}.py", options)

    assert flags.split() == [
        "--xla_cpu_max_isa=AVX2",
        *(run_tests.CHEAP.split() if cheap else []),
    ]


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_has_a_share_in_the_fast_run(file):
    """What a developer runs all day looks at every promise, if not from all sides."""
    assert re.search(r"^@pytest\.mark\.fast\b", file.read_text("utf-8"), re.MULTILINE)


@pytest.mark.fast
def test_counts_are_read_from_the_last_line_of_pytest():
    """What passed, failed and was left out is summed over the parts."""
    found = run_tests.counts("== 1 failed, 20 passed, 3 skipped, 2 errors in 4.5s ==")

    assert found == Counter(passed=20, skipped=3, error=2, failed=1)


PARTS = {
    "passes": ("def test_one(): pass", True, "1 passed in"),
    "fails": ("def test_one(): assert 1 == 2", False, "assert 1 == 2"),
    "no_python": ("def test_one(: pass", False, "SyntaxError"),
    "dies": ("import os; os._exit(3)", False, ""),
    "ends_in_silence": ("import os\ndef test_one(): os._exit(0)", False, ""),
    "no_tests": ("three = 3", True, ""),
}
RUN = """
import sys
from pathlib import Path
import pytest  # so that no part has to
from scripts.run_tests import run

parts = [[Path(name)] for name in sys.argv[1:]]
for part, passed, counts, _ in run(parts, ["-c", "/dev/null"]):
    print("RESULT", part[0].stem, passed, counts["passed"])
"""


def test_a_part_that_does_not_end_well_fails(tmp_path, monkeypatch):
    """Failures, errors and processes that die are told; a good part is one line."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # they take seconds
    files = [tmp_path / f"{name}.py" for name in PARTS]
    for file, (code, *_) in zip(files, PARTS.values(), strict=True):
        file.write_text(code)

    output = subprocess.run(
        [sys.executable, "-c", RUN, *files],
        cwd=run_tests.ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    results = re.findall(r"^RESULT (\w+) (\w+) (\d)$", output, re.MULTILINE)
    assert {name: (passed, n) for name, passed, n in results} == {
        name: (str(passes), str(int(shown == "1 passed in")))
        for name, (_, passes, shown) in PARTS.items()
    }
    assert all(shown in output for *_, shown in PARTS.values())
