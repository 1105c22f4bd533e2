"""Write what follows from the table of parameters into the files that show it.

The table is ``skdeep/estimators/_parameters.py``. From it come the section
"Parameters" of the docstring and the constructor of every estimator, and the table of
roles in ``docs/how-it-works.md``; the sections "Attributes" come from
``_attributes.py`` beside it. What is written is ordinary source, for ``help()`` and for
readers; a test runs the check. Run it after a change of a table:

    .venv/bin/python scripts/write_parameters.py
    .venv/bin/python scripts/write_parameters.py --check   # show what would change
"""

from __future__ import annotations

import argparse
import ast
import difflib
import sys
import textwrap
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from skdeep._sklearn import HasMethods, Interval, Options
from skdeep.estimators._attributes import Attribute, attributes_of
from skdeep.estimators._parameters import (
    ARCHITECTURE,
    ESTIMATORS,
    PARAMETERS,
    PROGRAM,
    RUN,
    VARIABLE,
    Parameter,
    parameters_of,
)

Row = Parameter | Attribute

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "skdeep" / "estimators").glob("_*.py"))
PAGE = ROOT / "docs" / "how-it-works.md"
WIDTH = 88
BEGIN, END = "<!-- roles:begin -->\n", "<!-- roles:end -->\n"
NEW = "a new program; nothing where [NumPy trains](#who-trains)"
# role -> what it is, what a new value costs
MEANINGS = {
    ARCHITECTURE: ("the shape of the graph", NEW),
    PROGRAM: ("how the graph is trained", NEW),
    VARIABLE: ("a number written into the program before it runs", "nothing"),
    RUN: ("read by Python around the program", "nothing"),
}
# constraint -> annotation; unions have their order
WORDS = {
    "boolean": "bool",
    Integral: "int",
    Real: "float",
    str: "str",
    callable: "Callable[..., Any]",
    "array-like": "ArrayLike",
    dict: "dict[Any, Any]",
    list: "list[Any]",
    tuple: "tuple[Any, ...]",
    "random_state": "int | RandomState | None",
    None: "None",
}
TYPES = list(WORDS.values())


def main(arguments: list[str] | None = None) -> int:
    """Write the files, or with ``--check`` print what differs; return 1 if it does."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args(arguments).check
    changed = {
        path: (before, after) for path, before, after in written() if before != after
    }
    for path, (before, after) in changed.items():
        if check:
            show_difference(path, before, after)
        else:
            path.write_text(after, encoding="utf-8")
    return int(check and bool(changed))


def written() -> list[tuple[Path, str, str]]:
    """Return every file with its text as it is and as it follows from the table."""
    sources = {path: path.read_text(encoding="utf-8") for path in SOURCES}
    page = PAGE.read_text(encoding="utf-8")
    return [
        *((path, text, with_constructors(text)) for path, text in sources.items()),
        (PAGE, page, with_roles(page)),
    ]


def show_difference(path: Path, before: str, after: str) -> None:
    """Print what a run would change."""
    name = str(path.relative_to(ROOT))
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        name,
        f"{name} as the table of parameters has it",
    )
    sys.stdout.writelines(lines)


def with_constructors(source: str) -> str:
    """Return a module with the constructors and docstrings of its estimators."""
    lines = source.splitlines(keepends=True)
    classes = [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name in ESTIMATORS
    ]
    for cls in reversed(classes):  # from the end, so that line numbers stay true
        rows = parameters_of(cls.name)
        init = constructor_of(cls)
        lines[init.lineno - 1 : init.end_lineno] = constructor(rows)
        write_section(cls, lines, "Attributes", attributes_of(cls.name))
        write_section(cls, lines, "Parameters", rows)
    return "".join(lines)


def constructor_of(cls: ast.ClassDef) -> ast.FunctionDef:
    """Find the constructor of a class."""
    for node in cls.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            return node
    raise SystemExit(
        f"{cls.name} needs a constructor to be written over; got none. Give it "
        "'def __init__(self): ...'."
    )


def write_section(
    cls: ast.ClassDef, lines: list[str], title: str, rows: list[Row]
) -> None:
    """Replace the entries of a section of a docstring, among the lines of its file."""
    start = cls.body[0].lineno - 1
    docstring = lines[start : cls.body[0].end_lineno]
    if f"    {title}\n" not in docstring:
        raise SystemExit(
            f"{cls.name} needs a docstring with the section {title!r}, underlined and "
            "with an empty line behind it; got none. Write its heading."
        )
    first = start + docstring.index(f"    {title}\n") + 2
    lines[first : lines.index("\n", first)] = [
        line for row in rows for line in entry(row)
    ]


def entry(row: Row) -> list[str]:
    """Return the lines of a docstring about a parameter or an attribute."""
    text = textwrap.wrap(
        " ".join(row.text.split()),
        WIDTH,
        initial_indent=" " * 8,
        subsequent_indent=" " * 8,
        break_long_words=False,
        break_on_hyphens=False,
    )
    head = f"    {row.name} : {row.type}"
    if isinstance(row, Parameter):
        head += f", default={literal(row.default)}"
    return [f"{line}\n" for line in (head, *text)]


def constructor(rows: list[Parameter]) -> list[str]:
    """Return the lines of a constructor, which only assigns."""
    first, *others = (argument(row) for row in rows)
    return [
        "    def __init__(\n",
        "        self,\n",
        first,
        "        *,\n",
        *others,
        "    ) -> None:\n",
        *(f"        self.{row.name} = {row.name}\n" for row in rows),
    ]


def argument(row: Parameter) -> str:
    """Return the line of a parameter in a constructor."""
    return f"        {row.name}: {annotation(row)} = {literal(row.default)},\n"


def annotation(row: Parameter) -> str:
    """Return the type of a parameter, as its constraints have it.

    It says what a type checker can use and no more: ranges and words are checked when
    an estimator is fitted.
    """
    types = set(map(type_of, row.constraints))
    if "Any" in types:
        return "Any"
    return " | ".join(sorted(types, key=TYPES.index))


def type_of(constraint: Any) -> str:
    """Return the type that a constraint lets through, in the words of scikit-learn."""
    if isinstance(constraint, Interval | Options):
        return WORDS[constraint.type]
    return "Any" if isinstance(constraint, HasMethods) else WORDS[constraint]


def literal(value: Any) -> str:
    """Write a default as the formatter would: strings in double quotes."""
    return f'"{value}"' if isinstance(value, str) else repr(value)


def with_roles(page: str) -> str:
    """Return a page with the table of roles between its marks."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    lines = [
        "| role | parameters | what it is | a new value costs |\n",
        "|---|---|---|---|\n",
        *(role_line(role) for role in MEANINGS),
    ]
    return "".join([before, BEGIN, *lines, END, after])


def role_line(role: str) -> str:
    """Return a line of the table of roles."""
    names = dict.fromkeys(row.name for row in PARAMETERS if row.role == role)
    what, cost = MEANINGS[role]
    return f"| {role} | {', '.join(f'`{n}`' for n in names)} | {what} | {cost} |\n"


if __name__ == "__main__":
    sys.exit(main())
