"""From entries of a log to measured points, and from a table of run settings to all points of the runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from scaling_utils.errors import DataError
from scaling_utils.runs.columns import match_columns
from scaling_utils.runs.gather import Sheet

_OF_A_RUN = ("params", "dataset", "budget")
"""Columns that are the same for all points of a run."""


def keep_points(sheet: Sheet, *, columns: Mapping[str, str] | None = None) -> tuple[Sheet, int]:
    """Keep the entries of a log that hold a loss, with what the run had logged of other counts by then.

    Parameters
    ----------
    sheet
        Entries in order of time, or with steps.
    columns
        The sheet's column name to the canonical one, where the user said so.

    Returns
    -------
    Sheet
        One row per entry with a loss. Params, dataset and budget hold for the whole run, wherever they were
        logged; tokens, FLOPs and sequences are the latest ones.
    int
        How many entries without a loss were left out.

    Raises
    ------
    DataError
        If no entry holds a loss, or two columns have one meaning.
    """
    if not sheet.logged:
        return sheet, 0
    frame = sheet.frame if sheet.run is None else _named(sheet, columns)
    names = [str(name) for name in frame.columns]
    found = {c: name for name, c in match_columns(names, columns=columns, file=sheet.source).items()}
    if "loss" not in found:
        return replace(sheet, frame=frame, run=None), 0
    order = np.arange(len(frame))
    if "step" in found and frame[found["step"]].dtype.kind == "f":
        order = np.argsort(frame[found["step"]].to_numpy(), kind="stable")
    frame = frame.iloc[order].reset_index(drop=True)
    runs = frame[found["run_id"]].fillna("") if "run_id" in found else pd.Series("", index=frame.index)
    grouped = frame.groupby(runs.to_numpy(), sort=False)
    for name in ("tokens", "flops", "sequences", *_OF_A_RUN):
        if name in found:
            filled = grouped[found[name]].ffill()
            if name in _OF_A_RUN:
                filled = filled.groupby(runs.to_numpy(), sort=False).bfill()
            frame[found[name]] = filled
    measured = frame[found["loss"]].notna().to_numpy()
    if not measured.any():
        raise DataError(
            "no entry of the log holds a loss",
            file=sheet.source,
            column=found["loss"],
            remedy="Name the column of the held-out loss: --map loss=THEIRS.",
        )
    kept = np.flatnonzero(measured)
    kept = kept[np.argsort(order[kept], kind="stable")]
    points = frame.iloc[kept].reset_index(drop=True)
    return replace(sheet, frame=points, lines=sheet.lines[order][kept], run=None), int((~measured).sum())


def _named(sheet: Sheet, columns: Mapping[str, str] | None) -> pd.DataFrame:
    """The frame with the name of the run, unless it has a column of run names."""
    found = match_columns(sheet.names, columns=columns, file=sheet.source)
    if "run_id" in found.values():
        return sheet.frame
    return sheet.frame.assign(run_id=pd.Series([sheet.run] * len(sheet.frame), dtype="str"))


def attach_settings(
    sheets: Sequence[Sheet], founds: Sequence[Mapping[str, str]]
) -> tuple[list[Sheet], list[Mapping[str, str]]]:
    """Give curves the model size that another source states once per run, as a table of runs does.

    Parameters
    ----------
    sheets
        The sources.
    founds
        For each, its column names to the canonical ones.

    Returns
    -------
    list, list
        Sheets that have points of their own, with params, dataset and budget from the others, and their
        column names to the canonical ones. Of a table of runs that served so, those rows are left that are
        points (a loss, and tokens or FLOPs) of runs without a curve.
    """
    curves: dict[int, set[str]] = {}
    made: list[tuple[int, Sheet]] = []
    made_founds: list[Mapping[str, str]] = []
    for i, (sheet, found) in enumerate(zip(sheets, founds, strict=True)):
        here = {c: name for name, c in found.items()}
        if "params" in here or "run_id" not in here:
            made.append((i, sheet))
            made_founds.append(found)
            continue
        frame, spelling = sheet.frame, dict(found)
        for j, (other, theirs) in enumerate(zip(sheets, founds, strict=True)):
            there = {c: name for name, c in theirs.items()}
            if i == j or not {"run_id", "params"} <= set(there):
                continue
            names = other.frame[there["run_id"]]
            if names.duplicated().any() or not names.isin(frame[here["run_id"]]).any():
                continue
            curves.setdefault(j, set()).update(frame[here["run_id"]].dropna())
            for name in _OF_A_RUN:
                if name in there and name not in here and name not in frame:
                    values = pd.Series(other.frame[there[name]].to_numpy(), index=names.to_numpy())
                    frame = frame.assign(**{name: frame[here["run_id"]].map(values)})
                    spelling[name] = name
                    here[name] = name
        made.append((i, replace(sheet, frame=frame)))
        made_founds.append(spelling)
    left: list[tuple[Sheet, Mapping[str, str]]] = []
    for (i, sheet), found in zip(made, made_founds, strict=True):
        if i not in curves:
            left.append((sheet, found))
        elif len((points := _points_without_curve(sheet, found, curves[i])).frame):
            left.append((points, found))
    return [sheet for sheet, _ in left], [found for _, found in left]


def _points_without_curve(sheet: Sheet, found: Mapping[str, str], runs: set[str]) -> Sheet:
    """The rows of a table of runs that are points themselves, of runs other than these."""
    there = {c: name for name, c in found.items()}
    frame = sheet.frame
    counts = [there[name] for name in ("tokens", "flops") if name in there]
    if "loss" not in there or not counts:
        return replace(sheet, frame=frame.iloc[:0], lines=sheet.lines[:0])
    points = frame[there["loss"]].notna() & frame[counts].notna().any(axis="columns")
    kept = np.flatnonzero(points & ~frame[there["run_id"]].isin(runs))
    return replace(sheet, frame=frame.iloc[kept].reset_index(drop=True), lines=sheet.lines[kept])
