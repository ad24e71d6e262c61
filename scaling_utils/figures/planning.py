"""Plans for a budget: tokens per parameter and best size by each law, and what another size costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scaling_utils.allocation import Source, allocate
from scaling_utils.allocation.off_optimum import cost_curve
from scaling_utils.allocation.planning import LEADING, SUPERSEDED, reach, spread
from scaling_utils.allocation.rule import Fit
from scaling_utils.errors import DataError
from scaling_utils.figures.style import CONTRAST, INK, in_powers, in_units, literal
from scaling_utils.laws import KnownLaw
from scaling_utils.results import Estimate, FitResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072b2", "#009e73", "#5d3a9b", "#946c00", "#3b3b3b", "#8c4a3c", "#a05195", "#6b8e23")
"""Published laws that count for the spread; names stand beside every line, so colour only helps."""

FADED = "#9a9a9a"
FIRST = 1e18
"""Least compute drawn (FLOPs), unless the budget is small."""
DECADES_BELOW = 3
"""Decades drawn below a small budget."""
RATIOS = np.geomspace(1 / 8, 8, 61)


def plot_plans(sources: Mapping[str, Source], table: pd.DataFrame, flops: float) -> list[Axes]:
    """Draw tokens per parameter against compute by every law, and the best sizes at one budget.

    Parameters
    ----------
    sources
        Fits and published laws by the name to show.
    table
        Their `plan_table` at the budget.
    flops
        The budget (FLOPs).

    Returns
    -------
    list of Axes
        Best tokens per parameter against compute (dashed beyond the runs behind a law), and best size at the
        budget with tokens per parameter beside it, on a new figure. Parameters are counted in full. Laws
        that do not count for the spread are grey; fits have their 95 % interval. Markers are open where the
        budget is beyond the runs.
    """
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(1, 2, figsize=(11.4, 1.6 + 0.32 * len(table)), width_ratios=(1, 1.05))
    colours = _colours(sources)
    grid = np.geomspace(min(FIRST, flops / 10**DECADES_BELOW), flops * 10, 60)
    for name, source in sources.items():
        best = [_tokens_per_param(source, c) for c in grid]
        ratio, last = np.array([e.value for e in best]), reach(source)
        width = 2.2 if isinstance(source, Fit) else 1.3
        split = int(np.searchsorted(grid, last, side="right"))
        within, beyond = slice(0, split), slice(max(split - 1, 0), None)
        axes[0].plot(grid[within], ratio[within], color=colours[name], lw=width)
        axes[0].plot(grid[beyond], ratio[beyond], color=colours[name], lw=width * 0.75, ls=(0, (4, 2)))
        if isinstance(source, Fit):
            low, high = [e.low for e in best], [e.high for e in best]
            axes[0].fill_between(grid, low, high, color=colours[name], alpha=0.18, lw=0)
    axes[0].axvline(flops, color=INK, lw=1, ls=":")
    axes[0].set(
        xscale="log", yscale="log", xlim=(grid[0], grid[-1]), xlabel="Compute C (FLOPs)",
        ylabel="Tokens per parameter $D_{opt}/N_{opt}$",
    )  # fmt: skip
    low, high = table["D/N"].min(), table["D/N"].max()
    axes[0].set_ylim(min(low, 1) / 2, max(high, 100) * 3)
    axes[0].yaxis.set_major_formatter("{x:g}")
    axes[0].set_title("Dashed: beyond the runs behind the law")
    _draw_sizes(axes[1], table, colours)
    axes[1].set_title(f"At {in_powers(flops)} FLOPs")
    return list(axes)


def _tokens_per_param(source: Source, flops: float) -> Estimate:
    """Of the best size, parameters counted in full; NaN at a compute at which the law has none."""
    try:
        return allocate(source, flops, param_count="total").tokens_per_param
    except DataError:
        return Estimate(math.nan)


def plot_cost(sources: Mapping[str, Source], flops: float) -> list[Axes]:
    """Draw what a size other than the best one costs: more loss, or compute wasted.

    Parameters
    ----------
    sources
        Fits and published laws by the name to show; those without a loss are left out. Where a fit has a
        loss, published laws are left out too.
    flops
        The budget (FLOPs).

    Returns
    -------
    list of Axes
        Loss above the best, and share of the budget wasted, against size over best size, on a new figure.
    """
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(1, 2, figsize=(11.0, 3.9), sharex=True)
    dashes = iter(("-", (0, (5, 2)), (0, (1, 1.2)), (0, (3, 1.5, 1, 1.5))))
    colours = _colours(sources)
    shown = cost_sources(sources)
    for name, source in shown.items():
        curve, dash = cost_curve(source, flops, RATIOS), next(dashes)
        for axis, value, scale in ((axes[0], "penalty", 1.0), (axes[1], "wasted", 100.0)):
            axis.plot(
                curve.index,
                scale * curve[value],
                color=colours[name],
                lw=1.8,
                ls=dash,
                label=literal(name),
            )
            low, high = (scale * curve[f"{value} {end}"] for end in ("low", "high"))
            axis.fill_between(curve.index, low, high, color=colours[name], alpha=0.18, lw=0)
    for axis in axes:
        axis.set_xscale("log", base=2)
        axis.xaxis.set_major_formatter("{x:g}")
        axis.set(xlabel="Size over best size $N / N_{opt}$", xlim=(RATIOS[0], RATIOS[-1]))
        axis.set_ylim(bottom=0)
    units = dict.fromkeys(source.conventions.loss_unit for source in shown.values())
    axes[0].set(ylabel=f"Loss above the best ({' or '.join(units)})")
    axes[1].set(ylabel="Share of the budget wasted (%)")
    axes[0].set_title(f"Another size at {in_powers(flops)} FLOPs")
    axes[1].set_title("What the best size would have saved")
    axes[0].legend(loc="upper center", fontsize=8.5)
    return list(axes)


def plan_words(sources: Mapping[str, Source], table: pd.DataFrame) -> dict[str, str]:
    """The plan in words, for the first sentences of a page.

    Returns
    -------
    dict
        ``who`` calls for ``params_text`` (with an interval where there is one) and ``tokens_text``: the first
        fit, without a fit the published law `LEADING`. ``spread_low_text`` and ``spread_high_text`` are the
        ends of the span of the published laws that count.

    Examples
    --------
    >>> from scaling_utils.allocation.planning import plan_table, planning_sources
    >>> sources = planning_sources()
    >>> plan_words(sources, plan_table(sources, 1e24))["params_text"]
    '95.9B params'
    """
    leader = next((name for name, s in sources.items() if isinstance(s, Fit)), LEADING)
    size, low, high, tokens = (float(table[name][leader]) for name in ("N_opt", "low", "high", "D_opt"))
    within = f" ({in_units(low)} to {in_units(high)})" if np.isfinite(low) else ""
    ends = spread(table)
    return {
        "who": "the fit of these runs" if isinstance(sources[leader], Fit) else f"the law of {leader}",
        "params_text": f"{in_units(size)} params{within}",
        "tokens_text": f"{in_units(tokens)} tokens",
        "spread_low_text": in_units(ends[0]),
        "spread_high_text": in_units(ends[1]),
    }


def cost_sources(sources: Mapping[str, Source]) -> dict[str, Source]:
    """The sources that have a loss: fits if there are any, else published laws that count."""
    losses = {name: s for name, s in sources.items() if _has_loss(s)}
    fitted = any(isinstance(s, Fit) for s in losses.values())
    return {
        name: s for name, s in losses.items() if (isinstance(s, Fit) if fitted else name not in SUPERSEDED)
    }


def _draw_sizes(axis: Axes, table: pd.DataFrame, colours: Mapping[str, str]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    rows = np.arange(len(table))[::-1]
    low, high = spread(table)
    axis.axvspan(low, high, color=INK, alpha=0.08, lw=0)
    for row, (name, plan) in zip(rows, table.iterrows(), strict=True):
        colour = colours[str(name)]
        if np.isfinite(plan["low"]):
            axis.plot([plan["low"], plan["high"]], [row, row], color=colour, lw=2)
        inside = plan["times past data"] <= 1
        axis.plot(
            plan["N_opt"], row, marker="o", ms=7, color=colour, mfc=colour if inside else "white", mew=1.7
        )
        ratio = plan["D/N"]
        told = f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2g}"
        axis.text(1.02, row, told, transform=axis.get_yaxis_transform(), va="center", fontsize=9, color=INK)
    axis.text(1.02, len(table) - 0.35, "D/N", transform=axis.get_yaxis_transform(), fontsize=9, color=INK)
    axis.set_yticks(rows, [literal(str(name)) for name in table.index])
    for label, name in zip(axis.get_yticklabels(), table.index, strict=True):
        label.set_color(colours[str(name)] if name not in SUPERSEDED else INK)
    axis.set(xscale="log", ylim=(-0.6, len(table) - 0.4), xlabel="Best size $N_{opt}$ (params, total)")
    axis.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: in_units(value)))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.grid(axis="y", visible=False)


def _colours(sources: Mapping[str, Source]) -> dict[str, str]:
    published = iter(COLOURS * len(sources))
    return {
        name: CONTRAST if isinstance(s, Fit) else FADED if name in SUPERSEDED else next(published)
        for name, s in sources.items()
    }


def _has_loss(source: Source) -> bool:
    if isinstance(source, FitResult):
        return "alpha" in source.estimates
    return isinstance(source, KnownLaw)
