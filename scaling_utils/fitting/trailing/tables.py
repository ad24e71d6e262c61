"""The laws of two methods at several places: tables for pages, and results by key."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from scaling_utils.fitting.trailing.checks import (
    bowed_laws,
    compute_ratio,
    exponent_difference,
    loss_difference,
    narrowing_verdict,
)
from scaling_utils.fitting.trailing.fit import TrailingFit
from scaling_utils.fitting.trailing.places import LinePair, method_name, place_key, place_name
from scaling_utils.results import Estimate

LAST_DIGIT = 0.001
"""One in the last digit of a printed exponent."""


def laws_table(
    fits: Mapping[str, TrailingFit], *, printed: Mapping[str, LinePair], drawn: Mapping[str, LinePair]
) -> pd.DataFrame:
    """A and g as printed, as drawn, and as fitted with their intervals.

    Parameters
    ----------
    fits
        Results of `fit_places`.
    printed, drawn
        Results of `printed_lines` and `drawn_lines`.

    Returns
    -------
    DataFrame
        One row per place and method, the first columns; NaN where a report gives no law.

    Examples
    --------
    >>> from scaling_utils import load
    >>> from scaling_utils.fitting.trailing import fit_places, printed_lines
    >>> fits = fit_places(load("lu2025-moba"), places="30-32", resamples=0)
    >>> table = laws_table(fits, printed=printed_lines("lu2025", ["30-32"]), drawn={})
    >>> table[["A printed", "A"]].round(3).values.tolist()
    [[1.546, 1.553], [1.464, 1.473]]
    """
    rows = []
    for place, fit in fits.items():
        for method in fit.methods:
            row: dict[str, float | str] = {
                "place": place_name(place, short=True),
                "method": method_name(method),
            }
            ours = fit.laws[method]
            for name, sign, estimate in (("A", 1, ours.coefficient), ("g", -1, ours.exponent)):
                row[f"{name} printed"] = _stated(printed.get(place), method, name)
                row[f"{name} drawn"] = _stated(drawn.get(place), method, name)
                ends = sorted((sign * estimate.low, sign * estimate.high))
                row |= {name: sign * estimate.value, f"{name} low": ends[0], f"{name} high": ends[1]}
            rows.append(row)
    return pd.DataFrame(rows)


def gaps_table(
    fits: Mapping[str, TrailingFit],
    *,
    printed: Mapping[str, LinePair],
    compute_from: float,
    compute_to: float,
) -> pd.DataFrame:
    """The gap between the methods at two computes, and where the laws cross.

    Parameters
    ----------
    fits, printed
        As for `laws_table`.
    compute_from, compute_to
        Compute (PF-days).

    Returns
    -------
    DataFrame
        One row per place, the first column. Gaps in percent of the second method's loss, from the printed
        laws and from ours with its interval, the compute in the name of the column; computes (PF-days) of
        the crossing as text.
    """
    rows = []
    for place, fit in fits.items():
        pair = printed.get(place)
        row: dict[str, float | str] = {"place": place_name(place, short=True)}
        for pf_days in (compute_from, compute_to):
            gap, at = fit.gap(pf_days), f"{pf_days:g}"
            row[f"printed, {at}"] = 100 * pair.gap(pf_days) if pair else math.nan
            row |= {
                f"ours, {at}": 100 * gap.value,
                f"low, {at}": 100 * gap.low,
                f"high, {at}": 100 * gap.high,
            }
        row["printed crossing"] = crossing_text(pair.crossing) if pair else "–"
        row["crossing"] = crossing_text(fit.crossing.value)
        row["low"], row["high"] = crossing_text(fit.crossing.low), crossing_text(fit.crossing.high)
        rows.append(row)
    return pd.DataFrame(rows)


def results_by_key(
    fits: Mapping[str, TrailingFit],
    *,
    drawn: Mapping[str, LinePair],
    compute_from: float,
    compute_to: float,
) -> dict[str, Estimate | float]:
    """Every law, gap and crossing under its key, as in ``A_moba_30_32`` and ``gap_from_30_32``.

    Parameters
    ----------
    fits
        Results of `fit_places`.
    drawn
        Result of `drawn_lines`; its laws get keys that end in ``_drawn``.
    compute_from, compute_to
        Compute (PF-days) of ``gap_from`` and ``gap_to``; the gaps are shares.

    Examples
    --------
    >>> from scaling_utils import load
    >>> from scaling_utils.fitting.trailing import fit_places
    >>> fits = fit_places(load("lu2025-moba"), places="30-32", resamples=0)
    >>> list(results_by_key(fits, drawn={}, compute_from=0.4, compute_to=5.0))
    ['A_moba_30_32', 'g_moba_30_32', 'A_full_30_32', 'g_full_30_32', 'gap_from_30_32', 'gap_to_30_32',
     'crossing_30_32']
    """
    found: dict[str, Estimate | float] = {}
    for place, fit in fits.items():
        key = place_key(place)
        for method in fit.methods:
            law = fit.laws[method]
            g = law.exponent
            stem = f"{place_key(method)}_{key}"
            found[f"A_{stem}"] = law.coefficient
            found[f"g_{stem}"] = Estimate(-g.value, -g.high, -g.low, g.unit, g.level)
            if place in drawn:
                for name in ("A", "g"):
                    found[f"{name}_{stem}_drawn"] = _stated(drawn[place], method, name)
        found[f"gap_from_{key}"] = fit.gap(compute_from)
        found[f"gap_to_{key}"] = fit.gap(compute_to)
        found[f"crossing_{key}"] = fit.crossing
    return found


def main_results(
    fits: Mapping[str, TrailingFit],
    *,
    printed: Mapping[str, LinePair],
    drawn: Mapping[str, LinePair],
    compute_from: float,
    compute_to: float,
) -> dict[str, Estimate | float | str]:
    """What the text of a page says: of the last place, and how all of them compare with what is printed.

    Parameters
    ----------
    fits, printed, drawn
        As for `laws_table`.
    compute_from, compute_to
        Compute (PF-days) of the two gaps.
    """
    place, fit = list(fits.items())[-1]
    pair = printed.get(place)
    table = laws_table(fits, printed=printed, drawn=drawn)
    inside = sum(
        int(table[f"{name} printed"].between(table[f"{name} low"], table[f"{name} high"]).sum())
        for name in ("A", "g")
    )
    gaps = [
        pair_there.gap(pf_days) in fits[there].gap(pf_days)
        for there, pair_there in printed.items()
        for pf_days in (compute_from, compute_to)
    ]
    n_printed = 2 * int(table["A printed"].notna().sum())
    apart = (table["g printed"] - table["g drawn"]).abs()
    printed_apart = float((table["g printed"] - table["g"]).abs().max())
    agreement = (
        f"Of {n_printed} printed values of A and g, {inside} lie inside our intervals, and {sum(gaps)} of "
        f"{len(gaps)} printed gaps. A printed exponent differs from ours by at most {printed_apart:.4f}"
        + (f", from that of the drawn line by at most {apart.max():.4f}." if apart.notna().any() else ".")
    )
    text = {
        "agreement": agreement if n_printed else "No laws were published for these runs to compare with.",
        "place_name": place_name(place),
        "method_name": method_name(fit.methods[0]),
        "baseline_name": method_name(fit.methods[1]),
        "settled": "do not settle" if narrowing_verdict(fit) == "not settled" else "settle",
        "crossing_text": crossing_text(fit.crossing.value),
        "crossing_interval": crossing_interval(fit.crossing),
        "printed_crossing": crossing_text(pair.crossing if pair else math.nan),
        "crossing_words": crossing_words(
            fit.crossing, pair.crossing if pair else math.nan, method=method_name(fit.methods[0])
        ),
    }
    numbers: dict[str, float | str] = {
        "n_models": str(len(fit.ends) // 2),
        "n_laws": str(len(table)),
        "n_bowed": str(bowed_laws(fits.values())),
        "n_printed": str(n_printed),
        "n_inside": str(inside),
        "n_gaps": str(len(gaps)),
        "n_gaps_inside": str(sum(gaps)),
        "drawn_apart": float(apart.max()),
        "n_drawn_apart": str(int((apart > LAST_DIGIT).sum())),
        "printed_apart": printed_apart,
        "largest": fit.covered[1],
        "smallest": fit.covered[0],
        "failed_share": fit.failed_share,
        "crossing_extrapolation": fit.extrapolation(fit.crossing.value),
        "printed_extrapolation": fit.extrapolation(pair.crossing if pair else math.nan),
        "printed_gap_from": pair.gap(compute_from) if pair else math.nan,
        "printed_gap_to": pair.gap(compute_to) if pair else math.nan,
        "printed_difference_from": pair.difference(compute_from) if pair else math.nan,
        "printed_difference_to": pair.difference(compute_to) if pair else math.nan,
    }
    estimates = {
        "gap_from": fit.gap(compute_from),
        "gap_to": fit.gap(compute_to),
        "difference_from": loss_difference(fit, compute_from),
        "difference_to": loss_difference(fit, compute_to),
        "ratio_from": compute_ratio(fit, compute_from),
        "ratio_to": compute_ratio(fit, compute_to),
        "narrowing": exponent_difference(fit),
    }
    return {**text, **numbers, **estimates}


def crossing_text(pf_days: float) -> str:
    """A compute at which two laws cross, as a table or a sentence has it.

    >>> crossing_text(142.4), crossing_text(4432), crossing_text(7.4e30), crossing_text(math.inf)
    ('142', '4,430', 'beyond 10⁶', 'never')
    >>> crossing_text(1e-30)
    'below 10⁻¹²'
    """
    if math.isnan(pf_days):
        return "–"
    if math.isinf(pf_days):
        return "never"
    if pf_days >= 1e6:
        return "beyond 10⁶"
    if pf_days < 1e-12:
        return "below 10⁻¹²"
    return f"{pf_days:.3g}" if pf_days < 1000 else f"{float(f'{pf_days:.3g}'):,.0f}"


def crossing_interval(crossing: Estimate) -> str:
    """The interval of a crossing, as a figure or a sentence has it.

    >>> crossing_interval(Estimate(175, 12, math.inf)), crossing_interval(Estimate(30, 12, 90))
    ('from 12, without an end', '12 to 90')
    """
    low, high = crossing_text(crossing.low), crossing_text(crossing.high)
    if not math.isinf(crossing.high):
        return f"{low} to {high}"
    return "never" if math.isinf(crossing.low) else f"from {low}, without an end"


def crossing_words(crossing: Estimate, printed: float, *, method: str) -> str:
    """Where two laws cross, and where those do that are printed, after the word "laws".

    Parameters
    ----------
    crossing, printed
        Compute (PF-days) from which the first law is the lower one; infinite where it never comes to be. NaN
        where no laws are printed.
    method
        Name of the first law.

    Examples
    --------
    >>> crossing_words(Estimate(175, 12, math.inf), 142, method="MoBA")
    'cross at 175 PF-days (95 % interval: from 12, without an end), the printed ones at 142'
    >>> crossing_words(Estimate(math.inf), math.inf, method="MoBA")
    'cross nowhere that leaves MoBA the lower one (no interval), nor do the printed ones'
    >>> crossing_words(Estimate(8e6, 40, math.inf), math.nan, method="MoBA")
    'cross beyond 10⁶ PF-days (95 % interval: from 40, without an end)'
    """

    def at(pf_days: float) -> str:
        told = crossing_text(pf_days)
        return told if told.startswith(("beyond", "below")) else f"at {told}"

    never = math.isinf(crossing.value)
    ours = f"nowhere that leaves {method} the lower one" if never else f"{at(crossing.value)} PF-days"
    known = f"95 % interval: {crossing_interval(crossing)}" if not math.isnan(crossing.low) else "no interval"
    theirs = ""
    if math.isinf(printed):
        theirs = ", nor do the printed ones" if never else ", the printed ones nowhere"
    elif not math.isnan(printed):
        theirs = f", the printed ones {at(printed)}"
    return f"cross {ours} ({known}){theirs}"


def _stated(pair: LinePair | None, method: str, name: str) -> float:
    if pair is None:
        return math.nan
    law = pair.laws[method]
    return law.coefficient.value if name == "A" else -law.exponent.value
