"""
=========================
How sure is a prediction?
=========================

A number alone does not say how far off it may be. A network can: as quantiles between
which most targets lie, or as a mean with a standard deviation. Both belong to the row,
so intervals are narrow where the data are clear and wide where they are not. Whether
they hold what they say can be seen on rows that were not trained on, and conformal
prediction makes it a promise.
"""

# %%
# A function whose noise grows
# ----------------------------
# One network has an output for each quantile. The bounds of the 90 % that it learns
# follow the noise that made the data.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import CalibrationDisplay
from sklearn.datasets import make_classification
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdeep import DNNClassifier, DNNRegressor
from skdeep.datasets import load_boston_housing
from skdeep.displays import IntervalDisplay

rng = np.random.default_rng(0)
x = np.sort(rng.uniform(0, 10, size=1000))
deviation = 0.1 + 0.08 * x
y = np.sin(x) + rng.normal(scale=deviation)
settings = {
    "hidden_layer_sizes": (64, 64),
    "learning_rate": 0.003,
    "epochs": 150,
    "normalize_y": True,
    "random_state": 0,
}
net = DNNRegressor(**settings, quantiles=(0.05, 0.5, 0.95))
net.fit(x[:, np.newaxis], y)
low, middle, high = net.predict_quantiles(x[:, np.newaxis]).T

figure, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
ax.plot(x, y, ".", color="0.7", markersize=3, label="data")
ax.fill_between(x, low, high, alpha=0.3, label="90 % interval")
ax.plot(x, middle, label="median")
for sign in (-1, 1):
    bound = np.sin(x) + sign * 1.645 * deviation
    ax.plot(x, bound, "k:", linewidth=1, label="true bounds" if sign > 0 else None)
ax.legend(loc="lower left", ncols=2, frameon=False)
plt.show()

# %%
# What the network does not know
# ------------------------------
# Quantiles are those of the noise. Where there are no data a network says something
# all the same; several networks, trained from different seeds, disagree there. With
# ``loss="gaussian"`` and ``n_members`` the standard deviation has both parts.
gap = (x < 4) | (x > 6.5)
several = DNNRegressor(**settings, loss="gaussian", n_members=5)
several.fit(x[gap][:, np.newaxis], y[gap])
grid = np.linspace(-1, 11, 300)
mean, total = several.predict(grid[:, np.newaxis], return_std=True)
means = [member.predict(grid[:, np.newaxis]) for member in several.members_]

figure, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
ax.plot(x[gap], y[gap], ".", color="0.7", markersize=3, label="data")
ax.fill_between(
    grid, mean - 1.645 * total, mean + 1.645 * total, alpha=0.3, label="90 % interval"
)
ax.plot(grid, np.transpose(means), color="C1", linewidth=0.8, alpha=0.7)
ax.plot(grid, mean, label="mean of five networks")
ax.legend(loc="lower left", frameon=False)
plt.show()

# %%
# Prices with intervals
# ---------------------
# Boston housing: 250 towns to train on, and 256 that were not seen. Intervals that do
# not touch the diagonal miss the price.
X, prices = load_boston_housing(return_X_y=True)
X, X_test, prices, test_prices = train_test_split(
    X, prices, train_size=250, random_state=0
)
houses = DNNRegressor(
    (64,),
    quantiles=(0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95),
    dropout=0.1,
    epochs=150,
    early_stopping=True,
    normalize_y=True,
    random_state=0,
)
pipeline = make_pipeline(StandardScaler(), houses).fit(X, prices)
figure, axes = plt.subplots(1, 2, figsize=(9.6, 4.4), layout="constrained")
IntervalDisplay.from_estimator(pipeline, X_test, test_prices, ax=axes[0])
raw = IntervalDisplay.from_estimator(
    pipeline, X_test, test_prices, kind="coverage", ax=axes[1]
)
axes[0].set(xlabel="price, thousand dollars")
plt.show()

# %%
# Intervals that hold what they say
# ---------------------------------
# Conformalized quantile regression (Romano, Patterson and Candès, 2019) widens the
# intervals by as much as rows held out ask for; MAPIE and crepes have it with all its
# variants. By hand it is three lines: the margin is the quantile of how far targets
# lie outside.
X_rest, X_new, rest, new = train_test_split(X_test, test_prices, random_state=0)
scaled, network = pipeline[:-1], pipeline[-1]
shares = []
for coverage in raw.coverages:
    low, high = network.predict_interval(scaled.transform(X_rest), coverage).T
    outside = np.maximum(low - rest, rest - high)
    margin = np.quantile(outside, min(1, coverage * (1 + 1 / len(rest))))
    low, high = network.predict_interval(scaled.transform(X_new), coverage).T
    shares.append(np.mean((low - margin <= new) & (new <= high + margin)))
    print(f"{coverage:.0%}: margin {margin:+.2f}, {shares[-1]:.0%} inside")

# %%
# Probabilities that are right as often as they say
# -------------------------------------------------
# A fifth of these labels is drawn at random, and a large network learns them by heart:
# it is surer than it is right. A temperature, found on rows held out, divides its
# logits. Classes stay; log loss, Brier score and the mean distance of confidence and
# accuracy (the expected calibration error, of ten bins) fall.


def calibration_error(y, probability):
    """Compare confidence and accuracy in ten bins of confidence."""
    confidence = np.maximum(probability, 1 - probability)
    bins = np.minimum((10 * confidence).astype(int), 9)
    right = (probability > 0.5) == y
    return np.abs(np.bincount(bins, right - confidence)).sum() / len(y)


X, y = make_classification(2400, 20, n_informative=5, flip_y=0.2, random_state=0)
(X, X_rest, X_new), (y, y_rest, y_new) = np.split(X, 3), np.split(y, 3)
figure, ax = plt.subplots(figsize=(4.8, 4.4), layout="constrained")
for calibration in (None, "temperature"):
    classifier = DNNClassifier(
        (128,), epochs=150, calibration=calibration, random_state=0
    ).fit(X, y, X_val=X_rest, y_val=y_rest)
    probability = classifier.predict_proba(X_new)[:, 1]
    name = f"calibration={calibration!r}"
    print(
        f"{name}: T {classifier.temperature_:.2f}, "
        f"log loss {log_loss(y_new, probability):.3f}, "
        f"Brier {brier_score_loss(y_new, probability):.3f}, "
        f"calibration error {calibration_error(y_new, probability):.3f}"
    )
    CalibrationDisplay.from_predictions(y_new, probability, n_bins=10, name=name, ax=ax)
plt.show()

# %%
# What we saw
# -----------
# One network gives a whole distribution of targets, and pictures say whether it can be
# believed: raw intervals of few rows tend to be too narrow. A margin from rows held out
# brings them to what they say, up to the chance of a small test set; and a temperature
# does it for the probabilities of a classifier.
print("raw:", dict(zip(raw.coverages, raw.observed_coverages_.round(2), strict=True)))
