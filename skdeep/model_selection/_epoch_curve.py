"""How many epochs? Scores after every epoch, from one training per fold.

The folds share one compiled program, and predicting between two epochs compiles
nothing. How a fit lets itself be looked at is the business of ``estimators``.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.base import clone, is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils import indexable
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.parallel import Parallel, delayed

from skdeep._sklearn import check_method_params, safe_indexing
from skdeep.model_selection._checks import check_is_network
from skdeep.model_selection._pipeline import last_step


def epoch_curve(
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
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Score training and held-out rows after every epoch of a cross validation.

    Answers "how many epochs?" from one training per fold, where a validation curve
    over ``epochs`` would train once for every number of epochs. The scores are the
    same to the last bit.

    Parameters
    ----------
    estimator : estimator of skdeep, or Pipeline that ends in one
        Cloned for every fold; its ``epochs`` are the length of the curve. The
        transformers of a Pipeline are fitted on the training rows of the fold.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows; images in any shape that the estimator takes.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets.
    groups : array-like of shape (n_samples,), default=None
        Group of every row, for a ``cv`` that splits by groups.
    cv : int, cross-validation generator or iterable, default=None
        How to split, as in scikit-learn; None makes 5 folds, stratified for
        classifiers. Folds are not shuffled unless the generator does so.
    scoring : str or callable, default=None
        One score: a name that scikit-learn knows, or a callable with the signature
        ``scorer(estimator, X, y)``. None uses the estimator's ``score``.
    n_jobs : int, default=None
        Folds trained at the same time. None is 1 unless joblib says otherwise; each
        process compiles its own program, so that small networks train faster in one.
    pre_dispatch : int or str, default="all"
        How many folds are handed to the workers in advance.
    verbose : int, default=0
        How much joblib tells of its progress.
    params : dict, default=None
        Passed to ``fit``, such as ``sample_weight``; what has one value per row is
        split like the rows. With metadata routing enabled, passed to ``fit``, the
        splitter and the scorer as they request.

    Returns
    -------
    epochs : ndarray of shape (n_epochs,)
        1, 2, ..., ``epochs`` of the estimator.
    train_scores : ndarray of shape (n_epochs, n_folds)
        Scores of the training rows of every fold; larger is better.
    test_scores : ndarray of shape (n_epochs, n_folds)
        Scores of the rows held out.

    Raises
    ------
    TypeError
        If the estimator is none of skdeep's and no Pipeline that ends in one, or if
        there is more than one score.
    ValueError
        If the estimator has ``early_stopping=True``.

    See Also
    --------
    skdeep.displays.EpochCurveDisplay : Plot the curve.
    EpochHalvingSearchCV : Search over other parameters, few epochs for bad ones.

    Notes
    -----
    A fold that a callback stops keeps its last scores to the end of the curve.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import KFold
    >>> from skdeep import DNNClassifier
    >>> from skdeep.model_selection import epoch_curve
    >>> X, y = load_iris(return_X_y=True)
    >>> net = DNNClassifier((12, 6), learning_rate=0.01, epochs=60, random_state=0)
    >>> folds = KFold(3, shuffle=True, random_state=0)
    >>> epochs, train_scores, test_scores = epoch_curve(net, X, y, cv=folds)
    >>> test_scores.shape
    (60, 3)
    >>> best = epochs[test_scores.mean(axis=1).argmax()]
    >>> bool(best > 10)
    True
    """
    _check_network(last_step(estimator))
    _check_one_score(scoring)
    X, y, groups = indexable(X, y, groups)
    cv = check_cv(cv, y, classifier=is_classifier(estimator))
    scorer = check_scoring(estimator, scoring=scoring)
    fit, split, score = _route(estimator, cv, scorer, groups, params or {})

    parallel = Parallel(n_jobs=n_jobs, pre_dispatch=pre_dispatch, verbose=verbose)
    folds = parallel(
        delayed(_fold_scores)(clone(estimator), X, y, fold, scorer, fit, score)
        for fold in cv.split(X, y, **split)
    )
    scores = np.array(folds)  # (n_folds, 2, n_epochs)
    epochs = np.arange(1, scores.shape[2] + 1)
    return epochs, scores[:, 0].T, scores[:, 1].T


