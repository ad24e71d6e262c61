"""Fit any law to ln loss with lmfit, from many starts, with a status and bootstrap intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import DEFAULT, Conventions
from scaling_utils.errors import DataError
from scaling_utils.fitting.bootstrap import Draws, Integers, bootstrap_problem
from scaling_utils.fitting.coordinates import Coordinates
from scaling_utils.fitting.intervals import DEFAULT_INTERVAL, IntervalKind, estimate
from scaling_utils.fitting.objective import HUBER_DELTA, Objective, ObjectiveName
from scaling_utils.fitting.verdict import agreement, conditioning, status
from scaling_utils.laws import Law
from scaling_utils.results import Estimate, FitResult, FitStatus
from scaling_utils.runs.table import RunTable

POLISHED = 12
"""Starts that are followed to their end: those with the best objective."""


def fit_law(
    law: Law,
    variables: Mapping[str, ArrayLike],
    loss: ArrayLike,
    *,
    starts: ArrayLike,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    groups: ArrayLike | None = None,
    objective: ObjectiveName = "huber",
    delta: float = HUBER_DELTA,
    resamples: int = 0,
    seed: int = 0,
    interval: IntervalKind = DEFAULT_INTERVAL,
    n_jobs: int = 1,
    derived: Mapping[str, Callable[[Mapping[str, Any]], Any]] | None = None,
    units: Mapping[str, str] | None = None,
    method: str = "",
    conventions: Conventions = DEFAULT,
    provenance: Mapping[str, Any] | None = None,
) -> FitResult:
    """Fit a law by minimising the sum over points of a function of ln(law) - ln(loss).

    Parameters
    ----------
    law
        The form to fit.
    variables
        Its variables by name, each of shape (n,), positive.
    loss
        Measured loss, shape (n,), positive.
    starts
        Natural values of the parameters in the order of the law, shape (starts, P) or (P,), inside the
        bounds. The best twelve are followed; a single one is joined by others near it.
    bounds
        Bounds of natural values by parameter, where the law's own should be narrower.
    groups
        Run of each point, shape (n,), which the bootstrap draws as a whole; by default every point is one.
    objective, delta
        What to minimise; see `Objective`.
    resamples
        Bootstrap resamples of the groups; 0 gives no intervals.
    seed
        Seed of the resampling.
    interval
        ``"percentile"`` or ``"bias-corrected"``; see `scaling_utils.fitting.intervals.interval`.
    n_jobs
        Workers for the bootstrap (joblib, with its backend in force). The result does not depend on it.
    derived
        Further estimates by name: functions of the parameters by name, numbers or arrays alike.
    units
        Units of derived estimates, or of parameters where the law's own should be more definite.
    method
        Name of the method; by default the id of the law.
    conventions, provenance
        To be carried in the result.

    Returns
    -------
    FitResult
        Its `lmfit_result` is in the logarithms (``ln_...``) of those parameters that cannot be negative.

    Raises
    ------
    DataError
        If a variable or loss is not positive and finite, or the lengths differ.
    ValueError
        If a variable is missing, or a start does not lie inside the bounds.

    Examples
    --------
    >>> from scaling_utils.laws import POWER_LAW
    >>> flops = np.geomspace(1e18, 1e21, 8)
    >>> fit = fit_law(POWER_LAW, {"flops": flops}, 30 * flops**-0.05, starts=[10, 0.1])
    >>> fit.status, round(fit.estimates["A"].value, 6), round(fit.estimates["g"].value, 6)
    ('converged', 30.0, 0.05)
    """
    goal = Objective(objective, delta)
    columns = [_positive(variables[name], name) for name in law.variables]
    measured = _positive(loss, "loss")
    if len({len(column) for column in (*columns, measured)}) > 1:
        raise DataError(f"the variables of {law.id} and the loss have different numbers of points")
    group = _numbered(np.arange(len(measured)) if groups is None else groups)
    parameter_units = {p.name: _unit(p.unit, conventions) for p in law.parameters}
    all_units = parameter_units | dict.fromkeys(derived or {}, "") | dict(units or {})
    common: dict[str, Any] = {
        "method": method or law.id,
        "law": law.id,
        "n_runs": int(group.max()) + 1,
        "conventions": conventions,
        "provenance": {
            **(provenance or {}),
            **goal.as_dict(),
            "resamples": resamples,
            "seed": seed,
            "interval": interval,
        },
    }
    if len(np.unique(np.round(np.log(columns), 6), axis=1).T) <= len(law.parameters):
        return without_answer(all_units, n_points=len(measured), **common)

    form = Coordinates(law, columns, np.log(measured), dict(bounds or {}))
    problem = form.problem()
    tried = form.starts(starts)
    totals = np.array([goal.smooth_total(problem.residuals(start)) for start in tried])
    once = np.ones(len(measured))
    chosen = tried[np.argsort(totals, kind="stable")[:POLISHED]]
    ends = np.array([problem.polish_weighted(start, once, goal)[0] for start in chosen])
    totals = np.array([goal.smooth_total(problem.residuals(end)) for end in ends])
    result = problem.polish(ends[int(np.argmin(totals))], goal)
    theta = problem.theta(result)
    residuals = problem.residuals(theta)
    met = agreement(theta, goal.smooth_total(residuals), ends, totals, n_points=len(measured))
    state = conditioning(problem.jacobian(theta), residuals, goal)
    draws = bootstrap_problem(problem, theta, group, goal, resamples=resamples, seed=seed, n_jobs=n_jobs)

    def natural(rows: FloatArray) -> dict[str, FloatArray]:
        named = dict(zip(law.names, form.natural(rows).T, strict=True))
        return named | {name: np.asarray(function(named)) for name, function in (derived or {}).items()}

    return assemble(
        status=status(
            met,
            state,
            at_bound=problem.at_bound(theta),
            relative_errors=form.relative_errors(state.errors, theta),
            failed_share=draws.failed_share,
        ),
        theta=theta,
        natural=natural,
        units=all_units,
        draws=draws,
        interval=interval,
        diagnostics={
            "objective": goal.total(residuals),
            "n_points": len(measured),
            "starts": len(ends),
            "share_agreeing": met.agreeing / len(ends),
            "rivals": met.rivals,
            "condition": state.condition,
            "median_residual": float(np.median(np.abs(residuals))),
        },
        lmfit_result=result,
        **common,
    )


def assemble(
    *,
    theta: FloatArray,
    natural: Callable[[FloatArray], dict[str, FloatArray]],
    units: Mapping[str, str],
    draws: Draws,
    interval: IntervalKind,
    diagnostics: Mapping[str, float],
    **rest: Any,
) -> FitResult:
    """The result from the optimum, the draws and how both read in natural values."""
    named = natural(draws.theta)
    shares = {"restarted_share": draws.restarted_share, "failed_share": draws.failed_share}
    return FitResult(
        estimates={
            name: estimate(float(value[0]), named[name], unit=units[name], kind=interval)
            for name, value in natural(theta[None]).items()
        },
        diagnostics={
            name: float(value)
            for name, value in (dict(diagnostics) | (shares if len(draws.theta) else {})).items()
        },
        draws=named if len(draws.theta) else {},
        **rest,
    )


def without_answer(units: Mapping[str, str], *, n_points: int, **rest: Any) -> FitResult:
    """The result for too few runs: every estimate is NaN."""
    too_few: FitStatus = "too few runs"
    return FitResult(
        status=too_few,
        estimates={name: Estimate(math.nan, unit=unit) for name, unit in units.items()},
        diagnostics={"n_points": float(n_points)},
        **rest,
    )


def log_column(runs: RunTable, name: str) -> FloatArray:
    """Logarithm of a column that must be there, positive and finite."""
    if name not in runs.frame:
        raise DataError(f"there is no column {name}, which the fit needs", file=runs.source)
    return np.asarray(np.log(_positive(runs.frame[name], runs.spelling.get(name, name), file=runs.source)))


def run_numbers(runs: RunTable) -> Integers:
    """The run of each point as a number from 0."""
    return _numbered(runs.frame["run_id"].to_numpy())


def origin(runs: RunTable) -> dict[str, str]:
    """Where the runs come from, for the provenance of a result."""
    return {"source": runs.source, "sha256": runs.sha256}


def _positive(values: ArrayLike, name: str, *, file: str | None = None) -> FloatArray:
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or not array.size:
        raise DataError(f"{name} has no values in a row", file=file)
    bad = ~(np.isfinite(array) & (array > 0))
    if bad.any():
        raise DataError(
            f"{bad.sum()} of {len(array)} values (the first in row {int(np.argmax(bad)) + 1}) "
            "are not positive and finite, as a fit in logarithms needs",
            file=file,
            column=name,
        )
    return array


def _numbered(labels: ArrayLike) -> Integers:
    return np.asarray(np.unique(np.asarray(labels), return_inverse=True)[1].reshape(-1), dtype=np.intp)


def _unit(unit: str, conventions: Conventions) -> str:
    return unit.replace("loss", conventions.loss_unit)
