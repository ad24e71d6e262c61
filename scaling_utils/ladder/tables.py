"""The tables that ship with the book, assembled from the files of finished runs."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from scaling_utils.errors import clip
from scaling_utils.ladder.config import LadderError
from scaling_utils.ladder.store import FinishedRun, finished, write_whole

Row = dict[str, Any]


def write_tables(folder: Path) -> list[Path]:
    """Write the tables of all finished runs: the same bytes whenever the same runs are finished.

    Parameters
    ----------
    folder
        The ladder's folder; run files are read from ``runs/``, tables written beside it.

    Returns
    -------
    list of pathlib.Path
        For each corpus ``CORPUS.csv`` (the end of each run), ``CORPUS-curves.csv`` and, where attentions
        were compared, ``CORPUS-attention.csv`` (a row for each run and place in the context).

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
    written = []
    for corpus in sorted({run.config.corpus for run in runs}):
        for suffix, rows_of in TABLES.items():
            rows = [row for run in runs if run.config.corpus == corpus for row in rows_of(run)]
            if rows:
                path = folder / f"{corpus}{suffix}.csv"
                write_whole(path, _csv(rows))
                written.append(path)
    return written


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
    write_whole(registry, text.encode())
    return unnamed


def _ends(run: FinishedRun) -> Iterator[Row]:
    """One row: the trained model. Runs outside the slices have no `budget`, so the table can be fitted."""
    config = run.config
    if config.role == "attention":
        return
    yield {
        **_point(run, config.steps),
        "loss": run.final.loss,
        "budget": config.budget if config.role == "isoflop" else None,
        **_shape(run),
        "loss_standard_error": run.final.standard_error,
        "params_non_embedding": config.params_non_embedding,
        "flops_with_attention": config.flops + config.flops_attention,
    }


def _curves(run: FinishedRun) -> Iterator[Row]:
    """One row for each point of a curve; `loss` is the training loss."""
    if run.config.role in ("attention", "rate"):
        return
    curve = run.curve
    for step, loss, held_out in zip(curve.step, curve.training_loss, curve.held_out_loss, strict=True):
        yield {
            **_point(run, step),
            "loss": loss,
            "held_out_loss": held_out,
            "role": run.config.role,
            "seed": run.config.seed,
        }


def _attention(run: FinishedRun) -> Iterator[Row]:
    """One row for each sixteenth of the context, and one for its last eighth."""
    config, final = run.config, run.final
    if config.role != "attention":
        return
    bins = len(final.by_position)
    edges = [round(config.context * n / bins) for n in range(bins + 1)]
    places = [f"{low}-{high}" for low, high in pairwise(edges)]
    trailing = f"{config.context - config.context // 8}-{config.context}"
    losses = [*zip(places, final.by_position, strict=True), (trailing, final.last_eighth)]
    for panel, loss in losses:
        row = {**_point(run, config.steps), "loss": loss, "panel": panel, "attention": config.attention}
        yield {**row, "run_id": f"{panel}/{config.name}", **_shape(run)}


TABLES: dict[str, Callable[[FinishedRun], Iterator[Row]]] = {
    "": _ends,
    "-curves": _curves,
    "-attention": _attention,
}
"""Suffix of a table's name: the rows that a run adds to it."""


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
