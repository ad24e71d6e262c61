"""The gap between two attention methods, and what its panels share with those of their curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from scaling_utils.figures.style import INK, NAME, literal
from scaling_utils.fitting.trailing import (
    LinePair,
    TrailingFit,
    crossing_interval,
    crossing_text,
    gap_band,
    method_name,
    place_name,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#D55E00")
"""The first method blue, the second vermilion, as in the source; apart in all forms of colour blindness."""

FARTHEST = 300.0  # times past the data: a crossing beyond it is told, not drawn


def draw_gap(axis: Axes, fit: TrailingFit, printed: LinePair | None) -> None:
    smallest, largest = fit.covered
    crossings = [fit.crossing.value, *([printed.crossing] if printed else [])]
    near = [c for c in crossings if largest < c <= FARTHEST * largest]
    grid = np.geomspace(smallest / 2, 3 * max([3 * largest, *near]), 120)
    low, high = gap_band(fit, grid)
    ours = np.array([fit.gap(float(c)).value for c in grid])
    within = (grid >= smallest) & (grid <= largest)
    axis.fill_between(grid, 100 * low, 100 * high, color=INK, alpha=0.15, lw=0, label="95 % interval")
    axis.plot(grid, 100 * ours, color=INK, lw=1.2, ls="--")
    axis.plot(grid[within], 100 * ours[within], color=INK, lw=1.8, label="from the curves")
    if printed:
        stated = [100 * printed.gap(float(c)) for c in grid]
        axis.plot(grid, stated, color=INK, lw=1, ls=":", label="printed laws")
    first, second = (fit.ends.loc[(method,), :] for method in fit.methods)
    middle = np.sqrt(first["pf_days"] * second["pf_days"])
    axis.plot(middle, 100 * (first["loss"] / second["loss"] - 1), ls="", marker="D", ms=4.5, mfc="white",
              mec=INK, label="one model", zorder=5)  # fmt: skip
    axis.axhline(0, color=COLOURS[1], lw=1.2)
    axis.plot(near, [0] * len(near), ls="", marker="x", ms=6, color=INK, zorder=6)
    axis.set(xscale="log", xlim=(grid[0], grid[-1]), xlabel="Compute C (PF-days)", ylabel=gap_label(fit))
    shade(axis, fit)
    plain(axis, "x")
    axis.set_title(f"The gap, from {len(first)} models")
    axis.margins(y=0.12)
    axis.legend(loc="upper right", fontsize=8.5)
    axis.text(0.03, 0.03, _crossing_note(fit, printed), transform=axis.transAxes, fontsize=8.5, color=INK)


def draw_gaps(
    axis: Axes, fits: Mapping[str, TrailingFit], printed: Mapping[str, LinePair], pf_days: float
) -> None:
    gaps = [fit.gap(pf_days) for fit in fits.values()]
    rows = np.arange(len(gaps))
    for row, gap in zip(rows, gaps, strict=True):
        axis.plot([row, row], [100 * gap.low, 100 * gap.high], color=INK, lw=1.4, zorder=3)
    axis.plot(
        rows, [100 * gap.value for gap in gaps], ls="", marker="o", ms=5, color=INK, zorder=4,
        label="from the curves, 95 % interval",
    )  # fmt: skip
    stated = [(row, printed[place].gap(pf_days)) for row, place in enumerate(fits) if place in printed]
    if stated:
        axis.plot(
            [row + 0.28 for row, _ in stated], [100 * gap for _, gap in stated], ls="", marker="D", ms=4.5,
            mfc="white", mec=INK, zorder=4, label="printed laws",
        )  # fmt: skip
    axis.axhline(0, color=COLOURS[1], lw=1.2)
    names = [literal(place_name(place, short=True), most=NAME) for place in fits]
    axis.set_xticks(rows, names, rotation=60, ha="right", rotation_mode="anchor", fontsize=8.5)
    axis.set_xlabel("Place in the context")
    axis.set_title(f"The gap at {pf_days:g} PF-days")
    axis.legend(loc="upper left", fontsize=8.5)


def _crossing_note(fit: TrailingFit, printed: LinePair | None) -> str:
    crossing = fit.crossing
    lines = [f"laws cross at (PF-days): {crossing_text(crossing.value)}"]
    if crossing.value > fit.covered[1] and np.isfinite(crossing.value):
        lines[0] += f",\n{fit.extrapolation(crossing.value):.3g} times past the data"
    lines.append(f"95 % interval: {crossing_interval(crossing)}")
    if printed:
        lines.append(f"printed laws: {crossing_text(printed.crossing)}")
    return "\n".join(lines)


def gap_label(fit: TrailingFit) -> str:
    return " above ".join(literal(method_name(method), most=NAME) for method in fit.methods) + " (%)"


def shade(axis: Axes, fit: TrailingFit) -> None:
    """Shade what lies outside the computes of the points fitted."""
    left, right = axis.get_xlim()
    for low, high in ((left, fit.covered[0]), (fit.covered[1], right)):
        axis.axvspan(low, high, color="#000000", alpha=0.05, lw=0, zorder=0)


def plain(axis: Axes, which: str) -> None:
    """Label the ticks of logarithmic axes with plain numbers, as many as fit."""
    from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

    for scaled, limits in ((axis.xaxis, axis.get_xlim()), (axis.yaxis, axis.get_ylim())):
        if scaled.axis_name not in which:
            continue
        decades = np.log10(limits[1] / limits[0])
        fine = tuple(np.arange(10, 100) / 10) if decades < 0.4 else (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
        wide = limits[0] < 1e-4  # such numbers are written with an exponent
        few = (1.0,) if decades > 2.5 or wide else (1.0, 2.0, 5.0)
        scaled.set_major_locator(LogLocator(10, subs=fine if decades < 1 else few))
        scaled.set_major_formatter("{x:g}")
        scaled.set_minor_locator(NullLocator())
        scaled.set_minor_formatter(NullFormatter())
