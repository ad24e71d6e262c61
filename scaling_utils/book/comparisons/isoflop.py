"""Fragments of the chapter on IsoFLOP profiles: published exponents beside ours, and how firm ours are."""

from __future__ import annotations

from scaling_utils.book.comparisons.rows import (
    NO_DATA,
    NOT_AT_HAND,
    UNKNOWN,
    Show,
    beside,
    cited,
    difference,
    fixed,
    link,
    span,
    with_interval,
)
from scaling_utils.book.project import Project
from scaling_utils.book.results import Found, Results, pages_of
from scaling_utils.book.tables import scrolling, table
from scaling_utils.published import published

NOTEBOOK = "03-isoflop-profiles"
HEADER = ("Runs", "published $a$", "its interval", "ours", "95 % interval", "difference", "interpolated")
FIRM_HEADER = (
    "Runs",
    "window",
    "$a$",
    "without one-sided budgets",
    "by one surface",
    "measured / foretold",
    "the same without one-sided budgets",
)
SHOW = fixed(".3f")
SHOW_RATIO = fixed(".2f")

HEADLINE = "hoffmann2022-fig4"
"""Scenario with the runs of the paper that the chapter is about."""


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


def firmness(project: Project, results: Results) -> str:
    """Markdown table of the exponent by other answers, and of the largest budget as foretold.

    Parameters
    ----------
    project
        The book.
    results
        What the executed notebooks published.
    """
    rows = []
    for scenario, ours in pages_of(NOTEBOOK, project, results):
        if ours is None:
            rows.append((link(scenario), "", NO_DATA, *[""] * 4))
            continue
        rows.append(
            (
                link(scenario),
                f"× {ours['window']:g}",
                with_interval(ours["a"], SHOW),
                _known(ours["a_without_one_sided"], SHOW),
                _known(ours["a_surface"], SHOW, ours["surface_status"]),
                _known(ours["ratio_at_largest"], SHOW_RATIO, ours["largest_lies"]),
                _known(ours["ratio_two_sided"], SHOW_RATIO, ours["two_sided_lies"]),
            )
        )
    return scrolling(table(FIRM_HEADER, rows)) + ("" if all(row[1] for row in rows) else NOT_AT_HAND)


def firmness_verdict(project: Project, results: Results) -> str:
    """What stands and what falls of the exponent on the runs of the paper, in sentences.

    Parameters
    ----------
    project
        The book.
    results
        What the executed notebooks published.
    """
    for scenario, ours in pages_of(NOTEBOOK, project, results):
        if scenario.name == HEADLINE and ours is not None:
            break
    else:
        return ""
    stated = published(str(scenario.parameters["published"])).values()["a"]

    def judged(key: str) -> str:
        estimate = ours[key]
        inside = estimate["low"] <= stated <= estimate["high"]
        return f"{_known(estimate, SHOW)}, an interval that {'holds' if inside else 'does not hold'} it"

    def foretold(ratio: str, verdict: str) -> str:
        told = f"{_known(ours[ratio], SHOW_RATIO)} times what the smaller budgets foretell"
        return told + (
            ", so they foretell it" if ours[verdict] == "as predicted" else ", so they do not foretell it"
        )

    return (
        f"The published exponent is {stated:g}. Without one-sided budgets ({ours['one_sided']} FLOPs) the "
        f"exponent is {judged('a_without_one_sided')}; by one loss surface through all runs it is "
        f"{judged('a_surface')}. At the largest budget the measured best size is "
        f"{foretold('ratio_at_largest', 'largest_lies')}; at the largest that is not one-sided it is "
        f"{foretold('ratio_two_sided', 'two_sided_lies')}.\n"
    )


def _known(estimate: Found, show: Show, status: str = "converged") -> str:
    """An estimate with its interval and what is to be said of it, or a dash."""
    if estimate["value"] is None:
        return UNKNOWN
    return with_interval(estimate, show) + ("" if status == "converged" else f", {status}")
