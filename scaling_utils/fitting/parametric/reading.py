"""How much the reading of losses from a figure matters: redrawn losses, and two readings of the same runs."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling_utils.arrays import FloatArray
from scaling_utils.errors import DataError, clip
from scaling_utils.fitting.bridge import log_column
from scaling_utils.fitting.objective import HUBER_DELTA, Objective
from scaling_utils.fitting.parametric.fit import fit_parametric, natural
from scaling_utils.fitting.refits import refit_surface
from scaling_utils.results import FitResult
from scaling_utils.runs.table import LOSS_BOUNDS, RunTable

SAME_RUN = 1e-3
"""Two readings are of one run if ln N and ln C differ by less; runs of one figure lie further apart."""

FINE, COARSE = "position", "colour"
"""Values of the column `loss_from`: height of a marker, and colour of a marker."""


def redraw_losses(
    runs: RunTable, fit: FitResult, *, redraws: int = 1000, seed: int = 0
) -> dict[str, FloatArray]:
    """Refit the loss surface to losses drawn anew within the bounds of their reading.

    Parameters
    ----------
    runs
        The runs that were fitted, with columns `loss_low` and `loss_high`.
    fit
        Their fit by `fit_parametric` (Huber or least squares), where every refit starts.
    redraws
        Number of refits.
    seed
        Seed of the draws, which are uniform in ln loss and independent.

    Returns
    -------
    dict of ndarray
        E, A, B, alpha, beta, a and b, each of shape (redraws,); NaN where no minimum was found.

    Raises
    ------
    DataError
        If the runs have no bounds.

    Examples
    --------
    >>> from scaling_utils import load
    >>> from scaling_utils.fitting.parametric import drop_largest_losses
    >>> runs = drop_largest_losses(load("hoffmann2022-fig4"), 5)
    >>> drawn = redraw_losses(runs, fit_parametric(runs, resamples=0), redraws=50)
    >>> f"{drawn['a'].std():.3f}"
    '0.002'
    """
    missing = [name for name in LOSS_BOUNDS if name not in runs.frame]
    if missing:
        raise DataError(f"there is no column {missing[0]}, which bounds the losses", file=runs.source)
    low, high = (np.log(runs.frame[name].to_numpy(dtype=float)) for name in LOSS_BOUNDS)
    log_params, log_tokens = log_column(runs, "params"), log_column(runs, "tokens")
    goal = Objective(fit.provenance["objective"], fit.provenance["delta"] or HUBER_DELTA)
    e, a, b, alpha, beta = fit.values("E", "A", "B", "alpha", "beta")
    start = np.array([math.log(a), math.log(b), math.log(e), alpha, beta])
    losses = np.random.default_rng(seed).uniform(low, high, size=(redraws, len(low)))
    theta = refit_surface(log_params, log_tokens, losses, start, goal)
    return natural(theta)


def as_if_coarse(runs: RunTable) -> RunTable:
    """Give losses that were read finely the error of those that were read coarsely.

    Parameters
    ----------
    runs
        Runs with `loss_low`, `loss_high` and `loss_from` (``"position"`` or ``"colour"``).

    Returns
    -------
    RunTable
        With the bounds of losses read by position at the root mean square distance that losses read by
        colour have from theirs.

    Raises
    ------
    DataError
        If a column is missing, or no loss was read by colour.
    """
    missing = [name for name in (*LOSS_BOUNDS, "loss_from") if name not in runs.frame]
    if missing:
        raise DataError(
            f"there is no column {missing[0]}, which tells how losses were read", file=runs.source
        )
    frame = runs.frame
    coarse = (frame["loss_from"] == COARSE).to_numpy()
    if not coarse.any():
        raise DataError("no loss was read by colour", file=runs.source, column="loss_from")
    half = float(np.sqrt(((np.log(frame["loss_high"] / frame["loss_low"])[coarse] / 2) ** 2).mean()))
    fine = (frame["loss_from"] == FINE).to_numpy()
    return replace(
        runs,
        frame=frame.assign(
            loss_low=np.where(fine, frame["loss"] * math.exp(-half), frame["loss_low"]),
            loss_high=np.where(fine, frame["loss"] * math.exp(half), frame["loss_high"]),
        ),
    )


def match_runs(other: RunTable, runs: RunTable) -> RunTable:
    """Another reading of the same runs, in their order and by their names.

    Parameters
    ----------
    other
        The other reading; it may hold more runs.
    runs
        The runs to find in it, by size and compute.

    Returns
    -------
    RunTable
        Of the length of `runs`, with the numbers of `other`.

    Raises
    ------
    DataError
        If a run is not found, or two are found in the same place.

    Examples
    --------
    >>> from scaling_utils import load
    >>> runs = load("hoffmann2022-fig4")
    >>> match_runs(runs, runs).frame["loss"].equals(runs.frame["loss"])
    True
    """
    wanted, offered = (
        np.stack([log_column(table, "params"), log_column(table, "flops")], axis=1) for table in (runs, other)
    )
    apart = np.abs(wanted[:, None] - offered[None]).max(axis=2)
    nearest = apart.argmin(axis=1)
    lost = apart[np.arange(len(wanted)), nearest] > SAME_RUN
    if lost.any():
        raise DataError(f"{lost.sum()} runs of {clip(runs.source, 60)} are not in it", file=other.source)
    if len(set(nearest)) < len(nearest):
        raise DataError(f"two runs of {clip(runs.source, 60)} are one run in it", file=other.source)
    frame = other.frame.iloc[nearest].reset_index(drop=True)
    return replace(other, frame=frame.assign(run_id=runs.frame["run_id"].to_numpy()))


def with_losses_of(runs: RunTable, other: RunTable, where: ArrayLike) -> RunTable:
    """The runs with the losses of another reading where a mask is true.

    Parameters
    ----------
    runs, other
        Two readings of the same runs in the same order; see `match_runs`.
    where
        Booleans, shape (n,).
    """
    losses = np.where(np.asarray(where, dtype=bool), other.frame["loss"], runs.frame["loss"])
    return replace(runs, frame=runs.frame.assign(loss=losses))


def reading_effects(
    runs: RunTable,
    fit: FitResult,
    *,
    other: RunTable | None = None,
    redraws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Tell what the reading of the losses does to the exponent a.

    Parameters
    ----------
    runs
        The runs that were fitted.
    fit
        Their fit by `fit_parametric`, with bootstrap draws.
    other
        Another reading of these runs; of its runs, those that are not among them are left out.
    redraws, seed
        As for `redraw_losses`.

    Returns
    -------
    DataFrame
        One row per case: `losses` says in words which, then `a`, and `sd`, `low` and `high` (95 % of the
        draws lie between). The index has a short key: ``as_read``, ``redrawn``, ``coarse``, ``other``,
        ``only_position``, ``only_colour``, ``difference``. Cases for which the source gives no bounds, or
        no other reading, are absent. For the difference both readings are fitted to the same resamples.
    """
    rows = {"as_read": _row("these, runs resampled", fit.estimates["a"].value, fit.draws.get("a"))}
    if set(LOSS_BOUNDS) <= set(runs.frame.columns):
        drawn = redraw_losses(runs, fit, redraws=redraws, seed=seed)["a"]
        rows["redrawn"] = _row("redrawn within their bounds", float(np.nanmean(drawn)), drawn)
    if {FINE, COARSE} <= set(runs.frame.get("loss_from", ())):
        drawn = redraw_losses(as_if_coarse(runs), fit, redraws=redraws, seed=seed)["a"]
        rows["coarse"] = _row("redrawn as if all were read by colour", float(np.nanmean(drawn)), drawn)
    if other is not None:
        rows |= _other_reading(runs, fit, match_runs(other, runs))
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("key")


