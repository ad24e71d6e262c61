"""Power laws as straight lines in logarithms."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from scaling_utils.arrays import FloatArray
from scaling_utils.errors import DataError
from scaling_utils.results import Estimate, PowerLaw

MIN_POINTS = 3
"""A line through fewer points says nothing about how well it fits."""


def fit_power_law(
    x: Sequence[float] | FloatArray,
    y: Sequence[float] | FloatArray,
    *,
    unit: str = "",
    fewest: int = MIN_POINTS,
) -> PowerLaw:
    r"""Fit :math:`y = k\,x^p` by least squares on :math:`\ln y = \ln k + p \ln x` (statsmodels OLS).

    Parameters
    ----------
    x, y
        Positive values, shape (n,).
    unit
        Unit of y and so of k.
    fewest
        Distinct x that it needs; two fix the line, and nothing shows whether it fits.

    Returns
    -------
    PowerLaw
        Without intervals: those come from resampling the runs behind the points.

    Raises
    ------
    DataError
        If there are fewer than `fewest` distinct x, or a value is not positive and finite.

    Examples
    --------
    >>> law = fit_power_law([1e18, 1e20, 1e22], [1e8, 1e9, 1e10])
    >>> round(law.exponent.value, 12)
    0.5
    """
    # statsmodels.api would import every model there is
    from statsmodels.regression.linear_model import OLS
    from statsmodels.tools import add_constant

    log_x, log_y = _logs(x, "x"), _logs(y, "y")
    if len(np.unique(log_x)) < fewest:
        raise DataError(
            f"a power law needs at least {fewest} distinct points, not {len(np.unique(log_x))}",
            remedy="Add runs at further budgets.",
        )
    log_k, p = OLS(log_y, add_constant(log_x)).fit().params
    return PowerLaw(Estimate(math.exp(log_k), unit=unit), Estimate(float(p)))


def fit_lines(log_x: FloatArray, log_y: FloatArray, *, fewest: int = MIN_POINTS) -> FloatArray:
    """Least-squares lines through many sets of points at once.

    Parameters
    ----------
    log_x
        Shape (n,), or (sets, n); NaN marks a point that a set lacks.
    log_y
        Shape (sets, n); NaN as well.
    fewest
        Points that a line needs.

    Returns
    -------
    ndarray
        Slope and intercept, shape (2, sets); NaN for sets with fewer points.

    Examples
    --------
    >>> fit_lines(np.array([0.0, 1.0, 2.0]), np.array([[1.0, 3.0, 5.0], [1.0, np.nan, 5.0]]))
    array([[ 2., nan],
           [ 1., nan]])
    """
    present = np.isfinite(log_x) & np.isfinite(log_y)
    n = present.sum(axis=1)
    enough = n >= fewest
    n = np.where(enough, n, 1)
    y = np.where(present, log_y, 0.0)
    mean_x = np.where(present, log_x, 0.0).sum(axis=1) / n
    mean_y = y.sum(axis=1) / n
    x = np.where(present, log_x - mean_x[:, None], 0.0)
    sxx = (x**2).sum(axis=1)
    slope = (x * y).sum(axis=1) / np.where(enough, sxx, 1.0)
    lines: FloatArray = np.where(enough, np.stack([slope, mean_y - slope * mean_x]), np.nan)
    return lines


def _logs(values: Sequence[float] | FloatArray, name: str) -> FloatArray:
    array = np.asarray(values, dtype=float)
    if not (np.isfinite(array).all() and (array > 0).all()):
        raise DataError(f"the {name} values of a power law must be positive and finite")
    return np.asarray(np.log(array))
