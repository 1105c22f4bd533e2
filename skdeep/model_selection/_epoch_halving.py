"""Search by successive halving over epochs, where survivors train on.

scikit-learn's ``fit`` of a search trains a new clone for every candidate and fold, and
leaves no other choice; so ``fit`` is here, and all that is around it is theirs.
"""

from __future__ import annotations

import math
import time
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import indexable
from sklearn.utils.parallel import Parallel, delayed

from skdeep._sklearn import (
    BaseSearchCV,
    CallbackSupportMixin,
    Interval,
    StrOptions,
    check_method_params,
    fit_context,
    insert_error_scores,
    warn_of_failed_fits,
)
from skdeep.model_selection._checks import check_is_network
from skdeep.model_selection._going_on import GoingOn, begin, has_plan, train_for
from skdeep.model_selection._pipeline import last_step
from skdeep.model_selection._rungs import Rung, plan_rungs

COUNT = Interval(Integral, 1, None, closed="left")
Fold = tuple[np.ndarray, np.ndarray]  # numbers of training rows, of held-out rows


class Shared(NamedTuple):
    """What all fits of a search have in common.

    Attributes
    ----------
    X, y : array-like
        All rows and targets.
    folds : list of (training rows, held-out rows)
        Numbers of rows.
    how : dict
        Further arguments of scikit-learn's ``_fit_and_score``.
    """

    X: Any
    y: Any
    folds: list[Fold]
    how: dict[str, Any]


