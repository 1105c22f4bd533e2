"""Displays: what they show, and that what they show can be read."""

import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdeep import DNNClassifier, DNNRegressor
from skdeep.datasets import load_boston_housing
from skdeep.displays import (
    EpochCurveDisplay,
    GridSearchDisplay,
    HistoryDisplay,
    IntervalDisplay,
)
from skdeep.model_selection import epoch_curve

FOLDS = KFold(3, shuffle=True, random_state=0)


@pytest.fixture(autouse=True)
def _close_figures():
    """Leave no figure behind."""
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def houses():
    """Boston housing, standardised, and a third of it to validate on."""
    X, y = load_boston_housing(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    return {"X": X[:340], "y": y[:340], "X_val": X[340:], "y_val": y[340:]}


@pytest.fixture(scope="module")
def validated(houses):
    """A regressor with validation rows, one metric besides the loss."""
    net = DNNRegressor((16,), learning_rate=0.01, epochs=25, random_state=0)
    return net.set_params(metrics="mean_absolute_error").fit(**houses)


@pytest.fixture(scope="module")
def stopped(iris):
    """A classifier in a Pipeline, stopped early."""
    net = DNNClassifier(
        (16,), learning_rate=0.03, epochs=80, early_stopping=True, patience=5
    )
    net.set_params(validation_fraction=0.2, random_state=0)
    return make_pipeline(StandardScaler(), net).fit(*iris)


@pytest.fixture(scope="module")
def search(houses):
    """A grid search over learning rate, L2 and dropout, scored by an error."""
    net = DNNRegressor((16,), epochs=8, random_state=0)
    grid = {
        "dnnregressor__learning_rate": [0.1, 0.001, 0.03, 0.01],
        "dnnregressor__l2": [1e-4, 1e-3],
        "dnnregressor__dropout": [0.1, 0.3],
    }
    found = GridSearchCV(
        make_pipeline(StandardScaler(), net),
        grid,
        scoring="neg_mean_absolute_error",
        cv=FOLDS,
    )
    return found.fit(houses["X"], houses["y"])


@pytest.fixture(scope="module")
def tree_search(iris):
    """A grid search of another library's estimator: names, a zero, two scores."""
    grid = {"criterion": ["gini", "entropy", "log_loss"], "ccp_alpha": [0, 1e-3, 0.1]}
    scoring = {"accuracy": "accuracy", "loss": "neg_log_loss"}
    tree = DecisionTreeClassifier(random_state=0)
    found = GridSearchCV(tree, grid, scoring=scoring, refit="accuracy", cv=FOLDS)
    return found.fit(*iris)


def assert_readable(display):
    """Labels lie inside the figure, and those of an axis do not overlap."""
    figure = display.figure_
    figure.canvas.draw()
    page = figure.get_window_extent()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            labels = [t.label1 for t in ticks if low <= t.get_loc() <= high]
            labels = [t for t in [*labels, axis.label] if t.get_text()]
            boxes = [t.get_window_extent() for t in labels if t.get_visible()]
            for i, box in enumerate(boxes):
                assert page.padded(1).x0 <= box.x0
                assert box.x1 <= page.padded(1).x1
                assert page.padded(1).y0 <= box.y0
                assert box.y1 <= page.padded(1).y1
                slanted = labels[i].get_rotation() not in (0, 90)
                assert slanted or not any(box.overlaps(b) for b in boxes[:i])


# HistoryDisplay


@pytest.mark.fast
def test_history_shows_training_as_points_and_validation_as_line(validated):
    """The numbers are those of history_, over epochs that count from 1."""
    display = HistoryDisplay.from_estimator(validated)

    train, validation = display.lines_[:2]
    assert train.get_marker() == "o"
    assert train.get_linestyle() == "None"
    assert validation.get_linestyle() == "-"
    assert_array_equal(train.get_xdata(), np.arange(1, 26))
    assert_array_equal(train.get_ydata(), validated.history_["loss"])
    assert_array_equal(validation.get_ydata(), validated.history_["val_loss"])
    assert [ax.get_ylabel() for ax in display.ax_] == ["loss", "mean absolute error"]
    assert_readable(display)


def test_history_without_validation_is_a_line(iris):
    """Without validation there is one line per metric and no legend."""
    net = DNNClassifier((16,), learning_rate=0.03, epochs=3, random_state=0).fit(*iris)

    display = HistoryDisplay.from_estimator(net)

    assert [line.get_linestyle() for line in display.lines_] == ["-", "-"]
    assert display.legend_ is None
    assert display.marks_ == []


def test_history_marks_the_epoch_of_early_stopping(stopped):
    """The ring is where the kept weights come from, in every panel."""
    display = HistoryDisplay.from_estimator(stopped)

    best = stopped[-1].best_epoch_
    assert [mark.get_xdata()[0] for mark in display.marks_] == [best, best]
    assert display.marks_[0].get_ydata()[0] == min(stopped[-1].history_["val_loss"])
    assert f"best epoch: {best}" in [t.get_text() for t in display.legend_.texts]
    assert_readable(display)


def test_history_marks_the_lowest_validation_loss(validated):
    """Without early stopping the ring is where it would have stopped at best."""
    display = HistoryDisplay.from_estimator(validated, metrics="loss")

    (mark,) = display.marks_
    assert mark.get_xdata()[0] == np.argmin(validated.history_["val_loss"]) + 1
    assert HistoryDisplay.from_estimator(validated, mark_best=False).marks_ == []


def test_history_compares_learning_rates(houses):
    """Fits in a dict share the axes, each in its colour under its key."""
    net = DNNRegressor((16,), epochs=12, random_state=0)
    rates = (0.0003, 0.003, 0.03)
    fits = {r: clone(net).set_params(learning_rate=r).fit(**houses) for r in rates}

    display = HistoryDisplay.from_estimator(fits)

    colors = [line.get_color() for line in display.lines_]
    assert colors == ["C0", "C0", "C1", "C1", "C2", "C2"]
    texts = [text.get_text() for text in display.legend_.texts]
    assert texts[:3] == ["0.0003", "0.003", "0.03"]
    assert texts[3:] == ["training", "validation", "best epoch"]
    assert display.ax_.get_yscale() == "log"
    assert_readable(display)


def test_history_of_many_fits_has_as_many_colours():
    """The colours do not repeat from the eleventh fit on."""
    histories = {f"fit {i}": {"loss": [2.0, 1.0 + i]} for i in range(14)}

    display = HistoryDisplay(histories=histories).plot()

    colors = {tuple(line.get_color()) for line in display.lines_}
    assert len(colors) == 14
    assert_readable(display)


def test_history_takes_lists_and_labels(validated, stopped):
    """Fits in a list are numbered or called as asked; Pipelines are looked into."""
    display = HistoryDisplay.from_estimator([validated, stopped])
    named = HistoryDisplay.from_estimator([validated, stopped], labels=["a", "b"])

    assert list(display.histories) == ["fit 1", "fit 2"]
    assert list(named.histories) == ["a", "b"]
    assert named.histories["b"] is stopped[-1].history_


def test_history_shows_the_metrics_asked_for(validated):
    """Any column can be shown, the learning rate, too."""
    display = HistoryDisplay.from_estimator(
        validated, metrics=["learning_rate", "mean_absolute_error"]
    )

    labels = [ax.get_ylabel() for ax in display.ax_]
    assert labels == ["learning rate", "mean absolute error"]


def test_history_shows_validation_alone(validated):
    """A column with val_ is shown without its training twin."""
    display = HistoryDisplay.from_estimator(
        {"a": validated, "b": validated}, metrics="val_loss"
    )

    first, _ = display.lines_
    assert_array_equal(first.get_ydata(), validated.history_["val_loss"])
    assert first.get_linestyle() == "-"
    texts = [text.get_text() for text in display.legend_.texts]
    assert texts == ["a", "b", "best epoch"]


def test_history_wraps_many_metrics():
    """Four metrics take two rows of panels, and no panel is empty."""
    history = {name: [3.0, 2.0, 1.0] for name in ("loss", "mae", "mse", "rmse")}

    display = HistoryDisplay(histories={"net": history}).plot()

    assert len(display.ax_) == len(display.figure_.axes) == 4
    assert_readable(display)


def test_history_plots_into_given_axes(validated):
    """With ax no figure is made; one Axes per metric is needed."""
    figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")

    display = HistoryDisplay.from_estimator(validated, ax=axes)

    assert display.figure_ is figure
    assert list(display.ax_) == list(axes)
    assert plt.get_fignums() == [figure.number]
    assert_readable(display)
    with pytest.raises(ValueError, match=r"one Axes per metric, 2; got 1"):
        HistoryDisplay.from_estimator(validated, ax=axes[0])


@pytest.mark.parametrize(
    ("name", "values", "scale"),
    [
        ("loss", [20.0, 4.0, 1.0], "log"),
        ("loss", [2.0, 1.5, 1.0], "linear"),
        ("loss", [20.0, 0.0, -1.0], "linear"),
        ("accuracy", [0.05, 0.5, 0.9], "linear"),
    ],
)
def test_history_chooses_the_scale(name, values, scale):
    """Losses that fall tenfold are logarithmic; what should rise never is."""
    display = HistoryDisplay(histories={"net": {name: values}}).plot()

    assert display.ax_.get_yscale() == scale
    assert display.plot(log_scale=True).ax_.get_yscale() == "log"


@pytest.mark.fast
def test_history_of_one_epoch_can_be_seen():
    """A single epoch is a point."""
    history = {"loss": [1.0], "val_loss": [1.2]}

    display = HistoryDisplay(histories={"net": history}).plot()

    assert [line.get_marker() for line in display.lines_] == ["o", "o"]


def test_history_takes_styles_under_any_name(validated):
    """What the user says about a line wins over the display."""
    display = HistoryDisplay.from_estimator(
        validated, train_kw={"c": "k"}, validation_kw={"lw": 5}
    )

    assert display.lines_[0].get_color() == "k"
    assert display.lines_[1].get_linewidth() == 5
    assert display.legend_.legend_handles[0].get_color() == "k"


def test_history_refuses_unknown_metrics(validated):
    """The error lists the columns there are."""
    with pytest.raises(ValueError, match=r"'val_mean_absolute_error'.*got \['auc'\]"):
        HistoryDisplay.from_estimator(validated, metrics="auc")


def test_history_refuses_labels_that_do_not_fit(validated):
    """Every fit needs a label of its own."""
    with pytest.raises(ValueError, match="Give one label for each"):
        HistoryDisplay.from_estimator([validated, validated], labels=["a", "a"])
    with pytest.raises(ValueError, match=r"got 0 estimator\(s\)"):
        HistoryDisplay.from_estimator([])


def test_history_refuses_what_has_none(iris):
    """Unfitted and foreign estimators are told apart."""
    with pytest.raises(NotFittedError):
        HistoryDisplay.from_estimator(DNNClassifier())
    with pytest.raises(TypeError, match="got LogisticRegression"):
        HistoryDisplay.from_estimator(LogisticRegression().fit(*iris))


# EpochCurveDisplay


def test_epoch_curve_shows_means_over_the_folds(iris):
    """The lines are means of what epoch_curve returns, the bands deviations."""
    net = DNNClassifier((16,), learning_rate=0.03, epochs=12, random_state=0)
    curve = epoch_curve(net, *iris, cv=FOLDS, scoring="accuracy")

    display = EpochCurveDisplay.from_estimator(net, *iris, cv=FOLDS, scoring="accuracy")

    for line, scores in zip(display.lines_, curve[1:], strict=True):
        assert_array_equal(line.get_ydata(), scores.mean(axis=1))
    assert_array_equal(display.test_scores, curve[2])
    top = display.fill_between_[1].get_paths()[0].vertices[:, 1].max()
    assert_allclose(top, (curve[2].mean(axis=1) + curve[2].std(axis=1)).max())
    assert display.ax_.get_ylabel() == "Accuracy"
    assert_readable(display)


def test_epoch_curve_marks_the_best_epoch(houses):
    """The ring is at the best mean score of the held-out rows."""
    net = DNNRegressor(
        (16,), learning_rate=0.03, epochs=30, normalize_y=False, random_state=0
    )

    display = EpochCurveDisplay.from_estimator(
        net, houses["X"], houses["y"], cv=FOLDS, scoring="neg_mean_squared_error"
    )

    best = display.test_scores.mean(axis=1).argmax()
    assert display.best_epoch_ == best + 1
    assert display.mark_.get_xdata()[0] == best + 1
    assert display.mark_.get_ydata()[0] == display.lines_[1].get_ydata()[best]
    assert display.ax_.get_ylabel() == "Mean squared error"
    assert display.ax_.get_yscale() == "log"
    assert_readable(display)


@pytest.fixture
def errors():
    """A display of made-up negative errors of 2 folds over 20 epochs."""
    falling = -4.0 / np.arange(1, 21)[:, np.newaxis] - 1
    return EpochCurveDisplay(
        epochs=np.arange(1, 21),
        train_scores=falling + np.array([0.1, 0.2]),
        test_scores=falling - np.array([0.1, 0.2]),
        score_name="Negative error",
    )


def test_epoch_curve_turns_negative_errors_into_errors(errors):
    """By default errors are positive; negate_score=False shows the scores."""
    assert errors.plot().ax_.get_ylabel() == "Error"
    assert errors.lines_[0].get_ydata().min() > 0

    assert errors.plot(negate_score=False).ax_.get_ylabel() == "Negative error"
    assert errors.lines_[0].get_ydata().max() < 0
    assert errors.plot(score_name="MAE").ax_.get_ylabel() == "MAE"


def test_epoch_curve_leaves_out_the_first_epochs(errors):
    """first_epoch cuts the part that dwarfs the rest."""
    display = errors.plot(first_epoch=10)

    assert_array_equal(display.lines_[1].get_xdata(), np.arange(10, 21))
    assert display.mark_.get_xdata()[0] == 20
    with pytest.raises(ValueError, match="1 to 20; got 21"):
        errors.plot(first_epoch=21)


@pytest.mark.parametrize("score_type", ["train", "test"])
def test_epoch_curve_shows_one_side(errors, score_type):
    """Only held-out rows have a best epoch to mark."""
    display = errors.plot(score_type=score_type, std_display_style=None)

    assert len(display.lines_) == 1
    assert display.fill_between_ is None
    assert (display.mark_ is None) == (score_type == "train")


def test_epoch_curve_plots_into_given_axes(errors):
    """Styles and axes of the user are taken."""
    _, ax = plt.subplots()

    display = errors.plot(ax, line_kw={"ls": "--"}, fill_between_kw={"alpha": 0.5})

    assert display.ax_ is ax
    assert display.lines_[0].get_linestyle() == "--"
    assert display.fill_between_[0].get_alpha() == 0.5


@pytest.mark.parametrize("choice", ["score_type", "std_display_style"])
def test_epoch_curve_refuses_unknown_choices(errors, choice):
    """The error names the choices."""
    with pytest.raises(ValueError, match=f"{choice} must be .* got 'all'"):
        errors.plot(**{choice: "all"})


# IntervalDisplay


@pytest.fixture(scope="module")
def sure(houses):
    """A gaussian in a Pipeline, and rows that it has not seen."""
    net = DNNRegressor(
        (16,), loss="gaussian", normalize_y=True, epochs=20, random_state=0
    )
    pipeline = make_pipeline(StandardScaler(), net).fit(houses["X"], houses["y"])
    return pipeline, houses["X_val"], houses["y_val"]


@pytest.fixture
def bounds():
    """Four made-up predictions with intervals of 50 % and 90 %."""
    y, predicted = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.1, 1.0, 2.5, 5.0])
    widths = np.array([0.2, 1.0])
    return y, predicted, predicted[:, None, None] + widths[:, None] * [-1.0, 1.0]


