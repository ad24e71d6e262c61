"""The charts of the budget explorer: best sizes by every law, and the IsoFLOP valley of one.

The page sets the parameters of the charts: `budget` (FLOPs), `shown` (ids of laws), `quantity` (a key of
`QUANTITIES`) and `loss_law` (id of a law of the loss). Numbers come from `plan_grid`; only the walls of the
valley are computed in the browser, from the parameters of the law.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from scaling_utils.allocation.planning import SUPERSEDED, reach
from scaling_utils.conventions import FLOPS_PER_PARAM_TOKEN
from scaling_utils.figures.charts import compute_axis, size_axis, units
from scaling_utils.laws import AllocationLaw, KnownLaw

if TYPE_CHECKING:
    import altair as alt

    from scaling_utils.figures.charts import Layers

DATA = "plans"
"""Name of the data that both charts share: what `explorer_rows` returns."""

QUANTITIES: Mapping[str, str] = MappingProxyType(
    {"ratio": "Best tokens per parameter D/N", "N": "Best size N (params)", "D": "Best tokens D"}
)
"""What the first chart can show."""

PALETTE = (
    *("#0072b2", "#009e73", "#8a63d2", "#b07d00", "#d1495b"),
    *("#a05195", "#6b8e23", "#2a93a5", "#8c6d46", "#c45ab3"),
)
"""Colours that stand out on a white and on a dark page."""

FADED = "#7a7a7a"
VALLEY = 5.0
"""Powers of two to either side of the best size that the valley spans."""


def explorer_rows(
    sources: Mapping[str, KnownLaw | AllocationLaw], grid: pd.DataFrame
) -> list[dict[str, Any]]:
    """One record per law: what it is, and its plan at every budget of the grid.

    Parameters
    ----------
    sources
        Published laws by the name to show.
    grid
        Their `plan_grid`.

    Returns
    -------
    list of dict
        `id`, `name`, `colour`, `reach` (FLOPs: largest compute of its runs), `joint` (the last budget of the
        grid within reach), and the lists `C` (FLOPs), `N` (params) and `D` (tokens); for a law of the loss
        also the list `L`, and its parameters under `theta`. Results have ten digits.
    """
    colours = iter(PALETTE * len(sources))
    rows = []
    for (name, source), (_, plans) in zip(sources.items(), grid.groupby("law", sort=False), strict=True):
        budgets = [float(budget) for budget in plans.index.get_level_values("budget")]
        last = reach(source)
        row: dict[str, Any] = {
            "id": source.id,
            "name": name,
            "colour": FADED if name in SUPERSEDED else next(colours),
            "reach": last,
            "joint": max((budget for budget in budgets if budget <= last), default=budgets[0]),
            "C": budgets,
            "N": _digits(plans["N_opt"]),
            "D": _digits(plans["D_opt"]),
        }
        if isinstance(source, KnownLaw):
            row |= {"L": _digits(plans["loss"]), "theta": dict(source.values)}
        rows.append(row)
    return rows


def best_sizes(defaults: Mapping[str, Any], rows: list[dict[str, Any]]) -> Layers:
    """The chosen quantity against compute by every chosen law; dashed beyond the runs behind a law.

    Parameters
    ----------
    defaults
        Values of the parameters before the page sets them.
    rows
        What `explorer_rows` returns; the budgets set the range of the axis.
    """
    import altair as alt

    lead = "round(datum.value / pow(10, floor(log(datum.value) / LN10 + 1e-9)))"
    number = f"datum.value < 1 ? format(datum.value, '~g') : {units('datum.value', '~s')}"
    label = f"indexof([1, 2, 5], {lead}) < 0 ? '' : {number}"
    y = alt.Y(
        "y:Q",
        title=None,
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(labelExpr=label, labelOverlap="greedy", tickCount=8),
    )
    colour = alt.Color("colour:N", scale=None)
    budgets = rows[0]["C"]
    x = compute_axis("C", between=(budgets[0], budgets[-1]))
    shared: dict[str, Any] = {"x": x, "y": y, "color": colour, "detail": "id:N"}
    base = (
        alt.Chart(alt.NamedData(name=DATA))
        .transform_filter("indexof(shown, datum.id) >= 0")
        .transform_flatten(["C", "N", "D"])
        .transform_calculate(
            y="quantity == 'ratio' ? datum.D / datum.N : datum[quantity]",
            params_text=units("datum.N", ".3~s"),
            tokens_text=units("datum.D", ".3~s"),
            ratio_text="format(datum.D / datum.N, '.3~g')",
            compute_text="format(datum.C, '~e')",
        )
    )
    within = base.transform_filter("datum.C <= datum.joint").mark_line(strokeWidth=2)
    beyond = base.transform_filter("datum.C >= datum.joint").mark_line(strokeWidth=1.6, strokeDash=[5, 3])
    told = [
        alt.Tooltip("name:N", title="law"),
        alt.Tooltip("compute_text:N", title="C (FLOPs)"),
        alt.Tooltip("params_text:N", title="N"),
        alt.Tooltip("tokens_text:N", title="D"),
        alt.Tooltip("ratio_text:N", title="D/N"),
    ]
    places = base.mark_point(size=60, opacity=0, aria=False).encode(**shared, tooltip=told)
    at = _at_budget(base, size=70).encode(**shared, tooltip=told)
    here = alt.XDatum(alt.expr("budget"), type="quantitative")
    rule = alt.Chart(alt.InlineData([{}])).mark_rule(strokeDash=[2, 3], aria=False).encode(x=here)
    names = " : ".join(f"quantity == '{key}' ? '{name}'" for key, name in QUANTITIES.items())
    title = alt.TitleParams(text=alt.expr(f"{names} : ''"))
    chart = alt.layer(rule, within.encode(**shared), beyond.encode(**shared), places, at, title=title)
    return _with_params(chart, defaults)


def valley(defaults: Mapping[str, Any], rows: list[dict[str, Any]]) -> Layers:
    """The loss of every size at the budget, by one law, above the curve of its best sizes.

    Parameters
    ----------
    defaults
        Values of the parameters before the page sets them.
    rows
        What `explorer_rows` returns; they set the range of the axes.
    """
    import altair as alt

    laws = [row for row in rows if "L" in row]
    losses = [loss for row in laws for loss in row["L"]]
    sizes = [size for row in laws for size in row["N"]]
    scale = alt.Scale(domain=[0.95 * min(losses), 1.05 * max(losses)])
    shared: dict[str, Any] = {
        "x": size_axis("N", "Parameters N", between=(min(sizes) / 4, max(sizes) * 4)),
        "y": alt.Y("L:Q", title="Loss (nats/token)", scale=scale),
        "color": alt.Color("colour:N", scale=None),
    }
    law = alt.Chart(alt.NamedData(name=DATA)).transform_filter("datum.id == loss_law")
    best = law.transform_flatten(["C", "N", "L"]).transform_calculate(
        params_text=units("datum.N", ".3~s"),
        compute_text="format(datum.C, '~e')",
    )
    within = best.transform_filter("datum.C <= datum.joint").mark_line(strokeWidth=1.4, opacity=0.7)
    beyond = best.transform_filter("datum.C >= datum.joint").mark_line(
        strokeWidth=1.4, strokeDash=[5, 3], opacity=0.7
    )
    size = "pow(t.alpha * t.A / (t.beta * t.B), 1 / (t.alpha + t.beta))"
    size += f" * pow(budget / {FLOPS_PER_PARAM_TOKEN:g}, t.beta / (t.alpha + t.beta))"
    tokens = f"(budget / ({FLOPS_PER_PARAM_TOKEN:g} * datum.N))"
    walls = (
        law.transform_calculate(power=f"sequence({-VALLEY}, {VALLEY} + 0.05, 0.1)")
        .transform_flatten(["power"])
        .transform_calculate(N=_of_theta(f"{size} * pow(2, datum.power)"))
        .transform_calculate(
            L=_of_theta(f"t.E + t.A * pow(datum.N, -t.alpha) + t.B * pow({tokens}, -t.beta)")
        )
        .mark_line(strokeWidth=2.4, clip=True)
    )
    told = [
        alt.Tooltip("name:N", title="law"),
        alt.Tooltip("compute_text:N", title="C (FLOPs)"),
        alt.Tooltip("params_text:N", title="best N"),
        alt.Tooltip("L:Q", title="loss", format=".3f"),
    ]
    at = _at_budget(best, size=90).encode(**shared, tooltip=told)
    label = best.transform_filter("datum.C == budget && datum.C > datum.reach").mark_text(
        align="left", dx=12, dy=16, fontSize=12, text="extrapolated"
    )
    chart = alt.layer(
        within.encode(**shared, order="C:Q"),
        beyond.encode(**shared, order="C:Q"),
        walls.encode(**shared, order="N:Q"),
        at,
        label.encode(x=shared["x"], y=shared["y"]),
        title=alt.TitleParams(text="Loss at the budget, and the curve of best sizes"),
    )
    return _with_params(chart, defaults)


def _at_budget(chart: alt.Chart, *, size: float) -> alt.Chart:
    """Points at the budget: filled within the runs behind a law, open beyond."""
    import altair as alt

    fill = "datum.C > datum.reach ? 'transparent' : datum.colour"
    points: alt.Chart = (
        chart.transform_filter("datum.C == budget")
        .transform_calculate(fill=fill)
        .mark_point(size=size, strokeWidth=2, opacity=1)
        .encode(fill=alt.Fill("fill:N", scale=None))
    )
    return points


def _of_theta(expression: str) -> str:
    return expression.replace("t.", "datum.theta.")


def _with_params(chart: Layers, defaults: Mapping[str, Any]) -> Layers:
    import altair as alt

    return chart.add_params(*(alt.param(name=name, value=value) for name, value in defaults.items()))


def _digits(values: pd.Series) -> list[float]:
    return [float(f"{value:.10g}") for value in values]
