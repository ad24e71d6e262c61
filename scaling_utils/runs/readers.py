"""Read tables of runs from files and folders, and say what was understood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd

from scaling_utils.conventions import DEFAULT, Conventions
from scaling_utils.errors import DataError, clip
from scaling_utils.runs.budgets import assign_budgets
from scaling_utils.runs.columns import BY_NAME, COLUMNS, listed, match_columns
from scaling_utils.runs.gather import Sheet
from scaling_utils.runs.logs import attach_settings, keep_points
from scaling_utils.runs.paths import as_paths
from scaling_utils.runs.sources import read_source
from scaling_utils.runs.table import RunTable
from scaling_utils.runs.units import Units

_AS_MAPPINGS = {
    "columns": "Write {theirs: ours}, such as {'n_params': 'params'}.",
    "units": "Such as {'tokens': 1e9} for tokens in billions.",
    "conventions": "Such as {'flop_rule': 'reported'}, or a Conventions.",
}


def read_runs(
    sources: str | Path | Iterable[str | Path],
    *,
    columns: Mapping[str, str] | None = None,
    units: Units | None = None,
    conventions: Conventions | Mapping[str, str] | None = None,
    exclude: Iterable[str] | None = (),
) -> RunTable:
    r"""Read training runs from files and folders of any known format as one table.

    Parameters
    ----------
    sources
        A file or folder, or several: CSV, TSV, Parquet, JSON lines, exports of Weights & Biases, TensorBoard
        event files, `trainer_state.json` of Hugging Face. What a file is follows from what it holds.
    columns
        A source's column name to the canonical one, where the aliases of `COLUMNS` do not settle it.
    units
        Canonical column to what one of the sources' units is: ``{"tokens": 1e9}`` for tokens in billions;
        ``{"loss": "perplexity"}`` for a perplexity.
    conventions
        How the sources count FLOPs and parameters, and the unit of their loss; a mapping may state some of
        it. What is not stated follows from the format, or is 6ND, total parameters and nats per token.
    exclude
        Name of a run to leave out, or names. Cells of a run that its source names are not checked then.

    Returns
    -------
    RunTable
        The rows in the order of the sources, joined as by `RunTable.concat`; its source and checksum name
        all that was read, also what only gave settings to curves.

    Raises
    ------
    DataError
        If a source cannot be read as such a table; names the file, the place in it, the column and a remedy.
    ConventionError
        If a convention is unknown, or the sources count differently.

    Notes
    -----
    In a log (all formats but plain tables) a point is an entry with a loss; params hold for the whole run,
    and tokens and FLOPs are the latest ones logged by then. A source with one row per run, such as the runs
    table of Weights & Biases, gives its params to curves without params of runs of that name; of its own
    points those of the other runs are kept.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "mine.csv"
    ...     _ = path.write_text("size,tokens,loss\n70,1.4,3.4\n400,8,2.9\n")
    ...     read_runs(path, units={"params": 1e6, "tokens": 1e9})
    RunTable('mine.csv': 2 points of 2 runs; C by 6ND, N total, loss in nats/token)
    """
    paths = as_paths(sources)
    if not paths:
        raise DataError("no runs are named", remedy="Name a file or a folder.")
    stated = None if isinstance(conventions, Conventions) else conventions
    _check_mappings(columns=columns, units=units, conventions=stated)
    columns, names = dict(columns or {}), _names(exclude)
    read = [sheet for path in paths for sheet in read_source(Path(path), columns=columns)]
    _check_columns(columns, read)
    chosen = [{n: c for n, c in columns.items() if n in sheet.frame} for sheet in read]
    kept = [keep_points(sheet, columns=own) for sheet, own in zip(read, chosen, strict=True)]
    sheets = [sheet for sheet, _ in kept]
    founds: list[Mapping[str, str]] = [
        match_columns(sheet.names, columns=own, file=sheet.source)
        for sheet, own in zip(sheets, chosen, strict=True)
    ]
    sheets, founds = attach_settings(sheets, founds)
    _check_units(units or {}, sheets, founds)
    left, gone = _leave_out(names, sheets, founds) if names else (zip(sheets, founds, strict=True), set())
    tables = [
        RunTable.from_frame(
            sheet.frame,
            conventions=_conventions(conventions, sheet),
            source=sheet.source,
            sha256=sheet.sha256,
            columns=found,
            units={name: unit for name, unit in (units or {}).items() if name in found.values()},
            lines=sheet.lines,
            place=sheet.place,
        )
        for sheet, found in left
    ]
    if not tables:
        raise _nothing_left(" + ".join(sheet.source for sheet in read))
    first, *others = tables
    whole = replace(
        first.concat(*others),
        source=" + ".join(sheet.source for sheet in read),
        sha256="+".join(sheet.sha256 for sheet in read if sheet.sha256),
        unmeasured=sum(count for _, count in kept),
    )
    return _without(whole, [name for name in names if name not in gone])


def _check_mappings(**options: object) -> None:
    """Refuse text, which would be taken letter by letter, and what else is no mapping."""
    for option, value in options.items():
        if not (value is None or isinstance(value, Mapping)):
            raise DataError(
                f"{option} is {clip(repr(value), 40)}, but must be a mapping", remedy=_AS_MAPPINGS[option]
            )


def _names(exclude: object) -> list[str]:
    """One name or several as a list; None is no name."""
    given = [exclude] if isinstance(exclude, str) else [] if exclude is None else exclude
    names = []
    for name in given if isinstance(given, Iterable) else [given]:
        if not isinstance(name, str):
            raise DataError(
                f"runs are left out by their names, which are text, not {clip(repr(name), 40)}",
                remedy="Such as exclude=['run-7'].",
            )
        names.append(name)
    return names


def _check_columns(columns: Mapping[str, str], sheets: list[Sheet]) -> None:
    """Refuse a name that no source has."""
    for name in columns:
        if not any(name in sheet.frame for sheet in sheets):
            match_columns(sheets[0].names, columns={name: columns[name]}, file=sheets[0].source)


def _check_units(units: Units, sheets: Sequence[Sheet], founds: Sequence[Mapping[str, str]]) -> None:
    for name in units:
        if not any(name in found.values() for found in founds):
            raise DataError(
                f"a unit is given for '{clip(name, 40)}', but no column is understood as that",
                file=sheets[0].source,
                remedy=f"The columns of numbers are {listed(c.name for c in COLUMNS if c.dtype == 'float')}.",
            )


def _conventions(stated: Conventions | Mapping[str, str] | None, sheet: Sheet) -> Conventions:
    if isinstance(stated, Conventions):
        return stated
    unknown = set(stated or {}) - set(asdict(DEFAULT))
    if unknown:
        raise DataError(
            f"{listed(sorted(unknown))} is no convention", remedy=f"There are {listed(asdict(DEFAULT))}."
        )
    return Conventions(**{**sheet.stated, **(stated or {})})  # type: ignore[arg-type]


def _leave_out(
    names: Sequence[str], sheets: Sequence[Sheet], founds: Sequence[Mapping[str, str]]
) -> tuple[list[tuple[Sheet, Mapping[str, str]]], set[str]]:
    """The sheets that still have rows without the runs of these names, and the names that were found.

    A name that no sheet states is left to `_without`, which knows the final names.

    Raises
    ------
    DataError
        If two sheets hold a run of the name.
    """
    stated = [_stated_runs(sheet, found) for sheet, found in zip(sheets, founds, strict=True)]
    known: set[str] = set()
    for name in names:
        holders = [runs.loc[runs["run"] == name, "whole"] for runs in stated if (runs["run"] == name).any()]
        if len(holders) > 1:
            raise DataError(
                f"{len(holders)} sources hold a run '{clip(name, 60)}'",
                remedy=f"Say which to leave out: {listed([whole.iloc[0] for whole in holders])}.",
            )
        known |= {name} if holders else set()
    known |= {name for name in names if any((runs["whole"] == name).any() for runs in stated)}
    left = []
    for sheet, found, runs in zip(sheets, founds, stated, strict=True):
        out = runs.isin(known).any(axis="columns").to_numpy()
        if out.any():
            frame = sheet.frame[~out].reset_index(drop=True)
            sheet = replace(sheet, frame=frame, lines=sheet.lines[~out])
        if not (out.any() and out.all()):
            left.append((sheet, found))
    return left, known


def _stated_runs(sheet: Sheet, found: Mapping[str, str]) -> pd.DataFrame:
    """For each row the name of its run, and the one that it has where sources share names."""
    here = {canonical: name for name, canonical in found.items()}
    if "run_id" not in here:
        return pd.DataFrame({"run": None, "whole": None}, index=sheet.frame.index)
    run = sheet.frame[here["run_id"]].astype("str").str.strip()
    dataset = sheet.frame[here["dataset"]].astype("str").str.strip() if "dataset" in here else sheet.source
    return pd.DataFrame({"run": run, "whole": dataset + "/" + run})


def _without(runs: RunTable, names: list[str]) -> RunTable:
    """The table without the runs of these names."""
    if not names:
        return runs
    unknown = [name for name in names if not (runs.frame["run_id"] == name).any()]
    if unknown:
        raise DataError(
            f"there is no run {listed(unknown)} to leave out",
            file=runs.source,
            remedy=f"The runs are {listed(runs.frame['run_id'].unique())}.",
        )
    left = runs.subset(~runs.frame["run_id"].isin(names))
    if not len(left):
        raise _nothing_left(runs.source)
    return left


def _nothing_left(source: str) -> DataError:
    return DataError("every run is left out", file=source, remedy="Leave out fewer.")


def describe(runs: RunTable) -> list[tuple[str, str]]:
    """Say what a table holds and how it was understood, as lines of label and text.

    >>> import pandas as pd
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
    left_out = []
    if runs.untrained:
        left_out.append(f"{runs.untrained:,} at step 0 (untrained)")
    if runs.unmeasured:
        left_out.append(f"{runs.unmeasured:,} without a loss")
    if left_out:
        lines.append(("left out", ", ".join(left_out)))
    for column in COLUMNS:
        if column.name not in frame:
            continue
        values = frame[column.name]
        origin = f", from column '{clip(given[column.name], 60)}'" if column.name in given else ""
        if column.dtype == "text":
            text = f"{values.nunique():,} different{origin}" if origin else "one run per row"
            if column.name == "dataset" and not origin:
                text = f"{values.nunique():,} sources"
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
