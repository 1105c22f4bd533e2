"""
============================================
Film reviews: overfitting, and four remedies
============================================

Does a review praise the film or not? A review is a row of ten thousand zeros and ones,
one for each frequent word; as a sparse matrix it goes straight into the network, which
makes a batch dense only while it looks at it.

A network of this size learns the reviews by heart within a few epochs. The curve of
the validation loss shows when, and what helps.

Without ``--full`` a fifth of the reviews and 5000 words are used.
"""

# %%
# The reviews
# -----------
import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skdeep import DNNClassifier
from skdeep.datasets import fetch_imdb
from skdeep.displays import HistoryDisplay

FULL = "--full" in sys.argv

n_rows, n_val, n_words = (25_000, 10_000, 10_000) if FULL else (5_000, 2_000, 5_000)
reviews = fetch_imdb(num_words=n_words)
X, y = reviews.data[:n_rows], reviews.target[:n_rows]
X_test, y_test = fetch_imdb(subset="test", num_words=n_words, return_X_y=True)
X_test, y_test = X_test[:n_rows], y_test[:n_rows]
print(
    type(X).__name__, X.shape, f"{X.nnz / np.prod(X.shape):.1%} of the cells are not 0"
)
words = reviews.decode(X[0]).split()  # the most frequent first
print(f"a {reviews.target_names[y[0]]} review:", *words[-8:])

# %%
# Twenty epochs
# -------------
# The published network: 16-16 relu, RMSprop, batches of 512.
common = {
    "optimizer": "rmsprop",
    "batch_size": 512 if FULL else 128,
    "epochs": 20,
    "early_stopping": False,
    "random_state": 0,
}
held = {"X_val": X[:n_val], "y_val": y[:n_val]}
nets = {"16-16": DNNClassifier((16, 16), **common)}
nets["16-16"].fit(X[n_val:], y[n_val:], **held)
display = HistoryDisplay.from_estimator(nets["16-16"])
plt.show()

# %%
# Remedies
# --------
# A smaller network, a penalty on large weights, dropout, and normalised layers.
nets |= {
    "4-4": DNNClassifier((4, 4), **common),
    "16-16, l2": DNNClassifier((16, 16), l2=0.005, **common),
    "16-16, dropout": DNNClassifier((16, 16), dropout=0.5, **common),
    "64-32, normalised": DNNClassifier(
        (64, 32), dropout=0.0, batch_normalization=True, **common
    ),
}
for name in list(nets)[1:]:
    nets[name].fit(X[n_val:], y[n_val:], **held)
figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
for name, net in nets.items():
    ax.plot(range(1, 21), net.history_["val_loss"], label=name)
ax.set(xlabel="epoch", ylabel="validation loss", xticks=range(2, 21, 2), ylim=(None, 1))
ax.legend(frameon=False)
plt.show()

# %%
# What L1 does to words
# ---------------------
# L1 makes the weights of most words vanish; L2 only makes them smaller.
figure, ax = plt.subplots(figsize=(5.6, 3.8), layout="constrained")
for penalty in ("l2", "l1"):
    net = DNNClassifier((64, 32), dropout=0.0, **common, **{penalty: 0.01})
    net.set_params(epochs=10)
    kernel = np.abs(net.fit(X[n_val:], y[n_val:]).model_.get_weights()[0])
    label = f"{penalty} = 0.01: {np.mean(kernel < 1e-3):.0%} below 0.001"
    ax.hist(np.log10(kernel.ravel() + 1e-9), bins=80, alpha=0.6, label=label)
ax.set(xlabel="logarithm of the size of a weight in the first layer", ylabel="weights")
ax.legend(frameon=False)
plt.show()

# %%
# What we saw
# -----------
# The least validation loss comes after a few epochs; from there the network only gets
# more certain of its mistakes. Stopping in time helps as much as the best remedy, and
# costs less: ``early_stopping=True``, or a few epochs on all rows.
table = pd.DataFrame(
    {
        "least validation loss": [min(n.history_["val_loss"]) for n in nets.values()],
        "in epoch": [np.argmin(n.history_["val_loss"]) + 1 for n in nets.values()],
        "after 20 epochs": [n.history_["val_loss"][-1] for n in nets.values()],
        "test accuracy": [n.score(X_test, y_test) for n in nets.values()],
    },
    index=list(nets),
)
print(table.round(3).to_string())
four = nets["16-16"].set_params(epochs=4).fit(X, y)
print(f"four epochs on all rows: test accuracy {four.score(X_test, y_test):.3f}")
