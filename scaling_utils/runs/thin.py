"""Fewer points of long training curves."""

from __future__ import annotations

import numpy as np

from scaling_utils.runs.table import RunTable

MOST_POINTS = 60
"""Points of a curve that are enough to see what it can serve: more than the fewest that are smoothed."""


def thin_curves(runs: RunTable, *, most: int = MOST_POINTS) -> RunTable:
    """Keep at most so many points of each run, evenly spaced in rank, the first and the last among them.

    Parameters
    ----------
    runs
        A table; runs with fewer points keep them all.
    most
        Points to keep of each run, at least 2.

    Returns
    -------
    RunTable
        The rows kept, in the order of the table.

    Raises
    ------
    ValueError
        If `most` is below 2.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"run": "a", "N": 1e8, "D": np.arange(1, 11) * 1e9, "loss": 3.0})
    >>> thin_curves(RunTable.from_frame(frame, source="example"), most=4).frame["tokens"].tolist()
    [1000000000.0, 4000000000.0, 7000000000.0, 10000000000.0]
    """
    if most < 2:
        raise ValueError(f"most must be at least 2, not {most}")
    frame = runs.frame
    if len(frame) <= most:
        return runs
    by = next(name for name in ("step", "tokens", "flops") if name in frame)
    rank = frame.groupby("run_id", sort=False)[by].rank(method="first").to_numpy() - 1
    last = frame.groupby("run_id", sort=False)[by].transform("size").to_numpy() - 1
    # Of `last + 1` points those are kept whose rank is the first to reach one of `most` equal shares.
    share = (most - 1) / np.maximum(last, 1)
    kept = (last < most) | (np.floor(rank * share + 1e-9) > np.floor((rank - 1) * share + 1e-9)) | (rank == 0)
    return runs if kept.all() else runs.subset(kept)
