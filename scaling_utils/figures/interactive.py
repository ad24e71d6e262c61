"""Figures to look around in: the runs of a static figure, each with its numbers where one points."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_utils.arrays import spaced
from scaling_utils.errors import clip
from scaling_utils.figures.charts import compute_axis, size_axis, units
from scaling_utils.figures.style import CONTRAST
from scaling_utils.fitting.envelope import Curves
from scaling_utils.fitting.isoflop import isoflop_slices
from scaling_utils.fitting.parametric import surface_residuals
from scaling_utils.results import FitResult, IsoflopFit
from scaling_utils.results.envelope import EnvelopeFit
from scaling_utils.runs.table import RunTable

if TYPE_CHECKING:
    import altair as alt

    from scaling_utils.figures.charts import Layers

CURVE_POINTS = 24
"""Points of a training curve that are kept."""

FRONTIER_POINTS = 80
"""Points of a frontier that are kept."""

FEWEST_POINTS = 8
"""Points that a curve keeps at least; of many curves some are left out instead."""

BUDGETS = 16
"""Budgets of a chart of valleys; of more, so many are drawn."""

WEIGHT = 100_000
"""Bytes that the points of a chart may take, well below what a page bears."""

POINT_BYTES = 92
"""Bytes of a point besides the name of its run."""

NAME = 40
"""Characters of the name of a run."""

RAMP = (0.22, 0.9)
"""The part of viridis in use: ordered colours without the ends, which are lost on dark or white."""


def explore_isoflop(fit: IsoflopFit, runs: RunTable) -> Layers:
    """The valleys of `plot_isoflop`: loss against size per budget, every run with its numbers.

    Parameters
    ----------
    fit
        Result of `fit_isoflop`.
    runs
        The runs it was fitted to.

    Returns
    -------
    altair chart
        A click on a budget of the legend leaves that budget alone.
    """
    import altair as alt

    points, curves = [], []
    slices = list(zip(fit.valleys, isoflop_slices(runs), strict=True))
    slices = [slices[i] for i in spaced(len(slices), BUDGETS)]
    each = _bearable(runs) // len(slices)
    for valley, (_, part) in slices:
        budget = f"{valley.budget:.3g}"
        points.append(_told(part.iloc[spaced(len(part), each)]).assign(budget=budget))
        if valley.has_minimum:
            sizes = np.geomspace(*valley.sizes, 40)
            curves.append(_short(pd.DataFrame({"N": sizes, "L": valley.loss(sizes), "budget": budget})))
    fitted = pd.concat(curves)
    low, high = fitted["L"].min() - 0.02, fitted["L"].max() + 0.02
    pick = alt.selection_point(name="pick", fields=["budget"], bind="legend")
    order = [f"{valley.budget:.3g}" for valley, _ in slices]
    shared: dict[str, Any] = {
        "x": size_axis("N", "Parameters N"),
        "y": alt.Y("L:Q", title=f"Loss ({fit.loss_unit})", scale=alt.Scale(domain=[low, high])),
        "color": alt.Color(
            "budget:N",
            title="Budget (FLOPs), click to pick",
            legend=alt.Legend(columns=4),
            sort=order,
            scale=alt.Scale(domain=order, range=_ramp(len(order))),
        ),
        "opacity": alt.condition(pick, alt.value(1), alt.value(0.08)),
    }
    lines = alt.Chart(fitted).mark_line(strokeWidth=2, clip=True).encode(**shared)
    dots = _dots(pd.concat(points)).encode(**shared, tooltip=_tooltip()).add_params(pick)
    return _movable(lines + dots)


def explore_envelope(fit: EnvelopeFit, runs: RunTable) -> Layers:
    """The left panel of `plot_envelope`: thinned training curves, and points of their frontier.

    Parameters
    ----------
    fit
        Result of `fit_envelope`.
    runs
        The runs it was fitted to.
    """
    import altair as alt

    shared: dict[str, Any] = {
        "x": compute_axis("C"),
        "y": alt.Y(
            "L:Q",
            title=f"Training loss ({fit.conventions.loss_unit})",
            scale=alt.Scale(type="log", nice=False),
        ),
        "tooltip": _tooltip(),
    }
    colour = alt.Color(
        "N:Q", title="Parameters N", scale=alt.Scale(type="log", range=_ramp(9)), legend=_sizes()
    )
    lines = (
        _numbers(alt.Chart(thinned_curves(fit, runs)))
        .mark_line(strokeWidth=1.2, point=alt.OverlayMarkDef(size=40, opacity=0))
        .encode(**shared, detail="curve:N", color=colour)
    )
    frontier = fit.points.rename(columns={"budget": "flops"})
    frontier = frontier.iloc[spaced(len(frontier), FRONTIER_POINTS)]
    dots = _dots(_told(frontier)).encode(**shared, color=alt.value(CONTRAST))
    return _movable(lines + dots)


def explore_surface(fit: FitResult, runs: RunTable) -> Layers:
    """The runs behind a fit of Approach 3 over compute and size, coloured by what the fit leaves of them.

    Parameters
    ----------
    fit
        Result of `fit_parametric`.
    runs
        The runs it was fitted to.
    """
    import altair as alt

    left = 100 * surface_residuals(fit, runs)
    most = float(np.quantile(np.abs(left), 0.9))
    title = "Measured less fitted (% of the loss)"
    colour = alt.Color(
        "left:Q", title=title, scale=alt.Scale(scheme="purpleorange", domain=[-most, most], clamp=True)
    )
    some = spaced(len(runs), _bearable(runs))
    dots = _dots(_told(runs.frame.iloc[some]).assign(left=left[some].round(3))).encode(
        x=compute_axis("C"),
        y=size_axis("N", "Parameters N", vertical=True),
        color=colour,
        tooltip=[*_tooltip(), alt.Tooltip("left:Q", title="less fitted (%)", format="+.2f")],
    )
    return _movable(alt.layer(dots))


def thinned_curves(fit: EnvelopeFit, runs: RunTable) -> pd.DataFrame:
    """At most `CURVE_POINTS` points of every training curve as the fit sees it, evenly spaced.

    Of more curves than a page bears, some are left out, evenly by size.

    Returns
    -------
    DataFrame
        `run`, `N`, `D`, `C`, `L`, to four digits, and `curve`, its number.
    """
    curves = Curves.from_runs(runs, skip=fit.skip).smoothed(fit.smoothing)
    parts, bearable = [], _bearable(runs)
    spans = list(pairwise(curves.starts))
    by_size = np.argsort(curves.params, kind="stable")
    kept = np.sort(by_size[spaced(len(spans), bearable // FEWEST_POINTS)])
    each = min(CURVE_POINTS, bearable // len(kept))
    for run in kept:
        first, last = spans[run]
        chosen = first + spaced(last - first, each)
        flops = curves.flops[chosen]
        parts.append(
            pd.DataFrame(
                {
                    "run_id": str(curves.run_id[run]),
                    "params": curves.params[run],
                    "tokens": flops * curves.tokens_per_flop[run],
                    "flops": flops,
                    "loss": np.exp(curves.log_loss[chosen]),
                }
            )
        )
    counts = [len(part) for part in parts]  # names may be alike once they are cut
    return _told(pd.concat(parts)).assign(curve=np.repeat(np.arange(len(parts)), counts))


def _movable(chart: Layers) -> Layers:
    """Drag to move, wheel with the shift key to zoom; the wheel alone scrolls the page."""
    import altair as alt

    return chart.add_params(
        alt.selection_interval(name="window", bind="scales", zoom="wheel![event.shiftKey]")
    )


def _dots(points: pd.DataFrame) -> alt.Chart:
    import altair as alt

    dots: alt.Chart = _numbers(alt.Chart(points)).mark_point(
        filled=True, clip=True, size=48, opacity=1, stroke="currentColor", strokeWidth=0.3
    )
    return dots


def _numbers(chart: alt.Chart) -> alt.Chart:
    """What `_tooltip` shows, from the columns of `_told`."""
    return chart.transform_calculate(
        params_text=units("datum.N"), tokens_text=units("datum.D"), compute_text="format(datum.C, '.3~e')"
    )


def _tooltip() -> list[alt.Tooltip]:
    import altair as alt

    return [
        alt.Tooltip("run:N", title="run"),
        alt.Tooltip("params_text:N", title="N"),
        alt.Tooltip("tokens_text:N", title="D"),
        alt.Tooltip("compute_text:N", title="C (FLOPs)"),
        alt.Tooltip("L:Q", title="loss", format=".4f"),
    ]


def _bearable(runs: RunTable) -> int:
    """Points that a chart of these runs may have."""
    return WEIGHT // (POINT_BYTES + min(NAME, int(runs.frame["run_id"].str.len().max())))


def _told(runs: pd.DataFrame) -> pd.DataFrame:
    """The numbers of runs under the letters of the book; loss to five digits, the others to four."""
    letters = {"run_id": "run", "params": "N", "tokens": "D", "flops": "C", "loss": "L"}
    return _short(runs[list(letters)].rename(columns=letters)).assign(
        run=[clip(str(name), NAME) for name in runs["run_id"]]
    )


def _short(frame: pd.DataFrame) -> pd.DataFrame:
    digits = {"N": 4, "D": 4, "C": 4, "L": 5}
    short = {
        name: [float(f"{value:.{count}g}") for value in frame[name]]
        for name, count in digits.items()
        if name in frame
    }
    return frame.assign(**short).reset_index(drop=True)


def _ramp(n: int) -> list[str]:
    import matplotlib as mpl

    return [mpl.colors.to_hex(colour) for colour in mpl.colormaps["viridis"](np.linspace(*RAMP, n))]


def _sizes() -> alt.Legend:
    import altair as alt

    return alt.Legend(type="gradient", labelExpr=units("datum.value", "~s"), gradientLength=260)
