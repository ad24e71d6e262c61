"""The files of a figure: SVG for the page, PDF and PNG for papers, CSV of what it draws."""

from __future__ import annotations

import io
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scaling_utils.arrays import FloatArray
from scaling_utils.figures.pdf import lean as lean_pdf
from scaling_utils.figures.svg import lean as lean_svg

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

PNG_DPI, PNG_COLOURS = 105, 64
CSS_DPI = 96


def lay_out(figure: Figure) -> Bbox:
    """Lay a figure out for good, as SVG measures text, so that all its files have one layout.

    Returns
    -------
    matplotlib.transforms.Bbox
        What is drawn on, with a margin (inches).
    """
    from matplotlib import rcParams
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    from scaling_utils.figures.ticks import plain_powers

    plain_powers(figure)
    FigureCanvasSVG(figure)
    if (engine := figure.get_layout_engine()) is not None:
        engine.execute(figure)
    with _without_layout_engine():
        figure.set_layout_engine(None)
    return figure.get_tightbbox().padded(rcParams["savefig.pad_inches"])


def svg_of(figure: Figure, area: Bbox) -> str:
    """What `lay_out` found of a figure as SVG, the same bytes each time."""
    return lean_svg(_saved(figure, area, kind="svg", dated="Date").decode())


def pdf_of(figure: Figure, area: Bbox) -> bytes:
    """What `lay_out` found of a figure as PDF, its text as text, the same bytes each time."""
    return lean_pdf(_saved(figure, area, kind="pdf", dated="CreationDate"))


def _saved(figure: Figure, area: Bbox, *, kind: str, dated: str) -> bytes:
    """A laid out figure as matplotlib writes it, without the date."""
    stream = io.BytesIO()
    with _without_layout_engine():
        figure.savefig(stream, format=kind, metadata={dated: None}, bbox_inches=area)
    return stream.getvalue()


def _without_layout_engine() -> AbstractContextManager[None]:
    """Settings under which a figure can do without one; with one, each of its files is drawn twice."""
    from matplotlib import rc_context

    return rc_context({"figure.autolayout": False, "figure.constrained_layout.use": False})


def png_of(svg: str) -> bytes:
    """A figure as PNG from its SVG, at 105 dots per inch, in a palette."""
    import vl_convert
    from PIL import Image

    drawn = vl_convert.svg_to_png(svg, scale=PNG_DPI / CSS_DPI)
    stream = io.BytesIO()
    with Image.open(io.BytesIO(drawn)) as image:
        # by coverage: a median cut would spend the palette on shades of the ground, and lose rare colours;
        # a step of k-means brings each colour of the palette to those that it stands for
        few = image.convert("RGB").quantize(
            PNG_COLOURS, method=Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE
        )
        few.save(stream, format="png", optimize=True, dpi=(PNG_DPI, PNG_DPI))
    return stream.getvalue()


def csv_of(figure: Figure) -> str:
    """What the figure draws, as CSV below one comment line for each panel and each series.

    The columns are those of `drawn_data`, with the number of the series in place of panel and name; numbers
    have five significant digits.
    """
    data = drawn_data(figure)
    named = data[["panel", "series"]].drop_duplicates().reset_index(drop=True)
    told = [f"# panel {n}: {_told(axes)}\n" for n, axes in enumerate(figure.axes, start=1) if _has_data(axes)]
    told += [f"# series {n + 1}: panel {panel}, {name}\n" for n, (panel, name) in enumerate(named.to_numpy())]
    number = data.groupby(["panel", "series"], sort=False).ngroup() + 1
    rows = data[["x", "y", "y_high"]].assign(series=number)[["series", "x", "y", "y_high"]]
    return "".join(told) + rows.to_csv(index=False, float_format="%.5g", lineterminator="\n")


def drawn_data(figure: Figure) -> pd.DataFrame:
    """Points of the lines, marks and bands of a figure, in the coordinates of its axes.

    Reference lines that span a panel, shading and colour bars are left out: they hold no data.

    Parameters
    ----------
    figure
        Any matplotlib figure.

    Returns
    -------
    DataFrame
        One row per point: `panel` (from 1, in drawing order), `series` (the legend's name, or kind and
        number), `x`, `y`; for a band `y` is its lower edge and `y_high` its upper one, else NaN.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> figure = Figure()
    >>> axes = figure.subplots()
    >>> _ = axes.plot([1, 2], [3, 4], label="law")
    >>> print(drawn_data(figure).to_string(index=False))
     panel series   x   y  y_high
         1    law 1.0 3.0     NaN
         1    law 2.0 4.0     NaN
    """
    parts = [
        _series(n, name, points)
        for n, axes in enumerate(figure.axes, start=1)
        if _has_data(axes)
        for name, points in _named_points(axes)
    ]
    empty = _series(0, "", np.empty((0, 3)))
    return pd.concat(parts, ignore_index=True) if parts else empty


def _series(panel: int, name: str, points: FloatArray) -> pd.DataFrame:
    x, y, high = points.T
    return pd.DataFrame({"panel": panel, "series": name, "x": x, "y": y, "y_high": high})


def _has_data(axes: Axes) -> bool:
    return not hasattr(axes, "_colorbar")


def _told(axes: Axes) -> str:
    title = axes.get_title(loc="left") or axes.get_title()
    names = [f"x = {axes.get_xlabel()}", f"y = {axes.get_ylabel()}"]
    return " ".join("; ".join([*([title] if title else []), *names]).split())


def _named_points(axes: Axes) -> list[tuple[str, FloatArray]]:
    """Name and points (x, y, upper y) of everything that is drawn in the axes' own coordinates."""
    from matplotlib.collections import FillBetweenPolyCollection, LineCollection, PathCollection

    found: list[tuple[str, FloatArray]] = []
    for number, line in enumerate(axes.lines, start=1):
        if line.get_transform() == axes.transData:
            found.append((_name(line, f"line {number}"), _points(line.get_xydata())))
    for number, drawn in enumerate(axes.collections, start=1):
        if isinstance(drawn, PathCollection):
            found.append((_name(drawn, f"points {number}"), _points(drawn.get_offsets())))
        elif isinstance(drawn, LineCollection):
            ends = [_points(segment) for segment in drawn.get_segments() if len(segment)]
            found += [(_name(drawn, f"segments {number}"), np.concatenate(ends))] if ends else []
        elif isinstance(drawn, FillBetweenPolyCollection) and drawn.get_transform() == axes.transData:
            outlines = [np.asarray(path.vertices, dtype=float) for path in drawn.get_paths()]
            bands = [_band(outline) for outline in outlines if len(outline)]
            found += [(_name(drawn, f"band {number}"), np.concatenate(bands))] if bands else []
    return [(name, points) for name, points in found if len(points)]


def _name(artist: Artist, otherwise: str) -> str:
    label = str(artist.get_label())
    return otherwise if not label or label.startswith("_") else label


def _points(given: object) -> FloatArray:
    pairs: FloatArray = np.ma.filled(np.ma.asarray(given, dtype=float), np.nan).reshape(-1, 2)
    kept = pairs[np.isfinite(pairs).all(axis=1)]
    return np.column_stack([kept, np.full(len(kept), np.nan)])


def _band(outline: FloatArray) -> FloatArray:
    """Lower and upper edge where both are known, from the closed outline that `fill_between` draws."""
    x, y = outline.T
    edges = pd.DataFrame({"x": x, "y": y}).groupby("x")["y"].agg(["min", "max"])
    return edges.reset_index().to_numpy()
