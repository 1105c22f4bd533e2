"""D9 to D19: dense networks for MNIST and Fashion-MNIST."""

import tempfile
from pathlib import Path

from benchmarks.courses.images import fashion_mnist, mnist
from benchmarks.courses.row import Figure, Range, above, exactly, near, row
from skdeep import DNNClassifier


@row(
    "D9",
    "MNIST 0 against 1, one sigmoid unit",
    Figure("test accuracy", "> 0.99", above(0.99), above(0.98)),
)
def zero_or_one(small, seed):
    """Logistic regression."""
    X_train, X_test, y_train, y_test = mnist(small)
    net = DNNClassifier(
        (), optimizer="sgd", learning_rate=0.01, epochs=5, batch_size=16
    )
    net.set_params(early_stopping=False, random_state=seed)
    net.fit(X_train[y_train < 2], y_train[y_train < 2])
    return [net.score(X_test[y_test < 2], y_test[y_test < 2])]


@row(
    "D10",
    "MNIST softmax regression, checkpoints, early stopping",
    Figure("test accuracy", "0.9266", near(0.9266, 0.006), above(0.7)),
    Figure("checkpoints on disk", "–", above(1), above(1)),
    Figure("epochs in the table", "32", Range(11, 32), exactly(5)),
)
def checkpoints(small, seed):
    """Every better model is written to disk; the last fifth of the rows judges."""
    import keras

    X_train, X_test, y_train, y_test = mnist(small)
    n_train = len(X_train) * 4 // 5
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = keras.callbacks.ModelCheckpoint(
            Path(folder) / "{epoch:02d}-{val_loss:.4f}.keras", save_best_only=True
        )
        net = DNNClassifier(
            (),
            epochs=5 if small else 32,
            batch_size=20 if small else 200,
            early_stopping=True,
            patience=10,
            callbacks=[checkpoint],
            random_state=seed,
        ).fit(
            X_train[:n_train],
            y_train[:n_train],
            X_val=X_train[n_train:],
            y_val=y_train[n_train:],
        )
        n_files = len(list(Path(folder).glob("*.keras")))
    return net.score(X_test, y_test), n_files, len(net.history_frame())


def digits_accuracy(small, seed, scale=1, **parameters):
    """Train on MNIST as D11 does: Adam, batch 512, 20 epochs."""
    X_train, X_test, y_train, y_test = mnist(small)
    size = {"epochs": 20, "batch_size": 512}
    if small:  # XLA would compile D17 for longer than it trains
        size = {"epochs": 4, "batch_size": 32, "jit_compile": False}
    parameters = {"dropout": 0.0, "early_stopping": False} | parameters
    net = DNNClassifier(**size, random_state=seed, **parameters)
    return net.fit(X_train * scale, y_train).score(X_test * scale, y_test)


def digits_row(name, title, published, accepted, **parameters):
    """Make a row of D11 to D17, which differ in the network only."""
    figure = Figure("test accuracy", f"{published:.4f}", accepted, above(0.8))
    return row(name, title, figure)(
        lambda small, seed: [digits_accuracy(small, seed, **parameters)]
    )


def at_least_0975(published):
    """Within 0.006 of the published figure, and above 0.975."""
    return Range(max(0.975, round(published - 0.006, 6)), round(published + 0.006, 6))


@row(
    "D11",
    "MNIST softmax regression, random_uniform",
    Figure("test accuracy", "0.8947", near(0.8947, 0.006), above(0.7)),
    Figure("test accuracy, pixels 0 to 255", "0.8947", near(0.8947, 0.006), above(0.6)),
)
def uniform_softmax(small, seed):
    """The published figure is that of pixels which were not divided by 255."""
    network = {"hidden_layer_sizes": (), "kernel_initializer": "random_uniform"}
    return [digits_accuracy(small, seed, scale, **network) for scale in (1, 255)]


