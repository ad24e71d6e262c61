"""Published values against ours: tables beside a fit, and the ledger of all of them."""

from __future__ import annotations

from scaling_utils.claims.compare import compare
from scaling_utils.claims.ledger import LedgerRow, ledger
from scaling_utils.claims.origin import KINDS, Kind, Origin, Tally, headline, tally
from scaling_utils.claims.verdict import BEST_FIRST, Verdict, judge

__all__ = [
    "BEST_FIRST",
    "KINDS",
    "Kind",
    "LedgerRow",
    "Origin",
    "Tally",
    "Verdict",
    "compare",
    "headline",
    "judge",
    "ledger",
    "tally",
]
