"""Where the files of a data set lie: found on this machine, or downloaded once.

Folders are searched in this order: ``data_home`` alone where the caller names one;
else the folder named by the environment variable SKDEEP_DATA, then the cache of
``keras.datasets``. All files of a set come from the same folder, since the word
list of one copy does not fit the ranks of another.

A file that exists is never changed or deleted. A download is made in a temporary
folder and moves into place when it is complete. Keras is imported only to
download, so that reading a file does not start TensorFlow.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ALGORITHMS = {32: "md5", 64: "sha256"}  # by the length of the checksum


@dataclass(frozen=True)
class Download:
    """An address, with the checksum that Keras publishes for it, if it does."""

    url: str
    checksum: str | None = None


@dataclass(frozen=True)
class DataFile:
    """A file of a data set and how to get it.

    Without ``convert`` the file is its one download; otherwise
    ``convert(downloaded paths, target)`` writes it.
    """

    name: str
    downloads: tuple[Download, ...]
    convert: Callable[[Sequence[Path], Path], None] | None = None

    @property
    def checksum(self) -> str | None:
        """The checksum of Keras' own file, where there is one."""
        return self.downloads[0].checksum if self.convert is None else None


def locate(
    files: Sequence[DataFile],
    *,
    loader: str,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
) -> list[Path]:
    """Return the paths of the files, which are downloaded if need be.

    The folder that has the first of the files must have the others as well. A
    missing one is downloaded only beside Keras' own files.
    """
    folders = search_folders(data_home)
    folder = next((f for f in folders if (f / files[0].name).is_file()), folders[-1])
    paths = [folder / file.name for file in files]
    missing = [f for f, path in zip(files, paths, strict=True) if not path.is_file()]
    if missing and not download_if_missing:
        raise FileNotFoundError(
            _missing_message(
                loader, missing, folders, folder, "download_if_missing is False"
            )
        )
    if missing or folder == keras_cache():
        for file, path in zip(files, paths, strict=True):
            if file not in missing:
                _check_is_from_keras(file, path, loader, missing)
    for file in missing:
        try:
            download(file, folder)
        except Exception as error:  # Keras raises a bare Exception without a network
            reason = f"the download failed ({error})"
            raise FileNotFoundError(
                _missing_message(loader, missing, folders, folder, reason)
            ) from None
    return paths


def search_folders(data_home: str | os.PathLike[str] | None = None) -> list[Path]:
    """Return the folders that are searched; the last is where downloads go."""
    if data_home is not None:
        return [Path(data_home).expanduser()]
    named = os.environ.get("SKDEEP_DATA")
    return [Path(named).expanduser(), keras_cache()] if named else [keras_cache()]


def keras_cache() -> Path:
    """Return the folder in which ``keras.datasets`` keeps its files."""
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets"


def download(file: DataFile, folder: Path) -> None:
    """Download a file, check it, convert it, and only then put it into the folder."""
    from keras.utils import get_file

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as scratch:
        fetched = [
            Path(
                get_file(
                    fname=source.url.rpartition("/")[2],
                    origin=source.url,
                    file_hash=source.checksum,
                    cache_dir=scratch,
                    cache_subdir="",
                )
            )
            for source in file.downloads
        ]
        complete = fetched[0]
        if file.convert is not None:
            complete = Path(scratch) / f"converted-{file.name}"
            file.convert(fetched, complete)
        os.replace(complete, folder / file.name)


def _check_is_from_keras(
    file: DataFile, path: Path, loader: str, missing: Sequence[DataFile]
) -> None:
    if file.checksum is None:
        return
    algorithm = ALGORITHMS[len(file.checksum)]
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, algorithm).hexdigest()
    if found == file.checksum:
        return
    if missing:
        advice = f"Put the {_names(missing)} that belongs to it beside it."
    else:
        advice = (
            "Move it away to have it downloaded again; or, if it is a copy of your "
            "own, put all files of the set into another folder and pass that as "
            "data_home."
        )
    raise OSError(
        f"{loader} expects {path} to be the file of keras.datasets, with the "
        f"{algorithm} checksum {file.checksum}; found {found}. {advice}"
    )


def _missing_message(
    loader: str,
    missing: Sequence[DataFile],
    searched: Sequence[Path],
    folder: Path,
    reason: str,
) -> str:
    names = _names(missing)
    places = " and ".join(map(str, searched))
    return (
        f"{loader} needs {names}; searched {places} without finding it, and {reason}. "
        f"Put {names} into {folder}, or all files of the set into a folder of your own "
        "that you name by data_home or by the environment variable SKDEEP_DATA. On a "
        f"machine with a network, {loader}(data_home=folder) writes them into a folder "
        "to copy."
    )


def _names(files: Sequence[DataFile]) -> str:
    return " and ".join(file.name for file in files)
