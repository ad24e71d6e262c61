"""IsoFLOP budgets: which runs were given the same compute."""

from __future__ import annotations

from dataclasses import replace

from scaling_utils.runs.slices import TOLERANCE, find_slices
from scaling_utils.runs.table import RunTable, ordered


def assign_budgets(runs: RunTable, *, tolerance: float = TOLERANCE) -> RunTable:
    """Find the IsoFLOP slices of a table that has no column `budget`.

    Parameters
    ----------
    runs
        The table. With a column `budget`, or without `flops`, it is returned unchanged.
    tolerance
        Largest gap in ln C, about the relative difference in FLOPs, between neighbours in one slice.

    Returns
    -------
    RunTable
        With a column `budget` in FLOPs: the geometric mean of the slice, for all rows of its runs, and empty
        for runs outside every slice. Without a slice, the table unchanged.

    Raises
    ------
    ValueError
        If `tolerance` is not positive.

    Notes
    -----
    The last points of the runs are sorted by ln C and cut wherever two neighbours lie more than `tolerance`
    apart. A group is a slice if it holds three model sizes, is at most three tolerances wide, and lies at
    least its own width from the groups beside it. What is wider or closer is compute that varies freely,
    not a budget that was held. (The slices of Hoffmann et al. 2022, figure 4, are up to 0.2 wide.)

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"N": [1e8, 2e8, 4e8, 3e8], "C": [1e19, 1.01e19, 1e19, 5e20], "L": [3, 2, 3, 2]})
    >>> assign_budgets(RunTable.from_frame(frame, source="example")).frame["budget"].round(-17).tolist()
    [1e+19, 1e+19, 1e+19, nan]
    """
    if not tolerance > 0:
        raise ValueError(f"tolerance must be positive, not {tolerance}")
    if "budget" in runs.frame:
        return runs
    budget = find_slices(runs.frame, tolerance=tolerance)
    if budget.isna().all():
        return runs
    return replace(runs, frame=ordered(runs.frame.assign(budget=budget)))
