"""What a search found, over one or two of its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from skdeep.displays._axes import are_numbers


def score_of(search: Any, metric: str | None) -> Any:
    """Say what the search scored: a name, a callable or None."""
    if not search.multimetric_:
        if metric is not None:
            raise ValueError(
                f"metric chooses among several scores; got {metric!r} for a search "
                "with one. Leave metric out."
            )
        return search.scoring
    known = list(search.scorer_)
    chosen = metric or search.refit
    if chosen not in known:
        raise ValueError(
            f"metric must be a score of the search, {known}; got {chosen!r}. Choose "
            "one of them."
        )
    return chosen


def names_of(
    search: Any, params: str | Sequence[str] | None, metric: str | None
) -> list[str]:
    """Resolve ``params`` to names of parameters of the search."""
    known = list(dict.fromkeys(n for c in search.cv_results_["params"] for n in c))
    if params is None:
        varying = [n for n in known if len(_distinct(search, n)) > 1] or known[:1]
        return sorted(varying, key=lambda n: -_effect(search, n, metric))[:2]
    names = [params] if isinstance(params, str) else list(params)
    found = [
        [k for k in known if k == name]
        or [k for k in known if without_steps(k) == name]
        for name in names
    ]
    if not 1 <= len(names) <= 2 or any(len(f) != 1 for f in found):
        raise ValueError(
            f"params must be one or two parameters of the search, {known}; got "
            f"{names}. Choose among them."
        )
    return [f[0] for f in found]


def _effect(search: Any, name: str, metric: str | None) -> float:
    """How much the best score depends on a parameter."""
    scores = best_over_rest(search, [name], metric)[1]
    return float(np.nanmax(scores) - np.nanmin(scores))


def _distinct(search: Any, name: str) -> list[Any]:
    """Distinct values of a parameter: sorted numbers, else in the order tried."""
    candidates = search.cv_results_["params"]
    values = {_identity(c[name]): c[name] for c in candidates if name in c}
    distinct = list(values.values())
    return sorted(distinct) if are_numbers(distinct) else distinct


def best_over_rest(
    search: Any, names: Sequence[str], metric: str | None
) -> tuple[list[list[Any]], np.ndarray, np.ndarray, tuple[int, ...]]:
    """Maximise the mean scores over all parameters but ``names``.

    Returns
    -------
    values : list of lists
        The distinct values of each name.
    scores, deviations : ndarray of shape (n_values, ...)
        The best mean score of each cell, and the deviation that goes with it.
    best : tuple of int
        The cell of the best candidate.
    """
    names, results = list(names), search.cv_results_
    suffix = "score" if not search.multimetric_ else metric or search.refit
    values = [_distinct(search, name) for name in names]
    tried = pd.DataFrame(
        {
            name: pd.Categorical(
                [_identity(c[name]) if name in c else None for c in results["params"]],
                categories=[_identity(value) for value in known],
            )
            for name, known in zip(names, values, strict=True)
        }
    )
    for part in ("mean", "std"):
        tried[part] = results[f"{part}_test_{suffix}"]
    tried = tried.dropna(subset=names)  # of another grid in a list of grids
    # Stable: of equal scores the one tried first counts, as for best_index_.
    tried = tried.sort_values("mean", ascending=False, kind="stable")
    # Sorted, the first of a cell is its best; cells that nobody tried become NaN.
    cells = tried.groupby(names, observed=False)[["mean", "std"]].first()
    scores, deviations = cells.to_numpy().T.reshape(2, *map(len, values))
    chosen = getattr(search, "best_index_", None)
    if metric not in (None, search.refit) or chosen not in tried.index:
        chosen = tried.index[0]
    best = tuple(int(tried[name].cat.codes[chosen]) for name in names)
    return values, scores, deviations, best


def _identity(value: Any) -> str:
    """What tells a value of a parameter from another; values need not be hashable."""
    value = value.item() if isinstance(value, np.generic) else value
    return f"{type(value)} {value!r}"


def without_steps(name: str) -> str:
    """Leave out the steps in front of a parameter."""
    return name.rsplit("__", 1)[-1]
