"""Metrics by name, as objects or functions."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._other_words import found_in, suggestion
from skdeep.keras_objects._spec import KerasSpec, to_spec

METRIC_DTYPE = "float32"  # of those given by name


def resolve_metric(metric: Any, accuracy: str) -> tuple[str, Any]:
    """Return the history name of a metric and the spec of the metric.

    ``accuracy`` is the class that this word stands for; empty for none.
    """
    import keras

    if isinstance(metric, str) and metric.lower() in ("accuracy", "acc"):
        if not accuracy:
            raise InvalidNetworkError(
                f"metrics={metric!r} is for classifiers; got a regression target. "
                "Use 'mean_absolute_error' or another metric of numbers."
            )
        made = getattr(keras.metrics, accuracy)(name=metric)
        return metric, _metric_spec(made, METRIC_DTYPE)
    if isinstance(metric, str):
        functions = _metric_functions()
        found = found_in(keras.metrics, metric) or functions.get(metric)
        if found is None:
            hint = suggestion("metrics", metric, functions)
            raise InvalidNetworkError(
                "metrics must be 'auto', None, names of Keras metrics, Keras metrics "
                f"or functions; got {metric!r}. {hint}See keras.metrics for the names; "
                "scorers of scikit-learn go to monitor."
            )
        if isinstance(found, keras.metrics.Metric):
            return metric, _metric_spec(found, METRIC_DTYPE)
        return metric, found
    if isinstance(metric, keras.metrics.Metric):
        is_half = metric.dtype in ("float16", "bfloat16")
        return metric.name, _metric_spec(metric, METRIC_DTYPE if is_half else None)
    if isinstance(metric, type) or not callable(metric):
        raise InvalidNetworkError(
            "metrics must be 'auto', None, names of Keras metrics, Keras metrics or "
            f"functions; got {metric!r}. Give an instance or a name."
        )
    return getattr(metric, "__name__", type(metric).__name__), metric


def _metric_functions() -> dict[str, Any]:
    """The formulas in keras.metrics; its ``get`` does not know all of them."""
    import keras

    names = set(dir(keras.metrics)) - {"get", "serialize", "deserialize"}
    return {n: getattr(keras.metrics, n) for n in names if n[0].islower()}


def _metric_spec(metric: Any, dtype: str | None = None) -> Any:
    """Freeze a metric, name and all, in another dtype if one is given.

    Without one of its own a metric takes the dtype that is global when it is made; and
    in half precision a count ends at 2048.
    """
    spec = to_spec(metric, keep_name=True)
    if dtype is None or not isinstance(spec, KerasSpec):
        return spec
    config = json.loads(spec.config) | {"dtype": dtype}
    return replace(spec, config=json.dumps(config, sort_keys=True))