def _other_reading(runs: RunTable, fit: FitResult, other: RunTable) -> dict[str, dict[str, float | str]]:
    name, told = clip(other.source, 60), fit.provenance
    again = partial(fit_parametric, objective=told["objective"], delta=told["delta"] or HUBER_DELTA)
    # one seed and one set of run names: both readings are fitted to the same resamples
    theirs = again(other, resamples=told["resamples"], seed=told["seed"])
    a, a_theirs = fit.estimates["a"].value, theirs.estimates["a"].value
    rows = {"other": _row(f"those of {name}", a_theirs, theirs.draws.get("a"))}
    for kind in sorted(set(other.frame.get("loss_from", ())), reverse=True):
        where = other.frame["loss_from"] == kind
        mixed = again(with_losses_of(runs, other, where), resamples=0)
        rows[f"only_{kind}"] = _row(
            f"{where.sum()} of them from {name}: those it reads by {kind}", mixed.estimates["a"].value, None
        )
    both = "a" in fit.draws and "a" in theirs.draws
    paired = theirs.draws["a"] - fit.draws["a"] if both else None
    return rows | {"difference": _row(f"{name} less these, same resamples", a_theirs - a, paired)}


def _row(losses: str, value: float, draws: FloatArray | None) -> dict[str, float | str]:
    kept = np.empty(0) if draws is None else draws[np.isfinite(draws)]
    sd = low = high = math.nan
    if kept.size > 1:
        sd = float(kept.std(ddof=1))
        low, high = map(float, np.quantile(kept, [0.025, 0.975]))
    return {"losses": losses, "a": value, "sd": sd, "low": low, "high": high}
