"""Fragment of the chapter on fixed compute and fixed steps: published numbers beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scaling_utils.book.generated import NOT_AT_HAND, Results, pages_of, table
from scaling_utils.book.project import Project
from scaling_utils.book.scenarios import Scenario
from scaling_utils.figures.style import power_of_ten
from scaling_utils.published import Published, published

NOTEBOOK = "01-kaplan-compute-and-steps"

FIGURE_OF = "porian-openwebtext2"
"""The measured scenario whose figure the chapter shows, where its data are at hand."""

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

INTERPOLATED = "$a$, fixed batch, interpolated"

SOURCES = (
    "\nPublished values are those of {cite:t}`kaplan2020scaling`, the exponent at fixed batch read from the "
    "legend of a figure. The interpolated exponent is that of {cite:t}`porian2024resolving` on these runs.\n"
)

FIGURE = """
```{{figure}} ../figures/{notebook}/{scenario}/compute-and-steps.svg
:name: fig-compute-and-steps-measured
:figclass: wide
:alt: {alt}

The same on measured runs: {title} {{cite:p}}`porian2024resolving`. Hollow points lie in the warm-up and are
not fitted; {{doc}}`its page </{docname}>` has the tables.
```
"""

ALT = (
    "Two panels of measured test loss against non-embedding parameters. Left: one U-shaped curve for each "
    "compute budget, coloured from purple for the smallest to yellow for the largest; the marked minima move "
    "right and down as compute grows, and the right arms of small budgets, still in warm-up, rise above the "
    "dotted law. Right: one falling curve for each number of steps, close to the dotted law after warm-up."
)


def comparison(project: Project, results: Results) -> str:
    """Markdown table of the constants and exponents of every scenario, and the figure of measured runs.

    Parameters
    ----------
    project
        The book.
    results
        What the executed notebooks published.
    """
    header = ("Runs", "Quantity", "published", "ours", "95 % interval", "difference", "published lies")
    rows: list[tuple[str, ...]] = []
    figure, complete = "", True
    for scenario, ours in pages_of(NOTEBOOK, project, results):
        complete = complete and ours is not None
        rows += _rows(scenario, ours)
        if ours is not None and scenario.name == FIGURE_OF:
            names = {"scenario": scenario.name, "title": scenario.title, "docname": scenario.docname}
            figure = FIGURE.format(notebook=NOTEBOOK, alt=ALT, **names)
    return table(header, rows) + SOURCES + ("" if complete else NOT_AT_HAND) + figure


def _rows(scenario: Scenario, ours: Mapping[str, Any] | None) -> list[tuple[str, ...]]:
    page = f"{{doc}}`{scenario.title} </{scenario.docname}>`"
    if ours is None:
        return [(page, "", "", "no data at hand", "", "", "")]
    lines = [_line(published(source), name, words, ours) for source, name, words in QUANTITIES]
    if stated := str(scenario.parameters.get("published", "")):
        lines.append(_line(published(stated), "a", INTERPOLATED, ours))
    return [("" if number else page, *line) for number, line in enumerate(lines)]


def _line(row: Published, name: str, words: str, ours: Mapping[str, Any]) -> tuple[str, ...]:
    stated, found = row.values()[name], ours[name]
    ratio = stated >= 100
    difference = (
        f"× {found['value'] / stated:.3g}" if ratio else f"{round(found['value'] - stated, 3) + 0:+.3f}"
    )
    interval = f"{_shown(found['low'])} to {_shown(found['high'])}" if "low" in found else "–"
    inside = "low" in found and found["low"] <= stated <= found["high"]
    lies = "inside" if inside else "outside"
    return words, _shown(stated), _shown(found["value"]), interval, difference, lies


def _shown(value: float) -> str:
    if value >= 1e5:
        return power_of_ten(value)
    return f"{value:.0f}" if value >= 100 else f"{value:.3f}"
