"""The best model sizes at fixed compute as measured, and the laws of compute through them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import PF_DAY
from scaling_utils.fitting.isoflop import fit_isoflop, interpolated_minima, isoflop_slices
from scaling_utils.fitting.isoflop.fit import tokens_at
from scaling_utils.fitting.isoflop.interpolated import FEWEST_FOR_MINIMUM, lowest_between
from scaling_utils.fitting.kaplan.accountings import Accountings, both_accountings
from scaling_utils.fitting.minima import parabola_vertices
from scaling_utils.fitting.powerlaw import MIN_POINTS, fit_lines, fit_power_law
from scaling_utils.laws import KAPLAN_BATCH_TOKENS, KAPLAN_CRITICAL_BATCH, CriticalBatch, flops_min
from scaling_utils.results import Estimate, Valley
from scaling_utils.runs.table import RunTable

GRID = 2001
"""Points at which an interpolation is evaluated; each resample has one."""


@dataclass(frozen=True, eq=False)
class MeasuredMinima:
    """The minima of measured valleys, and N_opt against compute in both accountings.

    Parameters
    ----------
    valleys
        One per budget, smallest first, with intervals for the size.
    loss
        Loss at each minimum with its interval; NaN without one.
    accountings
        The power laws through the minima, with intervals.
    draws
        Bootstrap draws of exponent and ln k, at fixed batch and corrected, shape (2, 2, resamples).
    failed_share
        Share of resamples that left fewer than three budgets with a minimum.
    window, batch, critical
        As given to `measured_minima`.
    """

    valleys: tuple[Valley, ...]
    loss: tuple[Estimate, ...]
    accountings: Accountings
    draws: FloatArray = field(repr=False)
    failed_share: float
    window: float
    batch: float
    critical: CriticalBatch

    @property
    def used(self) -> list[tuple[Valley, Estimate]]:
        """Valleys that have a minimum, with the loss there."""
        return [(v, e) for v, e in zip(self.valleys, self.loss, strict=True) if v.has_minimum]

    @property
    def flops_min(self) -> FloatArray:
        """C_min of the minima in `used` (FLOPs)."""
        budgets, losses = zip(*((v.budget, e.value) for v, e in self.used), strict=True)
        return flops_min(budgets, self.batch, losses, critical=self.critical)

    def band(self, pf_days: FloatArray, *, corrected: bool) -> FloatArray:
        """Pointwise 95 % bootstrap band of N_opt at compute (PF-days, shape (n,)), shape (2, n)."""
        exponent, log_k = self.draws[int(corrected)]
        kept = np.isfinite(exponent)
        if not kept.any():
            return np.full((2, len(pf_days)), np.nan)
        draws = np.multiply.outer(np.log(pf_days), exponent[kept]) + log_k[kept]
        return np.asarray(np.exp(np.quantile(draws, [0.025, 0.975], axis=1)))

    def table(self) -> pd.DataFrame:
        """One row per budget, for reading."""
        return pd.DataFrame(
            {
                "budget (FLOPs)": [v.budget for v in self.valleys],
                "PF-days": [v.budget / PF_DAY for v in self.valleys],
                "runs used": [f"{v.n_used} of {v.n_runs}" for v in self.valleys],
                "N_opt (params)": [v.params_opt.value for v in self.valleys],
                "low": [v.params_opt.low for v in self.valleys],
                "high": [v.params_opt.high for v in self.valleys],
                "loss": [e.value for e in self.loss],
                "loss low": [e.low for e in self.loss],
                "loss high": [e.high for e in self.loss],
                "status": [v.status for v in self.valleys],
                "resamples without a minimum": [v.no_minimum_share for v in self.valleys],
            }
        )


def measured_minima(
    slices: RunTable,
    *,
    window: float = 6.0,
    batch: float = KAPLAN_BATCH_TOKENS,
    critical: CriticalBatch = KAPLAN_CRITICAL_BATCH,
    resamples: int = 0,
    seed: int = 0,
) -> MeasuredMinima:
    """The minimum of a parabola in ln N at each budget, and the laws of N_opt through them.

    Parameters
    ----------
    slices
        What `at_fixed_compute` returns.
    window
        A run counts if its size lies within this factor of the size with the lowest loss at its budget.
    batch
        Batch (tokens).
    critical
        The critical batch size by loss.
    resamples, seed
        Bootstrap resamples of the training curves, each with its points at all budgets, and their seed.

    Returns
    -------
    MeasuredMinima

    Raises
    ------
    DataError
        If fewer than three budgets have a minimum.

    Notes
    -----
    *Source*: Kaplan et al. 2020, figure 14 and section 6.1 (the two accountings).

    *Departures from the source*: the paper does not say how it finds minima; the bootstrap is ours. A budget
    without a minimum in a resample takes no part in its laws.
    """
    fit = fit_isoflop(slices, window=window, resamples=0)
    used = [v for v in fit.valleys if v.has_minimum]
    laws = both_accountings(
        [v.budget for v in used],
        [v.params_opt.value for v in used],
        [v.loss_min for v in used],
        batch=batch,
        critical=critical,
    )
    log_n, loss = _resampled(slices, window, resamples, np.random.default_rng(seed))
    tokens = np.column_stack(
        [
            tokens_at(points, budget, np.exp(column), slices.conventions.flop_rule)
            for (budget, points), column in zip(isoflop_slices(slices), log_n.T, strict=True)
        ]
    )
    spent = np.array([v.budget for v in fit.valleys]) / PF_DAY
    least = flops_min(spent, batch, loss, critical=critical)
    fixed, corrected = fit_lines(np.log(spent), log_n), fit_lines(np.log(least), log_n)
    return MeasuredMinima(
        valleys=tuple(
            replace(
                v,
                params_opt=_interval(v.params_opt.value, np.exp(log_n[:, i]), "params"),
                tokens_opt=_interval(v.tokens_opt.value, tokens[:, i], "tokens"),
                no_minimum_share=float(np.isnan(log_n[:, i]).mean()) if resamples else math.nan,
            )
            for i, v in enumerate(fit.valleys)
        ),
        loss=tuple(
            _interval(v.loss_min, loss[:, i], slices.conventions.loss_unit) for i, v in enumerate(fit.valleys)
        ),
        accountings=Accountings(
            laws.fixed_batch.with_draws(exponent=fixed[0], log_coefficient=fixed[1]),
            laws.corrected.with_draws(exponent=corrected[0], log_coefficient=corrected[1]),
        ),
        draws=np.stack([fixed, corrected]),
        failed_share=float(np.isnan(fixed[0]).mean()) if resamples else math.nan,
        window=window,
        batch=batch,
        critical=critical,
    )


def interpolated_exponent(slices: RunTable, *, resamples: int = 0, seed: int = 0) -> Estimate:
    """The exponent of N_opt in compute at fixed batch, each minimum the lowest point of an interpolation.

    Parameters
    ----------
    slices
        What `at_fixed_compute` returns.
    resamples, seed
        As for `measured_minima`.

    Returns
    -------
    Estimate
        With a percentile interval; NaN if fewer than three budgets have at least five sizes and a minimum
        that is not at an end.

    Notes
    -----
    *Source*: Porian et al. 2024, section 3.1 (Akima interpolation).

    *Departures from the source*: curves are resampled; the paper draws noise of a measured size.
    """
    minima = interpolated_minima(slices)
    if len(minima) < MIN_POINTS:
        return Estimate(math.nan)
    law = fit_power_law(minima["budget"].to_numpy(), minima["params_opt"].to_numpy())
    by_budget = list(isoflop_slices(slices))
    times, names = _times_drawn(slices, resamples, np.random.default_rng(seed))
    drawn = np.empty((resamples, len(by_budget)))
    for i, (_, points) in enumerate(by_budget):
        log_n, loss = np.log(points["params"].to_numpy()), points["loss"].to_numpy()
        of_points = times[:, np.searchsorted(names, points["curve"])]
        drawn[:, i] = [_lowest(log_n[row > 0], loss[row > 0], row[row > 0]) for row in of_points]
    log_c = np.log([budget for budget, _ in by_budget])
    slopes = fit_lines(log_c, drawn)[0]
    return Estimate.from_draws(law.exponent.value, slopes)


def _lowest(log_n: FloatArray, loss: FloatArray, times: FloatArray) -> float:
    """Where an interpolation of the mean loss by size is lowest; NaN at an end, or with too few sizes."""
    sizes, of = np.unique(log_n, return_inverse=True)
    if len(sizes) < FEWEST_FOR_MINIMUM:
        return math.nan
    mean = np.bincount(of, weights=times * loss) / np.bincount(of, weights=times)
    return float(lowest_between(sizes, np.log(mean), np.linspace(sizes[0], sizes[-1], GRID)))


def _times_drawn(slices: RunTable, resamples: int, rng: np.random.Generator) -> tuple[FloatArray, np.ndarray]:
    """How often each curve is drawn, (resamples, curves), and the names of the curves."""
    names = np.unique(slices.frame["curve"])
    chances = np.full(len(names), 1 / len(names))
    return rng.multinomial(len(names), chances, size=resamples).astype(float), names


def _resampled(
    slices: RunTable, window: float, resamples: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Draws of ln N_opt and of the loss there by budget, each (resamples, budgets); NaN without a minimum."""
    times, names = _times_drawn(slices, resamples, rng)
    vertices = [
        parabola_vertices(
            np.log(points["params"].to_numpy()),
            points["loss"].to_numpy()[:, None],
            times[:, np.searchsorted(names, points["curve"])].T,
            window=window,
        )
        for _, points in isoflop_slices(slices)
    ]
    log_n, loss = np.stack(vertices, axis=-1)
    return log_n, loss


def _interval(value: float, draws: FloatArray, unit: str) -> Estimate:
    return Estimate(value, unit=unit) if math.isnan(value) else Estimate.from_draws(value, draws, unit=unit)
