"""The table of fitted attributes, as the docstrings of the estimators have them.

``scripts/write_parameters.py`` writes the sections "Attributes" from here. An attribute
that means another thing in some estimators has a row for each meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

from skdeep.estimators._parameters import (
    CLASSIFIERS,
    ESTIMATORS,
    IMAGES,
    RAW_TABLES,
    SEQUENCES,
    TABLES,
)


@dataclass(frozen=True, eq=False)
class Attribute:
    """A row of the table."""

    name: str
    type: str
    text: str  # broken into lines anyhow
    only: frozenset[str] = ESTIMATORS  # the estimators that have it


# fmt: off
ATTRIBUTES = (
    Attribute("classes_", "ndarray of shape (n_classes,) or (n_labels, 2)",
        """The classes, sorted; for a multilabel target those of each label, 0 and
        1.""", only=CLASSIFIERS),
    Attribute("n_features_in_", "int",
        """Features seen in fit.""", only=TABLES),
    Attribute("n_features_in_", "int",
        """Features seen in fit: pixels times channels.""", only=IMAGES),
    Attribute("n_features_in_", "int",
        """Values in a row: steps times features.""", only=SEQUENCES),
    Attribute("feature_names_in_", "ndarray of shape (n_features,)",
        """Their names, if X had names that are strings."""),
    Attribute("is_embedded_", "ndarray of bool of shape (n_features,), or None",
        """The features that ``numeric_embedding`` embeds; None without one.""",
        only=TABLES),
    Attribute("preprocessor_", "transformer",
        """What makes numbers of the table, fitted: a Pipeline of ``TableColumns`` and
        transformers of scikit-learn, or a copy of ``preprocessor``.""",
        only=RAW_TABLES),
    Attribute("n_outputs_", "int",
        """Output units of the network."""),
    Attribute("n_iter_", "int",
        """Epochs of the last fit or partial_fit, as in scikit-learn."""),
    Attribute("n_epochs_", "int",
        """Epochs of all fits that went on from each other; as long as
        ``history_``."""),
    Attribute("best_epoch_", "int",
        """The epoch whose weights are kept, counted from 1 over all fits that went on
        from each other."""),
    Attribute("do_early_stopping_", "bool",
        """Whether the last fit watched rows to stop early."""),
    Attribute("history_", "dict of str to list of float",
        """Loss, metrics, ``val_*`` and learning rate after every epoch, and what
        callbacks have added to the logs."""),
    Attribute("callbacks_", "list of Keras callbacks",
        """The copies that the last fit has used, with what they have gathered; pickles
        and copies of the estimator do without them."""),
    Attribute("members_", "list of estimators",
        """Only with ``n_members`` above 1: each network as a fitted estimator of its
        own, with its history. Then ``n_iter_`` and ``n_epochs_`` are the most that any
        has, ``best_epoch_`` is the rounded mean, ``history_`` the mean over those that
        were still training; ``model_`` averages all."""),
    Attribute("interrupted_", "estimator",
        """Only after Ctrl-C in fit: a fitted estimator with the epochs that were
        done."""),
    Attribute("loss_curve_", "list of float",
        """The training loss after every epoch."""),
    Attribute("temperature_", "float",
        """What logits are divided by in predictions, ``model_`` and exports, see
        ``calibration``; 1 without.""", only=CLASSIFIERS),
    Attribute("model_", "keras.Model",
        """The network in standard Keras layers."""),
    Attribute("image_shape_", "tuple of (int, int, int)",
        """Height, width and channels of the images seen in fit, if X had images.""",
        only=IMAGES),
    Attribute("sequence_shape_", "tuple of (int, int)",
        """Steps and channels of the sequences seen in fit, if X had sequences.""",
        only=IMAGES),
    Attribute("sequence_shape_", "tuple of (int, int)",
        """Steps and features of the sequences seen in fit.""", only=SEQUENCES),
    Attribute("vocabulary_size_", "int or None",
        """How many things have a vector, with ``embedding_dim``.""", only=SEQUENCES),
)
# fmt: on


def attributes_of(estimator: str) -> list[Attribute]:
    """Return the rows of an estimator, in the order of its docstring."""
    return [row for row in ATTRIBUTES if estimator in row.only]
