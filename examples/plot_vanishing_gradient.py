"""
===================================
XOR, and the gradient that vanishes
===================================

No straight line separates the four cases of exclusive or; a hidden layer does. So
should six of them do better? With sigmoid units they do worse: the slope of a sigmoid
is at most 1/4, and on its way back through six of them next to nothing is left of the
gradient. The remedy is an activation with slope 1.
"""

# %%
# One hidden layer
# ----------------
# 32 sigmoid units, squared error, Adam, one case after the other.
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap

from skdeep import DNNClassifier
from skdeep.datasets import make_xor
from skdeep.displays import HistoryDisplay

X, y = make_xor()
network = {
    "loss": "mean_squared_error",
    "learning_rate": 0.01,
    "epochs": 1000,
    "batch_size": 1,
    "random_state": 0,
}
nets = {
    "1 × 32 sigmoid": DNNClassifier((32,), activation="sigmoid", **network),
    "6 × 32 sigmoid": DNNClassifier((32,) * 6, activation="sigmoid", **network),
    "6 × 32 relu": DNNClassifier((32,) * 6, activation="relu", **network),
}
for name, net in nets.items():
    net.fit(X, y)
    print(f"{name}: accuracy {net.score(X, y):.2f}, loss {net.loss_curve_[-1]:.4f}")

# %%
# The curves of the loss
# ----------------------
# The deep sigmoid network stays where it began: at 0.25, the error of always
# answering one half.
display = HistoryDisplay.from_estimator(nets, metrics="loss")
plt.show()

# %%
# What the networks learned
# -------------------------
# The probability of class 1 over the square, and the four cases.
side = np.linspace(-0.25, 1.25, 60)
square = np.array([[a, b] for b in side for a in side])
figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.2), sharey=True, layout="constrained")
for ax, (name, net) in zip(axes, nets.items(), strict=True):
    probability = net.predict_proba(square)[:, 1].reshape(60, 60)
    image = ax.pcolormesh(
        side, side, probability, vmin=0, vmax=1, cmap="PuOr", rasterized=True
    )
    ax.scatter(*X.T, c=y, cmap=ListedColormap(["#b35806", "#542788"]), ec="white", s=90)
    ax.set(title=f"{name}: {net.score(X, y):.0%} right", xlabel="a", aspect="equal")
axes[0].set_ylabel("b")
figure.colorbar(image, ax=axes, label="probability that a xor b")
plt.show()

# %%
# How much of the gradient arrives?
# ---------------------------------
# ``model_`` is an ordinary Keras model, so TensorFlow can say. A rate of next to zero
# leaves the weights where they were drawn.
import tensorflow as tf

figure, ax = plt.subplots(figsize=(5.6, 3.8), layout="constrained")
for number, name in enumerate(nets):
    drawn = nets[name].get_params() | {"epochs": 1, "learning_rate": 1e-12}
    model = DNNClassifier(**drawn).fit(X, y).model_
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(X)[:, 0] - y) ** 2)
    gradients = tape.gradient(
        loss, [layer.kernel for layer in model.layers if layer.weights]
    )
    sizes = [float(tf.reduce_mean(abs(g))) for g in gradients]
    ax.semilogy(range(1, len(sizes) + 1), sizes, "o-", color=f"C{number}", label=name)
ax.set(xlabel="layer, the first sees the data", ylabel="mean gradient of its weights")
ax.legend(frameon=False)
plt.show()

# %%
# What we saw
# -----------
# One hidden layer of sigmoids solves exclusive or, six of them do not leave chance
# level, and six layers of relu solve it at once. Depth needs activations that let the
# gradient through; this is why relu is the default of skdeep.
