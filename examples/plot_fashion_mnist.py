"""
=============================
Fashion-MNIST and TensorBoard
=============================

Small pictures of clothes in ten classes, as many and as large as the digits of MNIST
and harder. Two hidden layers and plain gradient descent take thirty epochs; time
enough to watch them in TensorBoard.

Without ``--full`` a tenth of the pictures is used for 20 epochs.
"""

# %%
# The clothes
# -----------
import sys
import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay

from skdeep import DNNClassifier
from skdeep.datasets import fetch_fashion_mnist
from skdeep.displays import HistoryDisplay

FULL = "--full" in sys.argv

clothes = fetch_fashion_mnist()
n_rows, n_val = (60_000, 5_000) if FULL else (6_000, 1_000)
X = np.float32(clothes.data[:n_rows]) / 255
y = np.array(clothes.target_names)[clothes.target[:n_rows]]
figure, axes = plt.subplots(2, 8, figsize=(9, 2.8), layout="constrained")
for ax, image, name in zip(axes.ravel(), clothes.images, y, strict=False):
    ax.imshow(image, cmap="gray_r")
    ax.set_title(name, fontsize=9)
    ax.axis("off")
plt.show()

# %%
# Training
# --------
# The first rows are the validation set. TensorBoard is a callback of Keras and a
# package of its own, ``pip install tensorboard``; look at the run with
# ``tensorboard --logdir runs``.
folder = tempfile.TemporaryDirectory()
net = DNNClassifier(
    (300, 100),
    dropout=0.0,
    optimizer="sgd",
    learning_rate=0.01,
    epochs=30 if FULL else 20,
    batch_size=32,
    early_stopping=False,
    callbacks=[keras.callbacks.TensorBoard(Path(folder.name) / "runs" / "first")],
    random_state=0,
).fit(X[n_val:], y[n_val:], X_val=X[:n_val], y_val=y[:n_val])
for path in sorted(Path(folder.name).rglob("events.*")):
    print(path.relative_to(folder.name).parent, path.stat().st_size, "bytes")
display = HistoryDisplay.from_estimator(net)
plt.show()

# %%
# Which clothes are confused?
# ---------------------------
# The classes are strings, in and out.
n_test = 10_000 if FULL else 2_000
X_test, codes = fetch_fashion_mnist(subset="test", return_X_y=True)
X_test = np.float32(X_test[:n_test]) / 255
y_test = np.array(clothes.target_names)[codes[:n_test]]
figure, ax = plt.subplots(figsize=(7, 5.8), layout="constrained")
ConfusionMatrixDisplay.from_estimator(
    net,
    X_test,
    y_test,
    ax=ax,
    normalize="true",
    values_format=".2f",
    xticks_rotation=40,
    cmap="Blues",
    colorbar=False,
)
plt.show()

# %%
# What we saw
# -----------
# The published validation accuracy is about 0.89 after thirty epochs on all pictures.
# The network is at a loss where people would be, too: shirts, pullovers and coats.
folder.cleanup()
print(f"validation accuracy {net.history_['val_accuracy'][-1]:.3f}")
print(f"test accuracy       {net.score(X_test, y_test):.3f}")
