"""Values ↔ a tree of JSON and a list of arrays."""

from __future__ import annotations

import math
from typing import Any, NoReturn

import numpy as np

from skdeep.persistence._archive import ArchiveReader, damaged
from skdeep.persistence._objects import OBJECT_KINDS
from skdeep.persistence._plain import PLAIN_KINDS
from skdeep.persistence._sizes import MAX_IMPLIED_NUMBERS

# The first kind that holds a value writes it.
KINDS = (*PLAIN_KINDS, *OBJECT_KINDS)
DECODERS = {kind.name: kind.decode for kind in KINDS}


class TreeWriter:
    """Turn values into JSON; sets ``arrays`` to what JSON does not hold."""

    def __init__(self) -> None:
        self.arrays: list[np.ndarray] = []
        self._n_implied = 0

    def write(self, value: Any, where: str) -> Any:
        """Return JSON for a value, or refuse it by the name of its place."""
        # Exactly these: NumPy's float64 is a float, too, and would come back as a plain
        # one.
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float and math.isfinite(value):
            return value
        for kind in KINDS:
            if kind.holds(value):
                return {"kind": kind.name, **kind.encode(self, value, where)}
        if type(value) is list:
            return [self.write(v, f"{where}[{i}]") for i, v in enumerate(value)]
        self.refuse(value, where)

    def keep(self, array: np.ndarray) -> int:
        """Put an array aside and return its number."""
        self.arrays.append(array)
        return len(self.arrays) - 1

    def count_numbers(self, n_numbers: int, where: str) -> None:
        """Refuse Keras objects that ``load`` would refuse for their size."""
        self._n_implied += n_numbers
        if self._n_implied > MAX_IMPLIED_NUMBERS:
            raise TypeError(
                "skdeep.save stores Keras objects that hold at most "
                f"{MAX_IMPLIED_NUMBERS} numbers together; got {where}, which brings "
                f"them to {self._n_implied}. Give it by name, leave it out, or use "
                "joblib.dump, whose files run code when they are loaded."
            )

    def refuse(self, value: Any, where: str) -> NoReturn:
        """Say what cannot be stored, and where it is."""
        shown = repr(value)
        shown = shown if len(shown) < 80 else f"{shown[:77]}..."
        raise TypeError(
            "skdeep.save stores plain values, arrays, estimators of skdeep and "
            "scikit-learn without a cache, and Keras objects with a plain "
            f"configuration; got {where} = {shown} of type {type(value).__name__}. "
            "Give it by name, leave it out, or use joblib.dump, whose files run code "
            "when they are loaded."
        )


class TreeReader:
    """Turn JSON into values; sets ``scikit_learn`` to the classes it made."""

    def __init__(self, archive: ArchiveReader) -> None:
        self._archive = archive
        self.scikit_learn: set[str] = set()
        self._n_implied = 0

    def read(self, tree: Any) -> Any:
        """Return the value of a piece of JSON."""
        if isinstance(tree, list):
            return list(map(self.read, tree))
        if not isinstance(tree, dict):
            return tree
        kind = tree.get("kind")
        if kind not in DECODERS:
            damaged(f"a value of the unknown kind {kind!r}")
        return DECODERS[kind](self, tree)

    def array(self, number: Any) -> np.ndarray:
        """Return an array that was put aside."""
        if type(number) is not int:
            damaged(f"an array with the number {number!r}")
        return self._archive.array(number)

    def count_numbers(self, n_numbers: int, what: str) -> None:
        """Refuse an object whose configuration asks for much memory, before making it.

        The limit is one for the whole file: a thousand objects are no way around it.
        """
        self._n_implied += n_numbers
        if self._n_implied > MAX_IMPLIED_NUMBERS:
            damaged(
                f"the Keras object {what} of up to {n_numbers} numbers, where all of "
                f"a file may hold {MAX_IMPLIED_NUMBERS}"
            )

    def note_scikit_learn(self, name: str) -> None:
        """Remember that a class of scikit-learn is in the file."""
        self.scikit_learn.add(name)
