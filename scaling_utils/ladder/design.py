"""Which runs the ladder has, in the order of training; decisions/0007-ladder-design.md has the reasons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from scaling_utils.errors import clip
from scaling_utils.ladder.config import LadderError, RunConfig, isoflop_config, peak_rate, steps_for

DEPTHS = {20: 1, 24: 2, 32: 2, 40: 2, 48: 2, 56: 2, 64: 3, 80: 3, 96: 3, 112: 4, 128: 4}
"""Width to depth: one depth for each width, never falling."""

WIDTHS = {
    1e12: (20, 24, 32, 40, 48, 56, 64),
    3e12: (24, 32, 40, 48, 64, 80, 96),
    1e13: (32, 40, 48, 64, 80, 96, 112),
    3e13: (48, 56, 64, 80, 96, 112, 128),
}
"""IsoFLOP budget (FLOPs) to the widths of its slice."""

SEEDS = {1e12: 3, 3e12: 2, 1e13: 1, 3e13: 1}
"""IsoFLOP budget to runs of each size."""

RATE_BUDGETS = (3e11, 1e12)
RATE_WIDTHS = (24, 40, 64)
RATE_FACTORS = (0.5, 1.0, 2.0)
RATE_SEEDS = 2

FIXED_STEPS = 8000
FIXED_WIDTHS = (20, 24, 32, 40, 48, 64, 80, 96)

PAIR_BUDGET = 1e13
"""FLOPs of each run of the pair."""

PAIR_WIDTHS = (80, 40)
"""Kaplan's choice and that of Approach 1, as `predict_sizes` had them before the pairs.

Approach 1 had the slices up to 3e12 FLOPs, Kaplan's recipe the fixed-steps runs, of which some end beyond the
budget of the pair.
"""

PAIR_SEEDS = 8
PAIR_EVALUATIONS = 16

ATTENTION_BUDGETS = {24: 3e11, 32: 6e11, 40: 1.2e12, 48: 2.4e12, 64: 4.8e12}
"""Width to the FLOPs it is trained with, in the comparison of attentions."""

ATTENTION_CONTEXT = 1024


def groups() -> dict[str, list[RunConfig]]:
    """The runs by group, in the order of training.

    Examples
    --------
    >>> len(groups()["prose-1e12"])
    21
    """
    return {
        "prose-rate": _rate("prose"),
        "prose-1e12": _slice("prose", 1e12),
        "code-1e12": _slice("code", 1e12),
        "prose-3e12": _slice("prose", 3e12),
        "code-3e12": _slice("code", 3e12),
        "prose-attention": _attention("prose", seeds=(0, 1)),
        "prose-1e13": _slice("prose", 1e13),
        "code-1e13": _slice("code", 1e13),
        "prose-fixed-steps": _fixed_steps("prose"),
        "prose-pair": _pair("prose"),
        "prose-3e13": _slice("prose", 3e13),
        "prose-attention-more": _attention("prose", seeds=(2, 3)),
    }


def _slice(corpus: str, budget: float) -> list[RunConfig]:
    """Sizes before seeds, from the middle of the slice outwards, so that a valley shows early."""
    widths = sorted(
        WIDTHS[budget], key=lambda width: abs(WIDTHS[budget].index(width) - len(WIDTHS[budget]) // 2)
    )
    return [_of_slice(corpus, budget, width, seed) for seed in range(SEEDS[budget]) for width in widths]


def _rate(corpus: str) -> list[RunConfig]:
    return [
        RunConfig(
            corpus=corpus,
            role="rate",
            width=width,
            depth=DEPTHS[width],
            steps=steps_for(budget, width=width, depth=DEPTHS[width]),
            seed=seed,
            rate=peak_rate(width, factor=factor),
            budget=budget,
        )
        for budget in RATE_BUDGETS
        for seed in range(RATE_SEEDS)
        for width in RATE_WIDTHS
        for factor in RATE_FACTORS
    ]


def _attention(corpus: str, *, seeds: tuple[int, ...]) -> list[RunConfig]:
    """Both attentions of a size and seed one after the other."""
    return [
        RunConfig(
            corpus=corpus,
            role="attention",
            width=width,
            depth=DEPTHS[width],
            steps=steps_for(budget, width=width, depth=DEPTHS[width]),
            seed=seed,
            rate=peak_rate(width),
            batch=1,
            context=ATTENTION_CONTEXT,
            attention=attention,
            budget=budget,
        )
        for seed in seeds
        for width, budget in ATTENTION_BUDGETS.items()
        for attention in ("full", "block-sparse")
    ]


def _fixed_steps(corpus: str) -> list[RunConfig]:
    return [
        RunConfig(
            corpus=corpus,
            role="fixed-steps",
            width=width,
            depth=DEPTHS[width],
            steps=FIXED_STEPS,
            seed=0,
            rate=peak_rate(width),
            schedule="constant",
            evaluations=16,
        )
        for width in FIXED_WIDTHS
    ]


def _pair(corpus: str) -> list[RunConfig]:
    """Both sizes of a seed one after the other."""
    return [
        replace(_of_slice(corpus, PAIR_BUDGET, width, seed), role="pair", evaluations=PAIR_EVALUATIONS)
        for seed in range(PAIR_SEEDS)
        for width in PAIR_WIDTHS
    ]


def _of_slice(corpus: str, budget: float, width: int, seed: int) -> RunConfig:
    return isoflop_config(
        corpus=corpus, width=width, depth=DEPTHS[width], budget=budget, seed=seed, rate=peak_rate(width)
    )


def planned(only: Iterable[str] = ()) -> list[RunConfig]:
    """The runs of the groups named, or of all, in the order of training.

    Raises
    ------
    LadderError
        If no group has such a name.
    """
    known = groups()
    for name in only:
        if name not in known:
            raise LadderError(f"no group of runs is called '{clip(name, 60)}'; there are {', '.join(known)}")
    return [run for name in (only or known) for run in known[name]]
