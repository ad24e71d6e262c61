"""What a table of runs must satisfy: the rules on cells and rows, and where a broken one is.

`pandera` evaluates the rules on cells; the units people mistake (billions, PF-days) are judged on whole runs
in `units.py`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scaling_utils.conventions import PF_DAY, Conventions
from scaling_utils.errors import DataError, clip
from scaling_utils.runs.columns import BY_NAME, COLUMNS, Column, listed, nearest
from scaling_utils.runs.hints import held_out, hints_of_a_log, loss_by_unit, unit_in_name

LARGEST = 1e60
"""No count or loss reaches this; products of two stay within floats."""

OPTIONAL_CELLS = frozenset({"budget"})
"""Columns whose cells may be empty: a run outside every IsoFLOP slice has no budget."""

BLOCK = 200_000
"""Rows checked at a time."""

_RULES = ("filled", "finite", "positive", "at least one", "below the largest")


@dataclass(frozen=True)
class Origin:
    """Where rows came from, so that messages can point there.

    Parameters
    ----------
    file
        File name or dataset id.
    spelling
        Canonical column name to the source's own.
    lines
        Line number in the file of each row of the frame.
    place
        What `lines` counts: ``"line"``, ``"row"``, ``"entry"`` or ``"step"``.
    """

    file: str
    spelling: Mapping[str, str]
    lines: Sequence[int] | np.ndarray[Any, Any]
    place: str = "line"

    def error(
        self,
        problem: str,
        *,
        column: str | None = None,
        positions: Iterable[int] = (),
        remedy: str | None = None,
    ) -> DataError:
        """Make the `DataError` for a canonical column and row positions, in the file's own terms."""
        return DataError(
            problem,
            file=self.file,
            rows=[int(self.lines[position]) for position in positions],
            column=None if column is None else self.spelling.get(column, column),
            remedy=remedy,
            place=self.place,
        )


@dataclass(frozen=True)
class Problem:
    """One broken rule: in which canonical column, at which row positions, and what to do about it."""

    column: str
    positions: list[int]
    what: str
    remedy: str


def raise_first(problems: Sequence[Problem], origin: Origin) -> None:
    """Raise one `DataError` for the first problem that mentions up to three others; nothing without any."""
    if not problems:
        return
    first, *others = problems
    also = [_mention(problem, origin) for problem in others[:3]]
    if len(others) > 3:
        also.append("and more")
    remedy = first.remedy + (f" Also: {'; '.join(also)}." if also else "")
    raise origin.error(first.what, column=first.column, positions=first.positions, remedy=remedy)


def require_columns(
    present: Iterable[str], conventions: Conventions, origin: Origin, names: list[str]
) -> None:
    """Refuse a table without loss, or without enough of params, tokens and flops.

    Raises
    ------
    DataError
        Naming what is missing, the names looked for, and the columns of the source.
    """
    present = set(present)
    missing = []
    counts = [name for name in ("params", "tokens", "flops") if name in present]
    if "params" not in counts and (conventions.flop_rule != "6ND" or len(counts) < 2):
        missing.append("params")
    if counts in (["params"], []):
        missing.append("tokens")
    if "loss" not in present:
        missing.append("loss")
    if not missing:
        return
    understood = set(origin.spelling.values())
    clauses, hints = [], []
    for name in missing:
        either = " or 'flops'" if name == "tokens" else ""
        aliases = ", ".join(BY_NAME[name].aliases[:8])
        clauses.append(f"no column for '{name}'{either} (also understood: {aliases}, ...)")
        free = [n for n in names if n not in understood]
        guess, meant = held_out(free) if name == "loss" else None, name
        guess = guess or nearest(BY_NAME[name], free)
        if guess is None and name == "tokens":
            guess, meant = nearest(BY_NAME["flops"], free) or origin.spelling.get("budget"), "flops"
        if guess is not None:
            shown = clip(guess, 60)
            option = f"--map {shlex.quote(f'{meant}={shown}')}"
            unit = unit_in_name(guess) if meant != "loss" else None
            remedy = f"rename it to '{meant}', or give {option}"
            if unit is not None:
                remedy = f"give {option} --unit {meant}={unit}"
            hints.append(f"If '{shown}' holds the {BY_NAME[meant].noun}, {remedy}.")
        elif name == "loss" and (other := loss_by_unit(free)) is not None:
            shown, options = clip(other[0], 60), other[1]
            hints.append(f"If '{shown}' holds it, give --map {shlex.quote(f'loss={shown}')} {options}.")
    hints += hints_of_a_log(missing, present, origin.spelling)
    remedy = " ".join(hints) or (
        f"Rename the columns that hold them, or give --map {missing[0]}=THEIRS "
        f"(in Python columns={{'THEIRS': '{missing[0]}'}})."
    )
    raise origin.error(f"{'; '.join(clauses)}; the columns are {listed(names)}", remedy=remedy)


