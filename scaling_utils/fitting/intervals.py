"""Intervals from bootstrap draws."""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np

from scaling_utils.arrays import FloatArray
from scaling_utils.errors import DataError, clip
from scaling_utils.results import Estimate

IntervalKind = Literal["percentile", "bias-corrected"]

DEFAULT_INTERVAL: IntervalKind = "percentile"
"""In a simulation of Approach 3 it covers 95 to 97 % where 95 % is said; bias-corrected, 95 to 98 %."""

LEVEL = 0.95


def interval(
    draws: FloatArray, value: float, *, kind: IntervalKind = DEFAULT_INTERVAL, level: float = LEVEL
) -> tuple[float, float]:
    r"""An interval for a quantity from its bootstrap draws.

    Parameters
    ----------
    draws
        Bootstrap draws, shape (resamples,); NaN draws are left out.
    value
        The estimate from all the data.
    kind
        ``"percentile"``: the quantiles (1 - level)/2 and (1 + level)/2 of the draws.
        ``"bias-corrected"``: the quantiles :math:`\Phi(2 z_0 \pm z)`, where :math:`\Phi(z_0)` is the share
        of draws below `value` (half of those equal to it counted).
    level
        Nominal coverage.

    Returns
    -------
    low, high : float
        NaN with fewer than two draws.

    Raises
    ------
    DataError
        If the kind is unknown or the level not between 0 and 1.

    Notes
    -----
    *Source*: Efron 1987, section 2 (bias correction without acceleration).

    Examples
    --------
    >>> draws = np.linspace(0, 1, 1001)
    >>> [round(end, 3) for end in interval(draws, 0.5, kind="percentile")]
    [0.025, 0.975]
    >>> [round(end, 3) for end in interval(draws, 0.6, kind="bias-corrected")]
    [0.073, 0.993]
    """
    if kind not in get_args(IntervalKind):
        allowed = ", ".join(map(repr, get_args(IntervalKind)))
        raise DataError(f"interval is {clip(repr(kind))}; it must be one of {allowed}")
    if not 0 < level < 1:
        raise DataError(f"level is {level}, but a coverage lies between 0 and 1")
    kept = draws[np.isfinite(draws)]
    if kept.size < 2:
        return math.nan, math.nan
    ends = np.array([(1 - level) / 2, (1 + level) / 2])
    if kind == "bias-corrected":
        from scipy.special import ndtr, ndtri

        below = ((kept < value).sum() + 0.5 * (kept == value).sum()) / kept.size
        # a value outside all draws leaves no bias to estimate: one draw is granted on either side
        below = min(max(below, 0.5 / kept.size), 1 - 0.5 / kept.size)
        ends = ndtr(2 * ndtri(below) + ndtri(ends))
    low, high = np.quantile(kept, ends)
    return float(low), float(high)


def estimate(
    value: float,
    draws: FloatArray,
    *,
    unit: str = "",
    kind: IntervalKind = DEFAULT_INTERVAL,
    level: float = LEVEL,
) -> Estimate:
    """The estimate with its interval; see `interval`."""
    low, high = interval(draws, value, kind=kind, level=level)
    return Estimate(float(value), low, high, unit, level)
