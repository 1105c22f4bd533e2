"""Loss and metrics of fits over their epochs."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skdeep.callbacks._early_stopping import rises
from skdeep.displays._axes import (
    LEGEND,
    count_epochs,
    readable,
    ring,
    use_log_scale,
    value_label,
    wide_range,
)
from skdeep.displays._matplotlib import full_names, load_pyplot
from skdeep.model_selection._pipeline import last_step

MAX_COLUMNS = 3


class HistoryDisplay:
    """Loss and metrics of one or several fits over their epochs.

    Training values are points where there is a validation line to tell them from, and
    a line where there is none. The best epoch is marked: the one whose weights early
    stopping kept, else the one with the lowest validation loss.

    Use :meth:`from_estimator`; all parameters are stored as attributes.

    Parameters
    ----------
    histories : dict of str to dict of str to list of float
        The ``history_`` of every fit under its label.
    best_epochs : dict of str to int, default=None
        The epoch to mark in the fits that have one, counted from 1.

    Attributes
    ----------
    ax_ : Axes or ndarray of Axes
        One per metric.
    figure_ : Figure
        The figure around them.
    lines_ : list of Line2D
        Training and validation values, metric by metric and fit by fit.
    marks_ : list of Line2D
        The marks of the best epochs.

    See Also
    --------
    EpochCurveDisplay : Scores after every epoch of a cross validation.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdeep import DNNClassifier
    >>> from skdeep.displays import HistoryDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> net = DNNClassifier(epochs=30, early_stopping=True, random_state=0).fit(X, y)
    >>> display = HistoryDisplay.from_estimator(net)
    >>> [ax.get_ylabel() for ax in display.ax_]
    ['loss', 'accuracy']
    """

    def __init__(
        self,
        *,
        histories: Mapping[str, Mapping[str, Sequence[float]]],
        best_epochs: Mapping[str, int] | None = None,
    ):
        self.histories = histories
        self.best_epochs = best_epochs

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        labels: Sequence[str] | None = None,
        metrics: str | Sequence[str] | None = None,
        ax: Any = None,
        log_scale: Any = "auto",
        mark_best: bool = True,
        train_kw: dict[str, Any] | None = None,
        validation_kw: dict[str, Any] | None = None,
    ) -> HistoryDisplay:
        """Plot the history of a fitted estimator, or compare several.

        Parameters
        ----------
        estimator : fitted estimator of skdeep, Pipeline, search, or dict or list
            Pipelines end in an estimator of skdeep, a search has refitted one; the
            keys of a dict of them are labels.
        labels : sequence of str, default=None
            Names of a list of estimators; None numbers them.
        metrics : str or sequence of str, default=None
            Columns of ``history_`` to show, each with its ``val_`` twin ("val_loss"
            shows that alone); None is the loss and all metrics.
        ax : Axes or sequence of Axes, default=None
            Where to plot: one for each metric. None makes a figure.
        log_scale : bool or "auto", default="auto"
            Logarithmic y axes. "auto" makes them for what should fall and falls by a
            factor of 10.
        mark_best : bool, default=True
            Mark the best epochs.
        train_kw, validation_kw : dict, default=None
            Passed to ``Axes.plot`` for training and validation values.

        Returns
        -------
        HistoryDisplay
            The plotted display.
        """
        estimators = _labelled(estimator, labels)
        best = {label: _best_epoch(net) for label, net in estimators.items()}
        display = cls(
            histories={label: net.history_ for label, net in estimators.items()},
            best_epochs={label: epoch for label, epoch in best.items() if epoch},
        )
        return display.plot(
            ax,
            metrics=metrics,
            log_scale=log_scale,
            mark_best=mark_best,
            train_kw=train_kw,
            validation_kw=validation_kw,
        )

    def plot(
        self,
        ax: Any = None,
        *,
        metrics: str | Sequence[str] | None = None,
        log_scale: Any = "auto",
        mark_best: bool = True,
        train_kw: dict[str, Any] | None = None,
        validation_kw: dict[str, Any] | None = None,
    ) -> HistoryDisplay:
        """Plot the histories.

        Parameters
        ----------
        ax : Axes or sequence of Axes, default=None
            Where to plot: one for each metric. None makes a figure.
        metrics : str or sequence of str, default=None
            Columns of the histories to show, each with its ``val_`` twin ("val_loss"
            shows that alone); None is the loss and all metrics.
        log_scale : bool or "auto", default="auto"
            Logarithmic y axes. "auto" makes them for what should fall and falls by a
            factor of 10.
        mark_best : bool, default=True
            Mark the best epochs.
        train_kw, validation_kw : dict, default=None
            Passed to ``Axes.plot`` for training and validation values.

        Returns
        -------
        HistoryDisplay
            The display itself.
        """
        plt = load_pyplot("HistoryDisplay.plot")
        names = self._metric_names(metrics)
        axes = _panels(plt, ax, len(names))
        self.lines_: list[Any] = []
        self.marks_: list[Any] = []
        styles = [full_names(kw, plt.Line2D) for kw in (train_kw, validation_kw)]
        best_epochs = self.best_epochs or {}
        for panel, name in zip(axes, names, strict=True):
            for label, color in self._colors(plt).items():
                line = self._plot_fit(panel, name, label, color, styles)
                if mark_best and line and label in best_epochs:
                    self._mark_best(panel, line, best_epochs[label])
            self._dress(panel, name, log_scale)
        self.ax_ = axes[0] if len(names) == 1 else axes
        self.figure_ = axes[0].figure
        validated = any(f"val_{n}" in h for h in self.histories.values() for n in names)
        self._explain(plt, axes[0], styles if validated else [], outside=ax is None)
        return self

    def _metric_names(self, metrics: str | Sequence[str] | None) -> list[str]:
        """Resolve ``metrics``, and refuse unknown names."""
        known = list(dict.fromkeys(c for h in self.histories.values() for c in h))
        if metrics is None:
            return [
                c for c in known if not c.startswith("val_") and c != "learning_rate"
            ]
        names = [metrics] if isinstance(metrics, str) else list(metrics)
        unknown = [n for n in names if n not in known]
        if unknown or not names:
            raise ValueError(
                f"metrics must be columns of the history, {known}; got {names}. Choose "
                "among them, or add the metric to the estimator and fit again."
            )
        return names

    def _colors(self, plt: Any) -> dict[str, Any]:
        """One colour for each fit."""
        n_fits = len(self.histories)
        colors = [f"C{i}" for i in range(n_fits)]
        if n_fits > 10:
            colors = list(plt.get_cmap("viridis")(np.linspace(0, 0.95, n_fits)))
        return dict(zip(self.histories, colors, strict=True))

    def _plot_fit(
        self, ax: Any, name: str, label: str, color: Any, styles: list[dict[str, Any]]
    ) -> Any:
        """Plot one metric of one fit; return the line that its best epoch is on."""
        history = self.histories[label]
        epochs = np.arange(1, max(map(len, history.values())) + 1)
        train, validation = styles
        line = _line_style(len(epochs))
        points = _point_style(len(epochs)) if f"val_{name}" in history else line
        drawn = None
        for column, style in (
            (name, {"color": color, **points, **train}),
            (f"val_{name}", {"color": self._second(color), **line, **validation}),
        ):
            if column in history:
                style = {"label": f"{label} {column}", **style}
                (drawn,) = ax.plot(epochs, history[column], **style)
                self.lines_.append(drawn)
        return drawn

    def _second(self, color: Any) -> Any:
        """Colour of validation: another one, unless colours tell fits apart."""
        return "C1" if len(self.histories) == 1 else color

    def _mark_best(self, ax: Any, line: Any, epoch: int) -> None:
        """Mark the best epoch of a fit on one of its lines."""
        if len(self.histories) == 1:
            ax.axvline(epoch, color="0.6", linestyle=":", linewidth=1.2, zorder=1)
        height = line.get_ydata()[epoch - 1]
        self.marks_.append(ring(ax, epoch, height, line.get_color()))

    def _dress(self, ax: Any, name: str, log_scale: Any) -> None:
        """Label and scale the axes of a metric."""
        shown = [
            value
            for history in self.histories.values()
            for column in (name, f"val_{name}")
            for value in history.get(column, [])
        ]
        wide = not rises(name, "auto") and wide_range(shown)
        if wide if log_scale == "auto" else log_scale:
            use_log_scale(ax.yaxis)
        ax.set(xlabel="epoch", ylabel=readable(name))
        count_epochs(ax.xaxis)
        ax.spines[["top", "right"]].set_visible(False)

    def _explain(
        self, plt: Any, ax: Any, styles: list[dict[str, Any]], *, outside: bool
    ) -> None:
        """Add one legend, if there is anything to tell apart. Sets: ``legend_``."""
        several = len(self.histories) > 1
        entries = self._style_entries(plt, styles)
        if several:
            fits = [
                (plt.Line2D([], [], color=color, linewidth=3), label)
                for label, color in self._colors(plt).items()
            ]
            entries = [*fits, *entries]
        self.legend_ = None
        if not entries:
            return
        keys, texts = zip(*entries, strict=True)
        if outside and several:
            place = {"loc": "outside right upper", "frameon": False}
            self.legend_ = self.figure_.legend(keys, texts, **place)
        else:
            size = "small" if several else None
            self.legend_ = ax.legend(keys, texts, fontsize=size, **LEGEND)

    def _style_entries(
        self, plt: Any, styles: list[dict[str, Any]]
    ) -> list[tuple[Any, str]]:
        """Say what points and lines mean, if there are both, and what rings mean."""
        single = len(self.histories) == 1
        color = "C0" if single else "0.3"
        entries = []
        if styles:
            train, validation = styles
            point = {"color": color, **_point_style(1), **train}
            line = {"color": self._second(color), **_line_style(2), **validation}
            entries = [
                (plt.Line2D([], [], **point), "training"),
                (plt.Line2D([], [], **line), "validation"),
            ]
        if self.marks_:
            epochs = (self.best_epochs or {}).values()
            text = f"best epoch: {next(iter(epochs))}" if single else "best epoch"
            key = copy.copy(self.marks_[0])
            if not single:
                key.set_color(color)
            entries.append((key, text))
        return entries


def _labelled(estimator: Any, labels: Sequence[str] | None) -> dict[str, Any]:
    """Return the fitted networks under their labels."""
    if isinstance(estimator, Mapping):
        names, fitted = list(map(value_label, estimator)), list(estimator.values())
    elif isinstance(estimator, list | tuple):
        fitted = list(estimator)
        names = [f"fit {i + 1}" for i in range(len(fitted))]
    else:
        names, fitted = [type(_network_of(estimator)).__name__], [estimator]
    if labels is not None:
        names = [str(label) for label in labels]
    if len(set(names)) != len(fitted) or not fitted:
        raise ValueError(
            "HistoryDisplay expects estimators, each with a label of its own; got "
            f"{len(fitted)} estimator(s) and the labels {names}. Give one label for "
            "each."
        )
    networks = [_network_of(est) for est in fitted]
    for network in networks:
        if not hasattr(network, "history_"):
            check_is_fitted(network)
            raise TypeError(
                "HistoryDisplay expects estimators with a history_, as those of skdeep "
                f"have after fit; got {type(network).__name__}. Give it one of those, "
                "or a Pipeline that ends in one."
            )
    return dict(zip(names, networks, strict=True))


def _network_of(estimator: Any) -> Any:
    """Return the network in a Pipeline, or the one that a fitted search has chosen."""
    return last_step(getattr(last_step(estimator), "best_estimator_", estimator))


def _best_epoch(network: Any) -> int | None:
    """Return the epoch early stopping chose, or would have; None without validation."""
    if getattr(network, "do_early_stopping_", network.early_stopping):
        return int(network.best_epoch_)
    losses = np.asarray(network.history_.get("val_loss", []), float)
    return int(np.nanargmin(losses)) + 1 if np.isfinite(losses).any() else None


def _point_style(n_epochs: int) -> dict[str, Any]:
    """Style of training values beside a validation line: the more, the smaller."""
    size = 4.5 if n_epochs <= 40 else 3 if n_epochs <= 120 else 1.8
    return {
        "linestyle": "none",
        "marker": "o",
        "markersize": size,
        "markeredgewidth": 0,
        "alpha": 0.65,
    }


def _line_style(n_epochs: int) -> dict[str, Any]:
    """Style of a line; one epoch makes none, so it gets a point."""
    return {"linewidth": 1.8, "marker": "o" if n_epochs == 1 else None}


def _panels(plt: Any, ax: Any, n_panels: int) -> np.ndarray:
    """Return one Axes per panel."""
    if ax is None:
        n_rows = -(-n_panels // MAX_COLUMNS)
        n_columns = -(-n_panels // n_rows)
        figure, axes = plt.subplots(
            n_rows,
            n_columns,
            figsize=(1.0 + 4.6 * n_columns, 3.6 * n_rows),
            layout="constrained",
            squeeze=False,
        )
        for unused in axes.ravel()[n_panels:]:
            figure.delaxes(unused)
        return axes.ravel()[:n_panels]
    axes = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
    if len(axes) != n_panels:
        raise ValueError(
            f"HistoryDisplay expects one Axes per metric, {n_panels}; got {len(axes)}. "
            f"Make them with plt.subplots(1, {n_panels}), or choose other metrics."
        )
    return axes
