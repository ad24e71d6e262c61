"""A frontier that bends towards a floor: L = E + k C^-gamma through the lower envelope of training curves."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from scaling_utils.arrays import FloatArray
from scaling_utils.fitting.envelope.curves import Curves
from scaling_utils.fitting.envelope.frontier import Frontier
from scaling_utils.results import Estimate
from scaling_utils.results.envelope import EnvelopeFit
from scaling_utils.runs.table import RunTable

GAMMAS = np.geomspace(0.004, 1.5, 500)
"""Exponents that are tried; between them a parabola finds the best."""

BUDGETS = 300
"""The frontier is smooth, so that this many of its budgets say as much as all."""

FloorStatus = Literal["converged", "no floor", "bound hit"]


@dataclass(frozen=True, eq=False)
class FlooredFrontier:
    """The frontier L = E + k (C / C_0)^-gamma.

    Parameters
    ----------
    E
        The floor (loss unit of the runs), 0 or more.
    gamma
        Exponent of the excess over the floor.
    excess
        k, the excess over the floor at C_0.
    centre
        C_0 (FLOPs), in the middle of the frontier.
    status
        ``"converged"``; ``"no floor"`` where a straight line in logarithms (E = 0) does best;
        ``"bound hit"`` where the best exponent is the smallest or largest tried.
    draws
        Bootstrap draws of E, k and gamma, shape (3, resamples).
    """

    E: Estimate
    gamma: Estimate
    excess: Estimate
    centre: float
    status: FloorStatus
    draws: FloatArray = field(repr=False)

    def __call__(self, flops: FloatArray) -> FloatArray:
        """The loss at budgets (FLOPs)."""
        falls = (np.asarray(flops, dtype=float) / self.centre) ** -self.gamma.value
        return np.asarray(self.E.value + self.excess.value * falls)

    def loss_at(self, flops: float) -> Estimate:
        """The loss at a budget (FLOPs), with its interval."""
        floor, excess, gamma = self.draws
        at = floor + excess * (flops / self.centre) ** -gamma
        return Estimate.from_draws(float(self(np.array(flops))), at, unit=self.E.unit)


def fit_floor(runs: RunTable, fit: EnvelopeFit, *, resamples: int = 1000, seed: int = 0) -> FlooredFrontier:
    r"""Fit a power law with a floor to the frontier that Approach 1 found.

    .. math:: L(C) = E + k\,(C / C_0)^{-\gamma}

    Parameters
    ----------
    runs
        The training curves that `fit` was made from.
    fit
        Result of `fit_envelope`.
    resamples
        Bootstrap resamples over runs; 0 gives no intervals.
    seed
        Seed of the resampling.

    Returns
    -------
    FlooredFrontier

    Notes
    -----
    On the surface L = E + A N^-alpha + B D^-beta the frontier has exactly this form, with gamma =
    alpha beta / (alpha + beta): along it both terms fall in proportion. Least squares of relative residuals;
    for each gamma of a fine grid E and k solve a linear problem, for all resamples at once.

    *Departures from the source*: Hoffmann et al. 2022 (appendix E) show the bend by straight lines only.

    Examples
    --------
    >>> from scaling_utils.fitting.envelope import fit_envelope
    >>> from scaling_utils.fitting.envelope import simulate_runs
    >>> from scaling_utils.laws import HoffmannLaw
    >>> law = HoffmannLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
    >>> runs = simulate_runs(law, noise=0, seed=0)
    >>> fit = fit_envelope(runs, flops_range=(1e18, 1e22), smoothing=0, resamples=0)
    >>> floor = fit_floor(runs, fit, resamples=0)
    >>> floor.status, round(floor.E.value, 2), round(floor.gamma.value, 3)
    ('converged', 1.69, 0.154)
    """
    every = math.ceil(len(fit.points) / BUDGETS)
    budgets = fit.points["budget"].to_numpy()[::every]
    centre = float(np.exp(np.log(budgets).mean()))
    powers = (budgets / centre) ** -GAMMAS[:, None]
    loss = fit.points["loss"].to_numpy()[::every]
    value = _solve(powers, np.ones((len(loss), 1)), loss[:, None])[:, 0]
    curves = Curves.from_runs(runs, skip=fit.skip).smoothed(fit.smoothing)
    frontier = Frontier.of(curves, budgets)
    chunks = [
        _solve(powers, present, np.exp(log_loss))
        for present, log_loss in frontier.resampled_losses(resamples, np.random.default_rng(seed))
    ]
    draws = np.hstack(chunks) if chunks else np.empty((3, 0))
    unit = fit.conventions.loss_unit
    return FlooredFrontier(
        E=Estimate.from_draws(value[0], draws[0], unit=unit),
        excess=Estimate.from_draws(value[1], draws[1], unit=unit),
        gamma=Estimate.from_draws(value[2], draws[2]),
        centre=centre,
        status=_status(value),
        draws=draws,
    )


def _status(value: FloatArray) -> FloorStatus:
    if value[0] == 0:
        return "no floor"
    return "converged" if GAMMAS[1] < value[2] < GAMMAS[-2] else "bound hit"


def _solve(powers: FloatArray, present: FloatArray, loss: FloatArray) -> FloatArray:
    """E, k and gamma of each column; NaN for fewer than four budgets.

    Parameters
    ----------
    powers
        (C / C_0)^-gamma, shape (gammas, budgets).
    present
        1 where a draw has a budget, else 0, shape (budgets, draws).
    loss
        Shape (budgets, draws).
    """
    n, columns = present.sum(axis=0), np.arange(loss.shape[1])
    once, twice = present / loss, present / loss**2
    s11, t1 = twice.sum(axis=0), once.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):  # draws without budgets, set to NaN below
        s12, s22, t2 = powers @ twice, powers**2 @ twice, powers @ once
        floor, excess = _line(s11, s12, s22, t1, t2)
        left = n - t1 * floor - t2 * excess
        best = np.clip(left.argmin(axis=0), 1, len(GAMMAS) - 2)
        below, at, above = (left[best + step, columns] for step in (-1, 0, 1))
        bend = below - 2 * at + above
        shift = np.where(bend > 0, np.clip((below - above) / (2 * bend), -1, 1), 0.0)
        gamma = GAMMAS[best] * (GAMMAS[1] / GAMMAS[0]) ** shift
        refined = powers[best].T ** (gamma / GAMMAS[best])
        s12, s22, t2 = (
            (weight * refined**power).sum(axis=0) for weight, power in ((twice, 1), (twice, 2), (once, 1))
        )
        floor, excess = _line(s11, s12, s22, t1, t2)
    return np.where(n > 3, np.stack([floor, excess, gamma]), np.nan)


def _line(
    s11: FloatArray, s12: FloatArray, s22: FloatArray, t1: FloatArray, t2: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """E and k that solve the normal equations, with E at least 0."""
    determinant = s11 * s22 - s12**2
    floor = np.maximum((t1 * s22 - t2 * s12) / determinant, 0.0)
    return floor, (t2 - floor * s12) / s22
