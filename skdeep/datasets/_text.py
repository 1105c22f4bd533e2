"""The text sets, stored as word ranks: IMDB and Reuters.

Each is an .npz file of ranks and a .json file of words; a file of Reuters that is
not Keras' own brings its topics in another .json file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np

from skdeep.datasets._bundled import read_description
from skdeep.datasets._files import DataFile, Download, locate
from skdeep.datasets._npz import list_arrays, naming_broken_file, read_arrays, read_json
from skdeep.datasets._result import Array, make_result
from skdeep.datasets._subset import PARTS, parts_of
from skdeep.datasets._words import Decoder, limit_ranks, multi_hot, words_by_rank

KERAS_FILES = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
KERAS_SEED = 113
KERAS_TRAIN_FRACTION = 0.8


@dataclass(frozen=True)
class TextSet:
    """What distinguishes one set of texts from another."""

    loader: str
    name: str
    ranks: DataFile
    words: DataFile
    target_names: tuple[str, ...]
    target_column: str  # with an underscore, which no word of the texts has
    target_names_file: str | None = None  # for a copy that is not Keras'


IMDB = TextSet(
    loader="fetch_imdb",
    name="imdb",
    ranks=DataFile(
        "imdb.npz",
        (
            Download(
                KERAS_FILES + "imdb.npz",
                "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
            ),
        ),
    ),
    words=DataFile(
        "imdb_word_index.json",
        (
            Download(
                KERAS_FILES + "imdb_word_index.json",
                "bfafd718b763782e994055a2d397834f",
            ),
        ),
    ),
    target_names=("negative", "positive"),
    target_column="is_positive",
)
REUTERS = TextSet(
    loader="fetch_reuters",
    name="reuters",
    ranks=DataFile(
        "reuters.npz",
        (
            Download(
                KERAS_FILES + "reuters.npz",
                "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
            ),
        ),
    ),
    words=DataFile(
        "reuters_word_index.json",
        (
            Download(
                KERAS_FILES + "reuters_word_index.json",
                "4d44cc38712099c9e383dc6e5f11a921",
            ),
        ),
    ),
    # In the order of the labels in Keras' file.
    target_names=(
        *("cocoa", "grain", "veg-oil", "earn", "acq", "wheat", "copper", "housing"),
        *("money-supply", "coffee", "sugar", "trade", "reserves", "ship", "cotton"),
        *("carcass", "crude", "nat-gas", "cpi", "money-fx", "interest", "gnp"),
        *("meal-feed", "alum", "oilseed", "gold", "tin", "strategic-metal"),
        *("livestock", "retail", "ipi", "iron-steel", "rubber", "heat", "jobs", "lei"),
        *("bop", "zinc", "orange", "pet-chem", "dlr", "gas", "silver", "wpi", "hog"),
        "lead",
    ),
    target_column="topic_index",
    target_names_file="reuters_topics.json",
)


def fetch_imdb(
    *,
    subset: str = "train",
    num_words: int | None = 10_000,
    tokens: bool = False,
    return_X_y: bool = False,
    as_frame: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
) -> Any:
    """Load the IMDB film reviews, positive or negative (classification).

    The files ``imdb.npz`` and ``imdb_word_index.json`` are read from ``data_home``,
    from the folder named by the environment variable SKDEEP_DATA, or from the cache
    of ``keras.datasets``, and downloaded when they are in none of them.

    =============   ==================================================
    Samples         25,000 for training, 25,000 for the test
    Features        one per word: 1 if the review has it, else 0
    Classes         2, of equal size
    =============   ==================================================

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The rows to load; ``"all"`` gives the training rows, then the test rows.

    num_words : int or None, default=10000
        The number of words to keep, the most frequent ones. None keeps all.
        Fewer words train faster, and from some thousands on hardly worse.

    tokens : bool, default=False
        Return lists of word ranks, 1 being the most frequent word and 0 any word
        that is not kept, instead of the multi-hot matrix. For networks that read
        the words in their order.

    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        Return pandas objects, with sparse columns named by the words; ``frame`` of
        the Bunch then holds data and target. Not with ``tokens=True``.

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

        data : CSR matrix or DataFrame of shape (n_samples, num_words), or ndarray
            The multi-hot matrix of type float32; or the ranks, with
            ``tokens=True``, as an array of n_samples lists.
        target : ndarray or Series of shape (n_samples,)
            0 for a negative review, 1 for a positive one.
        frame : DataFrame of shape (n_samples, num_words + 1) or None
            Data and target, with ``as_frame=True``.
        feature_names : ndarray of shape (num_words,)
            The words that are kept, the most frequent first.
        target_names : list of str
            The names of the classes.
        decode : callable
            ``decode(data[i])`` gives the words of review i: its text with
            ``tokens=True``, else the words that occur, by frequency.
        DESCR : str
            The description of the data set.

    (data, target) : tuple
        With ``return_X_y=True``.

    Raises
    ------
    FileNotFoundError
        If a file is missing and cannot be, or may not be, downloaded. The message
        says which file goes where.
    OSError
        If a file is damaged. It is named, and left as it is.

    Notes
    -----
    Word lists of unequal length are stored as a pickle, which can run code when it
    is opened. The file is read with an unpickler that makes arrays, lists and
    numbers and refuses everything else, wherever the file came from.

    Examples
    --------
    >>> from skdeep.datasets import fetch_imdb
    >>> reviews = fetch_imdb(subset="test", num_words=1000)
    >>> reviews.data.shape
    (25000, 1000)

    The most frequent word, and the share of the reviews that have it:

    >>> str(reviews.feature_names[0]), round(float(reviews.data[:, 0].mean()), 2)
    ('the', 0.99)
    """
    return _fetch_texts(
        IMDB,
        subset=subset,
        num_words=num_words,
        tokens=tokens,
        return_X_y=return_X_y,
        as_frame=as_frame,
        find=partial(
            locate, data_home=data_home, download_if_missing=download_if_missing
        ),
    )


def fetch_reuters(
    *,
    subset: str = "train",
    num_words: int | None = 10_000,
    tokens: bool = False,
    return_X_y: bool = False,
    as_frame: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
) -> Any:
    """Load the Reuters newswires and their topics (classification).

    The files ``reuters.npz`` and ``reuters_word_index.json`` are read from
    ``data_home``, from the folder named by the environment variable SKDEEP_DATA, or
    from the cache of ``keras.datasets``, and downloaded when they are in none of
    them. A file of your own with ``x_train``, ``y_train``, ``x_test`` and ``y_test``
    needs ``reuters_topics.json``, the list of its topics, beside it.

    =============   ==================================================
    Samples         8982 for training, 2246 for the test in Keras' file
    Features        one per word: 1 if the newswire has it, else 0
    Classes         46 in Keras' file, of very unequal size
    =============   ==================================================

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The rows to load; ``"all"`` gives the training rows, then the test rows.

    num_words : int or None, default=10000
        The number of words to keep, the most frequent ones. None keeps all.
        Fewer words train faster, and from some thousands on hardly worse.

    tokens : bool, default=False
        Return lists of word ranks, 1 being the most frequent word and 0 any word
        that is not kept, instead of the multi-hot matrix. For networks that read
        the words in their order.

    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        Return pandas objects, with sparse columns named by the words; ``frame`` of
        the Bunch then holds data and target. Not with ``tokens=True``.

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

        data : CSR matrix or DataFrame of shape (n_samples, num_words), or ndarray
            The multi-hot matrix of type float32; or the ranks, with
            ``tokens=True``, as an array of n_samples lists.
        target : ndarray or Series of shape (n_samples,)
            The numbers of the topics, from 0.
        frame : DataFrame of shape (n_samples, num_words + 1) or None
            Data and target, with ``as_frame=True``.
        feature_names : ndarray of shape (num_words,)
            The words that are kept, the most frequent first.
        target_names : list of str
            The names of the topics.
        decode : callable
            ``decode(data[i])`` gives the words of newswire i: its text with
            ``tokens=True``, else the words that occur, by frequency.
        DESCR : str
            The description of the data set.

    (data, target) : tuple
        With ``return_X_y=True``.

    Raises
    ------
    FileNotFoundError
        If a file is missing and cannot be, or may not be, downloaded. The message
        says which file goes where.
    OSError
        If a file is damaged. It is named, and left as it is.

    Notes
    -----
    Word lists of unequal length are stored as a pickle, which can run code when it
    is opened. The file is read with an unpickler that makes arrays, lists and
    numbers and refuses everything else, wherever the file came from.

    Examples
    --------
    >>> from skdeep.datasets import fetch_reuters
    >>> news = fetch_reuters(subset="test", tokens=True)
    >>> len(news.data) == len(news.target)
    True
    >>> news.decode([1, 0, 3])
    'the [unknown] to'
    """
    return _fetch_texts(
        REUTERS,
        subset=subset,
        num_words=num_words,
        tokens=tokens,
        return_X_y=return_X_y,
        as_frame=as_frame,
        find=partial(
            locate, data_home=data_home, download_if_missing=download_if_missing
        ),
    )


def _fetch_texts(
    texts: TextSet,
    *,
    subset: str,
    num_words: int | None,
    tokens: bool,
    return_X_y: bool,
    as_frame: bool,
    find: Callable[..., list[Path]],
) -> Any:
    parts = parts_of(subset, texts.loader)
    _check_options(texts.loader, num_words, tokens, as_frame)
    ranks_path, words_path = find([texts.ranks, texts.words], loader=texts.loader)
    words = read_words(words_path)
    target_names = read_target_names(ranks_path, texts)
    ranks, y = read_ranks(ranks_path, parts, len(target_names))
    kept = min(len(words), num_words or len(words))
    return make_result(
        limit_ranks(ranks, kept) if tokens else multi_hot(ranks, kept),
        y,
        feature_names=words[:kept],
        target_names=target_names,
        target_column=texts.target_column,
        DESCR=read_description(texts.name),
        decode=Decoder(words),
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def _check_options(
    loader: str, num_words: int | None, tokens: bool, as_frame: bool
) -> None:
    if num_words is not None and (not isinstance(num_words, Integral) or num_words < 1):
        raise ValueError(
            f"{loader} expects num_words to be None or a positive integer; got "
            f"{num_words!r}. Pass None to keep all words."
        )
    if tokens and as_frame:
        raise ValueError(
            f"{loader} expects at most one of tokens and as_frame; got both as True. "
            "Lists of unequal length have no columns: leave one of the two out."
        )


def read_words(path: Path) -> Array:
    """Read the words in the order of their ranks."""
    rank_of_word = read_json(path)
    with naming_broken_file(path):
        return words_by_rank(rank_of_word)


def read_target_names(ranks_path: Path, texts: TextSet) -> list[str]:
    """Return the names of the classes: those beside the file, else Keras'."""
    if texts.target_names_file is None or _is_undivided(ranks_path):
        return list(texts.target_names)
    path = ranks_path.with_name(texts.target_names_file)
    if not path.is_file():
        raise FileNotFoundError(
            f"{texts.loader} expects {path.name} beside {ranks_path}, since that is "
            "not the file of keras.datasets; found none. Put the list of its topics "
            "there, in the order of its labels, as JSON."
        )
    return [str(name) for name in read_json(path)]


