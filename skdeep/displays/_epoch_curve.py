"""Scores of training and held-out rows over the epochs of a cross validation."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.model_selection import ValidationCurveDisplay

from skdeep.displays._axes import (
    LEGEND,
    count_epochs,
    negated_label,
    ring,
    score_label,
    shown_negated,
    use_log_scale,
    wide_range,
)
from skdeep.displays._matplotlib import full_names, load_pyplot
from skdeep.model_selection import epoch_curve


class EpochCurveDisplay:
    """Scores after every epoch, which say how many epochs it takes.

    Lines are means over the folds, bands are one standard deviation to both sides, and
    the epoch with the best mean score of the held-out rows is marked.

    Use :meth:`from_estimator`, or give the arrays that ``epoch_curve`` returned; all
    parameters are stored as attributes.

    Parameters
    ----------
    epochs : ndarray of shape (n_epochs,)
        Numbers of epochs.
    train_scores : ndarray of shape (n_epochs, n_folds)
        Scores of the training rows; larger is better.
    test_scores : ndarray of shape (n_epochs, n_folds)
        Scores of the rows held out.
    score_name : str, default=None
        What the scores are, such as "Accuracy"; None is "Score".

    Attributes
    ----------
    best_epoch_ : int
        The epoch with the largest mean of ``test_scores``.
    ax_ : Axes
        The axes.
    figure_ : Figure
        The figure around them.
    lines_ : list of Line2D
        The means.
    fill_between_ : list of PolyCollection or None
        The bands.
    mark_ : Line2D or None
        The mark of the best epoch.

    See Also
    --------
    skdeep.model_selection.epoch_curve : The numbers.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdeep import DNNClassifier
    >>> from skdeep.displays import EpochCurveDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> net = DNNClassifier((12, 6), learning_rate=0.01, epochs=60, random_state=0)
    >>> display = EpochCurveDisplay.from_estimator(net, X, y, scoring="accuracy")
    >>> display.best_epoch_ > 10
    True
    """

    def __init__(
        self,
        *,
        epochs: np.ndarray,
        train_scores: np.ndarray,
        test_scores: np.ndarray,
        score_name: str | None = None,
    ):
        self.epochs = epochs
        self.train_scores = train_scores
        self.test_scores = test_scores
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        groups: Any = None,
        cv: Any = None,
        scoring: Any = None,
        n_jobs: int | None = None,
        pre_dispatch: int | str = "all",
        verbose: int = 0,
        params: dict[str, Any] | None = None,
        ax: Any = None,
        negate_score: Any = "auto",
        score_name: str | None = None,
        score_type: str = "both",
        std_display_style: str | None = "fill_between",
        first_epoch: int = 1,
        line_kw: dict[str, Any] | None = None,
        fill_between_kw: dict[str, Any] | None = None,
    ) -> EpochCurveDisplay:
        """Cross-validate, score after every epoch, and plot.

        Parameters
        ----------
        estimator : estimator of skdeep, or Pipeline that ends in one
            Its ``epochs`` are the length of the curve.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        groups, cv, scoring, n_jobs, pre_dispatch, verbose, params
            See :func:`skdeep.model_selection.epoch_curve`.
        ax : Axes, default=None
            Where to plot; None makes a figure.
        negate_score : bool or "auto", default="auto"
            Show minus the scores. "auto" does so for ``scoring`` that starts with
            ``neg_``, so that errors are positive.
        score_name : str, default=None
            Label of the y axis; None takes it from ``scoring``.
        score_type : {"both", "train", "test"}, default="both"
            Which scores to show.
        std_display_style : "fill_between" or None, default="fill_between"
            Whether to show bands.
        first_epoch : int, default=1
            Leave out the epochs before it, whose scores may dwarf all others.
        line_kw, fill_between_kw : dict, default=None
            Passed to ``Axes.plot`` and ``Axes.fill_between``.

        Returns
        -------
        EpochCurveDisplay
            The plotted display.
        """
        epochs, train_scores, test_scores = epoch_curve(
            estimator,
            X,
            y,
            groups=groups,
            cv=cv,
            scoring=scoring,
            n_jobs=n_jobs,
            pre_dispatch=pre_dispatch,
            verbose=verbose,
            params=params,
        )
        display = cls(
            epochs=epochs,
            train_scores=train_scores,
            test_scores=test_scores,
            score_name=score_label(scoring),
        )
        return display.plot(
            ax,
            negate_score=negate_score,
            score_name=score_name,
            score_type=score_type,
            std_display_style=std_display_style,
            first_epoch=first_epoch,
            line_kw=line_kw,
            fill_between_kw=fill_between_kw,
        )

    @property
    def best_epoch_(self) -> int:
        """The epoch with the largest mean score of the rows held out."""
        return int(self.epochs[np.nanargmax(np.mean(self.test_scores, axis=1))])

    def plot(
        self,
        ax: Any = None,
        *,
        negate_score: Any = "auto",
        score_name: str | None = None,
        score_type: str = "both",
        std_display_style: str | None = "fill_between",
        first_epoch: int = 1,
        line_kw: dict[str, Any] | None = None,
        fill_between_kw: dict[str, Any] | None = None,
    ) -> EpochCurveDisplay:
        """Plot the curve.

        Parameters
        ----------
        ax : Axes, default=None
            Where to plot; None makes a figure.
        negate_score : bool or "auto", default="auto"
            Show minus the scores. "auto" does so if the name of the score starts with
            "Negative", so that errors are positive.
        score_name : str, default=None
            Label of the y axis; None derives it from the name in the display.
        score_type : {"both", "train", "test"}, default="both"
            Which scores to show.
        std_display_style : "fill_between" or None, default="fill_between"
            Whether to show bands.
        first_epoch : int, default=1
            Leave out the epochs before it, whose scores may dwarf all others.
        line_kw, fill_between_kw : dict, default=None
            Passed to ``Axes.plot`` and ``Axes.fill_between``.

        Returns
        -------
        EpochCurveDisplay
            The display itself.
        """
        plt = load_pyplot("EpochCurveDisplay.plot")
        self._check_choices(score_type, std_display_style, first_epoch)
        name = self.score_name or "Score"
        negated = shown_negated(negate_score, name)
        if ax is None:
            _, ax = plt.subplots(figsize=(5.6, 3.8), layout="constrained")
        drawn = self._curves(first_epoch).plot(
            ax,
            negate_score=negated,
            score_type=score_type,
            std_display_style=std_display_style,
            line_kw={
                "linewidth": 1.8,
                "marker": "o" if first_epoch == self.epochs[-1] else None,
                **full_names(line_kw, plt.Line2D),
            },
            fill_between_kw={"alpha": 0.2, "linewidth": 0, **(fill_between_kw or {})},
        )
        self.ax_, self.figure_ = ax, ax.figure
        self.lines_, self.fill_between_ = drawn.lines_, drawn.fill_between_
        self.mark_: Any = None
        if score_type != "train" and self.best_epoch_ >= first_epoch:
            self._mark_best(self.lines_[-1])
        label = score_name or (negated_label(name) if negated else name)
        self._dress(label, are_errors=negated)
        return self

    def _check_choices(
        self, score_type: str, std_display_style: str | None, first_epoch: int
    ) -> None:
        """Refuse what cannot be shown."""
        if score_type not in ("both", "train", "test"):
            raise ValueError(
                f"score_type must be 'both', 'train' or 'test'; got {score_type!r}. "
                "Choose one of them."
            )
        if std_display_style not in ("fill_between", None):
            raise ValueError(
                "std_display_style must be 'fill_between' or None; got "
                f"{std_display_style!r}. Choose one of them."
            )
        if not 1 <= first_epoch <= self.epochs[-1]:
            raise ValueError(
                f"first_epoch must be an epoch of the curve, 1 to {self.epochs[-1]}; "
                f"got {first_epoch}. Choose one that leaves something to show."
            )

    def _curves(self, first_epoch: int) -> ValidationCurveDisplay:
        """Return scikit-learn's display of the scores from an epoch on."""
        shown = np.asarray(self.epochs) >= first_epoch
        epochs, train, test = (
            np.asarray(values, float)[shown]
            for values in (self.epochs, self.train_scores, self.test_scores)
        )
        if len(epochs) == 1:  # scikit-learn 1.9 divides by gaps between epochs
            epochs, train, test = map(_with_gap, (epochs, train, test))
        return ValidationCurveDisplay(
            param_name="epoch", param_range=epochs, train_scores=train, test_scores=test
        )

    def _mark_best(self, line: Any) -> None:
        """Mark the best epoch on the line of the held-out rows. Sets: ``mark_``."""
        best = self.best_epoch_
        height = line.get_ydata()[list(line.get_xdata()).index(best)]
        self.mark_ = ring(self.ax_, best, height, line.get_color())
        self.mark_.set_label(f"best epoch: {best}")

    def _dress(self, label: str, *, are_errors: bool) -> None:
        """Label and scale the axes."""
        if are_errors and wide_range([line.get_ydata() for line in self.lines_]):
            use_log_scale(self.ax_.yaxis)
        self.ax_.set(xlabel="epoch", ylabel=label)
        count_epochs(self.ax_.xaxis)
        self.ax_.spines[["top", "right"]].set_visible(False)
        self.ax_.legend(**LEGEND)


def _with_gap(values: np.ndarray) -> np.ndarray:
    """Append as many values that are not drawn."""
    return np.append(values, np.full_like(values, np.nan), axis=0)
