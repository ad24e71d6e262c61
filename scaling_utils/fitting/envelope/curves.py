"""Training curves: smoothed, and read off at compute budgets that all of them share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from scaling_utils.arrays import FloatArray
from scaling_utils.errors import DataError
from scaling_utils.runs.table import RunTable

WINDOW_IN_SD = 4.0
"""A smoothing window reaches two standard deviations of its Gaussian to either side."""


@dataclass(frozen=True, eq=False)
class Curves:
    """Training curves laid end to end, each by rising FLOPs.

    Parameters
    ----------
    run_id
        Names of the runs, shape (runs,).
    params
        Model sizes (params), shape (runs,).
    tokens_per_flop
        Tokens per FLOP at the end of each run, shape (runs,).
    starts
        Where each curve starts in `flops` and `log_loss`, and the end of the last, shape (runs + 1,).
    flops, log_loss
        FLOPs and the logarithm of the loss at the points, shape (points,).
    """

    run_id: np.ndarray
    params: FloatArray
    tokens_per_flop: FloatArray
    starts: np.ndarray
    flops: FloatArray
    log_loss: FloatArray

    @classmethod
    def from_runs(cls, runs: RunTable, *, skip: float = 0.0) -> Curves:
        """The curves of a table of runs; a run with a single point is not a curve and is left out.

        Parameters
        ----------
        runs
            Points with `params`, `tokens`, `flops` and `loss`.
        skip
            Share of each run's FLOPs, at its start, that is left out.

        Raises
        ------
        DataError
            If tokens or flops are missing, or no run has two points with different flops.

        Examples
        --------
        >>> frame = pd.DataFrame({"run": ["a", "a", "b"], "N": 1e8, "D": [1e9, 2e9, 3e9], "loss": [4, 3, 3]})
        >>> Curves.from_runs(RunTable.from_frame(frame, source="example")).run_id
        array(['a'], dtype=object)
        """
        missing = [name for name in ("tokens", "flops") if name not in runs.frame]
        if missing:
            raise DataError(
                f"training curves need {' and '.join(missing)}, and the table has none",
                file=runs.source,
                remedy="Add the column, or state the FLOP rule '6ND' so that it follows from the others.",
            )
        codes, names = pd.factorize(runs.frame["run_id"])
        order = np.lexsort((runs.frame["flops"].to_numpy(), codes))
        flops, run = runs.frame["flops"].to_numpy()[order], codes[order]
        # Of several points with the same FLOPs (rounded in the source) the last one counts.
        kept = np.append((np.diff(run) > 0) | (np.diff(flops) > 0), True)
        ends = flops[np.flatnonzero(np.append(np.diff(run) > 0, True))]
        kept &= flops >= skip * ends[run]
        kept &= np.bincount(run[kept], minlength=len(names))[run] >= 2
        if not kept.any():
            raise DataError(
                "no run has two points, so there are no training curves",
                file=runs.source,
                remedy="Log the loss during training, one row per point, and name the run in 'run_id'.",
            )
        order, run, flops = order[kept], run[kept], flops[kept]
        last = np.flatnonzero(np.append(np.diff(run) > 0, True))
        params, tokens, loss = (
            runs.frame[name].to_numpy(dtype=float)[order] for name in ("params", "tokens", "loss")
        )
        return cls(
            run_id=np.asarray(names, dtype=object)[run[last]],
            params=params[last],
            tokens_per_flop=tokens[last] / flops[last],
            starts=np.concatenate([[0], last + 1]),
            flops=flops,
            log_loss=np.log(loss),
        )

    @property
    def first(self) -> FloatArray:
        """FLOPs of the first point of each curve."""
        return np.asarray(self.flops[self.starts[:-1]])

    @property
    def last(self) -> FloatArray:
        """FLOPs of the last point of each curve."""
        return np.asarray(self.flops[self.starts[1:] - 1])

    def smoothed(self, window: float) -> Curves:
        """Smooth ln L of each curve by Gaussian-weighted lines over neighbouring points.

        Parameters
        ----------
        window
            Width of the window in points: four standard deviations of the Gaussian; 0 leaves the curves
            as they are.

        Returns
        -------
        Curves

        Notes
        -----
        The value at a point is that of the weighted least-squares line over its neighbours. Inside a curve
        this is the plain Gaussian mean; at the ends, where a mean would lag behind a falling loss, the line
        does not.

        Examples
        --------
        A straight curve stays as it is, its ends included.

        >>> flops, log_loss = np.arange(1.0, 41.0), np.linspace(1.4, 0.7, 40)
        >>> one = np.ones(1)
        >>> curves = Curves(np.array(["a"]), one, one, np.array([0, 40]), flops, log_loss)
        >>> float(abs(curves.smoothed(10).log_loss - log_loss).max()) < 1e-12
        True
        """
        half = int(window // 2)
        if half < 1:
            return self
        smooth = np.convolve(self.log_loss, _kernel(np.arange(-half, half + 1.0), window), mode="full")
        smooth = smooth[half : half + len(self.log_loss)]
        for start, end in zip(self.starts[:-1], self.starts[1:], strict=True):
            near = min(end - start, 4 * half)
            lines, head = _local_lines(near, window), (near + 1) // 2
            smooth[start : start + head] = lines[:head] @ self.log_loss[start : start + near]
            smooth[end - near + head : end] = lines[head:] @ self.log_loss[end - near : end]
        return replace(self, log_loss=smooth)

    def log_loss_at(self, budgets: FloatArray) -> FloatArray:
        """The logarithm of each curve's loss at compute budgets, by linear interpolation in ln C.

        Parameters
        ----------
        budgets
            Rising FLOPs, shape (n,).

        Returns
        -------
        ndarray
            Shape (n, runs); infinite where a budget lies outside the points of a curve.
        """
        at = np.full((len(self.params), len(budgets)), np.inf)
        log_budgets, log_flops = np.log(budgets), np.log(self.flops)
        covered = zip(
            np.searchsorted(budgets, self.first), np.searchsorted(budgets, self.last, "right"), strict=True
        )
        for run, (low, high) in enumerate(covered):
            points = slice(self.starts[run], self.starts[run + 1])
            at[run, low:high] = np.interp(log_budgets[low:high], log_flops[points], self.log_loss[points])
        return np.ascontiguousarray(at.T)


def _kernel(offset: FloatArray, window: float) -> FloatArray:
    """A Gaussian of four standard deviations per window, cut off at its ends, whose full sum is 1."""
    half = int(window // 2)
    weight = np.exp(-0.5 * (WINDOW_IN_SD * offset / window) ** 2)
    full = np.exp(-0.5 * (WINDOW_IN_SD * np.arange(-half, half + 1) / window) ** 2).sum()
    return np.where(np.abs(offset) <= half, weight / full, 0.0)


@lru_cache(maxsize=64)
def _local_lines(n: int, window: float) -> FloatArray:
    """The matrix that smooths n points by weighted least-squares lines, shape (n, n)."""
    offset = np.arange(n, dtype=float) - np.arange(n, dtype=float)[:, None]
    weight = _kernel(offset, window)
    s0, s1, s2 = ((weight * offset**power).sum(axis=1, keepdims=True) for power in range(3))
    lines: FloatArray = weight * (s2 - s1 * offset) / (s0 * s2 - s1**2)
    return lines
