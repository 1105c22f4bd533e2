"""What a program takes and gives: the state of a fit, and rows on the device."""

from __future__ import annotations

from typing import Any, NamedTuple


class State(NamedTuple):
    """What changes during a fit, as lists of device arrays."""

    weights: list[Any]
    optimizer: list[Any]  # what the optimizer remembers
    metrics: list[Any]  # sum of losses, number of rows, accumulators of metrics


class Epochs(NamedTuple):
    """What one call of the train function goes through.

    Attributes
    ----------
    order : device array of ints of shape (n_blocks, n_block_rows)
        For every epoch the numbers of its rows, padded to whole blocks.
    seed : int
        Of the dropout masks.
    n_rows, n_epochs : int
        How many rows of each epoch count, how many epochs to run.
    first : int
        Which epoch of the order is the first to run.
    starts_epoch : bool
        Whether loss and metrics start anew with the first epoch; False continues an
        epoch whose earlier rows were in another chunk.
    """

    order: Any
    seed: Any
    n_rows: Any
    n_epochs: Any
    first: Any
    starts_epoch: Any


class BlockPlan(NamedTuple):
    """The same on the device, for a loop over the blocks of all epochs.

    Attributes
    ----------
    order, seed, n_rows, starts_epoch
        As in ``Epochs``.
    n_blocks : int
        How many blocks an epoch has.
    first_block, end_block : int
        The first block to run, and the first that does not.
    always : bool
        True, which a compiler cannot know.
    """

    order: Any
    seed: Any
    n_rows: Any
    n_blocks: Any
    first_block: Any
    end_block: Any
    starts_epoch: Any
    always: Any


class DeviceChunk(NamedTuple):
    """Rows on the device, padded to the size of a program's chunk; or a batch."""

    X: Any  # (n_rows, *input_shape)
    y: Any  # (n_rows,) of class numbers, or (n_rows, n_outputs)
    weight: Any  # (n_rows,)
