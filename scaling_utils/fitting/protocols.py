"""One exponent per training protocol, by two ways to find a minimum: the staircase of Porian et al. 2024."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from scaling_utils.errors import DataError
from scaling_utils.fitting.isoflop import InterpolatedFit, fit_interpolated, fit_isoflop, interpolated_minima
from scaling_utils.fitting.powerlaw import MIN_POINTS, fit_power_law
from scaling_utils.published import published
from scaling_utils.results import Estimate, IsoflopFit
from scaling_utils.runs.table import RunTable

TITLES = {
    "kaplan": "Kaplan's protocol",
    "last-layer": "+ output layer counted",
    "short-warmup": "+ shorter warm-up",
    "cosine": "+ decay to each budget",
    "tuned": "+ tuned, no decay",
    "neither": "N and C without embeddings",
    "compute": "embeddings counted in C",
    "both": "embeddings counted in N and C",
}
"""What each protocol of the registered datasets adds to the one before it; and three ways to count."""

WINDOWS = (2.5, 4.0, 6.0, math.inf)


@dataclass(frozen=True)
class ProtocolFit:
    """The exponent of N_opt under one protocol.

    Parameters
    ----------
    name, title
        Of the protocol.
    parabola
        Result of `fit_isoflop`.
    interpolated
        Result of `fit_interpolated`.
    """

    name: str
    title: str
    parabola: IsoflopFit
    interpolated: InterpolatedFit


def fit_protocols(
    protocols: Mapping[str, RunTable], *, window: float, noise: float, resamples: int = 4000, seed: int = 0
) -> dict[str, ProtocolFit]:
    """Fit every protocol by parabolas and by interpolation.

    Parameters
    ----------
    protocols
        Runs by the name of their protocol, as `load_protocols` gives them.
    window, noise, resamples, seed
        As for `fit_isoflop` and `fit_interpolated`.

    Returns
    -------
    dict
        In the order given.

    Raises
    ------
    DataError
        If a protocol has too few budgets with a minimum.

    Examples
    --------
    >>> from scaling_utils.runs.protocols import load_protocols
    >>> fits = fit_protocols(load_protocols("hoffmann2022-fig4"), window=4, noise=0.002, resamples=200)
    >>> [round(fit.parabola.params_law.exponent.value, 3) for fit in fits.values()]
    [0.508]
    """
    return {
        name: ProtocolFit(
            name=name,
            title=TITLES.get(name, name),
            parabola=fit_isoflop(runs, window=window, resamples=resamples, seed=seed),
            interpolated=fit_interpolated(runs, noise=noise, resamples=resamples, seed=seed),
        )
        for name, runs in protocols.items()
    }


def published_exponents(beginning: str, fits: Mapping[str, ProtocolFit]) -> dict[str, Estimate]:
    """The published exponent of each protocol, with its interval.

    Parameters
    ----------
    beginning
        What the ids of the published values begin with; the protocol's number follows, as in
        ``porian.rw.step0``. Empty for none.
    fits
        Result of `fit_protocols`.

    Raises
    ------
    DataError
        If there is no such published value.
    """
    found = {}
    for number, name in enumerate(fits if beginning else ()):
        row = published(f"{beginning}.step{number}")
        interval = row.intervals().get("a")
        low, high = (interval.low, interval.high) if interval else (math.nan, math.nan)
        found[name] = Estimate(row.values()["a"], low, high)
    return found


def staircase_table(fits: Mapping[str, ProtocolFit], stated: Mapping[str, Estimate]) -> pd.DataFrame:
    """Exponent of N_opt by protocol: published, by interpolation, by parabolas.

    Parameters
    ----------
    fits
        Result of `fit_protocols`.
    stated
        Result of `published_exponents`.

    Returns
    -------
    DataFrame
        One row per protocol, the index: `published`, `interpolated` and `parabola` with their intervals,
        `interpolated − published`, `parabola − published`, and `budgets` that took part in either.
    """
    rows = {}
    for name, fit in fits.items():
        row: dict[str, float | str] = {}
        values = {
            "published": stated.get(name, Estimate(math.nan)),
            "interpolated": fit.interpolated.params_law.exponent,
            "parabola": fit.parabola.params_law.exponent,
        }
        for label, value in values.items():
            row |= {label: value.value, f"{label} low": value.low, f"{label} high": value.high}
        for label in ("interpolated", "parabola"):
            row[f"{label} − published"] = values[label].value - values["published"].value
        of = len(fit.parabola.valleys)
        row["budgets"] = f"{len(fit.interpolated.budgets)}, {len(fit.parabola.used)} of {of}"
        rows[fit.title] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("protocol")


def results_by_key(fits: Mapping[str, ProtocolFit]) -> dict[str, Estimate | str]:
    """Exponents and titles by key: ``a_tuned``, ``a_tuned_interpolated``, ``first``, ``a_first``."""
    found: dict[str, Estimate | str] = {}
    for name, fit in fits.items():
        key = f"a_{name.replace('-', '_')}"
        found[key] = fit.parabola.params_law.exponent
        found[f"{key}_interpolated"] = fit.interpolated.params_law.exponent
    in_order = list(fits.values())
    for key, fit in (("first", in_order[0]), ("last", in_order[-1])):
        found |= {key: fit.title, f"a_{key}": fit.interpolated.params_law.exponent}
    return found


def vary_protocols(protocols: Mapping[str, RunTable], fits: Mapping[str, ProtocolFit]) -> pd.DataFrame:
    """The exponent of each protocol under other choices.

    Parameters
    ----------
    protocols, fits
        As given to and by `fit_protocols`.

    Returns
    -------
    DataFrame
        One row per choice, the index, and one column per protocol. A choice that leaves fewer than three
        budgets with a minimum has NaN; so has interpolation where they have fewer than five sizes.
    """
    rows: dict[str, dict[str, float]] = {}
    for name, runs in protocols.items():
        title = fits[name].title
        for window in WINDOWS:
            choice = f"parabola, window {window:g}x" if math.isfinite(window) else "parabola, every run"
            rows.setdefault(choice, {})[title] = _parabola_exponent(runs, window)
        rows.setdefault("interpolation, minima unweighted", {})[title] = _unweighted_exponent(runs)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("choice")


def _parabola_exponent(runs: RunTable, window: float) -> float:
    try:
        return fit_isoflop(runs, window=window, resamples=0).params_law.exponent.value
    except DataError:
        return math.nan


def _unweighted_exponent(runs: RunTable) -> float:
    minima = interpolated_minima(runs)
    if len(minima) < MIN_POINTS:
        return math.nan
    return fit_power_law(minima["budget"].to_numpy(), minima["params_opt"].to_numpy()).exponent.value
