"""What a fit leaves: a description, numbers and arrays; no code, no graph.

Pickles hold only those. Tensors and the Keras model are made when first asked for
and never travel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skdeep.data._dense_rows import dense_rows
from skdeep.engine._cache import CACHE
from skdeep.engine.backends._loading import load_tensorflow
from skdeep.engine.backends._surroundings import refuse_graphs
from skdeep.networks._description import Convolution, Network
from skdeep.networks._standard import standard_model
from skdeep.networks._weights import image_shapes

# Values per call in the widest layer: 64 MiB of float32 keep memory bounded, and are
# large enough that the calls themselves cost nothing.
MAX_VALUES = 2**24


class FittedNetwork:
    """A trained network.

    Parameters
    ----------
    network : Network
        The architecture.
    numbers : mapping of str to float
        The rates and penalties it was trained with.
    weights : sequence of arrays
        In the order of the standard Keras model.
    rescaling : (scale, offset), default=None
        What predictions are multiplied with and what is added to them, each of shape
        (n_outputs,).
    """

    def __init__(
        self,
        network: Network,
        numbers: Mapping[str, float],
        weights: Sequence[np.ndarray],
        rescaling: tuple[np.ndarray, np.ndarray] | None = None,
    ):
        self.network = network
        self.numbers = dict(numbers)
        self.weights = list(weights)
        self.rescaling = rescaling
        self._tensors: list[Any] | None = None
        self._model: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what can be made again."""
        return {**self.__dict__, "_tensors": None, "_model": None}

    def predict(self, X: Any) -> np.ndarray:  # -> (n_rows, n_outputs)
        """Outputs of the network for rows of X, in the units of the target."""
        tf = load_tensorflow()
        refuse_graphs(tf)
        predictor = CACHE.predictor(self.network)
        if self._tensors is None:
            self._tensors = [tf.constant(w) for w in self.weights]
        dtype = np.dtype(self.network.compute_dtype)
        step = self._rows_per_call
        outputs = [
            predictor.predict(
                self._tensors,
                dense_rows(X, slice(i, i + step), self.network.input_shape, dtype),
            )
            for i in range(0, X.shape[0], step)
        ]
        result = outputs[0] if len(outputs) == 1 else np.concatenate(outputs)
        self._check_finite(result, f"{self.network.compute_dtype} inside the network")
        if self.rescaling is not None:
            scale, offset = self.rescaling
            with np.errstate(over="ignore"):
                result = result * scale + offset
            self._check_finite(result, "float64 in the units of the target")
        return result

    def _check_finite(self, outputs: np.ndarray, where: str) -> None:
        """Refuse predictions that overflowed on the way."""
        bad = np.flatnonzero(~np.isfinite(outputs).all(axis=1))
        if len(bad):
            raise ValueError(
                "Expected finite predictions; got infinity or NaN for "
                f"{len(bad)} of {len(outputs)} rows, the first of them row {bad[0]}: "
                f"values overflow {where}. Scale X like the training rows, or fit with "
                "dtype='float64'."
            )

    @property
    def _rows_per_call(self) -> int:
        """How many rows keep the widest layer below ``MAX_VALUES`` values."""
        network = self.network
        widths = [int(np.prod(network.input_shape)), network.output_units]
        widths += [h.units * network.n_pieces for h in network.hidden]
        if network.image_layers:
            shapes = image_shapes(network)
            for layer, shape in zip(network.image_layers, shapes, strict=True):
                pieces = network.n_pieces if isinstance(layer, Convolution) else 1
                widths.append(int(np.prod(shape)) * pieces)
        return max(2, MAX_VALUES // max(widths))

    @property
    def model(self) -> Any:
        """The network as a Keras model of standard layers."""
        if self._model is None:
            load_tensorflow()
            self._model = standard_model(
                self.network, self.numbers, self.weights, self.rescaling
            )
        return self._model
