"""What our side of a claim is made from, and how many published numbers that tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from scaling_utils.claims.verdict import BEST_FIRST, Verdict

if TYPE_CHECKING:
    from scaling_utils.claims.ledger import LedgerRow

Kind = Literal["data", "planted law", "arithmetic"]

KINDS: Mapping[Kind, str] = MappingProxyType(
    {
        "data": "tested against measured runs",
        "planted law": "read back from runs or lines made from the same law, which checks our methods alone",
        "arithmetic": "computed from other published constants, which checks arithmetic alone",
    }
)
"""Kinds of claims, those that test a paper first, and what is said of the published numbers of each."""


@dataclass(frozen=True)
class Origin:
    """What the numbers of a page are made from.

    Parameters
    ----------
    kind
        ``data`` for measured runs, whoever measured them; ``planted law`` for runs simulated from a published
        law; ``arithmetic`` for published constants alone.
    dataset
        The dataset of the runs; empty where there is none.
    """

    kind: Kind
    dataset: str = ""


@dataclass(frozen=True)
class Tally:
    """How many published numbers of one kind got which verdict.

    Parameters
    ----------
    kind
        The kind.
    rows
        Rows of the ledger.
    verdicts
        Distinct numbers by verdict, the best first. A number in several rows on the same data counts once,
        with the worst verdict that it got.
    """

    kind: Kind
    rows: int
    verdicts: Mapping[Verdict, int]

    @property
    def numbers(self) -> int:
        """Distinct published numbers."""
        return sum(self.verdicts.values())


def tally(rows: Iterable[LedgerRow]) -> tuple[Tally, ...]:
    """Distinct published numbers by kind and verdict, without kinds that have none.

    Parameters
    ----------
    rows
        Rows of the ledger.
    """
    tallies = []
    of_kind: dict[Kind, list[LedgerRow]] = {kind: [] for kind in KINDS}
    for row in rows:
        of_kind[row.kind].append(row)
    for kind, found in of_kind.items():
        numbers: dict[tuple[str, str], list[Verdict]] = {}
        for row in found:
            numbers.setdefault((row.number, row.dataset), []).append(row.verdict)
        counted = Counter(_worst(verdicts) for verdicts in numbers.values())
        if found:
            verdicts = {verdict: counted[verdict] for verdict in BEST_FIRST if counted[verdict]}
            tallies.append(Tally(kind, len(found), MappingProxyType(verdicts)))
    return tuple(tallies)


def headline(rows: Iterable[LedgerRow]) -> tuple[str, ...]:
    """The tally in sentences, measured runs first.

    Parameters
    ----------
    rows
        Rows of the ledger.
    """
    tallies = tally(rows)
    told = []
    for count in tallies:
        verdicts = ", ".join(f"{number} {verdict}" for verdict, number in count.verdicts.items())
        told.append(f"Of {count.numbers} published numbers {KINDS[count.kind]}: {verdicts}.")
    shown, numbers = sum(count.rows for count in tallies), sum(count.numbers for count in tallies)
    if shown > numbers:
        told.append(
            f"The {shown} rows of the ledger repeat some numbers on the same data, by another method or on "
            "another page; such a number counts once, with the worst verdict that it got."
        )
    return tuple(told)


def _worst(verdicts: list[Verdict]) -> Verdict:
    tested: list[Verdict] = [verdict for verdict in verdicts if verdict != "cannot be tested"]
    return max(tested or verdicts, key=BEST_FIRST.index)
