"""Fragment of the chapter on fixed compute and fixed steps: published numbers beside ours."""

from __future__ import annotations

from collections.abc import Iterator

from scaling_utils.book.comparisons.rows import (
    beside,
    by_scenario,
    difference,
    figure,
    times,
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
"""What is comparable where the critical batch size is not known and losses are in another unit."""

INTERPOLATED = "$a$, fixed batch, interpolated"

SOURCES = (
    "\nPublished values are those of {cite:t}`kaplan2020scaling`, the exponent at fixed batch read from the "
    "legend of a figure. The interpolated exponent is that of {cite:t}`porian2024resolving` on these runs.\n"
)

ALT = (
    "Two panels of measured test loss against non-embedding parameters. Left: one U-shaped curve for each "
    "compute budget, coloured from purple for the smallest to yellow for the largest; the marked minima move "
    "right and down as compute grows, and the right arms of small budgets, still in warm-up, rise above the "
    "dotted law. Right: one falling curve for each number of steps, close to the dotted law after warm-up."
)

CAPTION = (
    "The same on measured runs: {title} {{cite:p}}`porian2024resolving`. Hollow points lie in the warm-up "
    "and are not fitted; {{doc}}`its page </{docname}>` has the tables."
)

FIGURE = "fig-compute-and-steps-measured"

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


def _lines(scenario: Scenario, ours: Found) -> Iterator[tuple[str, ...]]:
    corrected = scenario.parameters.get("critical_batch", True)
    quantities = tuple(row for row in QUANTITIES if corrected or row[1] in UNCORRECTED)
    if stated := str(scenario.parameters.get("published", "")):
        quantities = (*quantities, (stated, "a", INTERPOLATED))
    for row, name, words in quantities:
        value, found = published(row).values()[name], ours[name]
        apart = times(".3g") if value >= LARGE else difference(".3f")
        inside = "low" in found and found["low"] <= value <= found["high"]
        yield (
            words,
            _shown(value),
            *beside(found, value, _shown, apart),
            "inside" if inside else "outside",
        )


def _shown(value: float) -> str:
    if value >= 1e5:
        return power_of_ten(value)
    return f"{value:.0f}" if value >= LARGE else f"{value:.3f}"
