"""N_opt against compute in two accountings (Kaplan et al. 2020, Figure 14), and residuals of the law."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_utils.arrays import spaced
from scaling_utils.conventions import PF_DAY, pf_days_from_flops
from scaling_utils.figures.style import CONTRAST, INK, colour_at, colour_scale
from scaling_utils.fitting.kaplan import MeasuredMinima, optimal_size
from scaling_utils.laws import KaplanLaw, allocation_law
from scaling_utils.results import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_POINTS = 3000
"""Residuals that are drawn, evenly along the runs."""

PUBLISHED = "#0072b2"
"""Published laws; apart from `CONTRAST` in all forms of colour blindness."""


def plot_accountings(minima: MeasuredMinima, law: KaplanLaw) -> tuple[Axes, ...]:
    """Draw N_opt against compute as spent (left) and corrected for the batch size (right).

    Parameters
    ----------
    minima
        What `measured_minima` returns.
    law
        The fitted law of training curves.

    Returns
    -------
    tuple of Axes
        The two panels, on a new figure; the left one alone where the critical batch size is not known.
    """
    import matplotlib.pyplot as plt

    accountings = (False, True) if minima.critical.known else (False,)
    wide = 5.7 * len(accountings)
    _, axes = plt.subplots(1, len(accountings), figsize=(wide, 4.4), sharey=True, squeeze=False)
    for axis, corrected in zip(axes[0], accountings, strict=True):
        _draw_accounting(axis, minima, law, corrected=corrected)
    axes[0, 0].set_ylabel("Best size $N_{opt}$ (params)")
    return tuple(axes[0])


def plot_law_residuals(residuals: pd.DataFrame, *, warmup: float) -> Axes:
    """Draw what the law leaves of each point against steps, coloured by size.

    Parameters
    ----------
    residuals
        What `scaling_utils.fitting.kaplan.checks.residuals` returns.
    warmup
        Steps that the fit left out, shaded.
    """
    import matplotlib.pyplot as plt

    _, axis = plt.subplots(figsize=(8.2, 3.8))
    residuals = residuals.iloc[spaced(len(residuals), MOST_POINTS)]
    colours = colour_scale(residuals["params"].to_numpy())
    for fitted, face in ((True, None), (False, "none")):
        part = residuals[residuals["fitted"] == fitted]
        shade: Any = [colour_at(colours, size) for size in part["params"]]
        axis.scatter(
            part["steps"], part["residual"], s=16, linewidth=0.8, edgecolors=shade,
            facecolors=shade if face is None else face,
        )  # fmt: skip
    largest = float(residuals.loc[residuals["fitted"], "residual"].abs().max())
    axis.axhline(0, color=CONTRAST, lw=1)
    axis.set(
        xscale="log", xlabel="Steps S", ylabel="ln measured loss − ln law", ylim=(-2 * largest, 2 * largest)
    )
    if warmup > residuals["steps"].min():
        axis.axvspan(residuals["steps"].min() / 1.3, warmup, color="#000000", alpha=0.05, lw=0)
        axis.text(
            warmup / 1.1,
            -1.9 * largest,
            "warm-up, not fitted",
            ha="right",
            va="bottom",
            fontsize=8.5,
            color=INK,
        )
    axis.set_xlim(residuals["steps"].min() / 1.3, residuals["steps"].max() * 1.3)
    axis.figure.colorbar(colours, ax=axis, label="Parameters N", pad=0.02)
    return axis


def _draw_accounting(axis: Axes, minima: MeasuredMinima, law: KaplanLaw, *, corrected: bool) -> None:
    spent = np.array([valley.budget for valley, _ in minima.used])
    measured = pf_days_from_flops(minima.flops_min if corrected else spent)
    fitted = minima.accountings.corrected if corrected else minima.accountings.fixed_batch
    grid = np.geomspace(measured.min() / 2, measured.max() * 10, 120)
    within = grid <= measured.max()
    low, high = minima.band(grid, corrected=corrected)
    axis.fill_between(grid, low, high, color=CONTRAST, alpha=0.15, lw=0, label="95 % band")
    axis.plot(grid[within], fitted(grid[within]), color=CONTRAST, lw=1.4, label="power law of the minima")
    axis.plot(grid[~within], fitted(grid[~within]), color=CONTRAST, lw=1.2, ls="--")
    axis.axvspan(measured.max(), grid[-1], color="#000000", alpha=0.05, lw=0)
    best = optimal_size(law, np.geomspace(spent.min() / 4, spent.max() * 40, 80), batch=minima.batch)
    x = pf_days_from_flops(best.flops_min if corrected else best.flops)
    axis.plot(x, best.params, color=INK, lw=1.5, ls=(0, (1, 1.2)), label="law of training curves, fitted")
    known = allocation_law("kaplan2020-params" if corrected else "kaplan2020-fixed-batch-params")
    variable = r"C_{\min}" if corrected else "C"
    axis.plot(
        grid, known.value(grid * PF_DAY), color=PUBLISHED, lw=1.3, ls=(0, (6, 2)),
        label=f"Kaplan et al. 2020: ${variable}^{{\\,{known.exponent:g}}}$",
    )  # fmt: skip
    for (valley, _), at in zip(minima.used, measured, strict=True):
        size, open_ = valley.params_opt, valley.status == "one-sided"
        axis.plot([at, at], [size.low, size.high], color=CONTRAST, lw=1.3, zorder=4)
        axis.plot(
            at, size.value, marker="D" if open_ else "o", ms=5.5, zorder=5,
            mfc="white" if open_ else CONTRAST, mec=CONTRAST, mew=1.2,
        )  # fmt: skip
    axis.set(xscale="log", yscale="log", xlim=(grid[0], grid[-1]))
    axis.set_ylim(fitted(grid[0]) / 3, fitted(grid[-1]) * 2)
    axis.set_xlabel(
        r"$C_{\min}$, corrected for the batch (PF-days)"
        if corrected
        else "C as spent at fixed batch (PF-days)"
    )
    axis.set_title(rf"$N_{{opt}} \propto {variable}^{{\,p}}$,  $p$ = {_shown(fitted.exponent)}")
    axis.text(0.985, 0.03, "extrapolation", transform=axis.transAxes, ha="right", fontsize=8.5, color=INK)
    axis.legend(loc="upper left", fontsize=8.5)


def _shown(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"
