"""Fragment of the chapter on the envelope of training curves: published numbers beside ours."""

from __future__ import annotations

from collections.abc import Iterator

from scaling_utils.book.comparisons.rows import (
    beside,
    by_scenario,
    cited,
    difference,
    figure,
    link,
    times,
)
from scaling_utils.book.project import Project
from scaling_utils.book.results import Found, Results, pages_of
from scaling_utils.book.scenarios import Scenario
from scaling_utils.figures.style import in_units
from scaling_utils.fitting.envelope.told import CONSTANT
from scaling_utils.published import Published, published

NOTEBOOK = "02-training-curve-envelope"

FIGURE_OF = "gemstone"
"""The measured scenario whose figure the chapter shows, where its data are at hand."""

HEADER = ("Curves", "Status (sizes)", "Quantity", "published", "ours", "95 % interval", "difference")

WORDS = {
    "a": "$a$",
    "b": "$b$",
    "params_projected": "$N_{opt}$ at Gopher's budget",
    "tokens_projected": "$D_{opt}$ at Gopher's budget",
    "g1": "$g$, first third",
    "g2": "$g$, middle third",
    "g3": "$g$, last third",
    "loss1": "loss at Gopher's budget, first third",
    "loss2": "the same, middle third",
    "loss3": "the same, last third",
    "E": "floor $E$",
    "gamma": r"$\gamma$, above the floor",
    "loss_floor": "loss at Gopher's budget, with the floor",
}
"""How the table calls a value, by its published name, which is the key of ours."""

OF_THE_FLOOR = ("E", "gamma", "loss_floor")
"""What is fitted with the floor, which has a status of its own."""

APPROACH = {"hoff.A1": ", Approach 1", "hoff.A3": ", Approach 3", "gemstones.A1": ", Approach 1"}
"""What follows the name of an exponent, by the published id."""

MAIN_SOURCE = "hoffmann2022training"

SOURCES = (
    f"\nPublished values are those of {{cite:t}}`{MAIN_SOURCE}` where no other source is named; those marked "
    "as computed follow from the surface that the paper fitted, before rounding, for it draws its lines "
    "without numbers.\n"
)

ALT = (
    "Two panels of loss against compute in log-log axes. Left: measured training curves from about 50 "
    "million to 2 billion parameters, black dots along their lower envelope, and three dashed lines through "
    "its thirds. Right: envelope and lines continued far beyond the data, beside a curve with a floor and "
    "its shaded band."
)

CAPTION = "The same on measured runs: {title} {{cite:p}}`mcleish2025gemstones`, at a constant learning rate."

CAVEAT = """
Along the measured frontier the loss falls {bend}, with $g$ from {g1:.3f} over {g2:.3f} to {g3:.3f};
the tables are on {{doc}}`a page of their own </{docname}>`. With losses from the published surface on the
very same curves, $g$ of the first third comes out {bias_g1:+.4f} off, and the worst of the nominal 95 %
intervals holds the truth in {coverage_least:.0%} of the sets.
"""

FIGURE = "fig-envelope-measured"

LARGE = 1e5
"""Counts from here on are written in units, and compared as ratios."""


def comparison(project: Project, results: Results) -> str:
    """Markdown table of the published numbers of every scenario beside ours, and the figure of measured runs.

    Parameters
    ----------
    project
        The book.
    results
        What the executed notebooks published.
    """
    told = by_scenario(NOTEBOOK, HEADER, _lines, project, results) + SOURCES
    for scenario, ours in pages_of(NOTEBOOK, project, results):
        if scenario.name == FIGURE_OF:
            told += figure(scenario, ours, "envelope", name=FIGURE, alt=ALT, caption=CAPTION)
            told += _caveat(scenario, ours) if ours else ""
    return told


def within_schedules(project: Project, results: Results) -> str:
    """A sentence for each page whose runs name a schedule that is not constant.

    Parameters
    ----------
    project, results
        As for `comparison`.
    """
    told = [
        f"On {link(scenario)} the rate is not constant (schedule: {ours['schedules']}), and "
        f"{1 - ours['late_share']:.0%} of the frontier's points come before the last part of their run."
        for scenario, ours in pages_of(NOTEBOOK, project, results)
        if ours and ours["schedules"] not in ("", CONSTANT)
    ]
    return "\n".join(told) + "\n"


def _caveat(scenario: Scenario, ours: Found) -> str:
    slopes = {name: ours[name]["value"] for name in ("g1", "g2", "g3")}
    checks = {name: ours[name] for name in ("bias_g1", "coverage_least")}
    return CAVEAT.format(docname=scenario.docname, bend=ours["bend_told"], **slopes, **checks)


def _lines(scenario: Scenario, ours: Found) -> Iterator[tuple[str, ...]]:
    for row in map(published, str(scenario.parameters.get("published", "")).split()):
        for name, stated in row.values().items():
            large = stated >= LARGE
            apart = times(".2f") if large else difference(".3f")
            yield (
                _status(name, ours),
                WORDS[name] + APPROACH.get(row.id, ""),
                f"{in_units(stated) if large else f'{stated:g}'}, {_source(row)}",
                *beside(ours[name], stated, _shown, apart),
            )


def _status(name: str, ours: Found) -> str:
    """How the fit that a value comes from is judged, and how many sizes hold the frontier."""
    status = ours["floor_status"] if name in OF_THE_FLOOR else ours["status"]
    return f"{status} ({ours['n_sizes']})"


def _source(row: Published) -> str:
    if row.source.bibkey != MAIN_SOURCE:
        return cited(row)
    return "computed" if row.status == "computed" else row.source.locator


def _shown(value: float) -> str:
    return in_units(value) if value >= LARGE else f"{value:.3f}"
