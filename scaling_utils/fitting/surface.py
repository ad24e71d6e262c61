r"""The loss surface E + A/N^alpha + B/D^beta for many fits at once: value, derivatives, damped Newton.

A row is one fit: its own parameters and its own integer weights of the points. Everything is numpy
on arrays of (rows, points), so that a thousand fits cost little more than their arithmetic.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scaling_utils.arrays import FloatArray
from scaling_utils.fitting.derivatives import Derivatives
from scaling_utils.fitting.linear import solve_rows
from scaling_utils.fitting.newton import DECREMENT, MAX_STEPS, NOISE_FREE
from scaling_utils.fitting.problem import Problem
from scaling_utils.laws.forms import MAX_EXPONENT

NAMES = ("a", "b", "e", "alpha", "beta")
"""Coordinates of the fit: ln A, ln B, ln E and the exponents."""

FAR = 1e3
"""Residual in ln loss of parameters for which the loss is no number."""

SHARP = 4
"""How many times more steps a row may try where the Huber function turns sharply."""

_BLOCK = 96_000
"""Numbers in one work array: small enough for the processor's cache."""


@dataclass(frozen=True)
class Descent:
    """Where each row ended.

    Parameters
    ----------
    theta
        Shape (rows, 5), in the order of `NAMES`.
    value
        Objective, shape (rows,).
    arrived
        Whether the row ended in a minimum, shape (rows,).
    """

    theta: FloatArray
    value: FloatArray
    arrived: NDArray[np.bool_]


