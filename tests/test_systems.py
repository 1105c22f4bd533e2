"""The systems that Keras courses teach: every row, on a small part of its own data.

The rows stand in `benchmarks/courses`; `benchmarks/systems.py` trains the same rows at
the published size. Here a figure must only be better than guessing.
"""

import os
from pathlib import Path

import pytest

from benchmarks.courses import ROWS
from benchmarks.courses.row import Figure, Row, above, exactly, near
from benchmarks.systems import as_table, rewrite

PAGE = Path(__file__).parent.parent / "docs" / "systems.md"
OUR_FILES = pytest.mark.skipif(
    "SKDEEP_DATA" not in os.environ,
    reason="SKDEEP_DATA does not name the folder of the data sets",
)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=name, marks=[OUR_FILES] if row.needs_files else [])
        for name, row in ROWS.items()
    ],
)
def test_system_learns(row):
    """Every system can be said with skdeep, and learns from a part of its data."""
    figures = row.measure(small=True, seed=0)

    accepted = {figure.name: figure.accepted_small for figure in row.figures}
    assert {n: v for n, v in figures.items() if v not in accepted[n]} == {}


@pytest.mark.fast
def test_all_systems_are_there():
    """The rows are D1 to D26 and C1 to C4."""
    expected = [f"D{i}" for i in range(1, 27)] + [f"C{i}" for i in range(1, 5)]

    assert expected == list(ROWS)


def test_page_shows_every_system():
    """The table of the documentation has a line for every row and figure."""
    lines = PAGE.read_text().splitlines()

    for name, row in ROWS.items():
        start = [i for i, line in enumerate(lines) if line.startswith(f"| {name} ")]
        assert len(start) == 1, name
        shown = lines[start[0] : start[0] + len(row.figures)]
        assert [f.name for f in row.figures] == [
            s.split(" | ")[2].strip() for s in shown
        ]


@pytest.mark.fast
def test_range_holds_its_ends_and_no_nan():
    """A figure exactly at the limit is accepted, one that is no number never."""
    assert 0.9326 in near(0.9266, 0.006)
    assert 0.9327 not in near(0.9266, 0.006)
    assert 684_746 in exactly(684_746)
    assert float("nan") not in above(0)


@pytest.mark.fast
def test_table_says_what_misses():
    """A mean over the seeds outside the accepted range is a no in the table."""
    figure = Figure("accuracy", "0.9", above(0.9))
    rows = {"X1": Row("X1", "system", (figure,), None, False)}
    result = {"row": "X1", "seeds": [0, 1], "seconds": [1, 2]}

    kept = as_table([result | {"runs": [{"accuracy": 0.85}, {"accuracy": 0.97}]}], rows)
    missed = as_table(
        [result | {"runs": [{"accuracy": 0.85}, {"accuracy": 0.9}]}], rows
    )

    assert "| 0.91 (0.85 to 0.97) | ≥ 0.9    | yes" in kept
    assert "| no " in missed


def test_table_replaces_only_what_is_between_the_markers(tmp_path):
    """The words around the table stay."""
    page = tmp_path / "page.md"
    page.write_text(
        "before\n<!-- systems:start -->\nold\n<!-- systems:end -->\nafter\n"
    )

    rewrite(page, "new")

    assert page.read_text().split() == [
        *("before", "<!--", "systems:start", "-->", "new"),
        *("<!--", "systems:end", "-->", "after"),
    ]
