"""Fragments of the chapter on block-sparse attention: published laws and gaps beside ours."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scaling_utils.book.comparisons.rows import (
    NO_DATA,
    NOT_AT_HAND,
    beside,
    difference,
    fixed,
    link,
    under,
    with_interval,
)
from scaling_utils.book.project import Project
from scaling_utils.book.results import Found, Results, pages_of
from scaling_utils.book.scenarios import Scenario
from scaling_utils.book.tables import table
from scaling_utils.fitting.trailing import (
    LinePair,
    crossing_interval,
    crossing_text,
    listed_places,
    method_name,
    place_key,
    place_name,
    printed_lines,
)
from scaling_utils.results import Estimate

DATASET = "lu2025-moba"
NOTEBOOK = "06-block-sparse-vs-full-attention"

HEADER = ("Place", "Quantity", "published", "as drawn", "from the curves", "95 % interval", "difference")
POSITIONS_HEADER = ("Place", "published, smaller", "ours", "published, larger", "ours")

GAPS = (("compute_from", "gap_from"), ("compute_to", "gap_to"))
"""Keys of the computes at which gaps are read, and of the gaps."""

LAST_PRINTED = "30-32"
"""The last positions that the report has laws for."""

THREE, PERCENT = fixed(".3f"), fixed("+.1%")


def comparison(project: Project, results: Results) -> str:
    """Markdown table of laws, gaps and crossing, for the scenarios that show one place.

    Parameters
    ----------
    project
        The book.
    results
        What the executed notebooks published.
    """
    rows: list[tuple[str, ...]] = []
    note = ""
    for scenario, places, ours in _pages(project, results):
        if len(places) == 1:
            note = note if ours else NOT_AT_HAND
            rows += under(link(scenario, place_name(places[0])), _place_lines(places[0], ours))
    return table(HEADER, rows) + note


def positions(project: Project, results: Results) -> str:
    """Markdown table of the gaps at every place, for the scenario that shows several.

    Parameters
    ----------
    project, results
        As for `comparison`.
    """
    rows: list[tuple[str, ...]] = []
    note = ""
    for _, places, ours in _pages(project, results):
        if len(places) > 1:
            note = note if ours else NOT_AT_HAND
            printed = printed_lines("lu2025", places)
            rows += [_position_row(place, printed[place], ours) for place in places]
    return table(POSITIONS_HEADER, rows) + note


def measured(project: Project, results: Results) -> str:
    """What the page of the ladder finds, beside the sign of the printed laws, and where reach plays no part.

    Parameters
    ----------
    project, results
        As for `comparison`.
    """
    told = [
        _measured(scenario, ours)
        for scenario, ours in pages_of(NOTEBOOK, project, results)
        if ours and scenario.parameters.get("same_keys")
    ]
    return "\n\n".join(told) + "\n" if told else "*The runs of this page are not at hand.*\n"


def _measured(scenario: Scenario, ours: Found) -> str:
    printed = printed_lines("lu2025", [LAST_PRINTED])[LAST_PRINTED].gap(1.0)
    sign = "the same sign" if ours["gap_to"]["value"] * printed > 0 else "not the sign"
    places = listed_places(str(scenario.parameters["same_keys"]))
    there = "; ".join(
        f"{with_interval(ours[f'gap_to_{place_key(place)}'], PERCENT)} for {place_name(place)}"
        for place in places
    )
    return (
        f"On {link(scenario)} the loss of {ours['method_name']} differs from that of {ours['baseline_name']} "
        f"by {with_interval(ours['gap_to'], PERCENT)} for {ours['place_name']}: {sign} that the printed laws "
        f"have at the end of the context. Where both methods still see the same keys the difference is "
        f"{there}, and no part of that comes from what attention can reach."
    )


def _pages(project: Project, results: Results) -> Iterator[tuple[Scenario, list[str], Found | None]]:
    """The scenarios of the notebook on the published curves, with the places they name."""
    for scenario, ours in pages_of(NOTEBOOK, project, results):
        places = str(scenario.parameters.get("places", ""))
        if places and scenario.parameters.get("dataset", DATASET) == DATASET:
            yield scenario, [name.strip() for name in places.split(",")], ours


def _place_lines(place: str, ours: Found | None) -> Iterator[tuple[str, ...]]:
    pair = printed_lines("lu2025", [place])[place]
    for method in pair.methods:
        law = pair.laws[method]
        for name, stated in (("A", law.coefficient.value), ("g", -law.exponent.value)):
            key = f"{name}_{place_key(method)}_{place_key(place)}"
            yield (
                f"${name}$, {method_name(method)}",
                THREE(stated),
                THREE(ours[f"{key}_drawn"]) if ours else "",
                *beside(ours and ours[key], stated, THREE, difference(".3f")),
            )
    if ours:
        for compute, key in GAPS:
            stated = pair.gap(float(ours[compute]))
            cells = beside(ours[f"{key}_{place_key(place)}"], stated, PERCENT, difference(".1%"))
            yield f"gap at {ours[compute]:g} PF-days", PERCENT(stated), "", *cells
    yield _crossing_row(pair, ours, f"crossing_{place_key(place)}")


def _position_row(place: str, pair: LinePair, ours: Found | None) -> tuple[str, ...]:
    cells = [place_name(place, short=True)]
    for compute, key in GAPS:
        if ours is None:
            cells += ["", NO_DATA]
        else:
            stated = pair.gap(float(ours[compute]))
            cells += [_in_percent(stated), with_interval(ours[f"{key}_{place_key(place)}"], _in_percent)]
    return tuple(cells)


def _in_percent(share: float) -> str:
    """A share without its sign of percent, for a column that has it in its name."""
    return f"{100 * share:.1f}"


def _crossing_row(pair: LinePair, ours: Found | None, key: str) -> tuple[str, ...]:
    name, stated = "crossing (PF-days)", crossing_text(pair.crossing)
    if ours is None:
        return name, stated, "", NO_DATA, "", ""
    # what is infinite is kept as None, and an infinite end not at all
    record = ours[key]
    value = math.inf if record["value"] is None else float(record["value"])
    crossing = Estimate(value, record.get("low", math.inf), record.get("high", math.inf))
    apart = f"{value - pair.crossing:+.0f}" if math.isfinite(value + pair.crossing) else ""
    return name, stated, "", crossing_text(value), crossing_interval(crossing), apart
