"""The image sets: MNIST, Fashion-MNIST and CIFAR-10.

Each is one .npz file with x_train, y_train, x_test and y_test; _originals.py
converts the downloads that come in another form.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skdeep.datasets._bundled import read_description
from skdeep.datasets._files import DataFile, Download, locate
from skdeep.datasets._npz import naming_broken_file, read_arrays
from skdeep.datasets._originals import convert_cifar10, convert_fashion_mnist
from skdeep.datasets._result import Array, make_result
from skdeep.datasets._subset import parts_of

KERAS_FILES = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
CIFAR_FILE = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"


@dataclass(frozen=True)
class ImageSet:
    """What distinguishes one set of images from another."""

    loader: str
    name: str
    file: DataFile
    image_shape: tuple[int, ...]
    target_names: tuple[str, ...]


MNIST = ImageSet(
    loader="fetch_mnist",
    name="mnist",
    file=DataFile(
        "mnist.npz",
        (
            Download(
                KERAS_FILES + "mnist.npz",
                "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
            ),
        ),
    ),
    image_shape=(28, 28),
    target_names=tuple("0123456789"),
)
FASHION_MNIST = ImageSet(
    loader="fetch_fashion_mnist",
    name="fashion_mnist",
    file=DataFile(
        "fashion_mnist.npz",
        tuple(
            Download(KERAS_FILES + name)
            for name in (
                "train-labels-idx1-ubyte.gz",
                "train-images-idx3-ubyte.gz",
                "t10k-labels-idx1-ubyte.gz",
                "t10k-images-idx3-ubyte.gz",
            )
        ),
        convert_fashion_mnist,
    ),
    image_shape=(28, 28),
    target_names=(
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
)
CIFAR10 = ImageSet(
    loader="fetch_cifar10",
    name="cifar10",
    file=DataFile(
        "cifar10.npz",
        (
            Download(
                CIFAR_FILE,
                "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            ),
        ),
        convert_cifar10,
    ),
    image_shape=(32, 32, 3),
    target_names=(
        *("airplane", "automobile", "bird", "cat", "deer"),
        *("dog", "frog", "horse", "ship", "truck"),
    ),
)


def fetch_mnist(
    *,
    subset: str = "train",
    return_X_y: bool = False,
    as_frame: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
) -> Any:
    """Load the MNIST images of handwritten digits (classification).

    The file ``mnist.npz`` is read from ``data_home``, from the folder named by the
    environment variable SKDEEP_DATA, or from the cache of ``keras.datasets``, and
    downloaded when it is in none of them.

    =============   ==========================================
    Samples         60,000 for training, 10,000 for the test
    Features        784 pixels (28 × 28), integers 0-255
    Classes         10
    =============   ==========================================

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The rows to load; ``"all"`` gives the training rows, then the test rows.

    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        Return pandas objects; ``frame`` of the Bunch then holds data and target.

    data_home : str or path-like, default=None
        The folder to read from, and to download to. Without it, the folder named
        by SKDEEP_DATA and then the cache of Keras are searched, and downloads go
        to the latter.

    download_if_missing : bool, default=True
        If False, raise an error instead of downloading.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the fields

        data : ndarray or DataFrame of shape (n_samples, 784)
            The pixels as flat rows, of type uint8. Divide by 255 or scale them
            before you train a network.
        target : ndarray or Series of shape (n_samples,)
            The classes, 0 to 9.
        images : ndarray of shape (n_samples, 28, 28)
            The same pixels as images.
        frame : DataFrame of shape (n_samples, 785) or None
            Data and target, with ``as_frame=True``.
        feature_names : list of str
            ``pixel_0_0`` to ``pixel_27_27``, row first.
        target_names : list of str
            The names of the classes.
        DESCR : str
            The description of the data set.

    (data, target) : tuple
        With ``return_X_y=True``.

    Raises
    ------
    FileNotFoundError
        If the file is missing and cannot be, or may not be, downloaded. The
        message says which file goes where.
    OSError
        If the file is damaged. It is named, and left as it is.

    Examples
    --------
    >>> from skdeep.datasets import fetch_mnist
    >>> digits = fetch_mnist(subset="test")
    >>> digits.data.shape, digits.images.shape
    ((10000, 784), (10000, 28, 28))
    """
    return _fetch_images(
        MNIST,
        subset=subset,
        return_X_y=return_X_y,
        as_frame=as_frame,
        data_home=data_home,
        download_if_missing=download_if_missing,
    )


def fetch_fashion_mnist(
    *,
    subset: str = "train",
    return_X_y: bool = False,
    as_frame: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
) -> Any:
    """Load the Fashion-MNIST images of clothes (classification).

    The file ``fashion_mnist.npz`` is read from ``data_home``, from the folder named
    by the environment variable SKDEEP_DATA, or from the cache of ``keras.datasets``,
    and downloaded and converted when it is in none of them.

    =============   ==========================================
    Samples         60,000 for training, 10,000 for the test
    Features        784 pixels (28 × 28), integers 0-255
    Classes         10
    =============   ==========================================

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The rows to load; ``"all"`` gives the training rows, then the test rows.

    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        Return pandas objects; ``frame`` of the Bunch then holds data and target.

    data_home : str or path-like, default=None
        The folder to read from, and to download to. Without it, the folder named
        by SKDEEP_DATA and then the cache of Keras are searched, and downloads go
        to the latter.

    download_if_missing : bool, default=True
        If False, raise an error instead of downloading.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the fields

        data : ndarray or DataFrame of shape (n_samples, 784)
            The pixels as flat rows, of type uint8. Divide by 255 or scale them
            before you train a network.
        target : ndarray or Series of shape (n_samples,)
            The classes, 0 to 9.
        images : ndarray of shape (n_samples, 28, 28)
            The same pixels as images.
        frame : DataFrame of shape (n_samples, 785) or None
            Data and target, with ``as_frame=True``.
        feature_names : list of str
            ``pixel_0_0`` to ``pixel_27_27``, row first.
        target_names : list of str
            The names of the classes.
        DESCR : str
            The description of the data set.

    (data, target) : tuple
        With ``return_X_y=True``.

    Raises
    ------
    FileNotFoundError
        If the file is missing and cannot be, or may not be, downloaded. The
        message says which file goes where.
    OSError
        If the file is damaged. It is named, and left as it is.

    Examples
    --------
    >>> from skdeep.datasets import fetch_fashion_mnist
    >>> clothes = fetch_fashion_mnist(subset="test")
    >>> [clothes.target_names[c] for c in clothes.target[:3]]
    ['Ankle boot', 'Pullover', 'Trouser']
    """
    return _fetch_images(
        FASHION_MNIST,
        subset=subset,
        return_X_y=return_X_y,
        as_frame=as_frame,
        data_home=data_home,
        download_if_missing=download_if_missing,
    )


def fetch_cifar10(
    *,
    subset: str = "train",
    return_X_y: bool = False,
    as_frame: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
) -> Any:
    """Load the CIFAR-10 colour images (classification).

    The file ``cifar10.npz`` is read from ``data_home``, from the folder named by the
    environment variable SKDEEP_DATA, or from the cache of ``keras.datasets``, and
    downloaded and converted when it is in none of them. A file of your own may hold
    fewer images.

    =============   ================================================
    Samples         50,000 for training, 10,000 for the test
    Features        3072 numbers (32 × 32 pixels × 3 colours), 0-255
    Classes         10
    =============   ================================================

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The rows to load; ``"all"`` gives the training rows, then the test rows.

    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        Return pandas objects; ``frame`` of the Bunch then holds data and target.

    data_home : str or path-like, default=None
        The folder to read from, and to download to. Without it, the folder named
        by SKDEEP_DATA and then the cache of Keras are searched, and downloads go
        to the latter.

    download_if_missing : bool, default=True
        If False, raise an error instead of downloading.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the fields

        data : ndarray or DataFrame of shape (n_samples, 3072)
            The pixels as flat rows, of type uint8. Divide by 255 or scale them
            before you train a network.
        target : ndarray or Series of shape (n_samples,)
            The classes, 0 to 9.
        images : ndarray of shape (n_samples, 32, 32, 3)
            The same pixels as images.
        frame : DataFrame of shape (n_samples, 3073) or None
            Data and target, with ``as_frame=True``.
        feature_names : list of str
            ``pixel_0_0_0`` to ``pixel_31_31_2``: row, column, colour.
        target_names : list of str
            The names of the classes.
        DESCR : str
            The description of the data set.

    (data, target) : tuple
        With ``return_X_y=True``.

    Raises
    ------
    FileNotFoundError
        If the file is missing and cannot be, or may not be, downloaded. The
        message says which file goes where.
    OSError
        If the file is damaged. It is named, and left as it is.

    Examples
    --------
    >>> from skdeep.datasets import fetch_cifar10
    >>> pictures = fetch_cifar10(subset="test")
    >>> pictures.data.shape[1], pictures.images.shape[1:]
    (3072, (32, 32, 3))
    """
    return _fetch_images(
        CIFAR10,
        subset=subset,
        return_X_y=return_X_y,
        as_frame=as_frame,
        data_home=data_home,
        download_if_missing=download_if_missing,
    )


def _fetch_images(
    images: ImageSet,
    *,
    subset: str,
    return_X_y: bool,
    as_frame: bool,
    data_home: str | os.PathLike[str] | None,
    download_if_missing: bool,
) -> Any:
    parts = parts_of(subset, images.loader)
    (path,) = locate(
        [images.file],
        loader=images.loader,
        data_home=data_home,
        download_if_missing=download_if_missing,
    )
    x, y = read_images(path, images.image_shape, len(images.target_names), parts)
    fields = {} if return_X_y else {"images": x, "DESCR": read_description(images.name)}
    return make_result(
        x.reshape(len(x), math.prod(images.image_shape)),
        y,
        feature_names=_pixel_names(images.image_shape),
        target_names=list(images.target_names),
        target_column="target",
        return_X_y=return_X_y,
        as_frame=as_frame,
        **fields,
    )


def read_images(
    path: Path, image_shape: tuple[int, ...], n_classes: int, parts: Sequence[str]
) -> tuple[Array, Array]:
    """Read the images (n, *image_shape) and labels (n,) of some parts of a file."""
    names = [f"{kind}_{part}" for part in parts for kind in "xy"]
    arrays = read_arrays(path, names)
    with naming_broken_file(path):
        x = arrays[0] if len(parts) == 1 else np.concatenate(arrays[0::2])
        y = np.concatenate([labels.ravel() for labels in arrays[1::2]]).astype(np.int64)
        if x.shape != (len(y), *image_shape) or x.dtype != np.uint8:
            raise ValueError(
                f"expected {len(y)} images of shape {image_shape} in uint8, got an "
                f"array of shape {x.shape} in {x.dtype}"
            )
        if not ((y >= 0) & (y < n_classes)).all():
            raise ValueError(f"expected labels below {n_classes}, got {y.max()}")
    return x, y


def _pixel_names(image_shape: tuple[int, ...]) -> list[str]:
    return ["_".join(map(str, ("pixel", *i))) for i in np.ndindex(image_shape)]