def check_cells(frame: pd.DataFrame, conventions: Conventions, origin: Origin) -> None:
    """Check every canonical column of `frame` (floats and text, positions as index) against its rules.

    A run has one row per step; without steps, one per token count, which FLOPs stand for under ``"6ND"``.
    Reported FLOPs are not held to that: points read off a drawn curve may coincide.

    Raises
    ------
    DataError
        One for all broken rules.
    """
    import pandera.pandas as pa
    from pandera.config import ValidationDepth, config_context

    schema = pa.DataFrameSchema(
        {
            c.name: pa.Column(nullable=c.name in OPTIONAL_CELLS, checks=_checks(c))
            for c in COLUMNS
            if c.name in frame
        }
    )
    checked = frame[list(schema.columns)]
    # An environment variable can switch pandera off; a table that was not checked must not pass.
    with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
        # It copies what it checks, so a large table is checked in blocks.
        for start in range(0, len(frame), BLOCK):
            try:
                schema.validate(checked.iloc[start : start + BLOCK], lazy=True)
            except pa.errors.SchemaErrors as failed:
                problems = _problems(failed.failure_cases, frame, named="run_id" in origin.spelling)
                raise_first([*problems, *_repeated(frame, conventions)], origin)
    raise_first(_repeated(frame, conventions), origin)


def check_one_model_per_run(frame: pd.DataFrame, origin: Origin) -> None:
    """Refuse a run whose parameter count changes: its name then names a family of runs.

    Raises
    ------
    DataError
        Naming the first such run and its rows.
    """
    if "params" not in origin.spelling:
        return
    sizes = frame.groupby("run_id", sort=False)["params"].nunique()
    mixed = sizes[sizes > 1]
    if len(mixed):
        run, many = str(mixed.index[0]), int(mixed.iloc[0])
        raise origin.error(
            f"run '{clip(run, 60)}' has {many} different parameter counts",
            column="run_id",
            positions=np.flatnonzero(frame["run_id"] == run).tolist(),
            remedy="A run trains one model; give every model its own run_id.",
        )


def _checks(column: Column) -> list[Any]:
    import pandera.pandas as pa

    if column.dtype == "text":
        return []
    zero_allowed = column.minimum == 0.0
    checks = [
        pa.Check(np.isfinite, error="finite"),
        pa.Check(lambda x: (x >= 0) if zero_allowed else (x > 0), error="positive"),
        pa.Check(lambda x: x < LARGEST, error="below the largest"),
    ]
    if column.minimum == 1.0:
        checks.append(pa.Check(lambda x: x >= 1, error="at least one"))
    return checks


def _repeated(frame: pd.DataFrame, conventions: Conventions) -> list[Problem]:
    """Rows of a run at one and the same point."""
    points = ("step", "tokens", "flops") if conventions.flop_rule == "6ND" else ("step", "tokens")
    point = next((name for name in points if name in frame), None)
    if point is None:
        return []
    again = np.flatnonzero(frame.duplicated(["run_id", point], keep=False) & frame[point].notna())
    if not again.size:
        return []
    run = clip(str(frame["run_id"].iloc[again[0]]), 40)
    what = f"run '{run}' has more than one row with {point} {frame[point].iloc[again[0]]:.6g}"
    remedy = f"Keep one row per run and {point}, and give different runs different names."
    return [Problem(point, again.tolist(), what, remedy)]


def _problems(cases: pd.DataFrame, frame: pd.DataFrame, *, named: bool) -> list[Problem]:
    """Order pandera's failure cases by column and rule; a cell counts for the first rule it breaks.

    Only runs that the source has `named` can be left out by name.
    """
    rules = cases["check"].replace({"not_nullable": "filled"})
    problems = []
    for column in COLUMNS:
        seen: set[int] = set()
        for rule in _RULES:
            broken = cases.loc[(cases["column"] == column.name) & (rules == rule), "index"]
            positions = sorted(set(broken.astype(int)) - seen)
            if positions:
                seen.update(positions)
                run = str(frame["run_id"].iloc[positions[0]]) if named else None
                problems.append(_problem(column, rule, positions, frame, run))
    return problems


def _problem(
    column: Column, rule: str, positions: list[int], frame: pd.DataFrame, run: str | None
) -> Problem:
    value = frame[column.name].iloc[positions[0]]
    shown = (
        "an empty cell" if pd.isna(value) else f"{value:.6g}" if column.dtype == "float" else clip(value, 40)
    )
    demand = {
        "filled": "be given",
        "finite": "be finite",
        "positive": "be zero or positive" if column.minimum == 0.0 else "be positive",
        "at least one": "be at least 1",
        "below the largest": f"be below {LARGEST:g}",
    }[rule]
    return Problem(
        column.name, positions, f"{column.noun} must {demand}, not {shown}", _remedy(column, rule, run)
    )


def _remedy(column: Column, rule: str, run: str | None) -> str:
    if column.name == "loss" and rule in ("filled", "finite"):
        whole = "" if run is None else f" (or whole runs: --exclude {shlex.quote(clip(run, 60))})"
        return f"Leave out these rows{whole}; a run that diverged, or was not evaluated, has no loss to fit."
    if column.name == "loss" and rule == "positive":
        return (
            "The loss is a negative log-likelihood; was the log-likelihood given, or a loss minus its floor?"
        )
    if column.unit == "FLOPs" and rule == "at least one":
        return f"Were they given in PF-days? Give --unit {column.name}={PF_DAY:g}."
    if rule == "at least one":
        return (
            f"Were they given in billions? Write 0.5 billion {column.unit} as 5e8, or give "
            f"--unit {column.name}=1e9."
        )
    return (
        "Check the unit." if rule == "below the largest" else "Correct these cells or leave out their rows."
    )


def _mention(problem: Problem, origin: Origin) -> str:
    lines = [int(origin.lines[position]) for position in problem.positions]
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    name = clip(origin.spelling.get(problem.column, problem.column), 60)
    return f"column '{name}' ({origin.place} {lines[0]}{more}): {problem.what}"
