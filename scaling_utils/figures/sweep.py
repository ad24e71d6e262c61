"""A proposed IsoFLOP sweep over the valleys of its prior, and what it would find at other spends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scaling_utils.allocation.sweep_design import SweepDesign
from scaling_utils.allocation.sweep_precision import METHODS
from scaling_utils.conventions import tokens_for
from scaling_utils.figures.style import CONTRAST, INK, in_powers, in_units, ordered_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

METHOD_STYLE = {"approach2": (INK, "s", "Approach 2"), "approach3": (CONTRAST, "o", "Approach 3")}
"""Colour, marker and name of a method."""

APART = 1.09
"""Factor in spend between the marks of two methods at one spend."""


def plot_design(design: SweepDesign) -> list[Axes]:
    """Draw the runs of a sweep on the valleys of its prior, and the precision against spend.

    Parameters
    ----------
    design
        Result of `design_sweep`.

    Returns
    -------
    list of Axes
        Loss against size for each budget, with the runs to train and two standard deviations of the noise;
        and the exponent a against spend, mean and 95 % of the simulated estimates by method, the prior's own
        exponent as a line. On a new figure.
    """
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    _, axes = plt.subplots(1, 2, figsize=(11.0, 4.3), width_ratios=(1.15, 1))
    law, frame = design.sweep.prior.law, design.sweep.frame()
    budgets = design.sweep.budgets
    for budget, colour in zip(budgets, ordered_colours(len(budgets)), strict=True):
        runs = frame[frame["budget"] == budget]
        sizes = np.geomspace(runs["params"].min(), runs["params"].max(), 120)
        axes[0].plot(sizes, law.loss(sizes, tokens_for(budget, sizes)), color=colour, lw=1.3)
        axes[0].errorbar(
            runs["params"], law.loss(runs["params"], runs["tokens"]), yerr=2 * design.noise, fmt="o",
            color=colour, ms=4.5, elinewidth=1, capsize=2, label=f"{in_powers(budget)} FLOPs",
        )  # fmt: skip
        best = float(law.params_opt(budget))
        axes[0].plot(
            best, float(law.loss(best, tokens_for(budget, best))), "D", color=CONTRAST, ms=5, zorder=4
        )
    axes[0].set(
        xscale="log", xlabel="Size N (params)", title=f"{len(frame)} runs on the valleys of the prior",
        ylabel=f"Loss by the prior ({design.sweep.prior.conventions.loss_unit})",
    )  # fmt: skip
    axes[0].xaxis.set_major_locator(LogLocator())
    axes[0].xaxis.set_major_formatter(FuncFormatter(lambda value, _: in_units(value)))
    axes[0].xaxis.set_minor_formatter(NullFormatter())
    axes[0].legend(fontsize=8.5, loc="upper right")
    _draw_precision(axes[1], design)
    return list(axes)


def _draw_precision(axis: Axes, design: SweepDesign) -> None:
    truth = design.sweep.prior.law.a
    axis.axhline(truth, color=INK, lw=1, ls=":")
    axis.axvline(design.sweep.flops, color=INK, lw=6, alpha=0.12)
    for method, side in zip(METHODS, (1 / APART, APART), strict=True):
        colour, marker, name = METHOD_STYLE[method]
        shown = sorted((p for p in design.precisions if p.method == method), key=lambda p: p.flops)
        spend = np.array([p.flops for p in shown]) * side
        mean = np.array([p.exponent.truth + p.exponent.bias for p in shown])
        ends = np.array([[p.exponent.low, p.exponent.high] for p in shown]).T
        axis.errorbar(
            spend, mean, yerr=np.abs(ends - mean), fmt=marker, color=colour, ms=5, elinewidth=1.6,
            capsize=3, label=name,
        )  # fmt: skip
    axis.set(
        xscale="log", xlabel="Spend on the sweep (FLOPs)", ylabel="Exponent $a$ of $N_{opt}$",
        title="What 95 % of such sweeps would find",
    )  # fmt: skip
    axis.legend(loc="upper right", fontsize=9)
