"""Loss of two attention methods at places of a long context, as in Lu et al. 2025 (Figures 3c and 8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from scaling_utils.arrays import spaced
from scaling_utils.conventions import pf_days_from_flops
from scaling_utils.figures.style import INK, NAME, literal
from scaling_utils.figures.trailing_gap import COLOURS, draw_gap, draw_gaps, gap_label, plain, shade
from scaling_utils.fitting.trailing import (
    LinePair,
    TrailingFit,
    law_band,
    method_name,
    named_in_text,
    place_name,
    residuals,
)
from scaling_utils.runs.table import RunTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = ("o", "s")
DASHES = ((0, (5, 2)), (0, (2.5, 1.5)))
SOURCE_X, SOURCE_Y = (0.1, 10.0), (1.0, 6.0)
"""Limits of the source's axes, PF-days and nats per token; other runs get limits of their own."""

COLUMNS = 4
POINTS, SMALL_POINTS = 300, 50
"""Points drawn of each training curve, alone and in one of many panels."""

LOGS = {"xscale": "log", "yscale": "log"}


def plot_trailing(
    fits: Mapping[str, TrailingFit],
    runs: RunTable,
    *,
    printed: Mapping[str, LinePair],
    compute_from: float,
    compute_to: float,
) -> list[Axes]:
    """Draw training curves, laws through their ends, and the gap between the methods.

    Parameters
    ----------
    fits
        Results of `fit_places`.
    runs
        The runs they were fitted to.
    printed
        Result of `printed_lines`.
    compute_from, compute_to
        Compute (PF-days) at which gaps are compared between places.

    Returns
    -------
    list of Axes
        On a new figure. For one place: the source's panel, its lower end enlarged, and the gap against
        compute. For several: a panel for each, then the gap against place at either compute.
    """
    if len(fits) == 1:
        (fit,) = fits.values()
        return _one_place(fit, runs, printed.get(fit.panel))
    return _many_places(fits, runs, printed, compute_from, compute_to)


def plot_residuals(fits: Mapping[str, TrailingFit]) -> Axes:
    """Draw how far the ends of the curves lie above their law, against compute.

    Parameters
    ----------
    fits
        Results of `fit_places`.

    Returns
    -------
    Axes
        On a new figure.
    """
    import matplotlib.pyplot as plt

    _, axis = plt.subplots(figsize=(7.5, 3.4))
    table = residuals(fits.values())
    methods = next(iter(fits.values())).methods
    for method, colour, marker in zip(methods, COLOURS, MARKERS, strict=True):
        points = table[table["attention"] == method]
        axis.plot(
            points["pf_days"], 100 * points["residual"], ls="", marker=marker, ms=5, color=colour,
            mfc=colour if len(fits) == 1 else "none", label=_sentence(method_name(method)),
        )  # fmt: skip
    axis.axhline(0, color=INK, lw=1)
    axis.set(xscale="log", xlabel="Compute C (PF-days)", ylabel="End of curve above its law (%)")
    plain(axis, "x")
    axis.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return axis


def _one_place(fit: TrailingFit, runs: RunTable, printed: LinePair | None) -> list[Axes]:
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(1, 3, figsize=(10.4, 4.3), width_ratios=(1.1, 1, 1.1))
    source, ends, gap = axes
    smallest, largest = fit.covered
    losses = fit.ends["loss"]
    source.set(**LOGS, **_limits([fit]))
    source.set_title("Training curves and projections")
    ends.set(**LOGS, xlim=(smallest / 1.6, largest * 2), ylim=(losses.min() * 0.93, losses.max() * 1.1))
    ends.set_title("The ends of the curves")
    for axis in (source, ends):
        _draw_curves(axis, fit, runs, most=POINTS)
        _draw_laws(axis, fit)
        place = literal(place_name(fit.panel), most=NAME)
        axis.set(xlabel="Compute C (PF-days)", ylabel=f"LM loss, {place} ({_unit(fit)})")
        shade(axis, fit)
        plain(axis, "xy")
    source.legend(loc="upper right", fontsize=8.5, handlelength=2.6)
    _name_laws(ends, fit, printed)
    draw_gap(gap, fit, printed)
    return list(axes)


