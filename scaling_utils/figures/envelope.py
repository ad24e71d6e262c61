"""Training curves, their frontier and its bend (Hoffmann et al. 2022, Figure A5), and the laws along it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scaling_utils.arrays import spaced
from scaling_utils.conventions import tokens_for
from scaling_utils.figures.optimum import draw_law, mark_projection
from scaling_utils.figures.style import CONTRAST, INK, colour_at, colour_scale, in_powers
from scaling_utils.fitting.envelope import Curves, FlooredFrontier
from scaling_utils.laws import AllocationLaw
from scaling_utils.results.envelope import EnvelopeFit
from scaling_utils.runs.table import RunTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

THIRDS = (("first", "#D55E00"), ("middle", "#009E73"), ("last", "#0072B2"))
"""Orange, green and blue as in the source; apart in all forms of colour blindness."""

MOST_CURVES, MOST_POINTS = 300, 140
"""Training curves that are drawn, evenly by size, and points of each: more would be one patch of colour."""

DOTS = 45
"""Points of the frontier that are drawn; the source, too, draws a subset."""

TOP = 6.0
"""Nats; the source's loss axis ends here, and what lies above is of models that have barely trained."""

LOSSES = (0.5, 0.75, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0, 12.0)
SIZES = (
    *(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 75),
    *(100, 250, 500, 1000, 2500, 5000, 10000, 25000),
)
"""Ticks of the loss axis and, in millions, of the colour bar; 75 to 10,000 are those of the source."""


def plot_envelope(
    fit: EnvelopeFit, runs: RunTable, floor: FlooredFrontier, *, project_to: float
) -> tuple[Axes, Axes]:
    """Draw the training curves with their frontier, and how its lines continue beyond the data.

    Parameters
    ----------
    fit
        Result of `fit_envelope`.
    runs
        The runs it was fitted to.
    floor
        Result of `fit_floor`.
    project_to
        A budget (FLOPs) to which the lines are continued.

    Returns
    -------
    tuple of Axes
        Curves and frontier; frontier and extrapolation; on a new figure.
    """
    import matplotlib.pyplot as plt

    _, (left, right) = plt.subplots(1, 2, figsize=(11.4, 4.9), width_ratios=(1.45, 1))
    _draw_curves(left, fit, runs)
    _draw_extrapolation(right, fit, floor, project_to)
    for axis in (left, right):
        axis.set(xscale="log", yscale="log", xlabel="Compute C (FLOPs)")
        low, high = axis.get_ylim()
        ticks = [loss for loss in LOSSES if low <= loss <= high]
        axis.set_yticks(ticks, labels=[f"{loss:g}" for loss in ticks])
        axis.minorticks_off()
    return left, right


def plot_optima(fit: EnvelopeFit, *, project_to: float, published: AllocationLaw | None = None) -> list[Axes]:
    """Draw the size and the tokens along the frontier with their laws, and the projection.

    Parameters
    ----------
    fit
        Result of `fit_envelope`.
    project_to
        A budget (FLOPs) beyond the data at which to mark the projection.
    published
        A published law of the best size, drawn for comparison; its tokens are C / 6 N.

    Returns
    -------
    list of Axes
        N_opt and D_opt against C, on a new figure.
    """
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(1, 2, figsize=(11.0, 4.3))
    for axis, tokens in zip(axes, (False, True), strict=True):
        _draw_law(axis, fit, tokens=tokens, project_to=project_to, published=published)
    return list(axes)


