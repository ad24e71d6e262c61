"""What all figures to look around in share: the numbers of a point, how they are packed, how one moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_utils.errors import clip
from scaling_utils.figures.charts import units

if TYPE_CHECKING:
    import altair as alt

    from scaling_utils.figures.charts import Layers

WEIGHT = 70_000
"""Bytes that the points of a chart may take, well below what a page bears."""

POINT_BYTES = 46
"""Bytes of a point besides the name of its run."""

NAME = 40
"""Characters of the name of a run."""

DIGITS = {"N": 4, "D": 4, "C": 4, "L": 5, "left": 3}
"""Digits that are kept of the numbers of a point."""

LETTERS = {"run_id": "run", "params": "N", "tokens": "D", "flops": "C", "loss": "L"}
"""Columns of runs under the letters of the book."""

RAMP = (0.22, 0.9)
"""The part of viridis in use: ordered colours without the ends, which are lost on dark or white."""


def told(runs: pd.DataFrame, *also: str) -> pd.DataFrame:
    """The numbers of runs under the letters of the book, as far as there are any, and columns `also`.

    >>> told(pd.DataFrame({"run_id": ["a"], "params": [123456.0], "loss": [2.3456789]})).to_dict("records")
    [{'run': 'a', 'N': 123500.0, 'L': 2.3457}]
    """
    known = [name for name in LETTERS if name in runs]
    frame = runs[[*known, *also]].rename(columns=LETTERS).reset_index(drop=True)
    return short(frame.assign(run=[clip(str(name), NAME) for name in frame["run"]]))


def short(frame: pd.DataFrame) -> pd.DataFrame:
    """A table with its numbers rounded to `DIGITS`."""
    rounded = {
        name: [float(f"{value:.{count}g}") for value in frame[name]]
        for name, count in DIGITS.items()
        if name in frame
    }
    return frame.assign(**rounded)


def packed(frame: pd.DataFrame, *shared: str) -> alt.Chart:
    """A chart of the rows of a table; what rows share is written once.

    Parameters
    ----------
    frame
        The rows.
    shared
        Columns whose values are written once for all rows that have them in common.

    Examples
    --------
    >>> chart = packed(pd.DataFrame({"run": ["a", "a"], "C": [1.0, 2.0]}), "run")
    >>> chart.data.values
    [{'run': 'a', 'C': [1.0, 2.0]}]
    """
    import altair as alt

    own = [str(name) for name in frame if name not in shared]
    groups = [part for _, part in frame.groupby(list(shared), sort=False)] if shared else [frame]
    rows: Sequence[Mapping[str, Any]] = [
        {name: part[name].tolist()[0] for name in shared} | {name: part[name].tolist() for name in own}
        for part in groups
    ]
    return alt.Chart(alt.InlineData(rows)).transform_flatten([*own])


def with_numbers(chart: alt.Chart) -> alt.Chart:
    """A chart of points with what `tooltip` shows of them."""
    return chart.transform_calculate(
        params_text=units("datum.N"), tokens_text=units("datum.D"), compute_text="format(datum.C, '.3~e')"
    )


def tooltip(points: pd.DataFrame, *more: alt.Tooltip) -> list[alt.Tooltip]:
    """The numbers of a point: run, N, D, C and loss, as far as `points` has them, and what else is given."""
    import altair as alt

    shown = {
        "run": alt.Tooltip("run:N", title="run"),
        "N": alt.Tooltip("params_text:N", title="N"),
        "D": alt.Tooltip("tokens_text:N", title="D"),
        "C": alt.Tooltip("compute_text:N", title="C (FLOPs)"),
        "L": alt.Tooltip("L:Q", title="loss", format=".4f"),
    }
    return [*(entry for name, entry in shown.items() if name in points), *more]


def dots(points: pd.DataFrame, *shared: str) -> alt.Chart:
    """Marks of points that one can point at."""
    marks: alt.Chart = with_numbers(packed(points, *shared)).mark_point(
        filled=True, clip=True, size=48, opacity=1, stroke="currentColor", strokeWidth=0.3
    )
    return marks


def movable(chart: Layers) -> Layers:
    """Drag to move, wheel with the shift key to zoom; the wheel alone scrolls the page."""
    import altair as alt

    return chart.add_params(
        alt.selection_interval(name="window", bind="scales", zoom="wheel![event.shiftKey]")
    )


def bearable(names: Iterable[str]) -> int:
    """How many points a chart may have whose runs are called so."""
    return WEIGHT // (POINT_BYTES + name_bytes(names))


def name_bytes(names: Iterable[str]) -> int:
    """Bytes of the longest of these names as `told` cuts it."""
    return min(NAME, max(len(str(name)) for name in names))


def ramp(n: int) -> list[str]:
    """So many ordered colours."""
    import matplotlib as mpl

    return [mpl.colors.to_hex(colour) for colour in mpl.colormaps["viridis"](np.linspace(*RAMP, n))]
