"""The forms in which image sets were published, turned into one .npz layout.

Fashion-MNIST comes as four idx files, CIFAR-10 as an archive of pickles. The
results have x_train, y_train, x_test and y_test, as mnist.npz has from the start.
"""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from skdeep.datasets._npz import ArrayUnpickler, naming_broken_file
from skdeep.datasets._result import Array

IDX_BYTES = 0x08  # the code for unsigned bytes in an idx header


def convert_fashion_mnist(downloads: Sequence[Path], target: Path) -> None:
    """Write an .npz file of four idx files: training labels, images, test ones."""
    y_train, x_train, y_test, x_test = map(read_idx, downloads)
    np.savez_compressed(
        target, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test
    )


def read_idx(path: Path) -> Array:
    """Read the bytes of a gzipped idx file into an array of its shape."""
    with naming_broken_file(path):
        content = gzip.decompress(path.read_bytes())
        zero, code, n_axes = int.from_bytes(content[:2]), content[2], content[3]
        if zero != 0 or code != IDX_BYTES:
            raise ValueError(f"no idx header of bytes, but {content[:4]!r}")
        start = 4 + 4 * n_axes
        shape = np.frombuffer(content[4:start], dtype=">u4").astype(int)
        return np.frombuffer(content[start:], dtype=np.uint8).reshape(shape)


def convert_cifar10(downloads: Sequence[Path], target: Path) -> None:
    """Write an .npz file of the archive with five training batches and a test."""
    (archive,) = downloads
    train = [f"data_batch_{i}" for i in range(1, 6)]
    x_train, y_train = read_cifar_batches(archive, train)
    x_test, y_test = read_cifar_batches(archive, ["test_batch"])
    np.savez_compressed(
        target, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test
    )


def read_cifar_batches(path: Path, names: Iterable[str]) -> tuple[Array, Array]:
    """Read images (n, 32, 32, 3) and labels (n,) from batches in the archive."""
    with naming_broken_file(path), tarfile.open(path) as archive:
        batches = [
            _unpickle_batch(archive.extractfile(f"cifar-10-batches-py/{name}"))
            for name in names
        ]
    pixels = np.concatenate([batch[b"data"] for batch in batches])
    labels = np.concatenate([batch[b"labels"] for batch in batches])
    images = pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)  # (n, 32, 32, 3)
    return images, labels.astype(np.uint8)


def _unpickle_batch(stream: IO[bytes] | None) -> Any:
    if stream is None:
        raise ValueError("a batch is no file")
    return ArrayUnpickler(stream, encoding="bytes").load()
