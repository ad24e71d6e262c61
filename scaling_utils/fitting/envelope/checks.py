"""How far the answer of Approach 1 depends on choices, and what it finds where the truth is known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from scaling_utils.arrays import spaced
from scaling_utils.errors import DataError
from scaling_utils.fitting.envelope.fit import fit_envelope
from scaling_utils.fitting.envelope.simulated import law_frontier, on_law
from scaling_utils.fitting.powerlaw import fit_power_law
from scaling_utils.laws import HoffmannLaw
from scaling_utils.results import Estimate
from scaling_utils.results.envelope import EnvelopeFit
from scaling_utils.runs.table import RunTable

MOST_CURVES = 400
"""Curves of a simulated set; of more runs so many are taken, evenly by size."""

SETS = 40
RESAMPLES = 300
BUDGETS = 400
"""Sets of simulated curves, resamples of each and budgets: enough to see a bias of half a standard error."""


def vary_choices(
    runs: RunTable,
    fit: EnvelopeFit,
    *,
    flops_range: tuple[float, float] | None,
    other_runs: Mapping[str, RunTable] | None = None,
) -> pd.DataFrame:
    """The exponents under other defensible choices.

    Parameters
    ----------
    runs
        The runs that `fit` was made from.
    fit
        Result of `fit_envelope`; its options are kept where another choice is varied.
    flops_range
        As given to `fit_envelope`.
    other_runs
        Other selections of runs by what they are called; one that is the same table is left out.

    Returns
    -------
    DataFrame
        One row per choice, the index: `a`, `g1`, `g2`, `g3`, and `sizes`, the model sizes on the frontier.
        A choice that leaves no frontier has NaN.
    """
    named = _numbered(runs)
    sizes = np.unique(runs.frame["params"])
    alternate = [named.subset(runs.frame["params"].isin(sizes[i::2]).to_numpy()) for i in (0, 1)]
    first, last = float(fit.points["budget"].min()), float(fit.points["budget"].max())
    middle = math.sqrt(first * last)
    same: dict[str, Any] = {
        "flops_range": flops_range, "smoothing": fit.smoothing, "skip": fit.skip, "resamples": 0,
    }  # fmt: skip
    choices: list[tuple[str, RunTable, dict[str, Any]]] = [
        ("without the first tenth of each run", named, {"skip": 0.1}),
        ("every second size", alternate[0], {}),
        ("the other sizes", alternate[1], {}),
        ("lower half of the budgets", named, {"flops_range": (first, middle)}),
        ("upper half of the budgets", named, {"flops_range": (middle, last)}),
    ]
    if fit.smoothing:
        wide = 4 * fit.smoothing
        choices.append(("no smoothing", named, {"smoothing": 0.0}))
        choices.append((f"smoothing over {wide:g} points", named, {"smoothing": wide}))
    choices += [(name, other, {}) for name, other in (other_runs or {}).items() if other is not runs]
    rows = {"as fitted": _row(fit)}
    for name, chosen, options in choices:
        try:
            rows[name] = _row(fit_envelope(chosen, **same | options))
        except DataError:
            rows[name] = {"a": math.nan, "g1": math.nan, "g2": math.nan, "g3": math.nan, "sizes": 0}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("choice")


def recovery(
    runs: RunTable,
    fit: EnvelopeFit,
    law: HoffmannLaw,
    *,
    noise: float,
    flops_range: tuple[float, float] | None,
    sets: int = SETS,
    seed: int = 0,
) -> pd.DataFrame:
    """What Approach 1 finds on these very curves when their losses follow a law that is known.

    Parameters
    ----------
    runs
        Training curves: their sizes, points and lengths are kept, their losses replaced. Of more than 400
        some are taken, evenly by size.
    fit
        Result of `fit_envelope` for them, whose options are used.
    law
        The surface that the losses follow.
    noise
        As for `simulate_runs`.
    flops_range
        As given to `fit_envelope`.
    sets
        How many sets of curves to simulate.
    seed
        Seed of the noise and of the resampling.

    Returns
    -------
    DataFrame
        One row per quantity (`a`, `g1`, `g2`, `g3`), the index: `truth` (mean over the sets, whose
        thirds differ a little), `mean` of what was found, its `bias`, the standard deviation
        `spread` from set to set, and the share of 95 % intervals that hold the truth, `coverage`.
        Sets without a frontier do not count.
    """
    ends = runs.final_points().frame.sort_values("params", kind="stable")
    some = ends["run_id"].iloc[spaced(len(ends), MOST_CURVES)]
    runs = _numbered(runs.subset(runs.frame["run_id"].isin(some).to_numpy()))
    rng = np.random.default_rng(seed)
    errors, truths, held = [], [], []
    for _ in range(sets):
        try:
            found = fit_envelope(
                on_law(runs, law, noise=noise, rng=rng), n_budgets=BUDGETS, flops_range=flops_range,
                smoothing=fit.smoothing, skip=fit.skip, resamples=RESAMPLES, seed=seed,
            )  # fmt: skip
        except DataError:
            continue
        estimates, truth = _exponents(found), _true_exponents(law, found)
        truths.append(truth)
        errors.append([e.value - t for e, t in zip(estimates, truth, strict=True)])
        held.append([t in e for e, t in zip(estimates, truth, strict=True)])
    names = pd.Index(["a", "g1", "g2", "g3"], name="quantity")
    if len(errors) < 2:
        return pd.DataFrame(math.nan, index=names, columns=["truth", "mean", "bias", "spread", "coverage"])
    truth, error = np.mean(truths, axis=0), np.array(errors)
    columns = {
        "truth": truth,
        "mean": truth + error.mean(axis=0),
        "bias": error.mean(axis=0),
        "spread": error.std(axis=0, ddof=1),
        "coverage": np.mean(held, axis=0),
    }
    return pd.DataFrame(columns, index=names)


def _numbered(runs: RunTable) -> RunTable:
    """The runs with categories for names, so that each fit need not compare a million texts."""
    return replace(runs, frame=runs.frame.assign(run_id=runs.frame["run_id"].astype("category")))


def _row(fit: EnvelopeFit) -> dict[str, float]:
    slopes = {f"g{i}": third.g.value for i, third in enumerate(fit.thirds, start=1)}
    return {"a": fit.params_law.exponent.value, **slopes, "sizes": fit.n_sizes}


def _exponents(fit: EnvelopeFit) -> list[Estimate]:
    return [fit.params_law.exponent, *(third.g for third in fit.thirds)]


def _true_exponents(law: HoffmannLaw, fit: EnvelopeFit) -> list[float]:
    """The exponent a of the law, and the slopes of its own frontier over the thirds of the fit."""
    slopes = []
    for third in fit.thirds:
        budgets = np.geomspace(*third.flops, 30)
        slopes.append(-fit_power_law(budgets, law_frontier(law, budgets)[2]).exponent.value)
    return [law.a, *slopes]
