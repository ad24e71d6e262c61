"""The runs behind a fit of Approach 3, to look around in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scaling_utils.arrays import spaced
from scaling_utils.figures.charts import compute_axis, size_axis
from scaling_utils.figures.interactive.points import bearable, dots, movable, told, tooltip
from scaling_utils.fitting.parametric import surface_residuals
from scaling_utils.results import FitResult
from scaling_utils.runs.table import RunTable

if TYPE_CHECKING:
    from scaling_utils.figures.charts import Layers


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
    some = spaced(len(runs), bearable(runs.frame["run_id"]))
    points = told(runs.frame.iloc[some].assign(left=left[some]), "left")
    marks = dots(points).encode(
        x=compute_axis("C"),
        y=size_axis("N", "Parameters N", vertical=True),
        color=colour,
        tooltip=tooltip(points, alt.Tooltip("left:Q", title="less fitted (%)", format="+.2f")),
    )
    return movable(alt.layer(marks))
