"""Newton's method for one weighted fit of any law."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scaling_utils.arrays import FloatArray

DECREMENT = 1e-9
"""A fit has arrived when Newton's step promises less than this share of the objective."""

NOISE_FREE = 1e-12
"""Residuals in ln loss below this are rounding."""

MAX_STEPS = 60

STEP = 1e-5
"""Step of the finite differences of the Jacobian, as a share of a parameter (or of 1)."""


def newton(
    residuals: Callable[[FloatArray], FloatArray],
    jacobian: Callable[[FloatArray], FloatArray],
    start: FloatArray,
    weights: FloatArray,
    *,
    turn: float,
) -> tuple[FloatArray, bool]:
    """Minimise the weighted sum of Huber's function of the residuals from a start near the minimum.

    Second derivatives of the residuals come from differences of the Jacobian, once, and anew whenever the sum
    has halved: near the minimum they count for little. Steps are damped until they lower the sum.

    Parameters
    ----------
    residuals, jacobian
        Functions of the parameters (P,), giving (n,) and (n, P).
    start
        Parameters, shape (P,).
    weights
        How often each residual counts, shape (n,).
    turn
        Residual at which the function turns straight; infinite for least squares.

    Returns
    -------
    theta : ndarray
        Parameters, shape (P,).
    arrived : bool
        Whether they are a minimum.
    """
    theta, damping = np.array(start, dtype=float), 0.0
    r, total = _total(residuals, theta, weights, turn)
    bend, measured = _bend(jacobian, theta, r, weights, turn), total
    gradient, hessian, size = _derivatives(jacobian, theta, r, weights, turn)
    for _ in range(MAX_STEPS):
        try:
            lower = np.linalg.cholesky(hessian + bend + damping * np.diag(size))
        except np.linalg.LinAlgError:
            damping = max(10 * damping, 1e-3)
            continue
        step = np.linalg.solve(lower.T, np.linalg.solve(lower, gradient))
        if damping < 1e-6 and step @ gradient / 2 <= DECREMENT * total + len(r) * NOISE_FREE**2:
            return theta - step, True
        trial_r, trial_total = _total(residuals, theta - step, weights, turn)
        if trial_total < total:
            theta, r, total = theta - step, trial_r, trial_total
            if total < measured / 2:
                bend, measured = _bend(jacobian, theta, r, weights, turn), total
            gradient, hessian, size = _derivatives(jacobian, theta, r, weights, turn)
            damping = damping / 10 if damping > 1e-5 else 0.0
        else:
            damping = max(10 * damping, 1e-3)
    return theta, False


def _total(
    residuals: Callable[[FloatArray], FloatArray], theta: FloatArray, weights: FloatArray, turn: float
) -> tuple[FloatArray, float]:
    r = residuals(theta)
    bent = np.minimum(np.abs(r), turn)
    return r, float(weights @ (bent * (np.abs(r) - bent / 2)))


def _derivatives(
    jacobian: Callable[[FloatArray], FloatArray],
    theta: FloatArray,
    r: FloatArray,
    weights: FloatArray,
    turn: float,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Gradient, Hessian as if the residuals were linear, and the scale of each parameter for the damping."""
    here = jacobian(theta)
    gradient = (weights * np.clip(r, -turn, turn)) @ here
    inside = (weights * (np.abs(r) < turn))[:, None]
    size = (weights[:, None] * here**2).sum(axis=0)
    return gradient, here.T @ (inside * here), size + size.max() * 1e-12


def _bend(
    jacobian: Callable[[FloatArray], FloatArray],
    theta: FloatArray,
    r: FloatArray,
    weights: FloatArray,
    turn: float,
) -> FloatArray:
    """What the second derivatives of the residuals add to the Hessian."""
    slope = weights * np.clip(r, -turn, turn)
    gradient = slope @ jacobian(theta)
    bend = np.empty((len(theta), len(theta)))
    for k, width in enumerate(STEP * np.maximum(1, np.abs(theta))):
        there = theta.copy()
        there[k] += width
        bend[k] = (slope @ jacobian(there) - gradient) / width
    return (bend + bend.T) / 2
