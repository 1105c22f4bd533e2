"""What forces a compilation: the key of a program.

Everything in a key is a frozen value that compares by what it does; everything not
in it is an argument of the compiled functions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skdeep.engine._objective import Objective
from skdeep.keras_objects._optimizers import Optimizer
from skdeep.networks._network import Network

# Rows a program holds at once. More rows are streamed through in chunks of this many,
# fewer are padded, so the number of rows is never part of a key. With 16,384 rows of 13
# features the fetch of a block (see below) woke a second thread, and 100 epochs took
# 31 ms in place of 29.
MAX_ROWS = 8192
MAX_BYTES = 8 * 2**20
MIN_BATCH_ROWS = 1024
KERAS_BATCH, MLP_BATCH = 32, 200

# Rows are fetched from a chunk in blocks of several batches. XLA splits a fetch from an
# array of more than 512 KiB over all threads, which for one batch of a small network
# takes longer than the batch.
MAX_BLOCK_ROWS = 512
MAX_BLOCK_BYTES = 2**18


@dataclass(frozen=True)
class ProgramKey:
    """Everything that a training program is compiled for."""

    network: Network
    objective: Objective
    optimizer: Optimizer
    batch_size: int
    jit_compile: bool
    in_numpy: bool = False  # and then nothing is compiled

    @property
    def n_chunk_rows(self) -> int:
        """How many rows the program holds at once: a whole number of batches."""
        # At least one batch, however large its rows are.
        n_rows = min(MAX_ROWS, MAX_BYTES // self._row_bytes)
        return max(1, n_rows // self.batch_size) * self.batch_size

    @property
    def n_block_batches(self) -> int:
        """How many batches the program fetches at once."""
        n_rows = min(MAX_BLOCK_ROWS, MAX_BLOCK_BYTES // self._row_bytes)
        return max(1, n_rows // self.batch_size)

    @property
    def _row_bytes(self) -> int:
        """The size of a row of X in the program."""
        itemsize = np.dtype(self.network.compute_dtype).itemsize
        return itemsize * int(np.prod(self.network.input_shape))


def resolve_batch_size(batch_size: int | str | None, n_rows: int) -> int:
    """Say how many rows a batch has, and cut one that is larger than the data.

    None is Keras' default; "auto" is that of scikit-learn's MLP, whose smaller batch
    for fewer rows comes out of the filling up; -1 is all rows. A batch larger than the
    data is cut down to a power of two.

    Below ``MIN_BATCH_ROWS`` the batch stays as asked, so that small data sets of any
    number of rows share a program.
    """
    # 404 rows: 1024. 5000 rows: 8192.
    enough = max(MIN_BATCH_ROWS, 1 << max(0, n_rows - 1).bit_length())
    if batch_size == -1:
        return enough
    if isinstance(batch_size, str):
        return min(MLP_BATCH, enough)
    return min(batch_size or KERAS_BATCH, enough)
