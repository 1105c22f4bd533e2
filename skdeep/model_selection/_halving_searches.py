"""The searches by successive halving over epochs, as users construct them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.model_selection import ParameterGrid, ParameterSampler

from skdeep._sklearn import StrOptions
from skdeep.model_selection._epoch_halving import COUNT, EpochHalving


class EpochHalvingSearchCV(EpochHalving):
    """Search a grid: all candidates train for a few epochs, the best of them for more.

    What ``HalvingGridSearchCV`` does with samples this does with epochs, and survivors
    train on where they stopped, to the bits of one fit. 27 candidates train for a
    fifth of the epochs of ``GridSearchCV``. The winner is a candidate with a number of
    epochs: that of the rung in which its score was best.

    Parameters
    ----------
    estimator : estimator of skdeep, or Pipeline that ends in one
        What to search over. The transformers of a Pipeline are fitted once for every
        candidate and fold. ``early_stopping="auto"`` becomes False.
    param_grid : dict or list of dict
        Names of parameters and the values to try, as in ``GridSearchCV``.
    factor : float, default=2
        Every rung keeps one of ``factor`` candidates, though not fewer than three, for
        ``factor`` times the epochs. Larger ones look at fewer numbers of epochs.
    min_epochs : int, default=1
        Fewest epochs after which candidates are compared. Raise it if the first epochs
        say little, as with small learning rates or "one_cycle"; the first rung
        may have more.
    max_epochs : int or "auto", default="auto"
        Epochs of the last rung, the most that the winner can have; "auto" are the
        estimator's ``epochs``.
    aggressive_elimination : bool, default=False
        Where ``min_epochs`` leaves too few rungs, eliminate several times after the
        first, so that three candidates train for all epochs.
    scoring : str, callable, list, tuple or dict, default=None
        One score or several, as in ``GridSearchCV``; of several, ``refit`` names the
        one that says who survives. None uses the estimator's ``score``.
    n_jobs : int, default=None
        Fits side by side, in threads, which share the programs. Inside
        ``joblib.parallel_config`` with another backend, that one is used.
    refit : bool, str or callable, default=True
        Whether to fit the winner on all rows; with several scores the name of one.
        A callable takes ``cv_results_`` and returns the winner's index.
    cv : int, cross-validation generator or iterable, default=5
        How to split; it is split once, so that candidates train on with their rows.
    verbose : int, default=0
        1 prints the rungs, more what ``GridSearchCV`` prints of every fit.
    error_score : "raise" or float, default=np.nan
        What a fit that fails is given for a score; "raise" ends the search.
    return_train_score : bool, default=False
        Whether ``cv_results_`` has the scores of the training rows, too.

    Attributes
    ----------
    cv_results_ : dict of arrays
        As in ``GridSearchCV``, with a row for every candidate of every rung: ``iter``
        is the number of the rung, ``n_resources`` epochs done until then. ``fit_time``
        is that of the rung alone.
    best_estimator_ : estimator
        The winner, fitted on all rows for ``best_n_epochs_`` epochs, which are its
        ``epochs``.
    best_n_epochs_ : int
        Epochs of the rung in which the winner's score was best.
    best_score_ : float
        Its mean score in that rung.
    best_params_ : dict
        Its parameters.
    best_index_ : int
        Its row in ``cv_results_``, of any rung.
    scorer_ : callable or dict
        What scored.
    n_splits_ : int
        Folds.
    n_iterations_ : int
        Rungs.
    n_candidates_ : list of int
        Candidates of every rung.
    n_resources_ : list of int
        Epochs done at the end of every rung.
    n_remaining_candidates_ : int
        Those that one more rung would have.
    min_resources_, max_resources_ : int
        Epochs of the first and of the last rung.
    multimetric_ : bool
        Whether there are several scores.
    refit_time_ : float
        Seconds of the refit.
    classes_ : ndarray of shape (n_classes,)
        Labels, if the estimator is a classifier.
    n_features_in_ : int
        Features seen in fit.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if they are strings.

    Raises
    ------
    TypeError
        In fit, if the estimator is none of skdeep's and no Pipeline that ends in one,
        or if Keras trains it (``trainer_`` of ``KerasClassifier``).
    ValueError
        In fit, if epochs are among the searched parameters, if a candidate has
        ``early_stopping=True`` or ``callbacks``, if several scores come without a name
        in ``refit``, or if all fits of a rung fail.

    See Also
    --------
    EpochHalvingRandomSearchCV : Draw the candidates from distributions.
    epoch_curve : Scores after every epoch, for one candidate.

    Notes
    -----
    The last rung has ``max_epochs``, the one before a ``factor``-th of them, and so on
    down to ``min_epochs`` or until the rungs leave three candidates.
    A score that every epoch moves, as "neg_log_loss" does and accuracy does not, tells
    candidates apart sooner. Schedules such as "cosine" keep their plan over
    ``max_epochs``: in early rungs the rate is still high, for all candidates alike, and
    a candidate with a schedule can only win in the last rung.

    Early rungs favour candidates that learn fast, and some of these overfit before
    ``max_epochs``; so a winner stops where it was best. On ten tables of at most 1,000
    rows, with 27 candidates and 54 epochs, its score lay within one standard error of
    the best of the whole grid, on all of them with 21 % of the epochs
    (``benchmarks/halving.py``). The best of the last rung was that good on seven: after
    all epochs those win that learn slowly enough not to overfit, which no early rung
    can know.

    A Pipeline's transformed rows are kept until its candidate is out, which takes the
    memory of ``n_candidates * n_splits_`` training sets; of a network alone nothing but
    its weights is kept.

    Source: Jamieson and Talwalkar (2016), arXiv 1502.07943.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdeep import DNNClassifier
    >>> from skdeep.model_selection import EpochHalvingSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> net = DNNClassifier((12, 6), epochs=45, random_state=0)
    >>> grid = {"learning_rate": [0.0001, 0.001, 0.01], "l2": [0, 1e-4, 1e-2]}
    >>> search = EpochHalvingSearchCV(net, grid, scoring="neg_log_loss", cv=3)
    >>> search = search.fit(X, y)
    >>> search.n_candidates_, search.n_resources_
    ([9, 5, 3], [11, 22, 45])
    >>> search.best_params_["learning_rate"], search.best_n_epochs_
    (0.01, 45)
    """

    _parameter_constraints: dict[str, Any] = {
        **EpochHalving._parameter_constraints,
        "param_grid": [dict, list],
    }

    def __init__(
        self,
        estimator: Any,
        param_grid: Any,
        *,
        factor: float = 2,
        min_epochs: int = 1,
        max_epochs: int | str = "auto",
        aggressive_elimination: bool = False,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = 5,
        verbose: int = 0,
        error_score: Any = np.nan,
        return_train_score: bool = False,
    ):
        super().__init__(
            estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.param_grid = param_grid
        self.factor = factor
        self.min_epochs = min_epochs
        self.max_epochs = max_epochs
        self.aggressive_elimination = aggressive_elimination

    def _candidates(self) -> Iterable[dict[str, Any]]:
        return ParameterGrid(self.param_grid)


class EpochHalvingRandomSearchCV(EpochHalving):
    """Search at random: all candidates train for a few epochs, the best for more.

    ``EpochHalvingSearchCV`` with candidates drawn from distributions, as in
    ``HalvingRandomSearchCV``.

    Parameters
    ----------
    estimator : estimator of skdeep, or Pipeline that ends in one
        What to search over. The transformers of a Pipeline are fitted once for every
        candidate and fold. ``early_stopping="auto"`` becomes False.
    param_distributions : dict or list of dict
        Names of parameters and distributions or lists to draw from, as in
        ``RandomizedSearchCV``.
    n_candidates : int or "exhaust", default="exhaust"
        How many to draw; "exhaust" are ``max_epochs / min_epochs``.
    factor : float, default=2
        Every rung keeps one of ``factor`` candidates, though not fewer than three, for
        ``factor`` times the epochs. Larger ones look at fewer numbers of epochs.
    min_epochs : int, default=1
        Fewest epochs after which candidates are compared. Raise it if the first epochs
        say little, as with small learning rates or "one_cycle"; the first rung
        may have more.
    max_epochs : int or "auto", default="auto"
        Epochs of the last rung, the most that the winner can have; "auto" are the
        estimator's ``epochs``.
    aggressive_elimination : bool, default=False
        Where ``min_epochs`` leaves too few rungs, eliminate several times after the
        first, so that three candidates train for all epochs.
    scoring : str, callable, list, tuple or dict, default=None
        One score or several, as in ``GridSearchCV``; of several, ``refit`` names the
        one that says who survives. None uses the estimator's ``score``.
    n_jobs : int, default=None
        Fits side by side, in threads, which share the programs. Inside
        ``joblib.parallel_config`` with another backend, that one is used.
    refit : bool, str or callable, default=True
        Whether to fit the winner on all rows; with several scores the name of one.
        A callable takes ``cv_results_`` and returns the winner's index.
    cv : int, cross-validation generator or iterable, default=5
        How to split; it is split once, so that candidates train on with their rows.
    verbose : int, default=0
        1 prints the rungs, more what ``GridSearchCV`` prints of every fit.
    random_state : int, RandomState instance or None, default=None
        Seeds what is drawn; the estimator has its own.
    error_score : "raise" or float, default=np.nan
        What a fit that fails is given for a score; "raise" ends the search.
    return_train_score : bool, default=False
        Whether ``cv_results_`` has the scores of the training rows, too.

    Attributes
    ----------
    cv_results_ : dict of arrays
        As in ``GridSearchCV``, with a row for every candidate of every rung: ``iter``
        is the number of the rung, ``n_resources`` epochs done until then. ``fit_time``
        is that of the rung alone.
    best_estimator_ : estimator
        The winner, fitted on all rows for ``best_n_epochs_`` epochs, which are its
        ``epochs``.
    best_n_epochs_ : int
        Epochs of the rung in which the winner's score was best.
    best_score_ : float
        Its mean score in that rung.
    best_params_ : dict
        Its parameters.
    best_index_ : int
        Its row in ``cv_results_``, of any rung.
    scorer_ : callable or dict
        What scored.
    n_splits_ : int
        Folds.
    n_iterations_ : int
        Rungs.
    n_candidates_ : list of int
        Candidates of every rung.
    n_resources_ : list of int
        Epochs done at the end of every rung.
    n_remaining_candidates_ : int
        Those that one more rung would have.
    min_resources_, max_resources_ : int
        Epochs of the first and of the last rung.
    multimetric_ : bool
        Whether there are several scores.
    refit_time_ : float
        Seconds of the refit.
    classes_ : ndarray of shape (n_classes,)
        Labels, if the estimator is a classifier.
    n_features_in_ : int
        Features seen in fit.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if they are strings.

    Raises
    ------
    TypeError
        In fit, if the estimator is none of skdeep's and no Pipeline that ends in one,
        or if Keras trains it (``trainer_`` of ``KerasClassifier``).
    ValueError
        In fit, if epochs are among the searched parameters, if a candidate has
        ``early_stopping=True`` or ``callbacks``, if several scores come without a name
        in ``refit``, or if all fits of a rung fail.

    See Also
    --------
    EpochHalvingSearchCV : Search a grid; it says more of how this works.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from skdeep import DNNClassifier
    >>> from skdeep.model_selection import EpochHalvingRandomSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> net = DNNClassifier((12, 6), epochs=45, random_state=0)
    >>> space = {"learning_rate": loguniform(1e-4, 1e-1), "l2": loguniform(1e-6, 1e-2)}
    >>> search = EpochHalvingRandomSearchCV(
    ...     net, space, min_epochs=5, cv=3, random_state=0
    ... ).fit(X, y)
    >>> search.n_candidates_, search.n_resources_
    ([9, 5, 3], [11, 22, 45])
    """

    _parameter_constraints: dict[str, Any] = {
        **EpochHalving._parameter_constraints,
        "param_distributions": [dict, list],
        "n_candidates": [COUNT, StrOptions({"exhaust"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_candidates: int | str = "exhaust",
        factor: float = 2,
        min_epochs: int = 1,
        max_epochs: int | str = "auto",
        aggressive_elimination: bool = False,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = 5,
        verbose: int = 0,
        random_state: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
    ):
        super().__init__(
            estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.param_distributions = param_distributions
        self.n_candidates = n_candidates
        self.random_state = random_state
        self.factor = factor
        self.min_epochs = min_epochs
        self.max_epochs = max_epochs
        self.aggressive_elimination = aggressive_elimination

    def _candidates(self) -> Iterable[dict[str, Any]]:
        n_drawn = self.n_candidates
        if n_drawn == "exhaust":
            n_drawn = max(1, self.max_resources_ // self.min_epochs)
        return ParameterSampler(
            self.param_distributions, n_drawn, random_state=self.random_state
        )
