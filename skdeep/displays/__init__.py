"""Pictures of fits, epoch curves and searches, in the style of scikit-learn's displays.

A display holds numbers; matplotlib is imported when one is plotted.
"""

from skdeep.displays._epoch_curve import EpochCurveDisplay
from skdeep.displays._grid_search import GridSearchDisplay
from skdeep.displays._history import HistoryDisplay

__all__ = ["EpochCurveDisplay", "GridSearchDisplay", "HistoryDisplay"]
