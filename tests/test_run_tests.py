"""The runs of scripts/test: all files take part, and a failure is not lost."""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FILES = sorted(TESTS.rglob("test_*.py"))
SCRIPT = TESTS.parent / "scripts" / "run_tests.py"
spec = importlib.util.spec_from_file_location("run_tests", SCRIPT)
run_tests = importlib.util.module_from_spec(spec)
spec.loader.exec_module(run_tests)


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("most", [1, 20_000, 10**9])
def test_every_file_is_in_one_part(most):
    """However large the parts are, each file is run once."""
    parts = run_tests.parts(FILES, most)

    assert sorted(file for part in parts for file in part) == FILES
    assert all(len(part) == 1 or run_tests.size(part) <= most for part in parts)


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


@pytest.mark.parametrize(
    ("code", "passes", "shown"),
    [
        ("def test_one(): pass", True, "1 passed in"),
        ("def test_one(): assert 1 == 2", False, "assert 1 == 2"),
        ("def test_one(: pass", False, "SyntaxError"),
        ("import os; os._exit(3)", False, ""),
        ("import os\ndef test_one(): os._exit(0)", False, ""),
        ("three = 3", True, ""),
    ],
    ids=["passes", "fails", "no Python", "dies", "ends in silence", "no tests"],
)
def test_a_part_that_does_not_end_well_fails(code, passes, shown, tmp_path, capsys):
    """Failures, errors and processes that die are told; a good part is one line."""
    file = tmp_path / "test_part.py"
    file.write_text(code)

    passed, counts = run_tests.run([file], ["-c", "/dev/null"])

    assert passed is passes
    assert shown in capsys.readouterr().out
    assert counts["passed"] == (shown == "1 passed in")
