"""What all regressors add to a network: numbers, one or several per row."""

from __future__ import annotations

import functools

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from skdeep._sklearn import check_y, fit_context, with_callbacks
from skdeep.data._features import is_float32, refuse_dates
from skdeep.data._targets import dense_targets
from skdeep.estimators._network_estimator import NetworkEstimator
from skdeep.estimators._unchanged_on_error import unchanged_on_error
from skdeep.networks._head import head_of_numbers


class NetworkRegressor(RegressorMixin, NetworkEstimator):
    """What regressors add: numbers, one or several per row."""

    def _read_y(self, y):
        refuse_dates(y, "y")
        y = check_y(y, multi_output=True, y_numeric=True, estimator=self)
        is_text = y.dtype.kind in "US"  # scikit-learn leaves numbers in text alone
        return dense_targets(y.astype(np.float64) if is_text else y)

    def _make_head(self, y, weight, classes):
        return head_of_numbers(y, weight, self.normalize_y), y

    @unchanged_on_error
    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one more epoch on these rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts, compared with the mean over the rows of all calls
            so far.

        Returns
        -------
        self : object
            The estimator.
        """
        return self._partial_fit(X, y, sample_weight, None)

    def predict(self, X, return_std=False):
        """Predict targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        return_std : bool, default=False
            Return the standard deviation of the predictions, too: how far the members
            disagree. It needs ``n_members`` of at least 2.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            In the shape and the units of the targets of fit; in float32 if X is in it
            and the units of the targets fit, else in float64. The mean over members.
        std : ndarray of the same shape
            Only with ``return_std``: the square root of the mean over members of
            ``(prediction - y) ** 2``.
        """
        check_is_fitted(self)
        is_single = is_float32(X) and self._head.fits_float32
        dtype = np.float32 if is_single else np.float64
        decode = functools.partial(self._head.decode, dtype=dtype)
        if not return_std:
            return self._predictions(X, decode)
        self._check_has_std()
        X = self._check_X(X, reset=False)
        return self._fitted.predict(X, decode), self._std(X, decode)

    def _check_has_std(self):
        """Refuse a deviation of a single prediction."""
        if not hasattr(self, "members_"):
            raise ValueError(
                "predict with return_std=True needs several networks, whose "
                "predictions differ; got an estimator that was fitted with one. Set "
                "n_members=5 or so, and fit again."
            )

    def _std(self, X, decode):
        """Return the standard deviation for checked rows, in the units of the target.

        That of the members, of what they do not know. A head that gives variances adds
        its own by the law of total variance: the mean over members of the variances,
        plus the variance over members of the means, which is the square of this.
        """
        return self._fitted.spread(X, decode)

    def __sklearn_tags__(self):
        """What scikit-learn asks about the estimator."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
