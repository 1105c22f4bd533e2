"""
========================================
Why to scale: a fit that diverges, cured
========================================

Eight days of a share: opening price, high, low, and the volume. Prices near 800 stand
beside volumes near a million, so the loss is a valley a thousand times steeper along
one axis than along the others. No step length suits both.
"""

# %%
# As it is
# --------
# A linear unit and gradient descent. The table goes in as it is.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skdeep import DNNRegressor
from skdeep.datasets import load_stocks
from skdeep.displays import HistoryDisplay
from skdeep.exceptions import DivergenceError

stocks = load_stocks(as_frame=True)
stocks.frame

# %%
# The loss of the first epoch is 10 to the 11, that of the second 10 to the 32, and
# then numbers end. Keras would go on and return a network of NaN; skdeep stops and
# says in which epoch it happened, and what to try.
X, y = stocks.data.to_numpy(), stocks.target.to_numpy()
net = DNNRegressor(
    (),
    optimizer="sgd",
    learning_rate=0.01,
    epochs=10,
    early_stopping=False,
    normalize_y=False,
    random_state=0,
)
try:
    net.fit(X, y)
except DivergenceError as error:
    print(error)

# %%
# Scaled
# ------
# ``MinMaxScaler`` in front of the network, and ``normalize_y=True`` for the target.
# Predictions come out in the units of the table.
net.set_params(normalize_y=True)
scaled = make_pipeline(MinMaxScaler(), net).fit(X, y)
print("loss:", np.round(net.loss_curve_, 2))

# %%
# Ten epochs are few. Two thousand find a good plane:
net.set_params(epochs=2000)
scaled.fit(X, y)
display = HistoryDisplay.from_estimator(scaled)
plt.show()

# %%
figure, ax = plt.subplots(figsize=(5.6, 3.8), layout="constrained")
ax.plot(y, "o-", color="0.6", label="closing price")
ax.plot(scaled.predict(X), "C0", label="predicted from the other columns")
ax.set(xlabel="day, the newest first", ylabel="price")
ax.legend(frameon=False)
plt.show()

# %%
# What we saw
# -----------
# The same network, optimizer and learning rate diverge in the third epoch on the raw
# table and converge on the scaled one. Put a scaler in front of every network; in a
# pipeline it learns its scale from the training rows alone.
print(f"R² {scaled.score(X, y):.2f}")
