"""Fragment of the chapter on two sizes at one budget: published sizes, sequences and gaps beside ours."""

from __future__ import annotations

from collections.abc import Iterator

from scaling_utils.allocation.recipe_fits import KEYS
from scaling_utils.book.comparisons.rows import (
    NO_DATA,
    NOT_AT_HAND,
    UNKNOWN,
    cited,
    figure,
    fixed,
    interval,
    link,
    share,
    under,
)
from scaling_utils.book.project import Project
from scaling_utils.book.results import Found, Results, pages_of
from scaling_utils.book.scenarios import Scenario
from scaling_utils.book.tables import table
from scaling_utils.figures.style import in_units, power_of_ten
from scaling_utils.fitting.pair import SIDES
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
ASKED = (
    "Recipe, fitted anew",
    "asks for (params)",
    "95 % interval",
    "answer in",
    "status",
    "runs reach (FLOPs)",
    "nearer model",
)
GAP = "measured gap"
SIGNED = fixed("+.3f")

ALT = (
    "The gap between the losses of the larger and the smaller model with its interval, and below it the gap "
    "within each seed, on an axis with a line at zero and shaded bands about it that show how far apart two "
    "equal runs end by chance."
)


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
            rows += under(page, (_stated_row(ours, *quantity) for quantity in QUANTITIES))
        elif ours:
            gap = ours["gap"]
            told = f"{GAP} ({gap['unit']})"
            assumed = " (spread assumed)" if ours["spread_from"] == "assumed" else ""
            span = f"{interval(gap, SIGNED)}{assumed}"
            rows.append((page, told, UNKNOWN, SIGNED(gap["value"]), span, UNKNOWN))
        else:
            rows.append((page, GAP, UNKNOWN, NO_DATA, "", ""))
            note = NOT_AT_HAND
    return table(HEADER, rows) + note


def verdict(project: Project, results: Results) -> str:
    """A sentence on each pair whose sizes two recipes chose from other runs; nothing where it did not run.

    Parameters
    ----------
    project, results
        As for `comparison`.
    """
    return "\n".join(
        f"On {link(scenario)}, at {ours['flops_text']} FLOPs, the larger model ends {ours['apart']} the "
        f"smaller one. {ours['judged']} {ours['compared_told']}".rstrip()
        + "\n"
        for scenario, ours in _chosen(project, results)
        if ours
    )


def measured(project: Project, results: Results) -> str:
    """What each recipe asked for, what was trained, and the figure of the gap.

    Parameters
    ----------
    project, results
        As for `comparison`.
    """
    return "\n".join(
        _sizes(ours)
        + figure(
            scenario,
            ours,
            "noise",
            name=f"fig-pair-measured-{scenario.name}",
            alt=ALT,
            caption="The gap of {{doc}}`{title} </{docname}>`, whose page has the curves, against one and "
            "two standard deviations of the difference of two equal runs. Open circles: single seeds.",
        )
        for scenario, ours in _chosen(project, results)
    )


def _chosen(project: Project, results: Results) -> Iterator[tuple[Scenario, Found | None]]:
    """The pages whose sizes the recipes chose from other runs."""
    pages = pages_of(NOTEBOOK, project, results)
    return ((scenario, ours) for scenario, ours in pages if scenario.parameters.get("dataset_kaplan"))


def _sizes(ours: Found | None) -> str:
    if ours is None:
        return ""
    asked = [_asked(ours, recipe, f"size_{key}") for recipe, key in KEYS.items() if f"size_{key}" in ours]
    trained = " and ".join(
        f"{in_units(ours[f'params_{side}'])} with {ours[f'runs_{side}']:.0f} runs" for side in SIDES
    )
    told = " ".join(filter(None, (ours["compared_told"], ours["minimum_told"])))
    return (
        f"{table(ASKED, asked)}\n{told} The nearest shapes were trained: {trained}, counted as Approach 1 "
        "counts.\n"
    )


def _asked(ours: Found, recipe: str, key: str) -> tuple[str, ...]:
    answers = f"{ours[f'{key}_answers']:.0%} of resamples"
    size = f"{in_units(ours[key]['value'])} ({ours[f'{key}_count']})"
    reach = power_of_ten(ours[f"{key}_reach"])
    told = interval(ours[key], in_units)
    return recipe, size, told, answers, ours[f"{key}_status"], reach, ours[f"{key}_nearer"]


def _stated_row(ours: Found | None, told: str, published_id: str, name: str, key: str) -> tuple[str, ...]:
    row = published(published_id)
    stated = row.values()[name]
    printed = f"{stated:.3g} {cited(row)}"
    if ours is None:
        return told, printed, "not executed", "", ""
    value = ours[key]["value"]
    return told, printed, f"{value:.3g}", UNKNOWN, share(".1%")(value, stated)
