"""Training curves against compute, to look around in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_utils.arrays import spaced
from scaling_utils.conventions import flops_from_pf_days
from scaling_utils.figures import pair as pair_figure
from scaling_utils.figures import trailing_gap
from scaling_utils.figures.charts import compute_axis, units
from scaling_utils.figures.interactive.points import (
    WEIGHT,
    dots,
    movable,
    name_bytes,
    packed,
    ramp,
    short,
    told,
    tooltip,
    with_numbers,
)
from scaling_utils.figures.style import CONTRAST
from scaling_utils.fitting.envelope import Curves
from scaling_utils.fitting.pair import SIDES, Pair
from scaling_utils.fitting.trailing import TrailingFit, method_name, named_in_text, place_name
from scaling_utils.results.envelope import EnvelopeFit
from scaling_utils.runs.table import RunTable

if TYPE_CHECKING:
    import altair as alt

    from scaling_utils.figures.charts import Layers

CURVE_POINTS = 16
"""Points of a training curve that are kept."""

PAIR_POINTS = 60
"""Points that are kept of each curve where only two models are compared."""

FEWEST_POINTS = 8
"""Points that a curve keeps at least; of many curves some are left out instead."""

FRONTIER_POINTS = 50
"""Points of a frontier that are kept."""

PLACES = 24
"""Places in the context that one can choose from; of more, so many are offered."""

NUMBER_BYTES, CURVE_BYTES = 10, 100
"""Bytes of a number, and of what is told once for a curve besides the name of its run."""


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
        "y": _log_loss(f"Training loss ({fit.conventions.loss_unit})"),
    }
    sizes = alt.Legend(labelExpr=units("datum.value", "~s"), columns=5)
    colour = alt.Color("N:Q", title="Parameters N", scale=alt.Scale(type="log", range=ramp(9)), legend=sizes)
    lines = _lines(thinned_curves(fit, runs)).encode(**shared, color=colour)
    frontier = fit.points.rename(columns={"budget": "flops"})
    points = told(frontier.iloc[spaced(len(frontier), FRONTIER_POINTS)])
    marks = dots(points).encode(**shared, tooltip=tooltip(points), color=alt.value(CONTRAST))
    return movable(lines + marks)


def explore_pair(pair: Pair, *, names: tuple[str, str]) -> Layers:
    """The right panel of `plot_pair`: the loss of both models against compute.

    Parameters
    ----------
    pair
        Result of `compare_pair`.
    names
        What the larger and the smaller model are called.
    """
    import altair as alt

    frame = pair.curves.assign(
        curve=pair.curves.groupby(["side", "run_id"], sort=False).ngroup(),
        model=pair.curves["side"].map(dict(zip(SIDES, names, strict=True))),
    )
    curves = _thinned(frame, "model", most=PAIR_POINTS)
    finals = [pair.final(side) for side in SIDES]
    low, high = min(finals) - 0.12 * pair_figure.HEADROOM, max(finals) + pair_figure.HEADROOM
    colours = [pair_figure.COLOURS[side] for side in SIDES]
    shared: dict[str, Any] = {
        "x": alt.X("C:Q", title="Compute C (FLOPs)", axis=alt.Axis(format=".1~e", tickCount=5)),
        "y": alt.Y("L:Q", title=f"Loss ({pair.loss_unit})", scale=alt.Scale(domain=[low, high])),
        "color": alt.Color("model:N", title=None, scale=alt.Scale(domain=list(names), range=colours)),
    }
    ends = curves.groupby("curve", sort=False).tail(1)
    marks = dots(ends).encode(**shared, tooltip=tooltip(ends))
    return movable(_lines(curves, "model").encode(**shared) + marks)


def explore_trailing(fits: Mapping[str, TrailingFit], runs: RunTable) -> Layers:
    """The panels of `plot_trailing`, one at a time: curves of two methods, and the laws through their ends.

    Parameters
    ----------
    fits
        Results of `fit_places`.
    runs
        The runs they were fitted to.

    Returns
    -------
    altair chart
        With several places, one picks among them from a list.
    """
    import altair as alt

    chosen = [list(fits.values())[i] for i in spaced(len(fits), PLACES)]
    methods = {method: method_name(method) for method in chosen[0].methods}
    places = {fit.panel: place_name(fit.panel) for fit in chosen}
    frame = named_in_text(runs).frame
    frame = frame[frame["panel"].isin(places) & frame["attention"].isin(methods)]
    curves = frame.assign(
        curve=frame.groupby(["panel", "run_id"], sort=False).ngroup(),
        place=frame["panel"].map(places),
        method=frame["attention"].map(methods),
    )
    curves = _thinned(curves, "place", "method", most=CURVE_POINTS)
    colours = list(trailing_gap.COLOURS)
    shared: dict[str, Any] = {
        "x": compute_axis("C"),
        "y": _log_loss(f"LM loss ({runs.conventions.loss_unit})"),
        "color": alt.Color(
            "method:N", title=None, scale=alt.Scale(domain=list(methods.values()), range=colours)
        ),
    }
    of_curve = [alt.Tooltip("method:N", title="attention"), alt.Tooltip("place:N", title="place")]
    lines = _lines(curves, "place", "method", more=of_curve).encode(**shared)
    laws = packed(_laws(chosen), "place", "method")
    fitted = laws.mark_line(strokeWidth=1.6, strokeDash=[6, 3]).encode(**shared)
    if len(places) == 1:
        return movable(lines + fitted)
    pick = alt.selection_point(
        name="pick",
        fields=["place"],
        bind=alt.binding_select(options=list(places.values()), name="Place in the context: "),
        value=[{"place": list(places.values())[-1]}],
    )
    return movable(lines.transform_filter(pick).add_params(pick) + fitted.transform_filter(pick))


def thinned_curves(fit: EnvelopeFit, runs: RunTable) -> pd.DataFrame:
    """At most `CURVE_POINTS` points of every training curve as the fit sees it, evenly spaced.

    Of more curves than a page bears, some are left out, evenly by size.

    Returns
    -------
    DataFrame
        `run`, `N`, `D`, `C`, `L`, to few digits, and `curve`, its number.
    """
    curves = Curves.from_runs(runs, skip=fit.skip).smoothed(fit.smoothing)
    number = np.repeat(np.arange(len(curves.run_id)), np.diff(curves.starts))
    points = {
        "curve": number,
        "run_id": curves.run_id[number],
        "params": curves.params[number],
        "tokens": curves.flops * curves.tokens_per_flop[number],
        "flops": curves.flops,
        "loss": np.exp(curves.log_loss),
    }
    return _thinned(pd.DataFrame(points), most=CURVE_POINTS)


def _thinned(points: pd.DataFrame, *also: str, most: int) -> pd.DataFrame:
    """The numbers of some points of each `curve`, and columns `also`, within `WEIGHT`."""
    curves = [part for _, part in points.groupby("curve")]
    once = CURVE_BYTES + name_bytes(points["run_id"])
    each_point = NUMBER_BYTES * len({"tokens", "flops", "loss"} & set(points))
    by_size = np.argsort([part["params"].iloc[0] for part in curves], kind="stable")
    kept = np.sort(by_size[spaced(len(curves), WEIGHT // (once + FEWEST_POINTS * each_point))])
    each = min(most, (WEIGHT // len(kept) - once) // each_point)
    some = pd.concat(curves[i].iloc[spaced(len(curves[i]), each)] for i in kept)
    return told(some, "curve", *also)


def _lines(curves: pd.DataFrame, *also: str, more: Sequence[alt.Tooltip] = ()) -> alt.Chart:
    """Curves whose points one can point at."""
    import altair as alt

    lines: alt.Chart = (
        with_numbers(packed(curves, "curve", "run", "N", *also))
        .mark_line(strokeWidth=1.2, clip=True, point=alt.OverlayMarkDef(size=40, opacity=0))
        .encode(detail="curve:N", tooltip=tooltip(curves, *more))
    )
    return lines


def _laws(fits: Sequence[TrailingFit]) -> pd.DataFrame:
    """The laws of places: straight lines, carried to twice the computes of the points fitted."""
    rows = [
        (place_name(fit.panel), method_name(method), flops_from_pf_days(compute), float(law(compute)))
        for fit in fits
        for low, high in [fit.covered]
        for method, law in fit.laws.items()
        for compute in (low / 2, 2 * high)
    ]
    return short(pd.DataFrame(rows, columns=["place", "method", "C", "L"]))


def _log_loss(title: str) -> alt.Y:
    import altair as alt

    return alt.Y("L:Q", title=title, scale=alt.Scale(type="log", nice=False))
