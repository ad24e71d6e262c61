"""Fragments on fitting: what the objective, the starts, rounding and a straight line do, computed here."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from scaling_utils.arrays import FloatArray
from scaling_utils.book.project import Project
from scaling_utils.book.tables import scrolling, table
from scaling_utils.conventions import tokens_for
from scaling_utils.figures.style import in_units
from scaling_utils.laws import HoffmannLaw, published_law
from scaling_utils.published import published

if TYPE_CHECKING:
    from scaling_utils.results import FitResult, PowerLaw
    from scaling_utils.runs.table import RunTable

RUNS = "hoffmann2022-fig4"
OUTLIERS = 5
"""The published analysis of these runs leaves out so many of the largest losses."""

RESAMPLES = 1000
FRONTIER = (1e18, 1e22)
"""Compute (FLOPs) of the frontier that the source's figure shows."""

COVERAGE = "tests/reference/coverage.csv"
"""Where the simulation of intervals is kept, in the project."""


def fitting_fragments(project: Project, wanted: Collection[str]) -> dict[str, str]:
    """Markdown tables on fitting by the name of their fragment; each takes seconds of fits to make.

    Parameters
    ----------
    project
        The book.
    wanted
        Names of the fragments that pages take in.
    """
    makers: dict[str, Callable[[], str]] = {
        "objectives.md": objective_table,
        "errors.md": errors_table,
        "rounding.md": rounding_table,
        "parabola.md": parabola_table,
        "thirds.md": thirds_table,
        "coverage.md": lambda: coverage_table(project),
    }
    return {name: scrolling(make()) for name, make in makers.items() if name in wanted}


def objective_table() -> str:
    """Markdown table: the loss surface fitted to the same runs under several objectives.

    Examples
    --------
    >>> "least absolute" in objective_table()
    True
    """
    from scaling_utils.fitting.parametric import fit_parametric
    from scaling_utils.runs.registry import load

    kept = _kept_runs()
    fits = {
        "Huber, $\\delta = 10^{-3}$": _huber_fit(),
        "least absolute": fit_parametric(kept, objective="least-absolute", resamples=0),
        "least squares": fit_parametric(kept, objective="least-squares", resamples=0),
        "Huber, outliers kept": fit_parametric(load(RUNS), resamples=0),
    }
    header = ("Objective", "$E$", r"$\alpha$", r"$\beta$", "$a$", "$N_{opt}$", "starts that agree", "status")
    return table(header, [(name, *_fit_row(fit)) for name, fit in fits.items()])


def errors_table() -> str:
    """Markdown table: lmfit's standard errors of a Huber fit beside the spread of bootstrap draws.

    Examples
    --------
    >>> errors_table().splitlines()[0].count("|")
    6
    """
    fit = _huber_fit()
    errors = _lmfit_errors(fit, _kept_runs())
    rows: list[tuple[str, ...]] = []
    for name, symbol in (("alpha", r"$\alpha$"), ("beta", r"$\beta$"), ("E", "$E$")):
        spread = float(np.nanstd(fit.draws[name]))
        rows.append(
            (
                symbol,
                f"{fit.estimates[name].value:.3f}",
                f"{errors[name]:.3f}",
                f"{spread:.3f}",
                f"{errors[name] / spread:.1f}",
            )
        )
    return table(("Parameter", "value", "lmfit's standard error", "bootstrap", "ratio"), rows)


def rounding_table() -> str:
    """Markdown table: the best size at the Gopher budget from the same law printed with more or fewer digits.

    Examples
    --------
    >>> "32.2B" in rounding_table(), "40.4B" in rounding_table()
    (True, True)
    """
    gopher = _gopher()
    rows: list[tuple[str, ...]] = []
    for law_id in ("hoffmann2022", "hoffmann2022-unrounded", "besiroglu2024", "besiroglu2024-huber"):
        law = HoffmannLaw(**published_law(law_id).values)
        params = float(law.params_opt(gopher))
        rows.append(
            (f"`{law_id}`", f"{law.a:.4f}", in_units(params), in_units(float(tokens_for(gopher, params))))
        )
    return table(("Law", "$a$", "$N_{opt}$", "$D_{opt}$"), rows)


def parabola_table() -> str:
    """Markdown table: the parabola's own error on noise-free losses, by the runs that are fitted.

    Examples
    --------
    >>> parabola_table().splitlines()[-1].split(" | ")[0]
    '| every run'
    """
    from scaling_utils.fitting.isoflop import parabola_bias
    from scaling_utils.runs.registry import load

    runs = load(RUNS)
    law = HoffmannLaw(**published_law("besiroglu2024").values)
    gopher = _gopher()
    rows: list[tuple[str, ...]] = []
    for window in (2.5, 4.0, 8.0, math.inf):
        error = parabola_bias(runs, law, window=window, project_to=gopher)["relative error"]
        name = f"within {window:g}×" if math.isfinite(window) else "every run"
        rows.append((name, f"{error['a']:+.2%}", f"{error['N_opt']:+.1%}"))
    return table(("Runs fitted", "error of $a$", "error of $N_{opt}$"), rows)


