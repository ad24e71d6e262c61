"""From cells of text to numbers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from scaling_utils.errors import clip
from scaling_utils.runs.checks import Origin, Problem, raise_first
from scaling_utils.runs.columns import COLUMNS

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
            text = cells.map(str).str.strip()
            frame[column.name] = text.where(cells.notna() & (text != ""), None).astype("str")
            continue
        numbers, wrong = _numbers(cells)
        frame[column.name] = numbers
        if len(wrong):
            first = clip(str(cells.iloc[wrong[0]]).strip(), 40)
            what = f"{column.noun} must be numbers, not '{first}'"
            problems.append(Problem(column.name, wrong, what, _how_to_write(first)))
    raise_first(problems, origin)
    return frame


def numbers_if_all(text: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column of text as numbers if every cell that is not empty is one, else as it is.

    >>> numbers_if_all(pd.Series(["12", "", "1e3"])).tolist()
    [12.0, nan, 1000.0]
    """
    missing = text.str.strip().str.lower().isin(MISSING)
    numbers = pd.to_numeric(text, errors="coerce")
    return text if missing.all() or numbers[~missing].isna().any() else numbers


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
