"""The rows the contenders train on, scaled once and for all of them alike.

The process that asks the question prepares the rows and stores them as a file;
the contenders, each in a process of its own, only read that file, so nobody pays
for another library's loader.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Problem:
    """Training and test rows as float32; `n_classes` is None for a regression."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    n_classes: int | None = None

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one row."""
        return self.X.shape[1:]

    def score(self, predicted: np.ndarray) -> float:
        """Return accuracy or R² of predictions for the test rows."""
        if self.n_classes is not None:
            return float(np.mean(predicted == self.y_test))
        error = np.mean(np.square(predicted.ravel() - self.y_test))
        return float(1 - error / np.var(self.y_test))

    def save(self, folder: Path) -> Path:
        """Store the rows; return the file that `load` reads."""
        path = Path(folder) / "problem.npz"
        np.savez(path, **vars(self) | {"n_classes": self.n_classes or 0})
        return path


def load(path: Path) -> Problem:
    """Return the problem that `Problem.save` stored."""
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in ("X", "y", "X_test", "y_test")}
        return Problem(**arrays, n_classes=int(stored["n_classes"]) or None)


def boston() -> Problem:
    """Boston housing in Keras' split: 404 rows of 13 features to train on."""
    from skdeep.datasets import load_boston_housing

    X, X_test, y, y_test = load_boston_housing(return_X_y=True, split="keras")
    mean, deviation = X.mean(axis=0), X.std(axis=0)
    return Problem(
        ((X - mean) / deviation).astype("float32"),
        y.astype("float32"),
        ((X_test - mean) / deviation).astype("float32"),
        y_test.astype("float32"),
    )


def mnist(n_rows: int = 60_000) -> Problem:
    """Handwritten digits as 784 columns between 0 and 1."""
    from skdeep.datasets import fetch_mnist

    return _images(fetch_mnist, n_rows, (784,))


def cifar10(n_rows: int = 10_000) -> Problem:
    """Small colour photographs, 32×32×3, between 0 and 1."""
    from skdeep.datasets import fetch_cifar10

    return _images(fetch_cifar10, n_rows, (32, 32, 3))


def digits() -> Problem:
    """scikit-learn's 8×8 digits, every fifth one for testing."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype("float32").reshape(-1, 8, 8, 1)
    test = np.arange(len(X)) % 5 == 0
    return Problem(X[~test], y[~test], X[test], y[test], n_classes=10)


def made_up(n_rows: int, n_features: int = 13, n_classes: int | None = None) -> Problem:
    """Rows drawn from a smooth function of a few columns, for the growth curves."""
    rng = np.random.default_rng(0)
    n_test = 1000
    X = rng.standard_normal((n_rows + n_test, n_features), dtype="float32")
    values = np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 0.1 * X[:, 3]
    if n_classes is None:
        y = values.astype("float32")
    else:
        edges = np.quantile(values, np.linspace(0, 1, n_classes + 1)[1:-1])
        y = np.searchsorted(edges, values)
        y[:n_classes] = np.arange(n_classes)  # every class is seen in training
    return Problem(X[:n_rows], y[:n_rows], X[n_rows:], y[n_rows:], n_classes)


def _images(fetch, n_rows: int, shape: tuple[int, ...]) -> Problem:
    """Return the first `n_rows` training images of a set, and its test images."""
    arrays = []
    for subset, stop in (("train", n_rows), ("test", None)):
        X, y = fetch(subset=subset, return_X_y=True)
        X = np.asarray(X[:stop], dtype="float32") / 255
        arrays += [X.reshape(-1, *shape), np.asarray(y[:stop]).astype("int64")]
    return Problem(*arrays, n_classes=10)