def thirds_table() -> str:
    """Markdown table: straight lines through the thirds of a frontier that is known to bend.

    Examples
    --------
    >>> len(thirds_table().splitlines())
    6
    """
    law = HoffmannLaw(**published_law("hoffmann2022-unrounded").values)
    gopher = _gopher()
    rows: list[tuple[str, ...]] = []
    for name, line in zip(("first third", "middle third", "last third"), frontier_thirds(law), strict=True):
        told = float(line(gopher))
        rows.append(
            (name, f"{-line.exponent.value:.3f}", f"{told:.2f}", "below" if told < law.E else "above")
        )
    rows.append(("the law itself", "–", f"{frontier_loss(law, gopher):.2f}", "above"))
    return table(("Fitted to", "$g$", "loss at the Gopher budget", f"the floor $E = {law.E:.2f}$"), rows)


def coverage_table(project: Project) -> str:
    """Markdown table: how often a nominal 95 % interval held the truth in simulations.

    Parameters
    ----------
    project
        The book; a copy without the results of the simulation gets a sentence in place of the table.
    """
    import pandas as pd

    path = project.root / COVERAGE
    if not path.is_file():
        return "The results of the simulation do not come with this copy of the project.\n"
    found = pd.read_csv(path).set_index(["noise", "interval", "quantity"])["coverage"]
    symbols = {"E": "$E$", "alpha": r"$\alpha$", "beta": r"$\beta$", "a": "$a$"}
    cases = dict.fromkeys((str(noise), str(kind)) for noise, kind, _ in found.index)
    rows = [(*case, *(f"{found[(*case, name)]:.1%}" for name in symbols)) for case in cases]
    return table(("Noise", "Interval", *symbols.values()), rows)


def frontier_loss(law: HoffmannLaw, flops: float) -> float:
    """Loss (nats/token) of the best model at a budget (FLOPs), by the law."""
    params = law.params_opt(flops)
    return float(law.loss(params, tokens_for(flops, float(params))))


def frontier_thirds(law: HoffmannLaw, *, points: int = 300) -> list[PowerLaw]:
    """Straight lines in logarithms through the thirds of a law's frontier, by rising compute.

    Notes
    -----
    *Source*: Hoffmann et al. 2022, Figure A5, with the law's frontier in place of measured curves.

    Examples
    --------
    >>> law = HoffmannLaw(**published_law("hoffmann2022-unrounded").values)
    >>> [round(-line.exponent.value, 3) for line in frontier_thirds(law)]
    [0.07, 0.052, 0.037]
    """
    from scaling_utils.fitting.powerlaw import fit_power_law

    budgets = np.geomspace(*FRONTIER, points)
    loss = np.array([frontier_loss(law, budget) for budget in budgets])
    return [
        fit_power_law(c, y) for c, y in zip(np.array_split(budgets, 3), np.array_split(loss, 3), strict=True)
    ]


def _gopher() -> float:
    return float(str(published("hoff.gopher").value))


@cache
def _kept_runs() -> RunTable:
    from scaling_utils.fitting.parametric import drop_largest_losses
    from scaling_utils.runs.registry import load

    return drop_largest_losses(load(RUNS), OUTLIERS)


@cache
def _huber_fit() -> FitResult:
    from scaling_utils.fitting.parametric import fit_parametric

    return fit_parametric(_kept_runs(), resamples=RESAMPLES)


def _fit_row(fit: FitResult) -> tuple[str, ...]:
    law = HoffmannLaw(*fit.values("E", "A", "B", "alpha", "beta"))
    best = float(law.params_opt(_gopher()))
    starts = fit.diagnostics["starts"]
    return (
        *(f"{fit.estimates[name].value:.3f}" for name in ("E", "alpha", "beta", "a")),
        in_units(best),
        f"{round(fit.diagnostics['share_agreeing'] * starts)} of {math.floor(starts)}",
        fit.status,
    )


def _lmfit_errors(fit: FitResult, runs: RunTable) -> dict[str, float]:
    """The standard errors that lmfit states for the fit of E, alpha and beta, if it is asked for them."""
    import lmfit

    from scaling_utils.fitting.objective import HUBER_DELTA

    columns = [np.log(runs.frame[name].to_numpy(dtype=float)) for name in ("params", "tokens", "loss")]
    log_params, log_tokens, log_loss = columns

    def residuals(p: lmfit.Parameters) -> FloatArray:
        of_params = np.exp(p["a"] - p["alpha"] * log_params)
        of_tokens = np.exp(p["b"] - p["beta"] * log_tokens)
        return np.asarray(np.log(np.exp(p["e"]) + of_params + of_tokens) - log_loss)

    result = lmfit.minimize(
        residuals, fit.lmfit_result.params, method="least_squares", loss="huber", f_scale=HUBER_DELTA
    )
    told = {name: float(result.params[name].stderr) for name in ("e", "alpha", "beta")}
    return {"E": fit.estimates["E"].value * told["e"], "alpha": told["alpha"], "beta": told["beta"]}
