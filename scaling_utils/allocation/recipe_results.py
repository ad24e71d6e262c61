"""What the page of a pair publishes of it and of the recipes behind it."""

from __future__ import annotations

import math

import pandas as pd

from scaling_utils.allocation.recipe_fits import FAILED, KEYS, NEARER, REACH, TRAINED
from scaling_utils.allocation.recipes import COMPARED, recipes_cross
from scaling_utils.fitting.pair import SIDES, Pair
from scaling_utils.fitting.pair_gap import gap_by_seed
from scaling_utils.results import Estimate


def results_by_key(
    pair: Pair, sizes: pd.DataFrame, expected: pd.DataFrame, *, sequence_length: float
) -> dict[str, Estimate | float | str]:
    """Sizes, losses, sequences and gaps by key, for the prose and the ledger.

    Parameters
    ----------
    pair, sizes, expected
        Results of `compare_pair`, of `published_sizes` or `refitted_sizes`, and of `expected_gaps`. Where
        one of the tables is empty, its keys are absent.
    sequence_length
        Tokens in a sequence.

    Returns
    -------
    dict
        Of each refitted recipe, by its name in `KEYS`: ``size_kaplan`` (params), ``size_kaplan_status``,
        ``..._count`` (what is counted), ``..._reach`` (FLOPs), ``..._answers`` (share of resamples with a
        law) and ``..._nearer`` (the model); of a published one its size alone.
    """
    found: dict[str, Estimate | float | str] = {
        "gap": pair.gap,
        "gap_by_seed": gap_by_seed(pair.seed_gaps, unit=pair.loss_unit),
        "spread": pair.spread,
        "spread_from": pair.spread_from,
        "pair_noise": pair.noise,
        "recipes_cross": recipes_cross(),
    }
    if len(expected):
        found |= {
            "gap_least": float(expected["gap"].min()),
            "gap_most": float(expected["gap"].max()),
            "seeds_least": float(expected["seeds of each to show it"].min()),
            "seeds_most": float(expected["seeds of each to show it"].max()),
            "wasted_least": float(expected["wasted by the larger"].min()),
            "wasted_most": float(expected["wasted by the larger"].max()),
        }
    for key, law_id in COMPARED.items():
        if law_id in expected.index:
            found[f"gap_{key}"] = Estimate(float(expected["gap"][law_id]), unit=pair.loss_unit)
    for recipe, row in sizes[sizes["params"].notna()].iterrows():
        key = f"size_{KEYS[str(recipe)]}"
        found[key] = Estimate(row["params"], row.get("low", math.nan), row.get("high", math.nan), "params")
        if TRAINED in sizes:
            found |= {
                f"{key}_status": row["status"],
                f"{key}_count": row["counted as"],
                f"{key}_reach": row[REACH],
                f"{key}_answers": 1 - row[FAILED],
                f"{key}_nearer": row[NEARER],
            }
    for side in SIDES:
        found[f"loss_{side}"] = pair.final(side)
        found[f"runs_{side}"] = float(len(pair.losses[side]))
        found[f"points_{side}"] = float(pair.points(side))
        found[f"params_{side}"] = pair.params[side]
        found[f"sequences_{side}"] = Estimate(pair.tokens[side] / sequence_length, unit="sequences")
    return found
