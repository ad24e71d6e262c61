"""Compare the numbers of two builds: those of a release with those of now."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

from scaling_utils.book.results import Document

Kind = Literal["estimate", "interval end", "number", "text"]

TOLERANCES: dict[Kind, str] = {
    "estimate": "1 % of the width of its interval (of itself, where it has none)",
    "interval end": "5 % of the width of the interval",
    "number": "0.1 % of itself, or 1e-6",
    "text": "the same words and whole numbers; a decimal within one unit of its last place",
}
"""How far a quantity may move from one machine to another and count as the same.

Point estimates come from optimisers that agree to many more digits; ends of intervals are quantiles
of resamples, a few of which may settle elsewhere when arithmetic rounds differently.
"""

_DECIMAL = re.compile(r"[-+−]?\d+\.\d+")
_ABSENT = "—"


@dataclass(frozen=True)
class Change:
    """One quantity that is not what it was.

    Parameters
    ----------
    page
        `notebook/scenario`.
    quantity
        Its name; parts of an estimate follow a point: `a.low`.
    kind
        Which tolerance was exceeded.
    before, now
        The two values; None where there is none.
    """

    page: str
    quantity: str
    kind: Kind
    before: Any
    now: Any

    @property
    def relative(self) -> float | None:
        """Change as a share of the value before; None where that has no meaning."""
        if not (_is_number(self.before) and _is_number(self.now) and self.before):
            return None
        return float((self.now - self.before) / abs(self.before))


@dataclass(frozen=True)
class Comparison:
    """Two documents compared.

    Parameters
    ----------
    changes
        What differs, by page and quantity.
    n_quantities
        How many quantities were compared.
    identical
        Whether all results are the same to the last bit.
    editions
        What each was made with, before and now.
    """

    changes: tuple[Change, ...]
    n_quantities: int
    identical: bool
    editions: tuple[Mapping[str, str], Mapping[str, str]]

    def markdown(self) -> str:
        """The table "Numbers that changed", for a changelog or a pull request."""
        before, now = (_told(edition) for edition in self.editions)
        lines = ["### Numbers that changed", "", f"Before: {before}.", f"Now: {now}.", ""]
        if not self.changes:
            how = "to the last bit" if self.identical else "within the stated tolerances"
            return "\n".join([*lines, f"None: {self.n_quantities} quantities are the same, {how}."]) + "\n"
        lines += ["| Page | Quantity | Before | Now | Change |", "| --- | --- | --- | --- | --- |"]
        for change in self.changes:
            moved = "" if change.relative is None else f"{change.relative:+.2%}"
            cells = (change.page, change.quantity, _shown(change.before), _shown(change.now), moved)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        return "\n".join([*lines, "", f"{len(self.changes)} of {self.n_quantities} quantities."]) + "\n"


def compare(before: Document, now: Document, *, exact: bool = False) -> Comparison:
    """Find every quantity that changed.

    Parameters
    ----------
    before, now
        The results of two builds.
    exact
        Allow no tolerance: two builds on one machine give the same bits. Otherwise `TOLERANCES` hold.

    Returns
    -------
    Comparison
        A quantity, or a page, that only one of them has counts as changed.

    Examples
    --------
    >>> page = ("03-isoflop-profiles", "mine")
    >>> before = Document({}, {page: {"a": {"value": 0.500, "low": 0.4, "high": 0.6, "unit": ""}}})
    >>> now = Document({}, {page: {"a": {"value": 0.501, "low": 0.4, "high": 0.7, "unit": ""}}})
    >>> [change.quantity for change in compare(before, now).changes]
    ['a.high']
    >>> [change.quantity for change in compare(before, now, exact=True).changes]
    ['a.high', 'a.value']
    """
    changes = []
    n_quantities = 0
    for page in sorted({*before.results, *now.results}):
        old, new = (dict(_quantities(document.results.get(page, {}))) for document in (before, now))
        for name in sorted({*old, *new}):
            n_quantities += 1
            was, is_ = old.get(name, _NOTHING), new.get(name, _NOTHING)
            if name not in old or name not in new or not _same(was, is_, exact):
                kind = (was if name in old else is_).kind
                changes.append(Change("/".join(page), name, kind, was.value, is_.value))
    identical = before.results == now.results
    return Comparison(tuple(changes), n_quantities, identical, (before.edition, now.edition))


@dataclass(frozen=True)
class _Quantity:
    value: Any
    kind: Kind
    width: float
    """Of the interval; zero where there is none."""


_NOTHING = _Quantity(None, "text", 0.0)


def _quantities(found: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, _Quantity]]:
    low, high = found.get("low"), found.get("high")
    width = float(high - low) if _is_number(low) and _is_number(high) else 0.0
    is_estimate = "value" in found and "unit" in found
    for key, value in found.items():
        if isinstance(value, Mapping):
            yield from _quantities(value, f"{prefix}{key}.")
        elif is_estimate and key in ("low", "high"):
            yield f"{prefix}{key}", _Quantity(value, "interval end", width)
        elif is_estimate and key == "value":
            yield f"{prefix}{key}", _Quantity(value, "estimate", width)
        else:
            yield f"{prefix}{key}", _Quantity(value, "number" if _is_number(value) else "text", 0.0)


def _same(was: _Quantity, is_: _Quantity, exact: bool) -> bool:
    before, now = was.value, is_.value
    if exact or before == now:
        return bool(before == now)
    if _is_number(before) and _is_number(now):
        distance = abs(now - before)
        if was.kind == "number":
            return bool(distance <= max(1e-3 * abs(before), 1e-6))
        share = 0.05 if was.kind == "interval end" else 0.01
        return bool(distance <= share * (was.width or abs(before)))
    if isinstance(before, str) and isinstance(now, str):
        decimals = zip(_DECIMAL.findall(before), _DECIMAL.findall(now), strict=False)
        return _DECIMAL.sub("#", before) == _DECIMAL.sub("#", now) and all(
            _within_last_place(*pair) for pair in decimals
        )
    return False


def _within_last_place(before: str, now: str) -> bool:
    places = [len(text.partition(".")[2]) for text in (before, now)]
    values = [float(text.replace("−", "-")) for text in (before, now)]
    return places[0] == places[1] and abs(values[1] - values[0]) < 1.5 * 10.0 ** -places[0]


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _shown(value: Any) -> str:
    if value is None:
        return _ABSENT
    return f"{value:.6g}" if _is_number(value) else str(value)


def _told(edition: Mapping[str, str]) -> str:
    made = f"version {edition.get('version') or '?'}, commit {edition.get('commit') or 'none'}"
    return f"{made}, Python {edition.get('python') or '?'}, {edition.get('platform') or '?'}"
