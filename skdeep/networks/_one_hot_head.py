"""Classes that come as rows of zeros with a one: for users who name a loss of such."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skdeep.networks._head import MULTICLASS, MULTILABEL, ClassHead, Head


@dataclass(frozen=True, eq=False)
class OneHotHead(ClassHead):
    """One softmax for classes that y has a column for; predictions have them, too."""

    @property
    def public_classes(self) -> np.ndarray:
        """What ``classes_`` says of a matrix: 0 and 1, for each column."""
        return np.tile([0, 1], (len(self.classes), 1))

    def check_same_classes(self, classes: object) -> None:
        """Classes are known by their columns."""

    def encode(self, y: np.ndarray, name: str = "y") -> np.ndarray:
        """Return class numbers."""
        is_one_hot = y.ndim == 2 and y.shape[1] == len(self.classes) and _is_one_hot(y)
        if not is_one_hot:
            raise ValueError(
                f"{name} must have {len(self.classes)} columns and a single one in "
                f"every row, as in fit; got shape {y.shape}. Give one-hot rows."
            )
        codes: np.ndarray = y.argmax(axis=1)
        return codes

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Return rows with a one at the most probable class."""
        return np.eye(len(self.classes), dtype=int)[outputs.argmax(axis=1)]


def head_for_loss(head: Head, loss: str, y: np.ndarray) -> Head:
    """Return the head for targets and a loss, given by the name of its class.

    Rows with one label each may be classes that exclude each other, or not: a loss of
    such classes says it.
    """
    is_of_classes = loss in MULTICLASS.own_losses and not loss.startswith("Sparse")
    if not isinstance(head, ClassHead) or head.target != MULTILABEL.name:
        return head
    if not is_of_classes or not _is_one_hot(y):
        return head
    return OneHotHead(MULTICLASS.name, head.classes)


def _is_one_hot(y: np.ndarray) -> bool:
    """Whether every row is of zeros and a single one."""
    return bool(np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all())