def test_intervals_are_those_of_the_estimator(sure):
    """Bars go from bound to bound at the true value, apart whether they hold it."""
    pipeline, X, y = sure
    expected = pipeline[-1].predict_interval(pipeline[:-1].transform(X), 0.9)
    inside = (expected[:, 0] <= y) & (y <= expected[:, 1])

    display = IntervalDisplay.from_estimator(pipeline, X, y)

    found = [np.array(bars.get_segments()) for bars in display.bars_]
    for segments, rows in zip(found, (inside, ~inside), strict=True):
        assert_array_equal(segments[:, :, 1], expected[rows])
        assert_array_equal(segments[:, 0, 0], y[rows])
    assert_array_equal(display.lines_[1].get_ydata(), pipeline.predict(X))
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts[0] == f"{inside.mean():.0%} inside, 90% expected"
    assert_readable(display)


def test_coverage_is_the_share_of_targets_inside(sure, bounds):
    """Observed against nominal coverages, of an estimator and of anything."""
    pipeline, X, y = sure
    display = IntervalDisplay.from_estimator(pipeline, X, y, kind="coverage")

    assert_array_equal(display.lines_[1].get_ydata(), display.observed_coverages_)
    assert display.coverages[[0, -2]].tolist() == [0.1, 0.9]
    assert (np.diff(display.observed_coverages_) >= 0).all()
    assert_readable(display)

    made_up = IntervalDisplay.from_predictions(*bounds, coverages=(0.5, 0.9))
    assert made_up.observed_coverages_.tolist() == [0.5, 0.75]


