"""Fragments of pages that are made from the registry and from the results of the notebooks.

Pages take them in with `{include}`; they lie in `book/generated/` of the staged tree, which Sphinx does
not read as pages.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from scaling_utils.book.cite_example import cite_fragments
from scaling_utils.book.commit import last_commit
from scaling_utils.book.comparisons import comparison_fragments
from scaling_utils.book.data_format import data_format_fragments
from scaling_utils.book.fitting_tables import fitting_fragments
from scaling_utils.book.ladder_tables import ladder_fragments
from scaling_utils.book.law_tables import law_fragments
from scaling_utils.book.ledger import book_ledger
from scaling_utils.book.project import Project
from scaling_utils.book.results import Results
from scaling_utils.book.tables import table
from scaling_utils.book.verify import TOLERANCES
from scaling_utils.exchange import RESULTS_MIME

if TYPE_CHECKING:
    from scaling_utils.claims import LedgerRow
    from scaling_utils.runs.catalogue import CatalogueRow


def generated(project: Project, results: Results, *, wanted: Collection[str] = ()) -> dict[str, str]:
    """Text of every fragment by its path below `book/generated/`.

    Parameters
    ----------
    project
        The book.
    results
        What the executed notebooks published.
    wanted
        Names of those that pages take in: of the fragments that take seconds to make, no other is made.
    """
    made: dict[str, str] = {}
    # Some modules take longer to import than a page to render.
    if "descriptions.md" in wanted:
        from scaling_utils.book.descriptions import description_fragments

        made |= description_fragments(results)
    if "budget-explorer.md" in wanted:
        from scaling_utils.book.explorer import explorer_fragment

        made["budget-explorer.md"] = explorer_fragment()
    rows = book_ledger(project, results)
    return made | {
        **law_fragments(),
        **fitting_fragments(project, wanted),
        **ladder_fragments(project, wanted),
        **cite_fragments(project),
        **data_format_fragments(wanted),
        **comparison_fragments(project, results, wanted),
        "columns.md": columns_table(),
        "datasets.md": _data_sections(),
        "edition.md": _edition(project),
        "ledger.md": _ledger_table(rows),
        "ledger-score.md": _ledger_score(rows),
        "tolerances.md": table(("Quantity", "May differ by"), list(TOLERANCES.items())),
    }


def published_results(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """The results that an executed notebook published, merged; a later output wins.

    >>> output = {"output_type": "display_data", "data": {RESULTS_MIME: {"a": 0.5}}}
    >>> published_results({"cells": [{"cell_type": "code", "outputs": [output]}]})
    {'a': 0.5}
    """
    merged: dict[str, Any] = {}
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            merged |= output.get("data", {}).get(RESULTS_MIME, {})
    return merged


def _edition(project: Project) -> str:
    from importlib.metadata import version

    commit = last_commit(project).name
    made_from = f"commit `{commit}` of the project" if commit else "a copy of the project without its history"
    return f"This is version {version('scaling-laws-book')}, built from {made_from}.\n"


def _data_sections() -> str:
    from scaling_utils.runs.catalogue import catalogue

    # What is at hand on this machine (`state`) is left out: the page must not depend on the machine.
    return "\n".join(_data_section(row) for row in catalogue())


def _data_section(row: CatalogueRow) -> str:
    entry = row.dataset
    keys = ",".join([entry.citation, *entry.related])
    facts = {
        "Source": f"{{cite:t}}`{keys}`",
        "Counts": row.conventions,
        "Licence": entry.licence,
        "File": f"[{entry.file}]({row.url})" if row.url else f"`data/{entry.path}`, in the repository",
        "SHA-256": "not measured yet" if entry.pending else f"`{entry.sha256}`",
    }
    lines = [f"**{name}:** {value}  \n" for name, value in facts.items() if value]
    return f"(data-{entry.id})=\n## `{entry.id}`\n\n{entry.title}. {entry.description}\n\n{''.join(lines)}"


def columns_table() -> str:
    """The columns of a table of runs, their meaning and units."""
    from scaling_utils.runs.columns import COLUMNS

    return table(
        ("Symbol", "Column", "Meaning", "Unit", "Also read as"),
        [
            (
                f"${column.symbol}$" if column.symbol else "",
                f"`{column.name}`",
                column.meaning,
                column.unit,
                ", ".join(f"`{alias}`" for alias in column.aliases[:4]),
            )
            for column in COLUMNS
        ],
    )


def _ledger_score(rows: tuple[LedgerRow, ...]) -> str:
    from scaling_utils.claims import headline

    first, *others = headline(rows)
    return f"**{first}** {' '.join(others)}".rstrip() + "\n"


def _ledger_table(rows: tuple[LedgerRow, ...]) -> str:
    header = ("Claim", "Published", "Ours", "Difference", "Verdict", "Kind", "From")
    return table(header, [_ledger_row(row) for row in rows])


def claim_anchor(claim: str) -> str:
    """Label of a row of the ledger; labels have no capitals, so a symbol that is one is told apart.

    >>> claim_anchor("hoff.A3.a"), claim_anchor("hoff.A3.A")
    ('claim-hoff-a3-a', 'claim-hoff-a3-capital-a')
    """
    *places, symbol = claim.split(".")
    capital = ["capital"] if len(symbol) == 1 and symbol.isupper() else []
    return "-".join(["claim", *places, *capital, symbol]).lower().replace("_", "-")


def _permalink(anchor: str) -> str:
    return f'<a class="headerlink" href="#{anchor}" title="Link to this row">#</a>'


def _ledger_row(row: LedgerRow) -> tuple[str, ...]:
    source = f"{{cite:p}}`{row.bibkey}`, {row.locator}"
    anchor = claim_anchor(row.id)
    how_read = "" if row.status == "read-in-source" else f" ({row.status})"
    stated = f"{row.published:.4g}"
    if row.published_interval:
        stated += f" [{row.published_interval.low:.4g}, {row.published_interval.high:.4g}]"
    return (
        f"[{row.quantity}]{{#{anchor}}} {source}{how_read} {_permalink(anchor)}",
        stated,
        "–" if row.ours is None else str(row.ours),
        "–" if row.ours is None else f"{row.difference:+.1%}",
        row.verdict,
        row.kind,
        f"{{doc}}`{row.page.partition('/')[2]} </notebooks/{row.page}>`",
    )
