"""Approach 3: the parametric loss surface E + A/N^alpha + B/D^beta."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import numpy as np

from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import FLOPS_PER_PARAM_TOKEN
from scaling_utils.errors import DataError, clip
from scaling_utils.fitting.bootstrap import bootstrap_surface
from scaling_utils.fitting.bridge import assemble, log_column, origin, run_numbers, without_answer
from scaling_utils.fitting.intervals import DEFAULT_INTERVAL, IntervalKind
from scaling_utils.fitting.objective import HUBER_DELTA, Objective, ObjectiveName, ladder
from scaling_utils.fitting.starts import grid_starts, hoffmann_starts
from scaling_utils.fitting.surface import Descent, Surface, follow, surface_problem
from scaling_utils.fitting.verdict import agreement, conditioning, status
from scaling_utils.laws import HOFFMANN
from scaling_utils.results import FitResult
from scaling_utils.runs.table import RunTable

MIN_RUNS = 6
"""One more than the parameters: with fewer there is nothing left to be wrong."""

MIN_LEVELS = 3
"""Different sizes, and different token counts: two cannot tell an exponent from a floor."""

ENOUGH, PATIENCE = 3, 8
"""If fewer starts arrive, all go on for so many times the steps, by ever sharper objectives."""

WIDEST = 1.0
"""A residual in ln loss that is no noise."""

TYPICAL = 3.0
"""The rough steps use Huber's function at so many median residuals."""

SKETCH = 2000
"""Points that starts are looked for with: the rest are needed for the minimum, not for where it is."""

Starts = Literal["grid", "hoffmann2022"]

_STEPS = {"grid": (15, 25), "hoffmann2022": (60, 60)}
"""Steps that a start may take: rough ones by least squares, then on the objective."""


def fit_parametric(
    runs: RunTable,
    *,
    objective: ObjectiveName = "huber",
    delta: float = HUBER_DELTA,
    starts: Starts = "grid",
    resamples: int = 4000,
    seed: int = 0,
    interval: IntervalKind = DEFAULT_INTERVAL,
    n_jobs: int = 1,
) -> FitResult:
    r"""Fit the loss surface to all runs at once (Approach 3).

    :math:`L(N, D) = E + A N^{-\alpha} + B D^{-\beta}`, in the coordinates ln A, ln B, ln E, alpha and
    beta, by minimising the sum over points of a function of ln(L of the law) - ln(L measured).

    Parameters
    ----------
    runs
        Points with `params`, `tokens` and `loss`. Every row counts: leave out points of early training
        or outliers beforehand, with `RunTable.final_points`, `RunTable.subset` or `drop_largest_losses`.
    objective
        ``"huber"``, ``"least-squares"`` or ``"least-absolute"``; see `Objective`.
    delta
        Residual in ln loss at which the Huber function turns straight.
    starts
        ``"grid"``: the best places of a grid of 24 x 24 exponents, with E, A and B by linear least
        squares. ``"hoffmann2022"``: the 4,500 starts of that paper (takes seconds).
    resamples
        Bootstrap resamples of the runs (a run moves with all its points); 0 gives no intervals.
    seed
        Seed of the resampling.
    interval
        ``"percentile"`` or ``"bias-corrected"``; see `scaling_utils.fitting.intervals.interval`.
    n_jobs
        Workers for the bootstrap (joblib, with its backend in force). The result does not depend on it.

    Returns
    -------
    FitResult
        Estimates E, A, B, alpha, beta; the exponents a = beta / (alpha + beta) of N_opt and b = 1 - a of
        D_opt in C. Its `lmfit_result` is in the coordinates a, b, e (logarithms of A, B, E), alpha, beta.

    Raises
    ------
    DataError
        If a column is missing or has a number that is not positive and finite, or an option is unknown.

    Notes
    -----
    *Source*: Hoffmann et al. 2022, section 3.3 and appendix D.4, equation 3; Besiroglu et al. 2024.

    *Departures from the source*: an exact minimiser with analytic derivatives in place of L-BFGS; starts
    from a grid of exponents unless asked otherwise; intervals from resampling the runs.

    Examples
    --------
    >>> from scaling_utils import load
    >>> fit = fit_parametric(drop_largest_losses(load("hoffmann2022-fig4"), 5), resamples=200)
    >>> fit.status, round(fit.estimates["alpha"].value, 4), round(fit.estimates["a"].value, 3)
    ('converged', 0.3398, 0.525)
    """
    goal = Objective(objective, delta)
    if starts not in get_args(Starts):
        raise DataError(f"starts is {clip(repr(starts))}; it must be one of {get_args(Starts)}")
    log_params, log_tokens, log_loss = (log_column(runs, name) for name in ("params", "tokens", "loss"))
    loss = runs.conventions.loss_unit
    units = {"E": loss, "A": f"{loss} params^alpha", "B": f"{loss} tokens^beta"}
    units |= dict.fromkeys(("alpha", "beta", "a", "b"), "")
    common: dict[str, Any] = {
        "method": "approach3",
        "law": HOFFMANN.id,
        "n_runs": runs.n_runs,
        "conventions": runs.conventions,
        "provenance": {
            **origin(runs),
            **goal.as_dict(),
            "starts": starts,
            "resamples": resamples,
            "seed": seed,
            "interval": interval,
        },
    }
    if _too_few(log_params, log_tokens):
        return without_answer(units, n_points=len(runs), **common)

    surface = Surface(log_params, log_tokens, log_loss, turn=goal.turns[-1])
    ends = _descend(surface, goal, starts)
    problem = surface_problem(surface)
    within = (ends.theta == problem.inside(ends.theta)).all(axis=1)
    result = problem.polish(ends.theta[int(np.argmin(ends.value))], goal)
    theta = problem.theta(result)
    residuals = problem.residuals(theta)
    met = agreement(
        theta,
        float(surface.totals(residuals[None])[0]),
        ends.theta[within],
        ends.value[within],
        n_points=len(runs),
    )
    state = conditioning(surface.jacobian(theta, centred=True), residuals, goal)
    draws = bootstrap_surface(
        surface, theta, run_numbers(runs), goal, resamples=resamples, seed=seed, n_jobs=n_jobs
    )
    return assemble(
        status=status(
            met,
            state,
            at_bound=problem.at_bound(theta),
            relative_errors=state.errors[3:] / np.maximum(theta[3:], np.finfo(float).tiny),
            failed_share=draws.failed_share,
        ),
        theta=theta,
        natural=natural,
        units=units,
        draws=draws,
        interval=interval,
        diagnostics={
            "objective": goal.total(residuals),
            "n_points": len(runs),
            "largest_flops": math.exp((log_params + log_tokens).max()) * FLOPS_PER_PARAM_TOKEN,
            "starts": len(ends.theta),
            "share_agreeing": met.agreeing / len(ends.theta),
            "rivals": met.rivals,
            "condition": state.condition,
            "median_residual": float(np.median(np.abs(residuals))),
        },
        lmfit_result=result,
        **common,
    )


