"""Eight days of a share, a table whose columns differ a thousandfold."""

from __future__ import annotations

from typing import Any

from skdeep.datasets._bundled import read_description, read_table
from skdeep.datasets._result import make_result


def load_stocks(*, return_X_y: bool = False, as_frame: bool = False) -> Any:
    """Load eight trading days of a share (regression).

    Prices near 800 stand beside volumes near a million, so gradient descent on the
    raw numbers diverges and on scaled ones converges: the smallest table that
    shows why to scale.

    =============   ===========================
    Samples         8
    Features        4, open, high, volume, low
    Target          closing price
    =============   ===========================

    Parameters
    ----------
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        Return pandas objects; ``frame`` of the Bunch then holds data and target.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the fields

        data : ndarray or DataFrame of shape (8, 4)
            One row per day, the newest first.
        target : ndarray or Series of shape (8,)
            The closing price.
        frame : DataFrame of shape (8, 5) or None
            Both, with ``as_frame=True``.
        feature_names : list of str
            The names of the columns.
        target_names : list of str
            The name of the target.
        DESCR : str
            The description of the data set.

    (data, target) : tuple
        With ``return_X_y=True``.

    Examples
    --------
    The largest numbers of the columns lie three orders of magnitude apart:

    >>> from skdeep.datasets import load_stocks
    >>> stocks = load_stocks(as_frame=True)
    >>> stocks.data.max().round(2).to_dict()
    {'open': 828.66, 'high': 833.45, 'volume': 1828100.0, 'low': 828.35}
    """
    names, table = read_table("stocks")
    return make_result(
        table[:, :-1],
        table[:, -1],
        feature_names=names[:-1],
        target_names=names[-1:],
        target_column=names[-1],
        DESCR=read_description("stocks"),
        return_X_y=return_X_y,
        as_frame=as_frame,
    )
