"""Several fitted networks of one architecture, whose predictions are averaged.

It predicts, is looked at and is exported like a ``FittedNetwork``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from skdeep.engine._fitted import FittedNetwork, assembled
from skdeep.engine.backends._loading import load_tensorflow
from skdeep.networks._member_moments import mean_outputs
from skdeep.networks._network import Network


class FittedMembers:
    """Trained networks that differ in their weights.

    What is averaged is what the networks give out: probabilities of classes, values of
    targets in their units.

    Parameters
    ----------
    members : sequence of FittedNetwork
        At least one.
    """

    def __init__(self, members: Sequence[FittedNetwork]):
        self.members = list(members)
        self._model: Any = None

    @property
    def network(self) -> Network:
        """The architecture of each."""
        return self.members[0].network

    @property
    def hyperparameters(self) -> Mapping[str, float]:
        """The rates and penalties of the first; none plays a part in predictions."""
        return self.members[0].hyperparameters

    @property
    def temperature(self) -> float:
        """The mean of what the members divide their logits by; each has its own."""
        return float(np.mean([member.temperature for member in self.members]))

    @property
    def weights(self) -> list[np.ndarray]:
        """Those of all members, one member after the other."""
        return [array for member in self.members for array in member.weights]

    def with_weights(self, weights: Sequence[Any]) -> FittedMembers:
        """Return the same networks with other weights, checked."""
        n_arrays = len(self.members[0].weights)
        if len(weights) != n_arrays * len(self.members):
            raise ValueError(
                f"weights must be those of {len(self.members)} members, {n_arrays} "
                f"arrays each, one member after the other; got {len(weights)} arrays. "
                "Give them in the order of model_.get_weights()."
            )
        return FittedMembers(
            [
                member.with_weights(weights[i * n_arrays : (i + 1) * n_arrays])
                for i, member in enumerate(self.members)
            ]
        )

    def predict(
        self, X: Any, decode: Callable[[np.ndarray], np.ndarray] = np.asarray
    ) -> np.ndarray:
        """Return what ``decode`` makes of the mean of the members' outputs."""
        return self.predict_together(X, lambda outputs: decode(mean_outputs(outputs)))

    def predict_together(
        self, X: Any, decode: Callable[[np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """Return what ``decode`` makes of all outputs of some rows, piece by piece.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_rows, ...)
            The rows.
        decode : callable
            Gets (n_members, n_rows of a piece, n_outputs) in the units of the target.
        """
        bad_rows: list[int] = []
        pieces = self._pieces(X, bad_rows)
        dtype = self.network.compute_dtype
        return assembled(pieces, X.shape[0], decode, bad_rows, dtype)

    def _pieces(self, X: Any, bad_rows: list[int]) -> Iterator[tuple[int, np.ndarray]]:
        """The outputs of all members for some rows, and the number of the first."""
        found = [member.pieces(X, bad_rows) for member in self.members]
        for parts in zip(*found, strict=True):
            start, _ = parts[0]
            yield start, np.stack([outputs for _, outputs in parts])

    @property
    def model(self) -> Any:
        """The networks as one Keras model of standard layers, which averages them."""
        if self._model is None:
            self._model = self.to_keras()
        return self._model

    def to_keras(self) -> Any:
        """Make the Keras model anew."""
        load_tensorflow()
        import keras

        dtype = self.network.compute_dtype
        rows = keras.Input(self.network.input_shape, name="input", dtype=dtype)
        outputs = []
        for number, member in enumerate(self.members):
            model = member.to_keras()
            model.name = f"member_{number}"
            outputs.append(model(rows))
        mean = keras.layers.Average(name="mean", dtype=dtype)(outputs)
        return keras.Model(rows, mean)

    def to_onnx(self, graph: Any, x: str) -> str:
        """Append the members and their mean to an ONNX graph; return its name."""
        outputs = [member.to_onnx(graph, x) for member in self.members]
        name: str = graph.add("Mean", *outputs)
        return name
