"""Whether the smaller budgets would have foretold the best size at the largest one."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from scaling_utils.errors import DataError
from scaling_utils.fitting.isoflop.fit import fit_isoflop, isoflop_slices, resampled_minima
from scaling_utils.results import Estimate, IsoflopFit
from scaling_utils.runs.budgets import assign_budgets
from scaling_utils.runs.table import RunTable

FEWEST = 2
"""Budgets with a minimum below the largest one, for a law through them."""


def predict_largest(runs: RunTable, fit: IsoflopFit) -> pd.DataFrame:
    """The best size at the largest budget, as the law of the smaller ones predicts it and as measured.

    Parameters
    ----------
    runs
        The runs that `fit` was made from.
    fit
        Result of `fit_isoflop`; its window, resamples and seed are kept.

    Returns
    -------
    DataFrame
        Rows ``predicted``, ``measured`` (params) and ``measured / predicted``, with `budgets` (how many each
        rests on), `value`, `low` and `high` (95 %), and a `verdict` in the last: whether the interval of the
        ratio, which holds the noise of both, contains one. NaN where the largest budget or all but one of
        the others have no minimum.

    Notes
    -----
    The runs of different budgets are resampled independently, so that the draws of both sides are
    independent too.

    Examples
    --------
    >>> from scaling_utils import load
    >>> runs = load("hoffmann2022-fig4")
    >>> foretold = predict_largest(runs, fit_isoflop(runs, resamples=500))
    >>> last = foretold.loc["measured / predicted"]
    >>> round(float(last["value"]), 2), last["verdict"]
    (0.66, 'elsewhere')
    """
    runs = assign_budgets(runs).final_points()
    top = fit.valleys[-1]
    smaller = runs.subset((runs.frame["budget"] < top.budget).to_numpy())
    predicted = ratio = Estimate(math.nan)
    count, verdict = 0, "too few minima"
    try:
        lower = fit_isoflop(smaller, window=fit.window, fewest=FEWEST, resamples=fit.resamples, seed=fit.seed)
    except DataError:
        pass
    else:
        count, (predicted, _) = len(lower.used), lower.project(top.budget)
        if top.has_minimum:
            ratio = _ratio(runs, fit, lower)
            verdict = "as predicted" if 1 in ratio else "elsewhere"
    rows = {
        "predicted": (count, predicted),
        "measured": (1, top.params_opt),
        "measured / predicted": (count + 1, ratio),
    }
    return pd.DataFrame(
        {
            "budgets": [budgets for budgets, _ in rows.values()],
            **{part: [getattr(e, part) for _, e in rows.values()] for part in ("value", "low", "high")},
            "verdict": ["", "", verdict],
        },
        index=pd.Index(rows, name="best size (params)"),
    )


def _ratio(runs: RunTable, fit: IsoflopFit, lower: IsoflopFit) -> Estimate:
    """The measured best size at the largest budget by the predicted one."""
    top = fit.valleys[-1]
    points = dict(isoflop_slices(runs))[top.budget]
    rng = np.random.default_rng([fit.seed, len(fit.valleys)])
    measured = resampled_minima(points, fit.window, fit.resamples, rng)
    exponent, log_coefficient = lower.draws
    draws = np.exp(measured - log_coefficient - exponent * math.log(top.budget))
    return Estimate.from_draws(top.params_opt.value / float(lower.params_law(top.budget)), draws)
