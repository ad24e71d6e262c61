"""Fragment of the chapter on two sizes at one budget: published sizes, sequences and gaps beside ours."""

from __future__ import annotations

from scaling_utils.book.comparisons.rows import (
    NO_DATA,
    NOT_AT_HAND,
    UNKNOWN,
    cited,
    fixed,
    interval,
    link,
    share,
)
from scaling_utils.book.project import Project
from scaling_utils.book.results import Found, Results, pages_of
from scaling_utils.book.tables import table
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


HEADER = ("Runs", "Quantity", "published", "ours", "95 % interval", "difference")
GAP = "measured gap (nats/token)"
SIGNED = fixed("+.3f")


def comparison(project: Project, results: Results) -> str:
    """Markdown table of the published numbers of the figure, and of the gap of each measured pair.

    Parameters
    ----------
    project
        The book.
    results
        What the executed notebooks published.
    """
    rows: list[tuple[str, ...]] = []
    note = ""
    for scenario, ours in pages_of(NOTEBOOK, project, results):
        page = link(scenario)
        if not scenario.parameters.get("dataset"):
            rows += [(page, *_stated_row(ours, *quantity)) for quantity in QUANTITIES]
        elif ours:
            gap = ours["gap"]
            rows.append((page, GAP, UNKNOWN, SIGNED(gap["value"]), interval(gap, SIGNED), UNKNOWN))
        else:
            rows.append((page, GAP, UNKNOWN, NO_DATA, "", ""))
            note = NOT_AT_HAND
    return table(HEADER, rows) + note


def _stated_row(ours: Found | None, told: str, published_id: str, name: str, key: str) -> tuple[str, ...]:
    row = published(published_id)
    stated = row.values()[name]
    printed = f"{stated:.3g} {cited(row)}"
    if ours is None:
        return told, printed, "not executed", "", ""
    value = ours[key]["value"]
    return told, printed, f"{value:.3g}", UNKNOWN, share(".1%")(value, stated)
