"""The Boston housing table, bundled, with the split that Keras makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from skdeep.datasets._bundled import read_description, read_table
from skdeep.datasets._result import Array, make_result, take_rows

KERAS_SEED = 113
KERAS_TRAIN_FRACTION = 0.8


def load_boston_housing(
    *, return_X_y: bool = False, as_frame: bool = False, split: str | None = None
) -> Any:
    """Load the Boston housing table (regression).

    The 506 rows ship with the package, cell for cell those of
    ``keras.datasets.boston_housing``; nothing is downloaded. One of the variables,
    B, is questionable: see the warning below and ``DESCR``.

    =============   ==========================================
    Samples         506 census tracts
    Features        13, real numbers of very different scales
    Target          median home value, thousand dollars, 5-50
    =============   ==========================================

    Parameters
    ----------
    return_X_y : bool, default=False
        Return arrays instead of a Bunch: ``(data, target)``, or with
        ``split="keras"`` four arrays in the order of
        :func:`~sklearn.model_selection.train_test_split`.

    as_frame : bool, default=False
        Return pandas objects; ``frame`` of the Bunch then holds data and target.

    split : {"keras"} or None, default=None
        With ``"keras"``, the 404 training and 102 test rows of
        ``keras.datasets.boston_housing.load_data()``, in its order. Use it to
        compare with published figures.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the fields

        data : ndarray or DataFrame of shape (506, 13)
            One row per census tract, in the order of the original table.
        target : ndarray or Series of shape (506,)
            The median value of homes in thousand dollars.
        frame : DataFrame of shape (506, 14) or None
            Both, with ``as_frame=True``.
        feature_names : list of str
            The names of the columns.
        target_names : list of str
            The name of the target.
        DESCR : str
            The variables, where they come from and what is wrong with them.
        train_indices, test_indices : ndarrays of shape (404,) and (102,)
            The rows of either part, only with ``split="keras"``.

    (data, target) : tuple
        With ``return_X_y=True``.

    (X_train, X_test, y_train, y_test) : tuple
        With ``return_X_y=True`` and ``split="keras"``.

    Warnings
    --------
    Variable B is a function of the share of Black residents that presumes a racial
    effect on prices, and the prices are cut off at 50. Use the table to
    compare methods with older work, not to learn about housing.

    References
    ----------
    .. [1] D. Harrison and D. L. Rubinfeld, "Hedonic housing prices and the demand
       for clean air", Journal of Environmental Economics and Management 5,
       81-102, 1978.

    Examples
    --------
    >>> from skdeep.datasets import load_boston_housing
    >>> boston = load_boston_housing()
    >>> boston.data.shape
    (506, 13)

    The split that published results of Keras rest on:

    >>> X_train, X_test, y_train, y_test = load_boston_housing(
    ...     return_X_y=True, split="keras"
    ... )
    >>> len(X_train), len(X_test)
    (404, 102)
    >>> y_train[:4].tolist()
    [15.2, 42.3, 50.0, 21.1]
    """
    if split not in (None, "keras"):
        raise ValueError(
            f"load_boston_housing expects split to be None or 'keras'; got {split!r}. "
            "For another split, load all rows and use train_test_split."
        )
    names, table = read_table("boston_housing")
    result = make_result(
        table[:, :-1],
        table[:, -1],
        feature_names=names[:-1],
        target_names=names[-1:],
        target_column=names[-1],
        DESCR=read_description("boston_housing"),
        return_X_y=return_X_y,
        as_frame=as_frame,
    )
    return result if split is None else _split_like_keras(result, return_X_y)


def _split_like_keras(result: Any, return_X_y: bool) -> Any:
    n_samples = len(result[1] if return_X_y else result.target)
    train, test = _keras_rows(n_samples)
    if return_X_y:
        X, y = result
        return tuple(
            take_rows(table, rows) for table in (X, y) for rows in (train, test)
        )
    result.update(train_indices=train, test_indices=test)
    return result


def _keras_rows(n_samples: int) -> tuple[Array, Array]:
    # The legacy generator, because Keras draws from it.
    order = np.random.RandomState(KERAS_SEED).permutation(n_samples)
    n_train = int(n_samples * KERAS_TRAIN_FRACTION)
    return order[:n_train], order[n_train:]
