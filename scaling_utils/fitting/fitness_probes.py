"""Trial fits that tell whether runs serve a notebook, each with the parameters it was made with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from scaling_utils.conventions import DEFAULT, training_flops
from scaling_utils.errors import DataError
from scaling_utils.fitting.fitness_choices import (
    batch_tokens,
    common_beginning,
    pair_of_sizes,
    warmup_steps,
)
from scaling_utils.runs.table import RunTable

if TYPE_CHECKING:
    from scaling_utils.results import IsoflopFit

_Fit = TypeVar("_Fit")
Parameters = dict[str, object]

SMOOTHED_FROM = 50
"""Curves of so many points are smoothed for Approach 1; sparser ones are taken as they are."""

SMOOTHING = 10.0
"""Points in the smoothing window."""

WINDOWS = (4.0, 6.0, 10.0, 100.0)
"""Windows of a parabola, tried in this order: the narrowest that leaves minima is taken."""

SEED_NOISE = 0.002
"""Nats per token: the standard deviation between seeds that interpolation assumes by default."""

DRAWS = 100
"""Draws of the noise or of the runs: whether interpolation has a minimum, and the surface its intervals."""

MOST_FAILED = 0.5
"""Share of the resamples that may fail."""

PLANNED_BEYOND = 10.0
"""A plan and a projection are for so many times the largest compute of the runs."""


def kaplan(runs: RunTable) -> tuple[str, Parameters]:
    """Notebook 01: what serves it, and its parameters; as all here, a `ScalingError` where nothing does."""
    from scaling_utils.fitting.kaplan import as_curves, at_fixed_compute, at_fixed_steps, measured_minima
    from scaling_utils.fitting.kaplan.fit import MIN_SIZES
    from scaling_utils.laws import KAPLAN_BATCH_TOKENS, KAPLAN_CRITICAL_BATCH, NO_CRITICAL_BATCH

    if not runs.frame["run_id"].duplicated().any():
        raise DataError(
            "every run has one point, so there are no training curves",
            remedy="Log the loss during training; where one schedule served several budgets, give the rows "
            "of one model the same run_id.",
        )
    sizes = runs.frame["params"].nunique()
    if sizes < MIN_SIZES:
        raise DataError(f"the law of training curves needs at least {MIN_SIZES} model sizes, not {sizes}")
    batch, warmup = batch_tokens(runs) or KAPLAN_BATCH_TOKENS, warmup_steps(runs)
    slices = at_fixed_compute(runs)
    per_token = _per_token(runs)
    critical = KAPLAN_CRITICAL_BATCH if per_token else NO_CRITICAL_BATCH
    window, minima = _narrowest(
        lambda window: measured_minima(slices, window=window, batch=batch, critical=critical, resamples=0)
    )
    at_fixed_steps(runs, batch=batch)
    why = (
        f"{as_curves(runs).n_runs:,} training curves of {sizes:,} sizes; "
        f"a minimum at {len(minima.used)} of {len(minima.valleys)} budgets"
    )
    choices: Parameters = {} if per_token else {"critical_batch": False}
    return why, choices | {"batch": float(batch), "warmup": warmup, "window": window}


def envelope(runs: RunTable) -> tuple[str, Parameters]:
    """Notebook 02."""
    from scaling_utils.fitting.envelope import fit_envelope

    points = float(runs.frame.groupby("run_id", sort=False).size().median())
    smoothing = SMOOTHING if points >= SMOOTHED_FROM else 0.0
    fit = fit_envelope(runs, smoothing=smoothing, resamples=0)
    if fit.status == "one size":
        raise DataError(
            "one model size has the lowest loss at every budget, so there is no law of the best size",
            remedy="Add smaller and larger models, or longer runs.",
        )
    why = f"{fit.n_runs:,} training curves; {fit.n_sizes} sizes hold the frontier ({fit.status})"
    return why, {"smoothing": smoothing, "published": "hoff.A1 hoff.A3", "project_to": beyond(runs)}


def isoflop(runs: RunTable) -> tuple[str, Parameters]:
    """Notebook 03."""
    from scaling_utils.fitting.isoflop import fit_isoflop, parabola_bias
    from scaling_utils.laws import HoffmannLaw, published_law

    law, project_to = HoffmannLaw(**published_law("besiroglu2024").values), beyond(runs)

    def fitted(window: float) -> IsoflopFit:
        parabola_bias(runs, law, window=window, project_to=project_to)
        return fit_isoflop(runs, window=window, resamples=0)

    window, fit = _narrowest(fitted)
    why = f"a minimum at {len(fit.used)} of {len(fit.valleys)} budgets, within a factor of {window:g} in size"
    return why, {"window": window, "published": "hoff.A2", "project_to": project_to}


def parametric(runs: RunTable) -> tuple[str, Parameters]:
    """Notebook 04."""
    from scaling_utils.fitting.methods import fit_runs

    fit = fit_runs(runs, "approach3", resamples=DRAWS)
    if fit.status == "bound hit":
        raise DataError(
            "the loss surface is not determined: a term of it vanished (bound hit)",
            remedy="Add runs that differ in both params and tokens.",
        )
    if fit.diagnostics["failed_share"] > MOST_FAILED:
        raise DataError(
            f"most bootstrap resamples of the runs have no loss surface ({fit.status}), so it has "
            "no intervals",
            remedy="Add runs that differ in both params and tokens, or keep those of one kind.",
        )
    published = "besi.ci95" if _per_token(runs) else ""
    return f"{fit.n_runs:,} runs ({fit.status})", {"published": published, "project_to": beyond(runs)}


def sweep(runs: RunTable) -> tuple[str, Parameters]:
    """Notebook 09."""
    from scaling_utils.fitting.parametric import fit_parametric, residual_spread

    ends = runs.final_points()
    fit = fit_parametric(ends, resamples=0)
    if not fit.converged:
        raise DataError(
            f"the loss surface is not determined ({fit.status}), so there is no best size to plan by",
            remedy="Add runs that differ in both params and tokens.",
        )
    parametric(runs)  # a surface without intervals is none to plan by
    why = f"a surface fitted to {fit.n_runs:,} runs"
    choices: Parameters = {"spend": beyond(runs), "target": beyond(runs, times=PLANNED_BEYOND**2)}
    noise = float(f"{residual_spread(fit, ends):.2g}")
    return why, choices | ({"noise": noise} if noise > 0 else {})


def _per_token(runs: RunTable) -> bool:
    """Whether constants that were published for losses in nats per token can be set beside these runs."""
    return runs.conventions.loss_unit == DEFAULT.loss_unit


def beyond(runs: RunTable, *, times: float = PLANNED_BEYOND) -> float:
    """Compute so many times the largest of the runs, to two digits (FLOPs)."""
    frame = runs.frame
    if "flops" in frame:
        spent = frame["flops"]
    elif "tokens" in frame:
        spent = training_flops(frame["params"], frame["tokens"])
    else:
        spent = frame["budget"]
    return float(f"{times * spent.max():.1e}")


def pair(runs: RunTable) -> tuple[str, Parameters]:
    """Notebook 05."""
    from scaling_utils.fitting.pair import compare_pair

    larger, smaller = pair_of_sizes(runs)
    names = {"larger": common_beginning(runs, larger), "smaller": common_beginning(runs, smaller)}
    pair = compare_pair(runs, larger=names["larger"], smaller=names["smaller"], seed_spread=1.0)
    shown = {f"name_{side}": f"{pair.params[side]:.3g} params" for side in names}
    why = f"curves of {larger:.3g} and {smaller:.3g} params up to {pair.flops:.3g} FLOPs"
    return why, {**names, **shown, "published_gaps": ""}


def trailing(runs: RunTable) -> tuple[str, Parameters]:
    """Notebook 06; asks for two methods, and the one called full or dense is the baseline."""
    from scaling_utils.fitting.trailing import fit_places, in_text

    if missing := [name for name in ("attention", "panel") if name not in runs.frame]:
        raise DataError(
            f"there is no column {' and no column '.join(missing)}",
            remedy="Name the attention of each run in 'attention', and in 'panel' the place in the context.",
        )
    methods = list(in_text(runs.frame["attention"]).unique())
    if len(methods) != 2:
        raise DataError(
            f"the column attention names {len(methods)} methods; two are compared",
            remedy="Keep the rows of two methods.",
        )
    methods.sort(key=lambda name: name.casefold() in ("full", "dense"))
    method, baseline = methods
    fits = fit_places(runs, methods=(method, baseline), resamples=0)
    why = f"two methods at {len(fits)} places of the context"
    return why, {"method": method, "baseline": baseline, "published": "", "dataset_drawn": ""}


def protocols(runs: RunTable) -> tuple[str, Parameters]:
    """Notebook 07; asks for two protocols at least."""
    from scaling_utils.fitting.protocols import fit_protocols

    if "variant" not in runs.frame or runs.frame["variant"].nunique() < 2:
        raise DataError(
            "there are not several protocols", remedy="Name the protocol of each run in a column 'variant'."
        )
    names = runs.frame["variant"].astype(str)
    protocols = {name: runs.subset(names == name) for name in names.unique()}
    window, fits = _narrowest(
        lambda window: fit_protocols(protocols, window=window, noise=SEED_NOISE, resamples=DRAWS)
    )
    # What the parabolas leave is noise, and where a valley is no parabola a little more.
    left = [valley.residual_sd for fit in fits.values() for valley in fit.parabola.valleys]
    noise = float(f"{np.nanmedian(left):.2g}") if np.isfinite(left).any() else 0.0
    choices: Parameters = {"window": window, "published": ""}
    return f"{len(protocols)} protocols", choices | ({"noise": noise} if noise > 0 else {})


def _narrowest(fit: Callable[[float], _Fit]) -> tuple[float, _Fit]:
    """The narrowest of `WINDOWS` that can be fitted, and its fit; what the widest raises if none can."""
    for window in WINDOWS[:-1]:
        with suppress(DataError):
            return window, fit(window)
    return WINDOWS[-1], fit(WINDOWS[-1])
