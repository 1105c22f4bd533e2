"""Labels and numbers ↔ what a network is trained on.

An encoder is made from the training targets and belongs to the fitted estimator; it
knows how many outputs the network needs and turns outputs back into predictions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.multiclass import check_classification_targets, type_of_target


def dense_targets(y: Any) -> np.ndarray:
    """Return targets, which may come as a sparse matrix, as an array."""
    return y.toarray() if sparse.issparse(y) else y


def refuse_missing_labels(y: Any) -> None:
    """Refuse labels of pandas that are missing."""
    n_missing = int(np.sum(np.asarray(y.isna()))) if hasattr(y, "isna") else 0
    if n_missing:
        raise ValueError(
            f"y must have a label for every row; got {n_missing} missing (NaN or NA). "
            "Leave these rows out, or give them a label of their own."
        )


# What Keras computes for smaller targets has no minimum, or takes them for 0.
AT_LEAST_ZERO = ("Poisson", "MeanSquaredLogarithmicError")


def check_loss_takes(y: np.ndarray, loss: str, name: str) -> None:
    """Refuse encoded targets for which a loss means nothing."""
    smallest = float(y.min(initial=0.0))
    if loss in AT_LEAST_ZERO and smallest < 0:
        raise ValueError(
            f"{name} must be at least 0 for the loss {loss}, after normalize_y if that "
            f"is set; got values down to {smallest:.3g}. Take another loss, or leave "
            "normalize_y at False."
        )


def _refuse_other_codings(y: np.ndarray, name: str) -> None:
    """Refuse label matrices of two other values.

    scikit-learn calls them multilabel, too, but they cannot be guessed: all that its
    LabelBinarizer does is keep them, so its MLPClassifier learns from -1 and 1 as
    from numbers, and its own scores count whatever is not zero.
    """
    others = np.unique(y[~((y == 0) | (y == 1))])
    if len(others):
        raise ValueError(
            f"{name} must be 0 where a row lacks a label and 1 where it has it; got "
            f"also {others[:3].tolist()}. Give the matrix as {name} == value, with the "
            "value that stands for having the label."
        )


@dataclass(frozen=True, eq=False)
class ClassEncoder:
    """Classes of a classifier: one sigmoid for two, softmax for more.

    ``kind`` is "binary", "multiclass" or "multilabel". A single class is learnt as the
    positive one of two.
    """

    kind: str
    classes: np.ndarray

    @property
    def public_classes(self) -> np.ndarray:
        """What ``classes_`` says: the classes, or the two of each label.

        From an array of two column numbers scikit-learn's scorers would conclude that
        the target is binary; a matrix tells them.
        """
        if self.kind == "multilabel":
            return np.tile([0, 1], (len(self.classes), 1))
        return self.classes

    def check_same_classes(self, classes: Any) -> None:
        """Refuse other classes than those known; labels are known by their columns."""
        if self.kind == "multilabel":
            return
        if not np.array_equal(self.classes, np.unique(np.asarray(classes))):
            raise ValueError(
                f"classes must stay {self.classes.tolist()} as in the first call; got "
                f"{np.asarray(classes).tolist()}. Leave classes out, or start anew."
            )

    @property
    def n_outputs(self) -> int:
        """The number of output units."""
        return 1 if self.kind == "binary" else len(self.classes)

    @property
    def output_activation(self) -> str:
        """Probabilities that exclude each other, or not."""
        return "softmax" if self.kind == "multiclass" else "sigmoid"

    def encode(self, y: np.ndarray, name: str = "y") -> np.ndarray:
        """Turn labels into class numbers, a 0/1 column, or 0/1 rows."""
        if self.kind == "multilabel":
            if y.ndim != 2 or y.shape[1] != len(self.classes):
                raise ValueError(
                    f"{name} must be a label indicator matrix with "
                    f"{len(self.classes)} columns, as in fit; got shape {y.shape}. "
                    "Give one column per label."
                )
            _refuse_other_codings(y, name)
            return y
        codes = np.searchsorted(self.classes, y)
        codes = np.minimum(codes, len(self.classes) - 1)
        unknown = np.unique(y[self.classes[codes] != y])
        if len(unknown):
            raise ValueError(
                f"{name} must hold only the classes {self.classes.tolist()}; got also "
                f"{unknown.tolist()}. Leave these rows out, or put the classes into "
                "the training data."
            )
        if self.kind == "binary":
            return codes[:, np.newaxis] + (2 - len(self.classes))
        return codes

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return one column per class."""
        if len(self.classes) == 1 and self.kind == "binary":
            return np.ones_like(outputs)
        if self.kind == "binary":
            return np.hstack([1 - outputs, outputs])
        return outputs

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Return the most probable class, or all labels more probable than not."""
        if self.kind == "multilabel":
            return (outputs > 0.5).astype(int)
        return self.classes[np.argmax(self.probabilities(outputs), axis=1)]


def encode_classes(y: Any, classes: Any = None) -> tuple[ClassEncoder, np.ndarray]:
    """Look at labels and return their encoder and themselves as a plain array.

    Parameters
    ----------
    y : array of shape (n_samples,) or (n_samples, n_labels)
        Labels, or a label indicator matrix.
    classes : array of shape (n_classes,), default=None
        All classes, sorted, if ``y`` does not hold them all.
    """
    kind = _kind(y)
    if kind == "multiclass-multioutput":
        raise ValueError(
            "A classifier of skdeep predicts one class, or a set of labels given as a "
            "matrix of 0 and 1 (multilabel-indicator); got a multiclass-multioutput "
            f"target of shape {np.shape(y)}. Fit one classifier per column, for "
            "example with sklearn.multioutput.MultiOutputClassifier."
        )
    check_classification_targets(y)
    if kind == "multilabel-indicator":  # a one-hot matrix is one, too: never guessed
        return ClassEncoder("multilabel", np.arange(y.shape[1])), y
    found = np.unique(y) if classes is None else np.asarray(classes)
    return ClassEncoder("binary" if len(found) <= 2 else "multiclass", found), y


def _kind(y: np.ndarray) -> str:
    """What scikit-learn says the labels are."""
    try:
        kind: str = type_of_target(y, input_name="y")
    except TypeError:
        types = sorted({type(label).__name__ for label in y.ravel()})
        raise TypeError(
            "y must hold labels that can be sorted, such as only numbers or only "
            f"strings; got {', '.join(types)}. Convert them to one type, and leave out "
            "rows whose label is missing."
        ) from None
    return kind


@dataclass(frozen=True, eq=False)
class NumberEncoder:
    """Targets of a regressor, standardised if ``scale`` is given."""

    n_outputs: int
    one_dimensional: bool
    scale: np.ndarray | None = None
    offset: np.ndarray | None = None

    kind = "regression"
    output_activation = "linear"

    def encode(self, y: np.ndarray, name: str = "y") -> np.ndarray:
        """Return (n_samples, n_outputs) numbers."""
        y = y.reshape(len(y), -1)
        if y.shape[1] != self.n_outputs:
            raise ValueError(
                f"{name} must have {self.n_outputs} target(s), as in fit; got "
                f"{y.shape[1]}. Give the same columns."
            )
        if self.scale is None or self.offset is None:
            return y
        return _standardized(y.astype(np.float64), self.scale, self.offset)

    @property
    def rescaling(self) -> tuple[np.ndarray, np.ndarray] | None:
        """What turns outputs into targets: outputs * scale + offset."""
        if self.scale is None or self.offset is None:
            return None
        return self.scale, self.offset

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Give predictions the shape of the targets, in double precision."""
        outputs = outputs.astype(np.float64, copy=False)
        return outputs[:, 0] if self.one_dimensional else outputs


