"""From what the user names, files and folders of any known format, to sheets."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from scaling_utils.errors import DataError, clip
from scaling_utils.runs.events import is_event_file, read_events
from scaling_utils.runs.gather import Sheet
from scaling_utils.runs.parquet import MAGIC, read_parquet
from scaling_utils.runs.rawtext import GZIP, open_file
from scaling_utils.runs.records import read_records, run_folder
from scaling_utils.runs.scan import read_delimited
from scaling_utils.runs.snapshot import is_snapshot, snapshot_sheet
from scaling_utils.runs.wandb import unfold_chart

FORMATS = (
    ("CSV and TSV", "comma, tab or semicolon; plain or gzipped", "one row per measured point"),
    ("Parquet", "numbers and text", "one row per measured point"),
    ("JSON lines", "one object per line, plain or gzipped, or a list of objects", "entries of a log"),
    (
        "Weights & Biases",
        "runs table and chart as CSV; history as CSV, JSON lines or Parquet",
        "entries of a log",
    ),
    ("TensorBoard", "event files, or a folder of runs", "entries of a log, with hyperparameters"),
    ("Hugging Face", "`trainer_state.json`, or a folder of them", "entries of a log"),
)
"""Format, what is understood of it, and what a row is."""

MOST_FILES = 20_000
_TABLES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".csv.gz", ".tsv.gz", ".jsonl.gz")


def read_source(path: Path, *, columns: Mapping[str, str] | None = None) -> list[Sheet]:
    """Read a file, or all files of a folder, by what they hold.

    Parameters
    ----------
    path
        A file; or a folder, of which event files and trainer states are read however deep, or else the
        tables in it.
    columns
        Their column name to the canonical one, where the user said so.

    Returns
    -------
    list of Sheet
        One for a file; of a folder one for each table, and one for all logs of a kind.

    Raises
    ------
    DataError
        If there is nothing to read, a file cannot be read, or tables stand beside logs in a folder.
    """
    try:
        is_folder = path.is_dir()
    except (OSError, ValueError):
        is_folder = False
    return _read_folder(path, columns) if is_folder else [_read_file(path, columns)]


def _read_file(path: Path, columns: Mapping[str, str] | None) -> Sheet:
    with open_file(path) as file:
        head = file.peek(512)[:512]
    if head.startswith(MAGIC):
        if is_snapshot(path):
            return snapshot_sheet(path)
        return unfold_chart(read_parquet(path, columns=columns))
    if is_event_file(head):
        return read_events([(path.resolve().parent.name or path.name, path)], source=path.name)
    text = (_unzipped(head) if head.startswith(GZIP) else head).removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"{", b"[")):
        return read_records(path, columns=columns)
    return unfold_chart(read_delimited(path, columns=columns))


def _unzipped(head: bytes) -> bytes:
    """What the start of a gzip file holds; nothing if it is damaged, which the reader then says."""
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(head, 512)
    except (zlib.error, gzip.BadGzipFile):
        return b""


def _read_folder(folder: Path, columns: Mapping[str, str] | None) -> list[Sheet]:
    files = _files_below(folder)
    events = [path for path in files if ".tfevents." in path.name]
    states = [path for path in files if path.name == "trainer_state.json"]
    tables = [path for path in files if path.parent == folder and path.name.endswith(_TABLES)]
    if tables and (events or states):
        beside = f" and {len(tables) - 1} more" if len(tables) > 1 else ""
        raise DataError(
            f"the folder holds logs of training and tables: {clip(tables[0].name, 60)}{beside}",
            file=str(folder),
            remedy="Name what is to be read: the folders or files of the runs, the tables, or all of them.",
        )
    sheets = []
    if events:
        named = [(_run_of(path.parent, folder), path) for path in events]
        sheets.append(read_events(named, source=folder.name or str(folder)))
    if states:
        sheets.append(_joined(folder, states, columns))
    sheets += [_read_file(path, columns) for path in tables]
    if not sheets:
        raise DataError(
            "the folder holds no event files, no trainer_state.json and no tables of runs",
            file=str(folder),
            remedy=f"Tables are files named {', '.join('*' + end for end in _TABLES[:4])}.",
        )
    return sheets


def _files_below(folder: Path) -> list[Path]:
    # Links are not followed: they may lead out of the folder or round in circles.
    found = []

    def refuse(error: OSError) -> None:
        raise DataError(
            f"the folder cannot be read ({clip(error.strerror or str(error))})",
            file=error.filename,
            remedy="A run in it would be missing. Make it readable, or name the folders of the runs.",
        ) from error

    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        found += [Path(parent, name) for name in sorted(names)]
        if len(found) > MOST_FILES:
            raise DataError(
                f"the folder holds more than {MOST_FILES:,} files",
                file=str(folder),
                remedy="Name the folder of the logs, or the files.",
            )
    return found


def _joined(folder: Path, states: list[Path], columns: Mapping[str, str] | None) -> Sheet:
    """The last state of each run, which holds what was logged before."""
    runs: dict[Path, list[Path]] = {}
    for path in states:
        runs.setdefault(run_folder(path), []).append(path)
    sheets = []
    for run in sorted(runs):
        last = max((_read_file(path, columns) for path in _latest(runs[run])), key=_steps)
        sheets.append(replace(last, frame=last.frame.assign(run_id=_run_of(run, folder)), run=None))
    return replace(
        sheets[0],
        frame=pd.concat([sheet.frame for sheet in sheets], ignore_index=True),
        lines=np.concatenate([sheet.lines for sheet in sheets]),
        source=folder.name or str(folder),
        sha256=hashlib.sha256("".join(sheet.sha256 for sheet in sheets).encode()).hexdigest(),
        stated={key: value for sheet in sheets for key, value in sheet.stated.items()},
    )


def _latest(states: list[Path]) -> list[Path]:
    """Of the numbered checkpoints of a run that of the highest; and those of which the name says no step."""
    numbers = [re.fullmatch(r"checkpoint-(\d{1,18})", path.parent.name) for path in states]
    steps = [int(number[1]) if number else -1 for number in numbers]
    return [path for path, step in zip(states, steps, strict=True) if step in (-1, max(steps))]


def _steps(sheet: Sheet) -> float:
    steps = sheet.frame.get("step")
    return float(steps.max()) if steps is not None and steps.dtype.kind == "f" else 0.0


def _run_of(folder: Path, root: Path) -> str:
    if not folder.is_relative_to(root):  # the root itself is a checkpoint of the run
        return folder.resolve().name
    relative = folder.relative_to(root).as_posix()
    return (root.resolve().name or "run") if relative == "." else relative
