"""Tables and descriptions that ship inside the package.

Reads only: what a loader returns is put together in _result.py.
"""

from __future__ import annotations

from importlib.resources import files

import numpy as np

from skdeep.datasets._result import Array

PACKAGE = "skdeep.datasets"


def read_description(name: str) -> str:
    """Return the DESCR of a data set."""
    return files(PACKAGE).joinpath("descr", f"{name}.rst").read_text(encoding="utf-8")


def read_table(name: str) -> tuple[list[str], Array]:
    """Return the column names and the numbers of a bundled CSV table."""
    text = files(PACKAGE).joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
    header, *rows = text.splitlines()
    return header.split(","), np.loadtxt(rows, delimiter=",")
