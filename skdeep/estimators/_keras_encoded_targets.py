"""Targets by an encoder of the user's own, as SciKeras has it.

A subclass overrides the property ``target_encoder``. What the encoder makes of y, an
array or a list or a dict with one for each output, is given to Keras as it is.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


class EncodedHead:
    """What a target implies whose meaning an encoder knows.

    Parameters
    ----------
    encoder : transformer
        Fitted; its ``inverse_transform`` takes what the model's ``predict`` returns.
    encoded : array, or list or dict of arrays
        What it makes of the targets of fit: says how those are structured.
    """

    rescaling = None
    fits_float32 = False

    def __init__(self, encoder: Any, encoded: Any):
        self.encoder = encoder
        self.keys = list(encoded) if isinstance(encoded, Mapping) else None
        self.is_single = not isinstance(encoded, Mapping | list | tuple)
        parts = self._parts(encoded)
        self.shapes = [part.shape[1:] for part in parts]
        self.dtypes = [part.dtype for part in parts]
        self.n_outputs = len(parts)
        self.output_shapes: list[tuple[int, ...]] = []
        self.output_names: list[str] | None = None

    @property
    def target_type(self) -> Any:
        """Refuse: no loss follows from what an encoder makes."""
        raise ValueError(
            "Targets of a target_encoder need a loss that is named; got loss=None and "
            "no compiled model. Give loss, or compile the model in its build function."
        )

    def loss(self, loss: Any, params: Any) -> tuple[Any, Any]:
        """What is minimised: what the user has chosen."""
        return loss, params

    def _parts(self, encoded: Any) -> list[np.ndarray]:
        """The arrays, in order."""
        if self.is_single:
            return [np.asarray(encoded)]
        values = encoded if self.keys is None else [encoded[key] for key in self.keys]
        return [np.asarray(value) for value in values]

    def encode(self, y: Any, name: str = "y") -> np.ndarray:
        """Encode targets; all arrays side by side, so that rows can be chosen."""
        parts = self._parts(self.encoder.transform(y))
        flat = [part.reshape(len(part), -1).astype(np.float64) for part in parts]
        return np.hstack(flat)

    def structured(self, y: np.ndarray) -> Any:
        """The arrays for Keras, of rows that ``encode`` has given."""
        parts = []
        start = 0
        for shape, dtype in zip(self.shapes, self.dtypes, strict=True):
            end = start + int(np.prod(shape))
            parts.append(y[:, start:end].reshape(-1, *shape).astype(dtype))
            start = end
        if self.is_single:
            return parts[0]
        return parts if self.keys is None else dict(zip(self.keys, parts, strict=True))

    def learn_outputs(self, predicted: Any) -> None:
        """Note what a model predicts. Sets: ``output_shapes``, ``output_names``."""
        is_named = isinstance(predicted, Mapping)
        self.output_names = list(predicted) if is_named else None
        parts = list(predicted.values()) if is_named else predicted
        parts = parts if isinstance(parts, list | tuple) else [parts]
        self.output_shapes = [tuple(part.shape[1:]) for part in parts]

    def decode(self, outputs: np.ndarray, **ignored: Any) -> Any:
        """Let the encoder turn outputs into targets."""
        return np.asarray(self.encoder.inverse_transform(self._as_predicted(outputs)))

    def probabilities(self, outputs: np.ndarray) -> Any:
        """Let the encoder turn outputs into probabilities, or return them."""
        found = self._as_predicted(outputs)
        invert = self.encoder.inverse_transform
        if "return_proba" in inspect.signature(invert).parameters:
            return invert(found, return_proba=True)
        return found

    def _as_predicted(self, outputs: np.ndarray) -> Any:
        """Outputs as ``keras.Model.predict`` returns them, of all side by side."""
        parts = []
        start = 0
        for shape in self.output_shapes:
            end = start + int(np.prod(shape))
            parts.append(outputs[:, start:end].reshape(-1, *shape))
            start = end
        if self.output_names is not None:
            return dict(zip(self.output_names, parts, strict=True))
        return parts[0] if len(parts) == 1 else parts


@dataclass(frozen=True, eq=False)
class HeadEncoder:
    """What a head makes of targets and outputs, as an encoder of the user's would."""

    head: Any

    def transform(self, y: Any) -> np.ndarray:
        """Class numbers, or a column of 0 and 1; numbers as they are trained."""
        found: np.ndarray = self.head.encode(np.asarray(y))
        return found

    def inverse_transform(self, outputs: Any, return_proba: bool = False) -> np.ndarray:
        """What a model predicts as targets, or as probabilities."""
        outputs = np.asarray(outputs)
        if return_proba:
            return self.head.probabilities(outputs)
        return self.head.decode(outputs)


class EncodedTargets:
    """What stands in front of labels and numbers, if there is an encoder."""

    @property
    def target_encoder(self):
        """The transformer of y, for subclasses to override; None is skdeep's own.

        Its ``transform`` returns an array for the model's output, or a list or dict
        with one for each; ``inverse_transform`` gets what the model predicts.
        """
        return None

    @property
    def target_encoder_(self) -> Any:
        """The fitted transformer of targets."""
        if self.target_encoder is not None:
            return self._target_encoder
        known = vars(self).get("_head_encoder")  # the same one until another fit
        if known is None or known.head is not self._head:
            known = self._head_encoder = HeadEncoder(self._head)
        return known

    def _read_y(self, y):
        return super()._read_y(y) if self.target_encoder is None else np.asarray(y)

    def _make_head(self, y, weight, classes):
        encoder = self.target_encoder
        if encoder is None:
            return super()._make_head(y, weight, classes)
        self._target_encoder = encoder.fit(y)
        if y.ndim == 1 and hasattr(self, "predict_proba"):
            self.classes_ = np.unique(y) if classes is None else np.asarray(classes)
        return EncodedHead(encoder, encoder.transform(y)), y

    def _encode(self, y, name):
        if isinstance(self._head, EncodedHead):
            return self._head.encode(y, name)
        return super()._encode(y, name)

    def _with_class_weight(self, weight, head, y):
        if not isinstance(head, EncodedHead):
            return super()._with_class_weight(weight, head, y)
        if self.get_params(deep=False).get("class_weight") is not None:
            raise ValueError(
                "class_weight goes with labels that skdeep knows; got it beside a "
                "target_encoder. Give sample_weight instead."
            )
        return weight

    def _measure(self, rows, is_partial):
        if not isinstance(self._head, EncodedHead):
            super()._measure(rows, is_partial)

    def _encoder_metadata(self):
        """What an encoder says of the data, for the build function; may be nothing."""
        encoder = getattr(self, "_target_encoder", None)
        tell = getattr(encoder, "get_metadata", None)
        return dict(tell()) if tell else {}
