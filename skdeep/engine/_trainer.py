"""What a run asks of a program, whoever computes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from skdeep.data._training_data import TrainingData
from skdeep.engine._key import ProgramKey
from skdeep.engine._state import DeviceChunk, Epochs, State


class Trainer(Protocol):
    """``TrainingProgram`` and ``NumpyProgram``; the first says what each method does.

    Attributes
    ----------
    key : ProgramKey
        What it trains.
    columns : tuple of str
        What a row of the history holds.
    order_shape : (n_blocks, n_block_rows)
        Of the row numbers that ``train`` takes.
    """

    key: ProgramKey
    columns: tuple[str, ...]
    order_shape: tuple[int, int]

    def array(self, values: Any) -> Any:
        """Put numbers where the program computes."""

    def numpy(self, array: Any) -> np.ndarray:
        """Copy an array from there."""

    def start(
        self,
        weights: Sequence[np.ndarray],
        optimizer: Sequence[np.ndarray] | None = None,
    ) -> State:
        """Make the state before the first update, or before the next one."""

    def with_plan(self, state: State, inputs: dict[str, Any]) -> dict[str, Any]:
        """Let a plan begin now, however many updates the optimizer remembers."""

    def finish(self, state: State) -> State:
        """Do what the optimizer does after the last epoch."""

    def check_weights(self, *parts: TrainingData | None) -> None:
        """Refuse rows of different weights if the loss has no value for each row."""

    def with_optimizer(self, state: State, memory: Sequence[np.ndarray]) -> State:
        """Let the optimizer remember something else."""

    def optimizer_memory(self, state: State) -> list[np.ndarray]:
        """Copy what the optimizer remembers."""

    def scalars(self, hyperparameters: Mapping[str, Any]) -> list[Any]:
        """Put hyperparameters where the program computes."""

    def train(
        self, state: State, scalars: list[Any], chunk: DeviceChunk, epochs: Epochs
    ) -> tuple[State, Any]:
        """Run epochs over the rows of a chunk."""

    def evaluate(
        self,
        state: State,
        scalars: list[Any],
        chunk: DeviceChunk,
        n_rows: int,
        starts_epoch: bool,
    ) -> tuple[State, Any]:
        """Loss and metrics of rows without training."""
