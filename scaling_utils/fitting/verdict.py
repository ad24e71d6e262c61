"""Whether the numbers of a fit may be believed: agreement of starts, bounds, conditioning."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scaling_utils.arrays import FloatArray
from scaling_utils.fitting.objective import Objective
from scaling_utils.results import FitStatus
from scaling_utils.results.fit import MAX_FAILED

SAME_TOTAL = 1e-6
"""Two starts reached equally good ends if their objectives differ by less than this share."""

SAME_THETA = 1e-3
"""... and the same end if no parameter differs by more than this share of its size (or of 1)."""

ROUNDING = 1e-9
"""A root mean square residual in ln loss below this is rounding, whatever its ratio to another."""

VANISHED = 1e-5
"""A term that moves ln loss by less than this is not there."""

MAX_CONDITION = 1e8
"""Beyond this condition number rounding alone moves the parameters in the fourth digit or before."""

MAX_RELATIVE_ERROR = 0.5
"""An exponent with a larger standard error has 0 in its 95 % interval."""


@dataclass(frozen=True)
class Agreement:
    """Where the starts ended.

    Parameters
    ----------
    agreeing
        How many starts ended in the optimum that is reported.
    rivals
        How many ended elsewhere with an objective as good, or better.
    """

    agreeing: int
    rivals: int


def agreement(
    theta: FloatArray, total: float, ends: FloatArray, totals: FloatArray, *, n_points: int
) -> Agreement:
    """Compare the optimum that is reported with the ends of the starts.

    Parameters
    ----------
    theta, total
        Parameters (P,) and objective of the optimum.
    ends, totals
        Parameters (starts, P) and objectives (starts,) of the ends.
    n_points
        Number of points in the objective.
    """
    as_good = totals <= total * (1 + SAME_TOTAL) + n_points * ROUNDING**2
    apart = np.abs(ends - theta) > SAME_THETA * np.maximum(1, np.abs(theta))
    same = ~apart.any(axis=1)
    return Agreement(int((as_good & same).sum()), int((as_good & ~same).sum()))


@dataclass(frozen=True)
class Conditioning:
    """How well the points determine the parameters.

    Parameters
    ----------
    condition
        Condition number of the Jacobian with columns scaled to the same length.
    vanished
        Which parameters do not move any ln loss.
    errors
        Standard errors of the parameters, from the Jacobian and a robust scale of the residuals: good
        enough to see that a parameter is undetermined, not for an interval.
    """

    condition: float
    vanished: NDArray[np.bool_]
    errors: FloatArray


def conditioning(jacobian: FloatArray, residuals: FloatArray, objective: Objective) -> Conditioning:
    """Judge the Jacobian (n, P) of the residuals (n,) in ln loss at the optimum."""
    n, count = jacobian.shape
    length = np.sqrt((jacobian**2).sum(axis=0))
    vanished = length < VANISHED * math.sqrt(n)
    singular = np.linalg.svd(jacobian / np.where(length > 0, length, 1), full_matrices=False)
    with np.errstate(all="ignore"):
        condition = float(singular.S[0] / singular.S[-1]) if singular.S[-1] > 0 else math.inf
    spread = math.sqrt(n / max(n - count, 1))
    if objective.name == "least-squares":
        scale = spread * float(np.sqrt((residuals**2).mean()))
    else:
        # 1.4826 makes a normal standard deviation of the median size, 1.25 is the price of a robust fit
        scale = spread * 1.25 * 1.4826 * float(np.median(np.abs(residuals)))
    with np.errstate(all="ignore"):
        inverse = (singular.Vh / singular.S[:, None]) ** 2
        errors = scale * np.sqrt(inverse.sum(axis=0)) / length
    return Conditioning(condition, vanished, np.where(np.isfinite(errors), errors, np.inf))


def status(
    ends: Agreement,
    state: Conditioning,
    *,
    at_bound: bool,
    relative_errors: FloatArray,
    failed_share: float,
) -> FitStatus:
    """The status that a fit with enough runs deserves.

    Parameters
    ----------
    ends, state
        Agreement of the starts, and conditioning.
    at_bound
        Whether a parameter lies on a bound.
    relative_errors
        Standard errors of the exponents, as shares of them.
    failed_share
        Share of the bootstrap resamples without a minimum.
    """
    if at_bound or state.vanished.any():
        return "bound hit"
    undetermined = (relative_errors > MAX_RELATIVE_ERROR).any() or failed_share > MAX_FAILED
    if state.condition > MAX_CONDITION or undetermined:
        return "ill-conditioned"
    return "starts disagree" if ends.rivals or ends.agreeing < 2 else "converged"
