"""Fragment of the chapter on the envelope of training curves: published numbers beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scaling_utils.book.generated import NOT_AT_HAND, Results, pages_of, table
from scaling_utils.book.project import Project
from scaling_utils.book.scenarios import Scenario
from scaling_utils.figures.style import in_units
from scaling_utils.published import Published, published

NOTEBOOK = "02-training-curve-envelope"

FIGURE_OF = "gemstone"
"""The measured scenario whose figure the chapter shows, where its data are at hand."""

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

APPROACH = {"hoff.A1": ", Approach 1", "hoff.A3": ", Approach 3", "gemstones.A1": ", Approach 1"}
"""What follows the name of an exponent, by the published id."""

MAIN_SOURCE = "hoffmann2022training"

SOURCES = (
    f"\nPublished values are those of {{cite:t}}`{MAIN_SOURCE}` where no other source is named; those marked "
    "as computed follow from the surface that the paper fitted, before rounding, for it draws its lines "
    "without numbers.\n"
)

FIGURE = """
```{{figure}} ../figures/{notebook}/{scenario}/envelope.svg
:name: fig-envelope-measured
:figclass: wide
:alt: {alt}

The same on measured runs: {title} {{cite:p}}`mcleish2025gemstones`, at a constant learning rate.
```

The measured lines flatten too, from $g$ = {g1:.3f} over {g2:.3f} to {g3:.3f}; their tables are on
{{doc}}`a page of their own </{docname}>`. With losses from the published surface on the very same curves,
$g$ of the first third comes out {bias_g1:+.4f} off, and the worst of the nominal 95 % intervals holds the
truth in {coverage_least:.0%} of the sets: the sizes are few and far apart.
"""

ALT = (
    "Two panels of loss against compute in log-log axes. Left: measured training curves from about 50 "
    "million to 2 billion parameters, black dots along their lower envelope, and three dashed lines through "
    "its thirds, each flatter than the one before. Right: envelope and lines continued far beyond the data, "
    "beside a curve with a floor whose shaded band is wide."
)


def comparison(project: Project, results: Results) -> str:
    """Markdown table of the published numbers of every scenario beside ours, and the figure of measured runs.

    Parameters
    ----------
    project
        The book.
    results
        What the executed notebooks published.
    """
    header = ("Curves", "Quantity", "published", "source", "ours", "95 % interval", "difference")
    rows: list[tuple[str, ...]] = []
    figure, complete = "", True
    for scenario, ours in pages_of(NOTEBOOK, project, results):
        complete = complete and ours is not None
        rows += _rows(scenario, ours)
        if ours is not None and scenario.name == FIGURE_OF:
            slopes = {name: ours[name]["value"] for name in ("g1", "g2", "g3")}
            names = {"scenario": scenario.name, "title": scenario.title, "docname": scenario.docname}
            checks = {name: ours[name] for name in ("bias_g1", "coverage_least")}
            figure = FIGURE.format(notebook=NOTEBOOK, alt=ALT, **names, **slopes, **checks)
    return table(header, rows) + SOURCES + ("" if complete else NOT_AT_HAND) + figure


def _rows(scenario: Scenario, ours: Mapping[str, Any] | None) -> list[tuple[str, ...]]:
    page = f"{{doc}}`{scenario.title} </{scenario.docname}>`"
    if ours is None:
        return [(page, "", "", "", "no data at hand", "", "")]
    lines = [
        _line(row, name, ours)
        for row in map(published, str(scenario.parameters.get("published", "")).split())
        for name in row.values()
    ]
    return [("" if number else page, *line) for number, line in enumerate(lines)]


def _line(row: Published, name: str, ours: Mapping[str, Any]) -> tuple[str, ...]:
    stated, found = row.values()[name], ours[name]
    large = stated >= 1e5
    apart = found["value"] / stated if large else round(found["value"] - stated, 3) + 0
    return (
        WORDS[name] + APPROACH.get(row.id, ""),
        in_units(stated) if large else f"{stated:g}",
        _source(row),
        _shown(found["value"]),
        f"{_shown(found['low'])} to {_shown(found['high'])}" if "low" in found else "–",
        f"× {apart:.2f}" if large else f"{apart:+.3f}",
    )


def _source(row: Published) -> str:
    if row.source.bibkey != MAIN_SOURCE:
        return f"{{cite:p}}`{row.source.bibkey}`" + (
            "" if row.status == "read-in-source" else f" ({row.status})"
        )
    return "computed" if row.status == "computed" else row.source.locator


def _shown(value: float) -> str:
    return in_units(value) if value >= 1e5 else f"{value:.3f}"
