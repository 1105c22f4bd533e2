"""What a target implies: units, activation, losses, coding, and what outputs mean.

A ``TargetType`` is the part that shapes a program: it compares by value and knows no
data. A head is made from the training targets and belongs to the fitted estimator; it
turns targets into what a network is trained on, and outputs into predictions.
Nothing else in the package asks what kind of target it has.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from skdeep._warnings import stacklevel_of_user
from skdeep.data._targets import mean_and_deviation, standardized, target_type_of
from skdeep.exceptions import InvalidNetworkError
from skdeep.networks._number_output import NumberOutput


@dataclass(frozen=True)
class TargetType:
    """One kind of target, as far as it shapes a network and its training.

    Attributes
    ----------
    name : str
        In scikit-learn's words.
    activation : str
        Of the output units.
    loss : str
        That "auto" stands for.
    metrics : tuple of str
        That "auto" stands for.
    own_losses : frozenset of str
        Classes of the losses that make sense for this type, and not for every type.
    meaning : str
        Of an output, for people who read an exported network.
    accuracy : str
        The Keras metric that "accuracy" stands for; empty if there is none.
    are_class_numbers : bool
        Whether encoded targets are one int per row, and not a float per output.
    excludes : bool
        Whether a row has one class only, so that rows can be stratified.
    has_units : bool
        Whether metrics are to be told in the units of the target.
    """

    name: str
    activation: str
    loss: str
    metrics: tuple[str, ...]
    own_losses: frozenset[str]
    meaning: str
    accuracy: str = ""
    are_class_numbers: bool = False
    excludes: bool = False
    has_units: bool = False

    def activation_for(self, loss: str) -> str:
        """The output activation under a loss, given by the name of its class."""
        if loss in LOG_LINKS:  # a rate is positive; as in scikit-learn's MLP
            return "exponential"
        return self.activation

    def check_loss(self, loss: str) -> None:
        """Refuse a loss, given by the name of its class, made for other targets."""
        if loss in self.own_losses:
            return
        fitting = [t.name for t in TARGET_TYPES if loss in t.own_losses]
        if fitting:
            advice = f"Use loss='auto', which takes {self.loss!r} here."
            if self == MULTILABEL and loss in MULTICLASS.own_losses:
                # 'auto' would train one sigmoid per column, a worse network.
                advice = (
                    "If every row has one class, y is one-hot: give y.argmax(axis=1). "
                    "For rows of several labels use loss='auto'."
                )
            raise InvalidNetworkError(
                f"loss {loss} is for {' and '.join(fitting)} targets; got a "
                f"{self.name} target. {advice}"
            )

    def rows_shape(self, n_rows: int, n_outputs: int) -> tuple[int, ...]:
        """The shape of the encoded targets of some rows."""
        return (n_rows,) if self.are_class_numbers else (n_rows, n_outputs)

    def rows_dtype(self, floats: str) -> np.dtype[Any]:
        """The dtype of encoded targets in a network of these floats."""
        return np.dtype(np.int32 if self.are_class_numbers else floats)


_OF_TWO = frozenset(
    {"BinaryCrossentropy", "BinaryFocalCrossentropy", "Hinge", "SquaredHinge"}
)
BINARY = TargetType(
    name="binary",
    activation="sigmoid",
    loss="binary_crossentropy",
    metrics=("accuracy",),
    own_losses=_OF_TWO,
    meaning="probability of the last class",
    accuracy="BinaryAccuracy",
    excludes=True,
)
MULTILABEL = TargetType(
    name="multilabel",
    activation="sigmoid",
    loss="binary_crossentropy",
    metrics=("accuracy",),
    own_losses=_OF_TWO,
    meaning="probability of each label, on its own",
    accuracy="BinaryAccuracy",
)
MULTICLASS = TargetType(
    name="multiclass",
    activation="softmax",
    loss="sparse_categorical_crossentropy",
    metrics=("accuracy",),
    own_losses=frozenset(
        {
            "CategoricalCrossentropy",
            "CategoricalFocalCrossentropy",
            "CategoricalHinge",
            "KLDivergence",
            "SparseCategoricalCrossentropy",
        }
    ),
    meaning="probability of each class, in the order of classes",
    accuracy="SparseCategoricalAccuracy",
    # One-hot rows of 10,000 classes would take 40 kB each; the step makes them batch by
    # batch, for losses that want them.
    are_class_numbers=True,
    excludes=True,
)
REGRESSION = TargetType(
    name="regression",
    activation="linear",
    loss="mean_squared_error",
    metrics=(),
    own_losses=frozenset(
        {
            "MeanAbsolutePercentageError",
            "MeanSquaredLogarithmicError",
            "Poisson",
            "Gamma",
            "Gaussian",
            "Quantile",
            "Quantiles",
            "Tweedie",
        }
    ),
    meaning="each target, in its units",
    has_units=True,
)
TARGET_TYPES = (BINARY, MULTILABEL, MULTICLASS, REGRESSION)

NUMBER = NumberOutput()
LOG_LINKS = ("Gamma", "Poisson", "Tweedie")

# What Keras computes for smaller targets has no minimum, or takes them for 0.
AT_LEAST_ZERO = ("Poisson", "MeanSquaredLogarithmicError")
# Losses that ask only how far a prediction is off, so that the target may be shifted.
OF_DIFFERENCES = (
    "Gaussian",
    "Huber",
    "LogCosh",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Quantile",
    "Quantiles",
)
# And those that ask by which factor it is off, so that the target may be divided.
OF_RATIOS = ("Gamma", "Tweedie")


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
    # With -1 and 1 the cross-entropy fell to -844 and 60 % of the labels were right.
    others = np.unique(y[~((y == 0) | (y == 1))])
    if len(others):
        raise ValueError(
            f"{name} must be 0 where a row lacks a label and 1 where it has it; got "
            f"also {others[:3].tolist()}. Give the matrix as {name} == value, with the "
            "value that stands for having the label."
        )


@dataclass(frozen=True, eq=False)
class ClassHead:
    """Classes of a classifier: one sigmoid for two, softmax for more.

    A single class is learnt as the positive one of two.
    """

    target: str  # the name of the target type
    classes: np.ndarray

    rescaling = None  # outputs are probabilities as they are
    point_units = None  # and each is a prediction
    quantiles = None

    @property
    def target_type(self) -> TargetType:
        """What shapes the network."""
        # A head in a file holds the name; the types are not stored.
        return next(t for t in TARGET_TYPES if t.name == self.target)

    @property
    def meaning(self) -> str:
        """What the outputs are, for people who read an exported network."""
        return self.target_type.meaning

    def loss(self, loss: Any, params: Any) -> tuple[Any, Any]:
        """What is minimised: what the user has chosen."""
        return loss, params

    @property
    def public_classes(self) -> np.ndarray:
        """What ``classes_`` says: the classes, or the two of each label.

        From an array of two column numbers scikit-learn's scorers would conclude that
        the target is binary; a matrix tells them.
        """
        if self.target == MULTILABEL.name:
            return np.tile([0, 1], (len(self.classes), 1))
        return self.classes

    def check_same_classes(self, classes: Any) -> None:
        """Refuse other classes than those known; labels are known by their columns."""
        if self.target == MULTILABEL.name:
            return
        if not np.array_equal(self.classes, np.unique(np.asarray(classes))):
            raise ValueError(
                f"classes must stay {self.classes.tolist()} as in the first call; got "
                f"{np.asarray(classes).tolist()}. Leave classes out, or start anew."
            )

    @property
    def n_outputs(self) -> int:
        """The number of output units."""
        return 1 if self.target == BINARY.name else len(self.classes)

    def encode(self, y: np.ndarray, name: str = "y") -> np.ndarray:
        """Turn labels into class numbers, a 0/1 column, or 0/1 rows."""
        if self.target == MULTILABEL.name:
            if y.ndim != 2 or y.shape[1] != len(self.classes):
                raise ValueError(
                    f"{name} must be a label indicator matrix with "
                    f"{len(self.classes)} columns, as in fit; got shape {y.shape}. "
                    "Give one column per label."
                )
            _refuse_other_codings(y, name)
            return y
        codes = np.searchsorted(self.classes, y)
        # For a label behind the last class searchsorted gives a number that no class
        # has.
        codes = np.minimum(codes, len(self.classes) - 1)
        unknown = np.unique(y[self.classes[codes] != y])
        if len(unknown):
            raise ValueError(
                f"{name} must hold only the classes {self.classes.tolist()}; got also "
                f"{unknown.tolist()}. Leave these rows out, or put the classes into "
                "the training data."
            )
        if self.target == BINARY.name:
            # Two classes: 0 and 1 stay. One class: 0 becomes 1, the positive one.
            return codes[:, np.newaxis] + (2 - len(self.classes))
        return codes

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return one column per class."""
        if len(self.classes) == 1 and self.target == BINARY.name:
            return np.ones_like(outputs)
        if self.target == BINARY.name:
            return np.hstack([1 - outputs, outputs])  # (n_rows, 2)
        return outputs

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Return the most probable class, or all labels more probable than not."""
        if self.target == MULTILABEL.name:
            return (outputs > 0.5).astype(int)
        return self.classes[np.argmax(self.probabilities(outputs), axis=1)]


def head_of_classes(y: Any, classes: Any = None) -> tuple[ClassHead, np.ndarray]:
    """Look at labels and return their head and themselves as a plain array.

    Parameters
    ----------
    y : array of shape (n_samples,) or (n_samples, n_labels)
        Labels, or a label indicator matrix.
    classes : array of shape (n_classes,), default=None
        All classes, sorted, if ``y`` does not hold them all.
    """
    kind = target_type_of(y)
    if kind == "multiclass-multioutput":
        raise ValueError(
            "A classifier of skdeep predicts one class, or a set of labels given as a "
            "matrix of 0 and 1 (multilabel-indicator); got a multiclass-multioutput "
            f"target of shape {np.shape(y)}. Fit one classifier per column, for "
            "example with sklearn.multioutput.MultiOutputClassifier."
        )
    check_classification_targets(y)
    if kind == "multilabel-indicator":  # a one-hot matrix is one, too: never guessed
        return ClassHead(MULTILABEL.name, np.arange(y.shape[1])), y
    found = np.unique(y) if classes is None else np.asarray(classes)
    return ClassHead((BINARY if len(found) <= 2 else MULTICLASS).name, found), y


def warn_of_one_hot(head: Head, y: np.ndarray) -> None:
    """Warn where labels that do not exclude each other look like classes that do."""
    if head.target_type != MULTILABEL or y.shape[1] < 2:
        return
    if (np.count_nonzero(y == 1, axis=1) != 1).any() or np.count_nonzero(y) != len(y):
        return
    warnings.warn(
        f"y is a matrix of {y.shape[1]} labels, and every row has exactly one: it "
        "looks like one-hot classes, but each label gets an output of its own, and "
        "predictions may have none or several. Give y.argmax(axis=1) if the classes "
        "exclude each other.",
        UserWarning,
        stacklevel=stacklevel_of_user(),
    )


@dataclass(frozen=True, eq=False)
class NumberHead:
    """Targets of a regressor, standardised if ``scale`` is given.

    Parameters
    ----------
    n_outputs : int
        Of the network: the targets times what each has in ``output``.
    one_dimensional : bool
        Whether there is one target, and y one axis.
    scale, offset : arrays of shape (n_targets,), default=None
        Deviation and mean of each.
    output : NumberOutput
        What the outputs of a target are.
    """

    n_outputs: int
    one_dimensional: bool
    scale: np.ndarray | None = None
    offset: np.ndarray | None = None
    output: NumberOutput = NUMBER

    target_type = REGRESSION

    @property
    def n_targets(self) -> int:
        """The columns of y."""
        return self.n_outputs // self.output.n_units

    @property
    def meaning(self) -> str:
        """What the outputs are, for people who read an exported network."""
        return self.output.meaning

    @property
    def quantiles(self) -> tuple[float, ...] | None:
        """What the outputs of each target are, if that is quantiles."""
        return self.output.quantiles

    @property
    def point_units(self) -> tuple[int, ...] | None:
        """The outputs that are predictions; None if all are."""
        n_units = self.output.n_units
        if n_units == 1:
            return None
        return tuple(range(self.output.point_unit, self.n_outputs, n_units))

    def loss(self, loss: Any, params: Any) -> tuple[Any, Any]:
        """What is minimised, of what the user has chosen."""
        return self.output.loss(loss, params)

    def encode(self, y: np.ndarray, name: str = "y") -> np.ndarray:
        """Return (n_samples, n_outputs) numbers: a target once for each output."""
        y = y.reshape(len(y), -1)
        if y.shape[1] != self.n_targets:
            raise ValueError(
                f"{name} must have {self.n_targets} target(s), as in fit; got "
                f"{y.shape[1]}. Give the same columns."
            )
        self.output.check_targets(y, name)
        if self.scale is not None and self.offset is not None:
            y = standardized(y.astype(np.float64), self.scale, self.offset)
        n_units = self.output.n_units
        return y if n_units == 1 else np.repeat(y, n_units, axis=1)

    @property
    def rescaling(self) -> tuple[np.ndarray, np.ndarray] | None:
        """What turns outputs into targets: outputs * scale + offset."""
        if self.scale is None or self.offset is None:
            return None
        return self.output.rescaling(self.scale, self.offset)

    @property
    def fits_float32(self) -> bool:
        """Whether the units of the targets leave single precision room on both sides.

        Outputs themselves are numbers of size one: they are trained to be.
        """
        if self.rescaling is None:
            return True
        scale, offset = (np.abs(numbers) for numbers in self.rescaling)
        return bool(scale.min() > 1e-30 and max(scale.max(), offset.max()) < 1e30)

    def decode(
        self, outputs: np.ndarray, dtype: type[np.floating[Any]] = np.float64
    ) -> np.ndarray:
        """Give predictions the shape of the targets, and a dtype."""
        points = self.output.points(self._by_target(outputs, dtype))
        return points[:, 0] if self.one_dimensional else points

    def decode_quantiles(
        self,
        outputs: np.ndarray,
        levels: Sequence[float],
        dtype: type[np.floating[Any]] = np.float64,
    ) -> np.ndarray:
        """Return quantiles on a last axis behind those of the targets."""
        found = self.output.at_levels(self._by_target(outputs, dtype), levels)
        return found[:, 0] if self.one_dimensional else found

    def decode_moments(
        self, outputs: np.ndarray, dtype: type[np.floating[Any]] = np.float64
    ) -> np.ndarray:
        """Return predictions and variances on a last axis, behind the targets."""
        table = self._by_target(outputs, dtype)
        points, variances = self.output.points(table), self.output.variances(table)
        found = np.stack([points, variances], axis=-1)
        return found[:, 0] if self.one_dimensional else found

    def measured(
        self,
        y: np.ndarray,
        outputs: np.ndarray,
        weight: np.ndarray,
        is_partial: bool = False,
    ) -> NumberHead:
        """Return the head that has seen what the network says of its training rows.

        Parameters
        ----------
        y, outputs : arrays of shape (n_rows, n_outputs)
            Encoded targets, and outputs in the units of the targets.
        weight : array of shape (n_rows,)
            Of the rows.
        is_partial : bool, default=False
            Whether they are few of many.
        """
        y = y[:, :: self.output.n_units]
        if self.scale is not None and self.offset is not None:
            y = y * self.scale + self.offset
        table = self._by_target(outputs, np.float64)
        return replace(self, output=self.output.measured(y, table, weight, is_partial))

    def _by_target(self, outputs: np.ndarray, dtype: Any) -> np.ndarray:
        """The outputs of each target, of shape (n_rows, n_targets, n_units)."""
        outputs = outputs.astype(dtype, copy=False)
        return outputs.reshape(len(outputs), self.n_targets, self.output.n_units)


def head_of_numbers(
    y: np.ndarray,
    weight: np.ndarray,
    normalize: bool,
    output: NumberOutput,
) -> NumberHead:
    """Look at numbers and return their head.

    Mean and deviation are weighted, so a row of weight k counts as k rows.
    """
    # (n_samples, n_targets)
    table = y.reshape(len(y), -1)
    n_outputs = table.shape[1] * output.n_units
    if not normalize:
        return NumberHead(n_outputs, y.ndim == 1, output=output)
    offset, scale = mean_and_deviation(table.astype(np.float64), weight)
    if output.divides_only:
        offset, scale = np.zeros_like(scale), np.where(offset > 0, offset, 1.0)
    return NumberHead(n_outputs, y.ndim == 1, scale, offset, output)


Head = ClassHead | NumberHead