def encode_numbers(y: np.ndarray, weight: np.ndarray, normalize: bool) -> NumberEncoder:
    """Look at numbers and return their encoder.

    Mean and deviation are weighted, so a row of weight k counts as k rows.
    """
    table = y.reshape(len(y), -1)
    if not normalize:
        return NumberEncoder(table.shape[1], y.ndim == 1)
    offset, scale = _mean_and_deviation(table.astype(np.float64), weight)
    return NumberEncoder(table.shape[1], y.ndim == 1, scale, offset)


def _mean_and_deviation(
    table: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and deviation of every column; 1 for one that does not vary.

    Numbers of size 1e300 have squares that overflow, those of 1e-200 squares that are
    zero; so columns and weights are divided by powers of two first, which changes no
    digit. A column is looked at before its mean is taken, since the mean of equal
    numbers may differ from them in the last digit.
    """
    counting = table[weight > 0]
    lowest, highest = counting.min(axis=0), counting.max(axis=0)
    exponents = _exponents(np.maximum(np.abs(lowest), np.abs(highest)))
    weight = np.ldexp(weight, -_exponents(weight.max()))
    table = np.ldexp(table, -exponents)
    mean = np.average(table, axis=0, weights=weight)
    deviation = np.sqrt(np.average((table - mean) ** 2, axis=0, weights=weight))
    smallest = np.finfo(np.float64).smallest_subnormal
    deviation = np.maximum(np.ldexp(deviation, exponents), smallest)
    is_constant = lowest == highest
    return (
        np.where(is_constant, lowest, np.ldexp(mean, exponents)),
        np.where(is_constant, 1.0, deviation),
    )


def _standardized(y: np.ndarray, scale: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """(y - offset) / scale without overflow on the way."""
    exponents = _exponents(scale)
    with np.errstate(over="ignore"):  # what is too large in the end is refused later
        y, offset = np.ldexp(y, -exponents), np.ldexp(offset, -exponents)
        return (y - offset) / np.ldexp(scale, -exponents)


def _exponents(values: np.ndarray) -> Any:
    """The powers of two to divide by, so that values come to lie between 1/2 and 1."""
    return np.frexp(values)[1]
