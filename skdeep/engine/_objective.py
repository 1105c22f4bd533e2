"""What is minimised and what is measured: losses and metrics by name or object.

Keras supplies the formulas per row; reduction over a batch is done here, because a
batch may be filled up with rows that do not count.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._other_words import suggestion
from skdeep.keras_objects._spec import KerasSpec, to_spec

AUTO_LOSS = {
    "binary": "binary_crossentropy",
    "multilabel": "binary_crossentropy",
    "multiclass": "sparse_categorical_crossentropy",
    "regression": "mean_squared_error",
}
AUTO_METRICS = {
    "binary": ("accuracy",),
    "multilabel": ("accuracy",),
    "multiclass": ("accuracy",),
    "regression": (),
}
METRIC_DTYPE = "float32"  # of those given by name
# Losses that only make sense for certain targets; every other loss takes any.
FITTING_TARGETS = {
    "BinaryCrossentropy": ("binary", "multilabel"),
    "BinaryFocalCrossentropy": ("binary", "multilabel"),
    "CategoricalCrossentropy": ("multiclass",),
    "CategoricalFocalCrossentropy": ("multiclass",),
    "SparseCategoricalCrossentropy": ("multiclass",),
    "CategoricalHinge": ("multiclass",),
    "KLDivergence": ("multiclass",),
    "Hinge": ("binary", "multilabel"),
    "SquaredHinge": ("binary", "multilabel"),
    "Poisson": ("regression",),
    "Quantile": ("regression",),
    "MeanSquaredLogarithmicError": ("regression",),
    "MeanAbsolutePercentageError": ("regression",),
}


@dataclass(frozen=True)
class Quantile:
    """The pinball loss: max(q * (y - p), (q - 1) * (y - p)), averaged over outputs.

    Koenker and Bassett (1978), Regression Quantiles, Econometrica 46.
    """

    quantile: float = 0.5
    reduction: str = "sum_over_batch_size"

    def __post_init__(self) -> None:
        """Refuse a quantile outside (0, 1)."""
        if not 0 < self.quantile < 1:
            raise InvalidNetworkError(
                "loss_params['quantile'] must be a number between 0 and 1, both "
                f"excluded; got {self.quantile!r}. Use 0.5 for the median."
            )

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return one value per row."""
        from keras import ops

        error = y_true - y_pred
        q = self.quantile
        return ops.mean(ops.maximum(q * error, (q - 1) * error), axis=-1)


@dataclass(frozen=True)
class Objective:
    """Loss and metrics in a form that compares by what they do.

    ``loss`` is a spec of a Keras loss, a ``Quantile`` or a function; ``metrics`` are
    pairs of the name in the history and what ``keras.metrics`` makes of it. The
    formulas of Keras read ``epsilon``, a setting of the process, when they are traced:
    a program that was traced with another one is another program.
    """

    kind: str
    n_outputs: int
    loss: Any
    metrics: tuple[tuple[str, Any], ...]
    epsilon: float

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the history that loss and metrics fill."""
        return ("loss", *(name for name, _ in self.metrics))

    @property
    def loss_name(self) -> str:
        """The class or function name of the loss."""
        return _name_of(self.loss)


def make_objective(
    loss: Any, loss_params: dict[str, Any] | None, metrics: Any, kind: str, n: int
) -> Objective:
    """Resolve the constructor's ``loss`` and ``metrics`` for a kind of target."""
    import keras

    resolved = _resolve_loss(loss, dict(loss_params or {}), kind)
    name = _name_of(resolved)
    fitting = FITTING_TARGETS.get(name)
    if fitting is not None and kind not in fitting:
        advice = f"Use loss='auto', which takes {AUTO_LOSS[kind]!r} here."
        if kind == "multilabel" and "multiclass" in fitting:
            # 'auto' would train one sigmoid per column: a worse network for classes.
            advice = (
                "If every row has one class, y is one-hot: give y.argmax(axis=1). For "
                "rows of several labels use loss='auto'."
            )
        raise InvalidNetworkError(
            f"loss={loss!r} is for {' and '.join(fitting)} targets; got a {kind} "
            f"target. {advice}"
        )
    if metrics == "auto":
        metrics = AUTO_METRICS[kind]
    elif metrics is None:
        metrics = ()
    elif isinstance(metrics, str) or not isinstance(metrics, Sequence):
        metrics = (metrics,)
    pairs = tuple(_resolve_metric(m, kind) for m in metrics)
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names) or "loss" in names:
        raise InvalidNetworkError(
            f"metrics must have different names, none of them 'loss'; got {names}. "
            "Give the Keras metric objects names of their own."
        )
    return Objective(kind, n, resolved, pairs, keras.config.epsilon())