def test_coverages_are_those_that_quantiles_bound(houses):
    """A network of quantiles shows the pairs that it was fitted for."""
    net = DNNRegressor((4,), quantiles=(0.05, 0.25, 0.75, 0.95, 0.4), epochs=1)
    net.set_params(random_state=0).fit(houses["X"], houses["y"])

    display = IntervalDisplay.from_estimator(net, houses["X"], houses["y"])

    assert display.coverages.tolist() == [0.5, 0.9]


def test_intervals_of_many_rows_are_drawn(bounds):
    """A subsample is shown, the share is of all, and axes and styles are taken."""
    _, ax = plt.subplots()
    y, predicted, intervals = bounds

    display = IntervalDisplay.from_predictions(
        y,
        predicted,
        intervals[:, 1],
        subsample=2,
        random_state=0,
        ax=ax,
        scatter_kw={"ms": 9},
        line_kw={"ls": ":"},
    )

    assert display.ax_ is ax
    assert len(display.lines_[1].get_xdata()) == 2
    assert display.lines_[1].get_markersize() == 9
    assert display.lines_[0].get_linestyle() == ":"
    assert "75% inside" in ax.get_legend().get_texts()[0].get_text()


def test_intervals_that_cannot_be_shown_are_refused(bounds, houses):
    """The error says what shapes, kinds, coverages and estimators there are."""
    y, predicted, intervals = bounds
    shown = IntervalDisplay.from_predictions
    mean = DNNRegressor((4,), epochs=1).fit(houses["X"], houses["y"])

    with pytest.raises(ValueError, match=r"of \(4, 2, 2\) for 1 coverage"):
        shown(y, predicted, intervals)
    with pytest.raises(ValueError, match=r"kind must be .* got 'all'"):
        shown(y, predicted, intervals, coverages=(0.5, 0.9), kind="all")
    with pytest.raises(ValueError, match=r"one of \[0.5, 0.9\]; got 0.8"):
        shown(y, predicted, intervals, coverages=(0.5, 0.9), coverage=0.8)
    with pytest.raises(ValueError, match=r"expects a regressor that predicts interv"):
        IntervalDisplay.from_estimator(mean, houses["X"], houses["y"])


