"""The fit of Kaplan's law L(N, S_min) to training curves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from scaling_utils.arrays import FloatArray
from scaling_utils.errors import ConventionError, DataError
from scaling_utils.fitting.bridge import fit_law
from scaling_utils.fitting.objective import HUBER_DELTA, ObjectiveName
from scaling_utils.laws import KAPLAN_CRITICAL_BATCH, KAPLAN_NS, CriticalBatch, steps_min
from scaling_utils.results import FitResult
from scaling_utils.runs.table import RunTable

START_EXPONENTS = ((0.02, 0.05, 0.1, 0.2, 0.4, 0.8), (0.1, 0.3, 0.5, 0.8, 1.2, 2.0))
"""Grid of alpha_N and alpha_S whose best members start the fit."""

STARTS = 12

MIN_SIZES = 3
"""Two sizes fix N_c and alpha_N exactly, and nothing could show them wrong."""


def fit_kaplan(
    runs: RunTable,
    *,
    batch: float | None = None,
    warmup: float = 0.0,
    critical: CriticalBatch = KAPLAN_CRITICAL_BATCH,
    objective: ObjectiveName = "huber",
    delta: float = HUBER_DELTA,
    resamples: int = 0,
    seed: int = 0,
    n_jobs: int = 1,
) -> FitResult:
    r"""Fit :math:`L(N, S_{min}) = (N_c/N)^{\alpha_N} + (S_c/S_{min})^{\alpha_S}` to training curves.

    Each point's steps become S_min by the critical batch size at its own loss.

    Parameters
    ----------
    runs
        Points along training curves: `params`, `loss`, and `step` or `tokens`.
    batch
        Batch (tokens). By default tokens / step of each point, which needs both columns.
    warmup
        Points up to this step are left out: the law does not describe the warm-up.
    critical
        The critical batch size by loss (nats/token); it is not fitted. `NO_CRITICAL_BATCH` where it is not
        known, for a loss in any unit.
    objective, delta
        What to minimise, see `Objective`.
    resamples
        Bootstrap resamples over runs, a run with all its points; 0 gives no intervals.
    seed
        Seed of the resampling.
    n_jobs
        Processes of the bootstrap.

    Returns
    -------
    FitResult
        Estimates N_c, S_c, alpha_N, alpha_S, and what follows from them: `p_N` and `alpha_C_min`, the
        exponents of N_opt and of the loss in C_min.

    Raises
    ------
    ConventionError
        If the loss is not in nats/token and `critical` is for losses that are.
    DataError
        If the steps cannot be had from the columns, no point is left after the warm-up, or there are
        fewer than three model sizes.

    Notes
    -----
    *Source*: Kaplan et al. 2020, section 5.2 (the fit), equations 6.4 and 6.5 (what follows).

    *Departures from the source*: the objective (the paper does not state its own); the bootstrap is ours.
    With `NO_CRITICAL_BATCH` the steps are taken as they are: the fit is of L(N, S) at the batch of the runs,
    `S_c` holds whatever that batch costs, and `p_N` is the exponent of N_opt in C at that batch. If runs of
    low loss lie further below their critical batch size than others, `alpha_S` is too small.
    """
    if critical.known and runs.conventions.loss_unit != "nats/token":
        raise ConventionError(
            f"the critical batch size is known for a loss in nats/token, not {runs.conventions.loss_unit}; "
            "convert with RunTable.with_loss_unit(...), or fit the steps as taken: critical=NO_CRITICAL_BATCH"
        )
    frame = runs.frame
    steps, batches = _steps_and_batches(runs, batch)
    kept = steps > warmup
    if not kept.any():
        raise DataError(
            f"no point is after the warm-up of {warmup:g} steps; the last is at step {steps.max():g}",
            file=runs.source,
            remedy="Give a shorter warm-up.",
        )
    params, loss = (frame[name].to_numpy(dtype=float)[kept] for name in ("params", "loss"))
    sizes = len(np.unique(params))
    if sizes < MIN_SIZES:
        raise DataError(
            f"the law of training curves needs at least {MIN_SIZES} model sizes, not {sizes}",
            file=runs.source,
            remedy="Add runs of other sizes.",
        )
    least = steps_min(steps[kept], batches[kept], loss, critical=critical)
    inverse_b = 1 / critical.exponent
    fit = fit_law(
        KAPLAN_NS,
        {"params": params, "steps_min": least},
        loss,
        starts=_starts(params, least, loss),
        groups=frame["run_id"].to_numpy()[kept],
        objective=objective,
        delta=delta,
        resamples=resamples,
        seed=seed,
        n_jobs=n_jobs,
        derived={
            "p_N": lambda v: 1 / (1 + v["alpha_N"] * (1 / v["alpha_S"] + inverse_b)),
            "alpha_C_min": lambda v: 1 / (1 / v["alpha_N"] + 1 / v["alpha_S"] + inverse_b),
        },
        method="kaplan-ns",
        conventions=runs.conventions,
        provenance={
            "source": runs.source,
            "sha256": runs.sha256,
            "batch_tokens": batch,
            "warmup_steps": warmup,
            "critical_batch_scale": critical.scale if critical.known else None,
            "critical_batch_exponent": critical.exponent if critical.known else None,
        },
    )
    return replace(fit, diagnostics={**fit.diagnostics, "left_out": float((~kept).sum())})


def _steps_and_batches(runs: RunTable, batch: float | None) -> tuple[FloatArray, FloatArray]:
    frame = runs.frame
    if batch is not None and not (batch > 0 and math.isfinite(batch)):
        raise DataError(f"batch is {batch}; it is a number of tokens and must be positive")
    columns = {name: frame[name].to_numpy(dtype=float) for name in ("step", "tokens") if name in frame}
    if batch is not None and "tokens" in columns:
        return columns["tokens"] / batch, np.full(len(frame), batch)
    if batch is not None and "step" in columns:
        return columns["step"], np.full(len(frame), batch)
    if len(columns) == 2:
        steps = columns["step"]
        return steps, columns["tokens"] / np.where(steps > 0, steps, np.nan)
    raise DataError(
        "the steps of training are not known: there are not both columns 'step' and 'tokens'",
        file=runs.source,
        remedy="Give the batch size in tokens.",
    )


def _starts(params: FloatArray, least: FloatArray, loss: FloatArray) -> FloatArray:
    """The members of the grid of exponents whose best scales fit the loss best, shape (STARTS, 4).

    At given exponents the law is linear in N_c^alpha_N and S_c^alpha_S.
    """
    found: list[tuple[float, list[float]]] = []
    for alpha_n in START_EXPONENTS[0]:
        for alpha_s in START_EXPONENTS[1]:
            terms = np.column_stack([params**-alpha_n, least**-alpha_s]) / loss[:, None]
            coefficients = np.linalg.lstsq(terms, np.ones_like(loss), rcond=None)[0]
            share = np.maximum(coefficients * np.median(terms, axis=0), 1e-3)
            a, b = share / np.median(terms, axis=0)
            error = float(np.square(terms @ [a, b] - 1).sum())
            found.append((error, [a ** (1 / alpha_n), b ** (1 / alpha_s), alpha_n, alpha_s]))
    found.sort(key=lambda item: item[0])
    return np.array([start for _, start in found[:STARTS]])
