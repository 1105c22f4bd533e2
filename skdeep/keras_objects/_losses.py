"""Losses by name, with parameters, as objects or functions; and those Keras lacks."""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._other_words import found_in, suggestion
from skdeep.keras_objects._spec import KerasSpec, to_spec

DEFAULT_POWER = 1.5  # of "tweedie", as of scikit-learn's HalfTweedieLoss
SMALLEST_MEAN = 1e-7  # that is divided by; exp of -16


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
                "quantile must be a number between 0 and 1, both excluded; got "
                f"{self.quantile!r}. Use 0.5 for the median."
            )

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return one value per row."""
        from keras import ops

        error = y_true - y_pred
        q = self.quantile
        return ops.mean(ops.maximum(q * error, (q - 1) * error), axis=-1)  # (n_rows,)


@dataclass(frozen=True)
class Quantiles:
    """The mean of the pinball losses of several quantiles, see ``Quantile``.

    Outputs are those of the first target in the order of the quantiles, then those of
    the next; targets are repeated for each.
    """

    quantiles: tuple[float, ...]
    reduction: str = "sum_over_batch_size"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return one value per row."""
        from keras import ops

        error = y_true - y_pred
        n_targets = error.shape[-1] // len(self.quantiles)
        q = ops.convert_to_tensor(self.quantiles * n_targets, error.dtype)
        return ops.mean(ops.maximum(q * error, (q - 1) * error), axis=-1)  # (n_rows,)


@dataclass(frozen=True)
class Gaussian:
    """Negative log likelihood of the normal distribution, averaged over targets.

    log(2 * pi) / 2 + s + ((y - m) / exp(s)) ** 2 / 2 for the outputs m and s of each
    target: mean and logarithm of the standard deviation. Nix and Weigend (1994),
    Estimating the Mean and Variance of the Target Probability Distribution, ICNN.
    """

    reduction: str = "sum_over_batch_size"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return one value per row; targets come twice, once for each output."""
        from keras import ops

        log_deviation = y_pred[:, 1::2]
        distance = (y_true[:, ::2] - y_pred[:, ::2]) * ops.exp(-log_deviation)
        constant = math.log(2 * math.pi) / 2
        values = constant + log_deviation + ops.square(distance) / 2
        return ops.mean(values, axis=-1)  # (n_rows,)


@dataclass(frozen=True)
class Gamma:
    """Half the deviance of the gamma distribution: log(p / y) + y / p - 1.

    What scikit-learn's GammaRegressor minimises, averaged over outputs.
    """

    reduction: str = "sum_over_batch_size"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return one value per row."""
        from keras import ops

        p = ops.maximum(y_pred, SMALLEST_MEAN)
        return ops.mean(ops.log(p / y_true) + y_true / p - 1, axis=-1)  # (n_rows,)