class EpochHalving(BaseSearchCV, CallbackSupportMixin):
    """What both searches do; concrete classes say where candidates come from."""

    _parameter_constraints: dict[str, Any] = {
        **BaseSearchCV._parameter_constraints,
        "factor": [Interval(Real, 1, None, closed="neither")],
        "min_epochs": [COUNT],
        "max_epochs": [COUNT, StrOptions({"auto"})],
        "aggressive_elimination": ["boolean"],
    }
    _parameter_constraints.pop("pre_dispatch")

    @abstractmethod
    def _candidates(self) -> Iterable[dict[str, Any]]:
        """Return the parameters of the candidates; ``max_resources_`` is known."""

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Train all candidates for a few epochs, the best of them for more, and so on.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows, in any form that the estimator takes.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Their targets.
        **params : dict
            ``sample_weight`` and others for the estimator's ``fit``, ``groups`` for the
            splitter; with metadata routing enabled also for the scorer, as requested.

        Returns
        -------
        self : object
            The fitted search.

        Raises
        ------
        TypeError
            If the estimator is none of skdeep's and no Pipeline that ends in one.
        ValueError
            If epochs are among the searched parameters, if a candidate has early
            stopping or callbacks, if no score decides who survives, or if all fits of
            a rung fail.
        """
        scorers, _ = self._get_scorers()
        X, y = indexable(X, y)
        params = check_method_params(X, params)
        routed = self._get_routed_params_for_fit(params)
        weight = params.get("sample_weight")
        metadata = None if weight is None else {"sample_weight": weight}
        told = {"estimator": self, "X": X, "y": y, "metadata": metadata}
        tasks = self._init_callback_context(max_subtasks=1 + (self.refit is not False))
        tasks.call_on_fit_task_begin(**told)

        folds = self._folds(X, y, routed.splitter.split)
        how = {
            "scorer": scorers,
            "fit_params": routed.estimator.fit,
            "score_params": routed.scorer.score,
            "parameters": None,  # they are set
            "return_train_score": self.return_train_score,
            "return_n_test_samples": True,
            "return_times": True,
            "error_score": self.error_score,
            "verbose": self.verbose,
            "caller": self,
        }
        self._search(Shared(X, y, folds, how), tasks)
        if self.refit:
            self._fit_best(told, routed.estimator.fit, tasks)
        # As in scikit-learn: several scorers as a dict, or the only one.
        self.scorer_ = getattr(scorers, "_scorers", scorers)
        tasks.call_on_fit_task_end(**told)
        return self

    def _folds(self, X: Any, y: Any, split_params: Mapping[str, Any]) -> list[Fold]:
        """Split once: candidates train on with the rows that they have seen.

        Sets: ``n_splits_``.
        """
        cv = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        folds = list(cv.split(X, y, **split_params))
        self.n_splits_ = len(folds)
        return folds

    def _search(self, shared: Shared, tasks: Any) -> None:
        """Let the candidates race.

        Sets: ``cv_results_``, ``multimetric_``, ``best_index_``, ``best_params_``,
        ``best_score_``, ``best_n_epochs_`` and what ``_plan`` sets.
        """
        candidates, running = self._start(len(shared.folds))
        have_plan = [has_plan(fits[0].estimator) for fits in running.values()]
        rungs = self._plan(len(candidates))
        task = _subtask(tasks, self, "search", max_subtasks=len(rungs))
        table: dict[str, list[Any]] = defaultdict(list)
        for number, rung in enumerate(rungs):
            ids = list(running)
            out, fitted = self._run_rung(number, rung, running, shared, task)
            table["params"] += [candidates[i] for i in ids]
            table["out"] += out
            table["iter"] += [number] * len(ids)
            table["n_resources"] += [rung.n_epochs] * len(ids)
            is_last = rung.n_epochs == self.max_resources_
            table["is_whole"] += [is_last or not have_plan[i] for i in ids]
            metric = self._deciding_metric(out[0]["test_scores"])
            results = self._results(table)
            n_next = (*self.n_candidates_, 1)[number + 1]
            running = {
                ids[k]: fitted[k] for k in _best(results, metric, number, n_next)
            }
        task.call_on_fit_task_end(estimator=self)
        self._choose(results, metric, np.array(table["is_whole"]))

    def _start(
        self, n_folds: int
    ) -> tuple[list[dict[str, Any]], dict[int, list[GoingOn]]]:
        """Return the candidates' parameters, and number → one estimator per fold.

        Sets: ``max_resources_``.
        """
        self.max_resources_ = self.max_epochs
        if self.max_epochs == "auto":
            network = last_step(self.estimator)
            check_is_network(network, type(self).__name__)
            self.max_resources_ = network.epochs
        candidates = list(self._candidates())
        _check_no_epochs(candidates)
        running = {
            number: [
                begin(_with(self.estimator, candidate), self.max_resources_)
                for _ in range(n_folds)
            ]
            for number, candidate in enumerate(candidates)
        }
        return candidates, running

    def _plan(self, n_candidates: int) -> list[Rung]:
        """Plan the rungs.

        Sets: ``min_resources_``, ``n_resources_``, ``n_candidates_``,
        ``n_iterations_``, ``n_remaining_candidates_``.
        """
        if self.min_epochs > self.max_resources_:
            raise ValueError(
                f"min_epochs must be at most the epochs of the last rung, "
                f"{self.max_resources_}; got {self.min_epochs}. Lower it, or raise "
                "max_epochs."
            )
        rungs = plan_rungs(
            n_candidates,
            self.min_epochs,
            self.max_resources_,
            self.factor,
            self.aggressive_elimination,
        )
        self.n_candidates_ = [rung.n_candidates for rung in rungs]
        self.n_resources_ = [rung.n_epochs for rung in rungs]
        self.min_resources_ = rungs[0].n_epochs
        self.n_iterations_ = len(rungs)
        self.n_remaining_candidates_ = math.ceil(rungs[-1].n_candidates / self.factor)
        return rungs

    def _run_rung(
        self,
        number: int,
        rung: Rung,
        running: dict[int, list[GoingOn]],
        shared: Shared,
        tasks: Any,
    ) -> tuple[list[dict[str, Any]], list[list[GoingOn]]]:
        """Train and score; return a result per candidate and fold, and who trained."""
        if self.verbose:
            print(f"iter: {number}")
            print(f"n_candidates: {rung.n_candidates}")
            print(f"n_resources: {rung.n_epochs}")
        n_folds = len(shared.folds)
        about = {"max_subtasks": len(running) * n_folds, "sequential_subtasks": False}
        task = _subtask(tasks, self, "halving-iteration", **about)
        # Threads share the programs; every process would compile its own.
        parallel = Parallel(n_jobs=self.n_jobs, prefer="threads")
        done = parallel(
            delayed(trained.fit_and_score)(
                rung.n_epochs, shared.X, shared.y, **shared.how, **own
            )
            for trained, own in _fits(list(running.values()), shared.folds, task)
        )
        out = [result for result, _ in done]
        warn_of_failed_fits(out, self.error_score)
        if callable(self.scoring):  # may give a dict, which a failed fit cannot know
            insert_error_scores(out, self.error_score)
        task.call_on_fit_task_end(estimator=self)
        fitted = [trained for _, trained in done]
        return out, [fitted[k : k + n_folds] for k in range(0, len(done), n_folds)]

    def _deciding_metric(self, scores: Any) -> str:
        """Return the name of the score that says who survives.

        Sets: ``multimetric_``.
        """
        self.multimetric_ = isinstance(scores, dict)
        if not self.multimetric_:
            return "score"
        if self.refit in scores:
            return self.refit
        raise ValueError(
            f"Of several scores one must say who survives; got refit={self.refit!r} "
            f"for {sorted(scores)}. Set refit to the name of one."
        )

    def _results(self, table: dict[str, list[Any]]) -> dict[str, Any]:
        """Put together what becomes ``cv_results_``."""
        columns = {name: table[name] for name in ("iter", "n_resources")}
        return self._format_results(
            table["params"], self.n_splits_, table["out"], columns
        )

    def _choose(
        self, results: dict[str, Any], metric: str, is_whole: np.ndarray
    ) -> None:
        """Choose the winner, and its epochs.

        A candidate may win by the score of any rung, if ``is_whole``: if a fit of so
        many epochs gives it. After fewer epochs than a schedule plans none does.

        Sets: ``cv_results_``, ``best_index_``, ``best_params_``, ``best_score_``,
        ``best_n_epochs_``.
        """
        self.cv_results_ = results
        if callable(self.refit):
            self.best_index_ = self._select_best_index(self.refit, metric, results)
        else:
            self.best_index_ = _best_of_all(results, metric, is_whole)
        self.best_params_ = results["params"][self.best_index_]
        n_epochs = int(results["n_resources"][self.best_index_])
        self.best_n_epochs_ = (
            n_epochs if is_whole[self.best_index_] else self.max_resources_
        )
        if not callable(self.refit):
            self.best_score_ = results[f"mean_test_{metric}"][self.best_index_]

    def _fit_best(
        self, told: dict[str, Any], fit_params: Mapping[str, Any], tasks: Any
    ) -> None:
        """Fit the winner on all rows, for its number of epochs.

        Sets: ``best_estimator_``, ``refit_time_``, ``feature_names_in_``.
        """
        best = _with(self.estimator, self.best_params_)
        train_for(best, self.best_n_epochs_)
        self.best_estimator_ = best
        task = tasks.subcontext(task_name="refit-with-best-params")
        start = time.perf_counter()
        with task.propagate_callback_context(best):
            task.call_on_fit_task_begin(**told)
            best.fit(told["X"], told["y"], **fit_params)
        self.refit_time_ = time.perf_counter() - start
        if hasattr(best, "feature_names_in_"):
            self.feature_names_in_ = best.feature_names_in_
        task.call_on_fit_task_end(**told)


def _fits(
    running: list[list[GoingOn]], folds: list[Fold], task: Any
) -> Iterable[tuple[GoingOn, dict[str, Any]]]:
    """Yield who trains, and what of ``_fit_and_score``'s arguments is its own."""
    of_all = [(k, split) for k in range(len(running)) for split in range(len(folds))]
    # Made before the first fit runs: they belong to a tree that workers read.
    subtasks = [
        task.subcontext(task_name="candidate-split-evaluation", task_id=number)
        for number in range(len(of_all))
    ]
    for (k, split), subtask in zip(of_all, subtasks, strict=True):
        train, test = folds[split]
        yield (
            running[k][split],
            {
                "train": train,
                "test": test,
                "split_progress": (split, len(folds)),
                "candidate_progress": (k, len(running)),
                "task": subtask,
            },
        )


