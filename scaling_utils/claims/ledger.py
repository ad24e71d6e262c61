"""The ledger: every published number that the book reproduces, and whether it does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scaling_utils.claims.origin import Kind, Origin
from scaling_utils.claims.verdict import BEST_FIRST, Verdict, judge
from scaling_utils.errors import DataError, clip
from scaling_utils.exchange import without_nan
from scaling_utils.laws import allocation_law, published_law
from scaling_utils.published import Interval, published, read_checked
from scaling_utils.results import Estimate
from scaling_utils.runs.registry import data_folder

Results = Mapping[tuple[str, str], Mapping[str, Any]]
"""What each (notebook, scenario) published; one that did not run is absent."""

NOWHERE: Mapping[str, Origin] = MappingProxyType({})


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

    @property
    def number(self) -> str:
        """Which number it is, whatever rows compare with it."""
        return f"{self.fact or self.law or self.allocation} {self.value}"


class _Entry(_Strict):
    id: str
    quantity: str
    published: _Stated
    page: str = Field(pattern=r"^[\w-]+/[\w-]+$")
    key: str
    kind: Kind | None = None
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
    number
        Which published number it is; the same in all rows that compare with it.
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
    kind
        What ours is made from: ``data``, ``planted law`` or ``arithmetic``, as of an `Origin`.
    dataset
        The dataset behind ours; empty where it is not made from measured runs.
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
    number: str
    published: float
    published_interval: Interval | None
    bibkey: str
    locator: str
    status: str
    page: str
    kind: Kind
    dataset: str
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


def ledger(
    results: Results, *, origins: Mapping[str, Origin] = NOWHERE, path: Path | None = None
) -> tuple[LedgerRow, ...]:
    """Every claim with the verdict that the results give it, in the order of the file.

    Parameters
    ----------
    results
        What the executed notebooks published.
    origins
        What each page is made from, by ``notebook/scenario``; a page that is not named counts as one of
        measured runs.
    path
        The file of claims; by default the project's.

    Raises
    ------
    DataError
        If the file of claims is wrong, or names a published value that does not exist.
    """
    return tuple(_row(entry, results, origins.get(entry.page, Origin("data"))) for entry in _entries(path))


def _entries(path: Path | None) -> tuple[_Entry, ...]:
    return _read(path or data_folder() / "published" / "claims.yaml")


@cache
def _read(path: Path) -> tuple[_Entry, ...]:
    return read_checked(path, _File, what="claims").claims


def _row(entry: _Entry, results: Results, origin: Origin) -> LedgerRow:
    stated, interval, bibkey, locator, status = _look_up(entry)
    notebook, _, scenario = entry.page.partition("/")
    ours = _ours(results.get((notebook, scenario), {}).get(entry.key))
    kind = entry.kind or origin.kind
    return LedgerRow(
        id=entry.id,
        quantity=entry.quantity,
        number=entry.published.number,
        published=stated,
        published_interval=interval,
        bibkey=bibkey,
        locator=locator,
        status=status,
        page=entry.page,
        kind=kind,
        dataset=origin.dataset if kind == "data" else "",
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
