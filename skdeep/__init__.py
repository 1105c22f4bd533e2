"""scikit-learn estimators over Keras networks, one compiled program per architecture.

Importing the package imports neither TensorFlow nor Keras; the first fit does.
"""

from skdeep._version import __version__
from skdeep.estimators import (
    CNNClassifier,
    CNNRegressor,
    DNNClassifier,
    DNNRegressor,
    KerasClassifier,
    KerasRegressor,
)
from skdeep.persistence import load, save

__all__ = [
    "CNNClassifier",
    "CNNRegressor",
    "DNNClassifier",
    "DNNRegressor",
    "KerasClassifier",
    "KerasRegressor",
    "__version__",
    "load",
    "save",
]
