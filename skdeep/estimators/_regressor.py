"""What all regressors add to a network: numbers, one or several per row."""

from __future__ import annotations

import functools
from dataclasses import replace
from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin

from skdeep._sklearn import check_y, fit_context, with_callbacks
from skdeep.data._features import is_float32, refuse_dates
from skdeep.data._targets import dense_targets
from skdeep.engine.backends._loading import load_tensorflow
from skdeep.estimators._network_estimator import NetworkEstimator
from skdeep.estimators._unchanged_on_error import unchanged_on_error
from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._losses import name_of_loss, resolve_loss
from skdeep.networks._head import OF_DIFFERENCES, OF_RATIOS, head_of_numbers
from skdeep.networks._member_moments import moments_of_members, quantiles_of_members
from skdeep.networks._output_activation import AUTO, may_be_rescaled
from skdeep.networks._output_from_parameters import number_output


class NetworkRegressor(RegressorMixin, NetworkEstimator):
    """What regressors add: numbers, one or several per row."""

    def _read_y(self, y):
        refuse_dates(y, "y")
        y = check_y(y, multi_output=True, y_numeric=True, estimator=self)
        is_text = y.dtype.kind in "US"  # scikit-learn leaves numbers in text alone
        return dense_targets(y.astype(np.float64) if is_text else y)

    def _make_head(self, y, weight, classes):
        standardize = self._standardizes_y()
        return head_of_numbers(y, weight, standardize, self._output()), y

    def _standardizes_y(self):
        """Whether to train on the standardised target; "auto" asks the loss."""
        is_auto = isinstance(self.normalize_y, str)
        # Own networks have the one they come with.
        activation = getattr(self, "output_activation", AUTO)
        if not may_be_rescaled(activation, self._output().divides_only):
            if not is_auto and self.normalize_y:
                raise InvalidNetworkError(
                    "normalize_y=True would carry predictions out of the range of "
                    f"output_activation={activation!r}; got both. Leave "
                    "normalize_y at 'auto', or scale y yourself."
                )
            return False
        if not is_auto:
            return self.normalize_y
        if isinstance(self.loss, str) and self.loss == "auto":
            return True
        load_tensorflow()
        loss = resolve_loss(self.loss, dict(self.loss_params or {}))
        return name_of_loss(loss) in OF_DIFFERENCES + OF_RATIOS

    def _continued_head(self, head):
        output = self._output()
        if output.n_units != head.output.n_units:
            raise InvalidNetworkError(
                f"Training can only go on with as many outputs; got {output.n_units} "
                f"per target where there were {head.output.n_units}. Set quantiles "
                "back, or fit with warm_start=False."
            )
        return replace(head, output=output.going_on_from(head.output))

    def _measure(self, rows, is_partial):
        """Measure how targets vary around predictions. Sets: ``_head``."""
        if self._head.output.needs_rows:
            outputs = self._fitted.predict(rows.X)
            measures = (rows.y, outputs, rows.weight, is_partial)
            self._head = self._head.measured(*measures)

    def _output(self):
        """What the parameters say that the outputs of a target are."""
        return number_output(self.loss, self.loss_params, self.quantile, self.quantiles)

    @unchanged_on_error
    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
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

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Predict targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        return_std : bool, default=False
            Return the standard deviation of the targets around the predictions, too,
            for networks that were fitted for a distribution: ``loss="gaussian"``,
            "poisson", "gamma" or "tweedie". With ``n_members`` above 1 it has the
            deviation among the members in it, and of networks without a distribution
            that alone.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            In the shape and the units of the targets of fit; in float32 if X is in it
            and the units of the targets fit, else in float64. The mean over members.
        std : ndarray of the same shape
            Only with ``return_std``. Its square is the mean over members of their
            variances, plus the variance over members of their predictions (the law of
            total variance).
        """
        self._check_fitted()
        dtype = self._prediction_dtype(X)
        if not return_std:
            return self._predictions(
                X, functools.partial(self._head.decode, dtype=dtype)
            )
        self._check_has_std()
        moments = self._moments(X, dtype)
        return moments[..., 0], np.sqrt(moments[..., 1])

    def _moments(self, X, dtype):
        """Predictions and variances of shape (n_samples, ..., 2)."""
        if not hasattr(self, "members_"):
            decode = functools.partial(self._head.decode_moments, dtype=dtype)
            return self._predictions(X, decode)
        heads = [member._head for member in self.members_]
        decode = functools.partial(moments_of_members, heads=heads, dtype=dtype)
        return self._fitted.predict_together(self._check_X(X, reset=False), decode)

    def _check_has_std(self):
        """Refuse a deviation that nothing is known of."""
        if not (self._head.output.has_variance or hasattr(self, "members_")):
            raise ValueError(
                "predict with return_std=True needs a network of a distribution, or "
                f"several networks; got one of loss={self.loss!r}. Fit with "
                "loss='gaussian', or n_members=5."
            )

    def predict_quantiles(self, X: Any, quantiles: Any = None) -> np.ndarray:
        """Predict quantiles of the targets.

        For regressors fitted with ``quantile`` or ``quantiles``. Quantiles of a row
        never cross: outputs are sorted.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        quantiles : array-like of shape (n_quantiles,), default=None
            Some of those that the network was fitted for, 0.5 among them; None is all
            that the constructor named, in that order.

        Returns
        -------
        ndarray of shape (n_samples, n_quantiles) or (n_samples, n_targets, n_quantiles)
            In the units of the targets.

        Raises
        ------
        ValueError
            If the network was not fitted for these quantiles.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from skdeep import DNNRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> net = DNNRegressor((16,), quantiles=(0.1, 0.5, 0.9), normalize_y=True,
        ...                    epochs=50, random_state=0).fit(X, y)
        >>> low, middle, high = net.predict_quantiles(X).T
        >>> bool((low <= middle).all() and (middle <= high).all())
        True
        """
        self._check_fitted()
        return self._quantiles(X, self._head.output.check_levels(quantiles))

    def predict_interval(self, X: Any, coverage: float = 0.9) -> np.ndarray:
        """Predict intervals that a share of the targets lies in.

        Bounded by two quantiles, below and above which equal shares lie: 0.05 and 0.95
        for a coverage of 0.9.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        coverage : float, default=0.9
            The share, between 0 and 1.

        Returns
        -------
        ndarray of shape (n_samples, 2) or (n_samples, n_targets, 2)
            Lower and upper bound, in the units of the targets. That they cover so many
            of new targets is a hope; conformal prediction makes it a promise, see "How
            sure is a prediction?" in the documentation.

        Raises
        ------
        ValueError
            If the network was not fitted for these quantiles.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from skdeep import DNNRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> net = DNNRegressor((16,), quantiles=(0.05, 0.95), normalize_y=True,
        ...                    epochs=50, random_state=0).fit(X, y)
        >>> net.predict_interval(X).shape
        (442, 2)
        """
        self._check_fitted()
        if not (isinstance(coverage, Real) and 0 < coverage < 1):
            raise ValueError(
                f"coverage must be a number between 0 and 1; got {coverage!r}. Use 0.9 "
                "for intervals that nine of ten targets lie in."
            )
        bounds = ((1 - coverage) / 2, (1 + coverage) / 2)
        return self._quantiles(X, self._head.output.check_levels(bounds))

    def _quantiles(self, X, levels):
        """The quantiles of these levels, behind the axes of the targets."""
        settings = {"levels": levels, "dtype": self._prediction_dtype(X)}
        if not hasattr(self, "members_"):
            decode = functools.partial(self._head.decode_quantiles, **settings)
            return self._predictions(X, decode)
        heads = [member._head for member in self.members_]
        decode = functools.partial(quantiles_of_members, heads=heads, **settings)
        return self._fitted.predict_together(self._check_X(X, reset=False), decode)

    def _prediction_dtype(self, X):
        """Single precision for rows in it, if the units of the targets fit."""
        is_single = is_float32(X) and self._head.fits_float32
        return np.float32 if is_single else np.float64

    def __sklearn_tags__(self):
        """What scikit-learn asks about the estimator."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
