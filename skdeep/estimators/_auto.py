"""What "auto" stands for: fixed rules of the number of rows, blind to the values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# On tables of 400 to 900 training rows the tenth that is held out cost more than the
# best weights gave; of several networks each holds out other rows, so all are used.
FEWEST_ROWS_TO_STOP = 1_000
FEWEST_ROWS_FOR_MEMBERS = 200
# Fewer make a handful of batches: chance would decide what is left of them, and weights
# of rows would train differently than copies of rows.
FEWEST_ROWS_TO_DROP = 200
# On three tables of 560 to 650 rows waves raised the log loss by 6 % and lowered RMSEs
# by 1 %; on those of 1,000 to 5,000 they lowered both.
FEWEST_ROWS_TO_EMBED = 1_000


def embedding_of(numeric_embedding: str | None, n_rows: int) -> str | None:
    """Return the embedding of numbers that a first fit of so many rows has."""
    if numeric_embedding != "auto":
        return numeric_embedding
    return "periodic" if n_rows >= FEWEST_ROWS_TO_EMBED else None


def without_auto(
    parameters: Mapping[str, Any], n_rows: int, is_partial: bool, fewest_to_stop: int
) -> dict[str, Any]:
    """Return the parameters as a fit of so many rows has them.

    Parameters
    ----------
    parameters : mapping
        Of the constructor.
    n_rows : int
        To train on, before any are held out.
    is_partial : bool
        Whether the rows are some of those that will come: then nothing is decided by
        their number.
    fewest_to_stop : int
        Rows from which on to stop early.
    """
    decided: dict[str, Any] = {}
    if _is_auto(parameters.get("early_stopping")):
        decided["early_stopping"] = not is_partial and n_rows >= fewest_to_stop
    if _is_auto(parameters.get("dropout")) and n_rows < FEWEST_ROWS_TO_DROP:
        decided["dropout"] = 0.0  # else the layer knows which widths it is for
    return {**parameters, **decided}


def _is_auto(value: Any) -> bool:
    """Whether it is the string; arrays would compare element by element."""
    return isinstance(value, str) and value == "auto"
