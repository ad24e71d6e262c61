"""What follows from the laws of two methods, and what the choices of the fit do to them."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from scaling_utils.arrays import FloatArray
from scaling_utils.fitting.trailing.fit import (
    LEVEL,
    MIN_MODELS,
    IntervalOfLines,
    TrailingFit,
    fit_trailing,
    has_curves,
)
from scaling_utils.results import Estimate
from scaling_utils.runs.table import RunTable


def law_band(fit: TrailingFit, method: str, pf_days: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The 95 % band of one law.

    Parameters
    ----------
    fit
        Result of `fit_trailing`.
    method
        One of its methods.
    pf_days
        Compute (PF-days), shape (n,).

    Returns
    -------
    low, high : ndarray
        Loss, shape (n,); NaN where the fit has no draws.
    """
    log_a, slope = _draws(fit, method)
    return _middle(np.exp(log_a[:, None] + slope[:, None] * np.log(pf_days)))


def gap_band(fit: TrailingFit, pf_days: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The 95 % band of the gap, as a share of the second method's loss.

    Parameters
    ----------
    fit
        Result of `fit_trailing`.
    pf_days
        Compute (PF-days), shape (n,).

    Returns
    -------
    low, high : ndarray
        Shape (n,); NaN where the fit has no draws.
    """
    (first_a, first), (second_a, second) = (_draws(fit, method) for method in fit.methods)
    log_ratio = (first_a - second_a)[:, None] + (first - second)[:, None] * np.log(pf_days)
    return _middle(np.expm1(log_ratio))


def loss_difference(fit: TrailingFit, pf_days: float) -> Estimate:
    """How far the first method's loss lies above the second's, in the unit of the loss.

    Parameters
    ----------
    fit
        Result of `fit_trailing`.
    pf_days
        Compute (PF-days).
    """
    first, second = (fit.laws[method] for method in fit.methods)
    lines = [_draws(fit, method) for method in fit.methods]
    drawn = [np.exp(log_a + slope * math.log(pf_days)) for log_a, slope in lines]
    return Estimate.from_draws(
        float(first(pf_days) - second(pf_days)),
        drawn[0] - drawn[1],
        unit=first.coefficient.unit,
        level=LEVEL,
    )


def exponent_difference(fit: TrailingFit) -> Estimate:
    """How much steeper the first law is than the second: positive where the gap narrows with compute.

    Examples
    --------
    >>> from scaling_utils import load
    >>> fit = fit_trailing(load("lu2025-moba"), panel="30-32")
    >>> narrowing = exponent_difference(fit)
    >>> round(narrowing.value, 3), 0 in narrowing
    (0.01, True)
    """
    first, second = (fit.laws[method].exponent.value for method in fit.methods)
    (_, drawn_first), (_, drawn_second) = (_draws(fit, method) for method in fit.methods)
    return Estimate.from_draws(second - first, drawn_second - drawn_first, level=LEVEL)


def narrowing_verdict(fit: TrailingFit) -> str:
    """Whether the 95 % interval of `exponent_difference` is on one side of zero: yes, no, or not settled."""
    narrowing = exponent_difference(fit)
    return "yes" if narrowing.low > 0 else "no" if narrowing.high < 0 else "not settled"


def compute_ratio(fit: TrailingFit, pf_days: float) -> Estimate:
    r"""How many times the compute the first method needs to reach the second's loss.

    The compute C' with :math:`A_1 C'^{-g_1} = A_2 C^{-g_2}`, divided by C.

    Parameters
    ----------
    fit
        Result of `fit_trailing`.
    pf_days
        Compute C of the second method (PF-days).

    Returns
    -------
    Estimate
        1 where both have the same loss.

    Examples
    --------
    >>> from scaling_utils import load
    >>> fit = fit_trailing(load("lu2025-moba"), panel="30-32", resamples=0)
    >>> round(compute_ratio(fit, 5.0).value, 1)
    1.4
    """

    def ratio(lines: list[tuple[FloatArray, FloatArray]]) -> FloatArray:
        (first_a, first), (second_a, second) = lines
        log_c = math.log(pf_days)
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(np.exp((second_a + second * log_c - first_a) / first - log_c))

    laws = [fit.laws[method] for method in fit.methods]
    value = ratio([(np.log(law.coefficient.value), np.array(law.exponent.value)) for law in laws])
    return Estimate.from_draws(float(value), ratio([_draws(fit, m) for m in fit.methods]), level=LEVEL)


def residuals(fits: Iterable[TrailingFit]) -> pd.DataFrame:
    """How far the ends of the curves lie above their law, as a share of the loss.

    Returns
    -------
    DataFrame
        Columns `place`, `attention`, `params`, `pf_days` and `residual`; a row per fit, method and model.
    """
    parts = []
    for fit in fits:
        ends = fit.ends.reset_index()
        law = {method: fit.laws[method](ends["pf_days"]) for method in fit.methods}
        expected = np.where(ends["attention"] == fit.methods[0], law[fit.methods[0]], law[fit.methods[1]])
        parts.append(ends.assign(place=fit.panel, residual=ends["loss"] / expected - 1))
    return pd.concat(parts, ignore_index=True)[["place", "attention", "params", "pf_days", "residual"]]


def bowed_laws(fits: Iterable[TrailingFit]) -> int:
    """How many laws have both their smallest and their largest model above the line.

    Where most do, the losses fall along a curve that flattens, and a line carried beyond the data is too low.
    """
    table = residuals(fits).sort_values("pf_days", kind="stable")
    groups = table.groupby(["place", "attention"])["residual"]
    return int(((groups.first() > 0) & (groups.last() > 0)).sum())


def vary_choices(
    runs: RunTable,
    fit: TrailingFit,
    *,
    tail: float,
    compute_from: float,
    compute_to: float,
    seed: int = 0,
) -> pd.DataFrame:
    """Repeat a fit under other choices.

    Parameters
    ----------
    runs
        The runs it was fitted to.
    fit
        Result of `fit_trailing`.
    tail
        The share of the compute that was taken as the end of a curve.
    compute_from, compute_to
        Compute (PF-days) at which to give the gap.
    seed
        Seed of the draws.

    Returns
    -------
    DataFrame
        One row per choice, the index: A and g of both methods, the gap (as a share, with the ends of the
        95 % interval of the second), and whether the gap narrows for sure. Where every run is a single
        point, its end is no choice.
    """
    other: IntervalOfLines = "bootstrap" if fit.interval == "student" else "student"
    choices: dict[str, tuple[RunTable, float, IntervalOfLines]] = {}
    for share in (0.0, 0.05, 0.1, 0.2) if has_curves(runs) else ():
        if share != tail:
            name = f"ends: the last {share:.0%} of the compute" if share else "ends: the last point alone"
            choices[name] = runs, share, fit.interval
    drawn = {"bootstrap": "resampled models", "student": "Student's t"}[other]
    choices[f"intervals: {drawn}"] = runs, tail, other
    sizes = fit.ends.index.get_level_values("params")
    if sizes.nunique() > MIN_MODELS:
        for name, size in (("smallest", sizes.min()), ("largest", sizes.max())):
            fewer = runs.subset((runs.frame["params"] != size).to_numpy())
            choices[f"without the {name} model"] = fewer, tail, fit.interval
    fits = {"as above": fit} | {
        name: fit_trailing(
            source, panel=fit.panel, methods=fit.methods, tail=share, interval=interval,
            resamples=fit.draws.shape[1], seed=seed,
        )
        for name, (source, share, interval) in choices.items()
    }  # fmt: skip
    rows = [_summary(other_fit, compute_from, compute_to) for other_fit in fits.values()]
    return pd.DataFrame(rows, index=pd.Index(fits, name="choice"))


def _summary(fit: TrailingFit, compute_from: float, compute_to: float) -> dict[str, float | str]:
    numbers: dict[str, float | str] = {}
    for method in fit.methods:
        numbers[f"A {method}"] = fit.laws[method].coefficient.value
        numbers[f"g {method}"] = -fit.laws[method].exponent.value
    gap = fit.gap(compute_to)
    return numbers | {
        f"gap at {compute_from:g} PF-days": fit.gap(compute_from).value,
        f"gap at {compute_to:g} PF-days": gap.value,
        "low": gap.low,
        "high": gap.high,
        "narrows with compute": narrowing_verdict(fit),
    }


def _draws(fit: TrailingFit, method: str) -> tuple[FloatArray, FloatArray]:
    row = 2 * fit.methods.index(method)
    return fit.draws[row], fit.draws[row + 1]


def _middle(draws: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The ends of the middle 95 % of draws, shape (draws, n)."""
    kept = draws[np.isfinite(draws).all(axis=1)]
    if len(kept) < 2:
        return np.full(draws.shape[1], math.nan), np.full(draws.shape[1], math.nan)
    low, high = np.quantile(kept, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low, high
