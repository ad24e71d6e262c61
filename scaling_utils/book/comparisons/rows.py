"""How published numbers stand beside ours, the same in every chapter."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from scaling_utils.book.project import Project
from scaling_utils.book.results import Found, Results, pages_of
from scaling_utils.book.scenarios import Scenario
from scaling_utils.book.tables import table
from scaling_utils.published import Published

NO_DATA = "no data at hand"
UNKNOWN = "–"

NOT_AT_HAND = "\nRows without numbers need data that were not at hand; their pages say how to get them.\n"

Show = Callable[[float], str]
"""How a number is written."""

Apart = Callable[[float, float], str]
"""How the difference of our number and the published one is written."""


def fixed(spec: str) -> Show:
    """Numbers by a format.

    >>> fixed(".3f")(0.50843)
    '0.508'
    """
    return f"{{:{spec}}}".format


def difference(spec: str) -> Apart:
    """Ours less the published one, signed; without the sign of what rounds to nothing.

    >>> difference(".3f")(0.5, 0.4996), difference(".3f")(0.4999, 0.5)
    ('+0.000', '+0.000')
    """
    return lambda ours, stated: f"{ours - stated:+z{spec}}"


def times(spec: str) -> Apart:
    """Ours as a multiple of the published one.

    >>> times(".2f")(3.853e10, 6.7e10)
    '× 0.58'
    """
    return lambda ours, stated: f"× {ours / stated:{spec}}"


def share(spec: str) -> Apart:
    """How much ours is larger, as a share of the published one.

    >>> share(".1%")(1.05, 1.0)
    '+5.0%'
    """
    return lambda ours, stated: f"{ours / stated - 1:+{spec}}"


def span(low: float, high: float, show: Show) -> str:
    """An interval.

    >>> span(0.4, 0.6, fixed(".2f"))
    '0.40 to 0.60'
    """
    return f"{show(low)} to {show(high)}"


def interval(estimate: Found, show: Show) -> str:
    """The interval of an estimate, or a dash."""
    return span(estimate["low"], estimate["high"], show) if "low" in estimate else UNKNOWN


def with_interval(estimate: Found, show: Show) -> str:
    """An estimate, and its interval in brackets.

    >>> with_interval({"value": 0.5, "low": 0.4, "high": 0.6}, fixed(".1f"))
    '0.5 (0.4 to 0.6)'
    """
    return f"{show(estimate['value'])} ({interval(estimate, show)})"


def beside(estimate: Found | None, stated: float, show: Show, apart: Apart) -> tuple[str, str, str]:
    """Our value, its interval, and how far it lies from what is stated.

    >>> beside({"value": 0.51, "low": 0.47, "high": 0.54}, 0.5, fixed(".2f"), difference(".2f"))
    ('0.51', '0.47 to 0.54', '+0.01')
    >>> beside(None, 0.5, fixed(".2f"), difference(".2f"))
    ('no data at hand', '', '')
    """
    if estimate is None:
        return NO_DATA, "", ""
    return show(estimate["value"]), interval(estimate, show), apart(estimate["value"], stated)


def link(scenario: Scenario, text: str = "") -> str:
    """The page of a scenario."""
    return f"{{doc}}`{text or scenario.title} </{scenario.docname}>`"


def cited(row: Published) -> str:
    """The source of published numbers, and how they were read if not there."""
    return f"{{cite:p}}`{row.source.bibkey}`" + ("" if row.status == "read-in-source" else f" ({row.status})")


def by_scenario(
    notebook: str,
    header: tuple[str, ...],
    lines: Callable[[Scenario, Found], Iterable[tuple[str, ...]]],
    project: Project,
    results: Results,
) -> str:
    """A table of a notebook's scenarios; a scenario's first line links to its page.

    Parameters
    ----------
    notebook
        Its name.
    header
        The columns: the page, what `lines` gives, among them ``ours``.
    lines
        The lines of a scenario from what it published, without the page.
    project, results
        The book, and what the executed notebooks published.
    """
    rows: list[tuple[str, ...]] = []
    note = ""
    for scenario, found in pages_of(notebook, project, results):
        if found is None:
            rows.append((link(scenario), *(NO_DATA if name == "ours" else "" for name in header[1:])))
            note = NOT_AT_HAND
        else:
            rows += under(link(scenario), lines(scenario, found))
    return table(header, rows) + note


def under(first: str, lines: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The lines with a first column that is filled in the first of them only."""
    return [("" if number else first, *line) for number, line in enumerate(lines)]


def figure(scenario: Scenario, found: Found | None, file: str, *, name: str, alt: str, caption: str) -> str:
    """A figure that a page has drawn, for a chapter; where it could not be drawn, its anchor alone.

    Parameters
    ----------
    scenario, found
        The page, and what it published.
    file
        Name of the figure's file.
    name
        Anchor in the chapter; it always stays, since papers may cite it.
    alt, caption
        Texts; ``{title}`` and ``{docname}`` in the caption are those of the page.
    """
    if found is None:
        return f"\n[The figure on {scenario.title} needs public files that were not at hand.]{{#{name}}}\n"
    told = caption.format(title=scenario.title, docname=scenario.docname)
    return (
        f"\n```{{figure}} ../figures/{scenario.notebook}/{scenario.name}/{file}.svg\n"
        f":name: {name}\n:figclass: wide\n:alt: {alt}\n\n{told}\n```\n"
    )
