"""Twelve real tables, and the splits that every method gets.

They lie in the folder `tables` of the one named by SKDEEP_DATA, one gzipped CSV each
with the target last, and are not part of the repository: see the README there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

CLASSIFICATIONS = ("attrition", "cells", "churn", "credit", "lending", "vehicle")
REGRESSIONS = ("car_prices", "chicago", "flights", "hotel_rates", "sacramento", "wage")
TABLES = (*CLASSIFICATIONS, *REGRESSIONS)
MOST_ROWS = 5_000  # to train on, so that a run of all methods takes minutes


@dataclass(frozen=True, eq=False)
class Split:
    """Rows to train on and to be judged by, as `pandas.read_csv` gives them."""

    table: str
    seed: int
    X: pd.DataFrame
    y: np.ndarray
    X_test: pd.DataFrame
    y_test: np.ndarray

    @property
    def is_classification(self) -> bool:
        """Whether the target is a class."""
        return self.table in CLASSIFICATIONS


def folder() -> Path:
    """Return where the tables are."""
    found = Path(os.environ.get("SKDEEP_DATA", "")) / "tables"
    if not found.is_dir():
        raise SystemExit(
            "The tables are read from the folder 'tables' of the one named by "
            f"SKDEEP_DATA; got {str(found)!r}, which is none. Set SKDEEP_DATA."
        )
    return found


def split(table: str, seed: int) -> Split:
    """Return 70 % of the rows, at most 5,000, to train on and 30 % for judging."""
    frame = pd.read_csv(folder() / f"{table}.csv.gz")
    X, y = frame.iloc[:, :-1], frame.iloc[:, -1].to_numpy()
    strata = y if table in CLASSIFICATIONS else None
    parts = train_test_split(X, y, test_size=0.3, random_state=seed, stratify=strata)
    X, X_test, y, y_test = parts
    return Split(table, seed, X[:MOST_ROWS], y[:MOST_ROWS], X_test, y_test)
