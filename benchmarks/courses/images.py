"""MNIST, Fashion-MNIST and CIFAR-10 as arrays between 0 and 1, whole or in part."""

from functools import cache

import numpy as np

from skdeep.datasets import fetch_cifar10, fetch_fashion_mnist, fetch_mnist

N_SMALL, N_SMALL_TEST = 2000, 1000


@cache
def mnist(small):
    """Return X_train, X_test, y_train, y_test as flat rows."""
    return _scaled(fetch_mnist, small, (784,))


@cache
def fashion_mnist(small):
    """Return X_train, X_test, y_train, y_test as flat rows."""
    return _scaled(fetch_fashion_mnist, small, (784,))


@cache
def cifar10(small):
    """Return X_train, X_test, y_train, y_test as images."""
    return _scaled(fetch_cifar10, small, (32, 32, 3))


def _scaled(fetch, small, shape):
    X_train, y_train = fetch(subset="train", return_X_y=True)
    X_test, y_test = fetch(subset="test", return_X_y=True)
    if small:
        X_train, y_train = X_train[:N_SMALL], y_train[:N_SMALL]
        X_test, y_test = X_test[:N_SMALL_TEST], y_test[:N_SMALL_TEST]
    X_train, X_test = (
        np.float32(X).reshape(-1, *shape) / 255 for X in (X_train, X_test)
    )
    return X_train, X_test, y_train, y_test
