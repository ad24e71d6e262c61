"""Delimited text in chunks of rows: delimiter, quoting and line numbers.

polars splits chunks that are plain; the csv module those with quotation marks, blank lines, old line ends, or
rows that do not fit, and says what is wrong with them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from scaling_utils.errors import DataError, clip
from scaling_utils.runs.columns import match_columns, recognised
from scaling_utils.runs.gather import Chunk, Sheet, gather
from scaling_utils.runs.rawtext import MAX_LINE, SAVE_AS, line_count, text_blocks

MAX_COLUMNS = 10_000
CHUNK = 1 << 23
"""Bytes that are split into rows at a time."""

_DELIMITERS = {"\t": "tab", ";": "semicolon", ",": "comma"}


def read_delimited(path: Path, *, columns: Mapping[str, str] | None = None) -> Sheet:
    """Read a delimited text file, plain or gzipped.

    Parameters
    ----------
    path
        The file. What it is follows from its bytes, not from its name.
    columns
        The file's column name to the canonical one, where the user said so; helps to recognise the delimiter.

    Returns
    -------
    Sheet
        Without blank rows (all cells empty), without unnamed columns that are empty, and without an unnamed
        first column (the row index that pandas writes).

    Raises
    ------
    DataError
        If the file is missing, not UTF-8 text, damaged, too large, or not a table with one row of names.

    Notes
    -----
    The delimiter is the one of tab, semicolon and comma under which the row of names holds the most known
    columns; then the one that gives most columns. Lines that begin with ``#`` above the names are comments.
    """
    checksum = hashlib.sha256()

    def open_chunks() -> Iterator[Chunk]:
        nonlocal checksum
        checksum = hashlib.sha256()
        return _chunks(_pieces(text_blocks(path, checksum)), path.name, columns)

    frame, lines = gather(open_chunks, file=path.name, columns=columns)
    return Sheet(frame, lines, path.name, checksum.hexdigest(), logged="_step" in frame)


def _chunks(pieces: Iterator[bytes], file: str, columns: Mapping[str, str] | None) -> Iterator[Chunk]:
    first, skipped = b"", 0
    for piece in pieces:
        comments = _comments(piece)
        skipped += line_count(piece[:comments])
        if first := piece[comments:]:
            break
    delimiter = _delimiter(first, skipped, file, columns)
    line, header = _header(_records(first, delimiter, skipped, file), file)
    if len(header) > MAX_COLUMNS:
        raise DataError(f"there are {len(header):,} columns", file=file, rows=[line], remedy=SAVE_AS)
    names = [name.strip() for name in header]
    named = [name for name in names if name]
    match_columns(named, columns={n: c for n, c in (columns or {}).items() if n in named}, file=file)
    body = _after_header(first, delimiter)
    start = skipped + line_count(first[: len(first) - len(body)])
    for piece in itertools.chain([body], pieces):
        rows = _split(piece, delimiter, names, start, file)
        _refuse_unnamed(rows.cells, names, file, line)
        yield Chunk(
            rows.cells.select(str(i) for i, n in enumerate(names) if n).rename(
                {str(i): n for i, n in enumerate(names) if n}
            ),
            rows.lines,
        )
        start += line_count(piece)


def _pieces(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Join blocks to pieces of whole rows: cut at line ends outside of quotation marks."""
    held = bytearray()
    for block in blocks:
        held += block
        if len(held) < CHUNK:
            continue
        cut = _last_row_end(bytes(held))
        # A quotation mark that is never closed is left to the csv module, which says where it is.
        if cut == 0 and len(held) > CHUNK + 2 * MAX_LINE:
            cut = len(held)
        if cut:
            yield bytes(held[:cut])
            del held[:cut]
    if held:
        yield bytes(held)


def _last_row_end(data: bytes) -> int:
    quotes = np.flatnonzero(np.frombuffer(data, np.uint8) == ord('"'))
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    if not len(ends):
        # The last byte may be half of a line end.
        ends = np.flatnonzero(np.frombuffer(data[:-1], np.uint8) == ord("\r"))
    outside = ends[np.searchsorted(quotes, ends) % 2 == 0]
    return int(outside[-1]) + 1 if len(outside) else 0


def _comments(data: bytes) -> int:
    """Length of the comment and blank lines at the start."""
    found = re.match(rb"(?:[^\S\r\n]*+(?:#[^\r\n]*+)?(?:\r\n?|\n))*+", data)
    return found.end() if found else 0


def _text(data: bytes) -> io.TextIOWrapper:
    # newline="" leaves line ends to the csv module, which counts lines and keeps those inside quotes.
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")


def _delimiter(data: bytes, skipped: int, file: str, columns: Mapping[str, str] | None) -> str:
    best, best_score = "", (0, 1)
    for delimiter in _DELIMITERS:
        _, names = _header(_records(data, delimiter, skipped, file, strict=False), file)
        score = (recognised(map(str.strip, names), columns=columns), len(names))
        if len(names) > 1 and score > best_score:
            best, best_score = delimiter, score
    if best:
        return best
    line, cells = _header(_records(data, ",", skipped, file, strict=False), file)
    header = ",".join(cells)
    guess = next((f" The names seem to be separated by {mark!r}." for mark in "|:" if mark in header), "")
    if not guess and len(header.split()) > 1:
        guess = " The names seem to be separated by spaces."
    raise DataError(
        f"the column names are not separated by {', '.join(_DELIMITERS.values())}: '{clip(header, 60)}'",
        file=file,
        rows=[line],
        remedy=f"A table of runs has at least params, loss, and tokens or flops.{guess}",
    )


