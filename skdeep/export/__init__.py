"""The fitted network in formats that other programs read.

- ``_conventions`` says what goes in and comes out, in a form that travels along.
- ``_onnx`` writes the graph that a network makes of itself in the operators of ONNX;
  ``_onnx_by_keras`` lets Keras write that of a user's own network.

Nothing here knows estimators; they say what their labels are.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from skdeep._atomic_write import Place, replacement
from skdeep.networks._keras_network import KerasNetwork

__all__ = ["export_network"]

Fitted = Any  # FittedNetwork, FittedMembers, or the KerasTrained of another module

# Where the conventions are: in a .keras file and in the folder that TensorFlow keeps
# for additions of others; in ONNX under this key of the metadata.
MEMBER = "skdeep.json"
FOLDER = "assets.extra"
KEY = "skdeep"


def export_network(
    fitted: Fitted, conventions: dict[str, Any], path: Place, format: str
) -> None:
    """Write a network, with its conventions, whole or not at all.

    Parameters
    ----------
    fitted : FittedNetwork, FittedMembers or KerasTrained
        The network, or several whose mean is taken, or what Keras has trained.
    conventions : dict
        Plain values that say what goes in and comes out.
    path : str or path-like
        The file, or the folder for "saved_model".
    format : {"keras", "saved_model", "onnx"}
        What to write.
    """
    if format not in WRITERS:
        raise ValueError(
            f"format must be one of {sorted(WRITERS)}; got {format!r}. Use 'keras' to "
            "load the network with keras.saving.load_model."
        )
    suffix = SUFFIXES[format]
    if suffix and Path(path).suffix != suffix:
        raise ValueError(
            f"A file in the format {format!r} must be called *{suffix}; got "
            f"{os.fspath(path)!r}. {_way_out(Path(path).suffix)}"
        )
    if format == "saved_model":
        _check_folder(Path(path))
    text = json.dumps(conventions, indent=2)
    with replacement(path) as written:
        WRITERS[format](fitted, text, written)


def _check_folder(path: Path) -> None:
    """Refuse to replace what is no SavedModel."""
    if path.exists() and not (path / "saved_model.pb").is_file():
        raise FileExistsError(
            f"A SavedModel goes into a new folder or replaces another SavedModel; got "
            f"{str(path)!r}, which is something else. Choose another path."
        )


def _write_keras(fitted: Fitted, text: str, path: Path) -> None:
    """Write the Keras model, and the conventions as one more member of its zip file."""
    fitted.to_keras().save(path)
    # Keras reads the members that it knows (test_other_programs_predict_the_same).
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(MEMBER, text)


def _write_saved_model(fitted: Fitted, text: str, path: Path) -> None:
    """Write the folder, and the conventions where it has room for them."""
    fitted.to_keras().export(path, format="tf_saved_model", verbose=False)
    extra = path / FOLDER
    extra.mkdir()
    (extra / MEMBER).write_text(text)


def _write_onnx(fitted: Fitted, text: str, path: Path) -> None:
    """Write the graph, and the conventions into its metadata."""
    from skdeep.export._onnx import onnx_model
    from skdeep.export._onnx_by_keras import onnx_by_keras

    knows_itself = getattr(fitted, "network", None) is not None
    knows_itself = knows_itself and not isinstance(fitted.network, KerasNetwork)
    model = onnx_model(fitted) if knows_itself else onnx_by_keras(fitted.to_keras())
    entry = model.metadata_props.add()
    entry.key, entry.value = KEY, text
    path.write_bytes(model.SerializeToString())


WRITERS: dict[str, Callable[[Fitted, str, Path], None]] = {
    "keras": _write_keras,
    "onnx": _write_onnx,
    "saved_model": _write_saved_model,
}
SUFFIXES = {"keras": ".keras", "onnx": ".onnx", "saved_model": ""}


def _way_out(suffix: str) -> str:
    """Say which format a file is named after, if it is one."""
    fitting = [name for name, known in SUFFIXES.items() if known and known == suffix]
    other = f"format={fitting[0]!r}" if fitting else "another format"
    return f"Change the name, or give {other}."
