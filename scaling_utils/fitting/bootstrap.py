"""The bootstrap over runs: every resample fitted anew, many at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scaling_utils.arrays import FloatArray
from scaling_utils.fitting.objective import Objective
from scaling_utils.fitting.problem import Problem
from scaling_utils.fitting.surface import Surface, follow, restart, surface_problem

CHUNK = 400
"""Resamples with a random generator of their own: fixed, so that results do not depend on the workers."""

RESTARTS = 6
"""Other starts for a resample that did not arrive from the optimum of all the data."""

MOST_BY_SCIPY = 8
"""Resamples of a chunk that are worth a single fit by scipy; if more fail, the fault is with the data."""

Integers = NDArray[np.intp]


@dataclass(frozen=True)
class Draws:
    """Parameters fitted to resamples.

    Parameters
    ----------
    theta
        Shape (resamples, P); NaN where no minimum was found.
    restarted_share
        Share of the resamples that needed another start.
    failed_share
        Share without a minimum.
    """

    theta: FloatArray
    restarted_share: float
    failed_share: float


def resample_weights(rng: np.random.Generator, resamples: int, group: Integers) -> NDArray[np.intp]:
    """How often each point counts when whole groups are drawn with replacement.

    Parameters
    ----------
    rng
        Source of the draws.
    resamples
        Number of rows.
    group
        Group of each point, 0 to the number of groups less 1, shape (n,).

    Returns
    -------
    ndarray
        Shape (resamples, n); each row draws as many groups as there are.

    Examples
    --------
    >>> resample_weights(np.random.default_rng(0), 2, np.array([0, 0, 1]))
    array([[0, 0, 2],
           [1, 1, 1]])
    """
    groups = int(group.max()) + 1
    drawn = rng.integers(0, groups, size=(resamples, groups))
    drawn += np.arange(resamples)[:, None] * groups
    counts = np.bincount(drawn.ravel(), minlength=resamples * groups).reshape(resamples, groups)
    return counts if len(group) == groups and (np.diff(group) == 1).all() else counts[:, group]


def bootstrap_surface(
    surface: Surface,
    optimum: FloatArray,
    group: Integers,
    objective: Objective,
    *,
    resamples: int,
    seed: int,
    n_jobs: int = 1,
) -> Draws:
    """Fit the loss surface to every resample of the runs, all at once.

    Parameters
    ----------
    surface
        The points.
    optimum
        Parameters fitted to all the points, shape (5,), where every resample starts.
    group
        Run of each point, as for `resample_weights`.
    objective
        What to minimise; of least absolute deviations, Huber's function at 1e-5.
    resamples
        Number of resamples.
    seed
        Seed; each chunk of 400 resamples has a generator spawned from it.
    n_jobs
        As for `joblib.Parallel`; 1 does without joblib.

    Returns
    -------
    Draws
        The same whatever `n_jobs`.
    """
    chunks = _chunks(resamples, seed)
    parts = run_jobs(
        [partial(_chunk, surface, objective, optimum, group, rng, rows) for rng, rows in chunks], n_jobs
    )
    if not parts:
        return Draws(np.empty((0, len(optimum))), 0.0, 0.0)
    theta = np.concatenate([part[0] for part in parts])
    restarted = sum(part[1] for part in parts)
    return Draws(theta, restarted / resamples, float(np.isnan(theta[:, 0]).mean()))


def _chunk(
    surface: Surface,
    objective: Objective,
    optimum: FloatArray,
    group: Integers,
    rng: np.random.Generator,
    rows: int,
) -> tuple[FloatArray, int]:
    """Fit `rows` resamples: parameters, NaN where none were found, and how many were started again."""
    theta = np.empty((rows, len(optimum)))
    restarted = failed = 0
    for first in range(0, rows, surface.block_rows):
        part = theta[first : first + surface.block_rows]
        weights = resample_weights(rng, len(part), group)
        end = follow(surface, objective.turns, np.repeat(optimum[None], len(part), axis=0), weights)
        part[:] = end.theta
        late = np.flatnonzero(~end.arrived)
        if late.size:
            starts = np.concatenate([optimum[None], part[end.arrived][:RESTARTS]])
            part[late] = restart(surface, objective.turns, starts, weights[late])
            lost = late[np.isnan(part[late, 0])]
            for row in lost[: max(0, MOST_BY_SCIPY - failed)]:
                part[row] = _by_scipy(surface, objective, optimum, weights[row])
            restarted, failed = restarted + len(late), failed + len(lost)
    return theta, restarted


def _by_scipy(surface: Surface, objective: Objective, optimum: FloatArray, weights: Integers) -> FloatArray:
    """Fit one resample by scipy, if that ends in a minimum; NaN otherwise."""
    theta, _ = surface_problem(surface).polish_weighted(optimum, weights, objective)
    end = follow(surface, objective.turns[-1:], theta[None], weights[None])
    return np.asarray(np.where(end.arrived[0], end.theta[0], np.nan))


def bootstrap_problem(
    problem: Problem,
    optimum: FloatArray,
    group: Integers,
    objective: Objective,
    *,
    resamples: int,
    seed: int,
    n_jobs: int = 1,
) -> Draws:
    """Fit any problem to every resample of its groups, one after the other.

    Equal resamples, which are many where the groups are few, are fitted once.

    Parameters
    ----------
    problem
        Residuals, Jacobian and bounds.
    optimum, group, resamples, seed, n_jobs
        As for `bootstrap_surface`.
    objective
        What to minimise.
    """
    each = np.arange(int(group.max()) + 1)
    if not resamples:
        return Draws(np.empty((0, len(optimum))), 0.0, 0.0)
    counts = np.concatenate(
        [resample_weights(rng, rows, each).astype(np.uint16) for rng, rows in _chunks(resamples, seed)]
    )
    different, inverse = np.unique(counts, axis=0, return_inverse=True)
    parts = run_jobs(
        [
            partial(_fit_each, problem, optimum, objective, different[first : first + CHUNK][:, group])
            for first in range(0, len(different), CHUNK)
        ],
        n_jobs,
    )
    theta = np.concatenate(parts)[inverse.reshape(-1)]
    return Draws(theta, 0.0, float(np.isnan(theta[:, 0]).mean()))


def _fit_each(
    problem: Problem, optimum: FloatArray, objective: Objective, weights: NDArray[np.uint16]
) -> FloatArray:
    ends = (problem.polish_weighted(optimum, row, objective) for row in weights)
    return np.array([theta if arrived else np.full(len(optimum), np.nan) for theta, arrived in ends])


def _chunks(resamples: int, seed: int) -> list[tuple[np.random.Generator, int]]:
    """A generator and a number of resamples for each chunk."""
    sizes = [min(CHUNK, resamples - first) for first in range(0, resamples, CHUNK)]
    seeds = np.random.SeedSequence(seed).spawn(len(sizes))
    return [(np.random.default_rng(s), size) for s, size in zip(seeds, sizes, strict=True)]


def run_jobs(jobs: list[Callable[[], Any]], n_jobs: int) -> list[Any]:
    """The results of the jobs in their order; with more than one worker, by joblib's backend in force."""
    if n_jobs == 1:
        return [job() for job in jobs]
    import joblib  # type: ignore[import-untyped, unused-ignore]

    return list(joblib.Parallel(n_jobs=n_jobs)(joblib.delayed(job)() for job in jobs))