def _subtask(tasks: Any, search: Any, name: str, **about: Any) -> Any:
    """Begin a task inside a task of a search, for scikit-learn's callbacks."""
    task = tasks.subcontext(task_name=name, **about)
    task.call_on_fit_task_begin(estimator=search)
    return task


def _with(estimator: Any, parameters: dict[str, Any]) -> Any:
    """Return a clone with parameters; estimators among these are cloned, too."""
    return clone(estimator).set_params(**clone(parameters, safe=False))


def _best(results: dict[str, Any], metric: str, rung: int, n: int) -> list[int]:
    """Return the places of the best in a rung, in the order of the candidates.

    Of equal ones the first survive; failed ones last.
    """
    scores = _mean_scores(results, metric)[results["iter"] == rung]
    places = np.sort(np.argsort(-scores, kind="stable")[:n])
    return [int(place) for place in places]


def _best_of_all(results: dict[str, Any], metric: str, may_win: np.ndarray) -> int:
    """Return the best row; of equal ones the first of the last rung."""
    scores = np.where(may_win, _mean_scores(results, metric), -np.inf)
    equal = np.flatnonzero(may_win & (scores == scores.max()))
    rungs = results["iter"][equal]
    return int(equal[np.argmax(rungs)])


def _mean_scores(results: dict[str, Any], metric: str) -> np.ndarray:
    """Mean scores of all rows; failed ones are last."""
    scores = results[f"mean_test_{metric}"]
    return np.nan_to_num(scores, nan=-np.inf, posinf=np.inf)


def _check_no_epochs(candidates: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a search over what the search itself sets."""
    names = {name for candidate in candidates for name in candidate}
    for name in sorted(names):
        if name.rpartition("__")[2] == "epochs":
            raise ValueError(
                "The search decides who trains for how many epochs; got "
                f"{name!r} among the searched parameters. Leave it out, and set "
                "max_epochs; epoch_curve says how many are enough."
            )
