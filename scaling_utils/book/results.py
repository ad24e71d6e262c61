"""What the pages of a build published."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from scaling_utils.book.project import Project
from scaling_utils.book.scenarios import Scenario, load_scenarios
from scaling_utils.errors import DataError

Found = Mapping[str, Any]
"""What one page published by key; an estimate is a mapping with `value`, and `low` and `high` if known."""

Results = Mapping[tuple[str, str], Found]
"""What each (notebook, scenario) published; one that did not run is absent."""


def claims_json(results: Results) -> str:
    """The ledger of claims as JSON, the same on the command line and in the site.

    Parameters
    ----------
    results
        What each (notebook, scenario) published.
    """
    from scaling_utils.claims import ledger

    rows = [row.as_dict() for row in ledger(results)]
    return json.dumps({"claims": rows}, ensure_ascii=False, allow_nan=False) + "\n"


def read_results(project: Project) -> Results:
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


def pages_of(notebook: str, project: Project, results: Results) -> Iterator[tuple[Scenario, Found | None]]:
    """The scenarios of one notebook with what each published; None for one that has no result."""
    for scenario in load_scenarios(project):
        if scenario.notebook == notebook:
            yield scenario, results.get((notebook, scenario.name))
