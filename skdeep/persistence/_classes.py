"""Which classes a file may name. Everything else is refused, in both directions.

A file holds names, never code; a name leads to a class only through the lists here.
They hold estimators and splitters that scikit-learn and skdeep export, Keras' objects
with a configuration of plain values, and the records that a fit leaves.
"""

from __future__ import annotations

import importlib
import re
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.model_selection import BaseCrossValidator, BaseShuffleSplit

from skdeep.persistence._archive import damaged

ESTIMATOR_MODULES = frozenset(
    {
        "skdeep.estimators",
        "skdeep.model_selection",
        "sklearn.calibration",
        "sklearn.cluster",
        "sklearn.compose",
        "sklearn.covariance",
        "sklearn.cross_decomposition",
        "sklearn.decomposition",
        "sklearn.discriminant_analysis",
        "sklearn.dummy",
        "sklearn.ensemble",
        "sklearn.feature_extraction",
        "sklearn.feature_extraction.image",
        "sklearn.feature_extraction.text",
        "sklearn.feature_selection",
        "sklearn.frozen",
        "sklearn.impute",
        "sklearn.isotonic",
        "sklearn.kernel_approximation",
        "sklearn.kernel_ridge",
        "sklearn.linear_model",
        "sklearn.manifold",
        "sklearn.mixture",
        "sklearn.model_selection",
        "sklearn.multiclass",
        "sklearn.multioutput",
        "sklearn.naive_bayes",
        "sklearn.neighbors",
        "sklearn.neural_network",
        "sklearn.pipeline",
        "sklearn.preprocessing",
        "sklearn.random_projection",
        "sklearn.semi_supervised",
        "sklearn.svm",
    }
)
ESTIMATOR_BASES = (BaseEstimator, BaseCrossValidator, BaseShuffleSplit)

# What a fit leaves: each is made again from the arguments of its constructor.
RECORDS = {
    "ClassHead": "skdeep.networks._head",
    "FittedNetwork": "skdeep.engine._fitted",
    "GaussianOutput": "skdeep.networks._distribution_output",
    "Inputs": "skdeep.data._inputs",
    "KerasNetwork": "skdeep.networks._keras_network",
    "LayerStack": "skdeep.networks._layer_stack",
    "NumberHead": "skdeep.networks._head",
    "OneHotHead": "skdeep.networks._one_hot_head",
    "NumberOutput": "skdeep.networks._number_output",
    "Optimizer": "skdeep.keras_objects._optimizers",
    "PositiveOutput": "skdeep.networks._distribution_output",
    "QuantileOutput": "skdeep.networks._quantile_output",
    "Seeds": "skdeep.engine._random",
    "TrainingState": "skdeep.estimators._prepare",
    "WeightScale": "skdeep.data._sample_weights",
}

KERAS_MODULES = frozenset(
    {
        "keras.initializers",
        "keras.losses",
        "keras.metrics",
        "keras.optimizers",
        "keras.optimizers.schedules",
    }
)
# Of Keras' layers only activations; some others run code that is in their
# configuration.
KERAS_LAYERS = frozenset({"ELU", "LeakyReLU", "ReLU", "Softmax"})
# They call a function that is named in their configuration.
KERAS_WRAPPERS = frozenset({"LossFunctionWrapper", "MeanMetricWrapper"})
KERAS_RECORD = {"module", "class_name", "config", "registered_name"}
# Of what a network of the user's may be made. Others in the same modules run code that
# is in their configuration, or read files that it names.
MODEL_MODULES = frozenset(
    {
        "keras",
        "keras.constraints",
        "keras.initializers",
        "keras.layers",
        "keras.regularizers",
        "keras.src.models.functional",
    }
)
UNSAFE_IN_MODELS = frozenset(
    {
        "FlaxLayer",
        "IntegerLookup",
        "JaxLayer",
        "Lambda",
        "StringLookup",
        "TFSMLayer",
        "TextVectorization",
        "TorchModuleWrapper",
        "function",
    }
)
CLASS_NAME = re.compile(r"[A-Z][A-Za-z0-9_]*")

# Functions that are parameters of scikit-learn's transformers; besides NumPy's ufuncs.
SCORE_FUNCTIONS = frozenset(
    {
        "chi2",
        "f_classif",
        "f_regression",
        "mutual_info_classif",
        "mutual_info_regression",
        "r_regression",
    }
)


def estimator_name(cls: type) -> str | None:
    """The name under which a class is exported, if a file may hold it."""
    parts = cls.__module__.split(".")
    public = [i for i, part in enumerate(parts) if part.startswith("_")]
    module = ".".join(parts[: public[0]] if public else parts)
    name = f"{module}.{cls.__name__}"
    return name if _find_estimator(name) is cls else None


def estimator_class(name: str) -> type:
    """The class that a file may name."""
    found = _find_estimator(name)
    if found is None:
        damaged(f"the class {name!r}, which is no estimator of these versions")
    return found


def _find_estimator(name: str) -> type | None:
    """Look a class up among those that the modules export."""
    module, _, attribute = name.rpartition(".")
    if module not in ESTIMATOR_MODULES:
        return None
    exporting = importlib.import_module(module)
    if attribute not in getattr(exporting, "__all__", ()):
        return None
    found = getattr(exporting, attribute, None)
    usable = isinstance(found, type) and issubclass(found, ESTIMATOR_BASES)
    return found if usable else None


def record_class(name: str) -> Any:
    """The class of a record."""
    if name not in RECORDS:
        damaged(f"a record {name!r}")
    return getattr(importlib.import_module(RECORDS[name]), name)


def is_keras_name(name: Any) -> bool:
    """Whether a file may hold this class of Keras."""
    module, _, attribute = str(name).rpartition(".")
    if module == "keras.layers":
        return attribute in KERAS_LAYERS
    return (
        module in KERAS_MODULES
        and CLASS_NAME.fullmatch(attribute) is not None
        and attribute not in KERAS_WRAPPERS
    )


def is_plain_model(config: Any) -> bool:
    """Whether the configuration of a model holds plain values and safe classes only."""
    if isinstance(config, list):
        return all(map(is_plain_model, config))
    if not isinstance(config, dict):
        return True
    name = config.get("class_name")
    if "class_name" in config and name not in ("__keras_tensor__", "__tuple__"):
        known = config.get("module") in MODEL_MODULES and isinstance(name, str)
        registered = config.get("registered_name")
        if not known or name in UNSAFE_IN_MODELS or registered not in (None, name):
            return False
    return all(map(is_plain_model, config.values()))


def is_plain_config(config: Any) -> bool:
    """Whether a Keras configuration holds plain values and allowed classes only."""
    if isinstance(config, list):
        return all(map(is_plain_config, config))
    if not isinstance(config, dict):
        return True
    if "class_name" not in config:
        return all(map(is_plain_config, config.values()))
    name = config["class_name"]
    known = (
        name == "__tuple__"
        or (config.get("module"), name) == ("keras", "DTypePolicy")
        or is_keras_name(f"{config.get('module')}.{name}")
    )
    return (
        known
        and set(config) <= KERAS_RECORD
        and config.get("registered_name") in (None, name)
        and is_plain_config(config.get("config"))
    )