def plot_bend(fit: EnvelopeFit, floor: FlooredFrontier) -> Axes:
    """Draw what a straight line, and a power law with a floor, leave of the frontier.

    Parameters
    ----------
    fit, floor
        As for `plot_envelope`.

    Returns
    -------
    Axes
        On a new figure.
    """
    import matplotlib.pyplot as plt

    from scaling_utils.fitting.powerlaw import fit_power_law

    points = fit.points
    budgets, loss = points["budget"].to_numpy(), points["loss"].to_numpy()
    line = fit_power_law(budgets, loss)
    _, axis = plt.subplots(figsize=(9.0, 3.4))
    for model, name, colour, style in (
        (line(budgets), "straight line through all", "#555555", (0, (4, 2))),
        (floor(budgets), "power law with a floor", CONTRAST, "-"),
    ):
        axis.plot(budgets, 100 * np.log(loss / model), color=colour, ls=style, lw=1.6, label=name)
    axis.axhline(0, color=INK, lw=0.8)
    axis.set(xscale="log", xlabel="Compute C (FLOPs)", ylabel="Residual of ln L (%)")
    axis.legend(loc="upper center", fontsize=9, ncols=2)
    low, high = axis.get_ylim()
    axis.set_ylim(low, high + 0.18 * (high - low))
    return axis


def _draw_curves(axis: Axes, fit: EnvelopeFit, runs: RunTable) -> None:
    curves = Curves.from_runs(runs, skip=fit.skip).smoothed(fit.smoothing)
    colours = colour_scale(curves.params / 1e6)
    by_size = np.argsort(curves.params, kind="stable")
    for run in by_size[spaced(len(by_size), MOST_CURVES)]:
        first, last = curves.starts[run], curves.starts[run + 1]
        points = first + spaced(last - first, MOST_POINTS)
        axis.plot(
            curves.flops[points], np.exp(curves.log_loss[points]), lw=0.9, alpha=0.75,
            color=colour_at(colours, curves.params[run] / 1e6), zorder=2,
        )  # fmt: skip
    shown = fit.points.iloc[spaced(len(fit.points), DOTS)]
    axis.plot(shown["budget"], shown["loss"], ls="", marker="o", ms=3.2, color="black", zorder=5)
    first, last = curves.first.min(), curves.last.max()
    grid = np.geomspace(first, last, 2)
    _draw_thirds(axis, fit, grid, told=True)
    lowest = min(float(third.law(last)) for third in fit.thirds)
    top = min(TOP, 1.05 * float(np.exp(curves.log_loss.max())))
    axis.set(xlim=(first, last), ylim=(0.97 * lowest, top), ylabel=f"Training loss L ({_unit(fit)})")
    axis.set_title("Training curves and their frontier")
    axis.legend(loc="upper right", fontsize=8.5)
    bar = axis.figure.colorbar(colours, ax=axis, label="Parameters (millions)", pad=0.015)
    smallest, largest = curves.params.min() / 1e6, curves.params.max() / 1e6
    ticks = [size for size in SIZES if smallest * 0.999 <= size <= largest * 1.001]
    bar.set_ticks(ticks, labels=[f"{size:g}" for size in ticks])
    bar.minorticks_off()


def _draw_thirds(axis: Axes, fit: EnvelopeFit, grid: np.ndarray, *, told: bool) -> None:
    from matplotlib.patheffects import Normal, Stroke

    halo = [Stroke(linewidth=3.6, foreground="white"), Normal()]
    for third, (name, colour) in zip(fit.thirds, THIRDS, strict=True):
        g = third.g
        label = f"{name} third: $g$ = {g.value:.3f} [{g.low:.3f}, {g.high:.3f}]" if told else None
        axis.plot(
            grid, third.law(grid), color=colour, lw=1.9, ls=(0, (5, 2)), label=label, zorder=4,
            path_effects=halo,
        )  # fmt: skip


