"""Laws at several places of the context at once, and the lines that a report prints or draws for them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from scaling_utils.errors import DataError, clip
from scaling_utils.fitting.trailing.fit import IntervalOfLines, TrailingFit, fit_trailing, in_text
from scaling_utils.laws import published_laws
from scaling_utils.results import Estimate, PowerLaw
from scaling_utils.runs.registry import load_table
from scaling_utils.runs.table import RunTable

WHOLE_CONTEXT = {"fig3a": "8k", "fig3b": "30-32"}
"""Panels that are drawn apart from the position bins, by the name their published law goes by."""


@dataclass(frozen=True)
class LinePair:
    """The laws of two methods without intervals, as printed or drawn.

    Parameters
    ----------
    methods
        The method in question, and the one it is compared with.
    laws
        By method, with C in PF-days: the coefficient is A, the exponent is -g.

    Examples
    --------
    >>> pair = printed_lines("lu2025", ["30-32"])["30-32"]
    >>> round(pair.gap(1.0), 3), round(pair.crossing)
    (0.056, 142)
    """

    methods: tuple[str, str]
    laws: Mapping[str, PowerLaw]

    def gap(self, pf_days: float) -> float:
        """How far the first law lies above the second at a compute (PF-days), as a share of the second."""
        first, second = (float(self.laws[method](pf_days)) for method in self.methods)
        return first / second - 1

    def difference(self, pf_days: float) -> float:
        """How far the first law lies above the second at a compute (PF-days), in the unit of the loss."""
        first, second = (float(self.laws[method](pf_days)) for method in self.methods)
        return first - second

    @property
    def crossing(self) -> float:
        """Compute (PF-days) from which the first law is the lower one; infinite if it never is."""
        first, second = (self.laws[method] for method in self.methods)
        fall = second.exponent.value - first.exponent.value
        if fall <= 0:
            return math.inf
        return math.exp(math.log(first.coefficient.value / second.coefficient.value) / fall)


def listed_places(places: str) -> list[str]:
    """Names of places from a text with commas between.

    >>> listed_places("bytes 0-64, bytes 64-128"), listed_places("")
    (['bytes 0-64', 'bytes 64-128'], [])
    """
    return [name.strip() for name in places.split(",") if name.strip()]


def fit_places(
    runs: RunTable,
    *,
    places: str = "",
    methods: tuple[str, str] = ("moba", "full"),
    tail: float = 0.05,
    interval: IntervalOfLines = "student",
    resamples: int = 10_000,
    seed: int = 0,
) -> dict[str, TrailingFit]:
    """Fit the laws of two methods at several places of the context.

    Parameters
    ----------
    runs
        As for `fit_trailing`.
    places
        Names of places in the column `panel`, with commas between; empty for all, in the order of the runs.
    methods, tail, interval, resamples, seed
        As for `fit_trailing`.

    Returns
    -------
    dict
        The fit of each place, in the order asked for.

    Raises
    ------
    DataError
        As for `fit_trailing`.

    Examples
    --------
    >>> from scaling_utils import load
    >>> fits = fit_places(load("lu2025-moba"), places="0-2, 30-32", resamples=0)
    >>> [f"{place}: {fit.gap(1.0).value:.3f}" for place, fit in fits.items()]
    ['0-2: -0.003', '30-32: 0.054']
    """
    chosen = listed_places(places)
    if not chosen and "panel" in runs.frame:
        chosen = list(in_text(runs.frame["panel"]).unique())
    if not chosen:
        raise DataError(
            "there is no column 'panel'",
            file=runs.source,
            remedy="Add it; it says at which place of the context a loss was measured.",
        )
    return {
        place: fit_trailing(
            runs, panel=place, methods=methods, tail=tail, interval=interval, resamples=resamples, seed=seed
        )
        for place in chosen
    }


def computes_of_gap(
    fits: Mapping[str, TrailingFit], compute_from: float, compute_to: float
) -> tuple[float, float]:
    """The two computes (PF-days) at which gaps are read.

    Parameters
    ----------
    fits
        Results of `fit_places`.
    compute_from, compute_to
        Compute (PF-days); 0 for the smallest and the largest that the last place covers, to two digits.

    Examples
    --------
    >>> from scaling_utils import load
    >>> fits = fit_places(load("lu2025-moba"), places="30-32", resamples=0)
    >>> computes_of_gap(fits, 0.0, 0.0), computes_of_gap(fits, 0.4, 5.0)
    ((0.36, 5.0), (0.4, 5.0))
    """
    smallest, largest = (float(f"{c:.2g}") for c in list(fits.values())[-1].covered)
    return compute_from or smallest, compute_to or largest


def printed_lines(
    report: str, places: list[str], *, methods: tuple[str, str] = ("moba", "full")
) -> dict[str, LinePair]:
    """The laws that a report prints, for the places where it prints both.

    Parameters
    ----------
    report
        What the ids of its laws begin with, as in ``lu2025-moba-30-32``; empty for none.
    places
        Names of places, as the runs give them.
    methods
        Names of the two methods.

    Returns
    -------
    dict
        By place; places without published laws are absent.
    """
    known, found = published_laws(), {}
    for place in places if report else []:
        ids = {method: f"{report}-{method}-{WHOLE_CONTEXT.get(place, place)}" for method in methods}
        if set(ids.values()) <= known.keys():
            values = {method: known[law_id].values for method, law_id in ids.items()}
            found[place] = _pair(methods, {method: (v["A"], v["g"]) for method, v in values.items()})
    return found


def drawn_lines(
    dataset: str, places: list[str], *, methods: tuple[str, str] = ("moba", "full")
) -> dict[str, LinePair]:
    """The laws refitted from the lines that a report draws, for the places where it draws both.

    Parameters
    ----------
    dataset
        Id of a registered table with columns `panel`, `attention`, `a_fit` and `b_fit`; empty for none.
    places, methods
        As for `printed_lines`.

    Returns
    -------
    dict
        By place; places that the table lacks are absent.

    Raises
    ------
    DataError
        If the table is not registered, or lacks one of the columns.

    Examples
    --------
    >>> pair = drawn_lines("lu2025-moba-projections", ["30-32"])["30-32"]
    >>> print(pair.laws["moba"].coefficient, -round(pair.laws["moba"].exponent.value, 3))
    1.55 0.108
    """
    if not dataset:
        return {}
    table = load_table(dataset)
    missing = [name for name in ("panel", "attention", "a_fit", "b_fit") if name not in table]
    if missing:
        raise DataError(f"the table '{clip(dataset)}' has no column '{missing[0]}'")
    places_and_methods = zip(map(str, table["panel"]), map(str, table["attention"]), strict=True)
    values = zip(map(float, table["a_fit"]), map(float, table["b_fit"]), strict=True)
    lines = dict(zip(places_and_methods, values, strict=True))
    return {
        place: _pair(methods, {method: lines[place, method] for method in methods})
        for place in places
        if all((place, method) in lines for method in methods)
    }


def place_key(place: str) -> str:
    """A place as part of the key of a result.

    >>> place_key("30-32"), place_key("fig3a")
    ('30_32', '8k')
    """
    name = "8k" if place == "fig3a" else place
    return re.sub(r"\W+", "_", name.lower())


def place_name(place: str, *, short: bool = False) -> str:
    """A place as a figure or a sentence names it, or as a table does.

    >>> place_name("30-32"), place_name("fig3a"), place_name("tail")
    ('positions 30–32K', '8K context', 'tail')
    >>> place_name("30-32", short=True)
    '30–32K'
    """
    if place in WHOLE_CONTEXT:
        name = {"fig3a": "8K context", "fig3b": "positions 30–32K (Figure 3)"}[place]
    elif re.fullmatch(r"\d+-\d+", place):
        name = f"positions {place.replace('-', '–')}K"
    else:
        name = place
    return name.removeprefix("positions ") if short else name


def method_name(method: str) -> str:
    """A method as a figure or a sentence names it.

    >>> method_name("moba"), method_name("full"), method_name("sliding window")
    ('MoBA', 'full attention', 'sliding window')
    """
    return {"moba": "MoBA", "full": "full attention"}.get(method, method)


def _pair(methods: tuple[str, str], values: Mapping[str, tuple[float, float]]) -> LinePair:
    return LinePair(
        methods, {method: PowerLaw(Estimate(a), Estimate(-g)) for method, (a, g) in values.items()}
    )
