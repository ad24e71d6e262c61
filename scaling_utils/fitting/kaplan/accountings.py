"""N_opt as a power law of compute, as spent and as it would be far below the critical batch size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling_utils.conventions import PF_DAY, pf_days_from_flops
from scaling_utils.fitting.kaplan.optimum import optimal_size
from scaling_utils.fitting.powerlaw import fit_power_law
from scaling_utils.laws import (
    KAPLAN_BATCH_TOKENS,
    KAPLAN_CRITICAL_BATCH,
    CriticalBatch,
    KaplanLaw,
    allocation_law,
    flops_min,
    published_law,
)
from scaling_utils.results import Estimate, PowerLaw

SIX_DECADES = (1e-7, 1e-1)
"""PF-days. Over these, the published law at fixed batch gives the published exponent after correction."""

SMALLEST, LARGEST = 768.0, 1.5e9
"""Range of model sizes (non-embedding params) of Kaplan et al. 2020, section 3."""


@dataclass(frozen=True)
class Accountings:
    """N_opt as a power law of compute, counted in two ways.

    Parameters
    ----------
    fixed_batch
        N_opt = k C^p with C as spent, in PF-days; k in params.
    corrected
        N_opt = k' C_min^p', with C_min in PF-days; NaN where the critical batch size is not known.
    """

    fixed_batch: PowerLaw
    corrected: PowerLaw


def both_accountings(
    flops: ArrayLike,
    params: ArrayLike,
    loss: ArrayLike,
    *,
    batch: float = KAPLAN_BATCH_TOKENS,
    critical: CriticalBatch = KAPLAN_CRITICAL_BATCH,
) -> Accountings:
    """N_opt against compute as it was spent, and against C_min.

    Parameters
    ----------
    flops, params, loss
        Compute (FLOPs), best model size and its loss (nats/token) of at least three budgets, shape (n,).
    batch
        Batch of the runs (tokens).
    critical
        The critical batch size by loss.

    Returns
    -------
    Accountings

    Raises
    ------
    DataError
        If there are fewer than three budgets, or a value is not positive and finite.

    Notes
    -----
    *Source*: Kaplan et al. 2020, section 6.1 and figure 14. At a fixed batch, small budgets waste more
    of their compute, for their critical batch is smaller; the correction takes that out and flattens
    the law, from their 0.88 to their 0.73.

    Examples
    --------
    Kaplan's law at fixed batch, with their L(C), over their range of model sizes:

    >>> from scaling_utils.laws import allocation_law, published_law
    >>> flops = np.geomspace(5.7e12, 8e19, 50)
    >>> params = allocation_law("kaplan2020-fixed-batch-params").value(flops)
    >>> laws = both_accountings(flops, params, published_law("kaplan2020-c").loss(flops=flops))
    >>> round(laws.corrected.exponent.value, 2)
    0.75
    """
    spent, sizes, reached = (np.asarray(x, dtype=float) for x in (flops, params, loss))
    fixed = fit_power_law(pf_days_from_flops(spent), sizes, unit="params")
    if not critical.known:
        return Accountings(fixed, _as_power_law(None, math.nan))
    least = flops_min(spent, batch, reached, critical=critical)
    return Accountings(fixed, fit_power_law(pf_days_from_flops(least), sizes, unit="params"))


def published_accountings(flops: ArrayLike, *, batch: float = KAPLAN_BATCH_TOKENS) -> dict[str, Accountings]:
    """What Kaplan et al. 2020 say about N_opt against compute, by three routes.

    Parameters
    ----------
    flops
        Budgets (FLOPs), shape (n,), over which the law of training curves is read.
    batch
        Batch (tokens).

    Returns
    -------
    dict of str to Accountings
        ``"printed"``: both laws as printed. ``"printed, corrected over six decades"`` and ``"printed,
        corrected over their sizes"``: the law at fixed batch with the loss by compute as printed, C turned
        into C_min, from 1e-7 to 0.1 PF-days and over the sizes that were trained. ``"training curves"``: the
        minima of the law of training curves.

    Notes
    -----
    *Source*: Kaplan et al. 2020, figure 14 and table 6 (as printed), table 5 (loss by compute), table 3
    (training curves). What is bent in one accounting has an exponent that depends on the range.

    Examples
    --------
    >>> routes = published_accountings(np.geomspace(8.64e14, 8.64e19, 11))
    >>> [round(laws.corrected.exponent.value, 3) for laws in routes.values()]
    [0.73, 0.737, 0.746, 0.681]
    """
    fixed, corrected = (allocation_law(n) for n in ("kaplan2020-fixed-batch-params", "kaplan2020-params"))
    printed = Accountings(*(_as_power_law(law.coefficient, law.exponent) for law in (fixed, corrected)))
    of_compute = published_law("kaplan2020-c")
    low, high = (
        float((size / printed.fixed_batch.coefficient.value) ** (1 / fixed.exponent))
        for size in (SMALLEST, LARGEST)
    )
    routes = {"printed": printed}
    for name, ends in (
        ("printed, corrected over six decades", SIX_DECADES),
        ("printed, corrected over their sizes", (low, high)),
    ):
        spent = np.geomspace(*ends, 200) * PF_DAY
        routes[name] = both_accountings(spent, fixed.value(spent), of_compute.loss(flops=spent), batch=batch)
    best = optimal_size(KaplanLaw(*published_law("kaplan2020-ns").theta), flops, batch=batch)
    routes["training curves"] = both_accountings(best.flops, best.params, best.loss, batch=batch)
    return routes


def accountings_table(rows: Mapping[str, Accountings]) -> pd.DataFrame:
    """Exponents of N_opt in both accountings, with intervals, one row per entry, the index.

    >>> accountings_table(published_accountings([1e15, 1e17, 1e19])).loc["printed", "fixed batch"]
    np.float64(0.88)
    """
    return pd.DataFrame(
        {
            f"{name} {part}".strip(): [
                getattr(getattr(laws, side).exponent, part or "value") for laws in rows.values()
            ]
            for name, side in (("fixed batch", "fixed_batch"), ("corrected", "corrected"))
            for part in ("", "low", "high")
        },
        index=pd.Index(rows, name="N_opt from"),
    )


def _as_power_law(coefficient: float | None, exponent: float) -> PowerLaw:
    k = math.nan if coefficient is None else coefficient
    return PowerLaw(Estimate(k, unit="params"), Estimate(exponent))
