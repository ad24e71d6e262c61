"""What a fit returns: frozen values with intervals, units and a status."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import tokens_for


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


ValleyStatus = Literal["interior minimum", "one-sided", "no interior minimum", "too few runs"]


@dataclass(frozen=True)
class Valley:
    """The parabola through one IsoFLOP slice and its minimum.

    Parameters
    ----------
    budget
        FLOPs that stand for the slice in the power laws.
    n_runs, n_used
        Runs in the slice, and those of them inside the window that the parabola was fitted to.
    sizes
        Smallest and largest model size that the parabola was fitted to.
    status
        ``"interior minimum"``: the vertex lies inside the sizes and the loss rises on both sides by
        more than twice `residual_sd`. ``"one-sided"``: it lies inside, but on one side the rise is
        within the noise. ``"no interior minimum"``: the parabola opens downwards or its vertex lies
        outside the sizes. ``"too few runs"``: fewer than four sizes in the window.
    params_opt
        Model size at the vertex (params); NaN without a minimum, as are the next two.
    tokens_opt
        Tokens at the vertex, budget / 6 N (tokens).
    loss_min
        Loss at the vertex, in the unit of the runs.
    curvature
        Second-order coefficient of loss in ln N.
    residual_sd
        Standard deviation of the residuals, in the unit of the loss.
    no_minimum_share
        Share of the bootstrap resamples in which this slice has no interior minimum.
    lmfit_result
        The `lmfit.model.ModelResult` of the parabola; None for too few runs. Its standard errors
        are not used here.
    """

    budget: float
    n_runs: int
    n_used: int
    sizes: tuple[float, float]
    status: ValleyStatus
    params_opt: Estimate = Estimate(math.nan, unit="params")
    tokens_opt: Estimate = Estimate(math.nan, unit="tokens")
    loss_min: float = math.nan
    curvature: float = math.nan
    residual_sd: float = math.nan
    no_minimum_share: float = math.nan
    lmfit_result: Any = field(default=None, repr=False, compare=False)

    @property
    def has_minimum(self) -> bool:
        """Whether the slice takes part in the power laws."""
        return self.status in ("interior minimum", "one-sided")

    def loss(self, params: Any) -> FloatArray:
        """The parabola's loss at model sizes `params`."""
        x = np.log(np.asarray(params, dtype=float) / self.params_opt.value)
        return np.asarray(self.loss_min + self.curvature * x**2)


@dataclass(frozen=True)
class IsoflopFit:
    """Approach 2: IsoFLOP valleys and the power laws through their minima.

    Parameters
    ----------
    valleys
        One per budget, smallest first.
    params_law, tokens_law
        N_opt = k C^a and D_opt = k' C^b, with a + b = 1.
    window
        Largest ratio between a model size and the best measured one for a run to count.
    resamples, seed
        Bootstrap resamples over runs within budgets, and their seed.
    failed_share
        Share of resamples that left fewer than three budgets with a minimum, and so no law.
    draws
        Bootstrap draws of a and of ln k, shape (2, resamples).
    loss_unit
        Unit of the loss.
    """

    valleys: tuple[Valley, ...]
    params_law: PowerLaw
    tokens_law: PowerLaw
    window: float
    resamples: int
    seed: int
    failed_share: float
    draws: FloatArray = field(repr=False, compare=False)
    loss_unit: str = "nats/token"

    @property
    def used(self) -> tuple[Valley, ...]:
        """The valleys that the power laws go through."""
        return tuple(v for v in self.valleys if v.has_minimum)

    def with_status(self, *statuses: ValleyStatus) -> list[float]:
        """Budgets (FLOPs) of the valleys that have one of `statuses`."""
        return [v.budget for v in self.valleys if v.status in statuses]

    @property
    def largest_budget(self) -> float:
        """Largest budget with a minimum (FLOPs); beyond it the laws extrapolate."""
        return max(v.budget for v in self.used)

    def extrapolation(self, flops: float) -> float:
        """How many times `flops` exceeds the largest budget that was measured."""
        return flops / self.largest_budget

    def project(self, flops: float) -> tuple[Estimate, Estimate]:
        """Compute-optimal params and tokens at a budget, with intervals.

        Parameters
        ----------
        flops
            Budget (FLOPs).

        Returns
        -------
        params, tokens : Estimate
        """
        draws = self._params_draws(flops)[0]
        return (
            Estimate.from_draws(float(self.params_law(flops)), draws, unit="params"),
            Estimate.from_draws(float(self.tokens_law(flops)), tokens_for(flops, draws), unit="tokens"),
        )

    def band(self, flops: FloatArray, *, tokens: bool = False) -> FloatArray:
        """Pointwise 95 % bootstrap band of N_opt (or D_opt) at budgets `flops`, shape (2, len(flops))."""
        params = self._params_draws(flops)
        params = params[:, np.isfinite(params[0])]
        draws = tokens_for(flops[:, None], params) if tokens else params
        if not draws.size:
            return np.full((2, len(flops)), np.nan)
        return np.asarray(np.quantile(draws, [0.025, 0.975], axis=1))

    def _params_draws(self, flops: Any) -> FloatArray:
        exponent, log_coefficient = self.draws
        return np.asarray(np.exp(np.multiply.outer(np.log(np.atleast_1d(flops)), exponent) + log_coefficient))

    def table(self) -> pd.DataFrame:
        """One row per valley, for reading."""
        return pd.DataFrame(
            {
                "budget (FLOPs)": [v.budget for v in self.valleys],
                "runs used": [f"{v.n_used} of {v.n_runs}" for v in self.valleys],
                "N_opt (params)": [v.params_opt.value for v in self.valleys],
                "low": [v.params_opt.low for v in self.valleys],
                "high": [v.params_opt.high for v in self.valleys],
                "D_opt (tokens)": [v.tokens_opt.value for v in self.valleys],
                f"loss ({self.loss_unit})": [v.loss_min for v in self.valleys],
                "residual sd": [v.residual_sd for v in self.valleys],
                "status": [v.status for v in self.valleys],
                "resamples without a minimum": [v.no_minimum_share for v in self.valleys],
            }
        )
