"""What others call things, and the name that is closest to a misspelt one.

Users come from scikit-learn, PyTorch and papers; a word that is right there gets the
word that is right here. It imports nothing, and is asked only when an error is due.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

# parameter -> their word -> ours
OTHER_WORDS = {
    "activation": {
        "identity": "linear",
        "logistic": "sigmoid",
        "lrelu": "leaky_relu",
        "none": "linear",
    },
    "kernel_initializer": {
        "glorot": "glorot_uniform",
        "he": "he_uniform",
        "kaiming_normal": "he_normal",
        "kaiming_uniform": "he_uniform",
        "lecun": "lecun_uniform",
        "one": "ones",
        "xavier": "glorot_uniform",
        "xavier_normal": "glorot_normal",
        "xavier_uniform": "glorot_uniform",
        "zero": "zeros",
    },
    "loss": {
        "absolute_error": "mean_absolute_error",
        "bce": "binary_crossentropy",
        "cross_entropy": "auto",
        "crossentropy": "auto",
        "l1": "mean_absolute_error",
        "l2": "mean_squared_error",
        "log_loss": "auto",  # the cross-entropy that fits the labels
        "nll": "auto",
        "normal": "gaussian",
        "pinball": "quantile",
        "rmse": "mean_squared_error",
        "squared_error": "mean_squared_error",
    },
    "metrics": {
        "average_precision": "auc",
        "neg_mean_absolute_error": "mean_absolute_error",
        "neg_mean_squared_error": "mean_squared_error",
        "r2": "R2Score",
        "r2_score": "R2Score",
        "rmse": "RootMeanSquaredError",
        "roc_auc": "auc",
    },
    "optimizer": {"sgdm": "sgd"},
}


def suggestion(parameter: str, given: str, names: Iterable[str]) -> str:
    """Return "Did you mean ...? " with one space behind it, or nothing.

    Parameters
    ----------
    parameter : str
        Of the estimator.
    given : str
        What is unknown.
    names : iterable of str
        What is known; nothing else is suggested besides ``OTHER_WORDS``.
    """
    theirs = given.lower().replace(" ", "_").replace("-", "_")
    ours = OTHER_WORDS.get(parameter, {}).get(theirs)
    plain = {name.lower().replace("_", ""): name for name in names}
    # Names of classes, such as LeakyReLU, differ in letters that do not count.
    ours = ours or plain.get(theirs.replace("_", ""))
    close = [ours] if ours else difflib.get_close_matches(given, plain.values(), 1)
    return f"Did you mean {close[0]!r}? " if close else ""


def found_in(module: Any, name: str) -> Any:
    """What a module of Keras makes of a name; None if nothing."""
    try:
        return module.get(name)
    except ValueError:
        return None
