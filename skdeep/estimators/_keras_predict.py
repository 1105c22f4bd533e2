"""Arguments of one prediction, which SciKeras hands to Keras and which change nothing.

skdeep cuts rows to fit memory, and shows no bars.
"""

from __future__ import annotations

from typing import Any

import numpy as np

WITHOUT_EFFECT = ("batch_size", "verbose")


class ClassesWithArguments:
    """Predictions of a classifier."""

    def predict(self, X: Any, **predict_arguments: Any) -> np.ndarray:
        """Predict classes.

        Parameters
        ----------
        X : array-like of any rank, dict or list of arrays, or batches
            Rows as ``fit`` takes them.
        **predict_arguments : dict
            ``batch_size`` and ``verbose`` of SciKeras' programs; without effect.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            The most probable class, or 0 and 1 for every label; of targets with a
            shape of their own in that shape.
        """
        _refuse_others(predict_arguments)
        found: np.ndarray = super().predict(X)
        return found

    def predict_proba(self, X: Any, **predict_arguments: Any) -> np.ndarray:
        """Predict probabilities.

        Parameters
        ----------
        X : array-like of any rank, dict or list of arrays, or batches
            Rows as ``fit`` takes them.
        **predict_arguments : dict
            ``batch_size`` and ``verbose`` of SciKeras' programs; without effect.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Of each class in the order of ``classes_``, rows sum to 1; of each label
            for a multilabel target.
        """
        _refuse_others(predict_arguments)
        found: np.ndarray = super().predict_proba(X)
        return found


class NumbersWithArguments:
    """Predictions of a regressor."""

    def predict(
        self, X: Any, return_std: bool = False, **predict_arguments: Any
    ) -> Any:
        """Predict targets.

        Parameters
        ----------
        X : array-like of any rank, dict or list of arrays, or batches
            Rows as ``fit`` takes them.
        return_std : bool, default=False
            Return standard deviations, too, where the regressor knows them.
        **predict_arguments : dict
            ``batch_size`` and ``verbose`` of SciKeras' programs; without effect.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Numbers; of targets with a shape of their own in that shape.
        """
        _refuse_others(predict_arguments)
        return super().predict(X, return_std)


def _refuse_others(arguments: dict[str, Any]) -> None:
    """Refuse arguments that would change predictions, and misspelt ones."""
    others = sorted(set(arguments) - set(WITHOUT_EFFECT))
    if others:
        raise TypeError(
            f"predict takes X and, without effect, {list(WITHOUT_EFFECT)}; got "
            f"{others}. Leave them out; model_.predict is Keras' own."
        )
