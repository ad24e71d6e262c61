"""Two sizes at one budget, as in Hoffmann et al. 2022 (Figure A4), and the gap against the noise of seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from scaling_utils.figures.style import INK, NAME, in_powers, in_units, literal
from scaling_utils.fitting.pair import SIDES, Pair

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"larger": "#D55E00", "smaller": "#0072B2"}
"""Orange and blue as in the source; apart in all forms of colour blindness."""

LAW_TITLES = {
    "hoffmann2022-unrounded": "Hoffmann et al.",
    "hoffmann2022": "the same, rounded",
    "besiroglu2024": "Besiroglu et al.",
}

HEADROOM = 0.55
"""How far above the final losses the loss axis reaches (nats), as in the source."""

DRAWN_AS_POINTS = 60
"""Curves with no more points than this have them marked."""


def plot_pair(
    pair: Pair,
    *,
    sequence_length: float,
    names: tuple[str, str],
    loss_name: str = "Loss",
    predicted: bool = False,
) -> list[Axes]:
    """Draw the loss of both models against sequences and against FLOPs.

    Parameters
    ----------
    pair
        Result of `compare_pair`.
    sequence_length
        Tokens in a sequence.
    names
        What the larger and the smaller model are called.
    loss_name
        What the losses of runs are called.
    predicted
        Whether the curves come from a law and not from runs: they are drawn broken.

    Returns
    -------
    list of Axes
        Loss against sequences and against FLOPs, on a new figure.
    """
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(1, 2, figsize=(11.0, 4.2), sharey=True)
    finals = {side: pair.final(side) for side in SIDES}
    for axis, column, scale in (
        (axes[0], "tokens", sequence_length * 1e6),
        (axes[1], "flops", 1.0),
    ):
        ends = []
        for side, name in zip(SIDES, names, strict=True):
            rows = pair.curves[pair.curves["side"] == side]
            alone = len(pair.losses[side]) == 1
            for number, (_, run) in enumerate(rows.groupby("run_id", sort=False)):
                told = f"{literal(name, most=NAME)}, {in_units(pair.params[side])}" if number == 0 else None
                marked = not predicted and len(run) <= DRAWN_AS_POINTS
                axis.plot(
                    run[column] / scale, run["loss"], color=COLOURS[side], lw=1.8 if alone else 0.9,
                    label=told, ls=(0, (6, 1.2)) if predicted else "-", marker="o" if marked else "",
                    ms=5 if alone else 3,
                    markevery=slice(0, len(run) - 1),
                )  # fmt: skip
                ends.append(run[column].iloc[-1] / scale)
                axis.plot(
                    ends[-1], run["loss"].iloc[-1], marker="o", ms=7, mfc="white", mec=COLOURS[side], mew=1.6,
                    zorder=5,
                )  # fmt: skip
            axis.axhline(finals[side], color=COLOURS[side], lw=1.1, ls=(0, (4, 3)), zorder=1)
        axis.set_xlim(0, max(ends) * 1.06)
    lowest = min(finals.values())
    axes[0].set(
        xlabel=f"Sequences of {sequence_length:,.0f} tokens (millions)",
        ylabel=f"{'Predicted loss' if predicted else literal(loss_name, most=NAME)} ({pair.loss_unit})",
        ylim=(lowest - 0.12 * HEADROOM, max(finals.values()) + HEADROOM),
    )
    axes[1].set(xlabel="Compute C (FLOPs)")
    axes[1].ticklabel_format(axis="x", style="sci", scilimits=(0, 0), useMathText=True)
    axes[0].set_title("The larger model sees fewer sequences")
    axes[1].set_title(f"Both end at {in_powers(pair.flops)} FLOPs")
    axes[1].legend(loc="upper right", fontsize=9)
    axes[1].text(
        0.985, 0.7, f"gap {pair.gap.value:+.3f} {pair.loss_unit}", transform=axes[1].transAxes, ha="right",
        color=INK, fontsize=9,
    )  # fmt: skip
    return list(axes)


def plot_gap(pair: Pair, expected: pd.DataFrame, *, measured: bool) -> Axes:
    """Draw the gap that laws expect, and the measured one, against the noise of a single pair.

    Parameters
    ----------
    pair
        Result of `compare_pair`.
    expected
        Result of `expected_gaps`; it may be empty.
    measured
        Whether the pair was trained; without it only the expected gaps are drawn.

    Returns
    -------
    Axes
        On a new figure.
    """
    import matplotlib.pyplot as plt

    rows = [
        (f"expected: {LAW_TITLES.get(str(law), law)}", gap, "#0072B2") for law, gap in expected["gap"].items()
    ]
    if measured:
        rows.append(("these runs", pair.gap.value, "#D55E00"))
    _, axis = plt.subplots(figsize=(9.0, 1.3 + 0.5 * len(rows)))
    if known := pair.spread_from != "unknown":
        for times, alpha in ((2.0, 0.08), (1.0, 0.12)):
            axis.axvspan(-times * pair.noise, times * pair.noise, color="#000000", alpha=alpha, lw=0)
    axis.axvline(0, color=INK, lw=1)
    for row, (_, gap, colour) in enumerate(rows):
        axis.plot(gap, row, ls="", marker="o", ms=8, color=colour)
        axis.annotate(
            f"{gap:.3f}", (gap, row), xytext=(0, 7), textcoords="offset points", ha="center", fontsize=9
        )
    if measured:
        last = len(rows) - 1
        axis.plot([pair.gap.low, pair.gap.high], [last, last], color="#D55E00", lw=2, zorder=1)
        if pair.seed_gaps.size > 1:
            axis.plot(
                pair.seed_gaps, [last + 0.25] * pair.seed_gaps.size, ls="", marker="o", ms=5, mfc="none",
                mec="#D55E00",
            )  # fmt: skip
    axis.set_yticks(range(len(rows)), [told for told, _, _ in rows])
    axis.set(
        ylim=(len(rows) - 0.4, -0.6),
        xlabel=f"Loss of the larger less that of the smaller ({pair.loss_unit})",
    )
    axis.grid(axis="y", visible=False)
    if known:
        axis.set_title("Shaded: one and two standard deviations of the difference of two equal runs")
    return axis
