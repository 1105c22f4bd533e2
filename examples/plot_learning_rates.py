"""
=======================
Learning rates compared
=======================

The learning rate is the first number to try when a network does not learn. Too large,
and every step overshoots the valley it aims at; too small, and the epochs run out on
the way. Both show in the curve of the loss.

A learning rate is a number that a program is given, not a part of it: comparing many
compiles once, and fits as short as these compile nothing at all.
"""

# %%
# Eight rows, three rates
# -----------------------
# Softmax regression by plain gradient descent, 200 epochs.
import sys
import warnings

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skdeep import DNNClassifier
from skdeep.displays import HistoryDisplay
from skdeep.engine import cache_info
from skdeep.exceptions import ConvergenceWarning

FULL = "--full" in sys.argv

X = [[1, 2, 1], [1, 3, 2], [1, 3, 4], [1, 5, 5], [1, 7, 5], [1, 2, 5], [1, 6, 6]]
X, y = [*X, [1, 7, 7]], [2, 2, 2, 1, 1, 1, 0, 0]
nets = {}
for rate in (10, 0.1, 0.001):
    net = DNNClassifier(
        (), optimizer="sgd", learning_rate=rate, epochs=200, random_state=0
    )
    with warnings.catch_warnings():
        # The largest rate is warned about: the loss did not fall.
        warnings.simplefilter("ignore", ConvergenceWarning)
        nets[f"rate {rate:g}"] = net.fit(X, y)

display = HistoryDisplay.from_estimator(nets, metrics="loss", log_scale=True)
plt.show()

# %%
# A hidden layer, and Adam
# ------------------------
# The same on 1797 handwritten digits of 8 × 8 pixels. Adam chooses the length of its
# steps by itself and yet needs the right scale.
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)
before = cache_info().compiled
nets = {
    rate: DNNClassifier(
        (64,),
        dropout=0.0,
        learning_rate=rate,
        epochs=60 if FULL else 25,
        early_stopping=False,
        random_state=0,
    ).fit(X_train, y_train, X_val=X_test, y_val=y_test)
    for rate in (1.0, 0.1, 0.01, 0.001, 0.0001)
}
display = HistoryDisplay.from_estimator(
    {f"rate {rate:g}": net for rate, net in nets.items()}, mark_best=False
)
plt.show()
print(f"{len(nets)} fits, {cache_info().compiled - before} programs compiled")

# %%
# What we saw
# -----------
# A rate of 10 overshoots, 0.001 crawls, and 0.1 goes down the valley. For Adam the
# good rates lie lower, between 0.001 and 0.01, and a factor of ten to either side is
# lost. So search rates by factors: ``[0.0001, 0.001, 0.01, 0.1]``.
for rate, net in nets.items():
    print(f"rate {rate:g}: accuracy {net.score(X_test, y_test):.3f}")
