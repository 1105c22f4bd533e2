"""Estimators in a file that holds no code.

One zip file: ``skdeep.json`` says with plain values what the estimator is, arrays lie
beside it in NumPy's format. Who owns what:

- ``_archive`` owns the zip file: what may be in it, how it is written and read.
- ``_kind``, ``_plain`` and ``_objects`` say how each kind of value looks in JSON,
  ``_tree`` walks over values with them.
- ``_classes`` lists the classes that a file may name.

Files that know the classes are imported late: they ask scikit-learn for all of its own,
a tenth of a second that ``import skdeep`` need not take.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning

from skdeep._atomic_write import Place
from skdeep._version import __version__
from skdeep._warnings import stacklevel_of_user
from skdeep.exceptions import FileFormatError, VersionWarning
from skdeep.persistence._archive import (
    ArchiveReader,
    Damaged,
    damaged,
    open_at_once,
    refuse_special_files,
    write_archive,
)

__all__ = ["load", "save"]

FORMAT = "skdeep estimator"
FORMAT_VERSION = 1  # rises when older versions of skdeep could misread a file


def save(estimator: Any, path: Place) -> None:
    """Write an estimator to a file without pickle.

    What can be stored: the estimators of skdeep, fitted or not, and the pipelines,
    searches and transformers of scikit-learn around them, as far as their attributes
    are plain values, arrays and such estimators again. Optimizers, schedules, losses,
    metrics and initializers of Keras are stored by their configuration. Functions,
    callbacks, own classes, trees and caches are refused by name; ``joblib.dump``
    stores them, in files that run code when they are loaded.

    Parameters
    ----------
    estimator : estimator
        An estimator, pipeline or search.
    path : str or path-like
        The file. One that is there is replaced in a single step: a crash, a full disk
        or a lack of permission leaves it as it is.

    Raises
    ------
    TypeError
        If something in the estimator cannot be stored; the message says what.
    OSError
        If the file cannot be written.

    See Also
    --------
    load : Read the file again.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import skdeep
    >>> net = skdeep.DNNRegressor((8,), learning_rate=0.01)
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "net.skdeep"
    ...     skdeep.save(net, path)
    ...     skdeep.load(path)
    DNNRegressor(hidden_layer_sizes=(8,), learning_rate=0.01)
    """
    from skdeep.persistence._tree import TreeWriter

    if not isinstance(estimator, BaseEstimator):
        raise TypeError(
            "skdeep.save expects an estimator, pipeline or search; got an object of "
            f"type {type(estimator).__name__}. Use joblib.dump for other objects."
        )
    writer = TreeWriter()
    name = type(estimator).__name__
    try:
        tree = writer.write(estimator, name)
    except RecursionError:
        raise TypeError(
            f"skdeep.save expects an estimator that does not contain itself; got a "
            f"{name} that does, or is nested too deeply. Use joblib.dump."
        ) from None
    description = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "versions": _versions(),
        "estimator": tree,
    }
    write_archive(path, description, writer.arrays)


def load(path: Place) -> Any:
    """Read an estimator that ``save`` has written.

    Nothing in the file is ever run, whoever made it. TensorFlow is not imported
    before the first prediction, unless a parameter is a Keras object.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    estimator
        Equal to the one that was saved: its predictions are the same to the last bit
        on the same machine, and training goes on where it stopped.

    Raises
    ------
    skdeep.exceptions.FileFormatError
        If the file is no such file, damaged, cut off, or from a newer skdeep.
    OSError
        If the file cannot be opened.

    Warns
    -----
    sklearn.exceptions.InconsistentVersionWarning
        If another version of scikit-learn has written an estimator of its own.
    skdeep.exceptions.VersionWarning
        If another version of skdeep has written the file. Parameters that came later
        have their defaults.

    See Also
    --------
    save : Write the file.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import skdeep
    >>> net = skdeep.DNNClassifier((8,), random_state=0)
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "net.skdeep"
    ...     skdeep.save(net, path)
    ...     skdeep.load(path).hidden_layer_sizes
    (8,)
    """
    from skdeep.persistence._tree import TreeReader

    with open_at_once(path) as file, _explained(path):
        refuse_special_files(file)
        archive = ArchiveReader(file)
        description = archive.description()
        _check_format(description)
        reader = TreeReader(archive)
        estimator = reader.read(description["estimator"])
        archive.check_all_read()
        if not isinstance(estimator, BaseEstimator):
            damaged("no estimator")
    # Outside of ``_explained``: where warnings are errors, it is no fault of the file.
    _warn_of_versions(description["versions"], sorted(reader.scikit_learn))
    return estimator


@contextmanager
def _explained(path: Place) -> Iterator[None]:
    """Turn whatever goes wrong with a file into the one error."""
    try:
        yield
    except FileFormatError:
        raise
    except Damaged as error:
        raise _unreadable(path, str(error)) from None
    except Exception as error:  # what is not ours can fail in any way
        fault = f"the fault {type(error).__name__}: {error}"
        raise _unreadable(path, fault) from error


def _unreadable(path: Place, found: str) -> FileFormatError:
    """Say what is wrong with which file."""
    return FileFormatError(
        "skdeep.load expects a whole file written by skdeep.save; got "
        f"{os.fspath(path)!r} with {found}. Take a good copy of the file, or save the "
        "estimator again."
    )


def _versions() -> dict[str, str]:
    """The versions that write a file."""
    return {
        "skdeep": __version__,
        **{name: version(name) for name in ("keras", "numpy", "scikit-learn")},
    }


def _check_format(description: Any) -> None:
    """Refuse what another program or a newer skdeep has written."""
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        damaged("a description in another format")
    versions = description["versions"]
    if not isinstance(versions, dict) or not set(map(type, versions.values())) <= {str}:
        damaged(f"the versions {versions!r}")
    found = description["format_version"]
    if found != FORMAT_VERSION:
        raise FileFormatError(
            f"skdeep {_versions()['skdeep']} reads version {FORMAT_VERSION} of its "
            f"file format; got version {found!r}, written by skdeep "
            f"{versions.get('skdeep')}. Update skdeep, or let the writer save it with "
            "this version."
        )


def _warn_of_versions(versions: dict[str, str], scikit_learn: list[str]) -> None:
    """Warn as scikit-learn does when it unpickles an estimator of another version."""
    ours = versions.get("skdeep")
    if ours != __version__:
        warnings.warn(VersionWarning("the file", __version__, ours), stacklevel=3)
    written = versions.get("scikit-learn")
    if written == version("scikit-learn"):
        return
    for name in scikit_learn:
        warnings.warn(
            InconsistentVersionWarning(
                estimator_name=name,
                current_sklearn_version=version("scikit-learn"),
                original_sklearn_version=written,
            ),
            stacklevel=stacklevel_of_user(),
        )
