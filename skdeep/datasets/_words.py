"""Lists of word ranks ↔ multi-hot matrices, shorter lists, and words.

The rank of a word is its place in the order of frequency; the most frequent has
rank 1. Rank 0 stands for a word that is not among those kept. No files here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import numpy as np
from scipy import sparse

from skdeep.datasets._result import Array

UNKNOWN = "[unknown]"


class Decoder:
    """Turns ranks, or a row of a multi-hot matrix, into a text.

    Parameters
    ----------
    words : ndarray of str
        The words in the order of their ranks, from rank 1.
    """

    def __init__(self, words: Array) -> None:
        self.words = words

    def __call__(self, row: Any) -> str:
        """Return the words of a list of ranks, or of one sparse row, with spaces.

        A list gives the text in its order; a row of a matrix knows only which
        words occur, and gives them by frequency.
        """
        ranks = _ranks_of_sparse_row(row) if sparse.issparse(row) else row
        return " ".join(
            self.words[rank - 1] if 0 < rank <= len(self.words) else UNKNOWN
            for rank in ranks
        )


def words_by_rank(rank_of_word: Mapping[str, int]) -> Array:
    """Return the words in the order of their ranks, from rank 1."""
    words = np.full(max(rank_of_word.values()), UNKNOWN, dtype=object)
    for word, rank in rank_of_word.items():
        words[rank - 1] = word
    return words


def limit_ranks(ranks: Array, num_words: int) -> Array:
    """Return the lists with 0 in the place of ranks above ``num_words``."""
    limited = np.empty(len(ranks), dtype=object)
    for i, row in enumerate(ranks):
        limited[i] = [rank if rank <= num_words else 0 for rank in row]
    return limited


def multi_hot(ranks: Array, num_words: int) -> sparse.csr_matrix:
    """Return the matrix whose cell (i, j) is 1 if text i has the word of rank j + 1.

    A matrix and not SciPy's newer array, as scikit-learn's own text sets: one row
    of it has two axes and can be given to ``predict``.
    """
    lengths = np.fromiter(map(len, ranks), dtype=np.int64, count=len(ranks))
    flat = np.fromiter(
        chain.from_iterable(ranks), dtype=np.int32, count=int(lengths.sum())
    )
    rows = np.repeat(np.arange(len(ranks), dtype=np.int32), lengths)
    kept = (flat >= 1) & (flat <= num_words)
    ones = np.ones(np.count_nonzero(kept), dtype=np.float32)
    matrix = sparse.csr_matrix(
        (ones, (rows[kept], flat[kept] - 1)), shape=(len(ranks), num_words)
    )
    matrix.sum_duplicates()
    matrix.data.fill(1.0)  # words that occur repeatedly have been added up
    return matrix


def _ranks_of_sparse_row(row: Any) -> Iterable[int]:
    if row.ndim == 2 and row.shape[0] != 1:
        raise ValueError(
            f"decode expects one row of a matrix; got {row.shape[0]} rows. Call it for "
            "each row, as in [decode(row) for row in X]."
        )
    return [int(column) + 1 for column in np.sort(row.tocoo().coords[-1])]
