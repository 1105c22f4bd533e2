"""Pictures of fits, epoch curves, searches and intervals, as scikit-learn has displays.

A display holds numbers; matplotlib is imported when one is plotted.
"""

from skdeep.displays._epoch_curve import EpochCurveDisplay
from skdeep.displays._grid_search import GridSearchDisplay
from skdeep.displays._history import HistoryDisplay
from skdeep.displays._interval import IntervalDisplay

__all__ = [
    "EpochCurveDisplay",
    "GridSearchDisplay",
    "HistoryDisplay",
    "IntervalDisplay",
]
