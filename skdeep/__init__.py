"""scikit-learn estimators over Keras networks, one compiled program per architecture.

Importing the package imports neither TensorFlow nor Keras; the first fit does.
"""

import importlib
from typing import Any

from skdeep._version import __version__
from skdeep.data._input_arrays import InputArrays
from skdeep.estimators import (
    CNNClassifier,
    CNNRegressor,
    DNNClassifier,
    DNNRegressor,
    KerasClassifier,
    KerasRegressor,
    NetworkTransformer,
    RNNClassifier,
    RNNRegressor,
    TableColumns,
    TabularClassifier,
    TabularRegressor,
)
from skdeep.persistence import load, save

__all__ = [
    "CNNClassifier",
    "CNNRegressor",
    "DNNClassifier",
    "DNNRegressor",
    "InputArrays",
    "KerasClassifier",
    "KerasRegressor",
    "NetworkTransformer",
    "RNNClassifier",
    "RNNRegressor",
    "TableColumns",
    "TabularClassifier",
    "TabularRegressor",
    "__version__",
    "load",
    "save",
]

_SUBMODULES = ("datasets", "displays", "engine", "exceptions", "model_selection")


def __getattr__(name: str) -> Any:
    """Import a public submodule when it is asked for, as scikit-learn does."""
    if name in _SUBMODULES:
        return importlib.import_module(f"skdeep.{name}")
    raise AttributeError(f"module 'skdeep' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Name what there is, submodules included."""
    return sorted({*__all__, *_SUBMODULES})
