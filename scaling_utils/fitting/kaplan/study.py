"""All that Kaplan's law of training curves says about a table of runs, in one result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling_utils.conventions import flops_from_pf_days
from scaling_utils.fitting.kaplan.accountings import Accountings, accountings_table, published_accountings
from scaling_utils.fitting.kaplan.checks import residuals, vary_fit, vary_minima
from scaling_utils.fitting.kaplan.curves import (
    as_curves,
    at_fixed_compute,
    at_fixed_steps,
    falls_with_size,
)
from scaling_utils.fitting.kaplan.fit import fit_kaplan
from scaling_utils.fitting.kaplan.fitted import figure_numbers, fitted_law, law_accountings
from scaling_utils.fitting.kaplan.minima import MeasuredMinima, interpolated_exponent, measured_minima
from scaling_utils.laws import KAPLAN_BATCH_TOKENS, KAPLAN_CRITICAL_BATCH, CriticalBatch, KaplanLaw
from scaling_utils.results import Estimate, FitResult
from scaling_utils.runs.table import RunTable
from scaling_utils.runs.thin import thin_curves

MOST_POINTS = 15_000
"""Points of all curves to which the law is fitted, unless each has few."""

FEWEST_POINTS = 3
"""Points that a curve keeps at least."""


@dataclass(frozen=True, eq=False)
class KaplanStudy:
    """The law of training curves fitted to runs, and the minima of the runs at fixed compute.

    Parameters
    ----------
    curves
        The runs as training curves, as the law is fitted to them.
    slices
        The loss by size at budgets, see `at_fixed_compute`.
    by_steps
        The loss by size after numbers of steps, see `at_fixed_steps`.
    fit
        What `fit_kaplan` returns.
    minima
        What `measured_minima` returns.
    interpolated
        The exponent at fixed batch from interpolated minima.
    law_laws
        N_opt of the fitted law, in both accountings, over the budgets of `slices`.
    published_laws
        What Kaplan et al. 2020 say about it, by route.
    batch, warmup
        As given to `study_kaplan`.
    """

    curves: RunTable
    slices: RunTable
    by_steps: pd.DataFrame
    fit: FitResult
    minima: MeasuredMinima
    interpolated: Estimate
    law_laws: Accountings
    published_laws: dict[str, Accountings]
    batch: float
    warmup: float

    @property
    def law(self) -> KaplanLaw:
        """The fitted law."""
        return fitted_law(self.fit)

    @property
    def estimates(self) -> dict[str, Estimate]:
        """Every estimate by a stable key.

        Those of the fit; `a_fixed`, `k_fixed`, `a_corrected`, `k_corrected` of the laws through the minima
        (k at one PF-day); `law_a_fixed`, `law_a_corrected` of the fitted law; `a`, the exponent from
        interpolated minima; and those of `figure_numbers`.
        """
        laws = self.minima.accountings
        return {
            **self.fit.estimates,
            "a_fixed": laws.fixed_batch.exponent,
            "k_fixed": laws.fixed_batch.coefficient,
            "a_corrected": laws.corrected.exponent,
            "k_corrected": laws.corrected.coefficient,
            "law_a_fixed": self.law_laws.fixed_batch.exponent,
            "law_a_corrected": self.law_laws.corrected.exponent,
            "a": self.interpolated,
            **figure_numbers(self.fit, batch=self.batch),
        }

    @property
    def facts(self) -> dict[str, float | str]:
        """Counts, diagnostics and published exponents, for prose."""
        printed, six_decades, their_sizes, curves = self.published_laws.values()
        return {
            "status": self.fit.status,
            "at_fixed_steps": falls_with_size(self.by_steps),
            "corrected": self._corrected(),
            "n_curves": str(self.fit.n_runs),
            "n_budgets": str(len(self.minima.valleys)),
            "n_minima": str(len(self.minima.used)),
            "n_one_sided": str(sum(v.status == "one-sided" for v in self.minima.valleys)),
            "failed_share": self.minima.failed_share,
            "window": self.minima.window,
            "largest_pf_days": float(self.slices.frame["budget"].max() / flops_from_pf_days(1)),
            "printed_fixed": printed.fixed_batch.exponent.value,
            "printed_corrected": printed.corrected.exponent.value,
            "route_six_decades": six_decades.corrected.exponent.value,
            "route_six_decades_k": six_decades.corrected.coefficient.value,
            "route_their_sizes": their_sizes.corrected.exponent.value,
            "route_curves_fixed": curves.fixed_batch.exponent.value,
            "route_curves_corrected": curves.corrected.exponent.value,
            **{f"fit_{name}": value for name, value in self.fit.diagnostics.items()},
        }

    def _corrected(self) -> str:
        """How the best size grows with C_min, as a clause."""
        if not self.minima.critical.known:
            return "the critical batch size of these losses is not known, so that nothing is corrected for it"
        a = self.minima.accountings.corrected.exponent
        return f"as compute corrected for the batch to the power {a.value:.3f} ({a.low:.3f} to {a.high:.3f})"

    def accountings(self) -> pd.DataFrame:
        """Exponents of N_opt in both accountings: published by three routes, the law's and the minima's."""
        return accountings_table(
            {f"Kaplan et al.: {name}": laws for name, laws in self.published_laws.items()}
            | {
                "here: law of training curves": self.law_laws,
                "here: minima of the runs": self.minima.accountings,
            }
        )

    def residuals(self) -> pd.DataFrame:
        """What the law leaves of each point."""
        return residuals(self.curves, self.law, batch=self.batch, warmup=self.warmup)

    def vary_fit(self) -> pd.DataFrame:
        """The law under other choices."""
        critical = self.minima.critical
        return vary_fit(self.curves, batch=self.batch, warmup=self.warmup, critical=critical)

    def vary_minima(self) -> pd.DataFrame:
        """The exponents of N_opt under other ways to find the minima."""
        return vary_minima(self.slices, self.law, window=self.minima.window, batch=self.batch)


def study_kaplan(
    runs: RunTable,
    *,
    batch: float = KAPLAN_BATCH_TOKENS,
    warmup: float = 0.0,
    critical: CriticalBatch = KAPLAN_CRITICAL_BATCH,
    budgets: ArrayLike = (),
    steps: ArrayLike = (),
    smallest: float = 0.0,
    window: float = 4.0,
    resamples: int = 400,
    seed: int = 0,
) -> KaplanStudy:
    """Fit Kaplan's law to training curves, and find the minima of the runs at fixed compute.

    Parameters
    ----------
    runs
        Training curves, or IsoFLOP runs on one schedule, with `tokens`.
    batch
        Batch (tokens).
    warmup
        Points up to this step are not fitted by the law; the valleys keep them.
    critical
        The critical batch size by loss; `NO_CRITICAL_BATCH` where it is not known, see `fit_kaplan`.
    budgets
        PF-days at which to read the curves; by default see `at_fixed_compute`.
    steps, smallest
        See `at_fixed_steps`.
    window
        See `measured_minima`.
    resamples, seed
        Bootstrap resamples of the curves, and their seed.

    Returns
    -------
    KaplanStudy

    Raises
    ------
    DataError, ConventionError
        If the runs cannot serve; see the functions that it calls.

    Notes
    -----
    Of more than 15,000 points the law is fitted to some, evenly along each curve: neighbours on a curve say
    nearly the same. The slices at fixed compute and fixed steps are read from all of them.

    Examples
    --------
    >>> from scaling_utils.fitting.kaplan import simulate_curves
    >>> law = KaplanLaw(N_c=6.5e13, S_c=2.1e3, alpha_N=0.077, alpha_S=0.76)
    >>> study = study_kaplan(simulate_curves(law, noise=0, seed=0, sizes=(1e5, 1e9, 16)), resamples=0)
    >>> study.fit.status, round(study.estimates["alpha_N"].value, 6)
    ('converged', 0.077)
    """
    curves = as_curves(runs)
    if len(curves) > MOST_POINTS:
        curves = thin_curves(curves, most=max(MOST_POINTS // curves.n_runs, FEWEST_POINTS))
    sampling: dict[str, Any] = {"resamples": resamples, "seed": seed}
    fit = fit_kaplan(curves, batch=batch, warmup=warmup, critical=critical, **sampling)
    slices = at_fixed_compute(runs, flops_from_pf_days(np.asarray(budgets, dtype=float)))
    spent = np.sort(slices.frame["budget"].unique())
    return KaplanStudy(
        curves=curves,
        slices=slices,
        by_steps=at_fixed_steps(runs, steps, batch=batch, smallest=smallest),
        fit=fit,
        minima=measured_minima(slices, window=window, batch=batch, critical=critical, **sampling),
        interpolated=interpolated_exponent(slices, **sampling),
        law_laws=law_accountings(fit, spent, batch=batch),
        published_laws=published_accountings(spent, batch=batch if critical.known else KAPLAN_BATCH_TOKENS),
        batch=batch,
        warmup=warmup,
    )
