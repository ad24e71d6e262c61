"""Fragment of the chapter on two sizes at one budget: published sizes, sequences and gaps beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scaling_utils.book.generated import NOT_AT_HAND, Results, pages_of, table
from scaling_utils.book.project import Project
from scaling_utils.published import published

NOTEBOOK = "05-kaplan-vs-approach-1"

QUANTITIES = (
    ("size by Kaplan's recipe (params)", "hoff.figA4.sizes", "kaplan", "size_kaplan"),
    ("size by Approach 1 (params)", "hoff.figA4.sizes", "approach1", "size_approach1"),
    ("sequences of the larger model", "hoff.figA4.seq", "larger", "sequences_larger"),
    ("sequences of the smaller model", "hoff.figA4.seq", "smaller", "sequences_smaller"),
    ("expected gap, Hoffmann et al. (nats/token)", "hoff.figA4.gap", "tex", "gap_tex"),
    ("expected gap, the same rounded (nats/token)", "hoff.figA4.gap", "rounded", "gap_rounded"),
    ("expected gap, Besiroglu et al. (nats/token)", "hoff.figA4.gap", "besiroglu", "gap_besiroglu"),
)
"""What, published id, name of the value there, and key of ours."""


def comparison(project: Project, results: Results) -> str:
    """Markdown table of the published numbers of the figure, and of the gap of each measured pair.

    Parameters
    ----------
    project
        The book.
    results
        What the executed notebooks published.
    """
    rows, complete = [], True
    for scenario, ours in pages_of(NOTEBOOK, project, results):
        page = f"{{doc}}`{scenario.title} </{scenario.docname}>`"
        if not scenario.parameters.get("dataset"):
            rows += [_stated_row(page, ours, *quantity) for quantity in QUANTITIES]
        elif ours:
            gap = ours["gap"]
            interval = f"{gap['low']:+.3f} to {gap['high']:+.3f}"
            rows.append((page, "measured gap (nats/token)", "–", f"{gap['value']:+.3f}", interval, "–"))
        else:
            rows.append((page, "measured gap (nats/token)", "–", "no data at hand", "", ""))
            complete = False
    header = ("Runs", "Quantity", "published", "ours", "95 % interval", "difference")
    return table(header, rows) + ("" if complete else NOT_AT_HAND)


def _stated_row(
    page: str, ours: Mapping[str, Any] | None, told: str, published_id: str, name: str, key: str
) -> tuple[str, ...]:
    row = published(published_id)
    stated = row.values()[name]
    source = f"{{cite:p}}`{row.source.bibkey}`"
    marked = source if row.status == "read-in-source" else f"{source}, {row.status}"
    if ours is None:
        return (page, told, f"{stated:.3g} {marked}", "not executed", "", "")
    value = ours[key]["value"]
    return (page, told, f"{stated:.3g} {marked}", f"{value:.3g}", "–", f"{value / stated - 1:+.1%}")
