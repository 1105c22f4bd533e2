"""What goes into a network and what comes out, as plain values for people and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skdeep._version import __version__
from skdeep.data._targets import ClassEncoder, NumberEncoder
from skdeep.networks._description import Network

MEANINGS = {
    "binary": "probability of the last class",
    "multiclass": "probability of each class, in the order of classes",
    "multilabel": "probability of each label, on its own",
    "regression": "each target, in its units",
}


def describe_conventions(
    estimator: str,
    network: Network,
    encoder: ClassEncoder | NumberEncoder,
    feature_names: Sequence[str] | None,
) -> dict[str, Any]:
    """Say how to call a network and how to read what it returns.

    Parameters
    ----------
    estimator : str
        The class that fitted the network.
    network : Network
        The architecture.
    encoder : ClassEncoder or NumberEncoder
        Labels or numbers ↔ outputs.
    feature_names : sequence of str or None
        The columns of the table it was fitted on, if they had names.

    Returns
    -------
    dict
        "skdeep" (its version); "estimator"; "input" with "shape" (of one row),
        "dtype" and "features"; "output" with "shape", "kind" (of the target),
        "meaning" and "classes".
    """
    classes = None
    if isinstance(encoder, ClassEncoder):
        classes = [_plain(label) for label in encoder.classes]
    return {
        "skdeep": __version__,
        "estimator": estimator,
        "input": {
            "shape": list(network.input_shape),
            "dtype": network.compute_dtype,
            "features": None if feature_names is None else list(feature_names),
        },
        "output": {
            "shape": [network.output_units],
            "kind": encoder.kind,
            "meaning": MEANINGS[encoder.kind],
            "classes": classes,
        },
    }


def _plain(label: Any) -> Any:
    """A label as JSON knows it; dates and the like as text."""
    value = label.item() if isinstance(label, np.generic) else label
    return value if isinstance(value, bool | int | float | str) else str(label)
