"""Draw the pictures of the pages, light and dark: conf.py calls this.

What skdeep does is trained anew; how it compares is read from the tables of
benchmarks.md and defaults.md, so that the pictures and the pages never disagree.

    python docs/pictures.py folder
"""

import re
import sys
from contextlib import contextmanager
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdeep import DNNRegressor
from skdeep.datasets import load_boston_housing
from skdeep.displays import GridSearchDisplay, HistoryDisplay

HERE = Path(__file__).parent
THEMES = {"light": "default", "dark": "dark_background"}
OURS, OTHERS = "#e8710a", "#8a98a8"
# What is compared, from top to bottom: the name in the tables, and that in the picture.
CONTENDERS = {
    "skdeep": "skdeep",
    "JAX scan": "JAX, loop by hand",
    "scikit-learn MLP": "scikit-learn MLP",
    "skorch": "skorch",
    "Keras fit": "Keras",
    "SciKeras": "SciKeras",
}
QUESTIONS = ("One fit", "Grid search of 135 fits")
METHODS = {  # on tables: the name there, and how it is drawn
    "scikit-learn MLP, y scaled": {"color": OTHERS, "marker": "s"},
    "HistGradientBoosting": {"color": "#3c9d5b", "marker": "^"},
    "RealMLP-TD-S": {"color": "#8e63ce", "marker": "D"},
    "DNN*()": {"color": "#4a90d9", "marker": "o"},
    "Tabular*()": {"color": OURS, "marker": "o"},
}
COST = "CPU s"


def seconds(question: str) -> dict[str, float]:
    """Read the median time of every contender from the table of a question."""
    page = (HERE / "benchmarks.md").read_text(encoding="utf-8")
    section = page.partition(f"\n## {question}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) +\| ([\d.,]+)", section, re.MULTILINE)
    times = {name: float(value.replace(",", "")) for name, value in rows}
    return {name: times[name] for name in CONTENDERS if name in times}


def draw_comparison() -> None:
    """Draw one panel of bars per question."""
    figure, panels = plt.subplots(1, 2, figsize=(9, 2.8), sharey=True)
    for ax, question in zip(panels, QUESTIONS, strict=True):
        draw_bars(ax, seconds(question))
        ax.set_title(question, loc="left", fontsize=11)
    panels[0].set_yticks(range(len(CONTENDERS)), CONTENDERS.values())
    panels[0].invert_yaxis()
    figure.tight_layout()


def draw_bars(ax: plt.Axes, times: dict[str, float]) -> None:
    """Draw one bar per contender, on a logarithmic axis, and write its time."""
    left = min(times.values()) / 3
    for place, name in enumerate(CONTENDERS):
        time = times.get(name, left)
        ax.barh(place, time, color=OURS if name == "skdeep" else OTHERS)
        text = f"{time:,.0f} s" if time >= 10 else f"{time:.2g} s"
        ax.annotate(
            text if name in times else "has no dropout",
            (time, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    ax.set(xscale="log", xlim=(left, max(times.values()) * 5))
    ax.xaxis.set_visible(False)
    ax.tick_params(left=False)
    ax.spines[:].set_visible(False)


def scores() -> dict[str, dict[str, list[float]]]:
    """Read the table of every table's scores: table → score → one per method."""
    page = (HERE / "user-guide" / "defaults.md").read_text(encoding="utf-8")
    found: dict[str, dict[str, list[float]]] = {}
    for line in re.findall(r"^\| (.+) \|$", page, re.MULTILINE):
        name, score, *values = (cell.strip() for cell in line.split("|"))
        if len(values) == len(METHODS) and score in {"error", "RMSE", COST}:
            found.setdefault(name, {})[score] = [float(v or "nan") for v in values]
    return found


def draw_tables() -> None:
    """Draw a panel per table: what a method costs, and how wrong it is."""
    figure, panels = plt.subplots(3, 4, figsize=(9, 7), sharex=True)
    for ax, (name, its) in zip(panels.flat, scores().items(), strict=True):
        (score,) = set(its) - {COST}
        for cost, value, style in zip(
            its[COST], its[score], METHODS.values(), strict=True
        ):
            ax.plot(cost, value, linestyle="", markersize=7, **style)
        ax.set_title(f"{name}, {score}", loc="left", fontsize=9)
        ax.set(xscale="log")
        ax.margins(0.15)
        ax.tick_params(labelsize=8)
        ax.spines[["top", "right"]].set_visible(False)
    figure.supxlabel("CPU seconds of fit and prediction", fontsize=10)
    figure.legend(panels[0, 0].lines, METHODS, loc="upper center", ncols=5, fontsize=9)
    figure.tight_layout(rect=(0, 0, 1, 0.95))


def train() -> tuple[GridSearchCV, DNNRegressor]:
    """Search a grid, and fit the best setting once more with validation rows."""
    X, X_val, y, y_val = load_boston_housing(return_X_y=True, split="keras")
    net = DNNRegressor((64, 64), epochs=60, batch_size=16, random_state=0)
    grid = {
        "dnnregressor__learning_rate": [0.0003, 0.001, 0.003, 0.01],
        "dnnregressor__dropout": [0.02, 0.1, 0.2, 0.4],
    }
    search = GridSearchCV(
        make_pipeline(StandardScaler(), net),
        grid,
        cv=3,
        scoring="neg_mean_absolute_error",
    ).fit(X, y)
    scaler, best = search.best_estimator_
    best.fit(scaler.transform(X), y, X_val=scaler.transform(X_val), y_val=y_val)
    return search, best


def draw_what_it_does(search: GridSearchCV, net: DNNRegressor) -> None:
    """Draw the map of the search and the learning curve of its best network."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
    GridSearchDisplay.from_estimator(
        search, params=("learning_rate", "dropout"), ax=left
    )
    HistoryDisplay.from_estimator(net, metrics="loss", ax=right)
    left.set_title("GridSearchCV over a Pipeline", loc="left", fontsize=11)
    right.set_title("The best network, epoch by epoch", loc="left", fontsize=11)
    figure.tight_layout()


@contextmanager
def written(folder: Path, name: str, theme: str):
    """Save what is drawn inside the block; text stays text, the ground transparent."""
    style = {
        "svg.fonttype": "none",
        "savefig.transparent": True,
        "axes.facecolor": "none",
        "axes.prop_cycle": plt.cycler(color=["#4a90d9", OURS]),
    }
    with plt.style.context([THEMES[theme], style]):
        yield
        plt.savefig(folder / f"{name}-{theme}.svg", metadata={"Date": None})
        plt.close()


def write_pictures(folder: Path) -> None:
    """Write all pictures for both themes; what is there is not trained again."""
    folder.mkdir(parents=True, exist_ok=True)
    for theme in THEMES:
        with written(folder, "comparison", theme):
            draw_comparison()
        with written(folder, "tables", theme):
            draw_tables()
    if (folder / f"what-it-does-{theme}.svg").exists():
        return
    trained = train()
    for theme in THEMES:
        with written(folder, "what-it-does", theme):
            draw_what_it_does(*trained)


if __name__ == "__main__":
    plt.switch_backend("agg")
    write_pictures(Path(sys.argv[1]))
