"""A network of the user's own in ONNX: Keras' exporter knows its layers."""

from __future__ import annotations

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np


def onnx_by_keras(model: Any) -> Any:
    """Return an ``onnx.ModelProto`` that does what a Keras model does."""
    try:
        import onnx
        import tf2onnx  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "format='onnx' of a network of your own needs the packages onnx and "
            f"tf2onnx; got {error}. Install them with: pip install 'skdeep[onnx]'"
        ) from error
    _call_once(model)
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tf2onnx asks NumPy for names that went
        file = Path(folder) / "model.onnx"
        model.export(file, format="onnx", verbose=False)
        return onnx.load(file)


def _call_once(model: Any) -> None:
    """Call a model that says its inputs: Keras exports none that was never called."""
    inputs = getattr(model, "inputs", None) or []
    rows = [np.zeros((1, *(n or 1 for n in t.shape[1:])), t.dtype) for t in inputs]
    if rows:
        model(rows[0] if len(rows) == 1 else rows)
