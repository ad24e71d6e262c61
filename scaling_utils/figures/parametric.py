"""The loss surface of Hoffmann et al. 2022 (Figure 4), its residuals, and sets of constants side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scaling_utils.allocation import allocate
from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import tokens_for, training_flops
from scaling_utils.errors import DataError
from scaling_utils.figures.style import CONTRAST, INK, in_powers, in_units, plain_ticks
from scaling_utils.fitting.parametric import surface_residuals
from scaling_utils.laws import HOFFMANN, KnownLaw
from scaling_utils.results import FitResult
from scaling_utils.runs.table import LOSS_BOUNDS, RunTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection

OTHERS = (("#0072b2", (0, (5, 2))), ("#5d3a9b", (0, (1, 1.2))), ("#777777", (0, (3, 1.5, 1, 1.5))))
"""Colour and dashes of published laws: told apart without colour too."""

BUDGETS = 7
"""Curves of fixed compute where the runs have no budgets of their own."""

READINGS = {"position": ("o", "#0072b2"), "colour": ("D", "#d88c00")}


def plot_surface(
    fit: FitResult,
    runs: RunTable,
    *,
    project_to: float | None = None,
    others: Mapping[str, KnownLaw] | None = None,
) -> list[Axes]:
    """Draw contours of the fitted loss, slices of fixed compute, and the best size against compute.

    Parameters
    ----------
    fit
        Result of `fit_parametric`.
    runs
        The runs it was fitted to.
    project_to
        A budget (FLOPs) beyond the data at which to mark the best size.
    others
        Published laws of the same form, up to three, by the name to show.

    Returns
    -------
    list of Axes
        The three panels, left to right, on a new figure.

    Raises
    ------
    DataError
        If the fit has no answer.
    """
    import matplotlib.pyplot as plt

    _require_answer(fit)
    figure, axes = plt.subplots(1, 3, figsize=(11.4, 4.3), width_ratios=(1.1, 1.2, 1.1))
    _draw_contours(axes[0], fit, runs)
    coloured = _draw_slices(axes[1], fit, runs)
    figure.colorbar(coloured, ax=axes[1], label="Compute C (FLOPs)", pad=0.02, aspect=30)
    _draw_frontier(axes[2], fit, runs, project_to, dict(others or {}))
    return list(axes)


def plot_residuals(fit: FitResult, runs: RunTable) -> list[Axes]:
    """Draw the residuals in ln loss against compute, and how large they are beside the Huber delta.

    Parameters
    ----------
    fit, runs
        As for `plot_surface`. Runs with a column `loss_from` are told apart by it.

    Returns
    -------
    list of Axes
        Residuals, and the cumulative share of their sizes, on a new figure.
    """
    import matplotlib.pyplot as plt

    _require_answer(fit)
    _, axes = plt.subplots(1, 2, figsize=(11.0, 3.9), width_ratios=(1.4, 1))
    residuals = surface_residuals(fit, runs)
    compute = _compute(runs)
    kinds = runs.frame["loss_from"] if "loss_from" in runs.frame else pd.Series("run", index=runs.frame.index)
    for kind in sorted(set(kinds), reverse=True):
        inside = (kinds == kind).to_numpy()
        marker, colour = READINGS.get(kind, ("o", "#0072b2"))
        label = f"read by {kind} ({inside.sum()})" if kind in READINGS else f"{inside.sum()} runs"
        axes[0].plot(
            compute[inside], 100 * residuals[inside], ls="", marker=marker, ms=4, color=colour,
            alpha=0.75, mew=0, label=label,
        )  # fmt: skip
        sizes = np.sort(np.abs(residuals[inside]))
        axes[1].step(sizes, np.arange(1, len(sizes) + 1) / len(sizes), where="post", color=colour, lw=1.6)
        if set(LOSS_BOUNDS) <= set(runs.frame.columns):
            bounds = runs.frame[inside]
            half = float(np.sqrt((np.log(bounds["loss_high"] / bounds["loss_low"]) ** 2).mean()) / 2)
            axes[1].axvline(half, color=colour, lw=1.3, ls=":", label=f"bounds of reading, {kind}")
    axes[0].axhline(0, color=CONTRAST, lw=1)
    axes[0].set(xscale="log", xlabel="Compute C (FLOPs)", ylabel="ln loss: measured less fitted (%)")
    axes[0].set_title("Residuals of the runs")
    axes[0].legend(loc="upper right", fontsize=8.5)
    axes[1].set(
        xscale="log", xlabel="Size of the residual in ln loss", ylabel="Share of the runs", ylim=(0, 1)
    )
    axes[1].set_title("How large they are")
    if axes[1].get_legend_handles_labels()[1]:
        axes[1].legend(loc="center left", fontsize=8.5, bbox_to_anchor=(0.02, 0.55))
    delta = fit.provenance.get("delta")
    if delta:
        axes[1].axvline(delta, color=CONTRAST, lw=1.2, ls="--")
        axes[1].text(
            delta * 0.9, 0.97, "Huber $\\delta$: left of it\nsquared, right of it\nabsolute", color=CONTRAST,
            ha="right", va="top", fontsize=8.5,
        )  # fmt: skip
    return list(axes)


def plot_constants(table: pd.DataFrame, *, project_to: float) -> list[Axes]:
    """Draw the exponent a and the best size at a budget for several sets of constants.

    Parameters
    ----------
    table
        What `constants_table` returns.
    project_to
        The budget (FLOPs) it was made for.

    Returns
    -------
    list of Axes
        The exponent and the best size, on a new figure. Open markers have no interval.
    """
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(1, 2, figsize=(11.0, 1.3 + 0.34 * len(table)), sharey=True)
    rows = np.arange(len(table))[::-1]
    for axis, name, label in (
        (axes[0], "a", "Exponent $a$ of $N_{opt} \\propto C^{\\,a}$"),
        (axes[1], "N_opt", f"$N_{{opt}}$ at {in_powers(project_to)} FLOPs (params)"),
    ):
        for row, (_, values) in zip(rows, table.iterrows(), strict=True):
            known = bool(np.isfinite(values[f"{name} low"]))
            colour = CONTRAST if known else INK
            if known:
                axis.plot([values[f"{name} low"], values[f"{name} high"]], [row, row], color=colour, lw=1.8)
            axis.plot(
                values[name], row, marker="o", ms=6.5, color=colour, mfc=colour if known else "white", mew=1.5
            )
        axis.set_xlabel(label)
        axis.grid(axis="y", visible=False)
    axes[0].set_yticks(rows, list(table.index))
    axes[0].set_ylim(-0.6, len(table) - 0.4)
    axes[1].set_xscale("log")
    plain_ticks(axes[1].xaxis, most=np.inf)
    return list(axes)


def _draw_contours(axis: Axes, fit: FitResult, runs: RunTable) -> None:
    from matplotlib.ticker import MaxNLocator

    compute, params = _compute(runs), runs.frame["params"].to_numpy(dtype=float)
    x = np.geomspace(compute.min() / 1.6, compute.max() * 1.6, 160)
    y = np.geomspace(params.min() / 1.4, params.max() * 1.4, 160)
    budgets, sizes = np.meshgrid(x, y)
    loss = _loss(fit, sizes, tokens_for(budgets, sizes))
    measured = runs.frame["loss"].to_numpy(dtype=float)
    levels = MaxNLocator(10, steps=[1, 2, 5, 10]).tick_values(measured.min(), np.quantile(measured, 0.99))
    lines = axis.contour(budgets, sizes, loss, levels=levels, colors="#8a8a8a", linewidths=0.8)
    axis.clabel(lines, fmt="%.2g", fontsize=7.5, inline=True)
    axis.scatter(
        compute, params, c=measured, cmap="viridis_r", vmin=levels[0], vmax=levels[-1], s=15,
        linewidth=0, zorder=3,
    )  # fmt: skip
    best = [allocate(fit, c).params.value for c in x]
    axis.plot(x, best, color=CONTRAST, lw=1.8, zorder=4, label="best size")
    axis.set(
        xscale="log", yscale="log", xlabel="Compute C (FLOPs)", ylabel="Parameters N",
        xlim=(x[0], x[-1]), ylim=(y[0], y[-1]),
    )  # fmt: skip
    plain_ticks(axis.xaxis, told=in_powers)
    axis.set_title(f"Runs (dots) and fitted loss ({fit.conventions.loss_unit})")
    axis.legend(loc="upper left", fontsize=8.5)


def _draw_slices(axis: Axes, fit: FitResult, runs: RunTable) -> PathCollection:
    import matplotlib as mpl
    from matplotlib.colors import LogNorm

    frame, compute = runs.frame, _compute(runs)
    held = frame["budget"].notna().to_numpy() if "budget" in frame else np.zeros(len(frame), dtype=bool)
    shown = held if held.any() else np.ones(len(frame), dtype=bool)
    norm = LogNorm(compute[shown].min(), compute[shown].max())
    colours = mpl.colormaps["viridis"]
    points = axis.scatter(
        frame["params"][shown],
        frame["loss"][shown],
        c=compute[shown],
        cmap=colours,
        norm=norm,
        s=14,
        linewidth=0,
    )
    if held.any():
        slices = [
            (c, frame["params"][frame["budget"] == c]) for c in sorted(frame["budget"].dropna().unique())
        ]
        slices = [(float(compute[frame["budget"] == c].mean()), sizes) for c, sizes in slices]
    else:
        budgets = np.geomspace(compute.min(), compute.max(), BUDGETS)
        step = np.sqrt(budgets[1] / budgets[0])
        near = [(c, frame["params"][(compute > c / step) & (compute < c * step)]) for c in budgets]
        slices = [(c, sizes) for c, sizes in near if sizes.max() > sizes.min()]
    for budget, sizes in slices:
        grid = np.geomspace(sizes.min(), sizes.max(), 60)
        loss = _loss(fit, grid, tokens_for(budget, grid))
        axis.plot(grid, loss, color=colours(norm(budget)), lw=1.3)
        best = allocate(fit, budget)
        if sizes.min() < best.params.value < sizes.max():
            axis.plot(best.params.value, best.loss.value, marker="o", ms=5, color=CONTRAST, zorder=5)
    low, high = np.quantile(frame["loss"][shown], [0, 0.985])
    axis.set(
        xscale="log", xlabel="Parameters N", ylabel=f"Loss L ({fit.conventions.loss_unit})",
        ylim=(low - 0.05 * (high - low), high + 0.08 * (high - low)),
    )  # fmt: skip
    plain_ticks(axis.xaxis)
    axis.set_title("Slices of fixed compute")
    return points


def _draw_frontier(
    axis: Axes, fit: FitResult, runs: RunTable, project_to: float | None, others: dict[str, KnownLaw]
) -> None:
    compute = _compute(runs)
    grid = np.geomspace(compute.min(), max(project_to or 0.0, compute.max()) * 4, 60)
    best = [allocate(fit, c).params for c in grid]
    within = grid <= compute.max()
    line = np.array([e.value for e in best])
    axis.fill_between(grid, [e.low for e in best], [e.high for e in best], color=CONTRAST, alpha=0.18, lw=0)
    axis.plot(grid[within], line[within], color=CONTRAST, lw=1.8, label="this fit, 95 % band")
    axis.plot(grid[~within], line[~within], color=CONTRAST, lw=1.3, ls="--")
    axis.axvspan(compute.max(), grid[-1], color="#000000", alpha=0.05, lw=0)
    for (name, law), (colour, dashes) in zip(others.items(), OTHERS, strict=False):
        theirs = [allocate(law, c).params.value for c in grid]
        axis.plot(grid, theirs, color=colour, lw=1.3, ls=dashes, label=name)
        if project_to is not None:
            size = allocate(law, project_to).params.value
            axis.plot(project_to, size, marker="s", ms=5.5, mfc="white", mec=colour, mew=1.4, zorder=5)
    if project_to is not None:
        ours = allocate(fit, project_to).params
        axis.plot([project_to] * 2, [ours.low, ours.high], color=CONTRAST, lw=1.6, zorder=5)
        axis.plot(project_to, ours.value, marker="o", ms=6.5, color=CONTRAST, zorder=6)
        axis.text(
            0.97, 0.04,
            f"{in_units(ours.value)} [{in_units(ours.low)}, {in_units(ours.high)}]\n"
            f"at {in_powers(project_to)} FLOPs,\n{project_to / compute.max():.0f} times past the data",
            transform=axis.transAxes, ha="right", va="bottom", fontsize=8.5, color=CONTRAST,
        )  # fmt: skip
    axis.set(
        xscale="log", yscale="log", xlabel="Compute C (FLOPs)", ylabel="Best size $N_{opt}$ (params)",
        xlim=(grid[0], grid[-1]),
    )  # fmt: skip
    axis.set_title(f"$N_{{opt}} \\propto C^{{\\,a}}$,  $a$ = {fit.estimates['a']}")
    axis.legend(loc="upper left", fontsize=8.5)


def _loss(fit: FitResult, params: FloatArray, tokens: FloatArray) -> FloatArray:
    return np.asarray(HOFFMANN.value(fit.values(*HOFFMANN.names), params, tokens))


def _compute(runs: RunTable) -> FloatArray:
    """Compute of the runs as the law counts it, 6 N D."""
    return np.asarray(
        training_flops(runs.frame["params"].to_numpy(float), runs.frame["tokens"].to_numpy(float))
    )


def _require_answer(fit: FitResult) -> None:
    if not fit.estimates["a"].known:
        raise DataError(
            f"there is no fit to draw: {fit.n_runs} runs are too few for this law",
            remedy="Give more runs, at three sizes and three token counts or more.",
        )
