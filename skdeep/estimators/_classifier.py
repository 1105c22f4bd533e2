"""What all classifiers add to a network: classes and probabilities."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import column_or_1d

from skdeep._sklearn import (
    check_partial_fit_first_call,
    check_y,
    fit_context,
    with_callbacks,
)
from skdeep.data._sample_weights import class_weights, combined
from skdeep.data._targets import dense_targets, refuse_missing_labels
from skdeep.estimators._calibration import calibrated
from skdeep.estimators._network_estimator import NetworkEstimator
from skdeep.estimators._unchanged_on_error import unchanged_on_error
from skdeep.networks._head import head_of_classes


class NetworkClassifier(ClassifierMixin, NetworkEstimator):
    """What classifiers add: classes and probabilities."""

    def _read_y(self, y):
        refuse_missing_labels(y)
        y = dense_targets(check_y(y, multi_output=True, estimator=self))
        is_column = y.ndim == 2 and y.shape[1] == 1
        return column_or_1d(y, warn=True) if is_column else y

    def _make_head(self, y, weight, classes):
        head, y = head_of_classes(y, classes)
        self.classes_ = head.public_classes
        return head, y

    def _with_class_weight(self, weight, head, y):
        return combined(weight, class_weights(self.class_weight, head.classes, y))

    def _calibrated(self, fitted, job):
        if self.calibration is None:
            return fitted
        return calibrated(fitted, job.validation)

    @property
    def temperature_(self) -> float:
        """What logits are divided by in predictions and exports; 1 if by nothing."""
        self._check_fitted()
        return self._fitted.temperature

    @unchanged_on_error
    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> Self:
        """Train for one more epoch on these rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their labels.
        classes : array-like of shape (n_classes,), default=None
            All classes there will be; needed in the first call, but for
            ``KerasClassifier``, for which None are those of its ``y``.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts, compared with the mean over the rows of all calls
            so far.

        Returns
        -------
        self : object
            The estimator.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "partial_fit sees too few rows to balance classes; got "
                "class_weight='balanced'. Give the weights as a dict."
            )
        if self.calibration is not None:
            raise ValueError(
                "partial_fit holds no rows out to calibrate on; got calibration="
                f"{self.calibration!r}. Use fit, or set calibration=None."
            )
        if not hasattr(self, "_fitted"):
            classes = self._first_classes(classes)
        elif classes is not None:
            self._head.check_same_classes(classes)
        return self._partial_fit(X, y, sample_weight, classes)

    def _first_classes(self, classes):
        """All classes there will be, which scikit-learn wants to know at once."""
        check_partial_fit_first_call(self, classes)
        # It has set them, sorted and each once.
        return self.classes_

    def predict(self, X: Any) -> np.ndarray:
        """Predict classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            The most probable class, or 0 and 1 for every label.
        """
        self._check_fitted()
        return self._predictions(X, self._head.decode)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Of each class in the order of ``classes_``, rows sum to 1; of each label
            for a multilabel target.
        """
        self._check_fitted()
        return self._predictions(X, self._head.probabilities)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Predict logarithms of probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            ``log(predict_proba(X))``; -inf where a probability rounds to zero.
        """
        with np.errstate(divide="ignore"):
            probabilities = self.predict_proba(X)
            return np.log(probabilities, out=probabilities)

    def __sklearn_tags__(self):
        """What scikit-learn asks about the estimator."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
