"""Fragments of the chapter on why exponents differ: a verdict, the figure, and exponents by protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scaling_utils.book.generated import NOT_AT_HAND, Results, table
from scaling_utils.book.project import Project
from scaling_utils.book.scenarios import Scenario, load_scenarios
from scaling_utils.fitting.protocols import TITLES
from scaling_utils.published import published

NOTEBOOK = "07-why-kaplan-and-chinchilla-differ"
STEPS = ("kaplan", "last-layer", "short-warmup", "cosine", "tuned")

FIGURE = """```{{figure}} ../figures/{page}/protocols.svg
:name: fig-protocols-chapter
:figclass: wide
:alt: Two panels. Left: one row for each of five protocols, with its exponent as published, by interpolation and by parabolas, each with an interval; a line steps down from Kaplan's protocol to the tuned one. Right: the best model size against compute for each protocol, on straight lines in log-log axes that become flatter from protocol to protocol.

The exponent by protocol on {title}. *Left:* published values, and ours by interpolation and by parabolas, with 95 % intervals. *Right:* the minima and the laws through them; sizes and compute as each protocol counts them.
```

"""  # noqa: E501


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
    for scenario in _scenarios(project):
        ours = results.get((scenario.notebook, scenario.name))
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
    header = ("Protocol", "published $a$", "ours, interpolated", "difference", "by parabolas")
    figure, parts, complete = "", [], True
    for scenario in _scenarios(project):
        ours = results.get((scenario.notebook, scenario.name))
        if ours and not figure:
            figure = FIGURE.format(page=f"{scenario.notebook}/{scenario.name}", title=scenario.title)
        complete = complete and ours is not None
        rows = [_row(scenario, number, ours) for number in range(len(STEPS))]
        parts.append(f"{{doc}}`{scenario.title} </{scenario.docname}>`\n\n{table(header, rows)}\n")
    return figure + "".join(parts) + ("" if complete else NOT_AT_HAND)


def _row(scenario: Scenario, number: int, ours: Mapping[str, Any] | None) -> tuple[str, ...]:
    stated = published(f"{scenario.parameters['published']}.step{number}")
    value, interval = stated.values()["a"], stated.intervals()["a"]
    row = (TITLES[STEPS[number]], f"{value:.3f} ({interval.low:.3f} to {interval.high:.3f})")
    if not ours:
        return (*row, "no data at hand", "", "")
    key = f"a_{STEPS[number].replace('-', '_')}"
    found, parabola = (
        f"{of['value']:.3f} ({of['low']:.3f} to {of['high']:.3f})"
        for of in (ours[f"{key}_interpolated"], ours[key])
    )
    # adding zero takes the sign from a difference that rounds to nothing
    difference = round(ours[f"{key}_interpolated"]["value"] - value, 3) + 0.0
    return (*row, found, f"{difference:+.3f}", parabola)


def _scenarios(project: Project) -> list[Scenario]:
    """The scenarios that have published exponents to compare with."""
    found = [scenario for scenario in load_scenarios(project) if scenario.notebook == NOTEBOOK]
    return [scenario for scenario in found if scenario.parameters.get("published")]