# GridSearchDisplay


def best_over_rest(search, names):
    """The reference: pandas maximises over all other parameters."""
    frame = pd.DataFrame(search.cv_results_["params"])
    frame["score"] = search.cv_results_["mean_test_score"]
    return frame.groupby(names)["score"].max()


def test_heat_map_is_the_best_over_all_other_parameters(search):
    """Each cell shows the best mean score with its two values."""
    names = ["dnnregressor__l2", "dnnregressor__learning_rate"]

    display = GridSearchDisplay.from_estimator(search, params=["l2", "learning_rate"])

    expected = best_over_rest(search, names).unstack()
    assert display.param_names == names
    assert display.param_values == [[1e-4, 1e-3], [0.001, 0.01, 0.03, 0.1]]
    assert_array_equal(display.scores, expected)
    assert_array_equal(display.im_.get_array(), -expected.T)
    assert display.ax_.get_xlabel() == "l2"
    assert display.ax_.get_ylabel() == "learning rate"
    assert display.colorbar_.ax.get_ylabel() == "Mean absolute error"
    assert_readable(display)


def test_heat_map_marks_the_best_cell(search):
    """The frame is around the cell of best_params_, and its number is bold."""
    display = GridSearchDisplay.from_estimator(search, params=["learning_rate", "l2"])

    best = search.best_params_
    x = display.param_values[0].index(best["dnnregressor__learning_rate"])
    y = display.param_values[1].index(best["dnnregressor__l2"])
    assert display.mark_.get_xy() == (x - 0.5, y - 0.5)
    assert display.text_[x, y].get_weight() == "bold"
    assert float(display.text_[x, y].get_text()) == round(-search.best_score_, 2)


