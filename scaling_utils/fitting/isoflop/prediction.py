"""Whether the smaller budgets would have foretold the best size at the largest one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from scaling_utils.errors import DataError
from scaling_utils.fitting.isoflop.fit import fit_isoflop, isoflop_slices, resampled_minima
from scaling_utils.results import Estimate, IsoflopFit, Valley
from scaling_utils.runs.budgets import assign_budgets
from scaling_utils.runs.table import RunTable

FEWEST = 2
"""Budgets with a minimum below the largest one, for a law through them."""

RATIO = "measured / predicted"
RATIO_TWO_SIDED = "measured / predicted, without one-sided budgets"


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
        rests on), `value`, `low` and `high` (95 %), and a `verdict` on the ratio: whether its interval, which
        holds the noise of both, contains one. In the last row one-sided budgets are left out, so that the
        largest may be another one. NaN where the largest budget or all but one of the others have no minimum.

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

    Its slice at the largest budget is one-sided; the next smaller one is not foretold either:

    >>> last = foretold.iloc[-1]
    >>> round(float(last["value"]), 2), last["verdict"]
    (0.86, 'elsewhere')
    """
    runs = assign_budgets(runs).final_points()
    found = _foretold(runs, fit, fit.valleys)
    two_sided = [v for v in fit.valleys if v.status != "one-sided"]
    again = found if len(two_sided) == len(fit.valleys) else _foretold(runs, fit, two_sided)
    rows = {
        "predicted": (found.budgets, found.predicted, ""),
        "measured": (1, fit.valleys[-1].params_opt, ""),
        RATIO: (found.budgets + 1, found.ratio, found.verdict),
        RATIO_TWO_SIDED: (again.budgets + 1, again.ratio, again.verdict),
    }
    return pd.DataFrame(
        {
            "budgets": [budgets for budgets, _, _ in rows.values()],
            **{part: [getattr(e, part) for _, e, _ in rows.values()] for part in ("value", "low", "high")},
            "verdict": [verdict for _, _, verdict in rows.values()],
        },
        index=pd.Index(rows, name="best size (params)"),
    )


class _Foretold(NamedTuple):
    budgets: int = 0
    predicted: Estimate = Estimate(math.nan)
    ratio: Estimate = Estimate(math.nan)
    verdict: str = "too few minima"


def _foretold(runs: RunTable, fit: IsoflopFit, valleys: Sequence[Valley]) -> _Foretold:
    """What the law of all of some valleys but the last makes of the last."""
    *below, top = valleys or fit.valleys[:1]
    smaller = runs.subset(runs.frame["budget"].isin([v.budget for v in below]).to_numpy())
    try:
        lower = fit_isoflop(smaller, window=fit.window, fewest=FEWEST, resamples=fit.resamples, seed=fit.seed)
    except DataError:
        return _Foretold()
    foretold = _Foretold(len(lower.used), lower.project(top.budget)[0])
    if not top.has_minimum:
        return foretold
    ratio = _ratio(runs, fit, top, lower)
    return foretold._replace(ratio=ratio, verdict="as predicted" if 1 in ratio else "elsewhere")


def _ratio(runs: RunTable, fit: IsoflopFit, top: Valley, lower: IsoflopFit) -> Estimate:
    """The measured best size at the budget of a valley by the predicted one."""
    points = dict(isoflop_slices(runs))[top.budget]
    rng = np.random.default_rng([fit.seed, len(fit.valleys)])
    measured = resampled_minima(points, fit.window, fit.resamples, rng)
    exponent, log_coefficient = lower.draws
    draws = np.exp(measured - log_coefficient - exponent * math.log(top.budget))
    return Estimate.from_draws(top.params_opt.value / float(lower.params_law(top.budget)), draws)
