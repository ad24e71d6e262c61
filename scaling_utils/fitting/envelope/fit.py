"""Approach 1: the lower envelope of training curves, its bend, and the power laws along it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from scaling_utils.arrays import FloatArray, covering
from scaling_utils.errors import DataError, clip
from scaling_utils.fitting.envelope.curves import Curves
from scaling_utils.fitting.envelope.frontier import THIRDS, Frontier
from scaling_utils.fitting.powerlaw import MIN_POINTS, fit_power_law
from scaling_utils.results import Estimate, PowerLaw
from scaling_utils.results.envelope import EnvelopeFit, EnvelopeStatus, FrontierThird
from scaling_utils.runs.table import RunTable

FEWEST_BUDGETS = MIN_POINTS * THIRDS
"""Three points for each of three lines."""

FEW_SIZES = 5
"""With fewer sizes the steps of the frontier can move the exponent by 0.05 (see `fit_envelope`)."""


def fit_envelope(
    runs: RunTable,
    *,
    n_budgets: int = 1500,
    flops_range: tuple[float, float] | None = None,
    smoothing: float = 10.0,
    skip: float = 0.0,
    resamples: int = 4000,
    seed: int = 0,
) -> EnvelopeFit:
    r"""Take the lowest of all training curves at each budget and fit power laws along it (Approach 1).

    Over the frontier, :math:`N_{opt} = k\,C^a` and :math:`D_{opt} = k'\,C^b`; over each third of it,
    :math:`\ln L = c - g \ln C`.

    Parameters
    ----------
    runs
        Training curves: points with `run_id`, `params`, `tokens`, `flops` and `loss`.
    n_budgets
        Number of budgets, evenly spaced in ln C.
    flops_range
        Smallest and largest budget (FLOPs); by default the range in which curves of three sizes exist.
    smoothing
        Width in points of the Gaussian window that smooths each curve; 0 for curves that are sparse
        (a point per percent of the run) or smooth already.
    skip
        Share of each run's FLOPs, at its start, that is left out: the warm-up.
    resamples
        Bootstrap resamples over runs (whole curves); 0 gives no intervals.
    seed
        Seed of the resampling.

    Returns
    -------
    EnvelopeFit

    Raises
    ------
    DataError
        If there are no training curves of three sizes, the budgets lie outside them, or fewer than nine
        budgets have a smaller and a larger model than the best one.

    Notes
    -----
    *Source*: Hoffmann et al. 2022, section 3.1 (smoothing with a window of 10 steps, 1,500 budgets) and
    appendix E, Figure A5 (thirds).

    *Departures from the source*: A budget counts only where curves of a smaller and of a larger model than
    the winner have it too (`interior`): elsewhere, as at the ends of the range where few models have
    points, the best size may be one that was not measured. Smoothing works on ln L by Gaussian-weighted
    lines, so that the ends of the curves, where most winners are, do not lag; the paper does not give the
    width of its Gaussian, here a window is four standard deviations. Intervals are 95 % percentiles over
    resampled runs, where the paper gives the 10th and 90th percentiles of 100 draws of 80 % of its data.

    Models come in a finite set of sizes, so the frontier is a staircase in N. Measured on noise-free curves
    over four decades of compute, wherever the sizes lie, this moves the exponent a by at most 0.001 for
    sizes a factor 1.2 apart, 0.004 for 1.4, 0.01 for 2 and 0.05 for 4 (on average by nothing), and each g
    by at most 0.001 up to a factor of 2.

    On 150 simulated sets of curves with one curve per size and 0.4 % of noise between runs the nominal 95 %
    interval of a covered the truth in 96 %; with hardly any noise in all (dropping sizes then moves the
    frontier more than noise does); with four equal runs per size, whose lowest wins, in 90 %.

    Examples
    --------
    >>> from scaling_utils.laws import HoffmannLaw
    >>> law = HoffmannLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
    >>> params = np.repeat(np.geomspace(2e7, 2e10, 40), 100)
    >>> tokens = np.tile(np.geomspace(1e8, 1e12, 100), 40)
    >>> frame = pd.DataFrame({"params": params, "tokens": tokens, "loss": law.loss(params, tokens)})
    >>> frame["run_id"] = "N" + frame["params"].round().astype(str)
    >>> runs = RunTable.from_frame(frame, source="example")
    >>> fit = fit_envelope(runs, flops_range=(1e18, 1e22), smoothing=0, resamples=200)
    >>> fit.status, round(fit.params_law.exponent.value, 2), round(law.a, 2)
    ('interior frontier', 0.45, 0.45)
    >>> [round(third.g.value, 3) for third in fit.thirds]
    [0.071, 0.054, 0.039]
    """
    _check_options(n_budgets, smoothing, skip, flops_range)
    curves = Curves.from_runs(runs, skip=skip)
    sizes = len(np.unique(curves.params))
    if sizes < MIN_POINTS:
        raise DataError(
            f"Approach 1 needs training curves of at least {MIN_POINTS} model sizes, not {sizes}",
            file=runs.source,
            remedy="Add runs of smaller or larger models.",
        )
    low, high = flops_range or _common_range(curves, runs.source)
    frontier = Frontier.of(curves.smoothed(smoothing), np.geomspace(low, high, n_budgets))
    interior = int(frontier.interior.sum())
    if interior < FEWEST_BUDGETS:
        raise DataError(
            f"of {n_budgets} budgets from {low:.3g} to {high:.3g} FLOPs only {interior} have a smaller and a "
            f"larger model than the best one; the curves reach from {curves.first.min():.3g} to "
            f"{curves.last.max():.3g} FLOPs",
            file=runs.source,
            remedy="Give a range of budgets within the curves, or add models at either end.",
        )
    table = _table(frontier, curves)
    points = table[table["interior"]]
    third = np.arange(interior) * THIRDS // interior
    rng = np.random.default_rng(seed)
    lines = frontier.resampled_lines(third, resamples, rng)
    status = _status(points, interior_share=float(table["interior"].mean()))
    if status == "one size":
        lines[:2] = np.nan
    slopes, intercepts = np.moveaxis(lines, 1, 0)
    draws = {
        **{"a": slopes[0], "ln_k": intercepts[0], "b": slopes[1], "ln_k_tokens": intercepts[1]},
        **{f"g{i}": -slopes[i + 1] for i in (1, 2, 3)},
        **{f"ln_k{i}": intercepts[i + 1] for i in (1, 2, 3)},
    }
    budgets = points["budget"].to_numpy()
    first, middle, last = (
        FrontierThird(
            law=fit_power_law(
                part["budget"].to_numpy(), part["loss"].to_numpy(), unit=runs.conventions.loss_unit
            ).with_draws(exponent=-draws[f"g{i}"], log_coefficient=draws[f"ln_k{i}"]),
            flops=(float(part["budget"].iloc[0]), float(part["budget"].iloc[-1])),
            n_points=len(part),
        )
        for i, part in ((i, points[third == i - 1]) for i in (1, 2, 3))
    )
    params_law, tokens_law = (
        PowerLaw(Estimate(math.nan, unit=name), Estimate(math.nan))
        if status == "one size"
        else fit_power_law(budgets, points[name].to_numpy(), unit=name)
        for name in ("params", "tokens")
    )
    return EnvelopeFit(
        frontier=table,
        params_law=params_law.with_draws(exponent=draws["a"], log_coefficient=draws["ln_k"]),
        tokens_law=tokens_law.with_draws(exponent=draws["b"], log_coefficient=draws["ln_k_tokens"]),
        thirds=(first, middle, last),
        status=status,
        n_runs=len(curves.params),
        n_left_out=runs.n_runs - len(curves.params),
        smoothing=smoothing,
        skip=skip,
        resamples=resamples,
        seed=seed,
        failed_share=float(np.isnan(draws["a"]).mean()) if resamples else math.nan,
        draws=draws,
        conventions=runs.conventions,
        provenance={"source": runs.source, "sha256": runs.sha256},
    )


def _check_options(
    n_budgets: int, smoothing: float, skip: float, flops_range: tuple[float, float] | None
) -> None:
    if n_budgets < FEWEST_BUDGETS:
        raise DataError(f"n_budgets is {n_budgets}; three lines need at least {FEWEST_BUDGETS} budgets")
    if not (math.isfinite(smoothing) and smoothing >= 0):
        raise DataError(f"smoothing is {smoothing}, but it is a number of points, 0 or more")
    if not 0 <= skip < 1:
        raise DataError(f"skip is {skip}, but it is a share of a run, from 0 to below 1")
    if flops_range is not None and not 0 < flops_range[0] < flops_range[1] < math.inf:
        raise DataError(
            f"flops_range is {clip(repr(flops_range))}; give the smallest and the largest budget in FLOPs"
        )


def _common_range(curves: Curves, source: str) -> tuple[float, float]:
    """The smallest and the largest FLOPs that curves of three sizes have."""
    ends = np.unique(np.concatenate([curves.first, curves.last]))
    common = ends[covering(*_spans_of_sizes(curves), ends) >= MIN_POINTS]
    if len(common) < 2:
        raise DataError(
            f"at no budget are there training curves of {MIN_POINTS} model sizes",
            file=source,
            remedy="Approach 1 compares models at equal compute: train them over overlapping FLOPs.",
        )
    return float(common[0]), float(common[-1])


def _spans_of_sizes(curves: Curves) -> tuple[FloatArray, FloatArray]:
    """First and last FLOPs of the spans over which each size has curves; those of one size do not meet."""
    spans = pd.DataFrame({"size": curves.params, "first": curves.first, "last": curves.last})
    spans = spans.sort_values(["size", "first"], kind="stable")
    reached = spans.groupby("size")["last"].cummax().shift()
    opens = (spans["size"] != spans["size"].shift()) | (spans["first"] > reached)
    joined = spans.groupby(opens.cumsum()).agg(first=("first", "min"), last=("last", "max"))
    return joined["first"].to_numpy(), joined["last"].to_numpy()


def _table(frontier: Frontier, curves: Curves) -> pd.DataFrame:
    some = frontier.winner >= 0
    run, budget = frontier.winner[some], frontier.budgets[some]
    return pd.DataFrame(
        {
            "budget": budget,
            "run_id": curves.run_id[run],
            "params": curves.params[run],
            "tokens": budget * curves.tokens_per_flop[run],
            "loss": np.exp(frontier.log_loss[some, run]),
            "progress": budget / curves.last[run],
            "interior": frontier.interior[some],
        }
    )


def _status(points: pd.DataFrame, *, interior_share: float) -> EnvelopeStatus:
    sizes = points["params"].nunique()
    if sizes < FEW_SIZES:
        return "one size" if sizes == 1 else "few sizes"
    return "interior frontier" if interior_share > 0.5 else "mostly one-sided"
