"""Read tables of runs from files, and say what was understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from scaling_utils.conventions import DEFAULT, Conventions
from scaling_utils.errors import clip
from scaling_utils.runs.budgets import assign_budgets
from scaling_utils.runs.cells import numbers_if_all
from scaling_utils.runs.columns import BY_NAME, COLUMNS, listed
from scaling_utils.runs.scan import read_sheet
from scaling_utils.runs.table import RunTable


def read_csv(
    path: str | Path,
    *,
    conventions: Conventions = DEFAULT,
    columns: Mapping[str, str] | None = None,
) -> RunTable:
    r"""Read a table of training runs from a text file.

    Comma, tab or semicolon, found from the column names; UTF-8, with or without a byte-order mark; plain or
    gzipped. Numbers are written as 1400000000 or 1.4e9, with a decimal point.

    Parameters
    ----------
    path
        The file: one row per measured point, one row of column names above (see `COLUMNS` for the names
        that are understood).
    conventions
        How the file counts FLOPs and parameters, and the unit of its loss. A CSV cannot say so itself.
    columns
        The file's column name to the canonical one, where the aliases do not settle it.

    Returns
    -------
    RunTable
        The rows in the order of the file.

    Raises
    ------
    DataError
        If the file cannot be read as such a table; names the file, the lines, the column and a remedy.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "mine.csv"
    ...     _ = path.write_text("Model Size,D,val_loss\n7e7,1.4e9,3.4\n4e8,8e9,2.9\n")
    ...     read_csv(path)
    RunTable('mine.csv': 2 points of 2 runs; C by 6ND, N total, loss in nats/token)
    """
    path = Path(path)
    sheet = read_sheet(path, columns=columns)
    cells = {i: [row[i] for row in sheet.rows] for i in range(len(sheet.names))}
    frame = pd.DataFrame(cells, dtype="str").set_axis(sheet.names, axis="columns")
    runs = RunTable.from_frame(
        frame,
        conventions=conventions,
        source=path.name,
        sha256=sheet.sha256,
        columns=columns,
        lines=sheet.lines,
    )
    frame = runs.frame.copy()
    for name in frame.columns[~frame.columns.isin(list(BY_NAME))]:
        frame[name] = numbers_if_all(frame[name])
    return replace(runs, frame=frame)


def describe(runs: RunTable) -> list[tuple[str, str]]:
    """Say what a table holds and how it was understood, as lines of label and text.

    >>> frame = pd.DataFrame({"N": [7e7, 4e8], "D": [1.4e9, 8e9], "val_loss": [3.4, 2.9]})
    >>> for label, text in describe(RunTable.from_frame(frame, source="example")):
    ...     print(f"{label}: {text}")
    source: example
    rows: 2
    runs: 2
    run_id: one run per row
    params: 7e+07 to 4e+08 parameters, from column 'N'
    tokens: 1.4e+09 to 8e+09 tokens, from column 'D'
    flops: 5.88e+17 to 1.92e+19 FLOPs, filled in by C = 6 N D
    loss: 2.9 to 3.4 nats/token, from column 'val_loss'
    budgets: none
    conventions: C by 6ND, N total, loss in nats/token
    """
    frame, given = runs.frame, runs.spelling
    lines = [("source", clip(runs.source))]
    if runs.sha256:
        lines.append(("sha256", runs.sha256))
    lines += [("rows", f"{len(runs):,}"), ("runs", f"{runs.n_runs:,}")]
    if runs.untrained:
        lines.append(("left out", f"{runs.untrained:,} at step 0 (untrained)"))
    for column in COLUMNS:
        if column.name not in frame:
            continue
        values = frame[column.name]
        origin = f", from column '{clip(given[column.name], 60)}'" if column.name in given else ""
        if column.dtype == "text":
            text = f"{values.nunique():,} different{origin}" if origin else "one run per row"
        else:
            unit = runs.conventions.loss_unit if column.name == "loss" else column.unit
            derived = column.name in ("params", "tokens", "flops") and not origin
            text = f"{values.min():.4g} to {values.max():.4g} {unit}"
            text += ", filled in by C = 6 N D" if derived else origin
        lines.append((column.name, text))
    own = [str(name) for name in frame if name not in BY_NAME]
    if own:
        lines.append(("own columns", listed(own)))
    c = runs.conventions
    lines.append(("budgets", _budgets(runs)))
    lines.append(("conventions", f"C by {c.flop_rule}, N {c.param_count}, loss in {c.loss_unit}"))
    return lines


def _budgets(runs: RunTable) -> str:
    found = assign_budgets(runs).final_points().frame
    if "budget" not in found:
        return "none"
    counts = found.groupby("budget").size()
    shown = ", ".join(f"{budget:.3g} FLOPs ({runs} runs)" for budget, runs in counts.head(12).items())
    more = f" and {len(counts) - 12} more" if len(counts) > 12 else ""
    where = "" if "budget" in runs.frame else ", found from the FLOPs"
    return f"{len(counts)}{where}: {shown}{more}"