class Surface:
    """Points of the surface, and the objective on them.

    Parameters
    ----------
    log_params, log_tokens, log_loss
        Logarithms of the points, shape (n,).
    turn
        Residual at which the Huber function turns straight; infinite for least squares.
    """

    def __init__(
        self, log_params: FloatArray, log_tokens: FloatArray, log_loss: FloatArray, *, turn: float
    ) -> None:
        self.centre = np.array([log_params.mean(), log_tokens.mean()])
        self.x, self.y = log_params - self.centre[0], log_tokens - self.centre[1]
        self.log_loss, self.turn = log_loss, turn
        self._metric = np.array([1, 1, 1, (self.x**2).mean() + 1e-6, (self.y**2).mean() + 1e-6])[:, None]

    def with_turn(self, turn: float) -> Surface:
        """The same points with another objective."""
        other = copy(self)
        other.turn = turn
        return other

    def thinned(self, stride: int) -> Surface:
        """Every `stride`-th point."""
        if stride == 1:
            return self
        kept = slice(None, None, stride)
        log_params, log_tokens = self.x[kept] + self.centre[0], self.y[kept] + self.centre[1]
        return Surface(log_params, log_tokens, self.log_loss[kept], turn=self.turn)

    @property
    def n_points(self) -> int:
        """Number of points."""
        return len(self.x)

    @property
    def block_rows(self) -> int:
        """Rows to work on at a time."""
        return max(1, _BLOCK // self.n_points)

    def centred(self, theta: FloatArray) -> FloatArray:
        """Coordinates (rows, 5) with a and b counted from the middle of the points."""
        moved = np.array(theta, dtype=float)
        moved[:, :2] -= moved[:, 3:] * self.centre
        return moved

    def uncentred(self, theta: FloatArray) -> FloatArray:
        """The inverse of `centred`."""
        moved = np.array(theta, dtype=float)
        moved[:, :2] += moved[:, 3:] * self.centre
        return moved

    def residuals(self, theta: FloatArray) -> FloatArray:
        """Residuals in ln loss of one `theta` (uncentred, shape (5,)), shape (n,)."""
        with np.errstate(all="ignore"):
            _, _, residuals = self._derivatives(1).terms(self.centred(theta[None]).T)
        return np.asarray(np.nan_to_num(residuals[0], nan=FAR, posinf=FAR, neginf=-FAR))

    def jacobian(self, theta: FloatArray, *, centred: bool = False) -> FloatArray:
        """Derivatives of `residuals` by `theta`, or by its centred coordinates, shape (n, 5)."""
        with np.errstate(all="ignore"):
            p, q, _ = self._derivatives(1).terms(self.centred(theta[None]).T)
        p, q = (np.nan_to_num(share[0], nan=1.0) for share in (p, q))
        log_n, log_d = (0.0, 0.0) if centred else self.centre
        return np.stack([p, q, 1 - p - q, -p * (self.x + log_n), -q * (self.y + log_d)], axis=1)

    def totals(self, residuals: FloatArray, weights: NDArray[Any] | None = None) -> FloatArray:
        """The objective of rows of residuals, shape (rows,)."""
        size = np.abs(residuals)
        bent = np.minimum(size, self.turn)
        size -= bent / 2
        size *= bent
        return np.asarray(size.sum(axis=1) if weights is None else np.einsum("ij,ij->i", size, weights))

    def descend(
        self,
        theta: FloatArray,
        weights: NDArray[Any] | None = None,
        *,
        rough: bool = False,
        steps: int = MAX_STEPS,
    ) -> Descent:
        """Minimise every row from its own start by damped Newton steps.

        Parameters
        ----------
        theta
            Starts (uncentred), shape (rows, 5).
        weights
            How often each point counts in each row, shape (rows, n); None for once.
        rough
            Use the Gauss-Newton matrix of the reweighted points in place of the Hessian: it is positive
            everywhere, and so better far from the minimum, and slower near it.
        steps
            Most steps that a row may try.
        """
        found, value = np.empty((len(theta), 5)), np.empty(len(theta))
        arrived = np.zeros(len(theta), dtype=bool)
        start = self.centred(theta).T
        derivatives = self._derivatives(min(self.block_rows, len(theta)), rough=rough)
        with np.errstate(all="ignore"):  # a step too far overflows and is refused
            for first in range(0, len(theta), self.block_rows):
                rows = slice(first, first + self.block_rows)
                block = None if weights is None else weights[rows]
                where, value[rows], arrived[rows] = self._descend(
                    derivatives, start[:, rows].copy(), block, steps
                )
                found[rows] = where.T
        return Descent(self.uncentred(found), value, arrived)

    def _descend(
        self, derivatives: Derivatives, theta: FloatArray, weights: NDArray[Any] | None, steps: int
    ) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
        rows = theta.shape[1]
        arrived = np.zeros(rows, dtype=bool)
        active = np.arange(rows)
        w = None if weights is None else weights.astype(float)
        value, gradient, hessian = derivatives(theta, w)
        final = value.copy()
        here = theta.copy()
        damping = np.zeros(rows)
        floor = self.n_points * NOISE_FREE**2
        scale = self.n_points * self._metric * 0.01
        for _ in range(steps):
            step, definite = solve_rows(hessian, gradient, damping * scale)
            decrement = 0.5 * (step * gradient).sum(axis=0)
            done = definite & (damping < 1e-6) & (decrement <= DECREMENT * value + floor)
            if done.any():
                # the promised step is taken unseen: it is what leaves an error of second order
                here[:, done] -= step[:, done]
                theta[:, active[done]], final[active[done]] = here[:, done], value[done]
                arrived[active[done]] = True
                keep = ~done
                active, here, value, damping = active[keep], here[:, keep], value[keep], damping[keep]
                gradient, hessian, step = gradient[:, keep], hessian[:, :, keep], step[:, keep]
                definite = definite[keep]
                if w is not None:
                    w = _kept(w, keep)
                if not active.size:
                    break
            trial = here - np.where(definite, step, 0.0)
            new_value, new_gradient, new_hessian = derivatives(trial, w)
            better = definite & (new_value < value)
            np.copyto(here, trial, where=better)
            np.copyto(value, new_value, where=better)
            np.copyto(gradient, new_gradient, where=better)
            np.copyto(hessian, new_hessian, where=better)
            damping = np.where(
                better, np.where(damping > 1e-5, damping / 10, 0.0), np.maximum(damping * 10, 1e-3)
            )
        theta[:, active], final[active] = here, value
        return theta, final, arrived

    def _derivatives(self, rows: int, *, rough: bool = False) -> Derivatives:
        return Derivatives(self.x, self.y, self.log_loss, turn=self.turn, rough=rough, rows=rows)


def _kept(rows: FloatArray, keep: NDArray[np.bool_]) -> FloatArray:
    """The rows to keep, moved to the front of the same memory, where each is read before it is written."""
    count = 0
    for row in np.flatnonzero(keep):
        if row != count:
            rows[count] = rows[row]
        count += 1
    return rows[:count]


def follow(
    surface: Surface,
    turns: tuple[float, ...],
    theta: FloatArray,
    weights: NDArray[Any] | None = None,
    *,
    steps: int = MAX_STEPS,
) -> Descent:
    """Descend every row with one Huber function after the other; see `Objective.turns`."""
    patience = 1 if len(turns) == 1 else SHARP
    for turn in turns:
        end = surface.with_turn(turn).descend(theta, weights, steps=patience * steps)
        theta = end.theta
    return end


def restart(
    surface: Surface, turns: tuple[float, ...], starts: FloatArray, weights: NDArray[Any]
) -> FloatArray:
    """Fit each row of weights from several starts, by least squares at first.

    Parameters
    ----------
    surface, turns
        As for `follow`.
    starts
        Shape (starts, 5).
    weights
        Shape (rows, n).

    Returns
    -------
    ndarray
        The best minimum of each row, shape (rows, 5); NaN where there is none.
    """
    rows, count = len(weights), len(starts)
    every = np.repeat(weights, count, axis=0)
    near = surface.with_turn(np.inf).descend(np.tile(starts, (rows, 1)), every, rough=True).theta
    end = follow(surface, turns, near, every)
    total = np.where(end.arrived, end.value, np.inf).reshape(rows, count)
    best = end.theta.reshape(rows, count, -1)[np.arange(rows), np.argmin(total, axis=1)]
    return np.asarray(np.where(np.isfinite(total.min(axis=1))[:, None], best, np.nan))


def surface_problem(surface: Surface) -> Problem:
    """The surface for single fits, in the coordinates of `NAMES`."""
    low, high = np.full(5, -np.inf), np.full(5, np.inf)
    low[3:], high[3:] = 0.0, MAX_EXPONENT
    return Problem(NAMES, surface.residuals, surface.jacobian, low, high)