@dataclass(frozen=True)
class Tweedie:
    """Half the deviance of Tweedie's distribution, averaged over outputs.

    y ** (2 - k) / ((1 - k) * (2 - k)) - y * p ** (1 - k) / (1 - k)
    + p ** (2 - k) / (2 - k) for the power k, as scikit-learn's TweedieRegressor
    minimises it with a log link. Jorgensen (1987), Exponential Dispersion Models, JRSS
    B 49.
    """

    power: float = DEFAULT_POWER
    reduction: str = "sum_over_batch_size"

    def __post_init__(self) -> None:
        """Refuse powers that belong to no distribution."""
        is_number = isinstance(self.power, Real) and math.isfinite(self.power)
        if not is_number or 0 < float(self.power) < 1:
            raise InvalidNetworkError(
                "loss_params['power'] must be a number that is at most 0 or at least "
                f"1; got {self.power!r}. Use 1.5 for amounts that are often 0."
            )

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return one value per row."""
        from keras import ops

        k, p = float(self.power), ops.maximum(y_pred, SMALLEST_MEAN)
        if k == 0:
            return ops.mean(ops.square(y_true - p) / 2, axis=-1)
        if k == 2:
            return Gamma().call(y_true, y_pred)
        if k == 1:
            # y * log(y) is 0 where y is.
            log_ratio = ops.log(ops.maximum(y_true, SMALLEST_MEAN) / p)
            return ops.mean(y_true * log_ratio - y_true + p, axis=-1)
        own = ops.maximum(y_true, 0.0) ** (2 - k) if k < 2 else y_true ** (2 - k)
        values = own / ((1 - k) * (2 - k)) - y_true * p ** (1 - k) / (1 - k)
        return ops.mean(values + p ** (2 - k) / (2 - k), axis=-1)  # (n_rows,)


# What Keras does not have, by name; ``call`` gives one value per row.
NAMED = {
    "gamma": Gamma,
    "gaussian": Gaussian,
    "quantile": Quantile,
    "tweedie": Tweedie,
}
OWN_LOSSES = (*NAMED.values(), Quantiles)

SMOOTHED = "label_smoothing"
SMOOTHING = (  # those of Keras that take it
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
)


def resolve_loss(loss: Any, params: dict[str, Any]) -> Any:
    """Turn a name, instance or function into a spec or a function."""
    import keras

    if isinstance(loss, str) and loss in NAMED:
        cls = Quantiles if "quantiles" in params else NAMED[loss]
        return cls(**_checked(params, cls, loss))
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
        # A function of Keras becomes its class, which the engine can give logits.
        loss_class = getattr(keras.losses, _camel(getattr(loss, "__name__", "")), None)
        if loss_class is not None and loss is getattr(
            keras.losses, loss.__name__, None
        ):
            loss = loss_class()
        return to_spec(loss)
    found = found_in(keras.losses, loss)
    if found is None or found is keras.losses.ctc:  # that one is for sequences
        names = sorted({*_loss_names(), "auto", *NAMED})
        hint = suggestion("loss", loss, names)
        raise InvalidNetworkError(
            "loss must be 'auto', a name, a Keras loss or a "
            f"function; got {loss!r}. {hint}Known names: {', '.join(names)}."
        )
    if isinstance(found, keras.losses.Loss):
        loss_class = type(found)
    else:
        loss_class = getattr(keras.losses, _camel(found.__name__))
    return to_spec(loss_class(**_checked(params, loss_class, loss)))


def with_label_smoothing(
    loss: Any, params: dict[str, Any] | None, amount: float, automatic: str
) -> tuple[Any, dict[str, Any] | None]:
    """Return a loss, as ``resolve_loss`` takes it, that smooths labels.

    Targets become (1 - amount) * y + amount / n_classes. Szegedy et al. (2016),
    Rethinking the Inception Architecture for Computer Vision, arXiv 1512.00567.

    Parameters
    ----------
    loss : str, Keras loss or callable
        As given.
    params : dict or None
        Its arguments.
    amount : float
        0 leaves everything as it is.
    automatic : str
        The loss that "auto" stands for.
    """
    if not amount:
        return loss, params
    is_name = isinstance(loss, str)
    name = automatic if is_name and loss == "auto" else loss
    kind = name_of_loss(resolve_loss(name, dict(params or {}))) if is_name else ""
    if kind == "SparseCategoricalCrossentropy":  # which takes whole classes only
        name, kind = "categorical_crossentropy", "CategoricalCrossentropy"
    if kind not in SMOOTHING or SMOOTHED in (params or {}):
        raise InvalidNetworkError(
            "label_smoothing goes with a cross-entropy that is given by name; got "
            f"label_smoothing={amount!r}, loss={loss!r} and loss_params={params!r}. "
            "Set it in one place: here, in loss_params, or in the loss object."
        )
    return name, {**(params or {}), SMOOTHED: float(amount)}


def _loss_names() -> list[str]:
    """The losses of Keras by the names that ``keras.losses.get`` takes."""
    import keras

    functions = [n for n in dir(keras.losses) if n[0].islower() and n != "ctc"]
    classes = [n for n in functions if hasattr(keras.losses, _camel(n))]
    return [n for n in classes if found_in(keras.losses, n) is not None]


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


def name_of_loss(loss: Any) -> str:
    """The class or function name of a resolved loss."""
    if isinstance(loss, KerasSpec):
        return loss.name
    return str(getattr(loss, "__name__", type(loss).__name__))
