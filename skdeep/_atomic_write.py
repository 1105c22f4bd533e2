"""Write a file whole or not at all.

Who saves something writes into a new file beside the old one; only when all of it is
on the disk, it takes the old one's place in a single step of the file system. Whatever
happens before that step, a crash of the machine included, leaves the old file.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

Place = str | os.PathLike[str]


@contextmanager
def replacement(path: Place) -> Iterator[Path]:
    """Give a new place to write to, which replaces ``path`` at the end of the block.

    What was at ``path`` stays as it is if the block raises or never ends; an
    ``OSError`` says which file could not be written. A process that is killed can leave
    the new place behind: a hidden file or folder whose name begins with ``.skdeep-``.

    Parameters
    ----------
    path : str or path-like
        A file or a folder; a link is followed.

    Yields
    ------
    pathlib.Path
        Where to write, in the same folder and with the same suffix.
    """
    target = Path(os.path.realpath(path))
    written = _place_beside(target)
    try:
        yield written
        _flush(written)
        _keep_permissions(target, written)
        _put_in_place(written, target)
        _flush_folder(target.parent)
    except OSError as error:
        raise _explained(error, path) from error
    finally:
        _remove(written)


def _place_beside(target: Path) -> Path:
    """A new name in the same folder, so on the same disk."""
    return target.with_name(f".skdeep-{secrets.token_hex(8)}{target.suffix}")


def _flush(written: Path) -> None:
    """Wait until everything written is on the disk."""
    if written.is_dir():
        for inner in written.iterdir():
            _flush(inner)
        return
    with written.open("rb") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Wait until the new name is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _keep_permissions(target: Path, written: Path) -> None:
    """Let a file that is replaced keep who may read it."""
    if target.exists():
        written.chmod(stat.S_IMODE(target.stat().st_mode))


def _put_in_place(written: Path, target: Path) -> None:
    """Replace in one step; a folder, which no system replaces, in two."""
    if not (written.is_dir() and target.is_dir()):
        os.replace(written, target)
        return
    aside = _place_beside(target)
    os.replace(target, aside)
    try:
        os.replace(written, target)
    except OSError:
        os.replace(aside, target)
        raise
    shutil.rmtree(aside)


def _remove(written: Path) -> None:
    """Clean up after a failure."""
    if written.is_dir():
        shutil.rmtree(written, ignore_errors=True)
    else:
        written.unlink(missing_ok=True)


def _explained(error: OSError, path: Place) -> OSError:
    """Say what could not be written, and that nothing was lost."""
    reason = error.strerror or str(error)
    text = (
        f"Expected to write {os.fspath(path)!r}; got the error {reason!r} from the "
        "operating system. What was there before is unchanged; free some space, or "
        "choose a folder that you can write to."
    )
    if error.errno is None:
        return OSError(text)
    return OSError(error.errno, text)
