"""Least absolute deviations by a sequence of linear programs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scaling_utils.arrays import FloatArray

MAX_PROGRAMS = 100

TOLERANCE = 1e-12
"""The sum is at its minimum when the linear program promises less than this share of it."""

ROUNDING = 1e-13
"""A mean absolute residual in ln loss below this is rounding."""

FIRST_BOX = 3.0
"""Half the width of the first box, in mean absolute residuals that a step moves the points by."""


def least_absolute(
    residuals: Callable[[FloatArray], FloatArray],
    jacobian: Callable[[FloatArray], FloatArray],
    start: FloatArray,
    *,
    low: FloatArray,
    high: FloatArray,
    weights: FloatArray | None = None,
) -> FloatArray:
    """Minimise the sum of absolute residuals from a start near the minimum.

    Each step minimises the sum for residuals that are linear in the parameters, exactly (by HiGHS), within
    a box that grows after a good prediction and shrinks after a bad one. At the minimum as many residuals
    as there are parameters are zero, so the last steps converge quadratically. The box is in directions
    that move the residuals independently of each other, whatever the parameters.

    Parameters
    ----------
    residuals, jacobian
        Functions of the parameters (P,), giving (n,) and (n, P).
    start
        Parameters, shape (P,).
    low, high
        Bounds of the parameters, shape (P,).
    weights
        How often each residual counts, shape (n,); None for once.

    Returns
    -------
    ndarray
        Parameters, shape (P,).
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, eye_array, hstack

    theta = np.array(start, dtype=float)
    here = residuals(theta)
    n, count = len(here), min(len(here), len(theta))
    counts = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    total = counts @ np.abs(here)
    # variables: the step by its directions, no more than points; the positive and negative part of residuals
    cost = np.concatenate([np.zeros(count), counts, counts])
    parts = hstack([-eye_array(n), eye_array(n)])
    box = FIRST_BOX
    for _ in range(MAX_PROGRAMS):
        scale = total / counts.sum()
        if scale < ROUNDING:
            break
        directions = _directions(jacobian(theta))
        limits = np.concatenate([directions, -directions])
        room = np.concatenate([high - theta, theta - low]) / scale
        bounded = np.isfinite(room)
        program = linprog(
            cost,
            A_eq=hstack([csr_array(jacobian(theta) @ directions), parts]),
            b_eq=-here / scale,
            A_ub=np.pad(limits[bounded], ((0, 0), (0, 2 * n))),
            b_ub=room[bounded],
            bounds=np.concatenate([np.tile([-box, box], (count, 1)), np.tile([0, np.inf], (2 * n, 1))]),
            method="highs",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )
        if program.x is None:
            break
        promised = total - program.fun * scale
        if promised <= TOLERANCE * total:
            break
        step = scale * directions @ program.x[:count]
        there = residuals(np.clip(theta + step, low, high))
        gained = total - counts @ np.abs(there)
        if gained > 0:
            theta, here, total = np.clip(theta + step, low, high), there, total - gained
        if gained > 0.75 * promised:
            box *= 2
        elif not gained >= 0.25 * promised:  # nor if it is not a number
            box /= 4
    return theta


def _directions(jacobian: FloatArray) -> FloatArray:
    """Columns of parameter steps, each moving the residuals by 1 in the root mean square, independently."""
    singular = np.linalg.svd(jacobian, full_matrices=False)
    size = np.maximum(singular.S, 1e-8 * singular.S[0])
    return np.asarray(singular.Vh.T / size * np.sqrt(len(jacobian)))
