"""What the page of a pair says of it, in sentences that hold whatever the runs show."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from scaling_utils.allocation.recipe_fits import (
    APPROACH_1,
    CUT,
    KAPLAN,
    NEARER,
    REACH,
    SLICES,
    TRAINED,
)
from scaling_utils.allocation.recipes import recipes_cross
from scaling_utils.figures.style import in_powers, in_units
from scaling_utils.fitting.pair import SIDES, Pair
from scaling_utils.fitting.pair_gap import seeds_needed

Rows = Mapping[Hashable, Mapping[Hashable, Any]]
"""Refitted sizes by recipe and column."""

OUTCOMES = {
    "larger": "the larger model wins",
    "smaller": "the smaller model wins",
    "": "neither model wins beyond the noise",
}


def told(
    pair: Pair, sizes: pd.DataFrame, expected: pd.DataFrame, *, names: tuple[str, str]
) -> dict[str, str]:
    """Sentences by key.

    Parameters
    ----------
    pair, sizes, expected
        Results of `compare_pair`, of `published_sizes` or `refitted_sizes`, and of `expected_gaps`.
    names
        What the larger and the smaller model are called.

    Returns
    -------
    dict of str to str
        `models` (both by name), `apart` (the gap), `judged` (against noise and laws), `bands` (of the
        figure), `sizes_told`, `seeds_told` and `choice_told` (what other seeds and recipes would change). Of
        refitted recipes also, else empty: `compared_told` (whether the pair compares the recipes) and
        `minimum_told` (of the slice).
    """
    refitted = TRAINED in sizes
    rows: Rows = sizes.to_dict(orient="index") if refitted else {}
    above = "above" if pair.gap.value >= 0 else "below"
    return {
        "models": f"larger: {names[0]}; smaller: {names[1]}",
        "apart": f"{abs(pair.gap.value):.3f} {pair.loss_unit} {above}",
        "judged": f"{_judged(pair)}{_expected(expected)}",
        "bands": _bands(pair),
        "sizes_told": _sizes(sizes),
        "compared_told": _compared(rows) if refitted else "",
        "minimum_told": _minimum(pair, rows) if SLICES in rows else "",
        "seeds_told": _seeds(pair, expected),
        "choice_told": _choice(sizes),
    }


def _judged(pair: Pair) -> str:
    equal = f"Two equal runs differ by {pair.noise:.3f} from their seeds alone"
    if pair.spread_from == "unknown":
        return "How far two equal runs end apart is not known here, so neither is whether the gap is noise."
    if pair.spread_from == "assumed":
        return f"{equal} if their spread is {pair.spread:.3f}."
    larger, smaller = (len(pair.losses[side]) for side in SIDES)
    runs = f"{larger} runs of each" if larger == smaller else f"{larger} and {smaller} runs"
    more = "less" if pair.noise < abs(pair.gap.value) else "more"
    return (
        f"With {runs} the 95 % interval of the gap is {pair.gap.low:+.3f} to {pair.gap.high:+.3f}: "
        f"{OUTCOMES[pair.lower]}. {equal}, {more} than this gap."
    )


def _expected(expected: pd.DataFrame) -> str:
    if expected.empty:
        return ""
    gaps = expected["gap"]
    return f" Published laws expect a gap between {gaps.min():.3f} and {gaps.max():.3f}."


def _bands(pair: Pair) -> str:
    if pair.spread_from == "unknown":
        return "There are no bands: the spread between seeds is not known."
    origin = "over the seeds of these runs" if pair.spread_from == "seeds" else "as reported for other models"
    single = " Open circles: the gap within each seed." if pair.seed_gaps.size > 1 else ""
    return (
        "Bands: one and two standard deviations of the difference of two equal runs, from a spread of "
        f"{pair.spread:.3f} {pair.loss_unit} {origin}.{single}"
    )


def _sizes(sizes: pd.DataFrame) -> str:
    if sizes.empty:
        return (
            "Both recipes count data in tokens. They do not say which sizes they would choose for these runs."
        )
    if TRAINED not in sizes:
        return "The table has both recipes as published."
    return (
        "Here both are fitted anew, to the lower envelope of training curves of other runs: Kaplan's to "
        "runs under one schedule for all lengths, with the layers alone in N and C, Approach 1 to runs each "
        "under a schedule of its own. The table has the sizes that they ask for, and those trained."
    )


def _compared(rows: Rows) -> str:
    """Whether Kaplan's recipe asks for the larger model when its runs reach no further than the others."""
    if CUT not in rows:
        return "The runs of Kaplan's recipe reach no further than those of Approach 1."
    cut = rows[CUT]
    limit = in_powers(rows[APPROACH_1][REACH])
    reach = f"Kaplan's recipe has runs of more compute than Approach 1. Cut at {limit} FLOPs as well, they"
    if not math.isfinite(cut["params"]):
        return f"{reach} give it no size, so the pair does not compare the recipes on equal runs."
    size = f"{in_units(cut['params'])} params (status of the fit: {cut['status']})"
    asked = f"{reach} ask for {size}. The {cut[NEARER]} model is nearer to that"
    if cut[NEARER] != rows[KAPLAN][NEARER]:
        return f"{asked}: the pair compares two sizes rather than two recipes."
    return f"{asked}, as it is to what all of them ask for."


def _minimum(pair: Pair, rows: Rows) -> str:
    """Where Approach 2 has the best size at the budget of the pair, against the two that were trained."""
    row = rows[SLICES]
    apart = " and ".join(
        f"{max(ratio, 1 / ratio):.1f} times from the {side} model"
        for side, ratio in ((side, pair.params[side] / row["params"]) for side in SIDES)
    )
    ends = {"": "neither ends lower beyond the noise", row[NEARER]: "that is the one that ends lower"}
    outcome = ends.get(pair.lower, "that is not the one that ends lower")
    return (
        f"The slice of runs at this budget (Approach 2) has its minimum at {in_units(row['params'])} params: "
        f"{apart}. "
        f"The {row[NEARER]} model is nearer, and {outcome}."
    )


def _seeds(pair: Pair, expected: pd.DataFrame) -> str:
    if len(expected):
        counts = expected["seeds of each to show it"]
        return (
            f"If the laws are right, between {counts.min():.0f} and {counts.max():.0f} runs of each size "
            "would be needed to show the gap four times out of five."
        )
    if pair.spread_from == "unknown":
        return "Train each size with several seeds to see how far equal runs end apart."
    needed = seeds_needed(pair.gap.value, pair.spread)
    if math.isinf(needed):
        return "The two losses are the same."
    measured = (
        f"If the true gap is the measured one, {needed:.0f} runs of each size show it four times out of five."
    )
    if not pair.lower:
        return f"{measured} The interval of the gap holds zero, so no number may be enough."
    least = seeds_needed(min(abs(pair.gap.low), abs(pair.gap.high)), pair.spread)
    return f"{measured} At the end of its interval nearer to zero it takes {least:.0f}."


def _choice(sizes: pd.DataFrame) -> str:
    if sizes.empty:
        return "Sizes that no recipe chose show what size costs here, not which recipe is better."
    if TRAINED not in sizes:
        return (
            f"The two recipes agree at {in_powers(recipes_cross())} FLOPs. Near that budget two sizes that "
            "differ are not the choices of the two recipes."
        )
    return (
        "Other runs would have asked for other sizes. The table of sizes has intervals where at least half "
        "of the resamples have a law, and says how far the runs of each recipe reach."
    )
