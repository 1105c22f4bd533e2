"""At which line a warning points: the one of the user's program that led to it.

How many frames lie between it and skdeep differs: decorators, Pipelines, searches and
joblib may be in between. From Python 3.12 on ``warnings.warn`` has
``skip_file_prefixes`` for this.
"""

from __future__ import annotations

import os
import sys
from types import FrameType

import joblib
import sklearn

SEARCHES = tuple(
    os.path.join(os.path.dirname(file), "model_selection") + os.sep
    for file in (__file__, sklearn.__file__)
)
IN_BETWEEN = tuple(
    os.path.dirname(file) + os.sep
    for file in (__file__, sklearn.__file__, joblib.__file__)
)


def stacklevel_of_user() -> int:
    """Return the ``stacklevel`` that a caller of ``warnings.warn`` gives it.

    In a thread or process of a search no user's line is on the stack; there it is the
    first frame outside, that of Python's pool.
    """
    level, frame = 1, sys._getframe(1)
    while frame.f_code.co_filename.startswith(IN_BETWEEN) and frame.f_back is not None:
        level, frame = level + 1, frame.f_back
    return level


def is_in_search() -> bool:
    """Return whether a search, a cross validation or a curve is what fits.

    What one of its candidates leaves unused, another may use.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not frame.f_code.co_filename.startswith(SEARCHES):
        frame = frame.f_back
    return frame is not None
