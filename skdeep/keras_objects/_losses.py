"""Losses by name, with parameters, as objects or functions; and the pinball loss."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._other_words import found_in, suggestion
from skdeep.keras_objects._spec import KerasSpec, to_spec


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


# What Keras does not have; ``call`` gives one value per row.
OWN_LOSSES = (Quantile, Quantiles)


def resolve_loss(loss: Any, params: dict[str, Any]) -> Any:
    """Turn a name, instance or function into a spec or a function."""
    import keras

    if isinstance(loss, str) and loss == "quantile":
        cls = Quantiles if "quantiles" in params else Quantile
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
