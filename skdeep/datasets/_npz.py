"""Reading files that may be broken, and may come from anybody.

Lists of words of unequal length are object arrays, which NumPy can only store as a
pickle, and a pickle may run any code when it is opened. So nothing here calls
``numpy.load(allow_pickle=True)``: numbers are read with pickling forbidden, object
arrays with an unpickler that can make arrays, lists and numbers and nothing else.

A file that cannot be read ends in an OSError with its name. No file is written,
moved or deleted here.
"""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from numpy.lib import format as npy

from skdeep.datasets._result import Array

# What an array of lists needs; old files name NumPy's module without underscore.
PERMITTED = frozenset(
    {
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy.core.multiarray", "_reconstruct"),
    }
)
HEADER_READERS = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
}


class ArrayUnpickler(pickle.Unpickler):
    """Unpickles arrays, lists, texts and numbers; refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        """Return one of the few permitted objects."""
        if (module, name) not in PERMITTED:
            raise pickle.UnpicklingError(
                f"it asks for {module}.{name}, which no table of numbers needs"
            )
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


@contextmanager
def naming_broken_file(path: Path) -> Iterator[None]:
    """Turn whatever reading the file raises into an OSError with its name."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # damaged bytes can make zip, zlib or pickle raise any
        raise OSError(
            f"{path} is expected to be a complete data file; reading it ended in "
            f"{type(error).__name__}: {error}. It was left as it is: put a good copy "
            "in its place, or move it away to have it downloaded again."
        ) from error


def list_arrays(path: Path) -> set[str]:
    """Return the names of the arrays in an .npz file."""
    with naming_broken_file(path), zipfile.ZipFile(path) as archive:
        return {name.removesuffix(".npy") for name in archive.namelist()}


def read_arrays(path: Path, names: Iterable[str]) -> list[Array]:
    """Read the named arrays of an .npz file."""
    with naming_broken_file(path), zipfile.ZipFile(path) as archive:
        return [_read_array(archive, f"{name}.npy") for name in names]


def read_json(path: Path) -> Any:
    """Read a .json file."""
    with naming_broken_file(path):
        return json.loads(path.read_text(encoding="utf-8"))


def _read_array(archive: zipfile.ZipFile, member: str) -> Array:
    with archive.open(member) as stream:
        is_pickle = _read_dtype(stream).hasobject
        if not is_pickle:
            stream.seek(0)
        array = (
            ArrayUnpickler(stream).load()
            if is_pickle
            else npy.read_array(stream, allow_pickle=False)
        )
        stream.read()  # zipfile compares its checksum only at the end of the member
    return array


def _read_dtype(stream: IO[bytes]) -> Any:
    version = npy.read_magic(stream)
    _, _, dtype = HEADER_READERS[version](stream)
    return dtype
