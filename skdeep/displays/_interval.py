"""Prediction intervals: around the predictions, and how often they hold the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state

from skdeep.displays._axes import LEGEND
from skdeep.displays._matplotlib import full_names, load_pyplot
from skdeep.model_selection._pipeline import last_step

KINDS = ("intervals", "coverage")


class IntervalDisplay:
    """Intervals against the truth, or how many hold it against how many should.

    ``kind="intervals"`` shows the predictions against the true targets, each with its
    interval; those that the diagonal does not cross miss the truth.
    ``kind="coverage"`` shows for several nominal coverages the share of the targets
    that lie inside: below the diagonal intervals are too narrow, above it too wide.

    Use :meth:`from_estimator`, or :meth:`from_predictions` for intervals of others; all
    parameters are stored as attributes.

    Parameters
    ----------
    y_true : ndarray of shape (n_samples,)
        True targets.
    y_pred : ndarray of shape (n_samples,)
        Predictions.
    intervals : ndarray of shape (n_samples, n_coverages, 2)
        Lower and upper bounds.
    coverages : ndarray of shape (n_coverages,)
        The share of the targets that the intervals are to hold, ascending.

    Attributes
    ----------
    observed_coverages_ : ndarray of shape (n_coverages,)
        The share of the targets that they do hold.
    ax_ : Axes
        The axes.
    figure_ : Figure
        The figure around them.
    lines_ : list of Line2D
        The diagonal, then points or a line.
    bars_ : list of LineCollection
        The intervals that hold the truth, then the others; none of
        ``kind="coverage"``.

    See Also
    --------
    sklearn.metrics.PredictionErrorDisplay : Predictions without intervals.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skdeep import DNNRegressor
    >>> from skdeep.displays import IntervalDisplay
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = DNNRegressor((16,), loss="gaussian", normalize_y=True, epochs=60,
    ...                    random_state=0).fit(X[:300], y[:300])
    >>> display = IntervalDisplay.from_estimator(net, X[300:], y[300:], kind="coverage")
    >>> bool(0.6 < display.observed_coverages_[-2] < 1)
    True
    """

    def __init__(
        self,
        *,
        y_true: np.ndarray,
        y_pred: np.ndarray,
        intervals: np.ndarray,
        coverages: np.ndarray,
    ):
        self.y_true = y_true
        self.y_pred = y_pred
        self.intervals = intervals
        self.coverages = coverages

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        kind: str = "intervals",
        coverage: float | None = None,
        coverages: Any = None,
        subsample: int | None = 500,
        random_state: Any = None,
        ax: Any = None,
        scatter_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> IntervalDisplay:
        """Predict intervals and plot them.

        Parameters
        ----------
        estimator : regressor of skdeep, or Pipeline that ends in one
            Fitted with ``quantiles`` or for a distribution; any estimator with
            ``predict`` and ``predict_interval(X, coverage)`` will do.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows, best those that were not trained on.
        y : array-like of shape (n_samples,)
            Their targets.
        kind : {"intervals", "coverage"}, default="intervals"
            What to show.
        coverage : float, default=None
            Of the intervals to show; None is the one nearest to 0.9.
        coverages : array-like of shape (n_coverages,), default=None
            Those to predict; None is all that the network was fitted for, of a
            distribution ten from 0.1 to 0.95.
        subsample, random_state, ax, scatter_kw, line_kw
            See :meth:`plot`.

        Returns
        -------
        IntervalDisplay
            The plotted display.

        Raises
        ------
        ValueError
            If there are no intervals, or several targets.
        """
        rows, network = _in_front(estimator, X)
        if coverages is None:
            coverages = _coverages_of(network)
        coverages = np.sort(np.ravel(coverages).astype(float))
        found = [network.predict_interval(rows, float(c)) for c in coverages]
        intervals = np.stack(found, axis=1)
        display = cls(**_checked(y, network.predict(rows), intervals, coverages))
        return display.plot(
            ax,
            kind=kind,
            coverage=coverage,
            subsample=subsample,
            random_state=random_state,
            scatter_kw=scatter_kw,
            line_kw=line_kw,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_pred: Any,
        intervals: Any,
        *,
        coverages: Any = 0.9,
        kind: str = "intervals",
        coverage: float | None = None,
        subsample: int | None = 500,
        random_state: Any = None,
        ax: Any = None,
        scatter_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> IntervalDisplay:
        """Plot intervals that anything has predicted, such as a conformal wrapper.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            True targets.
        y_pred : array-like of shape (n_samples,)
            Predictions.
        intervals : array-like of shape (n_samples, 2) or (n_samples, n_coverages, 2)
            Lower and upper bounds; those of MAPIE have the last two axes swapped.
        coverages : float or array-like of shape (n_coverages,), default=0.9
            The share of the targets that the intervals are to hold.
        kind : {"intervals", "coverage"}, default="intervals"
            What to show.
        coverage : float, default=None
            Of the intervals to show; None is the one nearest to 0.9.
        subsample, random_state, ax, scatter_kw, line_kw
            See :meth:`plot`.

        Returns
        -------
        IntervalDisplay
            The plotted display.

        Raises
        ------
        ValueError
            If the shapes do not go together.
        """
        display = cls(**_checked(y_true, y_pred, intervals, coverages))
        return display.plot(
            ax,
            kind=kind,
            coverage=coverage,
            subsample=subsample,
            random_state=random_state,
            scatter_kw=scatter_kw,
            line_kw=line_kw,
        )

    @property
    def observed_coverages_(self) -> np.ndarray:
        """The share of the targets that intervals of each coverage hold."""
        return np.asarray(self._are_inside().mean(axis=0))

    def _are_inside(self) -> np.ndarray:
        """Whether intervals hold the truth, of shape (n_samples, n_coverages)."""
        truth = np.asarray(self.y_true)[:, np.newaxis]
        low, high = self.intervals[..., 0], self.intervals[..., 1]
        inside: np.ndarray = (low <= truth) & (truth <= high)
        return inside

    def plot(
        self,
        ax: Any = None,
        *,
        kind: str = "intervals",
        coverage: float | None = None,
        subsample: int | None = 500,
        random_state: Any = None,
        scatter_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> IntervalDisplay:
        """Plot the intervals.

        Parameters
        ----------
        ax : Axes, default=None
            Where to plot; None makes a figure.
        kind : {"intervals", "coverage"}, default="intervals"
            What to show.
        coverage : float, default=None
            Of the intervals to show; None is the one nearest to 0.9.
        subsample : int or None, default=500
            How many rows to show, drawn; None shows all. Shares are of all rows.
        random_state : int, RandomState instance or None, default=None
            Draws them.
        scatter_kw : dict, default=None
            Passed to ``Axes.plot`` for the points.
        line_kw : dict, default=None
            Passed to ``Axes.plot`` for the diagonal.

        Returns
        -------
        IntervalDisplay
            The display itself.
        """
        plt = load_pyplot("IntervalDisplay.plot")
        if kind not in KINDS:
            raise ValueError(
                f"kind must be 'intervals' or 'coverage'; got {kind!r}. Choose one."
            )
        if ax is None:
            _, ax = plt.subplots(figsize=(4.8, 4.4), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self.lines_: list[Any] = []
        self.bars_: list[Any] = []
        points = full_names(scatter_kw, plt.Line2D)
        diagonal = full_names(line_kw, plt.Line2D)
        if kind == "coverage":
            self._plot_coverage(points, diagonal)
        else:
            place = self._place_of(coverage)
            shown = _drawn(len(self.y_true), subsample, random_state)
            self._plot_intervals(place, shown, points, diagonal)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(**LEGEND)
        return self

    def _place_of(self, coverage: float | None) -> int:
        """The number of the coverage to show."""
        distances = np.abs(np.asarray(self.coverages) - (coverage or 0.9))
        place = int(distances.argmin())
        if coverage is not None and distances[place] > 1e-6:
            raise ValueError(
                f"coverage must be one of {list(map(float, self.coverages))}; got "
                f"{coverage}. Choose one of them, or make the display with it."
            )
        return place

    def _plot_intervals(
        self,
        place: int,
        shown: np.ndarray,
        points: dict[str, Any],
        diagonal: dict[str, Any],
    ) -> None:
        """Plot predictions with their intervals against the truth."""
        inside = self._are_inside()[:, place]
        bounds = self.intervals[:, place]
        truth, predicted = np.asarray(self.y_true), np.asarray(self.y_pred)
        nominal = float(np.asarray(self.coverages)[place])
        for which, color, text in (
            (inside, "C0", f"{inside.mean():.0%} inside, {nominal:.0%} expected"),
            (~inside, "C3", "outside"),
        ):
            rows = shown[which[shown]]
            look = {"colors": color, "alpha": 0.35, "linewidth": 1.2}
            bars = self.ax_.vlines(truth[rows], *bounds[rows].T, label=text, **look)
            self.bars_.append(bars)
        style = {"color": "0.2", "linestyle": "none", "marker": ".", "markersize": 4}
        ends = [truth[shown].min(), truth[shown].max()]
        line = {"color": "0.4", "linewidth": 1.2, "zorder": 1}
        self.lines_ += self.ax_.plot(ends, ends, **line | diagonal)
        self.lines_ += self.ax_.plot(truth[shown], predicted[shown], **style | points)
        self.ax_.set(xlabel="true value", ylabel="predicted value, with its interval")

    def _plot_coverage(self, points: dict[str, Any], diagonal: dict[str, Any]) -> None:
        """Plot observed against nominal coverages."""
        line = {"color": "0.6", "linestyle": "--", "linewidth": 1.2, "zorder": 1}
        line |= {"label": "as it should be"}
        self.lines_ += self.ax_.plot([0, 1], [0, 1], **line | diagonal)
        style = {"marker": "o", "markersize": 5, "linewidth": 1.8, "label": "observed"}
        self.lines_ += self.ax_.plot(
            self.coverages, self.observed_coverages_, **style | points
        )
        self.ax_.set(
            xlabel="nominal coverage",
            ylabel="share of the targets inside",
            xlim=(0, 1),
            ylim=(0, 1.02),
        )
        for axis in (self.ax_.xaxis, self.ax_.yaxis):
            axis.set_major_formatter("{x:.0%}")


def _in_front(estimator: Any, X: Any) -> tuple[Any, Any]:
    """Return rows as the last step of a Pipeline sees them, and that step."""
    while isinstance(estimator, Pipeline):
        X = estimator[:-1].transform(X) if len(estimator.steps) > 1 else X
        estimator = estimator.steps[-1][1]
    return X, last_step(getattr(estimator, "best_estimator_", estimator))


def _coverages_of(network: Any) -> Sequence[float]:
    """The coverages that a fitted network has bounds for."""
    head = getattr(network, "_head", None)
    coverages: Sequence[float] = getattr(
        getattr(head, "output", None), "coverages", (0.9,)
    )
    if not coverages:
        raise ValueError(
            "IntervalDisplay expects a regressor that predicts intervals; got one of "
            f"loss={network.loss!r}. Fit with quantiles=(0.05, 0.5, 0.95), or "
            "loss='gaussian'."
        )
    return coverages


def _checked(
    y_true: Any, y_pred: Any, intervals: Any, coverages: Any
) -> dict[str, np.ndarray]:
    """Return the arrays of a display, or say what does not fit."""
    truth, predicted = np.asarray(y_true), np.asarray(y_pred)
    nominal = np.ravel(coverages).astype(float)
    bounds = np.asarray(intervals)
    bounds = bounds[:, np.newaxis] if bounds.ndim == 2 else bounds
    n_rows = len(truth)
    shape = (n_rows, len(nominal), 2)
    if truth.ndim != 1 or predicted.shape != (n_rows,) or bounds.shape != shape:
        raise ValueError(
            "IntervalDisplay expects one target, and for each row a prediction and an "
            f"interval per coverage; got y of shape {truth.shape}, predictions of "
            f"{predicted.shape} and intervals of {bounds.shape} for {len(nominal)} "
            "coverage(s). Give one target at a time, and bounds on the last axis."
        )
    order = np.argsort(nominal)
    return {
        "y_true": truth,
        "y_pred": predicted,
        "intervals": bounds[:, order],
        "coverages": nominal[order],
    }


def _drawn(n_rows: int, subsample: int | None, random_state: Any) -> np.ndarray:
    """The numbers of the rows to show."""
    if subsample is None or subsample >= n_rows:
        return np.arange(n_rows)
    generator = check_random_state(random_state)
    chosen: np.ndarray = generator.choice(n_rows, subsample, replace=False)
    return chosen
