"""D20 to D24: film reviews and newswires as multi-hot matrices, sparse throughout."""

from functools import cache

import numpy as np

from benchmarks.courses.row import Figure, Range, above, exactly, row
from skdeep import DNNClassifier
from skdeep.datasets import fetch_imdb, fetch_reuters

N_SMALL = 2000
ZERO = 1e-3  # a smaller weight no longer says anything about a word


@cache
def reviews(small):
    """Return X_train, X_test, y_train, y_test of IMDB."""
    return _texts(fetch_imdb, small)


@cache
def newswires(small):
    """Return X_train, X_test, y_train, y_test of Reuters."""
    return _texts(fetch_reuters, small)


def _texts(fetch, small):
    num_words, n_rows = (1000, N_SMALL) if small else (10_000, None)
    (X_train, y_train), (X_test, y_test) = (
        fetch(subset=subset, num_words=num_words, return_X_y=True)
        for subset in ("train", "test")
    )
    return X_train[:n_rows], X_test[:n_rows], y_train[:n_rows], y_test[:n_rows]


def text_network(hidden_layer_sizes, small, seed, **parameters):
    """Return a network as the courses train it on texts."""
    return DNNClassifier(
        hidden_layer_sizes,
        optimizer="rmsprop",
        batch_size=64 if small else 512,
        random_state=seed,
        **{"dropout": 0.0, "early_stopping": False, **parameters},
    )


@row(
    "D20",
    "IMDB 16-16 relu",
    Figure("epoch of least validation loss", "2–4", Range(2, 5), Range(1, 15)),
    Figure("validation loss, last / least", "> 1", above(1.3), above(1)),
    Figure("test accuracy, 4 epochs", "0.86–0.89", above(0.85), above(0.75)),
)
def imdb(small, seed):
    """Twenty epochs overfit; four on all rows do not."""
    X_train, X_test, y_train, y_test = reviews(small)
    n_val = len(y_train) * 2 // 5  # 10,000 of 25,000
    net = text_network((16, 16), small, seed, epochs=20)
    net.fit(
        X_train[n_val:], y_train[n_val:], X_val=X_train[:n_val], y_val=y_train[:n_val]
    )
    losses = np.array(net.history_["val_loss"])
    net.set_params(epochs=4).fit(X_train, y_train)
    return (
        losses.argmin() + 1,
        losses[-1] / losses.min(),
        net.score(X_test, y_test),
    )


@row(
    "D21",
    "IMDB 64-32, batch normalisation",
    Figure("test accuracy, 4 epochs", "~0.85", above(0.84), above(0.7)),
    Figure("biases in hidden layers", "0", exactly(0), exactly(0)),
)
def normalised_imdb(small, seed):
    """Dense without bias, normalisation, activation."""
    X_train, X_test, y_train, y_test = reviews(small)
    net = text_network((64, 32), small, seed, epochs=4, batch_normalization=True)
    net.fit(X_train, y_train)
    hidden = [net.model_.get_layer(f"hidden_{i}") for i in (1, 2)]
    return net.score(X_test, y_test), sum(layer.use_bias for layer in hidden)


@row(
    "D22",
    "IMDB 64-32, L1 0.01 and L2 0.01",
    Figure("weights near zero, L1", "most", above(0.9), above(0.9)),
    Figure("weights near zero, L2", "–", Range(high=0.9), Range(high=0.9)),
    Figure("test accuracy, L1", "–", above(0.7)),
    Figure("test accuracy, L2", "–", above(0.8), above(0.6)),
)
def penalised_imdb(small, seed):
    """L1 empties the first layer, L2 only shrinks it."""
    X_train, X_test, y_train, y_test = reviews(small)
    nets = [
        text_network((64, 32), small, seed, epochs=10, **penalty).fit(X_train, y_train)
        for penalty in ({"l1": 0.01}, {"l2": 0.01})
    ]
    kernels = [net.model_.get_weights()[0] for net in nets]
    return (
        *[np.mean(np.abs(kernel) < ZERO) for kernel in kernels],
        *[net.score(X_test, y_test) for net in nets],
    )


@row(
    "D23",
    "Reuters 64-64 relu",
    Figure("test accuracy, 9 epochs", "~0.79 with 46 topics", above(0.87), above(0.7)),
    Figure("test accuracy, 20 epochs", "Keras here 0.88–0.91", above(0.87), above(0.7)),
)
def reuters(small, seed):
    """All topics, wide enough."""
    X_train, X_test, y_train, y_test = newswires(small)
    net = text_network((64, 64), small, seed)
    return [
        net.set_params(epochs=epochs).fit(X_train, y_train).score(X_test, y_test)
        for epochs in (9, 20)
    ]


@row(
    "D24",
    "Reuters 64-4, information bottleneck",
    Figure(
        "test accuracy, 20 epochs",
        "Keras here 0.80",
        Range(0.6, 0.87),
        Range(0.4, 0.87),
    ),
    Figure("accuracy lost against D23", "clearly lower", above(0.05), above(0.02)),
)
def bottleneck(small, seed):
    """Four units cannot carry what tells so many topics apart."""
    X_train, X_test, y_train, y_test = newswires(small)
    scores = [
        text_network(sizes, small, seed, epochs=20)
        .fit(X_train, y_train)
        .score(X_test, y_test)
        for sizes in ((64, 4), (64, 64))
    ]
    return scores[0], scores[1] - scores[0]
