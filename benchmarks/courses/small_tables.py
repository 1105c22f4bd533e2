"""D1 to D8: lines, gates, exclusive or, eight rows, eight days, and iris."""

import warnings

import numpy as np
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from benchmarks.courses.row import Figure, above, below, exactly, near, row
from skdeep import DNNClassifier, DNNRegressor
from skdeep.datasets import load_stocks, make_xor
from skdeep.exceptions import ConvergenceWarning, DivergenceError

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
# Eight rows of three features for training, and three for validation.
EIGHT_ROWS = [
    *([1, 2, 1], [1, 3, 2], [1, 3, 4], [1, 5, 5]),
    *([1, 7, 5], [1, 2, 5], [1, 6, 6], [1, 7, 7]),
]
EIGHT_CLASSES = [2, 2, 2, 1, 1, 1, 0, 0]
THREE_ROWS = [[2, 1, 1], [3, 1, 2], [3, 3, 4]]
THREE_CLASSES = [2, 2, 2]


@row(
    "D1",
    "linear regression, y = 10 x + 2",
    Figure("slope", "10", near(10, 0.05), near(10, 0.05)),
    Figure("intercept", "2", near(2, 0.05), near(2, 0.05)),
    needs_files=False,
)
def straight_line(small, seed):
    """One linear unit."""
    x = np.linspace(-1, 2, 30)
    net = DNNRegressor(
        hidden_layer_sizes=(),
        optimizer="sgd",
        learning_rate=0.01,
        epochs=100,
        batch_size=3,
        normalize_y=False,
        random_state=seed,
    ).fit(x[:, np.newaxis], 10 * x + 2)
    slope, intercept = net.model_.get_weights()
    return slope.item(), intercept.item()


@row(
    "D2",
    "AND gate, one sigmoid unit",
    Figure("cases right", "4", exactly(4), exactly(4)),
    needs_files=False,
)
def and_gate(small, seed):
    """A perceptron with a smooth threshold."""
    y = [0, 0, 0, 1]
    net = DNNClassifier((), learning_rate=0.1, epochs=200, random_state=seed)
    return [np.sum(net.fit(CORNERS, y).predict(CORNERS) == y)]


def xor_network(hidden_layer_sizes, activation, seed):
    """Return the network of D3 and D4, fitted to the four points."""
    return DNNClassifier(
        hidden_layer_sizes,
        activation=activation,
        loss="mean_squared_error",
        learning_rate=0.01,
        epochs=1000,
        batch_size=1,
        random_state=seed,
    ).fit(*make_xor())


@row(
    "D3",
    "XOR, 32 sigmoid units",
    Figure("accuracy", "1.0", exactly(1), exactly(1)),
    Figure("mean squared error", "0.110", below(0.15), below(0.15)),
    needs_files=False,
)
def xor(small, seed):
    """One hidden layer."""
    net = xor_network((32,), "sigmoid", seed)
    return net.score(*make_xor()), net.history_["loss"][-1]


@row(
    "D4",
    "XOR, six layers of 32",
    Figure("accuracy, sigmoid", "≤ 0.75", below(0.75), below(0.75)),
    Figure("accuracy, relu", "–", exactly(1), exactly(1)),
    needs_files=False,
)
def deep_xor(small, seed):
    """The gradient vanishes through sigmoids and survives relu."""
    nets = [xor_network((32,) * 6, kind, seed) for kind in ("sigmoid", "relu")]
    return [net.score(*make_xor()) for net in nets]


@row(
    "D5",
    "softmax regression, 8 rows",
    Figure("training loss", "0.609", below(0.7), below(0.7)),
    Figure("validation accuracy", "1.0", exactly(1), exactly(1)),
    Figure("training loss, rate 10", "overshoots", above(1), above(1)),
    Figure("training loss, rate 0.001", "crawls", above(0.9), above(0.9)),
    needs_files=False,
)
def eight_rows(small, seed):
    """Three learning rates: right, too large, too small."""
    nets = [
        DNNClassifier(
            (),
            optimizer="sgd",
            learning_rate=rate,
            epochs=200,
            random_state=seed,
        )
        for rate in (0.1, 10, 0.001)
    ]
    with warnings.catch_warnings():
        # The rate that overshoots is warned about.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for net in nets:
            net.fit(EIGHT_ROWS, EIGHT_CLASSES, X_val=THREE_ROWS, y_val=THREE_CLASSES)
    losses = [net.history_["loss"][-1] for net in nets]
    return losses[0], nets[0].history_["val_accuracy"][-1], losses[1], losses[2]


def stock_network(seed):
    """Return the network of D6 and D7."""
    return DNNRegressor(
        (),
        optimizer="sgd",
        learning_rate=0.01,
        epochs=10,
        early_stopping=False,
        normalize_y=False,
        random_state=seed,
    )


@row(
    "D6",
    "stock table, unscaled",
    Figure("epoch named by the error", "3", near(3, 1), near(3, 1)),
    Figure("error says scale", "–", exactly(1), exactly(1)),
    needs_files=False,
)
def unscaled_stocks(small, seed):
    """Diverges; the error says when and what to do."""
    X, y = load_stocks(return_X_y=True)
    try:
        stock_network(seed).fit(X, y)
    except DivergenceError as error:
        message = str(error)
        epoch = int(message.partition("diverged in epoch ")[2].split()[0])
        return epoch, "Scale X" in message
    return np.nan, 0


@row(
    "D7",
    "stock table, MinMaxScaler",
    Figure("last loss / first loss", "0.53", below(0.95), below(0.95)),
    Figure("epochs in which the loss falls", "9", exactly(9), exactly(9)),
    needs_files=False,
)
def scaled_stocks(small, seed):
    """The same network converges; target and features are scaled."""
    X, y = load_stocks(return_X_y=True)
    table = MinMaxScaler().fit_transform(np.column_stack([X, y]))
    losses = stock_network(seed).fit(table[:, :-1], table[:, -1]).loss_curve_
    return losses[-1] / losses[0], np.sum(np.diff(losses) < 0)


@row(
    "D8",
    "iris, 12-6 relu",
    Figure("accuracy, 5 folds", "> 0.95", above(0.95), above(0.9)),
    needs_files=False,
)
def iris(small, seed):
    """A pipeline in a cross validation."""
    net = DNNClassifier((12, 6), learning_rate=0.01, random_state=seed)
    X, y = load_iris(return_X_y=True)
    return [cross_val_score(make_pipeline(StandardScaler(), net), X, y, cv=5).mean()]
