"""Sets of constants of one loss surface side by side, with what they say about a budget."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from scaling_utils.allocation.optimum import allocate, has_best_size
from scaling_utils.allocation.rule import as_rule
from scaling_utils.errors import DataError
from scaling_utils.fitting.parametric import (
    ABSOLUTE,
    EVERY_RUN,
    HUBER,
    SQUARES,
    bootstrap_summary,
    standard_deviations,
    wald_distance,
)
from scaling_utils.laws import HOFFMANN, KnownLaw, published_law
from scaling_utils.results import Estimate, FitResult

PRINTED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "Hoffmann, as printed": ("hoffmann2022", "printed"),
        "Hoffmann, unrounded": ("hoffmann2022-unrounded", "unrounded"),
        "Besiroglu, as printed": ("besiroglu2024", "besiroglu"),
    }
)
"""Published constants: name to show, id of the law, and key of its results."""

SUFFIX: Mapping[str, str] = MappingProxyType(
    {HUBER: "", ABSOLUTE: "_lad", SQUARES: "_squares", EVERY_RUN: "_every"}
)


def constants_table(sources: Mapping[str, KnownLaw | FitResult], flops: float) -> pd.DataFrame:
    """Published and fitted constants of E + A/N^alpha + B/D^beta, and the best size by each.

    Parameters
    ----------
    sources
        Published laws of that form and fits of Approach 3, by the name to show.
    flops
        Budget (FLOPs) for the best size.

    Returns
    -------
    DataFrame
        One row per source, the index: the five constants; `a` with `a low` and `a high`; `N_opt` at the
        budget with `N_opt low` and `N_opt high`; `D/N`. Published laws have no intervals; a fit of which a
        term vanished has no best size.

    Raises
    ------
    DataError
        If a source is of another form.

    Examples
    --------
    >>> from scaling_utils.laws import published_law
    >>> laws = {"rounded": published_law("hoffmann2022"), "as used": published_law("hoffmann2022-unrounded")}
    >>> [f"{n:.3g}" for n in constants_table(laws, 5.76e23)["N_opt"]]
    ['3.22e+10', '4.04e+10']
    """
    rows = {}
    for name, source in sources.items():
        constants, a = _constants(name, source)
        size, ratio = _best(source, flops)
        rows[name] = {
            **constants,
            "a": a.value,
            "a low": a.low,
            "a high": a.high,
            "N_opt": size.value,
            "N_opt low": size.low,
            "N_opt high": size.high,
            "D/N": ratio.value,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("constants")


def printed_constants() -> dict[str, KnownLaw]:
    """The constants that two papers print, by the name to show.

    >>> [law.id for law in printed_constants().values()]
    ['hoffmann2022', 'hoffmann2022-unrounded', 'besiroglu2024']
    """
    return {name: published_law(law_id) for name, (law_id, _) in PRINTED.items()}


def surface_results(fits: Mapping[str, FitResult], flops: float) -> dict[str, Estimate | float | str]:
    """What there is to publish of the fits of `vary_fit` and of `PRINTED`, by short keys.

    Parameters
    ----------
    fits
        What `vary_fit` returns.
    flops
        Budget (FLOPs) for the best size.

    Returns
    -------
    dict
        The estimates of the headline by name; of the others with ``_lad``, ``_squares`` and ``_every`` after
        it. Likewise ``params_projected``, ``tokens_per_param``, ``objective``, and with draws ``sd_NAME``.
        Of the headline its status and diagnostics, and with draws its `bootstrap_summary` and
        ``chi2_hoffmann``, its `wald_distance` to the unrounded constants. For the printed constants
        ``a_KEY`` and ``params_KEY`` with the keys ``printed``, ``unrounded`` and ``besiroglu``.
    """
    found: dict[str, Estimate | float | str] = {}
    for name, fit in fits.items():
        end, (size, ratio) = SUFFIX[name], _best(fit, flops)
        found |= {f"{quantity}{end}": value for quantity, value in fit.estimates.items()}
        found |= {
            f"params_projected{end}": size,
            f"tokens_per_param{end}": ratio,
            f"objective{end}": fit.diagnostics["objective"],
        }
        if fit.draws:
            found |= {f"sd_{quantity}{end}": sd for quantity, sd in standard_deviations(fit).items()}
    fit = fits[HUBER]
    laws = printed_constants()
    table = constants_table(laws, flops)
    for name, (_, key) in PRINTED.items():
        found |= {f"a_{key}": float(table["a"][name]), f"params_{key}": float(table["N_opt"][name])}
    if fit.draws:
        found |= bootstrap_summary(fit)
        found["chi2_hoffmann"] = wald_distance(fit, laws["Hoffmann, unrounded"])
    return found | {
        "status": fit.status,
        "n_used": str(fit.n_runs),
        "n_starts": f"{fit.diagnostics['starts']:.0f}",
        "rivals": f"{fit.diagnostics['rivals']:.0f}",
        "share_agreeing": fit.diagnostics["share_agreeing"],
        "condition": fit.diagnostics["condition"],
        "extrapolation": flops / as_rule(fit).largest_flops,
    }


def _constants(name: str, source: KnownLaw | FitResult) -> tuple[dict[str, float], Estimate]:
    if isinstance(source, FitResult) and source.law == HOFFMANN.id:
        return {n: source.estimates[n].value for n in HOFFMANN.names}, source.estimates["a"]
    if isinstance(source, KnownLaw) and source.form is HOFFMANN:
        values = dict(source.values)
        a = values["beta"] / (values["alpha"] + values["beta"])
        return values, Estimate(a, math.nan, math.nan)
    raise DataError(f"'{name}' is not a law of the form E + A/N^alpha + B/D^beta")


def _best(source: KnownLaw | FitResult, flops: float) -> tuple[Estimate, Estimate]:
    """Best size and tokens per parameter at a budget; NaN where there is none."""
    if not has_best_size(source, flops):
        return Estimate(math.nan, unit="params"), Estimate(math.nan, unit="tokens/param")
    best = allocate(source, flops)
    return best.params, best.tokens_per_param
