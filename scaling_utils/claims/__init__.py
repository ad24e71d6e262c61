"""Published values against ours: tables beside a fit, and the ledger of all of them."""

from __future__ import annotations

from scaling_utils.claims.compare import compare
from scaling_utils.claims.ledger import BEST_FIRST, LedgerRow, Verdict, judge, ledger

__all__ = ["BEST_FIRST", "LedgerRow", "Verdict", "compare", "judge", "ledger"]
