"""From chunks of cells to the columns of one sheet, each in its smallest form.

A column is numbers if all its cells are, else text of which each different one is held once; so a file is
never in memory as text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl

from scaling_utils.errors import DataError
from scaling_utils.runs.cells import MISSING, not_numbers, shared_texts
from scaling_utils.runs.checks import Origin, raise_first
from scaling_utils.runs.columns import BY_NAME, match_columns

MAX_CELLS = 150_000_000
"""Most cells of a table: 1.2 GB as numbers."""
MAX_TEXT = 1 << 28
"""Most characters of different texts."""

_Array = np.ndarray[Any, Any]


class Chunk(NamedTuple):
    """Some rows of a file and the line that each starts on."""

    cells: pl.DataFrame
    lines: _Array


@dataclass(frozen=True, eq=False)
class Sheet:
    """A source as it stands: its own column names, numbers and text, not yet checked.

    Parameters
    ----------
    frame
        Floats, or text where a cell of the column is no number.
    lines
        Where each row stands in the source.
    source, sha256
        Name and checksum of the source.
    place
        What `lines` counts: ``"line"``, ``"row"`` or ``"step"``.
    logged
        Whether rows are entries of a log, in which not every row holds a loss.
    stated
        Conventions that follow from the format.
    run
        Name of the run where the source is the log of one and has no column of run names.
    """

    frame: pd.DataFrame
    lines: _Array
    source: str
    sha256: str
    place: str = "line"
    logged: bool = False
    stated: Mapping[str, str] = field(default_factory=dict)
    run: str | None = None

    @property
    def names(self) -> list[str]:
        """The column names."""
        return [str(name) for name in self.frame.columns]


def gather(
    open_chunks: Callable[[], Iterator[Chunk]],
    *,
    file: str,
    columns: Mapping[str, str] | None = None,
    place: str = "line",
) -> tuple[pd.DataFrame, _Array]:
    """Put the chunks of a file together.

    Parameters
    ----------
    open_chunks
        Gives the chunks from the start. It is called again where a column turns out to be text after some
        chunks in which all its cells were numbers.
    file, place
        For messages.
    columns
        The file's column name to the canonical one, where the user said so.

    Returns
    -------
    pandas.DataFrame
        The file's own columns; text is empty, and numbers are NaN, where a chunk lacks the column.
    ndarray
        Line of each row.

    Raises
    ------
    DataError
        If a column that must hold numbers does not, or the table does not fit into memory.
    """
    texts: set[str] = set()
    while True:
        gatherer = _Gatherer(file, columns, texts, place)
        for chunk in open_chunks():
            gatherer.add(chunk)
        mixed = gatherer.mixed()
        if not mixed:
            return gatherer.frame(), gatherer.lines()
        texts |= mixed


class _Gatherer:
    def __init__(
        self, file: str, columns: Mapping[str, str] | None, texts: Collection[str], place: str
    ) -> None:
        self.file, self.columns, self.place = file, columns or {}, place
        self.texts = texts
        self.parts: dict[str, list[tuple[int, _Array]]] = {}
        self.pools: dict[str, dict[str, int]] = {}
        self.found: dict[str, str] = {}
        self.rows: list[_Array] = []
        self.height, self.characters = 0, 0

    def add(self, chunk: Chunk) -> None:
        cells, lines = chunk
        if set(cells.columns) - set(self.parts):
            names = list(dict.fromkeys([*self.parts, *cells.columns]))
            known = {name: c for name, c in self.columns.items() if name in names}
            self.found = match_columns(names, columns=known, file=self.file)
        problems = []
        for name in cells.columns:
            column = BY_NAME.get(self.found.get(name, ""))
            as_text = name in self.texts if column is None else column.dtype == "text"
            numbers, wrong = (None, None) if as_text else _numbers(cells[name])
            if column is not None and wrong is not None and len(wrong):
                problems.append(not_numbers(column, wrong.tolist(), str(cells[name][int(wrong[0])])))
            elif numbers is not None and wrong is not None and not len(wrong):
                self._keep(name, numbers)
            else:
                self._keep(name, self._codes(name, cells[name]))
        self.rows.append(lines)
        if problems:
            spelling = {canonical: name for name, canonical in self.found.items()}
            raise_first(problems, Origin(self.file, spelling, lines, self.place))
        self.height += len(lines)
        if self.height * len(self.parts) > MAX_CELLS or self.characters > MAX_TEXT:
            raise DataError(
                "the table does not fit into memory",
                file=self.file,
                remedy="Keep the columns that are needed, or the last point of each run.",
            )

    def mixed(self) -> set[str]:
        """Columns that were numbers in one chunk and text in another."""
        return {
            name
            for name, parts in self.parts.items()
            if len({part.dtype.kind for _, part in parts if not _empty(part)}) > 1
        }

    def frame(self) -> pd.DataFrame:
        made: dict[str, pd.Series[Any]] = {}
        for name in list(self.parts):
            made[name] = self._whole(name, self.parts.pop(name))
        # Few columns may be large, and are not copied; many are better held as one block.
        return pd.DataFrame(made, copy=len(made) > 64, index=pd.RangeIndex(self.height))

    def lines(self) -> _Array:
        return np.concatenate(self.rows) if self.rows else np.empty(0, np.int64)

    def _keep(self, name: str, part: _Array) -> None:
        self.parts.setdefault(name, []).append((self.height, part))

    def _codes(self, name: str, cells: pl.Series) -> _Array:
        pool = self.pools.setdefault(name, {})
        codes, found = pd.factorize(cells.cast(pl.String).to_numpy())
        places = np.empty(len(found) + 1, np.int32)
        places[-1] = -1
        for i, text in enumerate(found):
            if not text.strip():
                places[i] = -1
                continue
            if text not in pool:
                self.characters += len(text)
            places[i] = pool.setdefault(text, len(pool))
        return places[codes]

    def _whole(self, name: str, parts: list[tuple[int, _Array]]) -> pd.Series[Any]:
        is_text = (
            name in self.pools and any(part.dtype.kind == "i" and not _empty(part) for _, part in parts)
        ) or all(_empty(part) for _, part in parts)
        if is_text:
            codes = np.full(self.height, -1, np.int32)
            for start, part in parts:
                if part.dtype.kind == "i":
                    codes[start : start + len(part)] = part
            return shared_texts(codes, self.pools.get(name, {}).keys())
        numbers = np.full(self.height, np.nan)
        for start, part in parts:
            if part.dtype.kind == "f":
                numbers[start : start + len(part)] = part
        return pd.Series(numbers, copy=False)


def _empty(part: _Array) -> bool:
    return bool((part < 0).all() if part.dtype.kind == "i" else np.isnan(part).all())


def _numbers(cells: pl.Series) -> tuple[_Array, _Array]:
    """The cells as floats, NaN where empty, and the positions of those that are no numbers."""
    if cells.dtype.is_numeric():
        return cells.cast(pl.Float64).fill_null(np.nan).to_numpy(), np.empty(0, np.intp)
    text = cells.cast(pl.String).str.strip_chars()
    numbers = text.cast(pl.Float64, strict=False)
    unread = numbers.is_null() & text.is_not_null()
    if unread.any():
        unread &= ~text.str.to_lowercase().is_in(sorted(MISSING))
    return numbers.fill_null(np.nan).to_numpy(), np.flatnonzero(unread.to_numpy())
