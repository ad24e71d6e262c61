"""The lower envelope of training curves, and all its bootstrap resamples at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scaling_utils.arrays import FloatArray
from scaling_utils.fitting.envelope.curves import Curves
from scaling_utils.fitting.powerlaw import MIN_POINTS

THIRDS = 3
ONE_SIZE = 1e-6
"""A frontier whose ln N varies by less (sum of squares) is of one model size and has no power law."""

CHUNK = 128
"""Resamples at once: their winners at 1,500 budgets stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Frontier:
    """The run with the lowest loss at each budget.

    Parameters
    ----------
    budgets
        FLOPs, rising, shape (n,).
    log_loss
        ln L of every curve at every budget, shape (n, runs); infinite outside a curve.
    log_params, log_tokens_per_flop
        Of the runs, shape (runs,).
    winner
        Index of the run with the lowest loss, shape (n,); -1 where no curve has the budget.
    interior
        Where curves of a smaller and of a larger model than the winner have the budget too, shape (n,).
    """

    budgets: FloatArray
    log_loss: FloatArray
    log_params: FloatArray
    log_tokens_per_flop: FloatArray
    winner: np.ndarray
    interior: np.ndarray

    @classmethod
    def of(cls, curves: Curves, budgets: FloatArray) -> Frontier:
        """Read the curves off at rising `budgets` (FLOPs) and take the lowest."""
        log_loss = curves.log_loss_at(budgets)
        covered = np.isfinite(log_loss)
        log_params = np.log(curves.params)
        winner = np.where(covered.any(axis=1), log_loss.argmin(axis=1), -1)
        smallest = np.where(covered, log_params, np.inf).min(axis=1)
        largest = np.where(covered, log_params, -np.inf).max(axis=1)
        size = log_params[winner]
        return cls(
            budgets=budgets,
            log_loss=log_loss,
            log_params=log_params,
            log_tokens_per_flop=np.log(curves.tokens_per_flop),
            winner=winner,
            interior=(smallest < size) & (size < largest),
        )

    def resampled_lines(self, thirds: np.ndarray, resamples: int, rng: np.random.Generator) -> FloatArray:
        """Draw the runs anew and fit the frontier's lines to each draw.

        Parameters
        ----------
        thirds
            Which third (0, 1, 2) each interior budget belongs to, shape (interior budgets,).
        resamples
            How many times to draw as many runs as there are, with replacement.
        rng
            Generator of the draws.

        Returns
        -------
        ndarray
            Slope and intercept in ln C of ln N, ln D, and ln L on each third, shape (5, 2, resamples); NaN
            where a draw leaves fewer than three budgets, or one size.

        Notes
        -----
        A repeated run changes nothing in an envelope, so a draw is the set of its runs. The runs are ranked
        by loss once per budget; the winner of a draw is the first-ranked run in it. As with all the runs, a
        budget counts only where the draw has a smaller and a larger model than the winner.
        """
        if not resamples:  # ranking takes more time and memory than the frontier
            return np.empty((2 + THIRDS, 2, 0))
        used = self.interior
        log_c = np.log(self.budgets[used])
        centre = log_c.mean()
        x = log_c - centre
        third = np.eye(THIRDS)[thirds]
        by_third = np.hstack([third, third * x[:, None], third * x[:, None] ** 2]).T
        ranking = _Ranking(self.log_loss[used], self.log_params, self.log_tokens_per_flop)
        lines = np.empty((2 + THIRDS, 2, resamples))
        for chunk, drawn in _draws(len(self.log_params), resamples, rng):
            present, params, tokens_per_flop, log_loss = ranking.winners(drawn)
            count, sx, sxx = np.split(by_third @ present, 3)
            sy, sxy, _ = np.split(by_third @ log_loss, 3)
            lines[2:, :, chunk] = np.moveaxis(_line(count, sx, sxx, sy, sxy), 0, 1)
            n, sx, sxx = (s.sum(axis=0) for s in (count, sx, sxx))
            for i, y in enumerate((params, tokens_per_flop)):
                lines[i, :, chunk] = _line(n, sx, sxx, y.sum(axis=0), x @ y)
            spread = (params**2).sum(axis=0) - params.sum(axis=0) ** 2 / np.maximum(n, 1)
            lines[:2, :, chunk] = np.where(spread > ONE_SIZE, lines[:2, :, chunk], np.nan)
        lines[1, 0] += 1  # ln D = ln C + ln(D / C)
        lines[:, 1] -= lines[:, 0] * centre
        lines[1, 1] += centre
        return lines

    def resampled_losses(
        self, resamples: int, rng: np.random.Generator
    ) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Yield presence (0 or 1) and ln L (0 where absent) of the frontier of each draw, chunk by chunk.

        Draws and interior budgets are those of `resampled_lines`; both arrays have the shape
        (interior budgets, draws of the chunk).
        """
        if not resamples:
            return
        ranking = _Ranking(self.log_loss[self.interior], self.log_params, self.log_tokens_per_flop)
        for _, drawn in _draws(len(self.log_params), resamples, rng):
            present, _, _, log_loss = ranking.winners(drawn)
            yield present, log_loss * present


class _Ranking:
    """The runs at each budget in order of loss and of size, and their values in that order."""

    def __init__(self, log_loss: FloatArray, log_params: FloatArray, log_tokens_per_flop: FloatArray) -> None:
        covered = np.isfinite(log_loss)
        self.by_loss = _ordered(log_loss)
        self.values = [
            _in_order(self.by_loss, value) for value in (log_params, log_tokens_per_flop, log_loss)
        ]
        # Which curves have a budget changes only where one starts or ends.
        changed = np.append(True, (covered[1:] != covered[:-1]).any(axis=1))
        self.segment = np.cumsum(changed) - 1
        self.by_size = [_ordered(np.where(covered[changed], sign * log_params, np.inf)) for sign in (1, -1)]
        self.sizes = [_in_order(order, log_params) for order in self.by_size]

    def winners(self, drawn: np.ndarray) -> tuple[FloatArray, ...]:
        """Presence (0 or 1), ln N, ln(D/C) and ln L of the winner in each draw, each (budgets, draws)."""
        absent = np.vstack([~drawn, np.zeros((1, drawn.shape[1]), dtype=bool)]).astype(np.uint16)
        smallest, largest = (
            sizes.take(_first_present(order, absent))[self.segment]
            for order, sizes in zip(self.by_size, self.sizes, strict=True)
        )
        first = _first_present(self.by_loss, absent)
        params, tokens_per_flop, log_loss = (value.take(first) for value in self.values)
        interior = (smallest < params) & (params < largest)
        present = interior.astype(float)
        if interior.all():
            return present, params, tokens_per_flop, log_loss
        return present, params * present, tokens_per_flop * present, log_loss * present


def _ordered(key: FloatArray) -> np.ndarray:
    """Runs by rising key, and a sentinel, one past the last run, in place of infinite keys and at the end."""
    order = np.argsort(key, axis=1, kind="stable")
    none = key.shape[1]
    order[~np.isfinite(np.take_along_axis(key, order, axis=1))] = none
    return np.hstack([order, np.full((len(order), 1), none)])


def _in_order(order: np.ndarray, values: FloatArray) -> FloatArray:
    """The values (per run, or per budget and run) in the order of each row; 0 for the sentinel."""
    table = np.broadcast_to(values, (len(order), order.shape[1] - 1))
    return np.take_along_axis(np.pad(table, ((0, 0), (0, 1))), order, axis=1)


def _first_present(order: np.ndarray, absent: np.ndarray) -> np.ndarray:
    """Where in each row of `order` the first run stands that a draw holds: flat index, (rows, draws)."""
    rank = np.zeros((len(order), absent.shape[1]), dtype=np.uint16)
    waiting = np.ones_like(rank)
    for column in order.T:
        waiting &= absent[column]
        if not waiting.any():
            break
        rank += waiting
    return np.asarray(rank + np.arange(len(order))[:, None] * order.shape[1])


def _draws(runs: int, resamples: int, rng: np.random.Generator) -> Iterator[tuple[slice, np.ndarray]]:
    """Slices of the resamples, and which runs each of them holds, shape (runs, draws)."""
    for start in range(0, resamples, CHUNK):
        chunk = slice(start, min(start + CHUNK, resamples))
        picks = rng.integers(0, runs, size=(runs, chunk.stop - start))
        drawn = np.zeros(picks.shape, dtype=bool)
        drawn[picks, np.arange(picks.shape[1])] = True
        yield chunk, drawn


def _line(n: FloatArray, sx: FloatArray, sxx: FloatArray, sy: FloatArray, sxy: FloatArray) -> FloatArray:
    """Slope and intercept from the sums of a least-squares line; NaN for fewer than three points."""
    enough = n >= MIN_POINTS
    n = np.where(enough, n, 1)
    spread = np.where(enough, sxx - sx**2 / n, 1.0)
    slope = (sxy - sx * sy / n) / spread
    lines: FloatArray = np.where(enough, np.stack([slope, (sy - slope * sx) / n]), np.nan)
    return lines