def _name_of(loss: Any) -> str:
    """The class or function name of a resolved loss."""
    if isinstance(loss, KerasSpec):
        return loss.name
    return str(getattr(loss, "__name__", type(loss).__name__))


def _resolve_loss(loss: Any, params: dict[str, Any], kind: str) -> Any:
    """Turn a name, instance or function into a spec or a function."""
    import keras

    if loss == "auto":
        loss = AUTO_LOSS[kind]
    if loss == "quantile":
        return Quantile(**_checked(params, Quantile, loss))
    if isinstance(loss, type):
        raise InvalidNetworkError(
            "loss must be a name, an instance of a Keras loss or a function; got the "
            f"class {loss.__name__}. Give an instance, {loss.__name__}()."
        )
    if not isinstance(loss, str):
        if params:
            raise InvalidNetworkError(
                "loss_params goes with a loss given by name; got "
                f"loss={loss!r} and loss_params={params!r}. Set the parameters in "
                "the loss object."
            )
        loss_class = getattr(keras.losses, _camel(getattr(loss, "__name__", "")), None)
        if loss_class is not None and loss is getattr(
            keras.losses, loss.__name__, None
        ):
            loss = loss_class()
        return to_spec(loss)
    found = _found(keras.losses, loss)
    if found is None or found is keras.losses.ctc:  # that one is for sequences
        names = sorted({*_loss_names(), "auto", "quantile"})
        hint = suggestion("loss", loss, names)
        raise InvalidNetworkError(
            f"loss must be 'auto', 'quantile', a Keras loss's name, a Keras loss or a "
            f"function; got {loss!r}. {hint}Known names: {', '.join(names)}."
        )
    if isinstance(found, keras.losses.Loss):
        loss_class = type(found)
    else:
        loss_class = getattr(keras.losses, _camel(found.__name__))
    return to_spec(loss_class(**_checked(params, loss_class, loss)))


def _loss_names() -> list[str]:
    """The losses of Keras by the names that ``keras.losses.get`` takes."""
    import keras

    functions = [n for n in dir(keras.losses) if n[0].islower() and n != "ctc"]
    classes = [n for n in functions if hasattr(keras.losses, _camel(n))]
    return [n for n in classes if _found(keras.losses, n) is not None]


def _camel(name: str) -> str:
    """mean_squared_error → MeanSquaredError; Keras' two exceptions by hand."""
    exceptions = {"kl_divergence": "KLDivergence", "ctc": "CTC"}
    return exceptions.get(name, "".join(part.title() for part in name.split("_")))


def _checked(params: dict[str, Any], cls: type, loss: str) -> dict[str, Any]:
    """Refuse parameters that the loss does not have."""
    known = set(inspect.signature(cls).parameters) - {"name", "dtype", "self"}
    unknown = sorted(set(map(str, params)) - known)
    if unknown:
        hint = suggestion("loss_params", unknown[0], known)
        raise InvalidNetworkError(
            f"loss={loss!r} takes the parameters {sorted(known)} in loss_params; got "
            f"{unknown}. {hint}Leave the others out."
        )
    return params


def _resolve_metric(metric: Any, kind: str) -> tuple[str, Any]:
    """Return the history name of a metric and the spec of the metric."""
    import keras

    if isinstance(metric, str) and metric.lower() in ("accuracy", "acc"):
        classes = {
            "multiclass": keras.metrics.SparseCategoricalAccuracy,
            "binary": keras.metrics.BinaryAccuracy,
            "multilabel": keras.metrics.BinaryAccuracy,
        }
        if kind not in classes:
            raise InvalidNetworkError(
                f"metrics={metric!r} is for classifiers; got a regression target. "
                "Use 'mean_absolute_error' or another metric of numbers."
            )
        return metric, _metric_spec(classes[kind](name=metric), METRIC_DTYPE)
    if isinstance(metric, str):
        functions = _metric_functions()
        found = _found(keras.metrics, metric) or functions.get(metric)
        if found is None:
            hint = suggestion("metrics", metric, functions)
            raise InvalidNetworkError(
                "metrics must be 'auto', None, names of Keras metrics, Keras metrics "
                f"or functions; got {metric!r}. {hint}See keras.metrics for the names."
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


def _found(module: Any, name: str) -> Any:
    """What a module of Keras makes of a name; None if nothing."""
    try:
        return module.get(name)
    except ValueError:
        return None


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