def test_heat_map_shows_what_matters_most(search):
    """By default the axes are the parameters over which the best scores differ most."""
    display = GridSearchDisplay.from_estimator(search)

    effects = {
        name: np.ptp(best_over_rest(search, [name])) for name in search.param_grid
    }
    assert display.param_names == sorted(effects, key=effects.get)[::-1][:2]


def test_line_shows_one_parameter(search):
    """The rest is maximised over; the axis of a learning rate is logarithmic."""
    display = GridSearchDisplay.from_estimator(search, params="learning_rate")

    (line,) = display.lines_
    expected = best_over_rest(search, ["dnnregressor__learning_rate"])
    assert_array_equal(line.get_xdata(), [0.001, 0.01, 0.03, 0.1])
    assert_array_equal(line.get_ydata(), -expected)
    assert display.ax_.get_xscale() == "log"
    best = search.best_params_["dnnregressor__learning_rate"]
    assert display.mark_.get_xdata()[0] == best
    assert display.mark_.get_label() == f"best: {best:g}"
    labels = [text.get_text() for text in display.ax_.get_xticklabels()]
    assert labels == ["0.001", "0.01", "0.03", "0.1"]
    assert_readable(display)


def test_line_over_names_has_a_place_for_each(tree_search):
    """Values that are no numbers stand side by side in the order tried."""
    display = GridSearchDisplay.from_estimator(tree_search, params="criterion")

    labels = [text.get_text() for text in display.ax_.get_xticklabels()]
    assert labels == ["gini", "entropy", "log_loss"]
    assert_array_equal(display.lines_[0].get_xdata(), [0, 1, 2])
    assert_readable(display)


