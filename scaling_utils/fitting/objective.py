"""What a fit minimises: sums over points of a function of the residual in ln loss."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from scaling_utils.arrays import FloatArray
from scaling_utils.errors import DataError, clip

ObjectiveName = Literal["huber", "least-squares", "least-absolute"]

HUBER_DELTA = 1e-3
"""Hoffmann et al. 2022, equation 3."""

GENTLE, SHARPEST, PER_DECADE = 1e-3, 1e-5, 2
"""Below the first delta Newton's method is led to the minimum by ever smaller ones, down to the second."""


@dataclass(frozen=True)
class Objective:
    r"""A sum over points of :math:`\rho(r)`, r = ln(loss of the law) - ln(measured loss).

    Parameters
    ----------
    name
        ``"huber"``: :math:`r^2/2` up to delta, :math:`\delta(|r| - \delta/2)` beyond;
        ``"least-squares"``: :math:`r^2/2`; ``"least-absolute"``: :math:`|r|`.
    delta
        Where the Huber function turns from square to straight; the others do without.

    Notes
    -----
    *Source*: Hoffmann et al. 2022, equation 3. It is a sum: an average makes optimisers with absolute
    tolerances stop early.

    Examples
    --------
    >>> round(Objective("huber", 1e-3).total(np.array([5e-4, -0.1])), 9)
    9.9625e-05
    """

    name: ObjectiveName = "huber"
    delta: float = HUBER_DELTA

    def __post_init__(self) -> None:
        if self.name not in get_args(ObjectiveName):
            allowed = ", ".join(map(repr, get_args(ObjectiveName)))
            raise DataError(f"objective is {clip(repr(self.name))}; it must be one of {allowed}")
        if not SHARPEST <= self.delta < math.inf:
            raise DataError(
                f"delta is {self.delta}; Huber's function needs a residual of at least {SHARPEST:g}",
                remedy="For sharper ones use the objective 'least-absolute'.",
            )

    @property
    def turn(self) -> float:
        """The residual at which the function turns straight: infinite for least squares, 0 for absolute."""
        return {"huber": self.delta, "least-squares": math.inf, "least-absolute": 0.0}[self.name]

    @property
    def turns(self) -> tuple[float, ...]:
        """Huber functions to minimise one after the other by Newton's method, which needs some curvature.

        The last is the objective; for least absolute deviations it is a neighbour, whose minimum lies
        within 0.02 standard errors of theirs.
        """
        return ladder(GENTLE, max(self.turn, SHARPEST))

    def total(self, residuals: FloatArray) -> float:
        """The sum over `residuals`."""
        size = np.abs(residuals)
        if self.name == "least-absolute":
            return float(size.sum())
        # delta * (size - delta / 2) with the smaller of the two in place of delta is the square below it
        bent = np.minimum(size, self.turn)
        return float((bent * (size - bent / 2)).sum())

    def smooth_total(self, residuals: FloatArray) -> float:
        """The sum that `turns` ends with: the one to compare ends of descents by."""
        return Objective("huber", SHARPEST).total(residuals) if self.turn == 0 else self.total(residuals)

    def as_dict(self) -> dict[str, str | float | None]:
        """Name and delta (None where it has no part), for the provenance of a result."""
        return {"objective": self.name, "delta": self.delta if self.name == "huber" else None}

    def lmfit_options(self) -> dict[str, Any]:
        """Options of `lmfit.Minimizer.least_squares` that minimise this sum (not least-absolute)."""
        if self.name == "least-absolute":
            raise ValueError("lmfit has no least absolute deviations")
        return {"loss": "huber", "f_scale": self.delta} if self.name == "huber" else {"loss": "linear"}


def ladder(first: float, last: float) -> tuple[float, ...]:
    """Deltas from `first` down to `last`, two a decade; only the last if it is not smaller.

    >>> [f"{delta:.1e}" for delta in ladder(1e-3, 5e-5)]
    ['1.0e-03', '3.2e-04', '1.0e-04', '5.0e-05']
    """
    if last >= first:
        return (last,)
    steps = math.ceil(PER_DECADE * math.log10(first / last) - 1e-9)
    return (*(first * 10 ** (-k / PER_DECADE) for k in range(steps)), last)
