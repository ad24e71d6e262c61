"""The sizes that both recipes ask for when they are fitted anew, to runs of one's own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeVar

import pandas as pd

from scaling_utils.allocation.recipes import RECIPES
from scaling_utils.conventions import Conventions
from scaling_utils.errors import DataError
from scaling_utils.fitting.envelope import fit_envelope
from scaling_utils.fitting.isoflop import fit_isoflop
from scaling_utils.fitting.pair import SHORT, SIDES, Pair
from scaling_utils.results import Estimate
from scaling_utils.results.envelope import EnvelopeFit
from scaling_utils.runs.table import RunTable

WARMUP_SHARE = 0.1
"""Share of each curve, at its start, that no envelope is fitted to."""

RESAMPLES = 1000

MOST_FAILED = 0.5
"""Share of resamples without a law beyond which the others give no interval."""

KAPLAN, APPROACH_1 = RECIPES
CUT = f"{KAPLAN}, runs cut where those of Approach 1 end"
SLICES = "Approach 2, the slice at this budget"
"""Rows of refitted sizes beside those of the two recipes."""

KEYS = {KAPLAN: "kaplan", APPROACH_1: "approach1", CUT: "kaplan_cut", SLICES: "slice"}
"""The rows by the key of their results."""

TRAINED = "trained (params)"
"""Column of the sizes trained, which only refitted recipes have."""

NEARER = "nearer model"
REACH = "runs reach (FLOPs)"
FAILED = "draws without a law"
HELD = "sizes on the frontier"

Count = TypeVar("Count", int, float, pd.Series)


def layer_params(width: Count, depth: Count) -> Count:
    """Parameters of the layers of a transformer, 12 n d^2 (Kaplan et al. 2020, section 2.1).

    >>> layer_params(80, 3)
    230400
    """
    return 12 * depth * width**2


def fit_recipe(runs: RunTable, *, resamples: int = 0, seed: int = 0) -> EnvelopeFit:
    """The lower envelope of training curves without their warm-up, from which a recipe takes its size.

    Parameters
    ----------
    runs
        Training curves of three sizes or more, counted as the recipe counts.
    resamples, seed
        As for `fit_envelope`.

    Raises
    ------
    DataError
        If the curves have no envelope; see `fit_envelope`.
    """
    return fit_envelope(runs, smoothing=0, skip=WARMUP_SHARE, resamples=resamples, seed=seed)


def refitted_sizes(
    pair: Pair,
    runs: RunTable,
    *,
    kaplan: RunTable,
    approach_1: RunTable,
    up_to: float = 0.0,
    slices: RunTable | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> pd.DataFrame:
    """The size that each recipe, fitted to runs of one's own, gives the budget of a pair.

    Parameters
    ----------
    pair
        Result of `compare_pair`; the larger model stands for Kaplan's choice.
    runs
        The runs of the pair, with columns `width` and `depth`.
    kaplan
        Training curves under one schedule for all lengths, with columns `width` and `depth`.
    approach_1
        Training curves, each under a schedule of its own length.
    up_to
        Only runs of `approach_1` that end at this compute (FLOPs) take part, or below; 0 for all.
    slices
        IsoFLOP slices, counted as the pair's runs are.
    resamples, seed
        Of the bootstrap over curves; that of the slices is the one of `fit_isoflop`.

    Returns
    -------
    DataFrame
        One row per recipe, the index; where Kaplan's runs reach further than those of Approach 1, the row
        `CUT` with Kaplan's recipe fitted to their points up to there; where a slice of the pair's budget
        has a minimum, the row `SLICES` with it. `params`, with `low` and `high` where at least half of the
        resamples have a law; `TRAINED`, the size trained for the recipe, and as a multiple; `NEARER`, the
        model of the pair whose size is nearer as a ratio; all of these as the row says that it counts. Then
        `HELD`, the model sizes that the law rests on; the exponent `a` of N_opt = k C^a; `REACH`, the largest
        compute among the runs as their table counts it; the largest compute that the law was fitted at, and
        the pair's budget as a multiple of it, as the recipe counts; the share `FAILED` of resamples without a
        law, and the status of the fit.

    Raises
    ------
    DataError
        If there is no `width` or `depth`, or the curves have no envelope.

    Notes
    -----
    Kaplan's recipe counts the layers alone in N and in C; steps are taken as they are, since the critical
    batch size is not known. Approach 1 counts as the runs do.
    """
    layers = _layers_alone(runs).frame["params"]
    alone = {side: float(layers[runs.frame["params"] == pair.params[side]].iloc[0]) for side in SIDES}
    kept = approach_1
    if up_to:
        ends = approach_1.frame.groupby("run_id")["flops"].transform("max")
        kept = approach_1.subset(ends <= up_to / SHORT)
    reach = float(kept.frame["flops"].max())
    cut = kaplan.subset(kaplan.frame["flops"] <= reach)
    options = {"resamples": resamples, "seed": seed}
    fitted = fit_recipe(_layers_alone(kaplan), **options)
    rows = {
        KAPLAN: _row(pair, fitted, trained="larger", sizes=alone)
        | {REACH: float(kaplan.frame["flops"].max())},
        APPROACH_1: _row(pair, fit_recipe(kept, **options), trained="smaller", sizes=pair.params)
        | {REACH: reach},
    }
    if len(cut.frame) < len(kaplan.frame):
        try:
            refitted = _row(pair, fit_recipe(_layers_alone(cut), **options), trained="larger", sizes=alone)
        except DataError:
            refitted = {"status": "no envelope"}
        rows[CUT] = refitted | {REACH: float(cut.frame["flops"].max())}
    if slices is not None:
        rows |= _of_slice(pair, slices)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("recipe")


def _row(pair: Pair, fit: EnvelopeFit, *, trained: str, sizes: Mapping[str, float]) -> dict[str, object]:
    """What a recipe asks for, beside the sizes of the pair (by side) as the recipe counts them."""
    budget = pair.flops * sizes["larger"] / pair.params["larger"] if trained == "larger" else pair.flops
    size = fit.project(budget)[0]
    return {
        **_asked(size, sizes, failed=fit.failed_share),
        TRAINED: sizes[trained],
        "trained / predicted": sizes[trained] / size.value,
        "counted as": fit.conventions.param_count,
        HELD: fit.n_sizes,
        "a": fit.params_law.exponent.value,
        "fitted up to (FLOPs)": float(fit.points["budget"].max()),
        "budget / fitted up to": fit.extrapolation(budget),
        "status": fit.status,
    }


def _asked(size: Estimate, sizes: Mapping[str, float], *, failed: float) -> dict[str, object]:
    told = failed <= MOST_FAILED
    nearer = min(SIDES, key=lambda side: abs(math.log(sizes[side] / size.value)))
    return {
        "params": size.value,
        "low": size.low if told else math.nan,
        "high": size.high if told else math.nan,
        NEARER: "" if math.isnan(size.value) else nearer,
        FAILED: failed,
    }


def _of_slice(pair: Pair, slices: RunTable) -> dict[str, dict[str, object]]:
    """The minimum of the slice at the budget of the pair, all its runs fitted; nothing without one."""
    fit = fit_isoflop(slices, window=math.inf, fewest=2)
    rows = [
        _asked(valley.params_opt, pair.params, failed=valley.no_minimum_share)
        | {"counted as": fit.conventions.param_count, REACH: valley.budget, "status": valley.status}
        for valley in fit.used
        if SHORT <= valley.budget / pair.flops <= 1 / SHORT
    ]
    return {SLICES: rows[0]} if rows else {}


def _layers_alone(runs: RunTable) -> RunTable:
    """The runs with N and C of the layers alone."""
    if missing := [name for name in ("width", "depth") if name not in runs.frame]:
        raise DataError(
            f"there is no column {' and no column '.join(missing)}, so the layers cannot be counted",
            file=runs.source,
            remedy="Add the width and the number of layers of each model.",
        )
    frame = runs.frame.assign(params=layer_params(runs.frame["width"], runs.frame["depth"]))
    counted = Conventions(param_count="non-embedding", loss_unit=runs.conventions.loss_unit)
    return RunTable.from_frame(
        frame[["run_id", "params", "tokens", "loss"]], conventions=counted, source=runs.source
    )
