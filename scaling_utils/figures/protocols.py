"""Why exponents differ: by training protocol (Porian et al. 2024, Figure 1), and by how parameters count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from scaling_utils.allocation.accounting_study import AccountingStudy
from scaling_utils.figures.style import CONTRAST, INK, literal, ordered_colours
from scaling_utils.fitting.protocols import TITLES, ProtocolFit
from scaling_utils.results import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ESTIMATORS = {
    "published": (INK, "D", "white"),
    "interpolation": ("#0072B2", "o", "#0072B2"),
    "parabola": ("#D55E00", "s", "#D55E00"),
}
"""Colour, marker and fill; apart in all forms of colour blindness."""

COUNTED = {"neither": "#D55E00", "compute": "#999999", "both": "#0072B2"}
LOW = 0.6
"""Marks below this stand under their line, away from the curves."""

DASHES = {"neither": "-", "compute": (0, (1.5, 1.2)), "both": "-"}


def plot_protocols(
    fits: Mapping[str, ProtocolFit], stated: Mapping[str, Estimate], *, marks: Mapping[str, float]
) -> list[Axes]:
    """Draw the exponent of each protocol beside the published one, and the minima behind it.

    Parameters
    ----------
    fits
        Result of `fit_protocols`.
    stated
        Result of `published_exponents`; without it only ours are drawn.
    marks
        Exponents to mark by a line, by what they are.

    Returns
    -------
    list of Axes
        Exponents, with one row per protocol, and N_opt against C, on a new figure.
    """
    import matplotlib.pyplot as plt

    height = max(3.2, 1.5 + 0.55 * len(fits))
    _, axes = plt.subplots(1, 2, figsize=(11.0, height), width_ratios=(1.15, 1))
    _draw_exponents(axes[0], fits, stated, marks)
    for fit, colour in zip(fits.values(), ordered_colours(len(fits)), strict=True):
        _draw_minima(axes[1], fit, colour)
    axes[1].set(
        xscale="log", yscale="log", xlabel="Compute C (FLOPs)", ylabel="$N_{opt}$ (params, as counted)"
    )
    axes[1].set_title("Interpolated minima and their laws")
    axes[1].legend(fontsize=8, loc="upper left")
    return list(axes)


def plot_accounting(accounting: AccountingStudy, *, marks: Mapping[str, float]) -> list[Axes]:
    """Draw a law's best sizes as counted in several ways, and their local exponent.

    Parameters
    ----------
    accounting
        Result of `accounting_study`.
    marks
        Exponents to mark by a line, by what they are.

    Returns
    -------
    list of Axes
        N_opt against C, and the local exponent against C, on a new figure.
    """
    import matplotlib.pyplot as plt

    _, (sizes, slopes) = plt.subplots(1, 2, figsize=(11.0, 4.3))
    frontiers, fitted = accounting.frontiers, accounting.fitted
    for name, frontier in frontiers.items():
        if name == "compute":
            continue
        told = rf"{TITLES[name]}: $a$ = {fitted[name].exponent:.2f}"
        sizes.plot(frontier.flops, frontier.params, color=COUNTED[name], lw=2.4, label=told)
    recounted, study = frontiers["neither"], fitted["neither"]
    ends = study.flops[[0, -1]]
    sizes.plot(ends, study.line(ends), color=INK, lw=1.2, ls="--", zorder=3, label="the line fitted to it")
    for name, frontier in frontiers.items():
        slopes.plot(
            frontier.flops, frontier.exponents, color=COUNTED[name], ls=DASHES[name], lw=2.2,
            label=TITLES[name],
        )  # fmt: skip
    start = float(
        np.interp(np.log(accounting.measured_from), np.log(recounted.inner), np.log(recounted.flops))
    )
    for axis in (sizes, slopes):
        axis.axvspan(
            recounted.flops[0], np.exp(start), color="#000000", alpha=0.05, lw=0, label="the law extrapolates"
        )
        axis.set(xscale="log", xlabel="Compute C (FLOPs, as counted)")
        axis.set_xlim(recounted.flops[0], recounted.flops[-1])
    _mark(slopes, marks, along="y")
    slopes.axvspan(*study.flops[[0, -1]], ymax=0.03, color=INK, alpha=0.6, lw=0)
    slopes.annotate(
        "sizes of the study", (study.flops[0], 0.045), xycoords=("data", "axes fraction"),
        xytext=(4, 0), textcoords="offset points", fontsize=8.5, color=INK,
    )  # fmt: skip
    sizes.set(yscale="log", ylabel="$N_{opt}$ (params, as counted)")
    sizes.set_title("One law, counted twice")
    sizes.legend(fontsize=8, loc="upper left")
    slopes.set(ylabel="Local exponent $a$ of $N_{opt}$ in $C$", ylim=(0.4, 1.25))
    slopes.set_title("Its exponent at each budget")
    slopes.legend(fontsize=8, loc="upper right")
    return [sizes, slopes]


def _draw_exponents(
    axis: Axes, fits: Mapping[str, ProtocolFit], stated: Mapping[str, Estimate], marks: Mapping[str, float]
) -> None:
    rows = np.arange(len(fits), dtype=float)
    values: dict[str, list[Estimate | None]] = {
        "published": [stated.get(name) for name in fits],
        "interpolation": [fit.interpolated.params_law.exponent for fit in fits.values()],
        "parabola": [fit.parabola.params_law.exponent for fit in fits.values()],
    }
    drawn = {label: of for label, of in values.items() if any(of)}
    stairs = [e.value for e in values["interpolation"] if e is not None]
    edges = np.repeat(np.arange(len(fits) + 1) - 0.5, 2)[1:-1]
    axis.plot(np.repeat(stairs, 2), edges, color="#BBBBBB", lw=1.4, zorder=1)
    for offset, (label, of) in zip(np.linspace(-0.22, 0.22, len(drawn)), drawn.items(), strict=True):
        colour, marker, fill = ESTIMATORS[label]
        for row, estimate in zip(rows, of, strict=True):
            if estimate is not None:
                axis.plot([estimate.low, estimate.high], [row + offset] * 2, color=colour, lw=2.0, alpha=0.75)
        points = [(e.value, row + offset) for row, e in zip(rows, of, strict=True) if e is not None]
        axis.plot(
            *zip(*points, strict=True), ls="", marker=marker, ms=6.5, color=colour, mfc=fill, mew=1.4,
            label=label,
        )  # fmt: skip
    _mark(axis, marks, along="x")
    axis.set_yticks(rows, [literal(fit.title) for fit in fits.values()])
    axis.set(ylim=(len(fits) - 0.45, -0.85), xlabel="Exponent $a$ of $N_{opt} \\propto C^{\\,a}$")
    axis.grid(axis="y", visible=False)
    axis.set_title("Exponents with 95 % intervals")
    axis.legend(fontsize=8.5, loc="lower right")


def _draw_minima(axis: Axes, fit: ProtocolFit, colour: tuple[float, ...]) -> None:
    found = fit.interpolated
    law = found.params_law
    grid = np.geomspace(found.budgets[0], found.budgets[-1], 2)
    axis.plot(grid, law(grid), color=colour, lw=1.5, label=f"{literal(fit.title)}: {law.exponent.value:.3f}")
    for budget, minimum in zip(found.budgets, found.params_opt, strict=True):
        axis.plot([budget] * 2, [minimum.low, minimum.high], color=colour, lw=1.1, alpha=0.7)
    axis.plot(found.budgets, [m.value for m in found.params_opt], ls="", marker="o", ms=4.5, color=colour)


def _mark(axis: Axes, marks: Mapping[str, float], *, along: str) -> None:
    """Lines at published exponents, told at the line's end."""
    for told, value in marks.items():
        if along == "x":
            axis.axvline(value, color=CONTRAST, lw=1, ls=(0, (4, 2)), zorder=0)
            where: tuple[float, float] = (value, 0.985)
            axis.annotate(
                told, where, xycoords=("data", "axes fraction"), xytext=(3, 0), textcoords="offset points",
                va="top", fontsize=8.5, color=CONTRAST,
            )  # fmt: skip
        else:
            axis.axhline(value, color=CONTRAST, lw=1, ls=(0, (4, 2)), zorder=0)
            where = (0.99, value)
            axis.annotate(
                told, where, xycoords=("axes fraction", "data"), xytext=(0, 3 if value > LOW else -3),
                textcoords="offset points", ha="right", va="bottom" if value > LOW else "top", fontsize=8.5,
                color=CONTRAST,
            )  # fmt: skip
