"""Fragment of the chapter on fixed compute and fixed steps: published numbers beside ours."""

from __future__ import annotations

from collections.abc import Iterator

from scaling_utils.book.comparisons.rows import (
    NOT_AT_HAND,
    UNKNOWN,
    beside,
    by_scenario,
    difference,
    figure,
    fixed,
    interval,
    link,
    times,
    with_interval,
)
from scaling_utils.book.project import Project
from scaling_utils.book.results import Found, Results, pages_of
from scaling_utils.book.scenarios import Scenario
from scaling_utils.figures.style import power_of_ten
from scaling_utils.published import published

NOTEBOOK = "01-kaplan-compute-and-steps"

FIGURE_OF = "porian-openwebtext2"
"""The measured scenario whose figure the chapter shows, where its data are at hand."""

HEADER = ("Runs", "Quantity", "published", "ours", "95 % interval", "difference", "published lies")

QUANTITIES = (
    ("kaplan.LNS.fit", "alpha_N", r"$\alpha_N$"),
    ("kaplan.LNS.fit", "alpha_S", r"$\alpha_S$"),
    ("kaplan.LNS.fit", "N_c", "$N_c$ (params)"),
    ("kaplan.LNS.fit", "S_c", "$S_c$ (steps)"),
    ("kaplan.alloc.pred", "p_N", "$p_N$, from the law"),
    ("kaplan.alloc.p088", "a_fixed", "$a$, fixed batch"),
    ("kaplan.alloc.pN", "a_corrected", "$a$, corrected"),
)
"""Published id, name of the value (and key of ours), and how the table calls it."""

UNCORRECTED = ("alpha_N", "alpha_S", "a_fixed")
"""What there is where the critical batch size is not known; it stands alone, for the law is another one."""

INTERPOLATED = "$a$, fixed batch, interpolated"

SOURCES = (
    "\nPublished values are those of {cite:t}`kaplan2020scaling`, the exponent at fixed batch read from the "
    "legend of a figure. The interpolated exponent is that of {cite:t}`porian2024resolving` on these runs.\n"
)

ALT = (
    "Two panels of measured test loss against non-embedding parameters. Left: one U-shaped curve for each "
    "compute budget, coloured from purple for the smallest to yellow for the largest; the minima are marked, "
    "and points still in the warm-up are hollow. Right: one curve for each number of steps. The fitted law "
    "is dotted in both."
)

CAPTION = (
    "The same on measured runs: {title} {{cite:p}}`porian2024resolving`. Hollow points lie in the warm-up "
    "and are not fitted; {{doc}}`its page </{docname}>` has the tables."
)

FIGURE = "fig-compute-and-steps-measured"

SHOW = fixed(".3f")

LARGE = 100
"""Scales from here on are compared as ratios."""


def comparison(project: Project, results: Results) -> str:
    """Markdown table of the constants and exponents of every scenario, and the figure of measured runs.

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
            told += figure(scenario, ours, "compute-and-steps", name=FIGURE, alt=ALT, caption=CAPTION)
    return told


def minima_and_law(project: Project, results: Results) -> str:
    """The exponent from the minima of measured runs beside that of the law fitted to the same runs.

    Parameters
    ----------
    project, results
        As for `comparison`.
    """
    pages = [
        (scenario, ours)
        for scenario, ours in pages_of(NOTEBOOK, project, results)
        if ours and scenario.parameters.get("dataset") and scenario.parameters.get("critical_batch", True)
    ]
    if not pages:
        return NOT_AT_HAND
    told = "; ".join(
        f"{with_interval(ours['a_fixed'], SHOW)} on {link(scenario)}, where the law gives "
        f"{SHOW(ours['law_a_fixed']['value'])}"
        for scenario, ours in pages
    )
    above = all(ours["a_fixed"]["value"] > ours["law_a_fixed"]["value"] for _, ours in pages)
    held = sum(_holds(ours["a_fixed"], ours["law_a_fixed"]["value"]) for _, ours in pages)
    return (
        f"The minima of measured runs give an $a$ at fixed batch of {told}. "
        f"{'This points the same way' if above else 'This does not always point the same way'} as in the "
        f"paper; the interval of the minima holds the value of the law in {held} of {len(pages)} cases.\n"
    )


def _holds(estimate: Found, value: float) -> bool:
    return "low" in estimate and "high" in estimate and bool(estimate["low"] <= value <= estimate["high"])


def _lines(scenario: Scenario, ours: Found) -> Iterator[tuple[str, ...]]:
    corrected = scenario.parameters.get("critical_batch", True)
    quantities = tuple(row for row in QUANTITIES if corrected or row[1] in UNCORRECTED)
    if stated := str(scenario.parameters.get("published", "")):
        quantities = (*quantities, (stated, "a", INTERPOLATED))
    for row, name, words in quantities:
        value, found = published(row).values()[name], ours[name]
        if not corrected:
            yield words, UNKNOWN, _shown(found["value"]), interval(found, _shown), "", ""
            continue
        apart = times(".3g") if value >= LARGE else difference(".3f")
        yield (
            words,
            _shown(value),
            *beside(found, value, _shown, apart),
            "inside" if _holds(found, value) else "outside",
        )


def _shown(value: float) -> str:
    if value >= 1e5:
        return power_of_ten(value)
    return f"{value:.0f}" if value >= LARGE else f"{value:.3f}"
