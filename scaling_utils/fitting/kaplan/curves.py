"""Training curves read at fixed compute and at fixed steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling_utils.arrays import FloatArray, covering
from scaling_utils.conventions import FLOPS_PER_PARAM_TOKEN
from scaling_utils.errors import DataError
from scaling_utils.laws import KAPLAN_BATCH_TOKENS
from scaling_utils.runs.budgets import assign_budgets
from scaling_utils.runs.table import RunTable, ordered

LEVELS = 9
"""Budgets to read from curves where neither the caller nor the data name any."""

SHARED_BY = 5
"""A level is read where at least so many curves reach it; a valley needs a floor and two sides."""

SAME = 1e-9
"""Relative difference below which a level is that of a measured point."""


def as_curves(runs: RunTable) -> RunTable:
    """The table with each training curve under one `run_id`.

    Parameters
    ----------
    runs
        Training curves, or points that are each a run of their own. Of the latter, those of one size make
        up one curve, which holds where one schedule served all budgets, as in Kaplan's protocol.

    Examples
    --------
    >>> frame = pd.DataFrame({"N": [1e6, 1e6, 2e6], "D": [1e8, 2e8, 1e8], "loss": [5.0, 4.5, 4.8]})
    >>> as_curves(RunTable.from_frame(frame, source="example")).frame["run_id"].to_list()
    ['1000000', '1000000', '2000000']
    """
    frame = runs.frame
    if frame["run_id"].duplicated().any():
        return runs
    return replace(runs, frame=frame.assign(run_id=[f"{size:.0f}" for size in frame["params"]]))


def at_fixed_compute(runs: RunTable, budgets: ArrayLike = ()) -> RunTable:
    """The loss by model size at compute budgets.

    Parameters
    ----------
    runs
        Training curves, or IsoFLOP runs, with `tokens`. Where their FLOPs are as reported and not 6 N D,
        curves are read at C = 6 N D, and what is returned says so.
    budgets
        Budgets (FLOPs) at which to read the curves. By default those that the data name or form, as
        measured; or, where there are none, budgets evenly spaced in logarithms where five curves overlap.

    Returns
    -------
    RunTable
        One row per curve and budget that it reaches, each a run of its own, with `budget`, and `curve`,
        the `run_id` of the curve.

    Raises
    ------
    DataError
        If there are no tokens, or fewer than five curves overlap.

    Notes
    -----
    Between points ln L is interpolated in ln D by a monotone cubic (PCHIP); beyond them nothing is read.
    """
    curves = as_curves(runs)
    wanted = np.asarray(budgets, dtype=float)
    grouped = assign_budgets(runs)
    if not wanted.size and "budget" in grouped.frame:
        names = curves.frame["run_id"].to_numpy()
        last = replace(grouped, frame=grouped.frame.assign(curve=names)).final_points()
        return last.subset(last.frame["budget"].notna())
    _tokens(curves, "tokens")
    curves = curves.with_flop_rule("6ND")
    if not wanted.size:
        wanted = _shared_levels(_tokens(curves, "flops"), LEVELS, curves.source)
    rows = [
        (f"{run}@{budget:.17g}", size, tokens, loss, budget, run)
        for run, size, curve in _each_curve(curves)
        for budget in wanted
        for tokens in [budget / (FLOPS_PER_PARAM_TOKEN * size)]
        for loss in [curve.loss(tokens)]
        if np.isfinite(loss)
    ]
    frame = pd.DataFrame(rows, columns=["run_id", "params", "tokens", "loss", "budget", "curve"])
    return replace(curves, frame=ordered(frame.assign(flops=frame["budget"])), spelling={}, untrained=0)


def at_fixed_steps(
    runs: RunTable,
    steps: ArrayLike = (),
    *,
    batch: float = KAPLAN_BATCH_TOKENS,
    smallest: float = 0.0,
) -> pd.DataFrame:
    """The loss by model size after numbers of steps.

    Parameters
    ----------
    runs
        As for `at_fixed_compute`.
    steps
        Steps S at which to read the curves; by default five, evenly spaced in logarithms where five curves
        overlap.
    batch
        Batch B (tokens): S steps are B S tokens.
    smallest
        Smallest model to read (params).

    Returns
    -------
    DataFrame
        Columns `steps`, `curve`, `params` and `loss`, one row per curve and number of steps that it reaches.

    Raises
    ------
    DataError
        If there are no tokens, or fewer than five curves overlap.
    """
    curves = as_curves(runs)
    wanted = np.asarray(steps, dtype=float)
    if not wanted.size:
        wanted = _shared_levels(_tokens(curves, "tokens") / batch, 5, curves.source)
    rows = [
        (number, level, run, size, loss)
        for run, size, curve in _each_curve(curves)
        for number, level in enumerate(wanted)
        for loss in [curve.loss(level * batch)]
        if size >= smallest and np.isfinite(loss)
    ]
    rows.sort(key=lambda row: row[0])
    return pd.DataFrame([row[1:] for row in rows], columns=["steps", "curve", "params", "loss"])


def falls_with_size(by_steps: pd.DataFrame) -> str:
    """At how many numbers of steps a larger model always has a lower loss, for a sentence.

    Parameters
    ----------
    by_steps
        Result of `at_fixed_steps`; the losses of equal sizes are averaged.

    Examples
    --------
    >>> losses = {"steps": [1, 1, 2, 2], "params": [10, 20, 10, 20], "loss": [3.0, 2.9, 2.0, 2.1]}
    >>> falls_with_size(pd.DataFrame(losses))
    'falls from each size to the next larger one at 1 of 2 numbers of steps'
    """
    means = by_steps.groupby(["steps", "params"])["loss"].mean()
    falling = [bool((losses.diff().dropna() < 0).all()) for _, losses in means.groupby(level="steps")]
    return f"falls from each size to the next larger one at {sum(falling)} of {len(falling)} numbers of steps"


class _Curve:
    """One training curve as a function of tokens."""

    def __init__(self, tokens: FloatArray, loss: FloatArray) -> None:
        from scipy.interpolate import PchipInterpolator

        self._x, self._y = np.log(tokens), np.log(loss)
        self._between = PchipInterpolator(self._x, self._y) if len(tokens) > 1 else None

    def loss(self, tokens: float) -> float:
        """Loss after `tokens`; NaN beyond the measured points."""
        x, first, last = float(np.log(tokens)), self._x[0], self._x[-1]
        if not first - SAME <= x <= last + SAME:
            return float("nan")
        if self._between is None:
            return float(np.exp(self._y[0]))
        return float(np.exp(self._between(min(max(x, first), last))))


def _each_curve(curves: RunTable) -> Iterator[tuple[str, float, _Curve]]:
    """Name, size and curve of each run, smallest first; the mean loss where tokens repeat."""
    _tokens(curves, "tokens")
    frame = curves.frame.sort_values("params", kind="stable")
    code, names = pd.factorize(frame["run_id"])
    by_point = frame.assign(code=code).groupby(["code", "tokens"], as_index=False)
    points = by_point.agg(loss=("loss", "mean"), params=("params", "first"))
    starts = np.flatnonzero(np.diff(points["code"], prepend=-1))[1:]
    columns = (np.split(points[name].to_numpy(), starts) for name in ("params", "tokens", "loss"))
    for run, params, tokens, loss in zip(names, *columns, strict=True):
        yield str(run), float(params[0]), _Curve(tokens, loss)


def _tokens(curves: RunTable, column: str) -> pd.Series[float]:
    """`column` of the curves by run, where there are tokens."""
    if "tokens" not in curves.frame:
        raise DataError(
            "the curves cannot be read at fixed compute or steps without the tokens of their points",
            file=curves.source,
            remedy="Add a column of training tokens.",
        )
    return curves.frame.set_index("run_id")[column]


def _shared_levels(points: pd.Series[float], n: int, source: str) -> FloatArray:
    """`n` levels, evenly spaced in logarithms, from the first to the last that enough curves reach."""
    ends = points.groupby(level=0).agg(["min", "max"])
    levels = np.unique(ends)
    reached = levels[covering(ends["min"].to_numpy(), ends["max"].to_numpy(), levels) >= SHARED_BY]
    if not reached.size or reached[0] == reached[-1]:
        raise DataError(
            f"fewer than {SHARED_BY} training curves overlap, so they cannot be compared",
            file=source,
            remedy="Add points along the runs, or runs of other sizes.",
        )
    return np.geomspace(reached[0], reached[-1], n)


def numbers(text: str) -> Sequence[float]:
    """Numbers of a parameter that holds several, separated by spaces; none for an empty one.

    Raises
    ------
    DataError
        If a word is not a positive number.

    Examples
    --------
    >>> numbers("1e-5 0.1"), numbers("")
    ([1e-05, 0.1], [])
    """
    try:
        values = [float(word) for word in text.split()]
    except ValueError as error:
        raise DataError(f"a list of numbers holds something else: {error}") from None
    if not all(0 < value < float("inf") for value in values):
        raise DataError(f"a list of positive numbers holds another: {text}")
    return values
