"""Published values beside ours."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from scaling_utils.published import published
from scaling_utils.results import Estimate


def compare(published_id: str, ours: Mapping[str, Estimate]) -> pd.DataFrame:
    """A table of published value, ours with its interval, and the difference.

    Parameters
    ----------
    published_id
        Id of a row of `data/published` whose value maps quantities to numbers; empty for none.
    ours
        Our estimates by quantity.

    Returns
    -------
    DataFrame
        One row per quantity of `ours`, the index. Where the source gives no value the published
        columns are NaN; `published lies` says whether its value is inside our interval, and is a dash
        where either is missing.

    Examples
    --------
    >>> table = compare("hoff.A2", {"a": Estimate(0.508, 0.475, 0.557)})
    >>> table.loc["a", "published lies"]
    'inside'
    """
    row = published(published_id) if published_id else None
    values, intervals = (row.values(), row.intervals()) if row else ({}, {})
    rows = []
    for quantity, estimate in ours.items():
        value, interval = values.get(quantity, math.nan), intervals.get(quantity)
        lies = "inside" if value in estimate else "outside"
        rows.append(
            {
                "published": value,
                "published low": interval.low if interval else math.nan,
                "published high": interval.high if interval else math.nan,
                "ours": estimate.value,
                "low": estimate.low,
                "high": estimate.high,
                "unit": estimate.unit,
                "ours − published": estimate.value - value,
                "published lies": "–" if math.isnan(value) or math.isnan(estimate.low) else lies,
            }
        )
    return pd.DataFrame(rows, index=pd.Index(ours, name="quantity"))
