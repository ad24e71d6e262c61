"""Read JSON: one object per line, a list of objects, and the trainer state of Hugging Face."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from scaling_utils.errors import DataError, clip
from scaling_utils.runs.columns import match_columns
from scaling_utils.runs.gather import Chunk, Sheet, gather
from scaling_utils.runs.rawtext import text_blocks

MAX_DOCUMENT = 1 << 27
"""Largest JSON document that is not one object per line, in bytes."""
MAX_KEYS = 2_000
_BATCH = 20_000

_NAMED = {"loss": "training_loss"}
"""What the trainer calls `loss` is the loss of the training batches since the last entry."""


def read_records(path: Path, *, columns: Mapping[str, str] | None = None) -> Sheet:
    """Read JSON lines, a JSON list of objects, or a `trainer_state.json`; plain or gzipped.

    Objects within objects become columns named like ``config/width``; lists are left out.

    Parameters
    ----------
    path
        The file.
    columns
        The file's key to the canonical column, where the user said so.

    Returns
    -------
    Sheet
        One row per object, of which those without a loss are entries of a log.

    Raises
    ------
    DataError
        If the text is not such JSON, or a key that must hold numbers does not.
    """
    checksum = hashlib.sha256()

    def open_lines() -> Iterator[tuple[int, bytes]]:
        nonlocal checksum
        checksum = hashlib.sha256()
        return _lines(text_blocks(path, checksum))

    first = next((line for _, line in open_lines() if line.strip()), b"")
    if first.lstrip().startswith(b"{") and _is_object(first):
        document = _parse(first, 1, path.name)
        if "log_history" not in document:
            frame, lines = gather(
                lambda: _chunks(_objects(open_lines(), path.name), file=path.name),
                file=path.name,
                columns=columns,
            )
            return Sheet(frame, lines, path.name, checksum.hexdigest(), logged=True, run=_stem(path))
    whole = _parse(_joined(open_lines(), path.name), None, path.name)
    sha256 = checksum.hexdigest()
    if isinstance(whole, dict) and isinstance(whole.get("log_history"), list):
        return _trainer_state(whole, path, sha256, columns)
    if not isinstance(whole, list) or not all(isinstance(entry, dict) for entry in whole):
        raise DataError(
            "this JSON holds neither one object per line, nor a list of objects, nor a 'log_history'",
            file=path.name,
            remedy="Write one object per measured point.",
        )
    numbered = list(enumerate(map(_flat, whole), 1))
    frame, lines = gather(
        lambda: _chunks(numbered, file=path.name, place="entry"),
        file=path.name,
        columns=columns,
        place="entry",
    )
    return Sheet(frame, lines, path.name, sha256, place="entry", logged=True, run=_stem(path))


def _trainer_state(
    state: dict[str, Any], path: Path, sha256: str, columns: Mapping[str, str] | None
) -> Sheet:
    entries = [
        (i, {_NAMED.get(key, key): value for key, value in _flat(entry).items()})
        for i, entry in enumerate(state["log_history"], 1)
        if isinstance(entry, dict)
    ]
    if not entries:
        raise DataError("the log_history is empty", file=path.name, remedy="Was nothing logged?")
    frame, lines = gather(
        lambda: _chunks(entries, file=path.name, place="entry"),
        file=path.name,
        columns=columns,
        place="entry",
    )
    if "total_flos" in frame:
        frame = frame.drop(columns="total_flos")
    frame = _spent(frame, state, path.name)
    taken = {name: c for name, c in (columns or {}).items() if name in frame}
    seen = "num_input_tokens_seen"
    if (
        seen in frame
        and "tokens" not in match_columns([str(name) for name in frame.columns], columns=taken).values()
    ):
        frame = frame.rename(columns={seen: "tokens"})
    # The trainer's FLOPs are 6 x tokens x parameters without embeddings.
    return Sheet(
        frame,
        lines,
        path.name,
        sha256,
        place="entry",
        logged=True,
        stated={"param_count": "non-embedding"} if "flops" in frame else {},
        run=run_folder(path.resolve()).name or path.stem,
    )


def _spent(frame: pd.DataFrame, state: Mapping[str, Any], file: str) -> pd.DataFrame:
    """Add tokens and FLOPs of each entry, in proportion to the steps, from the totals at the last step."""
    totals = {
        name: _positive(state.get(key))
        for name, key in (("flops", "total_flos"), ("num_input_tokens_seen", "num_input_tokens_seen"))
    }
    steps = _positive(state.get("global_step"))
    if steps is None or "step" not in frame or frame["step"].dtype.kind != "f":
        return frame
    done = frame["step"] / steps
    new = {name: done * total for name, total in totals.items() if total is not None and name not in frame}
    return frame.assign(**new)


def _positive(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 0 < number < float("inf") else None


def run_folder(path: Path) -> Path:
    """The folder of the run that a trainer state is of: what holds the file, or the checkpoint that does."""
    folder = path.parent
    return folder.parent if folder.name.startswith("checkpoint-") else folder


def _stem(path: Path) -> str:
    return path.name.partition(".")[0] or path.name


def _lines(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    held, number = b"", 0
    for block in blocks:
        *whole, held = (held + block).split(b"\n")
        for line in whole:
            number += 1
            yield number, line
    yield number + 1, held


def _joined(lines: Iterable[tuple[int, bytes]], file: str) -> bytes:
    text = bytearray()
    for _, line in lines:
        text += line + b"\n"
        if len(text) > MAX_DOCUMENT:
            raise DataError(
                f"the JSON document is larger than {MAX_DOCUMENT >> 20} MiB",
                file=file,
                remedy="Write one object per line, which is read piece by piece.",
            )
    return bytes(text)


def _objects(lines: Iterable[tuple[int, bytes]], file: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in lines:
        if not line.strip():
            continue
        entry = _parse(line, number, file)
        if not isinstance(entry, dict):
            raise DataError(
                "this line is not a JSON object", file=file, rows=[number], remedy="Write {...} on each line."
            )
        yield number, _flat(entry)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(_load(line), dict)
    except (ValueError, RecursionError):
        return False


def _load(text: bytes) -> Any:
    # Numbers stay as they are written: reading them is the same for all formats.
    return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)


def _parse(text: bytes, line: int | None, file: str) -> Any:
    try:
        return _load(text)
    except RecursionError:
        reason, at = "it is nested too deeply", line
    except ValueError as error:
        reason = clip(getattr(error, "msg", str(error)))
        at = line or getattr(error, "lineno", None)
    raise DataError(
        f"this is not valid JSON ({reason})",
        file=file,
        rows=[at] if at else None,
        remedy="Was the file cut short?",
    )


def _flat(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Cells of an object as text, those of objects within it named by their path."""
    cells: dict[str, Any] = {}
    waiting = [("", entry)]
    while waiting:
        prefix, mapping = waiting.pop()
        for key, value in mapping.items():
            name = f"{prefix}{key}".strip()
            if isinstance(value, dict):
                waiting.append((f"{name}/", value))
            elif name and not isinstance(value, list):
                cells[name] = None if value is None else str(value)
    return cells


def _chunks(
    entries: Iterable[tuple[int, Mapping[str, Any]]], *, file: str, place: str = "line"
) -> Iterator[Chunk]:
    entries = iter(entries)
    while batch := list(itertools.islice(entries, _BATCH)):
        names = list(dict.fromkeys(name for _, cells in batch for name in cells))
        if len(names) > MAX_KEYS:
            raise DataError(
                f"the objects have {len(names):,} different keys",
                file=file,
                remedy="Keep those of the table of runs.",
            )
        columns = {name: [cells.get(name) for _, cells in batch] for name in names}
        try:
            cells = pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))
        except UnicodeEncodeError:
            at = next(number for number, cells in batch if not _is_text(cells))
            raise DataError(
                "a text holds half of a character (a lone surrogate)",
                file=file,
                rows=[at],
                place=place,
                remedy="Write the file again as UTF-8.",
            ) from None
        yield Chunk(cells, np.array([number for number, _ in batch], dtype=np.int64))


def _is_text(cells: Mapping[str, Any]) -> bool:
    try:
        "".join(text for cell in cells.items() for text in cell if text is not None).encode()
    except UnicodeEncodeError:
        return False
    return True
