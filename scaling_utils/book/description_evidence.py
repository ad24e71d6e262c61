"""What the laws and the bundled data say about the five figures, for the page on their descriptions."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from scaling_utils.book.fitting_tables import frontier_loss, frontier_thirds
from scaling_utils.conventions import PF_DAY, tokens_for
from scaling_utils.figures.style import in_units, power_of_ten
from scaling_utils.laws import HoffmannLaw, KaplanLaw, allocation_law, published_law
from scaling_utils.published import published

PAIR = {"kaplan": 4.74e9, "approach1": 2.80e9}
"""Models (total params) of the comparison in Hoffmann et al. 2022, appendix D.4."""

PAIR_FLOPS = 1e21
SEQUENCE = 2048
"""Tokens a sequence, as for Gopher."""

DESCRIBED_LOSS = {
    "C4": (3.2, 2.8, 2.6, 2.4, 2.2, 2.1, 2.0, 1.9),
    "GitHub": (0.8, 0.7, 0.6, 0.5, 0.3, 0.25, 0.2, 0.15),
}
"""What the description reads at the left, then at the right ends of the curves of Figure A2."""


@cache
def evidence() -> dict[str, Any]:
    """Numbers and texts by name, for the places in the evidence of a claim.

    Examples
    --------
    >>> found = evidence()
    >>> round(found["kaplan_bottom"], 2), found["moba_models"], round(found["pair_gap"], 3)
    (4.1, 5, 0.015)
    """
    return {**_kaplan(), **_envelope(), **_isoflop(), **_pair(), **_moba()}


def _kaplan() -> dict[str, Any]:
    from scaling_utils.fitting.kaplan import fixed_compute_curve, optimal_size

    law = KaplanLaw(*published_law("kaplan2020-ns").theta)
    best = optimal_size(law, np.array([1e-5, 1e-3, 1.0]) * PF_DAY)
    starved = 1e-4 * PF_DAY
    left, bottom, right = fixed_compute_curve(law, 1e-3 * PF_DAY, best.params[1] * np.array([0.1, 1, 10]))

    def after(steps: float, params: float) -> float:
        return float(law.loss(params, steps))

    return {
        "kaplan_size_least": in_units(best.params[0]),
        "kaplan_size_most": in_units(best.params[2]),
        "kaplan_size_middle": in_units(best.params[1]),
        "kaplan_loss_least": float(best.loss[0]),
        "kaplan_loss_most": float(best.loss[2]),
        "kaplan_slope_least": float(best.slope[0]),
        "kaplan_slope_most": float(best.slope[2]),
        "kaplan_left": float(left),
        "kaplan_bottom": float(bottom),
        "kaplan_right": float(right),
        "kaplan_starved_steps": starved / (6 * 1e9 * 2**19),
        "kaplan_starved_best": in_units(float(optimal_size(law, starved).params)),
        "kaplan_small_early": after(1e4, 1e6),
        "kaplan_small_late": after(8e4, 1e6),
        "kaplan_middle_early": after(1e4, 1e8),
        "kaplan_middle_late": after(1e5, 1e8),
        "kaplan_large_early": after(1e4, 1e9),
        "kaplan_large_late": after(8e4, 1e9),
    }


def _envelope() -> dict[str, Any]:
    law = HoffmannLaw(**published_law("hoffmann2022-unrounded").values)
    thirds = frontier_thirds(law)
    values: dict[str, Any] = {}
    for name, line in zip(("first", "middle", "last"), thirds, strict=True):
        values[f"third_g_{name}"] = -line.exponent.value
        values[f"third_left_{name}"] = float(line(1e17))
        values[f"third_right_{name}"] = float(line(1e22))
    first, last = thirds[0], thirds[2]
    meeting = (first.coefficient.value / last.coefficient.value) ** (
        1 / (last.exponent.value - first.exponent.value)
    )
    small, large = 75e6, 10e9
    return {
        **values,
        "third_crossing": power_of_ten(float(meeting)),
        "frontier_early": frontier_loss(law, 1e20),
        "frontier_late": frontier_loss(law, 1e22),
        "small_at_1e19": float(law.loss(small, tokens_for(1e19, small))),
        "large_at_1e19": float(law.loss(large, tokens_for(1e19, large))),
        "small_floor": float(law.loss(small, math.inf)),
        "large_floor": float(law.loss(large, math.inf)),
    }


def _isoflop() -> dict[str, Any]:
    from scaling_utils.runs.registry import load

    frame = load("hoffmann2022-fig4").frame
    values: dict[str, Any] = {}
    for name, budget in (("least", 1e19), ("most", 1e21)):
        runs = frame[frame["budget"] == budget].sort_values("params")
        best = runs.iloc[int(runs["loss"].to_numpy().argmin())]
        for place, run in (("first", runs.iloc[0]), ("best", best), ("last", runs.iloc[-1])):
            values[f"slice_{name}_{place}_size"] = in_units(float(run["params"]))
            values[f"slice_{name}_{place}_loss"] = float(run["loss"])
    tokens = allocation_law("hoffmann2022-approach2-tokens")
    exponents = published("hoff.TA2").values()
    ratios = [g / c for c, g in zip(DESCRIBED_LOSS["C4"], DESCRIBED_LOSS["GitHub"], strict=True)]
    return {
        **values,
        "tokens_first": in_units(float(tokens.value(1e17))),
        "tokens_last": in_units(float(tokens.value(1e23))),
        "tokens_hundredfold": 100**tokens.exponent,
        "tokens_exponent": tokens.exponent,
        "params_exponent_c4": exponents["C4 a"],
        "params_exponent_github": exponents["GitHub a"],
        "flops_per_token": power_of_ten(float(1e21 / tokens.value(1e21))),
        "flops_per_token_last": power_of_ten(float(1e23 / tokens.value(1e23))),
        "described_lower_least": 1 - max(ratios),
        "described_lower_most": 1 - min(ratios),
    }


def _pair() -> dict[str, Any]:
    laws = {
        name: HoffmannLaw(**published_law(law_id).values)
        for name, law_id in (("", "hoffmann2022-unrounded"), ("_refit", "besiroglu2024"))
    }
    own = laws[""]
    tokens = {name: float(tokens_for(PAIR_FLOPS, params)) for name, params in PAIR.items()}
    ends = {
        name + which: float(law.loss(PAIR[which], tokens[which]))
        for name, law in laws.items()
        for which in PAIR
    }
    return {
        "pair_gap": ends["kaplan"] - ends["approach1"],
        "pair_gap_refit": ends["_refitkaplan"] - ends["_refitapproach1"],
        "pair_end_kaplan": ends["kaplan"],
        "pair_end_approach1": ends["approach1"],
        "pair_ahead": float(
            own.loss(PAIR["approach1"], tokens["kaplan"]) - own.loss(PAIR["kaplan"], tokens["kaplan"])
        ),
        "pair_sequences_kaplan": in_units(tokens["kaplan"] / SEQUENCE),
        "pair_sequences_approach1": in_units(tokens["approach1"] / SEQUENCE),
        "pair_early_kaplan": float(own.loss(PAIR["kaplan"], tokens["kaplan"] / 100)),
        "pair_early_approach1": float(own.loss(PAIR["approach1"], tokens["approach1"] / 100)),
        "pair_seed_spread": float(str(published("kaplan.noise.seed").value)),
        "pair_ratio": PAIR["kaplan"] / PAIR["approach1"],
    }


def _moba() -> dict[str, Any]:
    from scaling_utils.conventions import pf_days_from_flops
    from scaling_utils.fitting.trailing import printed_lines
    from scaling_utils.runs.registry import load, load_table

    frame = load("lu2025-moba").frame
    curves = frame[frame["panel"] == "30-32"]
    drawn = load_table("lu2025-moba-projections")
    lines = printed_lines("lu2025", ["30-32"])["30-32"]
    moba, full = (lines.laws[method] for method in lines.methods)
    largest = float(pf_days_from_flops(curves["flops"].max()))
    return {
        "moba_lowest": float(curves["loss"].min()),
        "moba_highest": float(curves["loss"].max()),
        "moba_models": int(curves["model"].nunique()),
        "moba_smallest": in_units(float(curves["params"].min())),
        "moba_largest": in_units(float(curves["params"].max())),
        "moba_projections": int((drawn["panel"] == "30-32").sum()),
        "moba_first": float(moba(0.1)),
        "full_first": float(full(0.1)),
        "moba_last": float(moba(10)),
        "full_last": float(full(10)),
        "moba_gap_first": lines.gap(0.4),
        "moba_gap_last": lines.gap(5),
        "moba_crossing": lines.crossing,
        "moba_crossing_beyond": lines.crossing / largest,
        "moba_covered": largest,
    }
