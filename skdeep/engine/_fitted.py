"""What a fit leaves: a network, hyperparameters and arrays; no code, no graph.

Pickles hold only those. Tensors and the Keras model are made when first asked for
and never travel.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from skdeep.data._dense_rows import dense_rows
from skdeep.data._rows_on_disk import in_steps
from skdeep.data._targets import check_units
from skdeep.engine._cache import CACHE
from skdeep.engine._numpy_predictor import NumpyPredictor
from skdeep.engine.backends._loading import load_tensorflow
from skdeep.engine.backends._surroundings import refuse_graphs
from skdeep.networks._network import Network


class FittedNetwork:
    """A trained network.

    Parameters
    ----------
    network : Network
        The architecture.
    hyperparameters : mapping of str to float
        The rates and penalties it was trained with.
    weights : sequence of arrays
        In the order of ``network.weight_specs``.
    rescaling : (scale, offset), default=None
        What predictions are multiplied with and what is added to them, each of shape
        (n_outputs,).
    temperature : float, default=1.0
        What logits are divided by in predictions and exports; ``weights`` are those
        that training goes on from.
    """

    _prepared: Any = None  # made when first asked for
    _model: Any = None

    def __init__(
        self,
        network: Network,
        hyperparameters: Mapping[str, float],
        weights: Sequence[np.ndarray],
        rescaling: tuple[np.ndarray, np.ndarray] | None = None,
        temperature: float = 1.0,
    ):
        self.network = network
        self.hyperparameters = dict(hyperparameters)
        self.weights = list(weights)
        self.rescaling = rescaling
        self.temperature = temperature

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what can be made again."""
        made = ("_prepared", "_model")
        return {name: v for name, v in self.__dict__.items() if name not in made}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take what an earlier version has left, which knew no temperature."""
        self.__dict__.update({"temperature": 1.0} | state)

    def with_temperature(self, temperature: float) -> FittedNetwork:
        """Return the same network with logits divided by another number."""
        return FittedNetwork(
            self.network,
            self.hyperparameters,
            self.weights,
            self.rescaling,
            temperature,
        )

    @property
    def prediction_weights(self) -> Sequence[np.ndarray]:
        """The weights that predict: those of the output divided by the temperature."""
        if self.temperature == 1:
            return self.weights
        places = set(self.network.output_places)
        return [
            # Products and sums stay of the dtype of the network.
            (w / self.temperature).astype(w.dtype) if place in places else w
            for place, w in enumerate(self.weights)
        ]

    def with_weights(self, weights: Sequence[Any]) -> FittedNetwork:
        """Return the same network with other weights, checked."""
        arrays = [np.asarray(w, self.network.compute_dtype) for w in weights]
        shapes = [spec.shape for spec in self.network.weight_specs()]
        given = [array.shape for array in arrays]
        if given != shapes or not all(np.isfinite(a).all() for a in arrays):
            raise ValueError(
                f"weights must be finite arrays of the shapes {shapes}; got "
                f"{given if given != shapes else 'infinity or NaN'}. Give those of a "
                "network of the same layers, in the order of model_.get_weights()."
            )
        return FittedNetwork(self.network, self.hyperparameters, arrays, self.rescaling)

    def predict(
        self, X: Any, decode: Callable[[np.ndarray], np.ndarray] = np.asarray
    ) -> np.ndarray:
        """Outputs of the network for rows of X, in the units of the target.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_rows, ...)
            The rows; sparse ones are made dense piece by piece.
        decode : callable, default=np.asarray
            What to make of the outputs of some rows. It is called piece by piece, so
            that no more is held than the result and one piece.
        """
        bad_rows: list[int] = []
        pieces = self.pieces(X, bad_rows)
        dtype = self.network.compute_dtype
        return assembled(pieces, X.shape[0], decode, bad_rows, dtype)

    def _in_units(self, outputs: np.ndarray) -> np.ndarray:
        """Outputs in the units of the target."""
        if self.rescaling is None:
            return outputs
        scale, offset = self.rescaling
        with np.errstate(over="ignore"):
            return outputs * scale + offset

    def pieces(self, X: Any, bad_rows: list[int]) -> Iterator[tuple[int, np.ndarray]]:
        """The outputs of rows that fit into a call, and the number of the first.

        They are in the units of the target.

        The numbers of rows whose outputs are not finite are added to ``bad_rows``.
        """
        refuse_graphs(sys.modules.get("tensorflow"))
        predictor, prepared = self._predictor()
        shape, dtype = self.network.input_shape, np.dtype(self.network.compute_dtype)
        step = predictor.n_call_rows
        # Once for no rows, too: the result takes its columns and dtype from a piece.
        for start, some in in_steps(X, step):
            rows = dense_rows(some, slice(None), shape, dtype)
            outputs = predictor.predict(prepared, rows)  # (n_rows, n_outputs)
            bad_rows.extend(start + _rows_not_finite(outputs))
            yield start, self._in_units(outputs)

    def _predictor(self) -> tuple[Any, Any]:
        """The predict function of the network, and what it takes for the weights.

        Sets: ``_prepared``.
        """
        known = self._prepared
        # One of NumPy is kept: it holds no program, and looking it up takes as long as
        # a row.
        if known is not None and isinstance(known[0], NumpyPredictor):
            return known
        predictor = CACHE.predictor(self.network)
        weights = known[1] if known else predictor.prepared(self.prediction_weights)
        self._prepared = predictor, weights
        return self._prepared

    @property
    def model(self) -> Any:
        """The network as a Keras model of standard layers."""
        if self._model is None:
            self._model = self.to_keras()
        return self._model

    def to_keras(self) -> Any:
        """Make the Keras model anew: whoever has ``model`` may have changed it."""
        load_tensorflow()
        return self.network.to_keras(
            self.hyperparameters, self.prediction_weights, self.rescaling
        )

    def to_onnx(self, graph: Any, x: str) -> str:
        """Append the operators to an ONNX graph; return the name of the result."""
        x = self.network.to_onnx(graph, x, self.prediction_weights)
        if self.rescaling is None:
            return x
        check_units(*self.rescaling, "float32", "be part of an ONNX model")
        scale, offset = (graph.constant(numbers) for numbers in self.rescaling)
        name: str = graph.add("Add", graph.add("Mul", x, scale), offset)
        return name


def assembled(
    pieces: Iterator[tuple[int, np.ndarray]],
    n_rows: int,
    decode: Callable[[np.ndarray], np.ndarray],
    bad_rows: list[int],
    dtype: str,
) -> np.ndarray:
    """Return what ``decode`` makes of outputs that come piece by piece.

    Parameters
    ----------
    pieces : iterator of (start, outputs)
        Outputs in the units of the target, and the number of their first row.
    n_rows : int
        Of all pieces.
    decode : callable
        What to make of the outputs of some rows.
    bad_rows : list of int
        The numbers of rows that are not finite; complete when the pieces are.
    dtype : str
        Of the arithmetic, for the error.
    """
    overflown: list[int] = []
    for start, outputs in pieces:
        piece = decode(outputs)
        # One result, filled: lists of pieces held three times the result when 30,000
        # rows had 10,000 classes.
        if start == 0:
            result = np.empty((n_rows, *piece.shape[1:]), piece.dtype)
        result[start : start + len(piece)] = piece
        if piece.dtype.kind == "f":  # numbers may overflow in their units alone
            overflown.extend(start + _rows_not_finite(piece))
    # Found in the outputs, not in what decode made of them: the label of a row of NaN
    # is a class like any other.
    _refuse(sorted(set(bad_rows)), n_rows, f"{dtype} inside the network")
    _refuse(overflown, n_rows, "float64 in the units of the target")
    return result


def _refuse(bad_rows: Sequence[int], n_rows: int, where: str) -> None:
    """Refuse predictions that overflowed on the way."""
    if len(bad_rows):
        raise ValueError(
            "Expected finite predictions; got infinity or NaN for "
            f"{len(bad_rows)} of {n_rows} rows, the first of them row {bad_rows[0]}: "
            f"values overflow {where}. Scale X like the training rows, or fit with "
            "dtype='float64'."
        )


def _rows_not_finite(outputs: np.ndarray) -> np.ndarray:
    """The numbers of rows with infinity or NaN."""
    finite = np.isfinite(outputs)
    if finite.all():
        return np.empty(0, int)
    return np.flatnonzero(~finite.all(axis=tuple(range(1, finite.ndim))))