def _draw_extrapolation(axis: Axes, fit: EnvelopeFit, floor: FlooredFrontier, project_to: float) -> None:
    budgets, loss = fit.points["budget"].to_numpy(), fit.points["loss"].to_numpy()
    first, last = float(budgets.min()), float(budgets.max())
    grid = np.geomspace(first, project_to, 80)
    band = [floor.loss_at(budget) for budget in grid]
    axis.fill_between(grid, [e.low for e in band], [e.high for e in band], color="#000000", alpha=0.16, lw=0)
    _draw_thirds(axis, fit, grid[[0, -1]], told=False)
    axis.plot(grid, floor(grid), color=INK, lw=1.4, label="power law with a floor", zorder=4)
    axis.plot(budgets, loss, color="black", lw=3, label="frontier", zorder=5)
    axis.axvspan(last, project_to * 30, color="#000000", alpha=0.05, lw=0)
    ends = [(floor.loss_at(project_to), INK)]
    ends += [(line, colour) for line, (_, colour) in zip(fit.loss_at(project_to), THIRDS, strict=True)]
    lowest = min(e.value if np.isnan(e.low) else e.low for e, _ in ends)
    if floor.E.value > 0:  # without a floor there is nothing to draw, and no place for it on a log axis
        _draw_floor(axis, floor, first)
        lowest = min(lowest, floor.E.value)
    limits = 0.94 * lowest, 1.03 * float(loss.max())
    apart = 0.055 * np.log(limits[1] / limits[0])
    above = np.inf
    for estimate, colour in sorted(ends, key=lambda end: -end[0].value):
        axis.plot([project_to] * 2, [estimate.low, estimate.high], color=colour, lw=1.6, zorder=5)
        axis.plot(project_to, estimate.value, marker="s", ms=5, mfc="white", mec=colour, mew=1.4, zorder=6)
        above = min(float(np.log(estimate.value)), above - apart)
        axis.annotate(
            f"{estimate.value:.2f}", (project_to, np.exp(above)), xytext=(8, 0),
            textcoords="offset points", va="center", color=colour, fontsize=9,
        )  # fmt: skip
    axis.set(xlim=(first, project_to * 12), ylim=limits, ylabel=f"Loss L ({_unit(fit)})")
    axis.set_title(f"Continued to {in_powers(project_to)} FLOPs")
    axis.text(
        0.97, 0.7, f"extrapolation,\n{fit.extrapolation(project_to):,.0f} times past the data",
        transform=axis.transAxes, ha="right", va="top", fontsize=8.5, color=INK,
    )  # fmt: skip
    axis.legend(loc="upper right", fontsize=8.5)


def _draw_floor(axis: Axes, floor: FlooredFrontier, first: float) -> None:
    axis.axhline(floor.E.value, color=INK, lw=1.2, ls=(0, (1, 1.5)), label="its floor E")
    axis.axhspan(floor.E.low, floor.E.high, color="#000000", alpha=0.08, lw=0)
    axis.annotate(
        f"E = {floor.E.value:.2f} [{floor.E.low:.2f}, {floor.E.high:.2f}]", (first, floor.E.value),
        xytext=(5, 3), textcoords="offset points", color=INK, fontsize=8.5,
    )  # fmt: skip


def _draw_law(
    axis: Axes, fit: EnvelopeFit, *, tokens: bool, project_to: float, published: AllocationLaw | None
) -> None:
    points, law = fit.points, fit.tokens_law if tokens else fit.params_law
    first, last = float(points["budget"].min()), float(points["budget"].max())
    grid = np.geomspace(first / 1.5, project_to * 3, 80)
    estimates = [fit.project(budget)[tokens] for budget in grid]
    band = np.array([[e.low, e.high] for e in estimates]).T
    draw_law(axis, law, grid, band, measured_to=last, tokens=tokens)
    if published is not None:
        sizes = published.value(grid)
        axis.plot(
            grid, tokens_for(grid, sizes) if tokens else sizes, color="#0072B2", lw=1.8, ls=(0, (1, 1.2)),
            label="published, Approach 1",
        )  # fmt: skip
    axis.plot(
        points["budget"], points["tokens" if tokens else "params"], ls="", marker="o", ms=2.2, color="black",
        label="frontier", zorder=4,
    )  # fmt: skip
    mark_projection(
        axis, project_to, fit.project(project_to)[tokens], times_past=fit.extrapolation(project_to)
    )
    axis.legend(loc="upper left", fontsize=8.5)


def _unit(fit: EnvelopeFit) -> str:
    return fit.conventions.loss_unit
