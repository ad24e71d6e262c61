"""The IsoFLOP figure of Hoffmann et al. 2022 (Figures 3 and A2): valleys, and laws through their minima."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scaling_utils.figures.optimum import draw_law, mark_projection
from scaling_utils.figures.style import CONTRAST, in_legend, in_powers, ordered_colours, plain_ticks
from scaling_utils.fitting.isoflop import isoflop_slices
from scaling_utils.results import IsoflopFit
from scaling_utils.runs.table import RunTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = {"interior minimum": "o", "one-sided": "D"}


def plot_isoflop(fit: IsoflopFit, runs: RunTable, *, project_to: float | None = None) -> list[Axes]:
    """Draw loss against size per budget, N_opt against C, and D_opt against C, side by side.

    Parameters
    ----------
    fit
        Result of `fit_isoflop`.
    runs
        The runs it was fitted to.
    project_to
        A budget (FLOPs) beyond the data at which to mark the projection.

    Returns
    -------
    list of Axes
        The three panels, left to right, on a new figure.
    """
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(1, 3, figsize=(11.4, 4.1), width_ratios=(1.35, 1, 1))
    colours = ordered_colours(len(fit.valleys))
    _draw_valleys(axes[0], fit, runs, colours)
    for axis, tokens in ((axes[1], False), (axes[2], True)):
        _draw_law(axis, fit, colours, tokens=tokens, project_to=project_to)
    return list(axes)


def plot_residuals(fit: IsoflopFit, runs: RunTable) -> Axes:
    """Draw the residuals of the fitted runs against size relative to the best size.

    Parameters
    ----------
    fit, runs
        As for `plot_isoflop`.

    Returns
    -------
    Axes
        On a new figure.
    """
    import matplotlib.pyplot as plt

    _, axis = plt.subplots(figsize=(7.5, 3.6))
    colours = ordered_colours(len(fit.valleys))
    for valley, (_, points), colour, label in zip(
        fit.valleys, isoflop_slices(runs), colours, _labels(fit), strict=True
    ):
        if not valley.has_minimum:
            continue
        inside = points[points["params"].between(*valley.sizes)]
        axis.plot(
            inside["params"] / valley.params_opt.value, inside["loss"] - valley.loss(inside["params"]),
            marker="o", ms=4.5, ls="", color=colour, label=label,
        )  # fmt: skip
    axis.axhline(0, color=CONTRAST, lw=1)
    axis.set_xscale("log", base=2)
    axis.xaxis.set_major_formatter("{x:g}")
    axis.set(xlabel="$N / N_{opt}$", ylabel=f"Residual ({fit.loss_unit})")
    axis.legend(title="Budget (FLOPs)", fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return axis


def _labels(fit: IsoflopFit) -> list[str | None]:
    """What the legend says of each budget; of many it names some."""
    named = in_legend(len(fit.valleys))
    return [in_powers(v.budget) if i in named else None for i, v in enumerate(fit.valleys)]


def _draw_valleys(axis: Axes, fit: IsoflopFit, runs: RunTable, colours: list[tuple[float, ...]]) -> None:
    import seaborn as sns

    slices = [
        points.assign(valley=number, inside=points["params"].between(*valley.sizes))
        for number, (valley, (_, points)) in enumerate(zip(fit.valleys, isoflop_slices(runs), strict=True))
    ]
    drawn = pd.concat(slices)
    inside, outside = drawn[drawn["inside"]], drawn[~drawn["inside"]]
    sns.scatterplot(
        x=inside["params"], y=inside["loss"], hue=inside["valley"], palette=dict(enumerate(colours)), ax=axis,
        s=16, linewidth=0, legend=False,
    )  # fmt: skip
    sns.scatterplot(
        x=outside["params"], y=outside["loss"], ax=axis, s=16, facecolors="none",
        edgecolors=[colours[number] for number in outside["valley"]], linewidth=0.7, alpha=0.7, legend=False,
    )  # fmt: skip
    for valley, colour, label in zip(fit.valleys, colours, _labels(fit), strict=True):
        if not valley.has_minimum:
            continue
        sizes = np.geomspace(*valley.sizes, 80)
        axis.plot(sizes, valley.loss(sizes), color=colour, lw=1.5, label=label)
        axis.plot(
            valley.params_opt.value, valley.loss_min, marker=MARKERS[valley.status], ms=6.5,
            mfc="white" if valley.status == "one-sided" else CONTRAST, mec=CONTRAST, mew=1.3, zorder=5,
        )  # fmt: skip
    shown = inside.loc[[fit.valleys[number].has_minimum for number in inside["valley"]], "loss"]
    lowest = min(shown.min(), *(v.loss_min for v in fit.used))
    highest = max(shown.max(), *(v.loss(np.array(v.sizes)).max() for v in fit.used))
    smallest, largest = min(v.sizes[0] for v in fit.used), max(v.sizes[1] for v in fit.used)
    margin = 0.08 * (highest - lowest)
    axis.set(
        xscale="log", xlabel="Parameters N", ylabel=f"Loss L ({fit.loss_unit})",
        xlim=(smallest / 1.5, largest * 2), ylim=(lowest - margin, highest + margin),
    )  # fmt: skip
    plain_ticks(axis.xaxis)
    axis.set_title("Loss at fixed compute C")
    axis.legend(title="C (FLOPs)", fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.02), handlelength=1)


def _draw_law(
    axis: Axes, fit: IsoflopFit, colours: list[tuple[float, ...]], *, tokens: bool, project_to: float | None
) -> None:
    law = fit.tokens_law if tokens else fit.params_law
    measured = [v.budget for v in fit.used]
    last = max(project_to or 0.0, max(measured))
    grid = np.geomspace(min(measured) / 2, last * 3, 80)
    draw_law(axis, law, grid, fit.band(grid, tokens=tokens), measured_to=max(measured), tokens=tokens)
    for valley, colour in zip(fit.valleys, colours, strict=True):
        if not valley.has_minimum:
            continue
        optimum = valley.tokens_opt if tokens else valley.params_opt
        axis.plot([valley.budget] * 2, [optimum.low, optimum.high], color=colour, lw=1.2, zorder=4)
        axis.plot(
            valley.budget, optimum.value, marker=MARKERS[valley.status], ms=6, zorder=5, color=colour,
            mfc="white" if valley.status == "one-sided" else colour,
        )  # fmt: skip
    if project_to is not None:
        at = fit.project(project_to)[tokens]
        mark_projection(axis, project_to, at, times_past=fit.extrapolation(project_to))
    axis.legend(loc="upper left", fontsize=8)