def test_line_with_no_penalty_and_penalties_of_several_sizes(tree_search):
    """A zero beside powers of ten has a place, which a logarithm would not give."""
    display = GridSearchDisplay.from_estimator(tree_search, params="ccp_alpha")

    labels = [text.get_text() for text in display.ax_.get_xticklabels()]
    assert labels == ["0", "0.001", "0.1"]
    assert display.ax_.get_xscale() == "linear"


def test_search_with_several_scores_shows_the_one_asked_for(tree_search):
    """Without metric it is the one of refit; each has its own best cell."""
    params = ["ccp_alpha", "criterion"]

    accuracy = GridSearchDisplay.from_estimator(tree_search, params=params)
    loss = GridSearchDisplay.from_estimator(tree_search, params=params, metric="loss")

    assert accuracy.score_name == "Accuracy"
    results = tree_search.cv_results_
    assert_allclose(accuracy.scores.max(), results["mean_test_accuracy"].max())
    assert_allclose(loss.scores.max(), results["mean_test_loss"].max())
    assert loss.scores[loss.best] == loss.scores.max()
    with pytest.raises(ValueError, match=r"\['accuracy', 'loss'\]; got 'auc'"):
        GridSearchDisplay.from_estimator(tree_search, metric="auc")


def test_settings_not_tried_are_left_blank():
    """A list of grids leaves cells without number and colour."""
    scores = np.array([[0.9, np.nan], [0.8, 0.7]])

    display = GridSearchDisplay(
        param_names=["optimizer", "units"],
        param_values=[["adam", "sgd"], [8, 16]],
        scores=scores,
    ).plot()

    assert display.text_[0, 1] is None
    assert display.im_.get_array().mask.T.tolist() == [[False, True], [False, False]]


def test_random_search_is_shown_as_points(houses):
    """Settings that fill no grid are points on logarithmic axes."""
    ranges = {"learning_rate": loguniform(1e-3, 1e-1), "l2": loguniform(1e-5, 1e-2)}
    net = DNNRegressor((16,), dropout=0.1, epochs=3, random_state=0)
    search = RandomizedSearchCV(net, ranges, n_iter=8, cv=2, random_state=0)
    search.fit(houses["X"], houses["y"])

    display = GridSearchDisplay.from_estimator(search, params=["learning_rate", "l2"])

    x, y = display.points_.get_offsets().T
    results = search.cv_results_
    assert_allclose(sorted(x), sorted(results["param_learning_rate"].astype(float)))
    assert_allclose(sorted(y), sorted(results["param_l2"].astype(float)))
    assert display.ax_.get_xscale() == display.ax_.get_yscale() == "log"
    best = search.best_params_
    assert_allclose(display.mark_.get_xydata(), [[best["learning_rate"], best["l2"]]])
    assert display.im_ is None
    assert_readable(display)


