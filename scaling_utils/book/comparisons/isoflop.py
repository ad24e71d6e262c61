"""Fragment of the chapter on IsoFLOP profiles: published exponents beside ours."""

from __future__ import annotations

from scaling_utils.book.comparisons.rows import (
    NOT_AT_HAND,
    UNKNOWN,
    beside,
    cited,
    difference,
    fixed,
    link,
    span,
)
from scaling_utils.book.project import Project
from scaling_utils.book.results import Results, pages_of
from scaling_utils.book.tables import table
from scaling_utils.published import published

NOTEBOOK = "03-isoflop-profiles"
HEADER = ("Runs", "published $a$", "its interval", "ours", "95 % interval", "difference", "interpolated")
SHOW = fixed(".3f")


def comparison(project: Project, results: Results) -> str:
    """Markdown table of the exponent of every scenario.

    Parameters
    ----------
    project
        The book.
    results
        What the executed notebooks published.
    """
    rows: list[tuple[str, ...]] = []
    for scenario, ours in pages_of(NOTEBOOK, project, results):
        stated = published(str(scenario.parameters["published"]))
        value, ends = stated.values()["a"], stated.intervals().get("a")
        rows.append(
            (
                link(scenario),
                f"{SHOW(value)} {cited(stated)}",
                span(ends.low, ends.high, SHOW) if ends else UNKNOWN,
                *beside(ours and ours["a"], value, SHOW, difference(".3f")),
                SHOW(ours["a_interpolated"]) if ours else "",
            )
        )
    return table(HEADER, rows) + ("" if all(row[-1] for row in rows) else NOT_AT_HAND)
