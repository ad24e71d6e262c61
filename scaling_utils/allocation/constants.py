"""Sets of constants of one loss surface side by side, with what they say about a budget."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from scaling_utils.allocation.optimum import allocate
from scaling_utils.errors import DataError
from scaling_utils.laws import HOFFMANN, KnownLaw
from scaling_utils.results import Estimate, FitResult


def constants_table(sources: Mapping[str, KnownLaw | FitResult], flops: float) -> pd.DataFrame:
    """Published and fitted constants of E + A/N^alpha + B/D^beta, and the best size by each.

    Parameters
    ----------
    sources
        Published laws of that form and fits of Approach 3, by the name to show.
    flops
        Budget (FLOPs) for the best size.

    Returns
    -------
    DataFrame
        One row per source, the index: the five constants; `a` with `a low` and `a high`; `N_opt` at the
        budget with `N_opt low` and `N_opt high`; `D/N`. Published laws have no intervals.

    Raises
    ------
    DataError
        If a source is of another form.

    Examples
    --------
    >>> from scaling_utils.laws import published_law
    >>> laws = {"rounded": published_law("hoffmann2022"), "as used": published_law("hoffmann2022-unrounded")}
    >>> [f"{n:.3g}" for n in constants_table(laws, 5.76e23)["N_opt"]]
    ['3.22e+10', '4.04e+10']
    """
    rows = {}
    for name, source in sources.items():
        constants, a = _constants(name, source)
        best = allocate(source, flops)
        rows[name] = {
            **constants,
            "a": a.value,
            "a low": a.low,
            "a high": a.high,
            "N_opt": best.params.value,
            "N_opt low": best.params.low,
            "N_opt high": best.params.high,
            "D/N": best.tokens_per_param.value,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("constants")


def _constants(name: str, source: KnownLaw | FitResult) -> tuple[dict[str, float], Estimate]:
    if isinstance(source, FitResult) and source.law == HOFFMANN.id:
        return {n: source.estimates[n].value for n in HOFFMANN.names}, source.estimates["a"]
    if isinstance(source, KnownLaw) and source.form is HOFFMANN:
        values = dict(source.values)
        a = values["beta"] / (values["alpha"] + values["beta"])
        return values, Estimate(a, math.nan, math.nan)
    raise DataError(f"'{name}' is not a law of the form E + A/N^alpha + B/D^beta")
