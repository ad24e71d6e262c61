"""Fragments of the chapter on why exponents differ: a verdict, the figure, and exponents by protocol."""

from __future__ import annotations

from collections.abc import Iterator

from scaling_utils.book.comparisons.rows import (
    NO_DATA,
    NOT_AT_HAND,
    difference,
    figure,
    fixed,
    link,
    with_interval,
)
from scaling_utils.book.project import Project
from scaling_utils.book.results import Found, Results, pages_of
from scaling_utils.book.scenarios import Scenario
from scaling_utils.book.tables import table
from scaling_utils.fitting.protocols import TITLES
from scaling_utils.published import published

NOTEBOOK = "07-why-kaplan-and-chinchilla-differ"
STEPS = ("kaplan", "last-layer", "short-warmup", "cosine", "tuned")

HEADER = ("Protocol", "published $a$", "ours, interpolated", "difference", "by parabolas")
SHOW = fixed(".3f")

ALT = (
    "Two panels. Left: one row for each of five protocols, with its exponent as published, by interpolation "
    "and by parabolas, each with an interval; a line steps down from Kaplan's protocol to the tuned one. "
    "Right: the best model size against compute for each protocol, on straight lines in log-log axes that "
    "become flatter from protocol to protocol."
)

CAPTION = (
    "The exponent by protocol on {title}. *Left:* published values, and ours by interpolation and by "
    "parabolas, with 95 % intervals. *Right:* the minima and the laws through them; sizes and compute as "
    "each protocol counts them."
)


FIGURE = "fig-protocols-chapter"


def verdict(project: Project, results: Results) -> str:
    """A sentence on each corpus: the exponent under the first and the last protocol.

    Parameters
    ----------
    project
        The book.
    results
        What the executed notebooks published.
    """
    told = []
    for scenario, ours in _pages(project, results):
        if ours:
            first, last = (ours[f"a_{key}_interpolated"] for key in ("kaplan", "tuned"))
            told.append(
                f"On {scenario.title} the exponent falls from {first['value']:.3f} under Kaplan's protocol "
                f"to {last['value']:.3f} (95 % interval {last['low']:.3f} to {last['high']:.3f}) under a "
                "tuned one."
            )
    return " ".join(told) + "\n" if told else "The runs by protocol were not at hand for this build.\n"


def comparison(project: Project, results: Results) -> str:
    """The figure of the first corpus at hand, and a table of the exponents of all protocols.

    Parameters
    ----------
    project, results
        As for `verdict`.
    """
    pages = list(_pages(project, results))
    shown = [page for page in pages if page[1]] or pages
    drawn = "".join(figure(*page, "protocols", name=FIGURE, alt=ALT, caption=CAPTION) for page in shown[:1])
    tables = ""
    for scenario, ours in pages:
        rows = [_row(scenario, number, ours) for number in range(len(STEPS))]
        tables += f"\n{link(scenario)}\n\n{table(HEADER, rows)}"
    return drawn + tables + ("" if all(ours for _, ours in pages) else NOT_AT_HAND)


def _row(scenario: Scenario, number: int, ours: Found | None) -> tuple[str, ...]:
    stated = published(f"{scenario.parameters['published']}.step{number}")
    value, ends = stated.values()["a"], stated.intervals()["a"]
    printed = {"value": value, "low": ends.low, "high": ends.high}
    row = (TITLES[STEPS[number]], with_interval(printed, SHOW))
    if not ours:
        return (*row, NO_DATA, "", "")
    key = f"a_{STEPS[number].replace('-', '_')}"
    found = ours[f"{key}_interpolated"]
    apart = difference(".3f")(found["value"], value)
    return (*row, with_interval(found, SHOW), apart, with_interval(ours[key], SHOW))


def _pages(project: Project, results: Results) -> Iterator[tuple[Scenario, Found | None]]:
    """The scenarios that have published exponents to compare with."""
    for scenario, ours in pages_of(NOTEBOOK, project, results):
        if scenario.parameters.get("published"):
            yield scenario, ours
