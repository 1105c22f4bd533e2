"""Whether the systems of the courses reach the figures published for them.

`python -m benchmarks.systems` trains all rows at the published size, prints a table,
and rewrites the one between the markers of docs/systems.md. Names of rows choose some
(`python -m benchmarks.systems D10 C2`); the others keep their last results. The data
are read from the folder named by SKDEEP_DATA, or downloaded.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from statistics import mean

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # so that `python benchmarks/systems.py` works, too

from benchmarks.courses import ROWS  # noqa: E402
from benchmarks.courses.row import Figure, Row  # noqa: E402
from benchmarks.report import table  # noqa: E402

PAGE = ROOT / "docs" / "systems.md"
RESULTS = ROOT / "benchmarks" / "results" / "systems"
START, END = "<!-- systems:start -->", "<!-- systems:end -->"


def main() -> None:
    """Train the rows that were asked for, one after the other."""
    arguments = _read_arguments()
    for name in arguments.rows or ROWS:
        result = trained(ROWS[name], arguments.seeds)
        print(as_table([result]), flush=True)
        if not arguments.dry_run:
            store(result)
            rewrite(PAGE, as_table(stored()))


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", choices=[[], *ROWS], metavar="ROW")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--dry-run", action="store_true", help="store nothing")
    return parser.parse_args()


def trained(row: Row, seeds: list[int]) -> dict:
    """Train a row once for every seed."""
    runs, seconds = [], []
    for seed in seeds:
        started = time.perf_counter()
        runs.append(dict(row.measure(small=False, seed=seed)))
        seconds.append(time.perf_counter() - started)
    return {"row": row.name, "seeds": seeds, "runs": runs, "seconds": seconds}


def store(result: dict, folder: Path = RESULTS) -> None:
    """Write a result under its row's name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{result['row']}.json").write_text(json.dumps(result, indent=1) + "\n")


def stored(folder: Path = RESULTS) -> list[dict]:
    """Return the results that are there, in the order of the rows."""
    paths = [folder / f"{name}.json" for name in ROWS]
    return [json.loads(path.read_text()) for path in paths if path.exists()]


def as_table(results: list[dict], rows: dict[str, Row] = ROWS) -> str:
    """Return one line per figure."""
    return table([line for result in results for line in _lines(result, rows)])


def _lines(result: dict, rows: dict[str, Row]) -> list[dict]:
    """Return a line per figure; the first names the row, its seeds and seconds."""
    row = rows[result["row"]]
    lines = [
        {"row": "", "system": "", **_line(figure, result), "seeds": "", "seconds": ""}
        for figure in row.figures
    ]
    seeds = ", ".join(map(str, result["seeds"]))
    seconds = f"{mean(result['seconds']):.1f}"
    lines[0] |= {"row": row.name, "system": row.title, "seeds": seeds}
    lines[0] |= {"seconds": seconds}
    return lines


def _line(figure: Figure, result: dict) -> dict:
    """Return published and own value of a figure, and whether it is accepted."""
    values = [run[figure.name] for run in result["runs"]]
    return {
        "figure": figure.name,
        "published": figure.published,
        "ours": _text(values),
        "accepted": str(figure.accepted),
        "within": "yes" if mean(values) in figure.accepted else "no",
    }


def _text(values: list[float]) -> str:
    """Return the mean, with the smallest and the largest where they differ."""
    middle, *ends = (_number(v) for v in (mean(values), min(values), max(values)))
    return middle if len(set(ends)) == 1 else f"{middle} ({ends[0]} to {ends[1]})"


def _number(value: float) -> str:
    """Return four digits, and all of a whole number."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"


def rewrite(path: Path, text: str) -> None:
    """Put a text between the markers of a page."""
    before, start, rest = path.read_text().partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"{path} has no place for the table: {START} and {END}.")
    path.write_text(f"{before}{START}\n\n{text}\n\n{END}{after}")


if __name__ == "__main__":
    main()
