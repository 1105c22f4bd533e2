"""How sure several networks are together: the law of total variance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skdeep.networks._distribution_output import GaussianOutput, normal_quantiles
from skdeep.networks._head import NumberHead


def moments_of_members(
    outputs: np.ndarray, heads: Sequence[NumberHead], dtype: type[np.floating[Any]]
) -> np.ndarray:
    """Return predictions and variances on a last axis, behind the targets.

    Var[y] = E[Var[y | member]] + Var[E[y | member]]: the mean of what the heads say of
    the noise, 0 for a head of single numbers, plus how far the members' predictions
    are apart. Members count alike, so together they are a mixture (Lakshminarayanan et
    al. (2017), Simple and Scalable Predictive Uncertainty Estimation using Deep
    Ensembles, arXiv 1612.01474).

    Parameters
    ----------
    outputs : array of shape (n_members, n_rows, n_outputs)
        In the units of the targets.
    heads : sequence of NumberHead
        That of each member; a dispersion is measured for each.
    dtype : dtype
        Of the result.
    """
    pairs = zip(heads, outputs, strict=True)
    moments = np.stack([head.decode_moments(o, np.float64) for head, o in pairs])
    means, variances = moments[..., 0], moments[..., 1]  # (n_members, n_rows, ...)
    # Of the mean output, as without variances: the same bits.
    points = heads[0].decode(mean_outputs(outputs), dtype)
    total = variances.mean(axis=0) + means.var(axis=0)
    return np.stack([points, total.astype(dtype)], axis=-1)


def quantiles_of_members(
    outputs: np.ndarray,
    heads: Sequence[NumberHead],
    levels: Sequence[float],
    dtype: type[np.floating[Any]],
) -> np.ndarray:
    """Return quantiles on a last axis, behind the targets.

    Gaussians together are taken for one with their mean and their total variance, as
    Lakshminarayanan et al. (2017) do; of all else the quantiles are averaged.
    """
    if isinstance(heads[0].output, GaussianOutput):
        moments = moments_of_members(outputs, heads, np.float64)
        return normal_quantiles(moments, levels).astype(dtype)
    pairs = zip(heads, outputs, strict=True)
    found = [head.decode_quantiles(o, levels, np.float64) for head, o in pairs]
    return np.mean(found, axis=0).astype(dtype)


def mean_outputs(outputs: np.ndarray) -> np.ndarray:
    """Average over members, exactly where they agree."""
    return outputs.mean(axis=0, dtype=np.float64).astype(outputs.dtype)
