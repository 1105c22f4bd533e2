"""
================================
Boston housing: how many epochs?
================================

404 rows are too few to set some aside for validation: which rows they are would decide
what they say. So the courses split them into four folds, train four networks, each on
three folds, and average the error on the fourth, epoch by epoch. The best epoch of the
mean curve is then used to train on all rows.

``epoch_curve`` does this in one training per fold.
"""

# %%
# The network in a pipeline
# -------------------------
# Prices are in thousand dollars, and so is the mean absolute error.
import sys

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdeep import DNNRegressor
from skdeep.datasets import load_boston_housing
from skdeep.displays import EpochCurveDisplay
from skdeep.engine import cache_info, clear_cache
from skdeep.model_selection import epoch_curve

FULL = "--full" in sys.argv

X, X_test, y, y_test = load_boston_housing(return_X_y=True, split="keras")
net = DNNRegressor(
    (64, 64),
    dropout=0.0,
    optimizer="rmsprop",
    metrics="mae",
    epochs=100,
    batch_size=16,
    normalize_y=False,
    random_state=0,
)
pipeline = make_pipeline(StandardScaler(), net)
folds, scoring = KFold(4), "neg_mean_absolute_error"
clear_cache()  # so that what is counted at the end was compiled here
errors = -cross_val_score(pipeline, X, y, cv=folds, scoring=scoring)
print("validation MAE of the folds:", errors.round(2), "mean", errors.mean().round(2))

# %%
# The curve
# ---------
# Scores of all four folds after every epoch; the transformers of the pipeline are
# fitted on the training rows of each fold.
pipeline.set_params(dnnregressor__epochs=500 if FULL else 300)
epochs, train_scores, test_scores = epoch_curve(
    pipeline, X, y, cv=folds, scoring=scoring
)
display = EpochCurveDisplay(
    epochs=epochs,
    train_scores=train_scores,
    test_scores=test_scores,
).plot(negate_score=True, score_name="mean absolute error", first_epoch=10)
plt.show()

# %%
# Batches of one row
# ------------------
# The published network saw one row at a time: more updates per epoch, and a noisier
# curve that turns earlier.
figure, ax = plt.subplots(figsize=(5.6, 3.8), layout="constrained")
curves = {16: -test_scores.mean(axis=1)}
pipeline.set_params(dnnregressor__batch_size=1)
_, _, scores = epoch_curve(pipeline, X, y, cv=folds, scoring=scoring)
curves[1] = -scores.mean(axis=1)
for size, curve in curves.items():
    ax.plot(epochs[9:], curve[9:], label=f"batch_size={size}")
    print(f"batch_size={size}: least {curve.min():.2f} in epoch {curve.argmin() + 1}")
ax.set(xlabel="epoch", ylabel="validation MAE, mean of 4 folds")
ax.legend(frameon=False)
plt.show()

# %%
# The last network
# ----------------
# All training rows, the best number of epochs, and the test rows for the first time.
best = int(epochs[curves[16].argmin()])
pipeline.set_params(dnnregressor__batch_size=16, dnnregressor__epochs=best).fit(X, y)
predicted = pipeline.predict(X_test)
figure, ax = plt.subplots(figsize=(4.6, 4.2), layout="constrained")
ax.plot([0, 50], [0, 50], color="0.7")
ax.plot(y_test, predicted, "o", alpha=0.6)
ax.set(xlabel="price, thousand dollars", ylabel="predicted price", aspect="equal")
plt.show()

# %%
# What we saw
# -----------
# The published validation error is about 2.4 thousand dollars, with a minimum near
# epoch 80; that of the test between 2.5 and 2.9. The curve is flat around its
# minimum, so the exact number of epochs matters little.
print(f"{best} epochs: test MAE {np.mean(np.abs(predicted - y_test)):.2f}")
print(f"{cache_info().compiled} programs compiled for {3 * 4 + 1} trainings")
