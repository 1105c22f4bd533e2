"""What every constructor parameter may be, and what changing it costs.

``CONSTRAINTS`` is scikit-learn's mechanism. ``ROLES`` gives each parameter one of four
roles; tests count compilations against it, and the documentation prints it.

============  ====================================  =======================
role          meaning                               changing it costs
============  ====================================  =======================
architecture  shapes the graph                      a new program
program       how the graph is trained              a new program
variable      a number written into the program     nothing
run           read by Python around the program     nothing
============  ====================================  =======================

A variable that goes from zero to not zero (``dropout``, ``l1``, ...) adds a part to the
graph and costs a program once.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions

RATE = Interval(Real, 0, 1, closed="left")
NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
POSITIVE = Interval(Real, 0, None, closed="neither")
COUNT = Interval(Integral, 1, None, closed="left")
# By their methods, so that checking does not import Keras.
KERAS_OPTIMIZER = HasMethods(["apply_gradients", "get_config"])
KERAS_SCHEDULE = HasMethods(["__call__", "get_config"])
KERAS_CALLBACK = HasMethods(["on_epoch_end", "set_model"])

ARCHITECTURE, PROGRAM, VARIABLE, RUN = "architecture", "program", "variable", "run"

# name -> (role, constraints)
_SHARED: dict[str, tuple[str, list[Any]]] = {
    "hidden_layer_sizes": (
        ARCHITECTURE,
        ["array-like", Interval(Integral, 1, None, closed="left")],
    ),
    "activation": (ARCHITECTURE, [str, callable]),
    "activation_params": (ARCHITECTURE, [dict, None]),
    "kernel_initializer": (ARCHITECTURE, [str, callable]),
    "batch_normalization": (ARCHITECTURE, ["boolean"]),
    "input_dropout": (VARIABLE, [RATE]),
    "dropout": (VARIABLE, [RATE, "array-like"]),
    "l1": (VARIABLE, [NOT_NEGATIVE]),
    "l2": (VARIABLE, [NOT_NEGATIVE]),
    "activity_l1": (VARIABLE, [NOT_NEGATIVE]),
    "max_norm": (VARIABLE, [POSITIVE, None]),
    "optimizer": (PROGRAM, [str, KERAS_OPTIMIZER]),
    "learning_rate": (VARIABLE, [POSITIVE, KERAS_SCHEDULE]),
    "decay": (VARIABLE, [NOT_NEGATIVE]),
    "momentum": (PROGRAM, [Interval(Real, 0, 1, closed="both")]),
    "nesterov": (PROGRAM, ["boolean"]),
    "clipnorm": (PROGRAM, [POSITIVE, None]),
    "clipvalue": (PROGRAM, [POSITIVE, None]),
    "optimizer_params": (PROGRAM, [dict, None]),
    "loss": (PROGRAM, [str, callable]),
    "loss_params": (PROGRAM, [dict, None]),
    "metrics": (PROGRAM, [str, callable, list, tuple, None]),
    "epochs": (RUN, [COUNT]),
    "batch_size": (PROGRAM, [COUNT]),
    "shuffle": (RUN, ["boolean"]),
    "early_stopping": (RUN, ["boolean"]),
    "patience": (RUN, [COUNT]),
    "min_delta": (RUN, [NOT_NEGATIVE]),
    "monitor": (RUN, [str]),
    "monitor_mode": (RUN, [StrOptions({"auto", "min", "max"})]),
    "validation_fraction": (RUN, [Interval(Real, 0, 1, closed="neither")]),
    "callbacks": (RUN, [list, tuple, KERAS_CALLBACK, None]),
    "warm_start": (RUN, ["boolean"]),
    "random_state": (RUN, ["random_state"]),
    "dtype": (ARCHITECTURE, [StrOptions({"float32", "float64", "mixed_bfloat16"})]),
    "jit_compile": (PROGRAM, ["boolean", StrOptions({"auto"})]),
    "verbose": (RUN, ["boolean", Options(Integral, {0, 1, 2})]),
}
_CLASSIFIER: dict[str, tuple[str, list[Any]]] = {
    "class_weight": (RUN, [dict, list, StrOptions({"balanced"}), None]),
}
_REGRESSOR: dict[str, tuple[str, list[Any]]] = {"normalize_y": (RUN, ["boolean"])}
_CNN: dict[str, tuple[str, list[Any]]] = {
    "filters": (ARCHITECTURE, ["array-like"]),
    "kernel_size": (ARCHITECTURE, [COUNT, "array-like"]),
    "padding": (ARCHITECTURE, [StrOptions({"same", "valid"})]),
    "pool_size": (ARCHITECTURE, [COUNT, "array-like", None]),
    "pooling": (ARCHITECTURE, [StrOptions({"max", "average"})]),
    "image_shape": (ARCHITECTURE, ["array-like", None]),
}


def _constraints(*tables: dict[str, tuple[str, list[Any]]]) -> dict[str, list[Any]]:
    """Merge tables into what ``_parameter_constraints`` wants."""
    return {
        name: constraints
        for table in tables
        for name, (_, constraints) in table.items()
    }


CONSTRAINTS = {
    "DNNClassifier": _constraints(_SHARED, _CLASSIFIER),
    "DNNRegressor": _constraints(_SHARED, _REGRESSOR),
    "CNNClassifier": _constraints(_CNN, _SHARED, _CLASSIFIER),
    "CNNRegressor": _constraints(_CNN, _SHARED, _REGRESSOR),
}
ROLES = {
    name: role
    for table in (_CNN, _SHARED, _CLASSIFIER, _REGRESSOR)
    for name, (role, _) in table.items()
}
