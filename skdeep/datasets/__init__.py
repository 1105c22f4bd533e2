"""Data sets of the examples: bundled, made, or downloaded once.

``load_*`` read files inside the package, ``make_*`` compute, ``fetch_*`` read files
from a folder or download them. All return a :class:`~sklearn.utils.Bunch`, or with
``return_X_y=True`` a tuple; ``make_*`` always return a tuple. Importing this module
imports neither TensorFlow nor Keras.
"""

from skdeep.datasets._boston import load_boston_housing
from skdeep.datasets._images import fetch_cifar10, fetch_fashion_mnist, fetch_mnist
from skdeep.datasets._stocks import load_stocks
from skdeep.datasets._text import fetch_imdb, fetch_reuters
from skdeep.datasets._xor import make_xor

__all__ = [
    "fetch_cifar10",
    "fetch_fashion_mnist",
    "fetch_imdb",
    "fetch_mnist",
    "fetch_reuters",
    "load_boston_housing",
    "load_stocks",
    "make_xor",
]
