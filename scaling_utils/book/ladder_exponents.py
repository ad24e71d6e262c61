"""Fragment on the measured ladder: the exponent of the best size on prose and on code."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from scaling_utils.book.comparisons.rows import UNKNOWN, fixed, span
from scaling_utils.book.project import Project
from scaling_utils.book.scenarios import load_scenarios
from scaling_utils.book.tables import scrolling, table
from scaling_utils.errors import DataError, DatasetUnavailable
from scaling_utils.published import published

if TYPE_CHECKING:
    from scaling_utils.results import Estimate, IsoflopFit
    from scaling_utils.runs.table import RunTable

CORPORA = {"prose": "hoff.TA2.c4", "code": "hoff.TA2.github"}
"""Corpus: the published exponents on the corpus that is like it."""

NOTEBOOK = "03-isoflop-profiles"
OPTIONS = {"window": "window", "fewest_budgets": "fewest", "resamples": "resamples", "seed": "seed"}
"""Parameter of the notebook: argument of `fit_isoflop`."""

NOT_YET = "*The runs for this table are not all trained yet.*\n"

NOTE = """\
Published values are those of {cite:t}`hoffmann2022training`, Table A2, which has no intervals.
A difference is taken on the budgets at which both corpora have a minimum.
"""

SHOW = fixed(".3f")
SHOW_DIFFERENCE = fixed("+z.3f")


def exponents_table(project: Project) -> str:
    """Markdown table of the exponent of the best size on both corpora, and their difference by several ways.

    Parameters
    ----------
    project
        The book, whose pages on the corpora say how the slices are fitted.
    """
    from scaling_utils.fitting.minima import WINDOW
    from scaling_utils.runs.registry import load

    options = {corpus: _options(project, f"ladder-{corpus}") for corpus in CORPORA}
    try:
        runs = {corpus: load(f"ladder-{corpus}") for corpus in CORPORA}
        fits = {corpus: _fit(runs[corpus], options[corpus]) for corpus in CORPORA}
    except (DatasetUnavailable, DataError):
        return NOT_YET
    stated = {corpus: published(fact).values()["a"] for corpus, fact in CORPORA.items()}
    rows = []
    for corpus, fit in fits.items():
        likeness = "C4" if corpus == "prose" else "GitHub"
        a = fit.params_law.exponent
        rows.append((corpus, str(len(fit.used)), *_cells(a, SHOW), f"{stated[corpus]:.2f}", likeness))
    default = {corpus: {**options[corpus], "window": WINDOW} for corpus in CORPORA}
    ways: dict[str, Callable[[], tuple[int, Estimate]]] = {
        "code less prose": lambda: _apart(runs, options),
        f"the same, window × {WINDOW:g}": lambda: _apart(runs, default),
        "the same, interpolated minima": lambda: _apart_interpolated(runs, options),
    }
    published_apart = f"{stated['code'] - stated['prose']:+.2f}", "GitHub less C4"
    for name, way in ways.items():
        try:
            budgets, apart = way()
        except DataError:
            rows.append((name, "", UNKNOWN, UNKNOWN, *published_apart))
        else:
            rows.append((name, str(budgets), *_cells(apart, SHOW_DIFFERENCE), *published_apart))
    header = ("Corpus", "Budgets", "$a$", "95 % interval", "published", "for")
    return scrolling(table(header, rows)) + "\n" + NOTE


def _options(project: Project, dataset: str) -> dict[str, Any]:
    """How the page on a dataset fits its slices."""
    for scenario in load_scenarios(project):
        if scenario.notebook == NOTEBOOK and scenario.parameters.get("dataset") == dataset:
            named = scenario.parameters
            return {option: named[name] for name, option in OPTIONS.items() if name in named}
    return {}


def _cells(estimate: Estimate, show: Callable[[float], str]) -> tuple[str, str]:
    known = not math.isnan(estimate.low)
    return show(estimate.value), span(estimate.low, estimate.high, show) if known else UNKNOWN


def _fit(runs: RunTable, options: Mapping[str, Any]) -> IsoflopFit:
    from scaling_utils.fitting.isoflop import fit_isoflop

    return fit_isoflop(runs, **options)


def _apart(runs: Mapping[str, RunTable], options: Mapping[str, Mapping[str, Any]]) -> tuple[int, Estimate]:
    """How far apart the exponents are on the budgets with a minimum on both corpora.

    The draws are paired anew, for both come from one seed.
    """
    from scaling_utils.results import Estimate

    fits = {corpus: _fit(runs[corpus], options[corpus]) for corpus in CORPORA}
    shared = set.intersection(*({v.budget for v in fit.used} for fit in fits.values()))
    for corpus, fit in fits.items():
        if shared != {v.budget for v in fit.valleys}:
            fits[corpus] = _fit(_at(runs[corpus], shared), options[corpus])
    code, prose = fits["code"], fits["prose"]
    draws = code.draws[0] - np.random.default_rng(0).permutation(prose.draws[0])
    value = code.params_law.exponent.value - prose.params_law.exponent.value
    return len(shared), Estimate.from_draws(value, draws)


def _at(runs: RunTable, budgets: set[float]) -> RunTable:
    """The runs of some budgets."""
    from scaling_utils.runs.budgets import assign_budgets

    runs = assign_budgets(runs)
    return runs.subset(runs.frame["budget"].isin(budgets).to_numpy())


def _apart_interpolated(
    runs: Mapping[str, RunTable], options: Mapping[str, Mapping[str, Any]]
) -> tuple[int, Estimate]:
    """As `_apart`, of minima by interpolation; without an interval."""
    from scaling_utils.fitting.isoflop import interpolated_minima
    from scaling_utils.fitting.powerlaw import MIN_POINTS, fit_power_law
    from scaling_utils.results import Estimate

    minima = {
        corpus: interpolated_minima(runs[corpus]).set_index("budget")["params_opt"] for corpus in CORPORA
    }
    shared = minima["code"].index.intersection(minima["prose"].index)
    a = {
        corpus: fit_power_law(
            shared.to_numpy(), sizes[shared].to_numpy(), fewest=options[corpus].get("fewest", MIN_POINTS)
        ).exponent.value
        for corpus, sizes in minima.items()
    }
    return len(shared), Estimate(a["code"] - a["prose"])
