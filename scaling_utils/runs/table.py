"""RunTable: measured points of training runs, with the conventions they are counted by."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from scaling_utils.conventions import (
    DEFAULT,
    Conventions,
    FlopRule,
    LossUnit,
    convert_loss,
    training_flops,
)
from scaling_utils.errors import ConventionError, DataError, clip
from scaling_utils.runs import cells, checks
from scaling_utils.runs.columns import BY_NAME, listed, match_columns
from scaling_utils.runs.joining import joined
from scaling_utils.runs.units import Units, check_units, fill_third, in_base_units, last_rows

LOSS_BOUNDS = ("loss_low", "loss_high")
"""Own columns of a source that are losses too, and change their unit with `loss`."""


@dataclass(frozen=True, eq=False)
class RunTable:
    """One row per measured point of a training run.

    Make one with `RunTable.from_frame` or `read_runs`, which check the rows; the constructor does not.

    Parameters
    ----------
    frame
        Canonical columns `run_id, params, tokens, flops, loss, step, sequences, dataset, budget`,
        as many as the source has (floats; `run_id` and `dataset` text), then the source's own.
    conventions
        How params, flops and loss are counted.
    source
        Dataset id or file name, for messages and stamps.
    sha256
        Checksum of the file the rows were read from; of joined tables, theirs joined by ``+``.
    spelling
        Canonical column to the name the source gives it; a column that was filled in is absent.
    untrained
        How many rows of the source at step 0 were left out (see `from_frame`).
    unmeasured
        How many entries of a log were left out because they hold no loss.

    Examples
    --------
    >>> frame = pd.DataFrame({"N": [7e7, 4e8], "D": [1.4e9, 8e9], "val_loss": [3.4, 2.9]})
    >>> runs = RunTable.from_frame(frame, source="example")
    >>> runs
    RunTable('example': 2 points of 2 runs; C by 6ND, N total, loss in nats/token)
    >>> runs.frame[["run_id", "flops", "loss"]]
      run_id         flops  loss
    0  run-1  5.880000e+17   3.4
    1  run-2  1.920000e+19   2.9
    """

    frame: pd.DataFrame
    conventions: Conventions
    source: str
    sha256: str
    spelling: Mapping[str, str] = field(default_factory=dict)
    untrained: int = 0
    unmeasured: int = 0

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        conventions: Conventions = DEFAULT,
        source: str,
        sha256: str = "",
        columns: Mapping[str, str] | None = None,
        units: Units | None = None,
        lines: Sequence[int] | np.ndarray[Any, Any] | None = None,
        place: str = "line",
    ) -> RunTable:
        """Check a frame and bring it into canonical form.

        Parameters
        ----------
        frame
            One row per measured point; columns by their canonical names or any alias of `COLUMNS`.
        conventions
            How the source counts. With the FLOP rule ``"6ND"`` the absent one of params, tokens and
            flops is filled in, and where all three are given they must agree within a factor of 1.25.
        source
            Dataset id or file name.
        sha256
            Checksum of the source file.
        columns
            The source's column name to the canonical one, where the aliases do not settle it.
        units
            Canonical column to what one of the source's units is, where it is not 1: ``{"tokens": 1e9}`` for
            tokens in billions; ``{"loss": "perplexity"}`` for a perplexity.
        lines, place
            Line of each row in the file, for messages; without it, as in a CSV with a header on line 1. What
            it counts, if not lines.

        Returns
        -------
        RunTable
            Rows in the order given, numbers as 64-bit floats.

        Raises
        ------
        DataError
            If a column is missing or ambiguous, a cell is not a positive finite number (steps may be 0, a
            `budget` may be empty), a run has two rows with one step (or, without steps, one token count)
            or two sizes, or the numbers are evidently in another unit.

        Notes
        -----
        A row at step 0 with 0 tokens or 0 FLOPs is the untrained model, where no scaling law is defined:
        it is left out and counted in `untrained`. Without a column `run_id` every row is a run of its own.

        A column that is not understood, or gives way to another, is kept after the canonical ones under its
        own name (with ``source_`` before it where that name is a canonical one).
        """
        names = [str(name) for name in frame.columns]
        found = match_columns(names, columns=columns, file=source)
        frame = frame.set_axis(
            [found.get(n, f"source_{n}" if n in BY_NAME else n) for n in names], axis="columns"
        ).reset_index(drop=True)
        if not frame.columns.is_unique:
            clash = listed(frame.columns[frame.columns.duplicated()])
            raise DataError(f"more than one column would be named {clash}", file=source, remedy="Rename one.")
        spelling = {canonical: name for name, canonical in found.items()}
        origin = checks.Origin(
            source, spelling, np.arange(2, len(frame) + 2) if lines is None else np.asarray(lines), place
        )
        checks.require_columns(found.values(), conventions, origin, names)
        if frame.empty:
            raise origin.error(
                "there are no rows below the column names", remedy="Write one row per measured point."
            )
        frame = in_base_units(cells.to_numbers(frame, origin), units or {}, origin)
        if "run_id" not in frame:
            frame["run_id"] = pd.Series([f"run-{n}" for n in range(1, len(frame) + 1)], dtype="str")
        frame, origin, untrained = _without_untrained(frame, origin)
        checks.check_cells(frame, conventions, origin)
        checks.check_one_model_per_run(frame, origin)
        frame = fill_third(frame, conventions)
        check_units(frame, conventions, origin)
        return cls(ordered(frame), conventions, source, sha256, spelling, untrained)

    @property
    def n_runs(self) -> int:
        """Number of different runs."""
        return int(self.frame["run_id"].nunique())

    def subset(self, mask: Any) -> RunTable:
        """Return the rows where a boolean Series or array of one value per row is true.

        >>> frame = pd.DataFrame({"N": [7e7, 4e8], "D": [1.4e9, 8e9], "loss": [3.4, 2.9]})
        >>> runs = RunTable.from_frame(frame, source="example")
        >>> len(runs.subset(runs.frame["params"] > 1e8))
        1
        """
        chosen = np.asarray(mask)
        if chosen.dtype != bool or chosen.shape != (len(self),):
            raise ValueError(f"mask must be {len(self)} booleans, not {chosen.shape} of {chosen.dtype}")
        return replace(self, frame=self.frame[chosen].reset_index(drop=True))

    def final_points(self) -> RunTable:
        """Return the last point of each run: largest step, else tokens, else flops."""
        last = np.zeros(len(self), dtype=bool)
        last[last_rows(self.frame)] = True
        return self.subset(last)

    def concat(self, *others: RunTable) -> RunTable:
        """Return the rows of this table and then those of others that count the same way.

        The column `dataset` says where each row came from (the table's source where it had none); where two
        of the tables have a run of the same name, all run names are preceded by their dataset. `step` and
        `sequences` stay where all tables have them. An own column that a table lacks is empty for its rows;
        budgets that only some tables name are found in the others as by `assign_budgets`.

        Raises
        ------
        ConventionError
            If the conventions differ; the message names the conversion.
        DataError
            If only some tables have tokens or flops, or two hold the same runs.
        """
        if not others:
            return self
        tables = (self, *others)
        for other in others:
            names = clip(self.source, 60), clip(other.source, 60)
            self.conventions.require_same(other.conventions, names=names)
        frame = joined([table.frame for table in tables], [table.source for table in tables])
        return replace(
            self,
            frame=ordered(frame),
            source=" + ".join(table.source for table in tables),
            sha256="+".join(table.sha256 for table in tables if table.sha256),
            spelling={
                name: theirs
                for table in reversed(tables)
                for name, theirs in table.spelling.items()
                if name in frame
            },
            untrained=sum(table.untrained for table in tables),
            unmeasured=sum(table.unmeasured for table in tables),
        )

    def with_loss_unit(self, unit: LossUnit) -> RunTable:
        """Return the table with its loss (and `loss_low`, `loss_high`) in bits or nats.

        Raises
        ------
        ConventionError
            If one unit is per token and the other per byte.
        """
        columns = [name for name in ("loss", *LOSS_BOUNDS) if name in self.frame]
        converted = {
            name: convert_loss(self.frame[name], self.conventions.loss_unit, unit) for name in columns
        }
        return replace(
            self,
            frame=self.frame.assign(**converted),
            conventions=replace(self.conventions, loss_unit=unit),
        )

    def with_flop_rule(self, rule: FlopRule) -> RunTable:
        """Return the table with FLOPs by another rule.

        To ``"6ND"`` the flops are computed anew from params and tokens; to ``"reported"`` they stay.

        Raises
        ------
        ConventionError
            If there are no tokens to compute FLOPs from.
        """
        conventions = replace(self.conventions, flop_rule=rule)
        if rule == self.conventions.flop_rule or rule == "reported":
            return replace(self, conventions=conventions)
        if "tokens" not in self.frame:
            raise ConventionError(
                f"{clip(self.source, 60)} has no tokens, so C = 6 N D cannot be computed; "
                "add a column of training tokens"
            )
        flops = training_flops(self.frame["params"], self.frame["tokens"])
        spelling = {name: theirs for name, theirs in self.spelling.items() if name != "flops"}
        frame = ordered(self.frame.assign(flops=flops))
        return replace(self, frame=frame, conventions=conventions, spelling=spelling)

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        c, points, runs = self.conventions, _count(len(self), "point"), _count(self.n_runs, "run")
        return (
            f"RunTable('{clip(self.source, 60)}': {points} of {runs}; "
            f"C by {c.flop_rule}, N {c.param_count}, loss in {c.loss_unit})"
        )

    def _repr_html_(self) -> str:
        head = self.frame.head(5).to_html(index=False, border=0, max_cols=12, float_format="{:.4g}".format)
        return f"<p>{html.escape(repr(self))}</p>{head}"


def _without_untrained(frame: pd.DataFrame, origin: checks.Origin) -> tuple[pd.DataFrame, checks.Origin, int]:
    """Leave out the rows of the untrained model, and say how many they were."""
    if "step" not in frame:
        return frame, origin, 0
    spent = [frame[name] == 0 for name in ("tokens", "flops") if name in frame]
    untrained = (frame["step"] == 0) & np.logical_or.reduce(spent)
    kept = np.flatnonzero(~untrained)
    if not kept.size:
        raise origin.error("every row is at step 0", column="step", remedy="Add points of trained models.")
    if kept.size == len(frame):
        return frame, origin, 0
    origin = replace(origin, lines=np.asarray(origin.lines)[kept])
    return frame.iloc[kept].reset_index(drop=True), origin, int(untrained.sum())


def ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """Put the canonical columns first, in their order, and the others after them."""
    canonical = [name for name in BY_NAME if name in frame]
    return frame[[*canonical, *(name for name in frame if name not in BY_NAME)]]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"
