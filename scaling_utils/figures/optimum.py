"""The panel of N_opt or D_opt against compute: a law with its band, and its projection beyond the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scaling_utils.arrays import FloatArray
from scaling_utils.figures.style import CONTRAST, in_powers, in_units
from scaling_utils.results import Estimate, PowerLaw

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_law(
    axis: Axes,
    law: PowerLaw,
    flops: FloatArray,
    band: FloatArray,
    *,
    measured_to: float,
    tokens: bool,
) -> None:
    """Draw a law of the best size or number of tokens, dashed and shaded beyond the data, and name the axes.

    Parameters
    ----------
    axis
        An empty panel.
    law
        N_opt or D_opt by compute.
    flops
        Compute (FLOPs) at which to draw it, rising, shape (n,).
    band
        Ends of its interval there, shape (2, n).
    measured_to
        The largest budget with data (FLOPs).
    tokens
        Whether it is the law of tokens.
    """
    within = flops <= measured_to
    axis.fill_between(flops, *band, color=CONTRAST, alpha=0.15, lw=0, label="95 % band")
    axis.plot(flops[within], law(flops[within]), color=CONTRAST, lw=1.5, label="fit")
    axis.plot(flops[~within], law(flops[~within]), color=CONTRAST, lw=1.2, ls="--", label="extrapolation")
    axis.axvspan(measured_to, flops[-1], color="#000000", alpha=0.05, lw=0)
    name, symbol, exponent = ("Training tokens D", "D", "b") if tokens else ("Parameters N", "N", "a")
    axis.set(xscale="log", yscale="log", xlabel="Compute C (FLOPs)", ylabel=name, xlim=(flops[0], flops[-1]))
    axis.set_title(rf"${symbol}_{{opt}} \propto C^{{\,{exponent}}}$,  ${exponent}$ = {law.exponent}")


def mark_projection(axis: Axes, flops: float, at: Estimate, *, times_past: float) -> None:
    """Mark what a law says at a budget (FLOPs) so many times past the data."""
    axis.plot(np.full(2, flops), [at.low, at.high], color=CONTRAST, lw=1.5)
    axis.plot(flops, at.value, marker="s", ms=6, mfc="white", mec=CONTRAST, mew=1.4, zorder=6)
    axis.text(
        0.97, 0.04,
        f"{in_units(at.value)} [{in_units(at.low)}, {in_units(at.high)}]\n"
        f"at {in_powers(flops)} FLOPs,\n{times_past:,.0f} times past the data",
        transform=axis.transAxes, ha="right", va="bottom", fontsize=8.5, color=CONTRAST,
    )  # fmt: skip
