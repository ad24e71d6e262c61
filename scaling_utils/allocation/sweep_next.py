"""The next runs after some: which slice, or slices, would narrow the best size at a budget most."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from scaling_utils.allocation.rule import Source
from scaling_utils.allocation.shape import ModelShape
from scaling_utils.allocation.sweep import Prior, Sweep, plan_sweep
from scaling_utils.allocation.sweep_design import AHEAD, default_noise
from scaling_utils.allocation.sweep_precision import (
    Precision,
    precision_table,
    simulate_precision,
    sweep_arrays,
)
from scaling_utils.conventions import training_flops
from scaling_utils.errors import ConventionError, DataError
from scaling_utils.fitting.bridge import log_column
from scaling_utils.fitting.minima import MIN_SIZES
from scaling_utils.fitting.parametric import fit_parametric, residual_spread
from scaling_utils.runs.table import RunTable

REACHES = (2.0, 4.0, 8.0)
"""Widths of a slice to choose from, as the largest ratio of a size to the best one."""


@dataclass(frozen=True)
class Candidate:
    """One way to spend the compute, and what it would give together with the runs at hand.

    Parameters
    ----------
    budgets
        Slices, evenly spaced in logarithms.
    largest
        Budget of the largest (FLOPs).
    reach
        Largest ratio of a size to the middle of its slice.
    precision
        By Approach 3 on all runs.
    """

    budgets: int
    largest: float
    reach: float
    precision: Precision


@dataclass(frozen=True)
class NextDesign:
    """The next runs to train.

    Parameters
    ----------
    sweep
        The runs; of `candidates` the one that leaves the narrowest interval of N_opt at the target.
    given, given_runs, given_flops
        Source, number and compute (FLOPs) of the runs at hand.
    fit_status
        Status of their own fit by Approach 3.
    target, noise, noise_from, simulations, seed
        As of `SweepDesign`.
    before
        Precision of the runs at hand alone.
    candidates
        All that were compared.
    """

    sweep: Sweep
    given: str
    given_runs: int
    given_flops: float
    fit_status: str
    target: float
    noise: float
    noise_from: str
    simulations: int
    seed: int
    before: Precision
    candidates: tuple[Candidate, ...]

    @property
    def after(self) -> Precision:
        """Precision of the runs at hand with the new ones."""
        return min(self.candidates, key=_width).precision

    @property
    def warning(self) -> str:
        """Why the proposal may mislead; empty if the fit of the runs at hand converged."""
        if self.fit_status == "converged":
            return ""
        told = f"the fit of the runs at hand is not sound ({self.fit_status})"
        return f"{told}: the sizes, and all that is said of their precision, rest on {self.sweep.prior.name}"

    def table(self) -> pd.DataFrame:
        """The runs at hand alone, and with each candidate, for reading."""
        names = ["runs at hand"]
        names += [f"{c.budgets} up to {c.largest:.2g} FLOPs, {c.reach:g}x" for c in self.candidates]
        table = precision_table([self.before, *(c.precision for c in self.candidates)])
        table.insert(0, "new slices", names)
        return table

    def as_dict(self) -> dict[str, Any]:
        """The design as plain values for JSON."""
        return {
            "sweep": self.sweep.as_dict(),
            "given": {"source": self.given, "runs": self.given_runs, "flops": self.given_flops},
            "fit_status": self.fit_status,
            "warning": self.warning,
            "target": self.target,
            "noise": self.noise,
            "noise_from": self.noise_from,
            "simulations": self.simulations,
            "seed": self.seed,
            "before": self.before.as_dict(),
            "after": self.after.as_dict(),
            "candidates": [asdict(c) | {"precision": c.precision.as_dict()} for c in self.candidates],
        }


def design_next_runs(
    runs: RunTable,
    *,
    flops: float,
    budgets: int = 4,
    sizes: int = 7,
    span: float = 100.0,
    prior: Source | None = None,
    target: float | None = None,
    noise: float | None = None,
    shape: ModelShape | None = None,
    simulations: int = 400,
    seed: int = 0,
) -> NextDesign:
    """Propose the runs that, beside those at hand, would narrow the best size at a budget most.

    Parameters
    ----------
    runs
        The runs at hand; of a training curve only the last point counts.
    flops
        Compute of the new runs together (FLOPs).
    budgets, sizes
        At most so many new slices, and sizes in each (at least four). One slice, two, and all are tried, each
        with three widths.
    span
        Largest new budget over the smallest, if there are several.
    prior
        The law to plan by; by default the fit of the runs at hand by Approach 3.
    target
        Budget (FLOPs) whose best size is wanted; by default a hundred times the cost of all runs.
    noise
        Standard deviation of the loss between seeds, in the unit of the loss; by default that of the
        residuals of the fit, or with a stated prior as for `design_sweep`.
    shape, simulations, seed
        As for `design_sweep`.

    Returns
    -------
    NextDesign

    Raises
    ------
    DataError
        If the runs lack tokens, their fit leaves no best size, or a number is out of range.
    ConventionError
        If runs and prior count parameters or loss in different ways.

    Notes
    -----
    In every simulation the losses of the runs at hand are drawn anew at their sizes and tokens, with those of
    the new runs, and all are fitted together by Approach 3 (a parametric bootstrap of both).

    Examples
    --------
    >>> from scaling_utils import load
    >>> design = design_next_runs(load("hoffmann2022-fig4"), flops=1e22, target=1e24, simulations=20)
    >>> design.after.params_factor < design.before.params_factor
    True
    """
    if budgets < 1 or sizes < MIN_SIZES:
        raise DataError(
            f"{budgets} slices of {sizes} sizes; there must be one or more, of {MIN_SIZES} or more"
        )
    ends = runs.final_points()
    fit = fit_parametric(ends, resamples=0)
    law = Prior.of(fit if prior is None else prior)
    for name in ("param_count", "loss_unit"):
        theirs, ours = getattr(law.conventions, name), getattr(runs.conventions, name)
        if theirs != ours:
            raise ConventionError(
                f"{law.name} has {name} {theirs}, the runs have {ours}; they cannot be mixed"
            )
    params, tokens = (np.exp(log_column(ends, name)) for name in ("params", "tokens"))
    spent = float(training_flops(params, tokens).sum())
    wanted = AHEAD * (flops + spent) if target is None else target
    if noise is not None:
        sd, noise_from = noise, "stated"
    elif prior is None:
        sd, noise_from = residual_spread(fit, ends), "residuals of the fit"
    else:
        sd, noise_from = default_noise(law)

    def precision(extra: Sweep | None) -> Precision:
        new = sweep_arrays(extra)[1:] if extra else np.empty((2, 0))
        (found,) = simulate_precision(
            law,
            np.concatenate([params, new[0]]),
            np.concatenate([tokens, new[1]]),
            target=wanted,
            noise=sd,
            simulations=simulations,
            seed=seed,
            methods=["approach3"],
        )
        return found

    found = []
    for count in sorted({1, min(2, budgets), budgets}):
        for reach in REACHES:
            sweep = plan_sweep(
                law, flops=flops, budgets=count, sizes=sizes, span=span, reach=reach, shape=shape
            )
            found.append((Candidate(count, sweep.budgets[-1], reach, precision(sweep)), sweep))
    best = min(found, key=lambda pair: _width(pair[0]))[1]
    return NextDesign(
        sweep=best,
        given=runs.source,
        given_runs=len(ends),
        given_flops=spent,
        fit_status=fit.status,
        target=wanted,
        noise=sd,
        noise_from=noise_from,
        simulations=simulations,
        seed=seed,
        before=precision(None),
        candidates=tuple(candidate for candidate, _ in found),
    )


def _width(candidate: Candidate) -> float:
    width = candidate.precision.log_params.width
    return math.inf if math.isnan(width) else width
