"""The ledger of this book: claims with what each page is made from, as its parameters say."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from scaling_utils.book.project import Project
from scaling_utils.book.results import Results
from scaling_utils.book.scenarios import final_parameters, load_scenarios, notebook_file, own_parameters

if TYPE_CHECKING:
    from scaling_utils.claims import LedgerRow, Origin


def origins(project: Project) -> dict[str, Origin]:
    """What the numbers of each page are made from, by ``notebook/scenario``.

    A page with a dataset is made from its runs. One without is made from published laws: if it takes a noise
    it simulates runs from them, else it evaluates them.

    Parameters
    ----------
    project
        The book.

    Raises
    ------
    BuildError, ParameterError
        If the scenarios or a notebook's parameters are wrong.
    """
    from scaling_utils.claims import Origin

    scenarios = load_scenarios(project)
    own = {name: own_parameters(notebook_file(project, name)) for name in {s.notebook for s in scenarios}}
    found = {}
    for scenario in scenarios:
        parameters = final_parameters(scenario, own[scenario.notebook])
        if parameters.get("dataset"):
            found[scenario.id] = Origin("data", parameters["dataset"])
        else:
            found[scenario.id] = Origin("planted law" if parameters.get("noise") else "arithmetic")
    return found


def book_ledger(project: Project, results: Results) -> tuple[LedgerRow, ...]:
    """Every claim with its verdict and with what its page is made from.

    Parameters
    ----------
    project
        The book.
    results
        What each (notebook, scenario) published.
    """
    from scaling_utils.claims import ledger

    return ledger(results, origins=origins(project))


def claims_json(rows: Iterable[LedgerRow]) -> str:
    """The ledger of claims as JSON, the same on the command line and in the site.

    Parameters
    ----------
    rows
        As `book_ledger` gives them.
    """
    return json.dumps({"claims": [row.as_dict() for row in rows]}, ensure_ascii=False, allow_nan=False) + "\n"
