"""Scores of a search over one or two of its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skdeep.displays._axes import (
    LEGEND,
    WIDE_FOR_COLORS,
    are_numbers,
    label_cells,
    negated_label,
    place_values,
    readable,
    ring,
    score_label,
    shown_negated,
    use_log_scale,
    value_label,
    wide_range,
    write_plain_numbers,
)
from skdeep.displays._matplotlib import full_names, load_pyplot
from skdeep.displays._search_results import (
    best_over_rest,
    names_of,
    score_of,
    without_steps,
)

MAX_VALUES = 100  # cells with a number in them


class GridSearchDisplay:
    """Scores of a search: a heat map over two parameters, or a line over one.

    Where a search tried more parameters, the best score over all the others is shown.
    The best setting of all is marked. A random search over two ranges of numbers fills
    no grid; it is shown as points.

    Use :meth:`from_estimator`; all parameters are stored as attributes.

    Parameters
    ----------
    param_names : sequence of one or two str
        The parameters; the first is on the x axis.
    param_values : sequence of one or two lists
        Their values, in the order of the axes.
    scores : ndarray of shape (n_values,) or (n_x_values, n_y_values)
        Mean scores, larger is better; NaN where nothing was tried.
    deviations : ndarray of the same shape, default=None
        Standard deviations of the scores over the folds.
    best : tuple of int, default=None
        Where in ``scores`` the best setting is; None is the largest score.
    score_name : str, default=None
        What is scored; None is "Score".

    Attributes
    ----------
    ax_ : Axes
        The axes.
    figure_ : Figure
        The figure around them.
    im_ : AxesImage or None
        The heat map.
    points_ : PathCollection or None
        The points of a random search.
    text_ : ndarray of Text or None
        The numbers in a heat map.
    colorbar_ : Colorbar or None
        The colour bar.
    lines_ : list of Line2D or None
        The line over one parameter.
    fill_between_ : PolyCollection or None
        One standard deviation to both sides of the line.
    mark_ : Rectangle or Line2D
        The mark of the best setting.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skdeep import DNNClassifier
    >>> from skdeep.displays import GridSearchDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> net = DNNClassifier((8,), epochs=20, random_state=0)
    >>> grid = {"learning_rate": [0.001, 0.01, 0.1], "l2": [0.001, 0.01]}
    >>> search = GridSearchCV(net, grid, cv=3).fit(X, y)
    >>> display = GridSearchDisplay.from_estimator(search)
    >>> display.scores.shape
    (3, 2)
    """

    def __init__(
        self,
        *,
        param_names: Sequence[str],
        param_values: Sequence[Sequence[Any]],
        scores: np.ndarray,
        deviations: np.ndarray | None = None,
        best: tuple[int, ...] | None = None,
        score_name: str | None = None,
    ):
        self.param_names = param_names
        self.param_values = param_values
        self.scores = scores
        self.deviations = deviations
        self.best = best
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls,
        search: Any,
        *,
        params: str | Sequence[str] | None = None,
        metric: str | None = None,
        ax: Any = None,
        negate_score: Any = "auto",
        score_name: str | None = None,
        include_values: Any = "auto",
        values_format: str | None = None,
        colorbar: bool = True,
        im_kw: dict[str, Any] | None = None,
        text_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> GridSearchDisplay:
        """Plot a fitted search.

        Parameters
        ----------
        search : fitted GridSearchCV, RandomizedSearchCV or the like
            What has ``cv_results_``.
        params : str or sequence of one or two str, default=None
            Parameters to show; the name of a step may be left out
            ("learning_rate" for "dnnregressor__learning_rate"). None shows the two
            that matter most: over whose values the best scores differ most.
        metric : str, default=None
            Which score of a search with several; None is the one of ``refit``.
        ax : Axes, default=None
            Where to plot; None makes a figure.
        negate_score : bool or "auto", default="auto"
            Show minus the scores. "auto" does so for scores that start with ``neg_``,
            so that errors are positive.
        score_name : str, default=None
            Label of the scores; None takes it from the search.
        include_values : bool or "auto", default="auto"
            Write the scores into the heat map. "auto" does up to 100 of them.
        values_format : str, default=None
            Format of these, such as ".2f"; None shows three digits of the best.
        colorbar : bool, default=True
            Show a colour bar.
        im_kw, text_kw, line_kw : dict, default=None
            Passed to ``Axes.imshow`` (or ``Axes.scatter`` for points), ``Axes.text``
            and ``Axes.plot``.

        Returns
        -------
        GridSearchDisplay
            The plotted display.
        """
        check_is_fitted(search, "cv_results_")
        scoring = score_of(search, metric)
        names = names_of(search, params, metric)
        values, scores, deviations, best = best_over_rest(search, names, metric)
        display = cls(
            param_names=names,
            param_values=values,
            scores=scores,
            deviations=deviations,
            best=best,
            score_name=score_label(scoring),
        )
        return display.plot(
            ax,
            negate_score=negate_score,
            score_name=score_name,
            include_values=include_values,
            values_format=values_format,
            colorbar=colorbar,
            im_kw=im_kw,
            text_kw=text_kw,
            line_kw=line_kw,
        )

    def plot(
        self,
        ax: Any = None,
        *,
        negate_score: Any = "auto",
        score_name: str | None = None,
        include_values: Any = "auto",
        values_format: str | None = None,
        colorbar: bool = True,
        im_kw: dict[str, Any] | None = None,
        text_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> GridSearchDisplay:
        """Plot the scores.

        Parameters
        ----------
        ax : Axes, default=None
            Where to plot; None makes a figure.
        negate_score : bool or "auto", default="auto"
            Show minus the scores. "auto" does so if the name of the score starts with
            "Negative", so that errors are positive.
        score_name : str, default=None
            Label of the scores; None derives it from the name in the display.
        include_values : bool or "auto", default="auto"
            Write the scores into the heat map. "auto" does up to 100 of them.
        values_format : str, default=None
            Format of these, such as ".2f"; None shows three digits of the best.
        colorbar : bool, default=True
            Show a colour bar.
        im_kw, text_kw, line_kw : dict, default=None
            Passed to ``Axes.imshow`` (or ``Axes.scatter`` for points), ``Axes.text``
            and ``Axes.plot``.

        Returns
        -------
        GridSearchDisplay
            The display itself.
        """
        plt = load_pyplot("GridSearchDisplay.plot")
        name = self.score_name or "Score"
        negated = shown_negated(negate_score, name)
        label = score_name or (negated_label(name) if negated else name)
        shown = -self.scores if negated else self.scores
        if ax is None:
            _, ax = plt.subplots(figsize=self._size(), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self.im_: Any = None
        self.points_: Any = None
        self.text_: Any = None
        self.colorbar_: Any = None
        self.lines_: Any = None
        self.fill_between_: Any = None
        if len(self.param_names) == 1:
            self._plot_line(shown, negated, label, full_names(line_kw, plt.Line2D))
            return self
        wide = negated and wide_range(shown, WIDE_FOR_COLORS)
        style = {
            "cmap": "viridis_r" if negated else "viridis",  # the best are bright
            "norm": "log" if wide else "linear",
            **(im_kw or {}),
        }
        if self._is_scattered():
            self._plot_points(shown, style)
        else:
            self._plot_map(shown, style)
            few = shown.size <= MAX_VALUES
            if few if include_values == "auto" else include_values:
                self._write_values(shown, values_format, full_names(text_kw, plt.Text))
        if colorbar:
            self._add_colorbar(label, style["norm"])
        return self

    def _is_scattered(self) -> bool:
        """Say whether the settings are points of a plane rather than cells."""
        share = np.isfinite(self.scores).mean()
        return share < 0.5 and all(map(are_numbers, self.param_values))

    def _size(self) -> tuple[float, float]:
        """Size of a figure with room for every cell, within reason."""
        if len(self.param_names) == 1 or self._is_scattered():
            return 5.6, 3.8
        n_x, n_y = (len(values) for values in self.param_values)
        width, height = 2.4 + 0.8 * n_x, 1.2 + 0.6 * n_y
        return float(np.clip(width, 5.0, 12.0)), float(np.clip(height, 3.2, 10.0))

    def _best(self) -> tuple[int, ...]:
        """Where the best setting is."""
        if self.best is not None:
            return self.best
        at = np.unravel_index(np.nanargmax(self.scores), self.scores.shape)
        return tuple(int(i) for i in at)

    def _axes(self) -> Any:
        """The axes with what they show: axis, label, values."""
        labels = [readable(without_steps(name)) for name in self.param_names]
        axes = (self.ax_.xaxis, self.ax_.yaxis)[: len(labels)]
        return zip(axes, labels, self.param_values, strict=True)

    def _plot_map(self, shown: np.ndarray, style: dict[str, Any]) -> None:
        """Plot the heat map. Sets: ``im_``, ``mark_``."""
        from matplotlib.patches import Rectangle

        style = {"origin": "lower", "aspect": "auto", **style}
        # imshow takes (n_y_values, n_x_values).
        self.im_ = self.ax_.imshow(np.ma.masked_invalid(shown.T), **style)
        for axis, label, values in self._axes():
            label_cells(axis, values)
            axis.set_label_text(label)
        x, y = self._best()
        frame = Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, zorder=4)
        frame.set(edgecolor="tab:red", linewidth=3, clip_on=False)
        self.mark_ = self.ax_.add_patch(frame)
        self.ax_.set_facecolor("0.9")
        self.ax_.spines[:].set_visible(False)
        self.ax_.tick_params(which="both", length=0)

    def _plot_points(self, shown: np.ndarray, style: dict[str, Any]) -> None:
        """Plot settings as points. Sets: ``points_``, ``mark_``."""
        places = []
        for axis, label, values in self._axes():
            places.append(place_values(axis, values))
            axis.set_label_text(label)
        x, y = np.meshgrid(*places, indexing="ij")
        tried, best = np.isfinite(shown), self._best()
        style = {"s": 60, **style}
        self.points_ = self.ax_.scatter(x[tried], y[tried], c=shown[tried], **style)
        look = {"markersize": 12, "markerfacecolor": "none"}
        self.mark_ = ring(self.ax_, x[best], y[best], "tab:red", **look)
        self.ax_.spines[["top", "right"]].set_visible(False)

    def _write_values(
        self, shown: np.ndarray, values_format: str | None, text_kw: dict[str, Any]
    ) -> None:
        """Write the scores into the cells. Sets: ``text_``."""
        best = self._best()
        values_format = values_format or _format_for(shown[best])
        self.text_ = np.full(shown.shape, None, dtype=object)
        for (x, y), value in np.ndenumerate(shown):
            if not np.isfinite(value):
                continue
            style = {
                "color": _readable_on(self.im_.cmap(self.im_.norm(value))),
                "fontweight": "bold" if (x, y) == best else "normal",
                "horizontalalignment": "center",
                "verticalalignment": "center",
            }
            text = format(value, values_format)
            self.text_[x, y] = self.ax_.text(x, y, text, **{**style, **text_kw})

    def _add_colorbar(self, label: str, norm: Any) -> None:
        """Say what the colours mean. Sets: ``colorbar_``."""
        drawn = self.im_ if self.points_ is None else self.points_
        self.colorbar_ = self.figure_.colorbar(drawn, ax=self.ax_, label=label)
        self.colorbar_.outline.set_visible(False)
        if norm == "log":
            write_plain_numbers(self.colorbar_.ax.yaxis)

    def _plot_line(
        self, shown: np.ndarray, negated: bool, label: str, line_kw: dict[str, Any]
    ) -> None:
        """Plot the line. Sets: ``lines_``, ``fill_between_``, ``mark_``."""
        ((axis, name, values),) = self._axes()
        ax, places, (best,) = self.ax_, place_values(axis, values), self._best()
        style = {"marker": "o", "markersize": 4, "linewidth": 1.8, **line_kw}
        self.lines_ = ax.plot(places, shown, **style)
        color = self.lines_[0].get_color()
        if self.deviations is not None:
            low, high = shown - self.deviations, shown + self.deviations
            self.fill_between_ = ax.fill_between(
                places, low, high, color=color, alpha=0.2, linewidth=0
            )
        self.mark_ = ring(ax, places[best], shown[best], color)
        self.mark_.set_label(f"best: {value_label(values[best])}")
        if negated and wide_range(shown):
            use_log_scale(ax.yaxis)
        ax.set(xlabel=name, ylabel=label)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(**LEGEND)


def _format_for(best: float) -> str:
    """Three digits of the best score, which is what others are compared with."""
    if best == 0:
        return ".3f"
    return f".{int(np.clip(2 - np.floor(np.log10(abs(best))), 0, 4))}f"


def _readable_on(color: Sequence[float]) -> str:
    """Black on bright colours, white on dark ones."""
    red, green, blue = color[:3]
    # The brightness of a colour as ITU-R BT.601 weighs it.
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"
