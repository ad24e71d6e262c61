"""How far the answer of Approach 2 depends on choices that the data do not make."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from scaling_utils.conventions import tokens_for
from scaling_utils.errors import DataError
from scaling_utils.fitting.isoflop.fit import fit_isoflop, isoflop_slices
from scaling_utils.fitting.isoflop.interpolated import interpolated_minima
from scaling_utils.fitting.powerlaw import MIN_POINTS, fit_power_law
from scaling_utils.laws import HoffmannLaw
from scaling_utils.results import IsoflopFit, PowerLaw
from scaling_utils.runs.table import RunTable

WINDOWS = (2.5, 3.0, 4.0, 6.0, 8.0, math.inf)


def vary_choices(runs: RunTable, fit: IsoflopFit, *, project_to: float) -> pd.DataFrame:
    """The exponent and the projection under other defensible choices.

    Parameters
    ----------
    runs
        The runs that `fit` was made from.
    fit
        Result of `fit_isoflop`; its window is kept where another choice is varied.
    project_to
        Budget (FLOPs) at which to compare N_opt.

    Returns
    -------
    DataFrame
        One row per choice, the index: `budgets` that took part, `a`, and `N_opt` at `project_to`
        (params). A choice that leaves fewer budgets with a minimum than `fit` needs has NaN.
    """
    runs = runs.final_points()  # each fit would find them again
    fewest = fit.fewest

    def at_window(window: float) -> tuple[int, PowerLaw]:
        refit = fit_isoflop(runs, window=window, fewest=fewest, resamples=0)
        return len(refit.used), refit.params_law

    def measured_flops() -> tuple[int, PowerLaw]:
        refit = fit_isoflop(runs, window=fit.window, fewest=fewest, budget_flops="measured", resamples=0)
        return len(refit.used), refit.params_law

    def without_one_sided() -> tuple[int, PowerLaw]:
        kept = [v for v in fit.used if v.status != "one-sided"]
        sizes = [v.params_opt.value for v in kept]
        return len(kept), fit_power_law([v.budget for v in kept], sizes, fewest=fewest)

    def by_interpolation() -> tuple[int, PowerLaw]:
        minima = interpolated_minima(runs)
        budgets, sizes = minima["budget"].to_numpy(), minima["params_opt"].to_numpy()
        return len(minima), fit_power_law(budgets, sizes, fewest=fewest)

    choices: list[tuple[str, Callable[[], tuple[int, PowerLaw]]]] = [
        *((f"window {w:g}x" if math.isfinite(w) else "every run", lambda w=w: at_window(w)) for w in WINDOWS),
        ("measured FLOPs instead of nominal budgets", measured_flops),
        ("without one-sided budgets", without_one_sided),
        ("Akima interpolation instead of a parabola", by_interpolation),
    ]
    rows = []
    for name, choice in choices:
        try:
            budgets, law = choice()
        except DataError:
            rows.append((name, 0, math.nan, math.nan))
        else:
            rows.append((name, budgets, law.exponent.value, float(law(project_to))))
    return pd.DataFrame(rows, columns=["choice", "budgets", "a", "N_opt"]).set_index("choice")


def parabola_bias(
    runs: RunTable, law: HoffmannLaw, *, window: float, project_to: float, fewest: int = MIN_POINTS
) -> pd.DataFrame:
    """What Approach 2 makes of noise-free losses from a known law, on the sizes and budgets of `runs`.

    Parameters
    ----------
    runs
        Runs whose sizes and budgets are kept and whose losses are replaced.
    law
        The law that the losses come from.
    window, fewest
        As for `fit_isoflop`.
    project_to
        Budget (FLOPs) at which to compare N_opt.

    Returns
    -------
    DataFrame
        Rows `a` and `N_opt`, columns `truth`, `parabola`, `relative error`.

    Notes
    -----
    *Source*: Czech et al. 2026 show that a parabola in ln N is biased where alpha and beta differ,
    or where the sizes are not centred on the minimum.
    """
    slices = list(isoflop_slices(runs))
    frame = pd.concat([points.assign(budget=budget) for budget, points in slices], ignore_index=True)
    tokens = tokens_for(frame["budget"], frame["params"])
    planted = replace(
        runs,
        frame=frame.assign(flops=frame["budget"], tokens=tokens, loss=law.loss(frame["params"], tokens)),
    )
    fitted = fit_isoflop(planted, window=window, fewest=fewest, resamples=0).params_law
    truth = [law.a, float(law.params_opt(project_to))]
    found = [fitted.exponent.value, float(fitted(project_to))]
    return pd.DataFrame(
        {
            "truth": truth,
            "parabola": found,
            "relative error": [f / t - 1 for f, t in zip(found, truth, strict=True)],
        },
        index=["a", "N_opt"],
    )
