"""What networks must be like, to be looked at or stopped before their last epoch."""

from __future__ import annotations

from typing import Any


def check_is_network(network: Any, caller: str) -> None:
    """Refuse what cannot be looked at between two epochs."""
    if not hasattr(network, "_reporting"):
        raise TypeError(
            f"{caller} expects an estimator of skdeep, or a Pipeline that ends in "
            f"one; got {type(network).__name__}. Give it a DNNRegressor or the like; "
            "normalize_y=True does what TransformedTargetRegressor would."
        )


def check_goes_on(network: Any, caller: str) -> None:
    """Refuse networks that cannot go on to the same bits after a stop in between."""
    check_is_network(network, caller)
    if network.early_stopping and network.early_stopping != "auto":
        raise ValueError(
            f"{caller} decides itself who trains for how many epochs; got "
            f"early_stopping={network.early_stopping!r}. Set early_stopping=False, and "
            "epochs to the most that the best candidate shall have."
        )
    if network.callbacks:
        raise ValueError(
            f"{caller} trains in parts, and every part would begin with fresh copies "
            f"of callbacks={network.callbacks!r}. Set callbacks=None; a schedule goes "
            "on in its plan, and callbacks of scikit-learn go to set_callbacks."
        )
