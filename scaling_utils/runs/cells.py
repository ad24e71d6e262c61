"""From cells of text to numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd

from scaling_utils.errors import clip
from scaling_utils.runs.checks import Origin, Problem, raise_first
from scaling_utils.runs.columns import COLUMNS, Column

MISSING = frozenset({"", "nan", "na", "n/a", "null", "none", "<na>", "nat"})
"""Cells that say "no value", in lower case."""


def to_numbers(frame: pd.DataFrame, origin: Origin) -> pd.DataFrame:
    """Turn the canonical number columns into 64-bit floats and the text columns into stripped text.

    Raises
    ------
    DataError
        If a cell of a number column is neither a number nor empty.
    """
    problems = []
    for column in COLUMNS:
        if column.name not in frame:
            continue
        cells = frame[column.name]
        if column.dtype == "text":
            frame[column.name] = _texts(cells)
            continue
        numbers, wrong = _numbers(cells)
        frame[column.name] = numbers
        if len(wrong):
            problems.append(not_numbers(column, wrong, str(cells.iloc[wrong[0]])))
    raise_first(problems, origin)
    return frame


def not_numbers(column: Column, positions: Sequence[int], first: str) -> Problem:
    """The problem of cells that should be numbers; `first` is the first of them."""
    shown = clip(first.strip(), 40)
    what = f"{column.noun} must be numbers, not '{shown}'"
    return Problem(column.name, list(positions), what, _how_to_write(shown))


def shared_texts(codes: np.ndarray[Any, Any], texts: Collection[str | None]) -> pd.Series[Any]:
    """Text of which each different one is held once; code -1 is an empty cell.

    >>> shared_texts(np.array([0, 0, -1]), ["a"]).fillna("").tolist()
    ['a', 'a', '']
    """
    return pd.Series(np.array([*texts, None], dtype=object)[codes], dtype="str")


def _texts(cells: pd.Series[Any]) -> pd.Series[Any]:
    codes, texts = pd.factorize(cells)
    stripped = [str(text).strip() or None for text in texts]
    return shared_texts(codes, stripped)


def _numbers(cells: pd.Series[Any]) -> tuple[pd.Series[float], list[int]]:
    """Return the cells as floats, NaN where empty, and the positions of those that are no numbers."""
    kind = cells.dtype.kind
    if kind in "iuf":
        return cells.astype("float64"), []
    text = cells.map(str).str.strip()
    numbers = pd.to_numeric(text, errors="coerce").astype("float64")
    wrong = numbers.isna() & cells.notna() & ~text.str.lower().isin(MISSING)
    return numbers, np.flatnonzero(wrong).tolist()


def _how_to_write(cell: str) -> str:
    if re.fullmatch(r"[+-]?[\d.,\s']*,[\d.,\s']*([eE][+-]?\d+)?", cell):
        return "Write no thousands separators, and a decimal point: 1234.5, not 1,234.5 or 1234,5."
    if re.fullmatch(r"[+-]?[\d.]+\s*[kKmMbBgGtT]", cell):
        return "Write numbers in full or with an exponent: 1.5e9, not 1.5B."
    if re.fullmatch(r"[+-]?\d[\d_.\s']*([eE][+-]?\d+)?", cell):
        return "Write numbers without spaces, underscores or other separators: 1000000 or 1e6."
    return "If the column holds something else, rename it."
