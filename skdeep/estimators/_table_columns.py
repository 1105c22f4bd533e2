"""Any columns of a table as columns of numbers and text, as a transformer."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from skdeep.data._features import refuse_equal_names
from skdeep.data._plain_columns import as_frame, kind_of, names_of, plain_columns


class TableColumns(TransformerMixin, BaseEstimator):
    """Turn the columns of a table into floats and text that scikit-learn encodes.

    Numbers, booleans, Decimals and spans of time (in days) become floats. Text and
    categories become text. Dates become days since 1970, and sine and cosine of where
    in the year, the week and the day they are. Missing values of all kinds become NaN.
    The kind of a column is decided in ``fit``; a column that is a number there must be
    one later, or missing.

    This is the first step of the ``preprocessor_`` of ``TabularClassifier`` and
    ``TabularRegressor``, and of use in front of transformers of your own.

    Attributes
    ----------
    kinds_ : list of str
        "number", "category" or "date" for each column.
    n_features_in_ : int
        Columns seen in fit.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had names that are strings.

    See Also
    --------
    TabularClassifier : Classifies the rows of a table as it is.

    Examples
    --------
    >>> import pandas as pd
    >>> from skdeep import TableColumns
    >>> table = pd.DataFrame({"age": [31, None], "city": ["Ulm", None]})
    >>> TableColumns().fit(table).kinds_
    ['number', 'category']
    """

    def fit(self, X, y=None):
        """Look at the kinds of the columns.

        Parameters
        ----------
        X : {DataFrame, array-like} of shape (n_samples, n_features)
            The table.
        y : None, default=None
            Not needed.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        frame = as_frame(check_table(self, X, reset=True))
        self.kinds_ = [kind_of(frame.iloc[:, i]) for i in range(frame.shape[1])]
        self._names = [str(name) for name in frame.columns]
        return self

    def transform(self, X):
        """Return the table in plain columns.

        Parameters
        ----------
        X : {DataFrame, array-like} of shape (n_samples, n_features)
            The table, with the columns of fit.

        Returns
        -------
        pandas.DataFrame of shape (n_samples, n_columns)
            Columns of floats, and of text with NaN for what is missing.
        """
        import pandas as pd

        check_is_fitted(self)
        frame = as_frame(check_table(self, X, reset=False))
        plain: dict[str, np.ndarray] = {}
        for i, (name, kind) in enumerate(zip(self._names, self.kinds_, strict=True)):
            plain |= plain_columns(frame.iloc[:, i], name, kind)
        return pd.DataFrame(plain)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the plain columns.

        Parameters
        ----------
        input_features : None, default=None
            Not needed: they are those of fit.

        Returns
        -------
        ndarray of str
            The names.
        """
        check_is_fitted(self)
        pairs = zip(self._names, self.kinds_, strict=True)
        names = [out for name, kind in pairs for out in names_of(name, kind)]
        return np.asarray(names, dtype=object)

    def __sklearn_tags__(self):
        """What scikit-learn asks about the transformer."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []  # it gives a DataFrame
        return tags


def check_table(estimator: Any, X: Any, *, reset: bool) -> Any:
    """Check a table of any columns and return it; an array for what has no columns.

    Sets of the estimator: ``n_features_in_``, ``feature_names_in_``.
    """
    if isinstance(X, list | tuple):  # of numbers and text NumPy would make text
        X = np.array(X, dtype=object)
    if not hasattr(X, "columns"):
        return validate_data(
            estimator, X, reset=reset, dtype=None, ensure_all_finite="allow-nan"
        )
    refuse_equal_names(X)
    if 0 in X.shape:
        raise ValueError(
            f"{type(estimator).__name__} expects rows and columns; got a table of "
            f"shape {tuple(X.shape)}. Give at least one of each."
        )
    return validate_data(estimator, X, reset=reset, skip_check_array=True)
