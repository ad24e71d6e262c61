"""What a notebook calls: start, show, publish, stamp. The only module that knows IPython and MyST-NB."""

from __future__ import annotations

import base64
import html
import json
import math
import platform
import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pandas as pd
from IPython.display import HTML, display
from myst_nb import glue
from pandas.io.formats.style import Styler

from scaling_utils.errors import clip
from scaling_utils.exchange import FILES_MIME, FIT_MIME, RESULTS_MIME, STAMP_MIME, without_nan
from scaling_utils.figures.files import csv_of, lay_out, pdf_of, png_of, svg_of
from scaling_utils.figures.style import in_units, raised, use_house_style
from scaling_utils.results import Estimate, FitResult
from scaling_utils.runs.table import RunTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from scaling_utils.figures.charts import Layers

_CELL_CLASS = re.compile(r'(?<=<t[dh]) (?:id="[^"]*" )?class="[^"]*"(?: (?=>))?')
"""What pandas puts on each cell for styles that the book does not use; it doubles a table."""

STAMPED = ("scaling-laws-book", "numpy", "scipy", "pandas", "lmfit", "statsmodels", "matplotlib", "seaborn")

NOTHING = "–"
"""What stands in a cell without a value."""

LONGEST = 1000
"""Characters of a text that is quoted in prose."""


def start() -> None:
    """Set the house style for every figure that follows."""
    use_house_style()


def show(name: str, thing: Figure | pd.DataFrame, *, caption: str = "") -> None:
    """Show a figure or a table, and keep it under `name` for the pages.

    A figure is kept as SVG, and for those who cite it as PDF, PNG and CSV of what it draws.

    Parameters
    ----------
    name
        Key that a page uses to place it, as in ``{glue:figure} name``.
    thing
        A matplotlib figure or a DataFrame.
    caption
        Caption of a table; a figure gets its caption where it is placed.

    Notes
    -----
    A column of a table in which every cell is empty, or a dash, is not shown.
    """
    if isinstance(thing, pd.DataFrame):
        display(HTML(_table_html(name, thing, caption)))  # type: ignore[no-untyped-call]
        return
    import matplotlib.pyplot as plt

    area = lay_out(thing)
    svg = svg_of(thing, area)
    bundle: dict[str, Any] = {"image/svg+xml": svg, "text/plain": f"figure {name}"}
    files = {"pdf": pdf_of(thing, area), "png": png_of(svg), "csv": csv_of(thing).encode()}
    bundle[FILES_MIME] = {suffix: base64.b64encode(content).decode() for suffix, content in files.items()}
    kept = {"scrapbook": {"name": name, "mime_prefix": ""}}  # what `glue` would write
    display(bundle, metadata=kept, raw=True)  # type: ignore[no-untyped-call]
    plt.close(thing)


def explore(name: str, chart: Layers, *, label: str, title: str = "Look around") -> None:
    """Show an interactive chart, folded away below the figure that it repeats.

    Parameters
    ----------
    name
        Key of that figure.
    chart
        One of `scaling_utils.figures.interactive`.
    label
        What it shows, for those who do not see it.
    title
        What is read while it is folded.
    """
    from scaling_utils.figures.charts import in_house_style
    from scaling_utils.figures.embed import look_around

    spec = in_house_style(chart)
    bundle = {
        "application/vnd.vegalite.v6+json": chart.to_dict(),  # drawn by Jupyter where it can
        "text/html": look_around(name, spec, label=label, title=title),
        "text/plain": label,
    }
    display(bundle, raw=True)  # type: ignore[no-untyped-call]


def publish(results: Mapping[str, Estimate | float | str]) -> None:
    """Keep results for the prose of this page and of others.

    An `Estimate` under key ``a`` can be quoted as ``a``, ``a_low`` and ``a_high``.
    """
    for key, value in results.items():
        if isinstance(value, Estimate):
            parts: dict[str, float | str] = {
                key: value.value,
                f"{key}_low": value.low,
                f"{key}_high": value.high,
            }
        else:
            parts = {key: value}
        for name, part in parts.items():
            # numpy scalars would be kept as text that no number format can be applied to
            glue(name, clip(part, LONGEST) if isinstance(part, str) else float(part), display=False)
    record = {k: _record(v) for k, v in results.items()}
    bundle = {RESULTS_MIME: record, "text/plain": f"{len(record)} results published"}
    display(bundle, raw=True)  # type: ignore[no-untyped-call]


