"""What Approach 1 returns: the frontier of training curves and the laws along it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd

from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import Conventions
from scaling_utils.results.estimate import Estimate, PowerLaw
from scaling_utils.results.fit import MAX_FAILED, FitResult

LATE = 0.85
"""Hoffmann et al. 2022, section 3.1: every point of their frontier lies beyond this share of its run."""

EnvelopeStatus = Literal["interior frontier", "mostly one-sided", "few sizes", "one size"]


@dataclass(frozen=True)
class FrontierThird:
    """The straight line through a third of the frontier.

    Parameters
    ----------
    law
        L = k C^-g as a `PowerLaw` with the exponent -g.
    flops
        Smallest and largest budget of the third (FLOPs).
    n_points
        Frontier points in the third.
    """

    law: PowerLaw
    flops: tuple[float, float]
    n_points: int

    @property
    def g(self) -> Estimate:
        """How fast ln L falls with ln C."""
        e = self.law.exponent
        return Estimate(-e.value, -e.high, -e.low, level=e.level)


@dataclass(frozen=True, eq=False)
class EnvelopeFit:
    """Approach 1: the compute-efficient frontier of training curves.

    Parameters
    ----------
    frontier
        One row per budget that some curve has: `budget` (FLOPs), `run_id`, `params`, `tokens`, `loss`,
        `progress` (share of the run's FLOPs spent) and `interior` (see `fit_envelope`).
    params_law, tokens_law
        N_opt = k C^a and D_opt = k' C^b; NaN with the status ``"one size"``.
    thirds
        Lines through the first, middle and last third of the interior frontier points.
    status
        ``"interior frontier"``: five or more sizes hold the frontier, most of it interior.
        ``"mostly one-sided"``: at half of the budgets or more the best size may lie outside the sizes
        measured there. ``"few sizes"``: two to four sizes hold the frontier, so that the exponents
        depend on where they happen to lie. ``"one size"``: one model size is best throughout, and there
        is no power law.
    n_runs
        Training curves.
    n_left_out
        Runs with a single point, which is no curve.
    smoothing, skip, resamples, seed
        As given to `fit_envelope`.
    failed_share
        Share of resamples that left no power law (one size, or fewer than three budgets).
    draws
        Bootstrap draws by name: `a` and `ln_k`, `b` and `ln_k_tokens`, `g1` to `g3` and `ln_k1` to `ln_k3`.
    conventions
        How the runs count.
    provenance
        Source and checksum of the runs.
    """

    frontier: pd.DataFrame = field(repr=False)
    params_law: PowerLaw
    tokens_law: PowerLaw
    thirds: tuple[FrontierThird, FrontierThird, FrontierThird]
    status: EnvelopeStatus
    n_runs: int
    n_left_out: int
    smoothing: float
    skip: float
    resamples: int
    seed: int
    failed_share: float
    draws: Mapping[str, FloatArray] = field(repr=False)
    conventions: Conventions
    provenance: Mapping[str, Any]

    @property
    def points(self) -> pd.DataFrame:
        """The interior frontier points, which the laws and lines are fitted to."""
        return self.frontier[self.frontier["interior"]].reset_index(drop=True)

    @property
    def interior_share(self) -> float:
        """Share of the frontier that is interior."""
        return float(self.frontier["interior"].mean())

    @property
    def late_share(self) -> float:
        """Share of the interior points in the last 15 % of their run (in the source: all)."""
        return float((self.points["progress"] >= LATE).mean())

    @property
    def n_sizes(self) -> int:
        """Model sizes on the interior frontier."""
        return int(self.points["params"].nunique())

    def extrapolation(self, flops: float) -> float:
        """How many times `flops` exceeds the largest interior budget."""
        return flops / float(self.points["budget"].max())

    def project(self, flops: float) -> tuple[Estimate, Estimate]:
        """Compute-optimal params and tokens at a budget (FLOPs), with intervals."""
        return (
            self._at(flops, self.params_law, "a", "ln_k", "params"),
            self._at(flops, self.tokens_law, "b", "ln_k_tokens", "tokens"),
        )

    def loss_at(self, flops: float) -> tuple[Estimate, Estimate, Estimate]:
        """What the line of each third says the loss is at a budget (FLOPs), with intervals."""
        unit = self.conventions.loss_unit
        first, middle, last = (
            self._at(flops, third.law, f"g{i}", f"ln_k{i}", unit, sign=-1)
            for i, third in enumerate(self.thirds, start=1)
        )
        return first, middle, last

    def crossings(self) -> pd.DataFrame:
        """Where the lines of the thirds cross: `flops` and `loss` per pair (NaN where they do not)."""
        rows = {}
        for (i, one), (j, other) in combinations(enumerate(self.thirds, start=1), 2):
            with np.errstate(all="ignore"):  # parallel lines, or slopes too steep to cross in floats
                k = np.array([one.law.coefficient.value, other.law.coefficient.value])
                flops = np.exp(-np.diff(np.log(k))[0] / (one.g.value - other.g.value))
                loss = one.law(flops)
            crosses = 0 < flops < np.inf and 0 < loss < np.inf
            rows[f"{i} and {j}"] = (float(flops), float(loss)) if crosses else (math.nan, math.nan)
        return pd.DataFrame.from_dict(rows, orient="index", columns=["flops", "loss"])

    def as_fit_result(self) -> FitResult:
        """The exponents and lines in the common form of fits, for JSON.

        The status is ``"converged"`` for an interior frontier of which no more than 5 % of the resamples
        left no law, else ``"ill-conditioned"``.
        """
        determined = self.status == "interior frontier" and not self.failed_share > MAX_FAILED
        unit = self.conventions.loss_unit
        estimates = {
            "a": self.params_law.exponent,
            "b": self.tokens_law.exponent,
            "k_params": self.params_law.coefficient,
            "k_tokens": self.tokens_law.coefficient,
            **{f"g{i}": third.g for i, third in enumerate(self.thirds, start=1)},
            **{
                f"k{i}": Estimate(**{**vars(third.law.coefficient), "unit": unit})
                for i, third in enumerate(self.thirds, start=1)
            },
        }
        return FitResult(
            method="approach1",
            law="power-law",
            status="converged" if determined else "ill-conditioned",
            n_runs=self.n_runs,
            estimates=estimates,
            conventions=self.conventions,
            provenance={
                **self.provenance,
                "envelope_status": self.status,
                "smoothing": float(self.smoothing),
                "skip": float(self.skip),
                "resamples": int(self.resamples),
                "seed": int(self.seed),
                "interval": "percentile bootstrap over runs",
            },
            diagnostics={
                "n_points": float(len(self.points)),
                "n_sizes": float(self.n_sizes),
                "interior_share": self.interior_share,
                "late_share": self.late_share,
                "failed_share": self.failed_share,
                "largest_flops": float(self.points["budget"].max()),
            },
            draws=dict(self.draws),
        )

    def _at(
        self, flops: float, law: PowerLaw, exponent: str, log_coefficient: str, unit: str, *, sign: int = 1
    ) -> Estimate:
        with np.errstate(over="ignore", invalid="ignore"):
            draws = np.exp(self.draws[log_coefficient] + sign * self.draws[exponent] * math.log(flops))
            return Estimate.from_draws(float(law(flops)), draws, unit=unit)
