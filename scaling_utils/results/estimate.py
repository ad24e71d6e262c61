"""A number with its interval, and the power law made of two."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from scaling_utils.arrays import FloatArray


@dataclass(frozen=True)
class Estimate:
    """A number with its interval.

    Parameters
    ----------
    value
        The estimate from all the data.
    low, high
        Ends of the interval; NaN where none was computed.
    unit
        Unit of all three; empty for a pure number.
    level
        Nominal coverage of the interval.

    Examples
    --------
    >>> print(Estimate(0.5084, 0.4712, 0.5436))
    0.508 [0.471, 0.544]
    >>> print(Estimate(7.31e10, 5.2e10, 9.9e10, "params"))
    7.31e+10 [5.2e+10, 9.9e+10] params
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    unit: str = ""
    level: float = 0.95

    @classmethod
    def from_draws(cls, value: float, draws: FloatArray, *, unit: str = "", level: float = 0.95) -> Estimate:
        """The estimate with the percentile interval of bootstrap draws (NaN draws are left out)."""
        kept = draws[np.isfinite(draws)]
        if kept.size < 2:
            return cls(float(value), unit=unit, level=level)
        low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])
        return cls(float(value), float(low), float(high), unit, level)

    @property
    def known(self) -> bool:
        """Whether there is a value at all."""
        return not math.isnan(self.value)

    def __contains__(self, number: float) -> bool:
        return self.low <= number <= self.high

    def __str__(self) -> str:
        text = f"{self.value:.3g}"
        if not math.isnan(self.low):
            text += f" [{self.low:.3g}, {self.high:.3g}]"
        return f"{text} {self.unit}".rstrip()


@dataclass(frozen=True)
class PowerLaw:
    r"""A power law, :math:`y = k\, x^p`.

    Parameters
    ----------
    coefficient
        k, in the unit of y.
    exponent
        p, a pure number.
    """

    coefficient: Estimate
    exponent: Estimate

    def __call__(self, x: Any) -> Any:
        """The law's value at `x`."""
        return self.coefficient.value * np.asarray(x, dtype=float) ** self.exponent.value

    def with_draws(self, *, exponent: FloatArray, log_coefficient: FloatArray) -> PowerLaw:
        """The law with the percentile intervals of bootstrap draws of p and ln k (NaN draws are left out)."""
        return PowerLaw(
            Estimate.from_draws(self.coefficient.value, np.exp(log_coefficient), unit=self.coefficient.unit),
            Estimate.from_draws(self.exponent.value, exponent),
        )
