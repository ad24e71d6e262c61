"""How far the answer of Approach 2 depends on choices that the data do not make."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from scaling_utils.conventions import tokens_for
from scaling_utils.errors import DataError
from scaling_utils.fitting.isoflop.fit import ROUNDING, BudgetFlops, fit_isoflop, isoflop_slices
from scaling_utils.fitting.isoflop.interpolated import interpolated_minima
from scaling_utils.fitting.isoflop.prediction import RATIO, RATIO_TWO_SIDED
from scaling_utils.fitting.isoflop.surface import fit_isoflop_surface
from scaling_utils.fitting.powerlaw import MIN_POINTS, fit_power_law
from scaling_utils.laws import HoffmannLaw
from scaling_utils.results import Estimate, FitStatus, IsoflopFit, PowerLaw
from scaling_utils.runs.budgets import assign_budgets
from scaling_utils.runs.table import RunTable

WINDOWS = (2.5, 3.0, 4.0, 6.0, 8.0, math.inf)

SURFACE_RESAMPLES = 1000
"""Most resamples of the surface among the choices: it takes several times as long as the valleys."""

WITHOUT_ONE_SIDED = "without one-sided budgets"
SURFACE = "one surface through all runs"
INTERPOLATION = "Akima interpolation instead of a parabola"

ChoiceStatus = FitStatus | Literal["–"]


def vary_choices(runs: RunTable, fit: IsoflopFit, *, project_to: float) -> pd.DataFrame:
    """The exponent and the projection under other defensible choices.

    Parameters
    ----------
    runs
        The runs that `fit` was made from.
    fit
        Result of `fit_isoflop`; its window, resamples and seed are kept where another choice is varied. The
        surface has 1000 resamples at most.
    project_to
        Budget (FLOPs) at which to compare N_opt.

    Returns
    -------
    DataFrame
        One row per choice, the index: `budgets` that took part, `a` with the ends `low` and `high` of its
        95 % interval, `N_opt` at `project_to` (params), and the `status` of the fit. A choice that leaves
        fewer budgets with a minimum than `fit` needs has NaN; interpolated minima have no interval.
    """
    runs = assign_budgets(runs).final_points()  # each fit would find them again

    def parabolas(
        window: float = fit.window, budget_flops: BudgetFlops = "nominal", runs: RunTable = runs
    ) -> tuple[int, PowerLaw, ChoiceStatus]:
        refit = fit_isoflop(
            runs,
            window=window,
            budget_flops=budget_flops,
            fewest=fit.fewest,
            resamples=fit.resamples,
            seed=fit.seed,
        )
        return len(refit.used), refit.params_law, refit.as_fit_result().status

    def without_one_sided() -> tuple[int, PowerLaw, ChoiceStatus]:
        left_out = runs.frame["budget"].isin(fit.with_status("one-sided"))
        return parabolas(runs=runs.subset((~left_out).to_numpy()))

    def one_surface() -> tuple[int, PowerLaw, ChoiceStatus]:
        surface = fit_isoflop_surface(runs, resamples=min(fit.resamples, SURFACE_RESAMPLES), seed=fit.seed)
        law = PowerLaw(surface.estimates["k_params"], surface.estimates["a"])
        return int(surface.diagnostics["budgets"]), law, surface.status

    def by_interpolation() -> tuple[int, PowerLaw, ChoiceStatus]:
        minima = interpolated_minima(runs)
        budgets, sizes = minima["budget"].to_numpy(), minima["params_opt"].to_numpy()
        return len(minima), fit_power_law(budgets, sizes, fewest=fit.fewest), "–"

    choices: list[tuple[str, Callable[[], tuple[int, PowerLaw, ChoiceStatus]]]] = [
        *((f"window {w:g}x" if math.isfinite(w) else "every run", partial(parabolas, w)) for w in WINDOWS),
        (
            "measured FLOPs instead of nominal budgets",
            partial(parabolas, budget_flops="measured"),
        ),
        (WITHOUT_ONE_SIDED, without_one_sided),
        (SURFACE, one_surface),
        (INTERPOLATION, by_interpolation),
    ]
    rows = []
    for name, choice in choices:
        try:
            budgets, law, status = choice()
        except DataError:
            rows.append((name, 0, *[math.nan] * 4, "–"))
        else:
            a = law.exponent
            rows.append((name, budgets, a.value, a.low, a.high, float(law(project_to)), status))
    columns = ["choice", "budgets", "a", "low", "high", "N_opt", "status"]
    return pd.DataFrame(rows, columns=columns).set_index("choice")


def answers_by_key(choices: pd.DataFrame, foretold: pd.DataFrame) -> dict[str, Estimate | float | str]:
    """How firm the exponent is, by the keys under which pages quote it.

    Parameters
    ----------
    choices
        From `vary_choices`.
    foretold
        From `predict_largest`.

    Returns
    -------
    dict
        Estimates `a_without_one_sided`, `a_surface`, `ratio_at_largest` and `ratio_two_sided`, each with a
        text for prose under ``<key>_text``; `a_interpolated`, `surface_status`, `largest_lies` and
        `two_sided_lies`.
    """
    estimates = {
        "a_without_one_sided": Estimate(*choices.loc[WITHOUT_ONE_SIDED, ["a", "low", "high"]]),
        "a_surface": Estimate(*choices.loc[SURFACE, ["a", "low", "high"]]),
        "ratio_at_largest": Estimate(*foretold.loc[RATIO, ["value", "low", "high"]]),
        "ratio_two_sided": Estimate(*foretold.loc[RATIO_TWO_SIDED, ["value", "low", "high"]]),
    }
    return {
        **estimates,
        **{f"{key}_text": str(e) if e.known else "unknown" for key, e in estimates.items()},
        "a_interpolated": float(choices["a"][INTERPOLATION]),
        "surface_status": str(choices.loc[SURFACE, "status"]),
        "largest_lies": str(foretold.loc[RATIO, "verdict"]),
        "two_sided_lies": str(foretold.loc[RATIO_TWO_SIDED, "verdict"]),
    }


def lack_of_fit(fit: IsoflopFit) -> pd.DataFrame:
    r"""Test each parabola against the spread of runs of equal size (F test of lack of fit).

    The sum of squares about the parabola of n runs of m sizes is parted into that about the means of the
    sizes, the pure error, and the rest:

    .. math:: F = \frac{(S - S_{pure}) / (m - 3)}{S_{pure} / (n - m)} .

    Parameters
    ----------
    fit
        Result of `fit_isoflop`; the runs in its windows count.

    Returns
    -------
    DataFrame
        One row per slice in which sizes are repeated and differ in their loss: `budget` (FLOPs), `runs` n,
        `sizes` m, `F`, its degrees of freedom ``df of sizes`` and ``df of repeats``, and `p`, the chance of
        so large an F if the valley is a parabola over its window. No rows where no size is repeated.

    Notes
    -----
    *Source*: Draper and Smith, Applied Regression Analysis, chapter 2 (lack of fit and pure error).

    Noise must be independent and equal. Runs of one seed that see the same batches at every size share noise:
    that adds to the pure error and hardly to the lack of fit, so `p` is then too large rather than too small.

    Examples
    --------
    A valley that is steeper on one side, each size with two runs:

    >>> import numpy as np
    >>> from scaling_utils.runs import RunTable
    >>> budget, x = (v.ravel() for v in np.meshgrid([1e18, 1e19, 1e20], np.repeat(np.linspace(-1, 1, 7), 2)))
    >>> loss = 2 + 0.1 * x**2 + 0.04 * x**3 + 0.002 * np.random.default_rng(0).standard_normal(x.size)
    >>> frame = pd.DataFrame({"params": 0.1 * budget**0.5 * np.exp(x), "flops": budget, "loss": loss})
    >>> runs = RunTable.from_frame(frame.assign(tokens=budget / 6 / frame["params"]), source="made up")
    >>> table = lack_of_fit(fit_isoflop(runs, resamples=0))
    >>> table[["runs", "sizes", "df of sizes", "df of repeats"]].drop_duplicates().to_numpy()
    array([[14,  7,  4,  7]])
    >>> bool((table["p"] < 1e-3).all())
    True
    """
    from scipy.special import fdtrc

    rows = []
    for valley in fit.valleys:
        if not valley.points.size:
            continue
        log_n, loss = valley.points
        _, of, repeats = np.unique(log_n, return_inverse=True, return_counts=True)
        n, m = len(loss), len(repeats)
        about_means = loss - (np.bincount(of, weights=loss) / repeats)[of]
        if not np.abs(about_means).max() > ROUNDING * np.abs(loss).max():
            continue  # no size is repeated, or the repeats are copies
        pure = float(np.sum(about_means**2))
        lack = valley.residual_sd**2 * (n - 3) - pure
        ratio = lack / (m - 3) / (pure / (n - m))
        rows.append((valley.budget, n, m, ratio, m - 3, n - m, float(fdtrc(m - 3, n - m, ratio))))
    columns = ["budget (FLOPs)", "runs", "sizes", "F", "df of sizes", "df of repeats", "p"]
    return pd.DataFrame(rows, columns=columns)


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
