"""A zip file of one description in JSON and arrays in NumPy's format.

What may be in it is narrow, so that nothing has to be trusted: members are stored
uncompressed, so a file can never unpack to more than its own size; their names are
fixed, so none can leave the archive; every member is read once; an array's size is
known from its header before memory is asked for; nothing is ever unpickled.
"""

from __future__ import annotations

import json
import math
import os
import stat
import zipfile
from collections.abc import Sequence
from typing import Any, BinaryIO, NoReturn

import numpy as np

from skdeep._atomic_write import Place, replacement

DESCRIPTION = "skdeep.json"
# Much more than long histories and vocabularies need; Python needs some 20 times as
# much memory for what it reads from JSON.
MAX_DESCRIPTION_BYTES = 2**26
# The description, or the table of contents; NumPy reads arrays in smaller pieces.
MAX_BYTES_AT_ONCE = MAX_DESCRIPTION_BYTES
PLAIN_KINDS = "biufcmMSU"  # of dtypes: numbers, times and strings, no objects
FIRST_MOMENT = (1980, 1, 1, 0, 0, 0)  # the same content gives the same bytes


def array_name(number: int) -> str:
    """The member that holds an array; ``numpy.load`` of the file finds it, too."""
    return f"arrays/{number}.npy"


def is_plain(array: np.ndarray) -> bool:
    """Whether NumPy's format holds the array without pickling."""
    return array.dtype.kind in PLAIN_KINDS


def write_archive(path: Place, description: Any, arrays: Sequence[np.ndarray]) -> None:
    """Write a file whole, or leave the one that is there."""
    text = json.dumps(description, allow_nan=False).encode()
    if len(text) > MAX_DESCRIPTION_BYTES:
        raise ValueError(
            f"skdeep.save writes at most {MAX_DESCRIPTION_BYTES} bytes besides arrays; "
            f"got {len(text)}. Use joblib.dump for estimators with so many plain "
            "values."
        )
    with (
        replacement(path) as written,
        zipfile.ZipFile(written, "x", zipfile.ZIP_STORED) as archive,
    ):
        archive.writestr(zipfile.ZipInfo(DESCRIPTION, FIRST_MOMENT), text)
        for number, array in enumerate(arrays):
            member = zipfile.ZipInfo(array_name(number), FIRST_MOMENT)
            # zipfile must know beforehand that more than 2 GiB may come; version (1, 0)
            # of the format holds every array without fields.
            with archive.open(member, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, (1, 0), allow_pickle=False)


class Damaged(Exception):
    """What is wrong with a file; who opened it says which file it is."""


class ArchiveReader:
    """A file to be read, its table of contents checked.

    Parameters
    ----------
    file : binary file
        Open for reading.
    """

    def __init__(self, file: BinaryIO):
        self._archive = zipfile.ZipFile(_Bounded(file))
        self._members = {info.filename: info for info in self._archive.infolist()}
        self._check_contents(os.fstat(file.fileno()).st_size)

    def _check_contents(self, n_bytes: int) -> None:
        """Refuse what a file of ours never has, before any of it is read."""
        members = self._archive.infolist()
        if DESCRIPTION not in self._members:
            damaged(f"a zip file without a member {DESCRIPTION}")
        if len(self._members) < len(members):
            damaged("two members of the same name")
        names = {DESCRIPTION, *map(array_name, range(len(members) - 1))}
        foreign = sorted(set(self._members) - names)
        if foreign:
            damaged(f"the unknown member {foreign[0]!r}")
        for member in members:
            if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
                damaged(f"a compressed or encrypted member {member.filename!r}")
        if sum(member.file_size for member in members) > n_bytes:
            damaged("members that are larger than the file")
        if self._members[DESCRIPTION].file_size > MAX_DESCRIPTION_BYTES:
            damaged(f"a description of more than {MAX_DESCRIPTION_BYTES} bytes")

    def description(self) -> Any:
        """Read the JSON."""
        text = self._archive.read(self._members.pop(DESCRIPTION))
        return json.loads(text, parse_constant=_refuse_constant)

    def array(self, number: int) -> np.ndarray:
        """Read an array; it is gone from the table of contents then."""
        member = self._members.pop(array_name(number), None)
        if member is None:
            damaged(f"no array {number!r}, or two uses of it")
        # Opened twice, since NumPy asks for memory as soon as it has read the header.
        with self._archive.open(member) as file:
            self._check_header(file, member)
        with self._archive.open(member) as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
            if file.read(1):  # which also checks the checksum
                damaged(f"more than an array in {member.filename!r}")
        return array

    def _check_header(self, file: Any, member: zipfile.ZipInfo) -> None:
        """Refuse an array whose header does not fit the size of its member."""
        if np.lib.format.read_magic(file) != (1, 0):
            damaged(f"a foreign version of NumPy's format in {member.filename!r}")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        if dtype.kind not in PLAIN_KINDS:
            damaged(f"an array of dtype {dtype} in {member.filename!r}")
        n_values = math.prod(shape)
        n_bytes = file.tell() + dtype.itemsize * n_values
        if min(shape, default=0) < 0 or n_bytes != member.file_size:
            damaged(f"an array of another size than its member {member.filename!r}")
        if dtype.itemsize == 0 and n_values > 0:  # any number of them in no bytes
            damaged(f"an array of empty values in {member.filename!r}")

    def check_all_read(self) -> None:
        """Refuse a file with more in it than was asked for."""
        if self._members:
            damaged(f"the unused member {min(self._members)!r}")


def open_at_once(path: Place) -> BinaryIO:
    """Open a file for reading; a pipe that nobody writes to is not waited for."""
    flags = getattr(os, "O_NONBLOCK", 0)
    return open(path, "rb", opener=lambda name, given: os.open(name, given | flags))


def refuse_special_files(file: BinaryIO) -> None:
    """Refuse to read from what is no regular file: a device may never end."""
    mode = os.fstat(file.fileno()).st_mode
    if not stat.S_ISREG(mode):
        damaged(f"a {_kind_of_file(mode)} in the place of a regular file")


def _kind_of_file(mode: int) -> str:
    """Name what is no regular file; a folder does not come so far."""
    if stat.S_ISFIFO(mode):
        return "pipe"
    is_device = stat.S_ISCHR(mode) or stat.S_ISBLK(mode)
    return "device" if is_device else "special file"


class _Bounded:
    """A file that gives no more at once than a good archive is asked for.

    ``zipfile`` reads the table of contents at once, however long a sparse file of a
    terabyte says it is.
    """

    def __init__(self, file: BinaryIO):
        self._file, self._size = file, os.fstat(file.fileno()).st_size
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, n_bytes: int = -1) -> bytes:
        """Read at most this many bytes, all that are left by default."""
        left = max(0, self._size - self._file.tell())
        n_bytes = left if n_bytes < 0 else min(n_bytes, left)
        if n_bytes > MAX_BYTES_AT_ONCE:
            damaged(f"{n_bytes} bytes that must be read at once")
        return self._file.read(n_bytes)


def damaged(found: str) -> NoReturn:
    """Say what is wrong with a file."""
    raise Damaged(found)


def _refuse_constant(name: str) -> NoReturn:
    """JSON has no NaN; Python's reader takes it all the same."""
    damaged(f"{name} in its description")
