"""One design fitted again and again: many sets of losses for the same runs, all at once."""

from __future__ import annotations

import math

import numpy as np

from scaling_utils.arrays import FloatArray
from scaling_utils.fitting.minima import MIN_SIZES, WINDOW, parabola_vertices
from scaling_utils.fitting.objective import Objective
from scaling_utils.fitting.powerlaw import fit_lines
from scaling_utils.fitting.surface import Surface, follow, restart

TOGETHER = 16
"""Sets of losses that are descended together: most of the time of a single one is not arithmetic."""

_LARGEST = 96_000
"""Numbers in one work array."""


def refit_surface(
    log_params: FloatArray,
    log_tokens: FloatArray,
    log_losses: FloatArray,
    start: FloatArray,
    objective: Objective,
) -> FloatArray:
    """The loss surface fitted to each of many sets of losses of the same runs (Approach 3).

    Parameters
    ----------
    log_params, log_tokens
        Logarithms of the runs' sizes and tokens, shape (n,).
    log_losses
        Logarithms of their losses, shape (sets, n).
    start
        ln A, ln B, ln E, alpha, beta where every fit starts, shape (5,).
    objective
        What to minimise.

    Returns
    -------
    ndarray
        Shape (sets, 5), in the order of `start`; NaN where no minimum was found.

    Examples
    --------
    >>> n, d = (np.log(values).ravel() for values in np.meshgrid([1e8, 3e8, 1e9], [1e9, 3e9, 1e10]))
    >>> start = np.array([np.log(400), np.log(2000), np.log(1.8), 0.35, 0.37])
    >>> loss = np.log(1.8 + 400 * np.exp(-0.35 * n) + 2000 * np.exp(-0.37 * d))
    >>> refit_surface(n, d, loss[None], start, Objective()).round(3)[0, 3:]
    array([0.35, 0.37])
    """
    sets, n = log_losses.shape
    together = max(1, min(TOGETHER, math.isqrt(_LARGEST // n)))
    theta = np.full((sets, len(start)), np.nan)
    for first in range(0, sets, together):
        block = log_losses[first : first + together]
        rows = len(block)
        # one surface holds the points of all sets; each row of weights takes the points of its own
        surface = Surface(
            np.tile(log_params, rows), np.tile(log_tokens, rows), block.ravel(), turn=objective.turns[-1]
        )
        own = np.kron(np.eye(rows, dtype=np.intp), np.ones(n, dtype=np.intp))
        end = follow(surface, objective.turns, np.repeat(start[None], rows, axis=0), own)
        part = theta[first : first + rows]
        part[:] = end.theta
        late = ~end.arrived
        if late.any():
            part[late] = restart(surface, objective.turns, start[None], own[late])
    return theta


def refit_valleys(
    budgets: FloatArray, params: FloatArray, losses: FloatArray, *, window: float = WINDOW
) -> tuple[FloatArray, FloatArray]:
    """Approach 2 on each of many sets of losses of the same runs, as `fit_isoflop` does it.

    Parameters
    ----------
    budgets, params
        Budget (FLOPs) and size of each run, shape (n,).
    losses
        Shape (sets, n).
    window
        As for `fit_isoflop`.

    Returns
    -------
    exponent, log_coefficient : ndarray
        a and ln k of N_opt = k C^a, shape (sets,); NaN where fewer than three budgets have a minimum.

    Examples
    --------
    >>> budgets, x = np.repeat([1e18, 1e19, 1e20], 5), np.tile(np.linspace(-1, 1, 5), 3)
    >>> a, log_k = refit_valleys(budgets, budgets**0.5 * np.exp(x), 2 + x[None] ** 2)
    >>> a.round(6), log_k.round(6) + 0
    (array([0.5]), array([0.]))
    """
    different = np.unique(budgets)
    log_opt = np.column_stack(
        [
            parabola_vertices(
                np.log(params[slice_]),
                losses[:, slice_].T,
                np.ones((slice_.sum(), 1)),
                window=window,
                fewest=MIN_SIZES,
            )[0]
            for slice_ in (budgets == budget for budget in different)
        ]
    )
    exponent, log_coefficient = fit_lines(np.log(different), log_opt)
    return exponent, log_coefficient
