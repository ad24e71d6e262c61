"""Fragments of the chapter on block-sparse attention: published laws and gaps beside ours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from scaling_utils.book.generated import NOT_AT_HAND, Results, table
from scaling_utils.book.project import Project
from scaling_utils.book.scenarios import Scenario, load_scenarios
from scaling_utils.fitting.trailing import (
    LinePair,
    crossing_interval,
    crossing_text,
    method_name,
    place_key,
    place_name,
    printed_lines,
)
from scaling_utils.results import Estimate

DATASET = "lu2025-moba"
NOTEBOOK = "06-block-sparse-vs-full-attention"


def comparison(project: Project, results: Results) -> str:
    """Markdown table of laws, gaps and crossing, for the scenarios that show one place.

    Parameters
    ----------
    project
        The book.
    results
        What the executed notebooks published.
    """
    header = ("Place", "Quantity", "published", "as drawn", "from the curves", "95 % interval", "difference")
    rows: list[tuple[str, ...]] = []
    complete = True
    for scenario, places in _scenarios(project):
        if len(places) == 1:
            ours = results.get((scenario.notebook, scenario.name))
            complete = complete and ours is not None
            rows += _place_rows(scenario, places[0], ours)
    return table(header, rows) + ("" if complete else NOT_AT_HAND)


def positions(project: Project, results: Results) -> str:
    """Markdown table of the gaps at every place, for the scenario that shows several.

    Parameters
    ----------
    project, results
        As for `comparison`.
    """
    header = ("Place", "published, smaller", "ours", "published, larger", "ours")
    rows, complete = [], True
    for scenario, places in _scenarios(project):
        if len(places) == 1:
            continue
        ours = results.get((scenario.notebook, scenario.name))
        complete = complete and ours is not None
        printed = printed_lines("lu2025", places)
        rows += [_position_row(place, printed[place], ours) for place in places]
    return table(header, rows) + ("" if complete else NOT_AT_HAND)


def _scenarios(project: Project) -> list[tuple[Scenario, list[str]]]:
    """The scenarios of the notebook on the published curves, with the places they name."""
    return [
        (scenario, [name.strip() for name in str(scenario.parameters["places"]).split(",")])
        for scenario in load_scenarios(project)
        if scenario.notebook == NOTEBOOK
        and scenario.parameters.get("dataset", DATASET) == DATASET
        and scenario.parameters.get("places")
    ]


def _place_rows(scenario: Scenario, place: str, ours: Mapping[str, Any] | None) -> list[tuple[str, ...]]:
    pair = printed_lines("lu2025", [place])[place]
    page = f"{{doc}}`{place_name(place)} </{scenario.docname}>`"
    rows: list[tuple[str, ...]] = []
    for method in pair.methods:
        law = pair.laws[method]
        for name, stated in (("A", law.coefficient.value), ("g", -law.exponent.value)):
            key = f"{name}_{place_key(method)}_{place_key(place)}"
            drawn = f"{ours[f'{key}_drawn']:.3f}" if ours else ""
            rows.append(
                (f"${name}$, {method_name(method)}", f"{stated:.3f}", drawn, *_beside(stated, ours, key))
            )
    for key, words in (("compute_from", "gap_from"), ("compute_to", "gap_to")):
        if ours:
            stated = pair.gap(float(ours[key]))
            cells = _beside(stated, ours, f"{words}_{place_key(place)}", "+.1%")
            rows.append((f"gap at {ours[key]:g} PF-days", f"{stated:+.1%}", "", *cells))
    rows.append(_crossing_row(pair, ours, f"crossing_{place_key(place)}"))
    return [(page if number == 0 else "", *row) for number, row in enumerate(rows)]


def _position_row(place: str, pair: LinePair, ours: Mapping[str, Any] | None) -> tuple[str, ...]:
    cells = [place_name(place, short=True)]
    for compute, key in (("compute_from", "gap_from"), ("compute_to", "gap_to")):
        if ours is None:
            cells += ["", "no data at hand"]
        else:
            gap = ours[f"{key}_{place_key(place)}"]
            stated, value, low, high = (
                f"{100 * share:.1f}"
                for share in (pair.gap(float(ours[compute])), gap["value"], gap["low"], gap["high"])
            )
            cells += [stated, f"{value} ({low} to {high})"]
    return tuple(cells)


def _beside(
    stated: float, ours: Mapping[str, Any] | None, key: str, form: str = ".3f"
) -> tuple[str, str, str]:
    """Our value, its interval and the difference, as text."""
    if ours is None:
        return "no data at hand", "", ""
    found = ours[key]
    interval = f"{found['low']:{form}} to {found['high']:{form}}"
    return f"{found['value']:{form}}", interval, f"{found['value'] - stated:+{form.removeprefix('+')}}"


def _crossing_row(pair: LinePair, ours: Mapping[str, Any] | None, key: str) -> tuple[str, ...]:
    name, stated = "crossing (PF-days)", crossing_text(pair.crossing)
    if ours is None:
        return name, stated, "", "no data at hand", "", ""
    # what is infinite is kept as None, and an infinite end not at all
    record = ours[key]
    value = math.inf if record["value"] is None else float(record["value"])
    crossing = Estimate(value, record.get("low", math.inf), record.get("high", math.inf))
    apart = f"{value - pair.crossing:+.0f}" if math.isfinite(value + pair.crossing) else ""
    return name, stated, "", crossing_text(value), crossing_interval(crossing), apart
