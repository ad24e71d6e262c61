"""What the pages of the last build published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from scaling_utils.book.project import Project
from scaling_utils.errors import DataError


def claims_json(results: Mapping[tuple[str, str], Mapping[str, Any]]) -> str:
    """The ledger of claims as JSON, the same on the command line and in the site.

    Parameters
    ----------
    results
        What each (notebook, scenario) published.
    """
    from scaling_utils.claims import ledger

    rows = [row.as_dict() for row in ledger(results)]
    return json.dumps({"claims": rows}, ensure_ascii=False, allow_nan=False) + "\n"


def read_results(project: Project) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Results of the last build by (notebook, scenario).

    Raises
    ------
    DataError
        If the book has not been built.
    """
    try:
        pages = json.loads(project.results.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise DataError(
            "there are no results to compare with", remedy="Build the book first: scaling-book build."
        ) from None
    return {tuple(page.split("/", 1)): found for page, found in pages.items()}
