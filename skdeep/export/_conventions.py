"""What goes into a network and what comes out, as plain values for people and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skdeep._version import __version__
from skdeep.networks._head import ClassHead, Head
from skdeep.networks._network import Network


def describe_conventions(
    estimator: str,
    network: Network,
    head: Head,
    feature_names: Sequence[str] | None,
    preprocessing: Any = None,
) -> dict[str, Any]:
    """Say how to call a network and how to read what it returns.

    Parameters
    ----------
    estimator : str
        The class that fitted the network.
    network : Network
        The architecture.
    head : ClassHead or NumberHead
        Labels or numbers ↔ outputs.
    feature_names : sequence of str or None
        The columns of the table it was fitted on, if they had names.
    preprocessing : plain values, default=None
        What is done to a table before the network gets it.

    Returns
    -------
    dict
        "skdeep" (its version); "estimator"; "input" with "shape" (of one row),
        "dtype", "features", and for a raw table "preprocessing"; "output" with "shape",
        "kind" (of the target), "meaning" and "classes", and "quantiles" if outputs are
        those of a target.
    """
    classes = None
    if isinstance(head, ClassHead):
        classes = [_plain(label) for label in head.classes]
    quantiles = {}
    if head.quantiles is not None:
        quantiles["quantiles"] = list(head.quantiles)
    return {
        "skdeep": __version__,
        "estimator": estimator,
        "input": {
            "shape": list(network.input_shape),
            "dtype": network.compute_dtype,
            "features": None if feature_names is None else list(feature_names),
            **({} if preprocessing is None else {"preprocessing": preprocessing}),
        },
        "output": {
            "shape": [network.output_units],
            "kind": head.target_type.name,
            "meaning": head.meaning,
            "classes": classes,
            **quantiles,
        },
    }


def _plain(label: Any) -> Any:
    """A label as JSON knows it; dates and the like as text."""
    value = label.item() if isinstance(label, np.generic) else label
    return value if isinstance(value, bool | int | float | str) else str(label)