def _many_places(
    fits: Mapping[str, TrailingFit],
    runs: RunTable,
    printed: Mapping[str, LinePair],
    compute_from: float,
    compute_to: float,
) -> list[Axes]:
    import matplotlib.pyplot as plt

    rows = -(-len(fits) // COLUMNS)
    every = list(fits.values())
    figure = plt.figure(figsize=(10.4, 2.1 * rows + 4.2))
    above, below = figure.subfigures(2, 1, height_ratios=(2.1 * rows, 4.0), squeeze=False).ravel()
    grid = above.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    grid[0].set(**LOGS, **_limits(every))
    plain(grid[0], "xy")  # the others share its axes
    for axis, fit in zip(grid, every, strict=False):
        _draw_curves(axis, fit, runs, most=SMALL_POINTS)
        _draw_laws(axis, fit)
        shade(axis, fit)
        axis.set_title(_sentence(place_name(fit.panel)), fontsize=9.5)
    for unused in grid[len(every) :]:
        unused.remove()
    above.supxlabel("Compute C (PF-days)", fontsize=10, color=INK)
    above.supylabel(f"LM loss ({_unit(every[0])})", fontsize=10, color=INK)
    handles, labels = grid[0].get_legend_handles_labels()
    above.legend(handles, labels, loc="outside upper center", ncols=len(labels), fontsize=9, handlelength=2.6)
    lower = list(below.subplots(1, 2, sharey=True))
    for axis, pf_days in zip(lower, (compute_from, compute_to), strict=True):
        draw_gaps(axis, fits, printed, pf_days)
    lower[0].set_ylabel(gap_label(every[0]))
    return [*grid[: len(every)], *lower]


def _draw_curves(axis: Axes, fit: TrailingFit, runs: RunTable, *, most: int) -> None:
    frame = named_in_text(runs).frame
    frame = frame[frame["panel"] == fit.panel]
    for method, colour in zip(fit.methods, COLOURS, strict=True):
        for _, curve in frame[frame["attention"] == method].groupby("run_id", sort=True):
            shown = curve.iloc[spaced(len(curve), most)]
            compute = pf_days_from_flops(shown["flops"])
            axis.plot(compute, shown["loss"], color=colour, lw=0.8, alpha=0.8, zorder=2)


def _draw_laws(axis: Axes, fit: TrailingFit) -> None:
    grid = np.geomspace(*axis.get_xlim(), 30)
    for method, colour, marker, dash in zip(fit.methods, COLOURS, MARKERS, DASHES, strict=True):
        low, high = law_band(fit, method, grid)
        axis.fill_between(grid, low, high, color=colour, alpha=0.15, lw=0, zorder=1)
        axis.plot(
            grid, fit.laws[method](grid), color=colour, lw=1.6, ls=dash, zorder=4,
            label=f"{_sentence(method_name(method))}, projection",
        )  # fmt: skip
        ends = fit.ends.loc[(method,), :]
        axis.plot(ends["pf_days"], ends["loss"], ls="", marker=marker, ms=3, color=colour, zorder=5)


def _name_laws(axis: Axes, fit: TrailingFit, printed: LinePair | None) -> None:
    """Say what the fitted laws are, and draw the printed ones."""
    grid = np.array(axis.get_xlim())
    lines = []
    for method in fit.methods:
        a, exponent = fit.laws[method].coefficient.value, fit.laws[method].exponent.value
        lines.append(f"{_sentence(method_name(method))}: {a:.3f} $C^{{\\,{exponent:.3f}}}$")
        if printed:
            axis.plot(grid, printed.laws[method](grid), color=INK, lw=1, ls=":", zorder=6)
    if printed:
        lines.append("dotted: as printed")
    axis.text(
        0.97, 0.97, "\n".join(lines), transform=axis.transAxes, ha="right", va="top", fontsize=8.5, color=INK,
        zorder=7, bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 2},
    )  # fmt: skip


def _limits(fits: Sequence[TrailingFit]) -> dict[str, tuple[float, float]]:
    """Limits of compute and loss: the source's if the ends of the curves lie in them."""
    smallest, largest = min(fit.covered[0] for fit in fits), max(fit.covered[1] for fit in fits)
    lowest, highest = min(fit.ends["loss"].min() for fit in fits), max(fit.ends["loss"].max() for fit in fits)
    x = SOURCE_X if SOURCE_X[0] < smallest and largest < SOURCE_X[1] else (smallest / 4, largest * 2)
    y = SOURCE_Y if SOURCE_Y[0] < lowest and highest < SOURCE_Y[1] else (lowest / 1.3, highest * 2)
    return {"xlim": x, "ylim": y}


def _sentence(name: str) -> str:
    return literal(name[:1].upper() + name[1:], most=NAME)


def _unit(fit: TrailingFit) -> str:
    return fit.laws[fit.methods[0]].coefficient.unit
