"""Loss at fixed compute and at fixed steps (Kaplan et al. 2020, Figure 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_utils.arrays import FloatArray, spaced
from scaling_utils.conventions import PF_DAY, pf_days_from_flops
from scaling_utils.figures.style import CONTRAST, INK, Colour, colour_at, colour_scale
from scaling_utils.fitting.kaplan import MeasuredMinima, fixed_compute_curve, optimal_size
from scaling_utils.laws import KaplanLaw
from scaling_utils.runs.table import RunTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COUNTED = {
    "total": "total",
    "non-embedding": "non-embedding",
    "non-embedding-with-head": "non-embedding, with output layer",
}
MOST_SIZES = 300
"""Points that are drawn of one number of steps, evenly by size."""

HIGHEST = 8.0
"""Nats/token; losses above it are left off, as in the source: they are of models that have barely trained."""


def plot_compute_and_steps(
    slices: RunTable,
    by_steps: pd.DataFrame,
    minima: MeasuredMinima,
    law: KaplanLaw,
    *,
    warmup: float = 0.0,
) -> tuple[Axes, Axes]:
    """Draw loss against size at fixed compute (left) and at fixed steps (right).

    Parameters
    ----------
    slices
        What `at_fixed_compute` returns.
    by_steps
        What `at_fixed_steps` returns.
    minima
        What `measured_minima` returns for `slices`.
    law
        The fitted law, dotted.
    warmup
        Points up to this step are drawn hollow: the law was not fitted to them.

    Returns
    -------
    tuple of Axes
        The two panels, on a new figure.
    """
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11.4, 4.7))
    _draw_compute(left, slices, minima, law, warmup)
    _draw_steps(right, by_steps, law, minima.batch, warmup)
    counted = COUNTED[slices.conventions.param_count]
    for axis in (left, right):
        axis.set(
            xscale="log",
            xlabel=f"Parameters ({counted})",
            ylabel=f"Test loss ({slices.conventions.loss_unit})",
        )
    _legend(
        figure,
        hollow=bool((slices.frame["tokens"] <= warmup * minima.batch).any()),
        one_sided=any(valley.status == "one-sided" for valley, _ in minima.used),
        beyond=by_steps.groupby("steps")["params"].agg(["min", "max"]).nunique().max() > 1,
    )
    return left, right


def _draw_compute(
    axis: Axes, slices: RunTable, minima: MeasuredMinima, law: KaplanLaw, warmup: float
) -> None:
    frame = slices.frame.assign(steps=slices.frame["tokens"] / minima.batch)
    budgets = np.sort(frame["budget"].unique())
    colours = colour_scale(pf_days_from_flops(budgets))
    floor = np.inf
    for budget in budgets:
        points = frame[frame["budget"] == budget].sort_values("params")
        colour = colour_at(colours, budget / PF_DAY)
        _draw_points(axis, points, colour, warmup)
        sizes = np.geomspace(points["params"].min(), points["params"].max(), 120)
        _draw_law(axis, sizes, fixed_compute_curve(law, budget, sizes, batch=minima.batch), colour)
        floor = min(floor, points["loss"].min())
    grid = np.geomspace(budgets[0], budgets[-1], 60)
    best = optimal_size(law, grid, batch=minima.batch)
    axis.plot(
        best.params, best.loss, color=CONTRAST, lw=1.1, ls=(0, (4, 2)), label="minima of the law", zorder=4
    )
    for valley, loss in minima.used:
        size, open_ = valley.params_opt, valley.status == "one-sided"
        axis.plot([size.low, size.high], [loss.value] * 2, color=CONTRAST, lw=1.4, zorder=5)
        axis.plot(
            size.value, loss.value, marker="D" if open_ else "o", ms=5.5, zorder=6, ls="",
            mfc="white" if open_ else CONTRAST, mec=CONTRAST, mew=1.2,
        )  # fmt: skip
    fitted = frame.loc[frame["steps"] > warmup, "loss"]
    top = min(HIGHEST, max(1.05 * float(fitted.max()), 2 * floor))
    axis.set_ylim(floor - 0.04 * (top - floor), top)
    axis.set_title("Fixed compute")
    axis.figure.colorbar(colours, ax=axis, label="Compute C (PF-days)", pad=0.02)


def _draw_steps(axis: Axes, by_steps: pd.DataFrame, law: KaplanLaw, batch: float, warmup: float) -> None:
    levels = np.sort(by_steps["steps"].unique())
    colours = colour_scale(levels)
    smallest, largest = by_steps["params"].min(), by_steps["params"].max()
    for level in levels:
        points = by_steps[by_steps["steps"] == level].sort_values("params")
        points = points.iloc[spaced(len(points), MOST_SIZES)]
        colour = colour_at(colours, level)
        _draw_points(axis, points, colour, warmup)
        ends = points["params"].min(), points["params"].max()
        for low, high, inside in ((smallest, ends[0], False), (*ends, True), (ends[1], largest, False)):
            sizes = np.geomspace(low, high, 60)
            _draw_law(axis, sizes, law.loss(sizes, level, batch=batch), colour, inside=inside)
    drawn = by_steps.loc[by_steps["steps"] > warmup, "loss"]
    top, floor = (
        min(HIGHEST, float(drawn.max()) * 1.2 if warmup else 1.04 * float(drawn.max())),
        float(drawn.min()),
    )
    axis.set_ylim(floor - 0.05 * (top - floor), top)
    axis.set_title("Fixed steps")
    axis.figure.colorbar(colours, ax=axis, label="Steps S", pad=0.02)


def _draw_points(axis: Axes, points: pd.DataFrame, colour: Colour, warmup: float) -> None:
    fitted = points["steps"] > warmup
    axis.plot(points["params"], points["loss"], color=colour, lw=0.6, alpha=0.6)
    for kept, face in ((fitted, colour), (~fitted, "white")):
        axis.plot(
            points["params"][kept],
            points["loss"][kept],
            marker="o",
            ms=3.6,
            ls="",
            mfc=face,
            mec=colour,
            mew=0.8,
        )


def _draw_law(
    axis: Axes, sizes: FloatArray, loss: FloatArray, colour: Colour, *, inside: bool = True
) -> None:
    if inside:
        axis.plot(sizes, loss, color=colour, lw=1.5, ls=(0, (1, 1.2)))
    else:
        axis.plot(sizes, loss, color=colour, lw=1.0, ls=(0, (1, 3)), alpha=0.8)


def _legend(figure: Figure, *, hollow: bool, one_sided: bool, beyond: bool) -> None:
    """One legend for both panels, below them."""
    from matplotlib.lines import Line2D

    dot: dict[str, Any]
    minimum: dict[str, Any]
    dot, minimum = {"marker": "o", "ms": 3.6, "lw": 0.6}, {"marker": "o", "ms": 5.5, "lw": 1.4}
    dotted, sparse, dashed = (0, (1, 1.2)), (0, (1, 3)), (0, (4, 2))
    entries = [Line2D([], [], color=INK, label="runs", **dot)]
    if hollow:
        entries.append(Line2D([], [], color=INK, mfc="white", label="runs in warm-up, not fitted", **dot))
    entries.append(Line2D([], [], color=INK, lw=1.5, ls=dotted, label="law, fitted"))
    if beyond:
        entries.append(Line2D([], [], color=INK, lw=1.0, ls=sparse, label="law beyond the runs"))
    entries.append(Line2D([], [], color=CONTRAST, label="minimum, 95 % interval", **minimum))
    if one_sided:
        diamond = {**minimum, "marker": "D", "mfc": "white"}
        entries.append(Line2D([], [], color=CONTRAST, label="minimum, rise on one side", **diamond))
    entries.append(Line2D([], [], color=CONTRAST, lw=1.1, ls=dashed, label="minima of the law"))
    figure.legend(
        handles=entries, loc="outside lower center", ncols=len(entries), fontsize=8, columnspacing=1.2
    )
