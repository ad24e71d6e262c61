"""The ledger: every published number that the book reproduces, and whether it does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scaling_utils.errors import DataError, clip
from scaling_utils.exchange import without_nan
from scaling_utils.laws import allocation_law, published_law
from scaling_utils.published import Interval, published, read_checked
from scaling_utils.results import Estimate
from scaling_utils.runs.registry import data_folder

Verdict = Literal["reproduced", "partly", "not reproduced", "cannot be tested"]
BEST_FIRST: tuple[Verdict, ...] = ("reproduced", "partly", "not reproduced", "cannot be tested")

PARTLY = 5.0
"""A value within so many times the tolerance is partly reproduced."""

Results = Mapping[tuple[str, str], Mapping[str, Any]]
"""What each (notebook, scenario) published; one that did not run is absent."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Stated(_Strict):
    """Where the published number is: a fact, a law of the loss, or a law of the allocation."""

    fact: str | None = None
    law: str | None = None
    allocation: str | None = None
    value: str = "value"

    @model_validator(mode="after")
    def _one_place(self) -> _Stated:
        if sum(place is not None for place in (self.fact, self.law, self.allocation)) != 1:
            raise ValueError("give exactly one of fact, law and allocation")
        return self


class _Entry(_Strict):
    id: str
    quantity: str
    published: _Stated
    page: str = Field(pattern=r"^[\w-]+/[\w-]+$")
    key: str
    tolerance: float = Field(default=0.01, gt=0)
    recorded: Verdict


class _File(_Strict):
    claims: tuple[_Entry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_differ(self) -> _File:
        ids = [claim.id for claim in self.claims]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"two claims are called {twice[0]}")
        return self


@dataclass(frozen=True)
class LedgerRow:
    """One published number and ours.

    Parameters
    ----------
    id
        Name of the row.
    quantity
        What the number is.
    published
        The published value.
    published_interval
        Its stated interval; None where none is stated.
    bibkey, locator
        Where it is stated.
    status
        How it was read: ``read-in-source``, ``secondary`` or ``computed``.
    page
        Notebook and scenario of ours.
    ours
        Our value with its interval; None where the page has no result.
    tolerance
        Relative difference within which a value counts as the same, for values without an interval.
    verdict
        By the rule of `judge`.
    recorded
        The verdict that the project has recorded.
    """

    id: str
    quantity: str
    published: float
    published_interval: Interval | None
    bibkey: str
    locator: str
    status: str
    page: str
    ours: Estimate | None
    tolerance: float
    verdict: Verdict
    recorded: Verdict

    @property
    def worse(self) -> bool:
        """Whether the verdict is worse than the recorded one."""
        return BEST_FIRST.index(self.verdict) > BEST_FIRST.index(self.recorded)

    @property
    def difference(self) -> float:
        """Ours less the published value, as a share of the latter; NaN without ours."""
        return math.nan if self.ours is None else self.ours.value / self.published - 1

    def as_dict(self) -> dict[str, Any]:
        """The row as plain values for JSON; a number that JSON lacks becomes None."""
        row = asdict(self) | {
            "published_interval": self.published_interval and self.published_interval.model_dump(),
            "difference": None if self.ours is None else self.difference,
        }
        if self.ours is not None:
            row["ours"] = without_nan(asdict(self.ours))
        return row


def judge(
    stated: float, ours: Estimate | None, *, tolerance: float, interval: Interval | None = None
) -> Verdict:
    """Say whether a published number is reproduced.

    Parameters
    ----------
    stated
        The published value.
    ours
        Our value; its interval may be NaN. None where there is no result.
    tolerance
        Relative difference within which two values are the same.
    interval
        The published interval, if one is stated.

    Returns
    -------
    str
        ``"cannot be tested"`` without a result. ``"reproduced"`` if the published value lies in our interval
        or within the tolerance of our value. ``"partly"`` if the published interval holds our value or meets
        our interval, or the values differ by less than five tolerances. Else ``"not reproduced"``.

    Examples
    --------
    >>> judge(0.49, Estimate(0.508, 0.475, 0.557), tolerance=0.01)
    'reproduced'
    >>> judge(0.49, Estimate(0.56, 0.53, 0.59), tolerance=0.01)
    'not reproduced'
    """
    if ours is None or math.isnan(ours.value):
        return "cannot be tested"
    apart = abs(ours.value - stated) / abs(stated)
    if apart <= tolerance or stated in ours:
        return "reproduced"
    if interval is not None:
        low, high = (ours.value, ours.value) if math.isnan(ours.low) else (ours.low, ours.high)
        if low <= interval.high and interval.low <= high:
            return "partly"
    return "partly" if apart <= PARTLY * tolerance else "not reproduced"


def ledger(results: Results, *, path: Path | None = None) -> tuple[LedgerRow, ...]:
    """Every claim with the verdict that the results give it, in the order of the file.

    Parameters
    ----------
    results
        What the executed notebooks published.
    path
        The file of claims; by default the project's.

    Raises
    ------
    DataError
        If the file of claims is wrong, or names a published value that does not exist.
    """
    return tuple(_row(entry, results) for entry in _entries(path))


def _entries(path: Path | None) -> tuple[_Entry, ...]:
    return _read(path or data_folder() / "published" / "claims.yaml")


@cache
def _read(path: Path) -> tuple[_Entry, ...]:
    return read_checked(path, _File, what="claims").claims


def _row(entry: _Entry, results: Results) -> LedgerRow:
    stated, interval, bibkey, locator, status = _look_up(entry)
    notebook, _, scenario = entry.page.partition("/")
    ours = _ours(results.get((notebook, scenario), {}).get(entry.key))
    return LedgerRow(
        id=entry.id,
        quantity=entry.quantity,
        published=stated,
        published_interval=interval,
        bibkey=bibkey,
        locator=locator,
        status=status,
        page=entry.page,
        ours=ours,
        tolerance=entry.tolerance,
        verdict=judge(stated, ours, tolerance=entry.tolerance, interval=interval),
        recorded=entry.recorded,
    )


def _look_up(entry: _Entry) -> tuple[float, Interval | None, str, str, str]:
    place, name = entry.published, entry.published.value
    if place.law is not None:
        law = published_law(place.law)
        values, source, status = dict(law.values), law.source, law.status
        intervals: Mapping[str, Interval] = {}
    elif place.allocation is not None:
        rule = allocation_law(place.allocation)
        values = {"exponent": rule.exponent}
        if rule.coefficient is not None:
            values["coefficient"] = rule.coefficient
        source, status, intervals = rule.source, rule.status, {}
    else:
        fact = published(str(place.fact))
        values, source, status, intervals = fact.values(), fact.source, fact.status, fact.intervals()
        if isinstance(fact.value, int | float):
            values = {"value": float(fact.value)}
    if name not in values:
        raise DataError(
            f"claim '{entry.id}': its source has no value '{clip(name, 40)}'; there are {', '.join(values)}"
        )
    return float(values[name]), intervals.get(name), source.bibkey, source.locator, status


def _ours(record: Any) -> Estimate | None:
    if record is None:
        return None
    if not isinstance(record, Mapping):
        return Estimate(float(record))
    if record.get("value") is None:
        return None
    low, high = record.get("low"), record.get("high")
    if low is None and high is None:
        low = high = math.nan
    # JSON has no infinity: an interval with one end is open on the other side
    return Estimate(
        float(record["value"]),
        -math.inf if low is None else float(low),
        math.inf if high is None else float(high),
        str(record.get("unit", "")),
    )
