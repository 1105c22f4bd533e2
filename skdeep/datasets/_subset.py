"""The training rows, the test rows, or both."""

from __future__ import annotations

PARTS = {"train": ("train",), "test": ("test",), "all": ("train", "test")}


def parts_of(subset: str, loader: str) -> tuple[str, ...]:
    """Return the parts that make a subset, in order."""
    if subset not in PARTS:
        raise ValueError(
            f"{loader} expects subset to be 'train', 'test' or 'all'; got {subset!r}. "
            "Pass 'all' for the training rows followed by the test rows."
        )
    return PARTS[subset]
