"""Approach 2: IsoFLOP profiles, their minima, and the power laws through them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import FLOPS_PER_PARAM_TOKEN, FlopRule, tokens_for
from scaling_utils.errors import DataError
from scaling_utils.fitting.bootstrap import resample_weights
from scaling_utils.fitting.minima import MIN_SIZES, WINDOW, parabola_vertices
from scaling_utils.fitting.powerlaw import MIN_POINTS, fit_lines, fit_power_law
from scaling_utils.results import Estimate, IsoflopFit, PowerLaw, Valley
from scaling_utils.results.isoflop import LowestAt
from scaling_utils.runs.budgets import assign_budgets
from scaling_utils.runs.table import RunTable

RISE_IN_SD = 2.0
"""A side of a valley counts as measured if the loss rises by this many residual standard deviations."""

ROUNDING = 1e-9
"""A parabola that rises by less than this share of the loss over all its sizes is flat."""

BudgetFlops = Literal["nominal", "measured"]


def fit_isoflop(
    runs: RunTable,
    *,
    window: float = WINDOW,
    budget_flops: BudgetFlops = "nominal",
    fewest: int = MIN_POINTS,
    resamples: int = 4000,
    seed: int = 0,
) -> IsoflopFit:
    r"""Fit a parabola to each IsoFLOP slice and power laws to the minima (Approach 2).

    Per budget C, loss is fitted as :math:`L = L_0 + c\,(\ln N - \ln N_{opt})^2`; then
    :math:`N_{opt} = k\,C^a` and :math:`D_{opt} = C / 6 N_{opt} = k' C^b`, so that b = 1 - a. Where the FLOPs
    are as reported, not 6 N D, D_opt is read between the runs of the slice, and its law is a fit of its own.

    Parameters
    ----------
    runs
        Points with `params`, `loss` and either `budget` or flops that fall into groups.
        Rows whose budget is empty are left out; of a training curve only the last point counts.
    window
        A run counts if its size lies within this factor of the size with the lowest loss in its
        slice; ``inf`` takes every run.
    budget_flops
        ``"nominal"``: the budget itself is C. ``"measured"``: the geometric mean of the flops of
        the slice's runs is.
    fewest
        Budgets with a minimum that the laws need, at least two; two fix the laws, and nothing shows whether
        they fit.
    resamples
        Bootstrap resamples of the runs, drawn within budgets; 0 gives no intervals.
    seed
        Seed of the resampling.

    Returns
    -------
    IsoflopFit

    Raises
    ------
    DataError
        If fewer than `fewest` budgets have a minimum inside their sizes, or measured budgets are asked for
        and the runs have no flops.

    Notes
    -----
    *Source*: Hoffmann et al. 2022, section 3.2.

    *Departures from the source*: the window (the paper fits every run, and a parabola does not
    describe the whole valley); each minimum carries a status; intervals come from resampling runs
    (95 % percentile) where the paper gives the 10th and 90th percentiles of its own bootstrap. In
    each resample the window is chosen anew. A slice without a minimum inside its sizes takes no
    part in that resample's laws; the share of such resamples is reported per slice. For FLOPs as reported
    ln D is interpolated linearly in ln N, repeated sizes averaged; without tokens D_opt is NaN.

    Examples
    --------
    >>> from scaling_utils import load
    >>> fit = fit_isoflop(load("hoffmann2022-fig4"), resamples=200)
    >>> round(fit.params_law.exponent.value, 3)
    0.508
    """
    if not window > 1:
        raise DataError(f"window is {window}, but it is a ratio of model sizes and must exceed 1")
    if fewest < 2:
        raise DataError(f"fewest is {fewest}, but a power law needs two budgets at least")
    if budget_flops == "measured" and "flops" not in runs.frame:
        raise DataError(
            "these runs have no flops to take the measured budgets from",
            file=runs.source,
            remedy="Add a column 'flops', or take budget_flops='nominal'.",
        )
    slices = dict(isoflop_slices(runs))
    budgets = np.array(
        [budget if budget_flops == "nominal" else _geometric_mean(s["flops"]) for budget, s in slices.items()]
    )
    rule = runs.conventions.flop_rule
    fitted = [_valley(s, flops, window, rule) for s, flops in zip(slices.values(), budgets, strict=True)]
    used = [v for v in fitted if v.has_minimum]
    if len(used) < fewest:
        raise DataError(
            f"Approach 2 needs at least {fewest} budgets with a minimum inside their sizes; "
            f"of {len(fitted)} budgets {len(used)} have one",
            file=runs.source,
            remedy="Add runs at smaller and larger sizes, or widen the window.",
        )
    sizes = [v.params_opt.value for v in used]
    law = fit_power_law([v.budget for v in used], sizes, unit="params", fewest=fewest)
    rngs = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(len(slices))]
    log_opt = np.column_stack(
        [resampled_minima(s, window, resamples, rng) for s, rng in zip(slices.values(), rngs, strict=True)]
    )
    draws = fit_lines(np.log(budgets), log_opt, fewest=fewest)
    log_tokens = np.column_stack(
        [
            np.log(tokens_at(s, flops, np.exp(log_n), rule))
            for s, flops, log_n in zip(slices.values(), budgets, log_opt.T, strict=True)
        ]
    )
    if rule == "6ND":
        tokens_law = PowerLaw(
            Estimate(tokens_for(1.0, law.coefficient.value), unit="tokens"), Estimate(1 - law.exponent.value)
        )
        tokens_draws = np.stack([1 - draws[0], -draws[1] - math.log(FLOPS_PER_PARAM_TOKEN)])
    else:
        tokens_law = _tokens_law(used, fewest)
        tokens_draws = fit_lines(np.log(budgets), log_tokens, fewest=fewest)
    return IsoflopFit(
        valleys=tuple(
            _with_interval(valley, log_opt[:, i], log_tokens[:, i]) if resamples else valley
            for i, valley in enumerate(fitted)
        ),
        params_law=law.with_draws(exponent=draws[0], log_coefficient=draws[1]),
        tokens_law=tokens_law.with_draws(exponent=tokens_draws[0], log_coefficient=tokens_draws[1]),
        window=window,
        fewest=fewest,
        resamples=resamples,
        seed=seed,
        failed_share=float(np.isnan(draws[0]).mean()) if resamples else math.nan,
        draws=draws,
        tokens_draws=tokens_draws,
        conventions=runs.conventions,
        provenance={"source": runs.source, "sha256": runs.sha256},
    )


def isoflop_slices(runs: RunTable) -> Iterator[tuple[float, pd.DataFrame]]:
    """The final points of each IsoFLOP slice, smallest budget first, sorted by size.

    Parameters
    ----------
    runs
        As for `fit_isoflop`.

    Yields
    ------
    budget : float
        FLOPs.
    points : DataFrame

    Raises
    ------
    DataError
        If the runs have no budgets and their flops do not form groups.
    """
    frame = assign_budgets(runs).final_points().frame
    if "budget" not in frame:
        raise DataError(
            "no IsoFLOP budgets: there is no column 'budget', and the flops of the runs do not form groups",
            file=runs.source,
            remedy="Add a column 'budget' with the FLOPs that the runs of one slice share.",
        )
    for budget in sorted(frame["budget"].dropna().unique()):
        yield float(budget), frame[frame["budget"] == budget].sort_values("params", kind="stable")


def tokens_at(points: pd.DataFrame, flops: float, params: FloatArray, rule: FlopRule) -> FloatArray:
    """Tokens of models in a slice: C / 6 N, or read between its runs where C is as reported."""
    if rule == "6ND":
        return np.asarray(tokens_for(flops, params))
    if "tokens" not in points:
        return np.full_like(params, math.nan)
    by_size = np.log(points.set_index("params")["tokens"]).groupby(level=0).mean()
    return np.asarray(np.exp(np.interp(np.log(params), np.log(by_size.index), by_size)))


def _tokens_law(used: list[Valley], fewest: int) -> PowerLaw:
    """The law through tokens that were read between runs; unknown where they are."""
    tokens = [v.tokens_opt.value for v in used]
    if np.isnan(tokens).any():
        return PowerLaw(Estimate(math.nan, unit="tokens"), Estimate(math.nan))
    return fit_power_law([v.budget for v in used], tokens, unit="tokens", fewest=fewest)


def _valley(points: pd.DataFrame, flops: float, window: float, rule: FlopRule) -> Valley:
    inside = points[in_window(points, window)]
    log_n, loss = np.log(inside["params"].to_numpy()), inside["loss"].to_numpy()
    valley = Valley(
        budget=float(flops),
        n_runs=len(points),
        n_used=len(inside),
        sizes=(float(inside["params"].min()), float(inside["params"].max())),
        lowest=_lowest(points),
        status="too few runs",
    )
    if len(np.unique(log_n)) < MIN_SIZES:
        return valley
    centre = float(log_n.mean())
    constant, slope, curvature = map(float, np.polynomial.polynomial.polyfit(log_n - centre, loss, 2))
    residual = np.polynomial.polynomial.polyval(log_n - centre, [constant, slope, curvature]) - loss
    residual_sd = math.sqrt(float(np.sum(residual**2)) / (len(loss) - 3))
    valley = replace(valley, curvature=curvature, residual_sd=residual_sd, points=np.stack([log_n, loss]))
    left, right = log_n[0] - centre, log_n[-1] - centre
    flat = curvature * (right - left) ** 2 <= ROUNDING * abs(constant)
    vertex = math.inf if flat else -slope / (2 * curvature)
    if not left < vertex < right:
        return replace(valley, status="no interior minimum")
    params_opt = math.exp(centre + vertex)
    rise = curvature * min(vertex - left, right - vertex) ** 2
    return replace(
        valley,
        params_opt=Estimate(params_opt, unit="params"),
        tokens_opt=Estimate(float(tokens_at(points, flops, np.array(params_opt), rule)), unit="tokens"),
        loss_min=constant + slope * vertex / 2,
        status="interior minimum" if rise > RISE_IN_SD * residual_sd else "one-sided",
    )


def in_window(points: pd.DataFrame, window: float) -> FloatArray:
    """Which points of a slice lie within a factor `window` of the size with the lowest loss, shape (n,)."""
    log_n = np.log(points["params"].to_numpy())
    centre = log_n[int(np.argmin(points["loss"].to_numpy()))]
    return np.asarray(np.abs(log_n - centre) <= math.log(window) * (1 + 1e-12))


def _lowest(points: pd.DataFrame) -> LowestAt:
    """Where the mean loss of a size is lowest."""
    sizes, of = np.unique(points["params"].to_numpy(), return_inverse=True)
    best = int(np.argmin(np.bincount(of, weights=points["loss"].to_numpy()) / np.bincount(of)))
    if best == 0:
        return "smallest size"
    return "largest size" if best == len(sizes) - 1 else "inside"


def resampled_minima(
    points: pd.DataFrame, window: float, resamples: int, rng: np.random.Generator
) -> FloatArray:
    """Bootstrap draws of ln N_opt of one slice, all at once; NaN where a draw has no interior minimum."""
    log_n, loss = np.log(points["params"].to_numpy()), points["loss"].to_numpy()
    # One row per run: reductions over the few runs then go along the long axis.
    weights = resample_weights(rng, resamples, np.arange(len(points))).T.astype(float, order="C")
    log_opt: FloatArray = parabola_vertices(log_n, loss[:, None], weights, window=window)[0]
    return log_opt


def _with_interval(valley: Valley, log_opt: FloatArray, log_tokens: FloatArray) -> Valley:
    share = float(np.isnan(log_opt).mean())
    if not valley.has_minimum:
        return replace(valley, no_minimum_share=share)
    n, d = valley.params_opt.value, valley.tokens_opt.value
    return replace(
        valley,
        params_opt=Estimate.from_draws(n, np.exp(log_opt), unit="params"),
        tokens_opt=Estimate.from_draws(d, np.exp(log_tokens), unit="tokens"),
        no_minimum_share=share,
    )


def _geometric_mean(values: pd.Series[float]) -> float:
    return float(np.exp(np.log(values.to_numpy(dtype=float)).mean()))
