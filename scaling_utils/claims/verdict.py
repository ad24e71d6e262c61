"""Whether a published number is reproduced: a rule, not a matter of taste."""

from __future__ import annotations

import math
from typing import Literal

from scaling_utils.published import Interval
from scaling_utils.results import Estimate

Verdict = Literal["reproduced", "partly", "not reproduced", "cannot be tested"]
BEST_FIRST: tuple[Verdict, ...] = ("reproduced", "partly", "not reproduced", "cannot be tested")

PARTLY = 5.0
"""A value within so many times the tolerance is partly reproduced."""


def judge(
    stated: float, ours: Estimate | None, *, tolerance: float, interval: Interval | None = None
) -> Verdict:
    """Say whether a published number is reproduced.

    Parameters
    ----------
    stated
        The published value.
    ours
        Our value; its interval may be NaN. None where there is no result.
    tolerance
        Relative difference within which two values are the same.
    interval
        The published interval, if one is stated.

    Returns
    -------
    str
        ``"cannot be tested"`` without a result. ``"reproduced"`` if the published value lies in our interval
        or within the tolerance of our value. ``"partly"`` if the published interval holds our value or meets
        our interval, or the values differ by less than five tolerances. Else ``"not reproduced"``.

    Examples
    --------
    >>> judge(0.49, Estimate(0.508, 0.475, 0.557), tolerance=0.01)
    'reproduced'
    >>> judge(0.49, Estimate(0.56, 0.53, 0.59), tolerance=0.01)
    'not reproduced'
    """
    if ours is None or math.isnan(ours.value):
        return "cannot be tested"
    apart = abs(ours.value - stated) / abs(stated)
    if apart <= tolerance or stated in ours:
        return "reproduced"
    if interval is not None:
        low, high = (ours.value, ours.value) if math.isnan(ours.low) else (ours.low, ours.high)
        if low <= interval.high and interval.low <= high:
            return "partly"
    return "partly" if apart <= PARTLY * tolerance else "not reproduced"