def keep(fit: FitResult) -> None:
    """Keep a fit with the notebook, for planning by it; the page does not show it."""
    bundle = {FIT_MIME: json.loads(fit.to_json()), "text/plain": f"a fit by {fit.method} kept"}
    display(bundle, raw=True)  # type: ignore[no-untyped-call]


def stamp(runs: RunTable, *, parameters: Mapping[str, Any]) -> None:
    """Show what this page was made from: data and checksum, conventions, parameters, versions."""
    rows = {
        "data": runs.source,
        "sha256": runs.sha256,
        **{name.replace("_", " "): value for name, value in runs.conventions.as_dict().items()},
        "parameters": ", ".join(f"{k} = {v!r}" for k, v in parameters.items()),
        "versions": ", ".join(
            [f"python {platform.python_version()}", *(f"{name} {version(name)}" for name in STAMPED)]
        ),
    }
    table = pd.DataFrame({"": list(rows), "value": [clip(str(v), 400) for v in rows.values()]})
    show("stamp", table, caption="What this page was made from.")
    record = {"data": runs.source, "sha256": runs.sha256, "seed": parameters.get("seed")}
    display({STAMP_MIME: record, "text/plain": "stamp kept"}, raw=True)  # type: ignore[no-untyped-call]


def readable(value: Any) -> str:
    """A cell of a table as people read it.

    >>> readable(0.50843), readable(6e18), readable(1.0684e9), readable(math.nan), readable(22)
    ('0.5084', '6 × 10¹⁸', '1.068 × 10⁹', '–', '22')
    >>> readable(-math.inf)
    '−∞'
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.0f}" if abs(value) >= 1e4 else f"{value:.4g}"
    mantissa, exponent = f"{value:.3e}".split("e")
    return f"{float(mantissa):g} × {raised(int(exponent))}"


def listed(values: Iterable[float]) -> str:
    """Numbers as a list for prose.

    >>> listed([1e20, 3e21]), listed([])
    ('1 × 10²⁰, 3 × 10²¹', 'none')
    """
    return ", ".join(readable(v) for v in values) or "none"


def spoken(count: Estimate) -> str:
    """A count with its interval, for prose.

    >>> spoken(Estimate(7.31e10, 5.2e10, 9.9e10, "params"))
    '73.1B params (52B to 99B)'
    >>> spoken(Estimate(7.31e10, unit="params")), spoken(Estimate(math.nan, unit="params"))
    ('73.1B params', '–')
    """
    if not count.known:
        return NOTHING
    within = f" ({in_units(count.low)} to {in_units(count.high)})" if math.isfinite(count.low) else ""
    return f"{in_units(count.value)} {count.unit}{within}"


def _table_html(name: str, frame: pd.DataFrame, caption: str) -> str:
    if len(frame):
        frame = frame.loc[:, ~frame.isin([math.nan, None, "", NOTHING]).all().to_numpy()]
    styler = Styler(frame, uuid=name, cell_ids=False).format(readable, escape="html")
    styler = styler.set_table_attributes('class="table"')
    styler = styler.format_index(escape="html", axis="columns")
    if isinstance(frame.index, pd.RangeIndex):
        styler = styler.hide(axis="index")
    else:
        styler = styler.format_index(escape="html", axis="index")
    if caption:
        styler = styler.set_caption(html.escape(caption))
    # text of strangers may hold dollar signs and backslashes, which are not mathematics
    region = f'<div class="table-scroll mathjax_ignore" tabindex="0" role="region" aria-label="{name}">'
    return f"{region}{_CELL_CLASS.sub('', styler.to_html())}</div>"


def _record(value: Estimate | float | str) -> Any:
    if isinstance(value, Estimate):
        ends = {k: v for k, v in (("low", value.low), ("high", value.high)) if math.isfinite(v)}
        return {"value": _record(value.value), **ends, "unit": value.unit}
    return without_nan(value)
