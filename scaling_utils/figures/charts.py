"""The look of interactive charts, and their axes.

Text and axes take the colour of the page (`currentColor`), so that a chart is right in both themes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt

    Layers = alt.LayerChart | alt.FacetChart
    """What `alt.layer` makes."""

HEIGHT = 380
"""Pixels; the width is that of the page."""

CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif",
    "autosize": {"type": "fit-x", "contains": "padding"},
    "view": {"stroke": None},
    "axis": {
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "domainColor": "currentColor",
        "tickColor": "currentColor",
        "gridColor": "currentColor",
        "gridOpacity": 0.12,
        "labelFontSize": 12,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
    },
    "legend": {
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "orient": "bottom",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titleLimit": 0,
    },
    "title": {"color": "currentColor", "anchor": "start", "fontSize": 13, "fontWeight": "normal"},
    "text": {"color": "currentColor"},
    "rule": {"color": "currentColor"},
}
"""One look for every interactive chart."""


def in_house_style(chart: Layers) -> dict[str, Any]:
    """The specification of a chart in the house look, as wide as its place on the page.

    Raises
    ------
    altair.utils.schemapi.SchemaValidationError
        If the chart is not valid Vega-Lite.
    """
    spec: dict[str, Any] = chart.properties(width="container", height=HEIGHT).configure(**CONFIG).to_dict()
    # the site's script knows what it draws, and nothing on a page should point to another host
    del spec["$schema"]
    return spec


def compute_axis(field: str, *, between: tuple[float, float] | None = None) -> alt.X:
    """A logarithmic axis of compute (FLOPs), labelled at powers of ten; by default as far as the data go."""
    import altair as alt

    power = "round(log(datum.value) / LN10)"
    label = f"abs(datum.value / pow(10, {power}) - 1) < 1e-9 ? '1e' + {power} : ''"
    return alt.X(
        f"{field}:Q",
        title="Compute C (FLOPs)",
        scale=_log_scale(between),
        axis=alt.Axis(labelExpr=label, grid=True),
    )


def size_axis(
    field: str, title: str, *, vertical: bool = False, between: tuple[float, float] | None = None
) -> Any:
    """A logarithmic axis of a count, labelled as people write counts; by default as far as the data go."""
    import altair as alt

    # the library leaves out labels that would stand too close, by a format of its own
    label = f"datum.label == '' ? '' : {units('datum.value', '~s')}"
    axis = alt.Axis(labelExpr=label, labelOverlap="greedy", tickCount=6, grid=True)
    channel = alt.Y if vertical else alt.X
    return channel(f"{field}:Q", title=title, scale=_log_scale(between), axis=axis)


def units(value: str, form: str = ".3~s") -> str:
    """Vega expression for a count as people write it: thousands k, millions M, billions B.

    >>> units("datum.N")
    "replace(format(datum.N, '.3~s'), 'G', 'B')"
    """
    return f"replace(format({value}, '{form}'), 'G', 'B')"


def _log_scale(between: tuple[float, float] | None) -> alt.Scale:
    import altair as alt

    scale = alt.Scale(type="log", nice=False)
    if between is not None:
        scale.domain = list(between)
    return scale
