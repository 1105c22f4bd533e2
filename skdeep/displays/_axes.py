"""How names and values read on axes, and how axes are scaled."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from numbers import Real
from typing import Any

import numpy as np

# Errors that span this factor hide their small values on a linear axis; colours do so
# earlier.
WIDE, WIDE_FOR_COLORS = 10, 3
NEGATIVE = "negative "
LEGEND = {"framealpha": 0.8, "edgecolor": "none"}
MAX_LENGTH = 24  # letters of a value
MAX_LABELS = 12  # values named along an axis


def score_label(scoring: Any) -> str:
    """Name a score: "neg_mean_absolute_error" → "Negative mean absolute error"."""
    name = (
        scoring if isinstance(scoring, str) else getattr(scoring, "__name__", "score")
    )
    if name.startswith("neg_"):
        name = "negative_" + name.removeprefix("neg_")
    return _capitalized(readable(name))


def shown_negated(negate_score: Any, label: str) -> bool:
    """Resolve ``negate_score``: "auto" turns negative errors into errors."""
    if negate_score == "auto":
        return label.lower().startswith(NEGATIVE)
    return bool(negate_score)


def negated_label(label: str) -> str:
    """Name minus a score."""
    if label.lower().startswith(NEGATIVE):
        return _capitalized(label[len(NEGATIVE) :])
    return _capitalized(NEGATIVE + label[:1].lower() + label[1:])


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def readable(name: str) -> str:
    """Write a column or parameter as words."""
    return name.replace("_", " ")


def value_label(value: Any) -> str:
    """Write the value of a parameter as short as it can be understood."""
    if isinstance(value, float):
        text = f"{value:.4g}"
    elif callable(value) and hasattr(value, "__name__"):
        text = value.__name__
    elif hasattr(value, "get_params") or hasattr(value, "get_config"):
        text = type(value).__name__
    else:
        text = str(value)
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"


def are_numbers(values: Sequence[Any]) -> bool:
    """Say whether values have places on a number line."""
    return all(isinstance(v, Real) and not isinstance(v, bool) for v in values)


def wide_range(values: Any, factor: float = WIDE) -> bool:
    """Say whether errors are easier to read on a logarithmic scale."""
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    if not values.size or values.min() <= 0:
        return False
    return bool(values.max() >= factor * values.min())


def spread_geometrically(values: Sequence[float]) -> bool:
    """Say whether sorted numbers step by factors, as learning rates usually do.

    They do if their median lies nearer to the middle on a logarithmic axis.
    """
    numbers = np.asarray(values, float)
    if len(numbers) < 2 or numbers[0] <= 0 or numbers[-1] < 10 * numbers[0]:
        return False
    return len(numbers) == 2 or _imbalance(np.log(numbers)) < _imbalance(numbers)


def _imbalance(numbers: np.ndarray) -> float:
    """How far the median is from the middle, as a share of the range."""
    low, median, high = numbers[0], np.median(numbers), numbers[-1]
    return float(abs((median - low) / (high - low) - 0.5))


def use_log_scale(axis: Any) -> None:
    """Make an axis logarithmic."""
    getattr(axis.axes, f"set_{axis.axis_name}scale")("log")
    write_plain_numbers(axis)


def write_plain_numbers(axis: Any) -> None:
    """Write 0.01 instead of 10 to the -2 at a logarithmic axis; 2 and 5 if few."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    axis.set_major_formatter(FuncFormatter(lambda value, _: value_label(value)))
    axis.set_minor_locator(LogLocator(subs=[2, 5]))
    axis.set_minor_formatter(FuncFormatter(partial(_between_decades, axis)))


def _between_decades(axis: Any, value: float, _: int) -> str:
    """Label a minor tick where there is room: up an axis of less than three decades."""
    low, high = axis.get_view_interval()
    return value_label(value) if axis.axis_name == "y" and high < 300 * low else ""


def count_epochs(axis: Any) -> None:
    """Put ticks at round numbers of epochs."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))


def label_cells(axis: Any, values: Sequence[Any]) -> None:
    """Write values under (or beside) cells 0, 1, ..., slanted if there is no room."""
    step = -(-len(values) // MAX_LABELS)
    places = range(0, len(values), step)
    labels = [value_label(values[i]) for i in places]
    axis.set_ticks(places, labels)
    if axis.axis_name == "x" and sum(len(t) + 1 for t in labels) > _letters(axis):
        for tick in axis.get_ticklabels():
            tick.set(rotation=40, ha="right", rotation_mode="anchor")


def place_values(axis: Any, values: Sequence[Any]) -> np.ndarray:
    """Scale an axis for sorted values; return where each is.

    Numbers are on a linear or logarithmic axis; what is no number, and factors with a
    zero in front ("no penalty"), are side by side.
    """
    numbers = are_numbers(values)
    off = numbers and len(values) > 2 and values[0] == 0
    if not numbers or (off and spread_geometrically(values[1:])):
        label_cells(axis, values)
        return np.arange(len(values))
    logarithmic = spread_geometrically(values)
    if logarithmic:
        use_log_scale(axis)
    if _fit_side_by_side(axis, values, logarithmic):
        from matplotlib.ticker import NullLocator

        axis.set_ticks(values, [value_label(v) for v in values])
        axis.set_minor_locator(NullLocator())
    return np.asarray(values)


def _fit_side_by_side(axis: Any, values: Sequence[Any], logarithmic: bool) -> bool:
    """Say whether a tick at every value leaves room for its label."""
    if not 2 <= len(values) <= MAX_LABELS:
        return len(values) == 1
    places = np.log(values) if logarithmic else np.asarray(values, float)
    gaps = np.diff(places) / (places[-1] - places[0]) * _letters(axis)
    lengths = np.array([len(value_label(v)) for v in values])
    return bool((gaps >= (lengths[1:] + lengths[:-1]) / 2 + 0.5).all())


def _letters(axis: Any) -> float:
    """How many letters fit side by side along an axis, colour bars allowed for."""
    extent = axis.axes.get_window_extent()
    inches = extent.width / axis.axes.figure.dpi
    # 72 points are an inch, and a letter takes 6.2 of them.
    return float(0.8 * inches * 72 / 6.2)


def ring(ax: Any, x: Any, y: Any, color: Any, **style: Any) -> Any:
    """Mark a point as the best."""
    look = {"markersize": 8, "markerfacecolor": "white", "markeredgewidth": 2, **style}
    (mark,) = ax.plot(
        [x], [y], color=color, linestyle="none", marker="o", zorder=5, **look
    )
    return mark