def _header(records: Iterator[tuple[int, list[str]]], file: str) -> tuple[int, list[str]]:
    for record in records:
        return record
    raise DataError("the file holds only empty cells", file=file, remedy="Was the export interrupted?")


def _after_header(data: bytes, delimiter: str) -> bytes:
    """What follows the row of names."""
    lines = _text(data)
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    next(row for row in reader if any(cell and not cell.isspace() for cell in row))
    return lines.read().encode()


def _records(
    data: bytes, delimiter: str, skipped: int, file: str, *, strict: bool = True
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, each with the line it starts on."""
    reader = csv.reader(_text(data), delimiter=delimiter, strict=strict, skipinitialspace=True)
    while True:
        line = skipped + reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(
                f"the row cannot be split into cells ({clip(str(error))})",
                file=file,
                rows=[line],
                remedy="Is a quotation mark opened and not closed, or text after a closing one?",
            ) from error
        if any(cell and not cell.isspace() for cell in row):
            yield line, row


def _split(data: bytes, delimiter: str, names: list[str], skipped: int, file: str) -> Chunk:
    plain = _split_plain(data, delimiter, len(names), skipped)
    return plain or _split_any(data, delimiter, names, skipped, file)


def _split_plain(data: bytes, delimiter: str, width: int, skipped: int) -> Chunk | None:
    """Split by polars; None unless every line is a row of `width` cells without quotation marks."""
    if b'"' in data or data.count(b"\r") != data.count(b"\r\n"):
        return None
    lines = skipped + 1 + _filled_lines(data)
    data = re.sub(rb"(?:\r?\n){2,}+", b"\n", data).lstrip(b"\r\n")
    height = len(lines)
    if data.count(delimiter.encode()) != height * (width - 1):
        return None
    names = list(map(str, range(width)))
    try:
        cells = pl.read_csv(
            data,
            has_header=False,
            separator=delimiter,
            quote_char=None,
            schema=dict.fromkeys(names, pl.String),
            empty_string_is_null=False,
            raise_if_empty=False,
        )
    except pl.exceptions.PolarsError:
        return None
    if cells.height != height:
        return None
    blank = cells.select(pl.all_horizontal(pl.all().str.strip_chars() == "")).to_series()
    if blank.any():
        cells, lines = cells.filter(~blank), lines[~blank.to_numpy()]
    return Chunk(cells.with_columns(pl.all().str.strip_chars_start(" ")), lines)


def _filled_lines(data: bytes) -> np.ndarray[Any, Any]:
    """Numbers, from 0, of the lines that hold anything."""
    octets = np.frombuffer(data, np.uint8)
    ends = np.append(np.flatnonzero(octets == ord("\n")), len(data))
    starts = np.concatenate([[0], ends[:-1] + 1])
    # A line of one byte may be half of a line end.
    single = np.flatnonzero(ends - starts == 1)
    filled = ends > starts
    filled[single] = octets[starts[single]] != ord("\r")
    return np.flatnonzero(filled)


def _split_any(data: bytes, delimiter: str, names: list[str], skipped: int, file: str) -> Chunk:
    """Split by the csv module; the error says which rows do not fit."""
    rows, lines, ragged = [], [], []
    for line, row in _records(data, delimiter, skipped, file):
        if len(row) != len(names):
            ragged.append((line, row))
        rows.append(row)
        lines.append(line)
    if ragged:
        line, row = ragged[0]
        raise DataError(
            f"{len(row)} cell{'s' * (len(row) != 1)} where the header names {len(names)} columns "
            f"(separated by {_DELIMITERS[delimiter]})",
            file=file,
            rows=[line for line, _ in ragged],
            remedy=_why_ragged(row, delimiter, names),
        )
    schema = {str(i): pl.String for i in range(len(names))}
    return Chunk(pl.DataFrame(rows, schema=schema, orient="row"), np.array(lines, dtype=np.int64))


def _refuse_unnamed(cells: pl.DataFrame, names: list[str], file: str, line: int) -> None:
    for i, name in enumerate(names):
        if not name and i > 0 and (cells[str(i)].str.strip_chars() != "").any():
            raise DataError(
                f"column {i + 1} has no name", file=file, rows=[line], remedy="Name it or remove it."
            )


def _why_ragged(row: list[str], delimiter: str, names: list[str]) -> str:
    line, wanted = delimiter.join(row), len(names)
    for other, name in _DELIMITERS.items():
        if other != delimiter and line.count(other) == wanted - 1:
            return f"These lines seem to be separated by {name}; use one delimiter throughout."
    if row and row[0].startswith("#"):
        return "Comment lines belong above the column names."
    if len(row) > wanted and delimiter == ",":
        return (
            "Do numbers hold commas? Write 1000 for 1,000 and 3.14 for 3,14; put text with commas in quotes."
        )
    return "Give every row one cell per column, empty where there is no value."
