"""Interactive charts as HTML: the specification of a chart, and a frame that the site's script fills."""

from __future__ import annotations

import html
import json
from typing import Any

from scaling_utils.errors import DataError

MAX_BYTES = 100_000
"""Of one specification; two of them still keep a page below 250 kB."""

NEEDS_SCRIPT = "details.look-around, .chart, .needs-script"
"""CSS selector of what means nothing where no script runs, as on paper; a figure or table says the same."""


def chart_html(name: str, spec: dict[str, Any], *, label: str, datasets: str = "") -> str:
    """A chart for the site's script `charts.js` to draw.

    Parameters
    ----------
    name
        Unique on its page; the frame gets the id ``chart-NAME``.
    spec
        Vega-Lite specification.
    label
        What the chart shows, for those who do not see it.
    datasets
        Id of a script element with JSON for the named data of `spec`; several charts may share it.

    Raises
    ------
    DataError
        If the specification is too heavy for a page.

    Examples
    --------
    >>> print(chart_html("x", {"mark": "point"}, label="A point"))
    <div class="chart" id="chart-x" role="figure" aria-label="A point">
    <script type="application/json">{"mark":"point"}</script>
    </div>
    """
    shared = f' data-datasets="{html.escape(datasets)}"' if datasets else ""
    opening = f'<div class="chart" id="chart-{name}" role="figure" aria-label="{html.escape(label)}"{shared}>'
    content = json_script(spec)
    if len(content) > MAX_BYTES:
        raise DataError(
            f"the interactive chart '{name}' takes {len(content)} bytes, more than {MAX_BYTES}",
            remedy="Give it fewer points.",
        )
    return f"{opening}\n{content}\n</div>"


def look_around(name: str, spec: dict[str, Any], *, label: str, title: str = "Look around") -> str:
    """A chart that is folded away below the figure it repeats, and drawn when it is opened.

    Parameters
    ----------
    name, spec, label
        As for `chart_html`.
    title
        What is read while it is folded.

    Examples
    --------
    >>> look_around("x", {"mark": "point"}, label="A point").splitlines()[1]
    '<summary>Look around</summary>'
    """
    return (
        f'<details class="look-around" id="look-around-{name}">\n'
        f"<summary>{html.escape(title)}</summary>\n"
        f"{chart_html(name, spec, label=label)}\n"
        "<noscript><p>This chart needs JavaScript; the figure above shows the same runs.</p></noscript>\n"
        "</details>"
    )


def json_script(value: Any, *, element: str = "") -> str:
    r"""A value as a JSON script element, whatever text it holds.

    >>> json_script({"a": "</script>"}, element="d")
    '<script type="application/json" id="d">{"a":"\\u003c/script>"}</script>'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # not only "</": after "<!--<script" a browser would not see the end of the element
    text = text.replace("<", "\\u003c")
    named = f' id="{element}"' if element else ""
    return f'<script type="application/json"{named}>{text}</script>'
