"""Loss against model size at fixed compute or fixed steps, to look around in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_utils.arrays import FloatArray, spaced
from scaling_utils.conventions import DEFAULT, FLOPS_PER_PARAM_TOKEN, pf_days_from_flops
from scaling_utils.figures.charts import size_axis
from scaling_utils.figures.interactive.points import (
    bearable,
    dots,
    movable,
    packed,
    ramp,
    short,
    told,
    tooltip,
)
from scaling_utils.figures.kaplan import HIGHEST
from scaling_utils.fitting.isoflop import isoflop_slices
from scaling_utils.fitting.kaplan import fixed_compute_curve
from scaling_utils.laws import KaplanLaw
from scaling_utils.results import IsoflopFit
from scaling_utils.runs.table import RunTable

if TYPE_CHECKING:
    from scaling_utils.figures.charts import Layers

LEVELS = 16
"""Budgets, or numbers of steps, of a chart; of more, so many are drawn."""

LINE_POINTS = 28
"""Points of the line of a level."""

MARGIN = 0.02
"""Loss that is shown below the lowest line or point, and above the highest."""


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
    points, lines = [], []
    slices = list(zip(fit.valleys, isoflop_slices(runs), strict=True))
    slices = [slices[i] for i in spaced(len(slices), LEVELS)]
    each = bearable(runs.frame["run_id"]) // len(slices)
    for valley, (_, part) in slices:
        level = f"{valley.budget:.3g}"
        points.append(told(part.iloc[spaced(len(part), each)].assign(level=level), "level"))
        if valley.has_minimum:
            sizes = np.geomspace(*valley.sizes, LINE_POINTS)
            lines.append(_line(level, sizes, valley.loss(sizes)))
    fitted = pd.concat(lines)
    return _families(
        pd.concat(points),
        fitted,
        title="Budget (FLOPs), click to pick",
        loss_title=f"Loss ({fit.loss_unit})",
        losses=(fitted["L"].min(), fitted["L"].max()),
    )


def explore_compute(slices: RunTable, law: KaplanLaw, *, batch: float) -> Layers:
    """The left panel of `plot_compute_and_steps`: loss against size at fixed compute, and the law.

    Parameters
    ----------
    slices
        What `at_fixed_compute` returns.
    law
        The fitted law.
    batch
        Batch B (tokens) at which the law is drawn.

    Returns
    -------
    altair chart
        A click on a budget of the legend leaves that budget alone.
    """
    frame = slices.frame.assign(run_id=slices.frame["curve"])
    points, lines = _levels(
        frame,
        "budget",
        label=pf_days_from_flops,
        curve=lambda budget, sizes: fixed_compute_curve(law, budget, sizes, batch=batch),
    )
    return _families(
        points,
        lines,
        title="Compute C (PF-days), click to pick",
        **_test_loss(points, slices.conventions.loss_unit),
    )


def explore_steps(
    by_steps: pd.DataFrame, law: KaplanLaw, *, batch: float, loss_unit: str = DEFAULT.loss_unit
) -> Layers:
    """The right panel of `plot_compute_and_steps`: loss against size at fixed steps, and the law.

    Parameters
    ----------
    by_steps
        What `at_fixed_steps` returns.
    law
        The fitted law.
    batch
        Batch B (tokens).
    loss_unit
        Unit of the loss.

    Returns
    -------
    altair chart
        A click on a number of steps of the legend leaves it alone.
    """
    tokens = by_steps["steps"] * batch
    flops = FLOPS_PER_PARAM_TOKEN * by_steps["params"] * tokens
    points, lines = _levels(
        by_steps.assign(run_id=by_steps["curve"], tokens=tokens, flops=flops),
        "steps",
        label=float,
        curve=lambda steps, sizes: law.loss(sizes, steps, batch=batch),
    )
    return _families(points, lines, title="Steps S, click to pick", **_test_loss(points, loss_unit))


def _levels(
    frame: pd.DataFrame,
    column: str,
    *,
    label: Callable[[float], float],
    curve: Callable[[float, FloatArray], FloatArray],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Points and the law's lines of at most `LEVELS` values of a column."""
    points, lines = [], []
    values = np.sort(frame[column].unique())
    values = values[spaced(len(values), LEVELS)]
    each = bearable(frame["run_id"]) // len(values)
    for value in values:
        part = frame[frame[column] == value].sort_values("params", kind="stable")
        level = f"{label(value):.3g}"
        points.append(told(part.iloc[spaced(len(part), each)].assign(level=level), "level"))
        sizes = np.geomspace(part["params"].min(), part["params"].max(), LINE_POINTS)
        lines.append(_line(level, sizes, curve(value, sizes)))
    return pd.concat(points), pd.concat(lines)


def _line(level: str, sizes: Any, loss: Any) -> pd.DataFrame:
    return short(pd.DataFrame({"level": level, "N": sizes, "L": loss}))


def _test_loss(points: pd.DataFrame, unit: str) -> dict[str, Any]:
    """The axis of loss: as high as the static figure goes."""
    losses = points["L"]
    return {"loss_title": f"Test loss ({unit})", "losses": (losses.min(), min(losses.max(), HIGHEST))}


def _families(
    points: pd.DataFrame, lines: pd.DataFrame, *, title: str, loss_title: str, losses: tuple[float, float]
) -> Layers:
    """Points and lines of loss against size, one colour for each level."""
    import altair as alt

    pick = alt.selection_point(name="pick", fields=["level"], bind="legend")
    order = list(points["level"].unique())
    low, high = losses
    shared: dict[str, Any] = {
        "x": size_axis("N", "Parameters N"),
        "y": alt.Y("L:Q", title=loss_title, scale=alt.Scale(domain=[low - MARGIN, high + MARGIN])),
        "color": alt.Color(
            "level:N",
            title=title,
            legend=alt.Legend(columns=4),
            sort=order,
            scale=alt.Scale(domain=order, range=ramp(len(order))),
        ),
        "opacity": alt.condition(pick, alt.value(1), alt.value(0.08)),
    }
    drawn = packed(lines, "level").mark_line(strokeWidth=2, clip=True).encode(**shared)
    marks = dots(points, "level").encode(**shared, tooltip=tooltip(points)).add_params(pick)
    return movable(drawn + marks)
