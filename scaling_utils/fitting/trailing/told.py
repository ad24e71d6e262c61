"""What a page says of two attention methods, in words that follow the numbers."""

from __future__ import annotations

from collections.abc import Mapping

from scaling_utils.errors import DataError, clip
from scaling_utils.fitting.trailing.fit import TrailingFit, has_curves
from scaling_utils.fitting.trailing.places import listed_places, method_name, place_name
from scaling_utils.results import Estimate
from scaling_utils.runs.table import RunTable

NOT_NAMED = (
    "No place is named at which both methods see the same keys, so that the gap holds what attention can "
    "reach together with all else in which the trainings differ."
)


def drawn_in_words(runs: RunTable) -> str:
    """What a figure of these runs shows beside the laws."""
    if has_curves(runs):
        return "Training curves (thin), and the laws through their ends"
    return "The ends of training, and the laws through them"


def reach_in_words(fits: Mapping[str, TrailingFit], same_keys: str, *, pf_days: float) -> str:
    """How large the gap is where both methods see the same keys, beside that at the last place.

    Parameters
    ----------
    fits
        Results of `fit_places`.
    same_keys
        Places at which both methods see the same keys, with commas between; empty for none.
    pf_days
        Compute (PF-days) at which to read the gaps.

    Raises
    ------
    DataError
        If one of the places was not fitted.
    """
    places = listed_places(same_keys)
    if not places:
        return NOT_NAMED
    if missing := [place for place in places if place not in fits]:
        raise DataError(
            f"same_keys names '{clip(missing[0], 60)}', which is not among the places fitted",
            remedy=f"There are {clip(', '.join(fits), 300)}.",
        )
    last, fit = list(fits.items())[-1]
    there = "; ".join(f"{gap_in_words(fits[place].gap(pf_days))} for {place_name(place)}" for place in places)
    return (
        f"Some places lie so early that both methods see the same keys there, and no gap at them comes from "
        f"what attention can reach. At {pf_days:g} PF-days it is {there}. In {_lower(fits, places)} of these "
        f"pairs of ends {method_name(fit.methods[0])} has the lower loss. "
        f"For {place_name(last)} the gap is {gap_in_words(fit.gap(pf_days))}."
    )


def gap_in_words(gap: Estimate) -> str:
    """A gap in percent with its interval.

    >>> gap_in_words(Estimate(-0.0291, -0.0486, -0.0089))
    '-2.9% (-4.9% to -0.9%)'
    """
    return f"{gap.value:+.1%} ({gap.low:+.1%} to {gap.high:+.1%})"


def _lower(fits: Mapping[str, TrailingFit], places: list[str]) -> str:
    """In how many pairs of ends of one model at one place the first method has the lower loss."""
    pairs = [fits[place].ends["loss"].unstack("attention")[list(fits[place].methods)] for place in places]
    lower = sum(int((of_place.iloc[:, 0] < of_place.iloc[:, 1]).sum()) for of_place in pairs)
    return f"{lower} of {sum(map(len, pairs))}"
