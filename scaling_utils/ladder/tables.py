"""The tables that ship with the book, assembled from the files of finished runs."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from scaling_utils.errors import clip
from scaling_utils.ladder.config import LadderError, Role, RunConfig
from scaling_utils.ladder.design import groups
from scaling_utils.ladder.store import FinishedRun, finished, save

Row = dict[str, Any]

FEWEST_SLICES = 2
"""Budgets from which slices are a table: one says nothing of how the best size grows."""


@dataclass(frozen=True)
class Table:
    """What a table holds.

    Parameters
    ----------
    role
        The runs in it, by what they were made for.
    rows
        The rows that a run adds.
    """

    role: Role
    rows: Callable[[FinishedRun], Iterator[Row]]


def write_tables(folder: Path, *, plan: Mapping[str, Sequence[RunConfig]] | None = None) -> list[Path]:
    """Write the tables of what is finished: the same bytes whenever the same groups are finished.

    Parameters
    ----------
    folder
        The ladder's folder; run files are read from ``runs/``, tables written beside it.
    plan
        Runs by group; by default those of the ladder.

    Returns
    -------
    list of pathlib.Path
        For each corpus those of ``CORPUS.csv`` (the ends of the runs of the slices), ``CORPUS-curves.csv``
        (their curves), ``CORPUS-fixed-steps.csv`` and ``CORPUS-pair.csv`` (held-out loss along the runs) and
        ``CORPUS-attention.csv`` (a row for each run and place in the context) for which there are runs.

    Notes
    -----
    A table takes a group of runs up when the whole group is finished, so that no fit sees half a slice.

    Raises
    ------
    LadderError
        If no run is finished, or a file does not hold one.
    """
    runs = finished(folder)
    if not runs:
        raise LadderError(
            f"{clip(str(folder), 300)} holds no finished run; train some: scaling-book ladder run"
        )
    whole = in_whole_groups(runs, groups() if plan is None else plan)
    written = []
    for corpus in sorted({run.config.corpus for run in whole}):
        for suffix, table in TABLES.items():
            held = [run for run in whole if (run.config.corpus, run.config.role) == (corpus, table.role)]
            if table.role == "isoflop" and len({run.config.budget for run in held}) < FEWEST_SLICES:
                continue
            if rows := [row for run in held for row in table.rows(run)]:
                path = folder / f"{corpus}{suffix}.csv"
                save(path, _csv(rows))
                written.append(path)
    return written


def in_whole_groups(runs: list[FinishedRun], plan: Mapping[str, Sequence[RunConfig]]) -> list[FinishedRun]:
    """The runs of the groups of which every run is finished, in the order given."""
    done = {run.config.name for run in runs}
    named = [{config.name for config in group} for group in plan.values()]
    kept = set().union(*(names for names in named if names <= done))
    return [run for run in runs if run.config.name in kept]


def register(tables: list[Path], registry: Path) -> list[str]:
    """Put the checksums of bundled tables into the registry, which else stays as it is.

    Parameters
    ----------
    tables
        Files below the folder of the registry.
    registry
        The file `registry.toml`.

    Returns
    -------
    list of str
        The tables that no entry of the registry names.
    """
    text, unnamed = registry.read_text(encoding="utf-8"), []
    for path in tables:
        name = path.relative_to(registry.parent).as_posix()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        entry = rf'(^path = "{re.escape(name)}"\nsha256 = )"[0-9a-f]*"$'
        text, found = re.subn(entry, rf'\g<1>"{digest}"', text, flags=re.MULTILINE)
        if not found:
            unnamed.append(name)
    save(registry, text.encode())
    return unnamed


def _ends(run: FinishedRun) -> Iterator[Row]:
    """One row: the trained model."""
    config = run.config
    yield {
        **_point(run, config.steps),
        "loss": run.final.loss,
        "budget": config.budget,
        **_shape(run),
        "loss_standard_error": run.final.standard_error,
        "params_non_embedding": config.params_non_embedding,
        "flops_with_attention": config.flops + config.flops_attention,
    }


def _curves(run: FinishedRun) -> Iterator[Row]:
    """One row for each point of a curve; `loss` is the training loss."""
    curve = run.curve
    for step, loss, held_out in zip(curve.step, curve.training_loss, curve.held_out_loss, strict=True):
        yield {**_point(run, step), "loss": loss, "held_out_loss": held_out, **_shape(run)}


def _held_out_curves(run: FinishedRun) -> Iterator[Row]:
    """One row for each point of a curve at which the held-out loss was measured."""
    for step, loss in zip(run.curve.step, run.curve.held_out_loss, strict=True):
        if loss is not None:
            yield {**_point(run, step), "loss": loss, **_shape(run)}


def _pair(run: FinishedRun) -> Iterator[Row]:
    """The same, and at the end the loss on all held-out bytes, as the slices have it."""
    for row in _held_out_curves(run):
        yield row | {"loss": run.final.loss} if row["step"] == run.config.steps else row


def _attention(run: FinishedRun) -> Iterator[Row]:
    """One row for each sixteenth of the context, and one for its last eighth."""
    config, final = run.config, run.final
    bins = len(final.by_position)
    edges = [round(config.context * n / bins) for n in range(bins + 1)]
    places = [f"bytes {low}-{high}" for low, high in pairwise(edges)]
    trailing = f"bytes {config.context - config.context // 8}-{config.context}"
    losses = [*zip(places, final.by_position, strict=True), (trailing, final.last_eighth)]
    for panel, loss in losses:
        row = {**_point(run, config.steps), "loss": loss, "panel": panel, "attention": config.attention}
        yield {**row, "run_id": f"{panel}/{config.name}", **_shape(run)}


TABLES = {
    "": Table("isoflop", _ends),
    "-curves": Table("isoflop", _curves),
    "-fixed-steps": Table("fixed-steps", _held_out_curves),
    "-pair": Table("pair", _pair),
    "-attention": Table("attention", _attention),
}
"""Suffix of a table's name: what it holds."""


def _point(run: FinishedRun, step: int) -> Row:
    config = run.config
    tokens = step * config.tokens_per_step
    return {
        "run_id": config.name,
        "params": config.params,
        "tokens": tokens,
        "flops": 6.0 * config.params * tokens,
        "step": step,
        "sequences": step * config.batch,
    }


def _shape(run: FinishedRun) -> Row:
    return {
        name: getattr(run.config, name) for name in ("role", "width", "depth", "seed", "rate", "schedule")
    }


def _csv(rows: list[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    """FLOPs to 9 digits, everything else as it is."""
    if value is None:
        return ""
    return f"{value:.9g}" if isinstance(value, float) else str(value)
