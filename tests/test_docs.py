"""README and documentation: every block of Python in them runs, every table is true.

The blocks of a page share their names and run in order, as a reader would run them.
Blocks that start with ``>>>`` are compared with the output that the page shows; an
ellipsis there stands for any text.
"""

import contextlib
import doctest
import os
import re
from pathlib import Path

import pytest

from skdeep.estimators._parameters import ROLES

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
PAGES = [page for page in PAGES if "_build" not in page.parts]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page):
    """Return the Python blocks of a page with the number of the line before each."""
    text = page.read_text(encoding="utf-8")
    return [
        (text[: match.start(1)].count("\n"), match[1]) for match in BLOCK.finditer(text)
    ]


def run_doctest(block, line, page, names):
    """Run a block of prompts and compare what it prints."""
    parser = doctest.DocTestParser()
    runner = doctest.DocTestRunner(
        verbose=False, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    )
    test = parser.get_doctest(block, names, page.stem, str(page), line)
    report = []
    failed = runner.run(test, out=report.append, clear_globs=False).failed
    names.update(test.globs)
    assert failed == 0, "".join(report)


def skip_without_what_it_needs(code):
    """Skip a page whose code needs what this environment may lack."""
    if "fetch_" in code and "SKDEEP_DATA" not in os.environ:
        pytest.skip("the page loads large data sets; SKDEEP_DATA names no folder")
    if "sklearn.callback" in code:
        pytest.importorskip("sklearn.callback", reason="needs scikit-learn 1.9")


PAGES_WITH_CODE = [page for page in PAGES if blocks(page)]


@pytest.mark.parametrize(
    "page", PAGES_WITH_CODE, ids=lambda page: str(page.relative_to(ROOT))
)
def test_every_block_runs(page, tmp_path):
    """A reader who types the blocks of a page gets what the page shows."""
    skip_without_what_it_needs("".join(block for _, block in blocks(page)))
    names = {"__name__": "__main__"}
    with contextlib.chdir(tmp_path):
        for line, block in blocks(page):
            if block.startswith(">>>"):
                run_doctest(block, line, page, names)
            else:
                exec(compile("\n" * line + block, page, "exec"), names)


@pytest.mark.fast
def test_table_of_roles_is_true():
    """The roles that the documentation prints are those that the code declares."""
    page = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")

    rows = re.findall(r"^\| (architecture|program|variable|run) \|(.*?)\|", page, re.M)

    printed = {
        name: role for role, names in rows for name in re.findall(r"`(\w+)`", names)
    }
    assert printed == ROLES