@pytest.mark.parametrize("n_values", [2, 7, 15])
def test_heat_map_stays_readable(n_values):
    """Long names are slanted, many are thinned, tiny and large numbers are short."""
    names = [f"leaky_relu_{i}" for i in range(n_values)]
    rates = [10.0**-i for i in range(n_values)][::-1]

    display = GridSearchDisplay(
        param_names=["net__activation", "net__learning_rate"],
        param_values=[names, rates],
        scores=np.random.default_rng(0).random((n_values, n_values)),
    ).plot()

    assert_readable(display)
    assert (display.text_ is None) == (n_values == 15)


@pytest.mark.parametrize(
    "values",
    [
        np.logspace(-5, -1, 9).tolist(),
        [10, 20, 50, 100],
        [0, 0.1, 0.2, 0.5],
        [0.01, 0.011, 0.012, 10],
        [True, False],
        [None, "balanced"],
        [0.5],
    ],
)
def test_line_stays_readable(values):
    """Labels do not overlap, whatever the values."""
    scores = np.linspace(0.5, 0.9, len(values))

    display = GridSearchDisplay(
        param_names=["p"], param_values=[values], scores=scores, deviations=scores / 50
    ).plot()

    assert_readable(display)


def test_heat_map_plots_into_given_axes(search):
    """The parts of the picture can be left out and styled."""
    _, ax = plt.subplots()

    display = GridSearchDisplay.from_estimator(
        search,
        params=["l2", "dropout"],
        ax=ax,
        negate_score=False,
        score_name="quality",
        colorbar=False,
        values_format=".1f",
        im_kw={"cmap": "magma"},
        text_kw={"size": 7},
    )

    assert display.ax_ is ax
    assert display.colorbar_ is None
    assert display.im_.get_cmap().name == "magma"
    assert {text.get_size() for text in display.text_.flat} == {7}
    assert float(display.text_[0, 0].get_text()) == round(display.scores[0, 0], 1)


@pytest.mark.parametrize("params", ["momentum", [], ["l2", "dropout", "learning_rate"]])
def test_search_refuses_unknown_parameters(search, params):
    """The error lists the parameters there are."""
    with pytest.raises(ValueError, match=r"dnnregressor__learning_rate.*Choose among"):
        GridSearchDisplay.from_estimator(search, params=params)


def test_search_refuses_a_metric_it_does_not_need(search):
    """A search with one score has nothing to choose from."""
    with pytest.raises(ValueError, match="Leave metric out"):
        GridSearchDisplay.from_estimator(search, metric="r2")


def test_search_must_be_fitted():
    """An unfitted search has nothing to show."""
    with pytest.raises(NotFittedError):
        GridSearchDisplay.from_estimator(GridSearchCV(DNNClassifier(), {}))


# matplotlib


def test_displays_import_matplotlib_only_to_plot():
    """Without matplotlib displays can be made; plotting says what to install."""
    program = """
import sys
sys.modules["matplotlib"] = None
from skdeep.displays import HistoryDisplay
display = HistoryDisplay(histories={"net": {"loss": [2.0, 1.0]}})
try:
    display.plot()
except ImportError as error:
    print(error)
"""

    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert "HistoryDisplay.plot needs matplotlib" in result.stdout
    assert 'pip install "skdeep[plot]"' in result.stdout


def test_history_takes_a_fitted_search(iris):
    """A search shows the network that it has refitted, in a Pipeline or not."""
    X, y = iris
    net = DNNClassifier((4,), epochs=2, random_state=0)
    pipe = make_pipeline(StandardScaler(), net)
    grid = {"dnnclassifier__learning_rate": [0.001, 0.01]}
    search = GridSearchCV(pipe, grid, cv=2).fit(X, y)

    display = HistoryDisplay.from_estimator(search)

    best = search.best_estimator_[-1]
    assert display.histories == {"DNNClassifier": best.history_}


def test_an_unfitted_search_is_told_from_a_fitted_one():
    """What has chosen no network yet says so."""
    search = GridSearchCV(DNNClassifier(), {"l2": [0.0]})

    with pytest.raises(NotFittedError):
        HistoryDisplay.from_estimator(search)
