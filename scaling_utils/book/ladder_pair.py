"""Fragment on the runs of the ladder's pair, which would also fit into the slice at their budget."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd

from scaling_utils.book.comparisons.rows import fixed, span
from scaling_utils.figures.style import power_of_ten
from scaling_utils.results import Estimate
from scaling_utils.runs.table import RunTable

SAME = ["width", "depth", "seed"]
"""Columns that make two runs at one budget the same training."""


def pair_in_slice(slices: RunTable, pair: RunTable, *, budget: float) -> str:
    """A paragraph on what the further seeds of a pair change where they join the slice at their budget.

    Parameters
    ----------
    slices
        Ends of the runs of the slices, with columns `budget`, `width`, `depth` and `seed`.
    pair
        Curves of the runs of the pair, with columns `width`, `depth` and `seed`.
    budget
        Budget of the pair (FLOPs).
    """
    from scaling_utils.fitting.isoflop import fit_isoflop

    ends = pair.final_points().frame.assign(budget=budget)
    there = slices.frame[slices.frame["budget"] == budget]
    again = pd.MultiIndex.from_frame(ends[SAME]).isin(pd.MultiIndex.from_frame(there[SAME]))
    joined = replace(slices, frame=pd.concat([slices.frame, ends[~again]], ignore_index=True))
    before, after = (fit_isoflop(runs, window=math.inf, fewest=2) for runs in (slices, joined))
    noise = [
        valley.residual_sd for fit in (before, after) for valley in fit.valleys if valley.budget == budget
    ]

    def told(a: Estimate) -> str:
        return f"{a.value:.3f} ({span(a.low, a.high, fixed('.3f'))})"

    return (
        f"The pair has {(~again).sum()} runs at {power_of_ten(budget)} FLOPs that are not in the slice at "
        "this budget, which keeps to the seeds planned for it. With them, and every run of each slice "
        f"fitted, the exponent on prose is {told(after.params_law.exponent)} instead of "
        f"{told(before.params_law.exponent)}, and the residuals of the slice have a standard deviation of "
        f"{noise[1]:.3f} instead of {noise[0]:.3f} nats per byte.\n"
    )
