"""Two recipes for the size of a model, and what published laws expect of their difference."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from scaling_utils.allocation.optimum import allocate, size_cost
from scaling_utils.conventions import DEFAULT, tokens_for
from scaling_utils.errors import DataError
from scaling_utils.fitting.pair import Pair
from scaling_utils.fitting.pair_gap import seeds_needed
from scaling_utils.laws import KnownLaw, allocation_law, published_law
from scaling_utils.published import published
from scaling_utils.runs.table import RunTable

RECIPES = {"Kaplan et al. (2020)": "kaplan2020-params", "Approach 1": "hoffmann2022-approach1-params"}
"""The recipes of Hoffmann et al. 2022, Figure A4, and the laws behind them."""

COMPARED = {
    "tex": "hoffmann2022-unrounded",
    "rounded": "hoffmann2022",
    "besiroglu": "besiroglu2024",
}
"""The laws whose gaps are compared, by the end of their key."""

POINTS = 400


def comparable(loss_unit: str) -> bool:
    """Whether published laws and spreads, all of losses in nats per token, say anything of a loss.

    >>> comparable("nats/token"), comparable("nats/byte")
    (True, False)
    """
    return loss_unit == DEFAULT.loss_unit


def reported_spread(runs: RunTable) -> float:
    """The spread between seeds that Kaplan et al. 2020 report, as a standard deviation.

    Parameters
    ----------
    runs
        Runs to assume it of.

    Returns
    -------
    float
        In nats per token; NaN where the runs have their losses in another unit.
    """
    unit = runs.conventions.loss_unit
    return float(str(published("kaplan.noise.seed").value)) if comparable(unit) else math.nan


def recipe_sizes(flops: float) -> pd.DataFrame:
    """The size that each recipe gives a budget, each in its own count of parameters.

    Parameters
    ----------
    flops
        Budget (FLOPs).

    Returns
    -------
    DataFrame
        One row per recipe, the index: `params`, `tokens`, `counted as`, `law`.

    Notes
    -----
    *Source*: Hoffmann et al. 2022, appendix D.4. They compare the two sizes as they are, although Kaplan
    et al. do not count embeddings.

    Examples
    --------
    >>> [f"{n:.3g}" for n in recipe_sizes(1e21)["params"]]
    ['4.68e+09', '2.86e+09']
    """
    rows = {}
    for recipe, law_id in RECIPES.items():
        best = allocate(allocation_law(law_id), flops)
        rows[recipe] = {
            "params": best.params.value,
            "tokens": best.tokens.value,
            "counted as": best.conventions.param_count,
            "law": law_id,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("recipe")


def published_sizes(pair: Pair) -> pd.DataFrame:
    """The sizes of `recipe_sizes` at the budget of a pair; no row where `comparable` says no."""
    sizes = recipe_sizes(pair.flops)
    return sizes if comparable(pair.loss_unit) else sizes.iloc[:0]


def recipes_cross() -> float:
    """Budget (FLOPs) at which the two recipes give one size, each in its own count.

    Kaplan's is the larger above it, Approach 1's below.

    Examples
    --------
    >>> f"{recipes_cross():.3g}"
    '1.2e+20'
    """
    small, large = (np.log(recipe_sizes(flops)["params"].to_numpy(dtype=float)) for flops in (1e18, 1e22))
    # both are power laws, so the logarithm of their ratio is linear in that of the budget
    before, after = small[0] - small[1], large[0] - large[1]
    return float(10 ** (18 + 4 * before / (before - after)))


def predicted_curves(law: KnownLaw, sizes: Mapping[str, float], flops: float) -> RunTable:
    """Losses that a law gives models along their training, as runs.

    Parameters
    ----------
    law
        A published law of the loss in params and tokens.
    sizes
        Sizes (params, counted as the law counts) by the name of the run.
    flops
        Budget at which the runs end (FLOPs).

    Returns
    -------
    RunTable

    Raises
    ------
    DataError
        If the law is not one of params and tokens, or counts compute otherwise than as 6 N D.

    Notes
    -----
    A law of final losses gives at each point the loss of a run that were to end there, its learning rate
    decayed. The curve of one longer run lies above it until the end.

    Examples
    --------
    >>> from scaling_utils.laws import published_law
    >>> predicted_curves(published_law("hoffmann2022"), {"a": 4.74e9}, 1e21)
    RunTable('predicted by hoffmann2022': 400 points of 1 run; C by 6ND, N total, loss in nats/token)
    """
    if set(law.form.variables) != {"params", "tokens"} or law.conventions != DEFAULT:
        raise DataError(f"the law '{law.id}' does not give the loss of all parameters and tokens")
    # evenly spaced in compute, as the axes are
    budgets = np.linspace(flops / POINTS, flops, POINTS)
    parts = [
        pd.DataFrame({"run_id": name, "params": size, "tokens": tokens_for(budgets, size), "flops": budgets})
        for name, size in sizes.items()
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame["loss"] = law.loss(params=frame["params"].to_numpy(), tokens=frame["tokens"].to_numpy())
    return RunTable.from_frame(frame, conventions=law.conventions, source=f"predicted by {law.id}")


def expected_gaps(pair: Pair) -> pd.DataFrame:
    """The gap between two sizes at one budget that published laws expect.

    Parameters
    ----------
    pair
        Result of `compare_pair`; its sizes are taken as all parameters.

    Returns
    -------
    DataFrame
        One row per law of `COMPARED`, the index: `gap` (loss of the larger less that of the smaller), the
        best size, the share of the budget that the larger and the smaller waste, and how many seeds of
        each would show the gap (see `seeds_needed`). No row where `comparable` says no.

    Examples
    --------
    >>> from scaling_utils.fitting.pair import compare_pair
    >>> runs = predicted_curves(published_law("hoffmann2022"), {"a": 4.74e9, "b": 2.8e9}, 1e21)
    >>> expected_gaps(compare_pair(runs, seed_spread=0.02))["gap"].round(4).to_list()
    [0.0151, 0.0219, 0.0089]
    """
    rows = {}
    for law_id in COMPARED.values():
        law = published_law(law_id)
        larger, smaller = (size_cost(law, pair.flops, pair.params[side]) for side in ("larger", "smaller"))
        gap = larger.loss.value - smaller.loss.value
        rows[law_id] = {
            "gap": gap,
            "best size (params)": allocate(law, pair.flops).params.value,
            "wasted by the larger": larger.wasted.value,
            "wasted by the smaller": smaller.wasted.value,
            "seeds of each to show it": seeds_needed(gap, pair.spread),
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("law")
    return table if comparable(pair.loss_unit) else table.iloc[:0]
