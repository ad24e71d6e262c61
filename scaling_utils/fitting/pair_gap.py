"""The gap between the mean losses of two models, and the noise that seeds put on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scaling_utils.arrays import FloatArray
from scaling_utils.results import Estimate

LEVEL = 0.95
POWER = 0.8

FEWEST = 2
"""Runs of a model that have a spread."""

MANY = 1_000_000
"""Runs from which on Student's distribution is the normal one."""

SpreadFrom = Literal["seeds", "assumed", "unknown"]


@dataclass(frozen=True)
class Gap:
    """The difference of two mean losses.

    Parameters
    ----------
    value
        Loss of the larger model less that of the smaller, with its interval.
    spread
        Standard deviation of the loss between seeds that the interval rests on; NaN if not known.
    spread_from
        ``"seeds"`` where a model has two runs or more, else ``"assumed"`` or ``"unknown"``.
    """

    value: Estimate
    spread: float
    spread_from: SpreadFrom


def gap_of_means(larger: FloatArray, smaller: FloatArray, *, assumed: float, unit: str) -> Gap:
    """The gap between the mean losses of two models.

    Parameters
    ----------
    larger, smaller
        Losses, one per run (n,).
    assumed
        Standard deviation between seeds where neither model has two runs; NaN if not known.
    unit
        Unit of the losses.

    Returns
    -------
    Gap
        The interval is Welch's where both models have two runs or more, and Student's with the variance of
        the other where one has a single run. With an assumed spread it is normal; with none there is none.

    Examples
    --------
    >>> gap = gap_of_means(np.array([2.9, 3.0, 3.1]), np.array([2.8, 2.7]), assumed=0.02, unit="nats/token")
    >>> print(gap.value), gap.spread_from
    0.25 [0.00123, 0.499] nats/token
    (None, 'seeds')
    """
    value = float(larger.mean() - smaller.mean())
    repeated = [side for side in (larger, smaller) if len(side) > 1]
    counts = np.array([len(larger), len(smaller)])
    if not repeated:
        told: SpreadFrom = "unknown" if math.isnan(assumed) else "assumed"
        return Gap(_interval(value, assumed * math.sqrt(2), math.inf, unit), assumed, told)
    variances = np.resize([side.var(ddof=1) for side in repeated], 2)  # one stands for both
    parts = variances / counts
    freedom = np.array([len(side) - 1.0 for side in repeated])
    degrees = float(freedom.sum())
    if len(repeated) == 2 and parts.any():
        degrees = float(parts.sum() ** 2 / (parts**2 / freedom).sum())
    interval = _interval(value, math.sqrt(parts.sum()), degrees, unit)
    return Gap(interval, math.sqrt(variances.mean()), "seeds")


def gap_by_seed(gaps: FloatArray, *, unit: str) -> Estimate:
    """The mean of gaps between runs of one seed each, with Student's interval.

    Parameters
    ----------
    gaps
        Loss of the larger model less that of the smaller (n,), one per seed that both have.
    unit
        Unit of the losses.

    Returns
    -------
    Estimate
        NaN without a gap, and without an interval for a single one.

    Examples
    --------
    >>> print(gap_by_seed(np.array([0.02, 0.03, 0.04]), unit="nats/token"))
    0.03 [0.00516, 0.0548] nats/token
    """
    if not gaps.size:
        return Estimate(math.nan, unit=unit)
    if gaps.size == 1:
        return Estimate(float(gaps[0]), unit=unit)
    error = float(gaps.std(ddof=1)) / math.sqrt(gaps.size)
    return _interval(float(gaps.mean()), error, gaps.size - 1.0, unit)


def seeds_needed(gap: float, spread: float) -> float:
    """Runs of each of two models that show a gap at the 5 % level four times out of five.

    Parameters
    ----------
    gap
        The true gap; its sign does not matter.
    spread
        Standard deviation of the loss between seeds, in the unit of the gap.

    Returns
    -------
    float
        A whole number, at least 2; infinite for no gap, NaN where the spread is not known.

    Notes
    -----
    The power is that of the two-sided t-test between equal numbers of runs with one spread, by the noncentral
    t distribution: with few runs the spread itself is uncertain, and the normal distribution promises too
    much.

    Examples
    --------
    >>> seeds_needed(0.0151, 0.02)
    29.0
    """
    from scipy.special import ndtri
    from statsmodels.stats.power import TTestIndPower

    if math.isnan(spread):
        return math.nan
    if gap == 0:
        return math.inf
    if spread == 0:
        return float(FEWEST)
    effect = abs(gap / spread)
    runs = max(FEWEST, math.ceil(2 * ((ndtri((1 + LEVEL) / 2) + ndtri(POWER)) / effect) ** 2))
    test = TTestIndPower()
    while runs < MANY and test.power(effect, runs, 1 - LEVEL) < POWER:  # never fewer than the normal says
        runs += 1
    return float(runs)


def _interval(value: float, error: float, freedom: float, unit: str) -> Estimate:
    """Student's interval; normal with endless degrees of freedom."""
    from scipy.special import ndtri, stdtrit

    upper = (1 + LEVEL) / 2
    half = float(ndtri(upper) if math.isinf(freedom) else stdtrit(freedom, upper)) * error
    return Estimate(value, value - half, value + half, unit)
