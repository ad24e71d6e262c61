"""What a fitted law of training curves says, with intervals from its draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import ArrayLike

from scaling_utils.conventions import PF_DAY
from scaling_utils.fitting.intervals import estimate
from scaling_utils.fitting.kaplan.accountings import Accountings
from scaling_utils.fitting.kaplan.optimum import optimal_size
from scaling_utils.fitting.powerlaw import fit_lines
from scaling_utils.laws import KAPLAN_BATCH_TOKENS, KAPLAN_NS, NO_CRITICAL_BATCH, CriticalBatch, KaplanLaw
from scaling_utils.results import Estimate, FitResult, PowerLaw

FIGURE_BUDGETS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
FIGURE_STEPS = (1e4, 2e4, 5e4, 1e5)
FIGURE_SIZES = (1e6, 1e7, 1e8, 1e9)
"""PF-days, steps and params at which the law of Kaplan et al. 2020, figure 11, is written out."""


def fitted_law(fit: FitResult) -> KaplanLaw:
    """The law of training curves with the numbers of a fit, and the critical batch that it was fitted with.

    Parameters
    ----------
    fit
        Result of `fit_kaplan`.
    """
    return _law(fit, fit.values(*KAPLAN_NS.names))


def law_accountings(fit: FitResult, flops: ArrayLike, *, batch: float = KAPLAN_BATCH_TOKENS) -> Accountings:
    """N_opt of a fitted law as a power law through its minima at budgets, in both accountings.

    Parameters
    ----------
    fit
        Result of `fit_kaplan`.
    flops
        Compute C (FLOPs), shape (n,). At fixed batch the law of N_opt is bent, so its exponent depends on
        the budgets.
    batch
        Batch (tokens).
    """

    def lines(law: KaplanLaw) -> dict[str, float]:
        best = optimal_size(law, flops, batch=batch)
        log_n = np.log(best.params)[None]
        (p, log_k), (p_min, log_k_min) = (
            fit_lines(np.log(c / PF_DAY), log_n)[:, 0] for c in (best.flops, best.flops_min)
        )
        return {"p": p, "k": math.exp(log_k), "p_min": p_min, "k_min": math.exp(log_k_min)}

    found = _over_draws(fit, lines, lambda name: "params" if name.startswith("k") else "")
    return Accountings(PowerLaw(found["k"], found["p"]), PowerLaw(found["k_min"], found["p_min"]))


def figure_numbers(fit: FitResult, *, batch: float = KAPLAN_BATCH_TOKENS) -> dict[str, Estimate]:
    """What a fitted law says at the budgets, steps and sizes of Kaplan et al. 2020, figure 11.

    Parameters
    ----------
    fit
        Result of `fit_kaplan`.
    batch
        Batch (tokens).

    Returns
    -------
    dict of str to Estimate
        ``N_opt_1e-5`` (params) and ``L_min_1e-5`` (unit of the losses) to ``..._1e0``: the minimum at so
        many PF-days; ``slope_first`` and ``slope_last``: how ln N_opt rises with ln C over the first and the
        last decade of these; ``L_S1e4_N1e6`` to ``L_S1e5_N1e9``: the loss after S steps at size N.
    """
    units = {"N": "params", "L": fit.conventions.loss_unit, "s": ""}
    return _over_draws(fit, lambda law: _figure_values(law, batch), lambda name: units[name[0]])


def _figure_values(law: KaplanLaw, batch: float) -> dict[str, float]:
    best = optimal_size(law, np.array(FIGURE_BUDGETS) * PF_DAY, batch=batch)
    slopes = np.diff(np.log(best.params)) / np.diff(np.log(best.flops))
    budgets = [_short(budget) for budget in FIGURE_BUDGETS]
    values = {f"N_opt_{c}": size for c, size in zip(budgets, best.params, strict=True)}
    values |= {f"L_min_{c}": loss for c, loss in zip(budgets, best.loss, strict=True)}
    values |= {"slope_first": slopes[0], "slope_last": slopes[-1]}
    for steps in FIGURE_STEPS:
        reached = law.loss(FIGURE_SIZES, steps, batch=batch)
        for size, loss in zip(FIGURE_SIZES, reached, strict=True):
            values[f"L_S{_short(steps)}_N{_short(size)}"] = loss
    return values


def _short(number: float) -> str:
    mantissa, exponent = f"{number:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _law(fit: FitResult, theta: Iterable[float]) -> KaplanLaw:
    scale, exponent = (fit.provenance[f"critical_batch_{part}"] for part in ("scale", "exponent"))
    n_c, s_c, alpha_n, alpha_s = map(float, theta)
    critical = NO_CRITICAL_BATCH if scale is None else CriticalBatch(scale, exponent)
    return KaplanLaw(n_c, s_c, alpha_n, alpha_s, critical)


def _over_draws(
    fit: FitResult, quantities: Callable[[KaplanLaw], dict[str, float]], unit: Callable[[str], str]
) -> dict[str, Estimate]:
    """Quantities of the law at the fit and at each of its draws, as estimates."""
    laws = zip(*(fit.draws[name] for name in KAPLAN_NS.names), strict=True) if fit.draws else ()
    drawn = [quantities(_law(fit, theta)) for theta in laws]
    return {
        name: estimate(float(value), np.array([draw[name] for draw in drawn]), unit=unit(name))
        for name, value in quantities(fitted_law(fit)).items()
    }
