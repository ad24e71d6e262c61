"""Design an IsoFLOP sweep: what to train, and how well it would pin the best size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from scaling_utils.allocation.rule import Source
from scaling_utils.allocation.shape import ModelShape
from scaling_utils.allocation.sweep import Prior, Sweep, plan_sweep
from scaling_utils.allocation.sweep_precision import Precision, precision_table, sweep_precision
from scaling_utils.conventions import convert_loss
from scaling_utils.errors import DataError
from scaling_utils.fitting.minima import MIN_SIZES
from scaling_utils.fitting.powerlaw import MIN_POINTS
from scaling_utils.published import published

REACHES = (2.0, 3.0, 4.0, 6.0, 8.0)
"""Widths of a slice to choose from, as the largest ratio of a size to the middle. Further from the best size
no published sweep vouches for the law."""

MISSES = (0.5, 1.0, 2.0)
"""The middle of a slice over the best size: a prior is not exact."""

TOO_MANY_FAIL = 0.05
"""A width that leaves no estimate in a larger share of the simulations is not taken if another does."""

SPENDS = (0.1, 1.0, 10.0)
"""Other spends to compare with, as shares of the one asked for."""

AHEAD = 100.0
"""The budget whose best size is wanted, by default so many times the cost of the sweep."""

NOISE_ID, NOISE_CORPUS = "porian.noise", "OpenWebText2"
"""Where the noise comes from if it is not stated: losses of equal runs with other seeds."""


@dataclass(frozen=True)
class SweepDesign:
    """A sweep to train, and how well it would pin the best size.

    Parameters
    ----------
    sweep
        The runs.
    target
        Budget (FLOPs) whose best size is wanted.
    noise
        Standard deviation of the loss between seeds that was assumed, in the unit of the prior's loss.
    noise_from
        Where it comes from.
    simulations, seed
        Repetitions, and the seed of their noise.
    precisions
        By spend and method; those of the sweep itself are among them.
    """

    sweep: Sweep
    target: float
    noise: float
    noise_from: str
    simulations: int
    seed: int
    precisions: tuple[Precision, ...]

    def precision(self, method: str) -> Precision:
        """The precision of the sweep itself by one method."""
        return next(
            p for p in self.precisions if p.method == method and math.isclose(p.flops, self.sweep.flops)
        )

    def table(self) -> pd.DataFrame:
        """Precision against spend, for reading."""
        return precision_table(self.precisions)

    def as_dict(self) -> dict[str, Any]:
        """The design as plain values for JSON."""
        return {
            "sweep": self.sweep.as_dict(),
            "target": self.target,
            "noise": self.noise,
            "noise_from": self.noise_from,
            "simulations": self.simulations,
            "seed": self.seed,
            "precisions": [p.as_dict() for p in self.precisions],
        }


def design_sweep(
    prior: Source,
    *,
    flops: float | None = None,
    largest: float | None = None,
    budgets: int = 4,
    sizes: int = 7,
    span: float = 100.0,
    reach: float | None = None,
    target: float | None = None,
    noise: float | None = None,
    shape: ModelShape | None = None,
    spends: Iterable[float] = SPENDS,
    simulations: int = 400,
    seed: int = 0,
) -> SweepDesign:
    r"""Propose an IsoFLOP sweep around the best sizes of a law, and simulate what it would find.

    Parameters
    ----------
    prior
        A published law of the loss in N and D, or a fit of such a law.
    flops, largest
        Compute of all runs together, or of each run of the largest slice (FLOPs); one of the two.
    budgets, sizes
        Slices (at least three), and sizes in each (at least four), both evenly spaced in logarithms.
    span
        Largest budget over the smallest.
    reach
        Largest ratio of a size to the middle of its slice; by default the one of `REACHES` that
        `choose_reach` finds.
    target
        Budget (FLOPs) whose best size is wanted; by default a hundred times the cost of the sweep.
    noise
        Standard deviation of the loss between seeds, in the unit of the prior's loss; by default that of
        Porian et al. 2024 on OpenWebText2.
    shape
        Round sizes to transformers near this shape.
    spends
        Spends to simulate, as shares of the one asked for. The others keep the smallest budget, and as nearly
        as may be the ratio between budgets: more compute adds larger ones. Their sizes are not rounded. A
        spend that does not pay for three such budgets is left out.
    simulations, seed
        Repetitions at each spend, and the seed of their noise.

    Returns
    -------
    SweepDesign

    Raises
    ------
    DataError
        If the prior has no loss, or a number is out of range.
    ConventionError
        If the noise is not stated and the prior's loss is not per token.

    Notes
    -----
    Where all slices have the same sizes relative to their best one, the minimum of a parabola is off by the
    same factor in each, so the exponent of Approach 2 is unbiased and the coefficient is not (Czech et al.
    2026). `reach` weighs that bias, which grows with the width, against the scatter, which shrinks with it.

    Examples
    --------
    >>> from scaling_utils import published_law
    >>> design = design_sweep(published_law("besiroglu2024"), flops=1e21, simulations=50)
    >>> len(design.sweep.runs), f"{design.precision('approach3').exponent.sd:.2f}"
    (28, '0.01')
    """
    if budgets < MIN_POINTS or sizes < MIN_SIZES:
        raise DataError(
            f"a sweep of {budgets} budgets and {sizes} sizes leaves nothing for a fit to be wrong about",
            remedy=f"Approach 2 needs at least {MIN_POINTS} budgets and {MIN_SIZES} sizes in each.",
        )
    law = Prior.of(prior)
    plan = partial(plan_sweep, law, budgets=budgets, sizes=sizes)
    total = _total(flops, largest, budgets=budgets, sizes=sizes, span=span)
    wanted = AHEAD * total if target is None else target
    sd, noise_from = default_noise(law) if noise is None else (noise, "stated")
    if reach is None:
        reach = choose_reach(
            partial(plan, flops=total, span=span, shape=shape), target=wanted, noise=sd, seed=seed
        )
    sweep = plan(flops=total, span=span, reach=reach, shape=shape)
    precisions: list[Precision] = []
    for share in sorted({*spends, 1.0}):
        other = sweep if share == 1 else _at_other_spend(sweep, share, budgets, sizes, span)
        if other is not None:
            precisions += sweep_precision(other, target=wanted, noise=sd, simulations=simulations, seed=seed)
    return SweepDesign(sweep, wanted, sd, noise_from, simulations, seed, tuple(precisions))


def choose_reach(
    plan: Callable[..., Sweep], *, target: float, noise: float, simulations: int = 400, seed: int = 0
) -> float:
    """The width of slices that serves Approach 2 best if the prior may be off by a factor of two.

    Parameters
    ----------
    plan
        Gives the sweep for a `reach` and a `centre`; see `plan_sweep`.
    target, noise, simulations, seed
        As for `simulate_precision`.

    Returns
    -------
    float
        The one of `REACHES` with the smallest root mean square error of ln N_opt at the target, in the worst
        of three cases: the slices lie around the best sizes, or around half or twice those.

    Raises
    ------
    DataError
        If no width makes a sweep.

    Examples
    --------
    >>> from scaling_utils.laws import published_law
    >>> plan = partial(plan_sweep, Prior.of(published_law("besiroglu2024")), flops=1e21)
    >>> choose_reach(plan, target=1e23, noise=0.01)
    8.0
    """

    def badness(reach: float) -> tuple[float, float]:
        failed, error = 0.0, 0.0
        for miss in MISSES:
            (found,) = sweep_precision(
                plan(reach=reach, centre=miss),
                target=target,
                noise=noise,
                simulations=simulations,
                seed=seed,
                methods=["approach2"],
            )
            failed = max(failed, found.failed_share)
            # without two estimates there is no scatter, and the share of failures decides
            error = float(np.fmax(error, math.hypot(found.log_params.bias, found.log_params.sd)))
        return max(failed, TOO_MANY_FAIL), error

    found, trouble = {}, None
    for reach in REACHES:
        try:
            found[reach] = badness(reach)
        except DataError as error:  # of narrow slices two sizes may round to one transformer
            trouble = error
    if trouble is not None and not found:
        raise trouble
    return min(found, key=found.__getitem__)


def default_noise(prior: Prior) -> tuple[float, str]:
    """Spread of the loss between seeds (in the unit of the prior's loss), and who reports it.

    >>> from scaling_utils.laws import published_law
    >>> default_noise(Prior.of(published_law("besiroglu2024")))
    (0.01, 'porian2024resolving, OpenWebText2')
    """
    stated = published(NOISE_ID)
    sd = float(convert_loss(stated.values()[NOISE_CORPUS], "nats/token", prior.conventions.loss_unit))
    return sd, f"{stated.source.bibkey}, {NOISE_CORPUS}"


def _total(flops: float | None, largest: float | None, *, budgets: int, sizes: int, span: float) -> float:
    if (flops is None) == (largest is None):
        raise DataError("state the compute of the whole sweep, or of a run of its largest slice: one of them")
    if largest is None:
        assert flops is not None
        return flops
    if not (math.isfinite(span) and span > 1):
        raise DataError(f"span is {span:g}, but it must be finite and exceed 1")
    return float(largest * sizes * np.geomspace(1 / span, 1.0, budgets).sum())


def _at_other_spend(sweep: Sweep, share: float, budgets: int, sizes: int, span: float) -> Sweep | None:
    """The sweep that another spend would pay for: the same smallest budget, more or fewer above it."""
    from scipy.optimize import brentq

    if not (math.isfinite(share) and share > 0):
        raise DataError(f"{share:g} is no share of the spend; it must be positive")
    flops, smallest = share * sweep.flops, sweep.budgets[0]
    count = max(MIN_POINTS, math.ceil(budgets + (budgets - 1) * math.log(share) / math.log(span) - 1e-9))
    wanted = flops / (sizes * smallest)
    if wanted <= count:
        return None
    log_span = brentq(
        lambda log: np.exp(np.linspace(0, log, count)).sum() - wanted, 0.0, math.log(wanted), xtol=1e-12
    )
    return plan_sweep(
        sweep.prior,
        flops=flops,
        budgets=count,
        sizes=sizes,
        span=math.exp(log_span),
        reach=sweep.reach,
    )
