"""
=====================================
A series in time: windows for an LSTM
=====================================

What will the next value be? The rows are windows of the last two days of an hourly
series, the target is the hour behind each window. Whoever has no model says that the
next value is the last one; a forecast has to beat that.
"""

# %%
# The series
# ----------
# Hours with a daily and a weekly rhythm, and noise that remembers a little.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import TimeSeriesSplit, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdeep import DNNRegressor, RNNRegressor

rng = np.random.default_rng(0)
hours = np.arange(24 * 7 * 8)
noise = rng.normal(size=len(hours))
for hour in hours[1:]:
    noise[hour] += 0.7 * noise[hour - 1]
series = (
    10
    + 4 * np.sin(hours * 2 * np.pi / 24)
    + 2 * np.sin(hours * 2 * np.pi / 24 / 7)
    + 0.6 * noise
)
windows = np.lib.stride_tricks.sliding_window_view(series, 49)
X, y = windows[:, :48], windows[:, 48]

# %%
# Forecasts are judged by what comes later
# ----------------------------------------
# ``TimeSeriesSplit`` trains on the rows up to a day and tests on those behind it.
# The flat rows are sequences of single numbers; a scaler may stand in front.
split = TimeSeriesSplit(4)
common = {"epochs": 30, "random_state": 0, "normalize_y": True}
nets = {
    "LSTM": RNNRegressor((16,), **common),
    "dense": DNNRegressor((32,), learning_rate=0.005, **common),
}
errors = {
    "last value": np.mean([np.abs(X[t, -1] - y[t]).mean() for _, t in split.split(X)])
}
for name, net in nets.items():
    pipe = make_pipeline(StandardScaler(), net)
    scores = cross_validate(pipe, X, y, cv=split, scoring="neg_mean_absolute_error")
    errors[name] = -scores["test_score"].mean()
for name, error in errors.items():
    print(f"{name:10} mean absolute error {error:.3f}")
assert errors["LSTM"] < errors["last value"]

# %%
# The last week
# -------------
pipe = make_pipeline(StandardScaler(), nets["LSTM"]).fit(X[: -24 * 7], y[: -24 * 7])
figure, axes = plt.subplots(figsize=(8, 3))
axes.plot(hours[-24 * 7 :], y[-24 * 7 :], label="series")
axes.plot(hours[-24 * 7 :], pipe.predict(X[-24 * 7 :]), label="one hour ahead")
axes.set(xlabel="hour", title="An LSTM on windows of two days")
axes.legend()
plt.show()

# %%
# What we saw
# -----------
# The last value is wrong by 0.79 on average, the LSTM by 0.52, the dense network on the
# same windows by 0.62. What is left is mostly noise: the part of it that no forecast
# can know has a mean absolute value of 0.48.
