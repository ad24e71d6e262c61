"""IsoFLOP slices of a frame: groups of runs that were given nearly the same compute."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from scaling_utils.runs.units import last_rows

FEWEST_SIZES = 3
"""A parabola through a slice needs three sizes."""
TOLERANCE = 0.1
"""Largest gap in ln C between neighbours in one slice."""
WIDEST = 3.0
"""Widest slice, in tolerances."""


def find_slices(
    frame: pd.DataFrame, *, tolerance: float = TOLERANCE, known: Collection[float] = ()
) -> pd.Series[float]:
    """Find the compute budgets that runs were given, by the rule that `assign_budgets` describes.

    Parameters
    ----------
    frame
        Canonical columns.
    tolerance
        Largest gap in ln C between neighbours in one slice.
    known
        Budgets in FLOPs of other runs. A slice within `tolerance` of some is at the nearest of them.

    Returns
    -------
    pandas.Series
        Budget of each row in FLOPs, empty outside every slice and without a column `flops`.
    """
    if "flops" not in frame:
        return pd.Series(np.nan, index=frame.index)
    ends = frame.iloc[last_rows(frame)].assign(ln_c=lambda f: np.log(f["flops"])).sort_values("ln_c")
    ends["slice"] = (ends["ln_c"].diff() > tolerance).cumsum()
    groups = ends.groupby("slice").agg(low=("ln_c", "min"), high=("ln_c", "max"), sizes=("params", "nunique"))
    width = groups["high"] - groups["low"]
    below = (groups["low"] - groups["high"].shift()).fillna(np.inf)
    apart = np.minimum(below, below.shift(-1, fill_value=np.inf))
    held = (groups["sizes"] >= FEWEST_SIZES) & (width <= WIDEST * tolerance) & (apart >= width)
    slices = ends[ends["slice"].map(held)]
    centre = np.exp(slices.groupby("slice")["ln_c"].transform("mean"))
    if len(known):
        others = np.array(list(known))
        away = np.abs(np.log(centre.to_numpy()[:, None] / others))
        nearest = others[away.argmin(axis=1)]
        centre = centre.mask(away.min(axis=1) <= tolerance, nearest)
    budgets = dict(zip(slices["run_id"], centre, strict=True))
    return frame["run_id"].map(budgets).astype("float64")
