"""What Approach 2 returns: the valleys and the power laws through their minima."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import Conventions
from scaling_utils.results.estimate import Estimate, PowerLaw
from scaling_utils.results.fit import MAX_FAILED, FitResult

ValleyStatus = Literal["interior minimum", "one-sided", "no interior minimum", "too few runs"]
LowestAt = Literal["inside", "smallest size", "largest size"]


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
    lowest
        Where the lowest loss of the slice was measured, runs of one size averaged; at an end, the slice does
        not show that the loss rises beyond it, whatever the parabola says.
    status
        ``"interior minimum"``: the vertex lies inside the sizes and the loss rises on both sides by
        more than twice `residual_sd`. ``"one-sided"``: it lies inside, but on one side the rise is
        within the noise. ``"no interior minimum"``: the parabola opens downwards or its vertex lies
        outside the sizes. ``"too few runs"``: fewer than four sizes in the window.
    params_opt
        Model size at the vertex (params); NaN without a minimum, as are the next two.
    tokens_opt
        Tokens at the vertex (tokens): budget / 6 N, or read between the runs where FLOPs are as reported.
    loss_min
        Loss at the vertex, in the unit of the runs.
    curvature
        Second-order coefficient of loss in ln N.
    residual_sd
        Standard deviation of the residuals, in the unit of the loss.
    no_minimum_share
        Share of the bootstrap resamples in which this slice has no interior minimum.
    points
        ln N and loss of the runs that the parabola was fitted to, shape (2, n); empty for too few runs.
    """

    budget: float
    n_runs: int
    n_used: int
    sizes: tuple[float, float]
    lowest: LowestAt
    status: ValleyStatus
    params_opt: Estimate = field(default_factory=lambda: Estimate(math.nan, unit="params"))
    tokens_opt: Estimate = field(default_factory=lambda: Estimate(math.nan, unit="tokens"))
    loss_min: float = math.nan
    curvature: float = math.nan
    residual_sd: float = math.nan
    no_minimum_share: float = math.nan
    points: FloatArray = field(default_factory=lambda: np.empty((2, 0)), repr=False, compare=False)

    @cached_property
    def lmfit_result(self) -> Any:
        """The parabola in ln N less its mean as an `lmfit.model.ModelResult`; None for too few runs.

        It is made when asked for: the parabola itself has a closed form.
        """
        if not self.points.size:
            return None
        from lmfit.models import QuadraticModel

        log_n, loss = self.points
        model, x = QuadraticModel(), log_n - log_n.mean()
        return model.fit(loss, model.guess(loss, x=x), x=x)

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
        N_opt = k C^a and D_opt = k' C^b, with a + b = 1 where C is 6 N D.
    window
        Largest ratio between a model size and the best measured one for a run to count.
    fewest
        Budgets with a minimum that the laws need.
    resamples, seed
        Bootstrap resamples over runs within budgets, and their seed.
    failed_share
        Share of resamples that left fewer budgets with a minimum, and so no law.
    draws
        Bootstrap draws of a and of ln k, shape (2, resamples).
    tokens_draws
        The same of b and of ln k'.
    conventions
        How the runs count.
    provenance
        Source and checksum of the runs.
    """

    valleys: tuple[Valley, ...]
    params_law: PowerLaw
    tokens_law: PowerLaw
    window: float
    fewest: int
    resamples: int
    seed: int
    failed_share: float
    draws: FloatArray = field(repr=False, compare=False)
    tokens_draws: FloatArray = field(repr=False, compare=False)
    conventions: Conventions
    provenance: Mapping[str, Any]

    @property
    def loss_unit(self) -> str:
        """Unit of the loss."""
        return self.conventions.loss_unit

    @property
    def used(self) -> tuple[Valley, ...]:
        """The valleys that the power laws go through."""
        return tuple(v for v in self.valleys if v.has_minimum)

    def with_status(self, *statuses: ValleyStatus) -> list[float]:
        """Budgets (FLOPs) of the valleys that have one of `statuses`."""
        return [v.budget for v in self.valleys if v.status in statuses]

    @property
    def lowest_at_an_end(self) -> list[float]:
        """Budgets (FLOPs) whose lowest loss is that of the smallest or the largest size."""
        return [v.budget for v in self.valleys if v.lowest != "inside"]

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
        params, tokens = (_at(flops, draws)[0] for draws in (self.draws, self.tokens_draws))
        return (
            Estimate.from_draws(float(self.params_law(flops)), params, unit="params"),
            Estimate.from_draws(float(self.tokens_law(flops)), tokens, unit="tokens"),
        )

    def band(self, flops: FloatArray, *, tokens: bool = False) -> FloatArray:
        """Pointwise 95 % bootstrap band of N_opt (or D_opt) at budgets `flops`, shape (2, len(flops))."""
        draws = _at(flops, self.tokens_draws if tokens else self.draws)
        draws = draws[:, np.isfinite(draws[0])]
        if not draws.size:
            return np.full((2, len(flops)), np.nan)
        return np.asarray(np.quantile(draws, [0.025, 0.975], axis=1))

    def as_fit_result(self) -> FitResult:
        """The exponents and coefficients in the common form of fits, for JSON.

        The status is ``"converged"`` if at least three valleys have a rise on both sides and no more than
        5 % of the resamples left no law, else ``"ill-conditioned"``.
        """
        interior = len(self.with_status("interior minimum"))
        exponent, log_coefficient = self.draws
        return FitResult(
            method="approach2",
            law="power-law",
            status="ill-conditioned" if interior < 3 or self.failed_share > MAX_FAILED else "converged",
            n_runs=sum(v.n_runs for v in self.valleys),
            estimates={
                "a": self.params_law.exponent,
                "b": self.tokens_law.exponent,
                "k_params": self.params_law.coefficient,
                "k_tokens": self.tokens_law.coefficient,
            },
            conventions=self.conventions,
            provenance={
                **self.provenance,
                "window": None if math.isinf(self.window) else self.window,
                "resamples": self.resamples,
                "seed": self.seed,
                "interval": "percentile bootstrap over runs within budgets",
            },
            diagnostics={
                "budgets": float(len(self.valleys)),
                "budgets_used": float(len(self.used)),
                "interior_minima": float(interior),
                "failed_share": self.failed_share,
                "largest_flops": self.largest_budget,
            },
            draws={
                "a": exponent,
                "ln_k": log_coefficient,
                "b": self.tokens_draws[0],
                "ln_k_tokens": self.tokens_draws[1],
            },
        )

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
                "lowest loss at": [v.lowest for v in self.valleys],
                "status": [v.status for v in self.valleys],
                "resamples without a minimum": [v.no_minimum_share for v in self.valleys],
            }
        )


def _at(flops: Any, draws: FloatArray) -> FloatArray:
    """Draws of a power law at budgets, shape (budgets, resamples)."""
    exponent, log_coefficient = draws
    return np.asarray(np.exp(np.multiply.outer(np.log(np.atleast_1d(flops)), exponent) + log_coefficient))