def _fold_scores(
    estimator: Any,
    X: Any,
    y: Any,
    fold: tuple[np.ndarray, np.ndarray],
    scorer: Any,
    fit_params: dict[str, Any],
    score_params: dict[str, Any],
) -> np.ndarray:  # -> (2, n_epochs): training rows, held-out rows
    """Train on one fold, (training rows, held-out rows), and score every epoch."""
    network = last_step(estimator)
    network.set_params(early_stopping=False)  # it may be "auto"
    train, _ = fold
    sides = [
        (
            safe_indexing(X, rows),
            safe_indexing(y, rows),
            check_method_params(X, score_params, rows),
        )
        for rows in fold
    ]
    report = _FoldReport(estimator, scorer, sides, network.epochs)
    X_train, y_train, _ = sides[0]
    # A Pipeline fits its last step itself, no clone of it.
    with network._reporting(report):
        estimator.fit(X_train, y_train, **check_method_params(X, fit_params, train))
    return report.scores


class _FoldReport:
    """Score the two sides of a fold whenever it is called, during its fit.

    Sets: ``scores`` of shape (2, n_epochs), which hold the last known to the end.
    """

    def __init__(self, estimator: Any, scorer: Any, sides: list[Any], n_epochs: int):
        self.scores = np.full((2, n_epochs), np.nan)
        self._estimator = estimator
        self._scorer = scorer
        self._sides = sides
        self._scored: Any = None

    def __call__(self, epoch: int) -> None:
        """Score the network as it is after ``epoch`` epochs."""
        if self._scored is None:  # by now the transformers are fitted
            self._scored = _transforming_once(self._estimator)
        now = [self._scorer(self._scored, X, y, **own) for X, y, own in self._sides]
        self.scores[:, epoch - 1 :] = np.reshape(now, (2, 1))


def _transforming_once(estimator: Any) -> Any:
    """Return a view of a fitted Pipeline whose transformers remember what they did.

    Scorers see the rows as the user gave them, and yet text is not counted anew after
    every epoch.
    """
    if not isinstance(estimator, Pipeline):
        return estimator
    view = copy.copy(estimator)
    *transformers, (name, last) = estimator.steps
    view.steps = [
        (n, t if t in (None, "passthrough") else _TransformOnce(t))
        for n, t in transformers
    ]
    view.steps.append((name, _transforming_once(last)))
    return view


class _TransformOnce:
    """A fitted transformer that keeps its last two results: one per side of a fold."""

    def __init__(self, transformer: Any):
        self._transformer = transformer
        self._known: list[tuple[Any, Any]] = []

    def __getattr__(self, name: str) -> Any:
        """Be the transformer in all other respects."""
        return getattr(self._transformer, name)

    def transform(self, X: Any, **params: Any) -> Any:
        """Transform rows, or look them up if they are the same object."""
        for rows, result in self._known:
            # The sides of a fold are the same objects after every epoch; to compare
            # rows would cost what is saved.
            if rows is X:
                return result
        result = self._transformer.transform(X, **params)
        self._known = [*self._known[-1:], (X, result)]
        return result


def _route(
    estimator: Any, cv: Any, scorer: Any, groups: Any, params: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Say which parameters go to fit, to the splitter and to the scorer."""
    if not get_config()["enable_metadata_routing"]:
        return params, {"groups": groups}, {}
    if groups is not None:
        params = {**params, "groups": groups}
    router = (
        MetadataRouter(owner="epoch_curve")
        .add(
            estimator=estimator,
            method_mapping=MethodMapping().add(caller="fit", callee="fit"),
        )
        .add(
            splitter=cv,
            method_mapping=MethodMapping().add(caller="fit", callee="split"),
        )
        .add(
            scorer=scorer,
            method_mapping=MethodMapping().add(caller="fit", callee="score"),
        )
    )
    routed = process_routing(router, "fit", **params)
    return routed.estimator.fit, routed.splitter.split, routed.scorer.score


def _check_network(network: Any) -> None:
    """Refuse what cannot be looked at between two epochs."""
    check_is_network(network, "epoch_curve")
    if network.early_stopping and network.early_stopping != "auto":
        raise ValueError(
            "epoch_curve trains every fold for all epochs; got early_stopping="
            f"{network.early_stopping!r}. Set early_stopping=False and read the best "
            "epoch off the curve."
        )
    if getattr(network, "n_members", 1) > 1:
        raise ValueError(
            "epoch_curve looks at one network after every epoch; got n_members="
            f"{network.n_members}, which are trained one by one. Set n_members=1: the "
            "curve of one shows where several overfit, too."
        )


def _check_one_score(scoring: Any) -> None:
    """Refuse several scores."""
    if scoring is not None and not isinstance(scoring, str) and not callable(scoring):
        raise TypeError(
            "scoring must be one score, a name or a callable; got "
            f"{scoring!r}. Call epoch_curve once for each score."
        )
