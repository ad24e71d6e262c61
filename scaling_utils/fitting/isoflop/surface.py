"""Approach 2 without the parabola's bias: one loss surface through all IsoFLOP slices."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import FLOPS_PER_PARAM_TOKEN
from scaling_utils.errors import DataError
from scaling_utils.fitting.bootstrap import CHUNK, Draws, resample_weights
from scaling_utils.fitting.bridge import assemble, log_column
from scaling_utils.fitting.intervals import IntervalKind
from scaling_utils.fitting.isoflop.fit import in_window, isoflop_slices
from scaling_utils.fitting.objective import HUBER_DELTA, Objective, ObjectiveName
from scaling_utils.fitting.parametric import fit_parametric
from scaling_utils.fitting.parametric.fit import natural
from scaling_utils.fitting.powerlaw import MIN_POINTS
from scaling_utils.fitting.surface import NAMES, Surface, follow, restart, surface_problem
from scaling_utils.results import FitResult
from scaling_utils.runs.table import RunTable

VALLEY_UNITS = {"k_params": "params", "k_tokens": "tokens"}
"""Units of k and k' in N_opt = k C^a and D_opt = k' C^b."""


def fit_isoflop_surface(
    runs: RunTable,
    *,
    window: float = math.inf,
    objective: ObjectiveName = "huber",
    delta: float = HUBER_DELTA,
    resamples: int = 4000,
    seed: int = 0,
    interval: IntervalKind = "percentile",
) -> FitResult:
    r"""Fit one loss surface to all IsoFLOP slices and take its valley (Approach 2, corrected).

    With :math:`L = E + A N^{-\alpha} + B D^{-\beta}` the minima of all slices lie on
    :math:`N_{opt} = k\,C^a`, :math:`a = \beta / (\alpha + \beta)`,
    :math:`k = (\alpha A / \beta B)^{1 / (\alpha + \beta)}\, 6^{-a}`.

    Parameters
    ----------
    runs
        As for `fit_isoflop`, with `tokens`; each run counts with the tokens it saw, so that a run whose
        FLOPs differ from its budget does no harm.
    window
        As for `fit_isoflop`; ``inf`` takes every run of the slices.
    objective, delta
        As for `fit_parametric`, on residuals of ln loss.
    resamples
        Bootstrap resamples of the runs, drawn within budgets; 0 gives no intervals.
    seed
        Seed of the resampling.
    interval
        ``"percentile"`` or ``"bias-corrected"``.

    Returns
    -------
    FitResult
        As of `fit_parametric`, with `k_params` and `k_tokens`, the coefficients of N_opt = k C^a and
        D_opt = k' C^b, and `budgets` among the diagnostics.

    Raises
    ------
    DataError
        If there are fewer than three budgets, or the runs have no tokens.

    Notes
    -----
    *Source*: Czech et al. 2026, who fit the slices' surface by variable projection over the exponents: for
    given alpha and beta the surface is linear in E, A and B. A parabola in ln N is biased where alpha and
    beta differ or the sizes are not centred on the minimum; the surface has neither fault.

    *Departures from the source*: residuals of ln loss under Huber's function (``"least-squares"`` is
    nearer to the source); the projection over a grid of exponents gives the starts only, and the minimum is
    taken in all five parameters at once.

    On 120 simulated sets of five slices of 11 sizes the nominal 95 % interval of a covered the truth in 98 %
    (percentile) and 88 % (bias-corrected) with equal noise, in 97 and 98 % with noise of unequal scale: hence
    the default. Its estimate scattered less than half as much as the parabola's.

    Examples
    --------
    >>> from scaling_utils import load
    >>> fit = fit_isoflop_surface(load("hoffmann2022-fig4"), resamples=200)
    >>> fit.status, fit.n_runs, round(fit.estimates["a"].value, 3)
    ('converged', 114, 0.553)
    """
    if not window > 1:
        raise DataError(f"window is {window}, but it is a ratio of model sizes and must exceed 1")
    slices = [points[in_window(points, window)] for _, points in isoflop_slices(runs)]
    if len(slices) < MIN_POINTS:
        raise DataError(
            f"a surface through IsoFLOP slices needs at least {MIN_POINTS} budgets, not {len(slices)}",
            file=runs.source,
            remedy="Add runs at further budgets.",
        )
    chosen = replace(runs, frame=pd.concat(slices, ignore_index=True))
    base = fit_parametric(chosen, objective=objective, delta=delta, resamples=0, seed=seed, interval=interval)
    goal = Objective(objective, delta)
    surface = Surface(
        *(log_column(chosen, name) for name in ("params", "tokens", "loss")), turn=goal.turns[-1]
    )
    if base.status == "too few runs":
        optimum, draws = np.full(len(NAMES), np.nan), Draws(np.empty((0, len(NAMES))), math.nan, math.nan)
    else:
        optimum = surface_problem(surface).theta(base.lmfit_result)
        draws = _resampled(surface, goal, optimum, [len(s) for s in slices], resamples, seed)
    return assemble(
        theta=optimum,
        natural=_with_valley,
        units={name: e.unit for name, e in base.estimates.items()} | VALLEY_UNITS,
        draws=draws,
        interval=interval,
        diagnostics={**base.diagnostics, "budgets": len(slices)},
        method="approach2-surface",
        law=base.law,
        status=base.status,
        n_runs=base.n_runs,
        conventions=base.conventions,
        provenance={
            **base.provenance,
            "window": float(window) if math.isfinite(window) else None,
            "resamples": int(resamples),
            "resampled_within": "budgets",
        },
        lmfit_result=base.lmfit_result,
    )


def _with_valley(theta: FloatArray) -> dict[str, FloatArray]:
    """The surface's parameters by name, and the coefficients of N_opt and D_opt in C = 6 N D."""
    values = natural(theta)
    log_a, log_b, _, alpha, beta = theta.T
    log_six = math.log(FLOPS_PER_PARAM_TOKEN)
    with np.errstate(all="ignore"):
        log_ratio = (np.log(alpha / beta) + log_a - log_b) / (alpha + beta)
        return {
            **values,
            "k_params": np.exp(log_ratio - values["a"] * log_six),
            "k_tokens": np.exp(-log_ratio - values["b"] * log_six),
        }


def _resampled(
    surface: Surface, goal: Objective, optimum: FloatArray, sizes: list[int], resamples: int, seed: int
) -> Draws:
    """Fit the surface to resamples that keep the number of runs of each slice."""
    rng = np.random.default_rng(seed)
    theta = np.empty((resamples, len(optimum)))
    again = 0
    for first in range(0, resamples, CHUNK):
        part = theta[first : first + CHUNK]
        weights = np.hstack([resample_weights(rng, len(part), np.arange(size)) for size in sizes])
        end = follow(surface, goal.turns, np.repeat(optimum[None], len(part), axis=0), weights)
        part[:] = end.theta
        late = ~end.arrived
        if late.any():
            again += int(late.sum())
            part[late] = restart(surface, goal.turns, optimum[None], weights[late])
    if not resamples:
        return Draws(theta, 0.0, 0.0)
    return Draws(theta, again / resamples, float(np.isnan(theta[:, 0]).mean()))
