"""Answers as JSON and as tables; the tables in the documentation are made here.

`python -m benchmarks.report` reads benchmarks/results and rewrites what stands
between the markers of docs/benchmarks.md (all tables) and README.md (the first two).
A file without markers, or without a complete measurement to show, is left alone.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks import measure
from benchmarks.measure import ROOT, Spread
from benchmarks.targets import TARGETS

RESULTS = ROOT / "benchmarks" / "results"
START, END = "<!-- benchmarks:start -->", "<!-- benchmarks:end -->"


@dataclass
class Answer:
    """What one question brought to light."""

    question: str  # the script's name, the key of its targets
    title: str
    setting: str
    rows: list[dict] = field(default_factory=list)  # column → Spread, number or text
    figures: dict[str, Spread] = field(default_factory=dict)  # what targets judge


def main(prepare: Callable, answer: Callable) -> None:
    """Run a question's script: as a worker, or as the one who asks."""
    if sys.argv[1:2] == [measure.SERVE]:
        measure.serve(prepare, json.loads(sys.argv[2]))
        return
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="few rounds and small settings: shows that it runs, stores nothing",
    )
    quick = parser.parse_args().quick
    answers = answer(quick)
    circumstances = measure.circumstances()
    for one in answers if isinstance(answers, list) else [answers]:
        document = as_document(one, circumstances)
        print(as_text(document), flush=True)
        if quick:
            print("A quick run: the figures say only that it works.\n")
        else:
            store(document)


def as_document(answer: Answer, circumstances: dict) -> dict:
    """Return everything worth keeping, as plain values."""
    rows = [
        {column: _document_value(value) for column, value in row.items()}
        for row in answer.rows
    ]
    return {
        "question": answer.question,
        "title": answer.title,
        "setting": answer.setting,
        "rows": rows,
        "figures": {name: asdict(value) for name, value in answer.figures.items()},
        "targets": judged(answer.question, answer.figures),
        "circumstances": circumstances,
    }


def judged(question: str, figures: dict[str, Spread]) -> list[dict]:
    """Return every target of the question with what was measured, if it was."""
    verdicts = []
    for target in TARGETS:
        if target.question != question:
            continue
        measured = figures.get(target.figure)
        reached = None if measured is None else target.reached(measured.median)
        verdicts.append(asdict(target) | {"reached": reached})
    return verdicts


def store(document: dict, folder: Path = RESULTS) -> Path:
    """Write the document under its question's name."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{document['question']}.json"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return path


def stored(folder: Path = RESULTS) -> list[dict]:
    """Return the stored documents in the order of the targets' table."""
    order = list(dict.fromkeys(target.question for target in TARGETS))
    found = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    # Those of the defaults are scores of tables, and on a page of their own.
    documents = [document for document in found if "question" in document]
    return sorted(documents, key=lambda document: order.index(document["question"]))


# --- text ---------------------------------------------------------------------------


def as_text(document: dict) -> str:
    """Return title, setting, table and verdicts for the terminal."""
    lines = [document["title"], document["setting"], "", _rows_table(document["rows"])]
    if document["targets"]:
        lines += ["", _targets_table([document])]
    return "\n".join(lines) + "\n"


def table(rows: list[dict]) -> str:
    """Return texts as a Markdown table, padded so that it reads in a terminal too."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    texts = [columns] + [[row.get(column, "") for column in columns] for row in rows]
    widths = [max(len(line[i]) for line in texts) for i in range(len(columns))]
    lines = [
        "| " + " | ".join(t.ljust(w) for t, w in zip(line, widths, strict=True)) + " |"
        for line in texts
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _rows_table(rows: list[dict]) -> str:
    return table(
        [{column: _text(value) for column, value in row.items()} for row in rows]
    )


def _targets_table(documents: list[dict]) -> str:
    rows = []
    for document in documents:
        for target in document["targets"]:
            measured = document["figures"].get(target["figure"])
            unit = " " + target["unit"] if target["unit"] else ""
            rows.append(
                {
                    "question": document["title"],
                    "figure": target["figure"],
                    "to reach": f"{target['sense']} {target['limit']:g}{unit}",
                    "measured": _text(measured) + unit if measured else "not measured",
                    "reached": {True: "yes", False: "no", None: "–"}[target["reached"]],
                }
            )
    return table(rows)


def _document_value(value):
    """Return a Spread as a dictionary and anything else unchanged."""
    return asdict(value) if isinstance(value, Spread) else value


def _text(value) -> str:
    """Return a value, or a median with its quartiles, in three digits."""
    if isinstance(value, dict):
        middle = _number(value["median"])
        if value["n"] == 1:
            return middle
        return f"{middle} ({_number(value['low'])}–{_number(value['high'])})"
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    """Return three significant digits without an exponent."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    digits = 2
    while abs(value) * 10 ** (digits - 2) < 1 and digits < 7:
        digits += 1
    return f"{value:.{digits if abs(value) < 10 else 1}f}"


# --- documentation --------------------------------------------------------------------


def rewrite(path: Path, text: str) -> bool:
    """Put `text` between the markers of a file; return whether it has them."""
    if not path.exists():
        return False
    before, start, rest = path.read_text().partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        return False
    path.write_text(f"{before}{START}\n{text}\n{END}{after}")
    return True


def without_results(path: Path, documents: list[dict]) -> list[str]:
    """Return the titles of a page's tables of which there are no results here."""
    _, _, rest = path.read_text().partition(START)
    shown, _, _ = rest.partition(END)
    titles = [line[3:] for line in shown.splitlines() if line.startswith("## ")]
    return [t for t in titles if t not in {d["title"] for d in documents}]


def short_tables(documents: list[dict]) -> str:
    """Return the circumstances and the table of targets."""
    return "\n\n".join([_circumstances(documents), _targets_table(documents)])


def all_tables(documents: list[dict]) -> str:
    """Return the table of targets and then each question's own table."""
    parts = [short_tables(documents)]
    for document in documents:
        parts += [f"## {document['title']}", document["setting"]]
        parts.append(_rows_table(document["rows"]))
    return "\n\n".join(parts)


def _circumstances(documents: list[dict]) -> str:
    """Return where and with what the documents were measured, each state once."""
    lines = []
    for document in documents:
        it = document["circumstances"]
        versions = ", ".join(f"{name} {v}" for name, v in it["versions"].items())
        line = (
            f"Measured on {it['date']}: {it['processor']}, {it['cores']} cores, "
            f"{it['memory_gib']} GiB, {it['system']}, Python {it['python']}, "
            f"{versions}."
        )
        if line not in lines:
            lines.append(line)
    return "\n\n".join(lines)


if __name__ == "__main__":
    documents = stored()
    page = ROOT / "docs" / "benchmarks.md"
    if missing := without_results(page, documents):
        # Results are of one machine and not in the repository.
        sys.exit(
            f"{page.name} has tables that {RESULTS} has no results of: "
            f"{', '.join(missing)}. Nothing was rewritten; run scripts/bench without "
            "names of questions to measure all of them here."
        )
    rewrite(page, all_tables(documents))
    rewrite(ROOT / "README.md", short_tables(documents))
