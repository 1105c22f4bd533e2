"""
===================================================
MNIST from softmax regression to five hidden layers
===================================================

Nine networks for handwritten digits, each one call of a constructor, beside the
accuracy that courses published for them. Every step of the way changes one thing: the
initial weights, hidden layers, their activation, their number, dropout.

Without ``--full`` a sixth of the digits is used for fewer epochs.
"""

# %%
# The digits
# ----------
import sys
import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skdeep import DNNClassifier
from skdeep.datasets import fetch_mnist
from skdeep.displays import HistoryDisplay

FULL = "--full" in sys.argv

n_train, n_test = (60_000, 10_000) if FULL else (10_000, 2_000)
X, y = fetch_mnist(return_X_y=True)
X_test, y_test = fetch_mnist(subset="test", return_X_y=True)
X, X_test = np.float32(X[:n_train]) / 255, np.float32(X_test[:n_test]) / 255
y, y_test = y[:n_train], y_test[:n_test]

# %%
# Logistic regression: 0 against 1
# --------------------------------
zero_or_one = DNNClassifier(
    (),
    optimizer="sgd",
    learning_rate=0.01,
    epochs=5,
    batch_size=16,
    early_stopping=False,
    random_state=0,
).fit(X[y < 2], y[y < 2])
print(f"0 or 1: {zero_or_one.score(X_test[y_test < 2], y_test[y_test < 2]):.4f}")

# %%
# Softmax regression, with every better model on disk
# ---------------------------------------------------
# Keras callbacks work as they do in Keras. Early stopping is a parameter; it watches
# the rows given as ``X_val`` and keeps the best weights.
n_fit = n_train * 4 // 5
with tempfile.TemporaryDirectory() as folder:
    checkpoint = keras.callbacks.ModelCheckpoint(
        Path(folder) / "{epoch:02d}-{val_loss:.4f}.keras", save_best_only=True
    )
    softmax = DNNClassifier(
        (),
        epochs=32 if FULL else 12,
        batch_size=200,
        early_stopping=True,
        patience=10,
        callbacks=[checkpoint],
        random_state=0,
    ).fit(X[:n_fit], y[:n_fit], X_val=X[n_fit:], y_val=y[n_fit:])
    print("The last files:", *[p.name for p in sorted(Path(folder).iterdir())[-3:]])
display = HistoryDisplay.from_estimator(softmax)
plt.show()
softmax.history_frame().tail(3).round(4)

# %%
# One table
# ---------
# Adam, batches of 512 rows, 20 epochs, initial weights as named.
uniform, deep = {"kernel_initializer": "random_uniform"}, (256,) * 5
systems = {
    "softmax regression, uniform": (0.8947, (), uniform),
    "256-256 linear, uniform": (0.9267, (256, 256), uniform | {"activation": "linear"}),
    "256-256 relu, uniform": (0.9806, (256, 256), uniform),
    "256-256 relu": (0.9817, (256, 256), {}),
    "5 × 256 relu": (0.9798, deep, {}),
    "the same, dropout 0.1": (0.9803, deep, {"dropout": 0.1}),
    "the same, dropout 0.2": (0.9840, deep, {"dropout": 0.2}),
    "the same, dropout 0.3": (0.9819, deep, {"dropout": 0.3}),
    "dropout 0.2, activity l1": (0.9815, deep, {"dropout": 0.2, "activity_l1": 1e-6}),
}
size = {"batch_size": 512, "epochs": 20} if FULL else {"batch_size": 128, "epochs": 8}
size |= {"early_stopping": False}
table = pd.DataFrame(index=systems, columns=["published", "ours"], dtype=float)
for name, (published, layers, parameters) in systems.items():
    settings = {"dropout": 0.0, **size, **parameters, "random_state": 0}
    net = DNNClassifier(layers, **settings).fit(X, y)
    table.loc[name] = published, net.score(X_test, y_test)
print(table.round(4))

# %%
# Where the last network is wrong
# -------------------------------
# The digits on which it is most certain of a wrong answer.
probability = net.predict_proba(X_test)
wrong = np.flatnonzero(net.predict(X_test) != y_test)
worst = wrong[np.argsort(probability[wrong].max(axis=1))[::-1][:10]]
figure, axes = plt.subplots(2, 5, figsize=(7, 3.4), layout="constrained")
for ax, i in zip(axes.ravel(), worst, strict=False):
    ax.imshow(X_test[i].reshape(28, 28), cmap="gray_r")
    ax.set_title(f"{y_test[i]}, not {probability[i].argmax()}", fontsize=10)
for ax in axes.ravel():
    ax.axis("off")
plt.show()

# %%
# What we saw
# -----------
# Linear layers add nothing to softmax regression, however many; relu takes the error
# from eight percent to two; three more layers only pay with dropout. The published
# 0.8947 is not reached by its recipe, which gives 0.925 in Keras and here; pixels from
# 0 to 255 come close to it.
