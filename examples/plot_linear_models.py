"""
======================================
Lines, gates and eight rows: one layer
======================================

A network without a hidden layer is an old acquaintance: linear regression if it
predicts numbers, logistic regression if it predicts two classes, softmax regression
if it predicts more. ``hidden_layer_sizes=()`` makes all three.

They are the right place to begin with: their weights can be read, and what goes
wrong with them goes wrong with every larger network.
"""

# %%
# Linear regression
# -----------------
# Thirty points of the line y = 10 x + 2 and one linear unit. The target are numbers,
# so the loss is the squared error.
import matplotlib.pyplot as plt
import numpy as np

from skdeep import DNNClassifier, DNNRegressor

x = np.linspace(-1, 2, 30)
y = 10 * x + 2
line = DNNRegressor(
    (),
    optimizer="sgd",
    learning_rate=0.01,
    batch_size=3,
    normalize_y=False,
    random_state=0,
)
line.fit(x[:, np.newaxis], y)
slope, intercept = (weights.item() for weights in line.model_.get_weights())
print(f"y = {slope:.3f} x + {intercept:.3f}")

# %%
# One epoch is far from enough. ``warm_start=True`` would continue a fit; here it is
# simpler to train anew for every number of epochs, which takes no time.
figure, ax = plt.subplots(figsize=(5.6, 3.8), layout="constrained")
ax.plot(x, y, "o", color="0.6", label="data")
for epochs in (1, 3, 10, 100):
    line.set_params(epochs=epochs).fit(x[:, np.newaxis], y)
    ax.plot(x, line.predict(x[:, np.newaxis]), label=f"epochs={epochs}")
ax.set(xlabel="x", ylabel="y")
ax.legend(frameon=False)
plt.show()

# %%
# The AND gate
# ------------
# Two classes make one sigmoid unit: a perceptron with a smooth threshold.
corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
both = [0, 0, 0, 1]
gate = DNNClassifier((), learning_rate=0.1, epochs=200, random_state=0)
gate.fit(corners, both)
for (a, b), probability in zip(corners, gate.predict_proba(corners)[:, 1], strict=True):
    print(f"{a} and {b}: {probability:.2f}")

# %%
# Softmax regression
# ------------------
# Eight rows, three classes; three more rows are the validation set. What is passed as
# ``X_val`` and ``y_val`` is evaluated after every epoch.
X = [[1, 2, 1], [1, 3, 2], [1, 3, 4], [1, 5, 5], [1, 7, 5], [1, 2, 5], [1, 6, 6]]
X, y = [*X, [1, 7, 7]], [2, 2, 2, 1, 1, 1, 0, 0]
X_val, y_val = [[2, 1, 1], [3, 1, 2], [3, 3, 4]], [2, 2, 2]
softmax = DNNClassifier(
    (), optimizer="sgd", learning_rate=0.1, epochs=200, random_state=0
).fit(X, y, X_val=X_val, y_val=y_val)
softmax.history_frame().iloc[[0, 9, 99, 199]].round(3)

# %%
# What we saw
# -----------
# The line has slope 10 and intercept 2, the gate gets its four cases right, and the
# softmax regression ends near the published training loss of 0.609 with all three
# validation rows right.
for name, net in {"gate": gate, "softmax regression": softmax}.items():
    print(f"{name}: {net.summary().attrs['n_parameters']} parameters")
print(f"training loss {softmax.history_['loss'][-1]:.3f}")
print(f"validation accuracy {softmax.history_['val_accuracy'][-1]:.1f}")
