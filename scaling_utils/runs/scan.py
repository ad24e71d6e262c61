"""From the bytes of a delimited text to rows of cells: delimiter, quoting and line numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scaling_utils.errors import DataError, clip
from scaling_utils.runs.columns import recognised
from scaling_utils.runs.rawtext import SAVE_AS, read_text

MAX_COLUMNS = 10_000

_DELIMITERS = {"\t": "tab", ";": "semicolon", ",": "comma"}


@dataclass(frozen=True)
class Sheet:
    """A file as rows of text: column names, cells, the line each row starts on, and the checksum."""

    names: list[str]
    rows: list[list[str]]
    lines: list[int]
    sha256: str


def read_sheet(path: Path, *, columns: Mapping[str, str] | None = None) -> Sheet:
    """Read a delimited text file, plain or gzipped, as text.

    Parameters
    ----------
    path
        The file. What it is follows from its bytes, not from its name.
    columns
        Column names that the user named, which help to recognise the delimiter.

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
    The delimiter is the one of tab, semicolon and comma under which the first line names the most known
    columns; then the one that gives most columns.
    """
    data, sha256 = read_text(path)
    delimiter = _delimiter(data, path.name, columns)
    names, rows, lines = _rows(data, delimiter, path.name)
    kept = [i for i, name in enumerate(names) if name]
    for i, name in enumerate(names):
        if not name and i > 0 and any(row[i].strip() for row in rows):
            raise DataError(
                f"column {i + 1} has no name", file=path.name, rows=[1], remedy="Name it or remove it."
            )
    if len(kept) < len(names):
        rows = [[row[i] for i in kept] for row in rows]
    return Sheet([names[i] for i in kept], rows, lines, sha256)


def _text(data: bytes) -> io.TextIOWrapper:
    # newline="" leaves line ends to the csv module, which counts lines and keeps those inside quotes.
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")


def _delimiter(data: bytes, file: str, columns: Mapping[str, str] | None) -> str:
    best, best_score = "", (0, 1)
    for delimiter in _DELIMITERS:
        _, names = _header(_records(data, delimiter, file, strict=False), file)
        score = (recognised(map(str.strip, names), columns=columns), len(names))
        if len(names) > 1 and score > best_score:
            best, best_score = delimiter, score
    if best:
        return best
    line, cells = _header(_records(data, ",", file, strict=False), file)
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


def _records(
    data: bytes, delimiter: str, file: str, *, strict: bool = True
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, each with the line it starts on."""
    reader = csv.reader(_text(data), delimiter=delimiter, strict=strict, skipinitialspace=True)
    while True:
        line = reader.line_num + 1
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


def _rows(data: bytes, delimiter: str, file: str) -> tuple[list[str], list[list[str]], list[int]]:
    records = _records(data, delimiter, file)
    header_line, header = _header(records, file)
    if len(header) > MAX_COLUMNS:
        raise DataError(f"there are {len(header):,} columns", file=file, rows=[header_line], remedy=SAVE_AS)
    names = [name.strip() for name in header]
    rows, lines, ragged = [], [], []
    for line, row in records:
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
    return names, rows, lines


def _why_ragged(row: list[str], delimiter: str, names: list[str]) -> str:
    line, wanted = delimiter.join(row), len(names)
    if names[0].startswith("#"):
        return "Remove the comment lines; the first line must hold the column names."
    for other, name in _DELIMITERS.items():
        if other != delimiter and line.count(other) == wanted - 1:
            return f"These lines seem to be separated by {name}; use one delimiter throughout."
    if len(row) > wanted and delimiter == ",":
        return (
            "Do numbers hold commas? Write 1000 for 1,000 and 3.14 for 3,14; put text with commas in quotes."
        )
    return "Give every row one cell per column, empty where there is no value."
