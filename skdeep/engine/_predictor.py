"""The predict function of one network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skdeep.engine.backends._loading import load_tensorflow
from skdeep.networks._network import CallContext, Network


class Predictor:
    """The predict function of one network, for any number of rows."""

    n_bytes = 0  # the weights come with every call

    def __init__(self, network: Network):
        tf = load_tensorflow()
        dtype = network.compute_dtype
        self.network = network
        weights = [tf.TensorSpec(spec.shape, dtype) for spec in network.weight_specs()]
        rows = tf.TensorSpec((None, *network.input_shape), dtype)

        def predict(weights: Any, X: Any) -> Any:
            result = network.call(weights, X, CallContext({}))
            return network.predictions(result.logits)

        self._predict = tf.function(
            predict, input_signature=[weights, rows], autograph=False
        )

    def compile(self) -> None:
        """Trace the function."""
        self._predict.get_concrete_function()

    def predict(self, weights: Sequence[Any], X: np.ndarray) -> np.ndarray:
        """Predict rows, a row alone as among others.

        One row alone would take another kernel (matrix times vector) that sums in
        another order, and differ in the last bit from the same row among others; so
        a lone row goes through twice. TensorFlow's exp and tanh may still differ in
        the last bit with the place of a value in its array.
        """
        n_rows = X.shape[0]
        if n_rows == 1:
            X = np.concatenate([X, X])
        return self._predict(weights, X).numpy()[:n_rows]