def read_ranks(path: Path, parts: Sequence[str], n_classes: int) -> tuple[Array, Array]:
    """Read the rank lists and labels of some parts, in the order of Keras."""
    read = _read_undivided if _is_undivided(path) else _read_divided
    pieces = read(path, parts)
    with naming_broken_file(path):
        ranks = np.concatenate([x for x, _ in pieces])
        y = np.concatenate([y for _, y in pieces]).astype(np.int64)
        if ranks.shape != y.shape or set(map(type, ranks)) != {list}:
            raise ValueError(f"expected {len(y)} lists of ranks, got {ranks.shape}")
        if (kinds := set(map(type, chain.from_iterable(ranks)))) != {int}:
            raise ValueError(f"expected ranks to be integers, got {kinds}")
        if not ((y >= 0) & (y < n_classes)).all():
            raise ValueError(f"expected labels below {n_classes}, got {y.max()}")
    return ranks, y


def _read_divided(path: Path, parts: Sequence[str]) -> list[tuple[Array, Array]]:
    """Read from a file that has training and test rows apart; shuffle either."""
    generator = _keras_generator()
    arrays = read_arrays(path, [f"y_{part}" for part in PARTS["all"]])
    labels = dict(zip(PARTS["all"], arrays, strict=True))
    orders = {part: generator.permutation(len(y)) for part, y in labels.items()}
    pieces = []
    for part in parts:
        (x,) = read_arrays(path, [f"x_{part}"])
        with naming_broken_file(path):
            pieces.append((x[orders[part]], labels[part][orders[part]]))
    return pieces


def _read_undivided(path: Path, parts: Sequence[str]) -> list[tuple[Array, Array]]:
    """Read from a file that has all rows together; shuffle, then divide them."""
    x, y = read_arrays(path, ["x", "y"])
    order = _keras_generator().permutation(len(y))
    n_train = int(len(y) * KERAS_TRAIN_FRACTION)
    rows = {"train": order[:n_train], "test": order[n_train:]}
    with naming_broken_file(path):
        return [(x[rows[part]], y[rows[part]]) for part in parts]


def _is_undivided(path: Path) -> bool:
    return "x" in list_arrays(path)


def _keras_generator() -> np.random.RandomState:
    # The legacy generator, because keras.datasets shuffles with it.
    return np.random.RandomState(KERAS_SEED)
