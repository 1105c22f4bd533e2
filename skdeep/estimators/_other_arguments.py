"""Arguments that others have: an error that names ours in place of Python's own.

A keyword that a constructor or ``fit`` does not have is refused as ever, with a
TypeError. Users come with the words of scikit-learn's MLP, of Keras and of PyTorch,
and Python only says that they are unexpected.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from skdeep.keras_objects._other_words import suggestion

CONSTRUCTOR = {
    "alpha": "l2",
    "beta_1": "optimizer_params={'beta_1': ...}",
    "beta_2": "optimizer_params={'beta_2': ...}",
    "build_fn": "KerasClassifier or KerasRegressor for a network of your own",
    "dropout_rate": "dropout",
    "early_stopping_rounds": "early_stopping=True and patience",
    "epsilon": "optimizer_params={'epsilon': ...}",
    "hidden_dim": "hidden_layer_sizes",
    "hidden_dims": "hidden_layer_sizes",
    "hidden_layers": "hidden_layer_sizes",
    "hidden_units": "hidden_layer_sizes",
    "layers": "hidden_layer_sizes",
    "learning_rate_init": "learning_rate",
    "lr": "learning_rate",
    "max_epochs": "epochs",
    "max_iter": "epochs",
    "model": "KerasClassifier or KerasRegressor for a network of your own",
    "module": "KerasClassifier or KerasRegressor for a network of your own",
    "n_epochs": "epochs",
    "n_iter_no_change": "patience",
    "nb_epoch": "epochs",
    "nesterovs_momentum": "nesterov",
    "num_epochs": "epochs",
    "restore_best_weights": "early_stopping=True, which keeps the best weights",
    "scoring": "monitor, with early_stopping=True",
    "seed": "random_state",
    "solver": "optimizer",
    "tol": "min_delta",
    "validation_data": "fit(X, y, X_val=..., y_val=...)",
    "validation_split": "validation_fraction, with early_stopping=True or 'watch'",
}
FIT = {
    "eval_set": "X_val and y_val",
    "initial_epoch": "warm_start=True in the constructor",
    "steps_per_epoch": "partial_fit for some rows at a time",
    "validation_batch_size": "batch_size in the constructor",
    "validation_data": "X_val and y_val",
    "validation_split": "validation_fraction in the constructor, with "
    "early_stopping=True or 'watch'",
}


class OtherArguments:
    """Constructors and ``fit`` that know what others call their arguments."""

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Give the class's own constructor and ``fit`` a look at their keywords."""
        super().__init_subclass__(**arguments)
        for name, words in (("__init__", CONSTRUCTOR), ("fit", FIT)):
            if name in vars(cls):
                setattr(cls, name, _knowing(vars(cls)[name], words))


def _knowing(function: Callable[..., Any], words: Mapping[str, str]) -> Any:
    """Wrap a function that takes keywords; one that takes any is left as it is."""
    parameters = inspect.signature(function).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return function

    @functools.wraps(function)
    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not kwargs.keys() <= parameters.keys():
            unknown = next(name for name in kwargs if name not in parameters)
            raise TypeError(_advice(self, function.__name__, unknown, words))
        return function(self, *args, **kwargs)

    return called


def _advice(self: Any, function: str, unknown: str, words: Mapping[str, str]) -> str:
    """Say which argument is not there, and what to give in its place."""
    cls = type(self).__name__
    own = inspect.signature(type(self)).parameters
    is_constructor = function == "__init__"
    what = f"{cls}()" if is_constructor else f"{cls}.{function}()"
    known = inspect.signature(getattr(type(self), function)).parameters
    return (
        f"{what} takes arguments by the names in its documentation; got an unexpected "
        f"keyword argument {unknown!r}. {_instead(unknown, words, known, own)}"
    )


def _instead(
    unknown: str, words: Mapping[str, str], known: Iterable[str], own: Iterable[str]
) -> str:
    """Our word, the place where it belongs, or the closest one."""
    if unknown in words:
        return f"Use {words[unknown]}."
    if unknown in own:  # Keras' fit has them
        return "Give it to the constructor."
    return suggestion("", unknown, known).strip() or "Leave it out."
