"""The sizes that both recipes ask for when they are fitted anew, to smaller runs of one's own."""

from __future__ import annotations

from typing import TypeVar

import pandas as pd

from scaling_utils.allocation.recipes import RECIPES
from scaling_utils.conventions import Conventions
from scaling_utils.errors import DataError
from scaling_utils.fitting.envelope import fit_envelope
from scaling_utils.fitting.pair import SHORT, Pair
from scaling_utils.results.envelope import EnvelopeFit
from scaling_utils.runs.table import RunTable

WARMUP_SHARE = 0.1
"""Share of each curve, at its start, that no envelope is fitted to."""

RESAMPLES = 1000

TRAINED = "trained (params)"
"""Column of the sizes trained, which only refitted recipes have."""

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
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> pd.DataFrame:
    """The size that each recipe, fitted to smaller runs, gives the budget of a pair.

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
    resamples, seed
        Of the bootstrap over runs.

    Returns
    -------
    DataFrame
        One row per recipe, the index: `params` with `low` and `high`, as the recipe counts them; `TRAINED`,
        the size trained, counted alike, and as a multiple; the exponent `a` of N_opt = k C^a; the largest
        compute that it was fitted at; the share of resamples without a law, and the status of the fit.

    Raises
    ------
    DataError
        If there is no `width` or `depth`, or the curves have no envelope.

    Notes
    -----
    Kaplan's recipe counts the layers alone in N and in C; steps are taken as they are, since the critical
    batch size is not known. Approach 1 counts as the runs do.
    """
    layers = _layers_alone(kaplan)
    trained_layers = _layers_alone(runs).frame
    whole = runs.frame["params"]
    (larger,) = trained_layers.loc[whole == pair.params["larger"], "params"].unique()[:1]
    share = larger / pair.params["larger"]
    kept = approach_1
    if up_to:
        ends = approach_1.frame.groupby("run_id")["flops"].transform("max")
        kept = approach_1.subset(ends <= up_to / SHORT)
    fits = [fit_recipe(each, resamples=resamples, seed=seed) for each in (layers, kept)]
    rows = {}
    for recipe, fit, budget, trained in zip(
        RECIPES, fits, (pair.flops * share, pair.flops), (larger, pair.params["smaller"]), strict=True
    ):
        size = fit.project(budget)[0]
        rows[recipe] = {
            "params": size.value,
            "low": size.low,
            "high": size.high,
            TRAINED: trained,
            "trained / predicted": trained / size.value,
            "counted as": fit.conventions.param_count,
            "a": fit.params_law.exponent.value,
            "fitted up to (FLOPs)": float(fit.points["budget"].max()),
            "draws without a law": fit.failed_share,
            "status": fit.status,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("recipe")


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