def drop_largest_losses(runs: RunTable, count: int) -> RunTable:
    """Return the table without its `count` largest losses.

    Raises
    ------
    DataError
        If `count` is negative or leaves nothing.

    Notes
    -----
    *Source*: Besiroglu et al. 2024, section 3, leave out the five largest of 245 losses.

    Examples
    --------
    >>> from scaling_utils import load
    >>> len(drop_largest_losses(load("hoffmann2022-fig4"), 5))
    240
    """
    if not 0 <= count < len(runs):
        raise DataError(f"{count} of {len(runs)} points cannot be left out", file=runs.source)
    kept = np.ones(len(runs), dtype=bool)
    kept[np.argsort(runs.frame["loss"].to_numpy(), kind="stable")[len(runs) - count :]] = False
    return runs.subset(kept)


def natural(theta: FloatArray) -> dict[str, FloatArray]:
    """E, A, B, alpha, beta, a and b by name, from rows (rows, 5) of ln A, ln B, ln E, alpha, beta."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        log_a, log_b, log_e, alpha, beta = theta.T
        return {
            "E": np.exp(log_e),
            "A": np.exp(log_a),
            "B": np.exp(log_b),
            "alpha": alpha,
            "beta": beta,
            "a": beta / (alpha + beta),
            "b": alpha / (alpha + beta),
        }


def _descend(surface: Surface, goal: Objective, starts: Starts) -> Descent:
    """The ends of all starts, looked for on some of the points where there are very many."""
    stride = -(-surface.n_points // SKETCH)
    sketch = surface.thinned(stride)
    rough, fine = _STEPS[starts]
    tried = hoffmann_starts() if starts == "hoffmann2022" else grid_starts(sketch)
    # so that neither the noise nor a few wild points decide where the starts go
    typical = max(float(np.median(np.abs(sketch.residuals(tried[0])))), goal.turns[-1]) * TYPICAL
    gentle = typical if starts == "grid" else np.inf
    near = sketch.with_turn(gentle).descend(tried, rough=True, steps=rough).theta
    if stride > 1:
        near = follow(sketch, goal.turns, near, steps=fine).theta
    end = follow(surface, goal.turns, near, steps=fine)
    if end.arrived.sum() < ENOUGH:
        near = surface.with_turn(gentle).descend(end.theta, rough=True, steps=PATIENCE * rough).theta
        end = follow(surface, ladder(min(gentle, WIDEST), goal.turns[-1]), near, steps=PATIENCE * fine)
    return end


def _too_few(log_params: FloatArray, log_tokens: FloatArray) -> bool:
    # sizes that agree to a millionth are one size
    points = np.round(np.stack([log_params, log_tokens]), 6)
    return len(np.unique(points, axis=1).T) < MIN_RUNS or any(
        len(np.unique(levels)) < MIN_LEVELS for levels in points
    )
