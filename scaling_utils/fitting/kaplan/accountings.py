"""N_opt by a fitted law of training curves and by published ones, in both accountings of compute."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import PF_DAY
from scaling_utils.fitting.intervals import estimate
from scaling_utils.fitting.kaplan.optimum import (
    Accountings,
    both_accountings,
    fixed_steps_curve,
    optimal_size,
)
from scaling_utils.fitting.powerlaw import fit_lines
from scaling_utils.laws import (
    KAPLAN_BATCH_TOKENS,
    KAPLAN_CRITICAL_BATCH,
    KAPLAN_NS,
    CriticalBatch,
    KaplanLaw,
    allocation_law,
    published_law,
)
from scaling_utils.results import Estimate, FitResult, PowerLaw

FIGURE_BUDGETS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
FIGURE_STEPS = (1e4, 2e4, 5e4, 1e5)
FIGURE_SIZES = (1e6, 1e7, 1e8, 1e9)
"""PF-days, steps and params at which the law of Kaplan et al. 2020, figure 11, is written out."""

SIX_DECADES = (1e-7, 1e-1)
"""PF-days. Over these, the published law at fixed batch gives the published exponent after correction."""

SMALLEST, LARGEST = 768.0, 1.5e9
"""Range of model sizes (non-embedding params) of Kaplan et al. 2020, section 3."""


def fitted_law(fit: FitResult, *, critical: CriticalBatch = KAPLAN_CRITICAL_BATCH) -> KaplanLaw:
    """The law of training curves with the numbers of a fit."""
    return _law(fit.values(*KAPLAN_NS.names), critical)


def law_minima(
    fit: FitResult,
    flops: ArrayLike,
    *,
    batch: float = KAPLAN_BATCH_TOKENS,
    critical: CriticalBatch = KAPLAN_CRITICAL_BATCH,
) -> tuple[list[Estimate], list[Estimate]]:
    """The best size and its loss at budgets, by a fitted law, with intervals from its draws.

    Parameters
    ----------
    fit
        Result of `fit_kaplan`.
    flops
        Compute C (FLOPs), shape (n,).
    batch, critical
        Batch (tokens), and the critical batch size by loss.

    Returns
    -------
    params, loss : list of Estimate
    """
    best = _through_draws(
        fit, lambda law: np.array(_size_and_loss(law, flops, batch)), critical, units=("params", "nats/token")
    )
    return best[0], best[1]


def law_losses(
    fit: FitResult,
    steps: float,
    params: ArrayLike,
    *,
    batch: float = KAPLAN_BATCH_TOKENS,
    critical: CriticalBatch = KAPLAN_CRITICAL_BATCH,
) -> list[Estimate]:
    """The loss at sizes after a number of steps, by a fitted law, with intervals from its draws.

    Parameters
    ----------
    fit
        Result of `fit_kaplan`.
    steps
        Steps S.
    params
        Model sizes (params), shape (n,).
    batch, critical
        As for `law_minima`.
    """
    curve = _through_draws(
        fit,
        lambda law: fixed_steps_curve(law, steps, params, batch=batch)[None],
        critical,
        units=("nats/token",),
    )
    return curve[0]


def law_accountings(
    fit: FitResult,
    flops: ArrayLike,
    *,
    batch: float = KAPLAN_BATCH_TOKENS,
    critical: CriticalBatch = KAPLAN_CRITICAL_BATCH,
) -> Accountings:
    """N_opt of a fitted law as a power law through its minima at budgets, in both accountings.

    Parameters
    ----------
    fit, flops, batch, critical
        As for `law_minima`. At fixed batch the law of N_opt is bent, so its exponent depends on the budgets.
    """
    numbers = _through_draws(
        fit,
        lambda law: np.array(_law_lines(law, flops, batch))[:, None],
        critical,
        units=("", "params", "", "params"),
    )
    p, k, p_min, k_min = (row[0] for row in numbers)
    return Accountings(PowerLaw(k, p), PowerLaw(k_min, p_min))


def figure_numbers(
    fit: FitResult,
    *,
    batch: float = KAPLAN_BATCH_TOKENS,
    critical: CriticalBatch = KAPLAN_CRITICAL_BATCH,
) -> dict[str, Estimate]:
    """What a fitted law says at the budgets, steps and sizes of Kaplan et al. 2020, figure 11.

    Parameters
    ----------
    fit, batch, critical
        As for `law_minima`.

    Returns
    -------
    dict of str to Estimate
        ``N_opt_1e-5`` (params) and ``L_min_1e-5`` (nats/token) to ``..._1e0``: the minimum at so many
        PF-days; ``slope_first`` and ``slope_last``: how ln N_opt rises with ln C over the first and the last
        decade of these; ``L_S1e4_N1e6`` to ``L_S1e5_N1e9``: the loss after S steps at size N.
    """
    params, loss = law_minima(fit, np.array(FIGURE_BUDGETS) * PF_DAY, batch=batch, critical=critical)
    names = [_short(c) for c in FIGURE_BUDGETS]
    numbers = {f"N_opt_{c}": size for c, size in zip(names, params, strict=True)}
    numbers |= {f"L_min_{c}": lowest for c, lowest in zip(names, loss, strict=True)}
    ends = _through_draws(fit, lambda law: _decade_slopes(law, batch)[None], critical, units=("",))
    numbers |= dict(zip(("slope_first", "slope_last"), ends[0], strict=True))
    for steps in FIGURE_STEPS:
        curve = law_losses(fit, steps, FIGURE_SIZES, batch=batch, critical=critical)
        for size, reached in zip(FIGURE_SIZES, curve, strict=True):
            numbers[f"L_S{_short(steps)}_N{_short(size)}"] = reached
    return numbers


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
    best = optimal_size(_law(published_law("kaplan2020-ns").theta, KAPLAN_CRITICAL_BATCH), flops, batch=batch)
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


def _short(number: float) -> str:
    mantissa, exponent = f"{number:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _law(theta: Sequence[float] | FloatArray, critical: CriticalBatch) -> KaplanLaw:
    n_c, s_c, alpha_n, alpha_s = (float(number) for number in theta)
    return KaplanLaw(n_c, s_c, alpha_n, alpha_s, critical)


def _as_power_law(coefficient: float | None, exponent: float) -> PowerLaw:
    k = math.nan if coefficient is None else coefficient
    return PowerLaw(Estimate(k, unit="params"), Estimate(exponent))


def _size_and_loss(law: KaplanLaw, flops: ArrayLike, batch: float) -> tuple[FloatArray, FloatArray]:
    best = optimal_size(law, flops, batch=batch)
    return best.params, best.loss


def _decade_slopes(law: KaplanLaw, batch: float) -> FloatArray:
    best = optimal_size(law, np.array(FIGURE_BUDGETS) * PF_DAY, batch=batch)
    slopes = np.diff(np.log(best.params)) / np.diff(np.log(best.flops))
    return np.asarray(slopes[[0, -1]])


def _law_lines(law: KaplanLaw, flops: ArrayLike, batch: float) -> list[float]:
    best = optimal_size(law, flops, batch=batch)
    log_n = np.log(best.params)[None]
    lines = [fit_lines(np.log(c / PF_DAY), log_n)[:, 0] for c in (best.flops, best.flops_min)]
    return [number for p, log_k in lines for number in (float(p), math.exp(log_k))]


def _through_draws(
    fit: FitResult,
    quantity: Callable[[KaplanLaw], FloatArray],
    critical: CriticalBatch,
    *,
    units: tuple[str, ...],
) -> list[list[Estimate]]:
    """A quantity (rows, n) of the law at the fit and at each of its draws, as estimates."""
    value = quantity(fitted_law(fit, critical=critical))
    laws = zip(*(fit.draws[name] for name in KAPLAN_NS.names), strict=True) if fit.draws else ()
    draws = np.array([quantity(_law(law, critical)) for law in laws])
    draws = draws.reshape(len(draws), *value.shape)
    return [
        [estimate(float(v), draws[:, i, j], unit=unit) for j, v in enumerate(row)]
        for i, (row, unit) in enumerate(zip(value, units, strict=True))
    ]
