"""Ask how good networks with default parameters are on tables as they come.

`python -m benchmarks.defaults` measures what has not been measured yet and rewrites the
tables between the markers of docs/user-guide/defaults.md; names of methods choose some,
and `--again` forgets their results. Every fit has 70 % of a table, at most 5,000 rows;
the other 30 % judge. Scores are error and log loss of classes and the RMSE of numbers,
costs the CPU seconds of the process over fit and prediction, compilation included.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.metrics import log_loss, root_mean_squared_error

from benchmarks import tables
from benchmarks.measure import ROOT
from benchmarks.report import table
from benchmarks.table_methods import METHODS, PEERS, Make

RESULTS = ROOT / "benchmarks" / "results" / "defaults.json"
PAGE = ROOT / "docs" / "user-guide" / "defaults.md"
START, END = "<!-- defaults:start -->", "<!-- defaults:end -->"
SCORES = ("error", "log loss", "RMSE")
COST = "CPU s"
SEEDS = (0, 1, 2)

Record = dict[str, float]
Results = dict[str, dict[str, Record]]  # method -> "table/seed" -> scores and seconds


def main() -> None:
    """Measure what is missing, store it, and show it."""
    arguments = _read_arguments()
    results = stored(arguments.store)
    for method in arguments.methods:
        known = {} if arguments.again else results.get(method, {})
        results[method] = known
        for place in _places(arguments.tables, arguments.seeds):
            if place not in known:
                known[place] = measured(METHODS[method], place)
                print(method, place, known[place], flush=True)
                store(results, arguments.store)
    print(as_text(results))
    if PAGE.exists() and arguments.store == RESULTS:
        rewrite(PAGE, as_text(results))


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("methods", nargs="*", default=None, metavar="METHOD")
    parser.add_argument("--tables", nargs="+", default=tables.TABLES)
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--again", action="store_true", help="forget what is known")
    parser.add_argument("--store", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    arguments.methods = arguments.methods or list(METHODS)
    unknown = set(arguments.methods) - set(METHODS)
    if unknown:
        parser.error(f"no method {sorted(unknown)}; there are {sorted(METHODS)}")
    return arguments


def _places(names: list[str], seeds: list[int]) -> list[str]:
    """Return what is measured, in an order in which splits share programs."""
    return [f"{name}/{seed}" for name in names for seed in seeds]


def measured(make: Make, place: str) -> Record:
    """Fit a method on a split and return its scores and CPU seconds."""
    name, seed = place.split("/")
    split = tables.split(name, int(seed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        started = time.process_time()
        estimator = make(split.is_classification, int(seed))
        estimator.fit(split.X, split.y)
        scores = scored(estimator, split)
        seconds = time.process_time() - started
    return {**scores, COST: round(seconds, 2)}


def scored(estimator: object, split: tables.Split) -> Record:
    """Return the scores of a fitted estimator."""
    if not split.is_classification:
        predicted = estimator.predict(split.X_test)
        return {"RMSE": float(root_mean_squared_error(split.y_test, predicted))}
    probabilities = np.asarray(estimator.predict_proba(split.X_test), dtype=float)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    classes = np.unique(split.y)
    chosen = classes[probabilities.argmax(axis=1)]
    return {
        "error": float(np.mean(chosen != split.y_test)),
        "log loss": float(log_loss(split.y_test, probabilities, labels=classes)),
    }


def stored(path: Path = RESULTS) -> Results:
    """Return what has been measured before."""
    return json.loads(path.read_text()) if path.exists() else {}


def store(results: Results, path: Path = RESULTS) -> None:
    """Write all results."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n")


# --- tables ---------------------------------------------------------------------------


def as_text(results: Results) -> str:
    """Return ours against each peer, and the scores table by table."""
    peers = [peer for peer in PEERS if peer in results]
    pairs = [line for peer in peers for line in _against(results, peer)]
    return f"{table(pairs)}\n\n{table(_means(results))}"


def _against(results: Results, peer: str) -> list[dict[str, str]]:
    """Return a line for every method of ours, divided by a peer."""
    return [
        {"method": method, "÷": peer, **_ratios(results[method], results[peer])}
        for method in results
        if method not in PEERS
    ]


def _ratios(ours: dict[str, Record], theirs: dict[str, Record]) -> dict[str, str]:
    """Return geometric means over tables and splits, and tables won."""
    return {
        **{score: _compared(ours, theirs, score) for score in SCORES},
        COST: f"{geometric_mean(ratios_of(ours, theirs, COST)):.2f}",
    }


def _compared(ours: dict[str, Record], theirs: dict[str, Record], score: str) -> str:
    """Return one geometric mean with the number of tables won."""
    ratios = by_table(ratios_of(ours, theirs, score))
    if not ratios:
        return ""
    won = sum(ratio < 1 for ratio in ratios.values())
    return f"{geometric_mean(ratios):.3f}, {won} of {len(ratios)}"


def ratios_of(
    ours: dict[str, Record], theirs: dict[str, Record], score: str
) -> dict[str, float]:
    """Return the ratios of a score at the places that both have."""
    return {
        place: ours[place][score] / theirs[place][score]
        for place in ours
        if place in theirs and score in ours[place]
    }


def by_table(ratios: dict[str, float]) -> dict[str, float]:
    """Return the geometric mean over the splits of each table."""
    names = dict.fromkeys(place.split("/")[0] for place in ratios)
    return {
        name: geometric_mean(
            {place: r for place, r in ratios.items() if place.split("/")[0] == name}
        )
        for name in names
    }


def geometric_mean(ratios: dict[str, float]) -> float:
    """Return the geometric mean."""
    return float(np.exp(np.mean(np.log(list(ratios.values())))))


def _means(results: Results) -> list[dict[str, str]]:
    """Return means over splits, a line per table and score, and one of its cost."""
    lines = []
    for name in tables.TABLES:
        for score in (*SCORES, COST):
            means = {m: _mean(its, name, score) for m, its in results.items()}
            if any(means.values()):
                lines.append({"table": name, "score": score, **means})
    return lines


def _mean(records: dict[str, Record], name: str, score: str) -> str:
    """Return the mean of a score over the splits of a table."""
    found = [
        record[score]
        for place, record in records.items()
        if place.split("/")[0] == name and score in record
    ]
    return f"{np.mean(found):.4g}" if found else ""


def rewrite(path: Path, text: str) -> None:
    """Put a text between the markers of a page."""
    before, _, rest = path.read_text().partition(START)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{START}\n\n{text}\n\n{END}{after}")


if __name__ == "__main__":
    main()
