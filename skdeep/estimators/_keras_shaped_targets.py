"""Targets with a shape of their own: a label for every pixel, several arrays.

They are trained by Keras as they are, labels as class numbers, and predictions have
the shape of the targets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.multiclass import type_of_target

from skdeep.data._inputs import are_several
from skdeep.estimators._keras_encoded_targets import EncodedHead, EncodedTargets

BINARY_LOSS = "binary_crossentropy"
SPARSE_LOSS = "sparse_categorical_crossentropy"


def is_shaped(y: Any, is_classifier: bool) -> bool:
    """Whether targets are neither a column nor a table of numbers or labels."""
    if isinstance(y, Mapping | SeveralTargets):
        return True
    n_axes = getattr(y, "ndim", 1)
    if n_axes == 2 and is_classifier and isinstance(y, np.ndarray):
        return bool(type_of_target(y) == "multiclass-multioutput")
    return bool(n_axes > 2)


def by_output(y: Any, X: Any) -> Any:
    """Targets for rows of X; a list is one of outputs if it has arrays of all rows."""
    if not isinstance(y, list | tuple):
        return y
    several = are_several(X)
    first = next(iter(X.values() if isinstance(X, Mapping) else X)) if several else X
    n_rows = first.shape[0] if hasattr(first, "shape") else len(first)
    lengths = {len(part) if getattr(part, "ndim", 0) else -1 for part in y}
    return SeveralTargets(y) if lengths == {n_rows} and len(y) != n_rows else y


class SeveralTargets:
    """Arrays of as many rows, one for each output, in a dict or a list."""

    def __init__(self, parts: Any):
        self.parts = parts
        lengths = set()
        _each(parts, lambda part: lengths.add(len(part)))
        if len(lengths) != 1:
            raise ValueError(
                "y must have as many rows for each output; got "
                f"{sorted(lengths)}. Give one row per sample to each."
            )
        self._n_rows = lengths.pop()

    def __len__(self) -> int:
        """How many rows there are."""
        return self._n_rows

    def __getitem__(self, chosen: Any) -> SeveralTargets:
        """Some of the rows."""
        return SeveralTargets(_each(self.parts, lambda part: part[chosen]))


@dataclass(frozen=True, eq=False)
class Part:
    """The targets of one output.

    Parameters
    ----------
    n_axes : int
        How many the targets have.
    classes : array, default=None
        The labels; None of numbers and of one-hot rows.
    is_one_hot : bool, default=False
        Whether the last axis has a one at the place of the class.
    """

    n_axes: int
    classes: np.ndarray | None = None
    is_one_hot: bool = False

    @classmethod
    def of(cls, y: np.ndarray, is_classifier: bool) -> Part:
        """Look at targets."""
        are_words = y.dtype.kind in "OUS"
        has_fractions = y.dtype.kind == "f" and (y % 1).any()
        if has_fractions or not (is_classifier or are_words):
            return cls(y.ndim)
        shares = y.sum(axis=-1) if y.ndim > 1 and not are_words else np.zeros(1)
        if (shares == 1).all() and y.shape[-1] > 1 and set(np.unique(y)) <= {0, 1}:
            return cls(y.ndim, is_one_hot=True)
        return cls(y.ndim, np.unique(y))

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Labels as class numbers; all else as it is."""
        if self.classes is None:
            return y
        codes = np.minimum(np.searchsorted(self.classes, y), len(self.classes) - 1)
        if (self.classes[codes] != y).any():
            raise ValueError(
                f"y must hold only the classes {self.classes.tolist()}; got others. "
                "Leave these rows out, or put the classes into the training data."
            )
        return codes

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Outputs as targets."""
        if self.is_one_hot:
            return np.eye(outputs.shape[-1], dtype=int)[outputs.argmax(axis=-1)]
        if self.classes is None:
            return outputs
        if outputs.shape[-1] > 1 and outputs.ndim >= self.n_axes:
            codes = outputs.argmax(axis=-1)
            codes = codes[..., np.newaxis] if outputs.ndim == self.n_axes else codes
        else:
            codes = (outputs > 0.5).astype(int)
            codes = codes[..., 0] if outputs.ndim > self.n_axes else codes
        return self.classes[np.minimum(codes, len(self.classes) - 1)]

    def score(self, y: np.ndarray, predicted: np.ndarray, weight: Any) -> float:
        """Accuracy of labels or R² of numbers, each row of its weight."""
        y, predicted = y.reshape(len(y), -1), predicted.reshape(len(y), -1)
        if self.classes is not None or self.is_one_hot:
            right = (y == predicted).mean(axis=1)
            return float(np.average(right, weights=weight))
        mean = np.average(y, axis=0, weights=weight)
        off, around = (
            np.average((y - other) ** 2, axis=0, weights=weight).sum()
            for other in (predicted, mean)
        )
        return float(1 - off / around)

    def loss(self, n_units: int) -> str:
        """The loss that fits, for a last axis of so many units."""
        if self.classes is not None:
            return SPARSE_LOSS if n_units > 1 else BINARY_LOSS
        return "categorical_crossentropy" if self.is_one_hot else "mean_squared_error"


class ShapeCoder:
    """What an encoder of a user's would do for such targets."""

    def __init__(self, is_classifier: bool):
        self.is_classifier = is_classifier

    @classmethod
    def of_numbers(cls) -> ShapeCoder:
        """Leave everything as it is."""
        coder = cls(False)
        coder.parts = Part(2)
        return coder

    def fit(self, y: Any) -> ShapeCoder:
        """Look at the targets. Sets: ``parts``."""
        self.parts = _each(_bare(y), lambda part: Part.of(part, self.is_classifier))
        return self

    def transform(self, y: Any) -> Any:
        """An array for each output."""
        return _both(self.parts, _each(_bare(y), np.asarray), Part.encode)

    def inverse_transform(self, outputs: Any, return_proba: bool = False) -> Any:
        """What a model predicts as targets; or as it is."""
        return outputs if return_proba else _both(self.parts, outputs, Part.decode)