FIVE_LAYERS = (256,) * 5
DIGITS_ROWS = (
    digits_row(
        "D12",
        "MNIST 256-256 linear, random_uniform",
        0.9267,
        near(0.9267, 0.006),
        hidden_layer_sizes=(256, 256),
        activation="linear",
        kernel_initializer="random_uniform",
    ),
    digits_row(
        "D13",
        "MNIST 256-256 relu, random_uniform",
        0.9806,
        at_least_0975(0.9806),
        hidden_layer_sizes=(256, 256),
        kernel_initializer="random_uniform",
    ),
    digits_row(
        "D14",
        "MNIST 256-256 relu, Glorot",
        0.9817,
        at_least_0975(0.9817),
        hidden_layer_sizes=(256, 256),
    ),
    digits_row(
        "D15",
        "MNIST 5×256 relu, Glorot",
        0.9798,
        at_least_0975(0.9798),
        hidden_layer_sizes=FIVE_LAYERS,
    ),
)


@row(
    "D16",
    "D15 with dropout",
    Figure("test accuracy, dropout 0.1", "0.9803", at_least_0975(0.9803), above(0.8)),
    Figure("test accuracy, dropout 0.2", "0.9840", at_least_0975(0.9840), above(0.8)),
    Figure("test accuracy, dropout 0.3", "0.9819", at_least_0975(0.9819), above(0.8)),
)
def dropout(small, seed):
    """Three rates, one compiled program."""
    return [
        digits_accuracy(small, seed, hidden_layer_sizes=FIVE_LAYERS, dropout=rate)
        for rate in (0.1, 0.2, 0.3)
    ]


ACTIVITY_ROW = digits_row(
    "D17",
    "D16 (dropout 0.2) with activity l1 = 1e-6",
    0.9815,
    at_least_0975(0.9815),
    hidden_layer_sizes=FIVE_LAYERS,
    dropout=0.2,
    activity_l1=1e-6,
)


@row(
    "D18",
    "MNIST 128-64-32 relu, dropout 0.5 / 0.3 / 0.3",
    Figure("test accuracy, 10 epochs", "~0.97", near(0.97, 0.01), above(0.6)),
    Figure("epochs with patience 2", "~7", Range(3, 15), Range(3, 15)),
)
def dropout_per_layer(small, seed):
    """Ten epochs, and fifteen that early stopping may cut short."""
    X_train, X_test, y_train, y_test = mnist(small)
    net = DNNClassifier(
        (128, 64, 32),
        dropout=(0.5, 0.3, 0.3),
        batch_size=100,
        epochs=10,
        early_stopping=False,
        random_state=seed,
    ).fit(X_train, y_train)
    accuracy = net.score(X_test, y_test)
    net.set_params(epochs=15, early_stopping=True, patience=2, validation_fraction=0.2)
    return accuracy, net.fit(X_train, y_train).n_iter_


@row(
    "D19",
    "Fashion-MNIST 300-100 relu, TensorBoard log",
    Figure("validation accuracy", "~0.89", above(0.87), above(0.6)),
    Figure("event files", "–", above(1), above(1)),
)
def fashion(small, seed):
    """The first rows validate; TensorBoard can show the run."""
    import keras

    X, _, y, _ = fashion_mnist(small)
    n_val = 500 if small else 5000
    with tempfile.TemporaryDirectory() as folder:
        net = DNNClassifier(
            (300, 100),
            dropout=0.0,
            optimizer="sgd",
            learning_rate=0.01,
            epochs=10 if small else 30,
            batch_size=32,
            early_stopping=False,
            callbacks=[keras.callbacks.TensorBoard(folder)],
            random_state=seed,
        ).fit(X[n_val:], y[n_val:], X_val=X[:n_val], y_val=y[:n_val])
        n_files = len(list(Path(folder).glob("**/events.out.*")))
    return net.history_["val_accuracy"][-1], n_files
