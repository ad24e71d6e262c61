"""The chart export of Weights & Biases: from one column per run and metric to rows of runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from scaling_utils.runs.gather import Sheet

_BETWEEN = " - "
_BOUNDS = ("__MIN", "__MAX")


def unfold_chart(sheet: Sheet) -> Sheet:
    """Turn a chart export into rows of runs; any other sheet is returned as it is.

    A chart export has the step first, and for each run ``RUN - METRIC`` with the bounds
    ``RUN - METRIC__MIN`` and ``RUN - METRIC__MAX`` of what was averaged.

    Parameters
    ----------
    sheet
        A table as read.

    Returns
    -------
    Sheet
        Columns `run_id`, `step`, and one for each metric; rows in order of run and step.

    Examples
    --------
    >>> frame = pd.DataFrame({"Step": [1.0, 2.0], "a - loss": [4.0, 3.0], "a - loss__MIN": [4.0, 3.0],
    ...                       "a - loss__MAX": [4.0, 3.0]})
    >>> unfold_chart(Sheet(frame, np.array([2, 3]), "chart.csv", "")).frame
      run_id  step  loss
    0      a   1.0   4.0
    1      a   2.0   3.0
    """
    names = sheet.names
    present = set(names)
    charted = [
        name for name in names if _BETWEEN in name and all(name + bound in present for bound in _BOUNDS)
    ]
    if not charted or names[0] in charted:
        return sheet
    steps, lines = sheet.frame[names[0]], sheet.lines
    metrics: dict[str, dict[str, str]] = {}
    for name in charted:
        run, _, metric = name.rpartition(_BETWEEN)
        # The step of a run is charted too; it says no more than the axis.
        if metric != "_step":
            metrics.setdefault(run, {})[metric] = name
    if not metrics:
        return sheet
    frames, places = [], []
    for run, own in metrics.items():
        logged = np.flatnonzero(sheet.frame[list(own.values())].notna().any(axis="columns").to_numpy())
        cells = {metric: sheet.frame[name].iloc[logged].to_numpy() for metric, name in own.items()}
        cells = {metric: values for metric, values in cells.items() if metric not in ("run_id", "step")}
        frames.append(pd.DataFrame({"run_id": run, "step": steps.iloc[logged].to_numpy(), **cells}))
        places.append(lines[logged])
    return replace(
        sheet, frame=pd.concat(frames, ignore_index=True), lines=np.concatenate(places), logged=True
    )