class ShapedHead(EncodedHead):
    """What targets with a shape of their own imply."""

    def decode(self, outputs: np.ndarray, **ignored: Any) -> Any:
        """Outputs in the shape of the targets."""
        return self.encoder.inverse_transform(self._as_predicted(outputs))

    def losses_for(self, model: Any) -> Any:
        """The loss for each output of a model."""
        parts = self.encoder.parts
        outputs = model.output if getattr(model, "outputs", None) else None
        if isinstance(parts, Part):
            return parts.loss(1 if outputs is None else outputs.shape[-1])
        return _both(parts, outputs, lambda part, out: part.loss(out.shape[-1]))

    def score(self, y: Any, predicted: Any, weight: Any) -> float:
        """The mean of all outputs: of accuracy for classes, of R² for numbers."""
        both = _both(y, predicted, lambda one, other: (np.asarray(one), other))
        scores = _both(self.encoder.parts, both, lambda p, pair: p.score(*pair, weight))
        if isinstance(scores, Mapping):
            scores = list(scores.values())
        return float(np.mean(scores))


class ShapedTargets(EncodedTargets):
    """What stands in front of targets with a shape of their own, too."""

    def _read_y(self, y):
        if self.target_encoder is not None or not is_shaped(y, self._is_classifier):
            return super()._read_y(y)
        return SeveralTargets(y) if isinstance(y, Mapping) else y

    def _training_data(self, X, y, *others, **named):
        return super()._training_data(X, by_output(y, X), *others, **named)

    def _validation_data(self, X_val, y_val, sample_weight_val):
        if X_val is not None:
            y_val = by_output(y_val, X_val)
        return super()._validation_data(X_val, y_val, sample_weight_val)

    @property
    def _is_classifier(self):
        return hasattr(type(self), "predict_proba")

    def _make_head(self, y, weight, classes):
        if self.target_encoder is not None or not is_shaped(y, self._is_classifier):
            return super()._make_head(y, weight, classes)
        bare = _bare(y)
        coder = ShapeCoder(self._is_classifier).fit(bare)
        found = getattr(coder.parts, "classes", None)
        if found is not None:
            self.classes_ = found
        return ShapedHead(coder, coder.transform(bare)), y

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return accuracy or R² of the predictions for rows.

        Parameters
        ----------
        X : array-like of any rank, or dict or list of arrays
            Rows.
        y : array-like, or dict or list of arrays
            Their targets, in the shape of those of fit; of several outputs the mean
            of their scores is returned.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts.

        Returns
        -------
        float
            1 is best.
        """
        scorer = getattr(self, "scorer", None)  # of a subclass, as in SciKeras
        if scorer is not None:
            weights = {} if sample_weight is None else {"sample_weight": sample_weight}
            return scorer(y, self.predict(X), **weights)
        if not isinstance(getattr(self, "_head", None), ShapedHead):
            return super().score(X, y, sample_weight)
        return self._head.score(y, self.predict(X), sample_weight)


def first_output(y: Any) -> np.ndarray:
    """The targets of the first output."""
    found = _bare(y)
    if isinstance(found, Mapping):
        return np.asarray(next(iter(found.values())))
    return np.asarray(found[0] if isinstance(found, list | tuple) else found)


def _bare(y: Any) -> Any:
    """Targets as the user has them."""
    return y.parts if isinstance(y, SeveralTargets) else y


def _each(values: Any, function: Any) -> Any:
    """Call a function for an array, or for each in a dict or list."""
    if isinstance(values, Mapping):
        return {name: function(np.asarray(value)) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [function(np.asarray(value)) for value in values]
    return function(np.asarray(values))


def _both(first: Any, second: Any, function: Any) -> Any:
    """Call a function for two things, or for each pair in dicts or lists."""
    if isinstance(first, Mapping):
        return {name: function(value, second[name]) for name, value in first.items()}
    if isinstance(first, list | tuple):
        return [function(a, b) for a, b in zip(first, second, strict=True)]
    return function(first, second)
