"""The rows of one fit, handed to a program in chunks of fixed size.

A data set that fits into one chunk stays on the device and many epochs run in one
call; a larger one is streamed, chunk by chunk, in the order of each epoch. Sparse and
integer rows become dense floats only in a chunk, so the whole never is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from skdeep.data._dense_rows import dense_rows
from skdeep.data._rows_on_disk import in_steps
from skdeep.data._training_data import TrainingData
from skdeep.engine._program import MAX_EPOCHS
from skdeep.engine._random import RowOrders
from skdeep.engine._state import DeviceChunk, Epochs, State
from skdeep.engine._trainer import Trainer

MAX_AHEAD = 32  # epochs whose orders are made before somebody asks for them


class Part(NamedTuple):
    """Some rows of one epoch, as the train function takes them."""

    rows: DeviceChunk
    order: np.ndarray  # of the program's order_shape
    n_rows: int
    starts_epoch: bool  # the first of its epoch


class Ahead(NamedTuple):
    """The orders of some epochs on the device."""

    first_epoch: int
    n_epochs: int
    order: Any  # of the program's order_shape

    def holds(self, first_epoch: int, n_epochs: int) -> bool:
        """Whether these epochs are among them."""
        end = self.first_epoch + self.n_epochs
        return self.first_epoch <= first_epoch and first_epoch + n_epochs <= end


class DataFeed:
    """Rows, targets and weights for the train and evaluate functions of a program.

    Parameters
    ----------
    program : Trainer
        Whose chunk size and dtype are used.
    data : TrainingData
        The rows; images may be flat.
    """

    def __init__(self, program: Trainer, data: TrainingData):
        self._program = program
        self._X, self._y, self._weight = data.X, data.y, data.weight
        self.n_rows = data.n_rows
        key = program.key
        self._dtype = np.dtype(key.network.compute_dtype)
        self._y_dtype = key.objective.target_type.rows_dtype(key.network.compute_dtype)
        self._size = key.n_chunk_rows
        self.n_batches = -(-self.n_rows // key.batch_size)
        self._fits = self.n_rows <= self._size
        self._whole = self._only_chunk() if self._fits else None
        self._ahead: Ahead | None = None

    @property
    def epochs_per_call(self) -> int:
        """How many epochs can run without coming back."""
        if not self._fits:
            return 1
        # The order and the history of a call have one shape, for which the program was
        # compiled; both must have room for the epochs.
        n_blocks, _ = self._program.order_shape
        return max(1, min(MAX_EPOCHS, n_blocks // self._blocks_per_epoch))

    @property
    def _blocks_per_epoch(self) -> int:
        """How many rows of an order one epoch takes."""
        _, n_block_rows = self._program.order_shape
        return -(-self.n_rows // n_block_rows)

    def train(
        self,
        state: State,
        scalars: list[Any],
        orders: RowOrders,
        seed: int,
        first_epoch: int,
        n_epochs: int,
    ) -> tuple[State, np.ndarray]:
        """Run epochs; return the state and a history of (n_epochs, n_columns)."""
        if self._whole is None:
            return self._train_streamed(state, scalars, orders, seed, first_epoch)
        ahead = self._ordered(orders, first_epoch, n_epochs)
        first = first_epoch - ahead.first_epoch
        epochs = Epochs(ahead.order, seed, self.n_rows, n_epochs, first, True)
        state, history = self._program.train(state, scalars, self._whole, epochs)
        return state, self._program.numpy(history)[first : first + n_epochs]

    def _ordered(self, orders: RowOrders, first_epoch: int, n_epochs: int) -> Ahead:
        """Orders that hold some epochs: those made before, or new ones.

        Who trains epoch by epoch gets twice as many with every call, since an order
        takes as long to bring to the device however few epochs are in it.

        Sets: ``_ahead``.
        """
        made = self._ahead
        if made is None or not made.holds(first_epoch, n_epochs):
            n_made = 2 * made.n_epochs if made else 0
            n_made = max(n_epochs, min(n_made, MAX_AHEAD, self.epochs_per_call))
            order = self._order(orders, first_epoch, n_made)
            made = self._ahead = Ahead(first_epoch, n_made, self._program.array(order))
        return made

    def _order(self, orders: RowOrders, first_epoch: int, n_epochs: int) -> np.ndarray:
        """The row numbers of some epochs, of the program's order_shape."""
        order = np.zeros(self._program.order_shape, np.int32)  # row 0 is always there
        n_blocks = self._blocks_per_epoch
        # A view of shape (n_epochs, n_blocks * n_block_rows), written through.
        by_epoch = order[: n_epochs * n_blocks].reshape(n_epochs, -1)
        for number, places in enumerate(by_epoch):
            places[: self.n_rows] = orders.epoch(first_epoch + number)
        return order

    def _train_streamed(
        self,
        state: State,
        scalars: list[Any],
        orders: RowOrders,
        seed: int,
        epoch: int,
    ) -> tuple[State, np.ndarray]:
        """Run one epoch, chunk by chunk."""
        history = None
        # One order for all rows, then cut: the weights are those of rows that are held
        # at once (test_streaming_equals_keeping_the_rows).
        for part in self._parts(orders.epoch(epoch), self._size):
            state, history = self.train_part(state, scalars, part, seed)
        assert history is not None
        # That of the last part: loss and metrics run on over the parts of an epoch.
        return state, self._program.numpy(history)[:1]

    def train_part(
        self, state: State, scalars: list[Any], part: Part, seed: int
    ) -> tuple[State, Any]:
        """Run a part of an epoch; the history is that of the epoch so far."""
        order = self._program.array(part.order)
        epochs = Epochs(order, seed, part.n_rows, 1, 0, part.starts_epoch)
        return self._program.train(state, scalars, part.rows, epochs)

    def batches(self, orders: RowOrders, epoch: int) -> Iterator[Part]:
        """Cut one epoch into its batches; trained one by one they give the same."""
        return self._parts(orders.epoch(epoch), self._program.key.batch_size)

    def _parts(self, order: np.ndarray, n_rows: int) -> Iterator[Part]:
        """Cut one epoch into parts of ``n_rows`` rows."""
        for first, chosen, chunk in self._chunks(order):
            for start in range(0, len(chosen), n_rows):
                places = chosen[start : start + n_rows]
                # However small the part: a program takes one shape.
                padded = np.zeros(self._program.order_shape, np.int32)
                padded.flat[: len(places)] = places
                yield Part(chunk, padded, len(places), first + start == 0)

    def _chunks(
        self, order: np.ndarray
    ) -> Iterator[tuple[int, np.ndarray, DeviceChunk]]:
        """Cut one epoch into what is held at once.

        Yields the place of its first row in the epoch, the places of the epoch's rows
        in it, and the rows.
        """
        if self._whole is not None:
            yield 0, order, self._whole
            return
        in_order = np.arange(self._size, dtype=np.int32)  # rows of a chunk
        for start, rows in in_steps(self._X, self._size, order):
            chosen = order[start : start + self._size]
            yield start, in_order[: len(chosen)], self._chunk(chosen, rows)

    def evaluate(self, state: State, scalars: list[Any]) -> np.ndarray:
        """Loss and metrics of all rows, in order."""
        *_, results = self._evaluations(state, scalars, self._size)
        return results

    def evaluations(self, state: State, scalars: list[Any]) -> Iterator[np.ndarray]:
        """Loss and metrics of the rows so far, after every batch."""
        return self._evaluations(state, scalars, self._program.key.batch_size)

    def _evaluations(
        self, state: State, scalars: list[Any], n_rows: int
    ) -> Iterator[np.ndarray]:
        """Loss and metrics of the rows so far, after every ``n_rows`` rows."""
        if self._whole is not None and self.n_rows <= n_rows:
            chunks: Iterator[Any] = iter([(0, self.n_rows, self._whole)])
        else:
            chunks = self._chunks_in_order(n_rows)
        for start, stop, chunk in chunks:
            state, results = self._program.evaluate(
                state, scalars, chunk, stop - start, start == 0
            )
            yield self._program.numpy(results)

    def _chunks_in_order(self, n_rows: int) -> Iterator[tuple[int, int, DeviceChunk]]:
        """Cut the rows into parts of ``n_rows``; yield where each begins and ends.

        A chunk has full size even for a batch; the program goes through the first rows
        of it only, and has one shape.
        """
        for start, rows in in_steps(self._X, n_rows):
            stop = start + rows.shape[0]
            yield start, stop, self._chunk(slice(start, stop), rows)

    def ranges(self) -> str:
        """Describe the values of X and y for an error message."""
        return (
            f"X from {self._X.min():.3g} to {self._X.max():.3g}, "
            f"y from {self._y.min():.3g} to {self._y.max():.3g}"
        )

    def _only_chunk(self) -> DeviceChunk:
        """Take all rows at once."""
        return self._chunk(slice(0, self.n_rows), self._X)

    def _chunk(self, chosen: Any, X: Any) -> DeviceChunk:
        """Make rows dense floats, pad them, put them on the device with their targets.

        Parameters
        ----------
        chosen : slice or array of int
            Which rows they are.
        X : array or CSR matrix
            Their values.
        """
        array = self._program.array
        shape = self._program.key.network.input_shape
        # Rows become dense by the chunk: 25,000 x 10,000 sparse ones, 1 GB as floats,
        # train in a process of 1.5 GiB
        # (test_a_large_sparse_matrix_is_never_made_dense).
        rows = dense_rows(X, slice(None), shape, self._dtype)
        return DeviceChunk(
            array(self._padded(rows, self._dtype)),
            array(self._padded(self._y[chosen], self._y_dtype)),
            array(self._padded(self._weight[chosen], self._dtype)),
        )

    def _padded(self, rows: np.ndarray, dtype: Any) -> np.ndarray:
        """Repeat the first row up to the chunk size.

        The losses of repeated rows are finite wherever those of the rows are, so that
        a weight of zero takes them out; of a row of zeros nobody knows.
        """
        if len(rows) == self._size and rows.dtype == dtype:
            return rows
        padded = np.empty((self._size, *rows.shape[1:]), dtype)
        padded[: len(rows)] = rows
        padded[len(rows) :] = rows[0]
        return padded
