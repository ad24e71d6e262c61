"""How to split a compute budget between model size and tokens, by any law, and what a wrong split costs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from scaling_utils.allocation.rule import Rule, Source, as_rule, distinct, no_best_size
from scaling_utils.allocation.shape import ModelShape, converted
from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import Conventions, ParamCount, tokens_for
from scaling_utils.errors import DataError
from scaling_utils.exchange import without_nan
from scaling_utils.fitting.intervals import estimate
from scaling_utils.results import Estimate

NEWTON_ROUNDS = 50
NEWTON_STEP, TOLERANCE = 1e-4, 1e-12
"""In ln C: what the slope is taken over, and how closely a budget counted otherwise is met."""


@dataclass(frozen=True)
class Allocation:
    """The compute-optimal model at a budget.

    Parameters
    ----------
    law
        Id of the published law, or the method and source of the fit.
    flops
        The budget (FLOPs), 6 N D with N as `conventions` count it; as the runs of a fit report it where
        theirs are not 6 N D.
    params, tokens, loss, tokens_per_param
        At the optimum; the loss is NaN for laws of the allocation alone. Intervals come from the
        bootstrap of a fit; a published law has none.
    extrapolation
        The budget divided by the largest one that was measured; NaN where that is not known.
    conventions
        How params, flops and loss count.
    status
        Status of the fit, or of the reading of a published law.
    note
        What a reader should know.
    """

    law: str
    flops: float
    params: Estimate
    tokens: Estimate
    loss: Estimate
    tokens_per_param: Estimate
    extrapolation: float
    conventions: Conventions
    status: str
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The allocation as plain values for JSON; NaN becomes None."""
        return dict(without_nan(asdict(self)))


@dataclass(frozen=True)
class SizeCost:
    """What a size other than the best one costs at a budget.

    Parameters
    ----------
    params
        The size (params).
    loss
        Its loss at the budget.
    penalty
        Its loss less that of the best size.
    wasted
        Share of the budget that is lost: with the best size the same loss takes that much less.
    """

    params: float
    loss: Estimate
    penalty: Estimate
    wasted: Estimate

    def as_dict(self) -> dict[str, Any]:
        """The cost as plain values for JSON."""
        return dict(without_nan(asdict(self)))


def allocate(
    source: Source, flops: float, *, param_count: ParamCount | None = None, shape: ModelShape | None = None
) -> Allocation:
    """Compute-optimal params, tokens and loss at a budget.

    Parameters
    ----------
    source
        A fit (Approach 1, 2 or 3), a published law of the loss in N and D, or a published allocation.
    flops
        Budget (FLOPs).
    param_count
        How to count parameters, in the answer and in the budget; by default as the law does.
    shape
        What converts between counts where the law counts otherwise.

    Returns
    -------
    Allocation

    Raises
    ------
    DataError
        If the source says nothing about the best size, or the budget is not positive.

    Notes
    -----
    *Source*: Hoffmann et al. 2022, equation 4, for laws of the loss. A law in C_min (Kaplan et al. 2020,
    section 6) is taken at the critical batch size, where C_min = C / 2.

    *Departures from the source*: where a law counts parameters without embeddings, a budget in all
    parameters is met by the budget C' in the law's own count for which 6 N D, with N counted in full,
    comes to C (Pearce and Song 2024 explain Kaplan's exponent by this difference). Where a fit by Approach 1
    or 2 has FLOPs as reported, the budget is one of those, and the tokens are those of the fit's own law.

    Examples
    --------
    >>> from scaling_utils.laws import published_law
    >>> best = allocate(published_law("hoffmann2022"), 5.76e23)
    >>> f"{best.params.value:.3g} params, {best.tokens_per_param.value:.0f} tokens per parameter"
    '3.22e+10 params, 93 tokens per parameter'
    """
    _require_positive(flops)
    law = as_rule(source)
    count = param_count or law.conventions.param_count
    own_flops, params = _at_budget(law, flops, count, shape or ModelShape())
    own_params = law.params_at(own_flops)
    if not own_params[0] > 0:
        raise no_best_size(law, f" at {flops:g} FLOPs")
    tokens = law.tokens_at(own_flops) if law.tokens_at else tokens_for(own_flops, own_params)
    loss = law.loss_at(own_params, tokens) if law.loss_at else np.full_like(params, math.nan)

    def as_estimate(values: FloatArray, unit: str) -> Estimate:
        return estimate(float(values[0]), values[1:], unit=unit, kind=law.interval)

    return Allocation(
        law=law.name,
        flops=float(flops),
        params=as_estimate(params, "params"),
        tokens=as_estimate(tokens, "tokens"),
        loss=as_estimate(loss, law.conventions.loss_unit),
        tokens_per_param=as_estimate(tokens / params, "tokens/param"),
        extrapolation=flops / law.largest_flops,
        conventions=replace(law.conventions, param_count=count),
        status=law.status,
        note=law.note,
    )


def has_best_size(source: Source, flops: float) -> bool:
    """Whether a source leaves a best size at a budget; a fit of which a term vanished leaves none.

    Parameters
    ----------
    source, flops
        As for `allocate`.

    Raises
    ------
    DataError
        As `allocate`, but for a best size that is missing.

    Examples
    --------
    >>> from scaling_utils.laws import published_law
    >>> has_best_size(published_law("hoffmann2022"), 1e22), has_best_size(published_law("hoffmann2022"), 10)
    (True, False)
    """
    _require_positive(flops)
    law = as_rule(source)
    return bool(law.params_at(np.full(law.n, float(flops)))[0] > 0)


def size_cost(source: Source, flops: float, params: float) -> SizeCost:
    r"""What it costs to train a model of another size than the best one.

    Parameters
    ----------
    source
        A fit of Approach 3, or a published law of the loss in N and D.
    flops
        Budget (FLOPs).
    params
        Size, counted as the law counts.

    Returns
    -------
    SizeCost

    Raises
    ------
    DataError
        If the source has no loss or leaves no best size, or budget or size is not positive.

    Notes
    -----
    At the optimum :math:`L = E + k\,C^{-g}` with :math:`g = \alpha\beta / (\alpha + \beta)`; the wasted
    share is 1 - C' / C where C' is the budget at which this equals the loss of the given size.

    Examples
    --------
    >>> from scaling_utils.laws import published_law
    >>> cost = size_cost(published_law("hoffmann2022-unrounded"), 5.76e23, 280e9)
    >>> f"{cost.penalty.value:.3f} nats, {cost.wasted.value:.0%} of the budget"
    '0.041 nats, 66% of the budget'
    """
    if not (math.isfinite(flops) and flops > 0 and math.isfinite(params) and params > 0):
        raise DataError(f"budget and size must be positive, not {flops:g} FLOPs and {params:g} params")
    law = as_rule(source)
    if law.theta is None or law.loss_at is None:
        raise DataError(
            f"{law.name} says nothing about the loss, so the cost of a size cannot be computed",
            remedy="Use a fit of Approach 3, or a published law of the loss in N and D.",
        )
    budget = np.full(law.theta.shape[1], float(flops))
    best_params = law.params_at(budget)
    if not best_params[0] > 0:
        raise no_best_size(law, f" at {flops:g} FLOPs")
    best = law.loss_at(best_params, tokens_for(budget, best_params))
    size = np.full_like(budget, params)
    loss = law.loss_at(size, tokens_for(budget, size))
    floor, _, _, alpha, beta = law.theta
    enough = budget * ((best - floor) / (loss - floor)) ** ((alpha + beta) / (alpha * beta))
    unit = law.conventions.loss_unit
    values = {"loss": (loss, unit), "penalty": (loss - best, unit), "wasted": (1 - enough / budget, "")}
    return SizeCost(
        params=float(params),
        **{
            name: estimate(float(draws[0]), draws[1:], unit=of, kind=law.interval)
            for name, (draws, of) in values.items()
        },
    )


def compare_laws(
    sources: Iterable[Source],
    flops: float,
    *,
    param_count: ParamCount = "total",
    shape: ModelShape | None = None,
) -> pd.DataFrame:
    """Several laws side by side at one budget, parameters counted alike.

    Parameters
    ----------
    sources
        Fits and published laws.
    flops
        Budget (FLOPs), 6 N D with N counted as `param_count` says.
    param_count
        How to count parameters.
    shape
        What converts the counts of laws that count otherwise.

    Returns
    -------
    DataFrame
        One row per law, the index, numbered where laws share a name: `params`, `params low`, `params high`
        (the 95 % interval; NaN for published laws), `tokens`, `tokens per param`, `loss` (NaN where the law
        has none; losses on different text are not comparable), `counted as` (the law's own count), `note`.

    Examples
    --------
    >>> from scaling_utils.laws import allocation_law, published_law
    >>> laws = [published_law("hoffmann2022"), allocation_law("kaplan2020-params")]
    >>> table = compare_laws(laws, 1e21)
    >>> [f"{n:.2g}" for n in table["params"]]
    ['1.8e+09', '4.7e+09']
    """
    laws = list(sources)
    rows = {}
    for name, source in zip(distinct(as_rule(law).name for law in laws), laws, strict=True):
        best = allocate(source, flops, param_count=param_count, shape=shape)
        rows[name] = {
            "params": best.params.value,
            "params low": best.params.low,
            "params high": best.params.high,
            "tokens": best.tokens.value,
            "tokens per param": best.tokens_per_param.value,
            "loss": best.loss.value,
            "counted as": as_rule(source).conventions.param_count,
            "note": best.note,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("law")


def _require_positive(flops: float) -> None:
    if not (math.isfinite(flops) and flops > 0):
        raise DataError(f"the budget is {flops:g} FLOPs, but it must be positive")


def _at_budget(
    law: Rule, flops: float, count: ParamCount, shape: ModelShape
) -> tuple[FloatArray, FloatArray]:
    """The law's own budget that comes to `flops` when parameters count as asked, and params so counted."""
    own = law.conventions.param_count
    budget = np.full(law.n, float(flops))
    if own == count:
        return budget, law.params_at(budget)

    def missing(log_budget: FloatArray) -> FloatArray:
        """Log of the asked budget over what the law's own one comes to."""
        params = law.params_at(np.exp(log_budget))
        counted = converted(params, own, count, shape)
        return np.asarray(math.log(flops) - log_budget - np.log(counted / params))

    log_budget = np.log(budget)
    for _ in range(NEWTON_ROUNDS):
        still = missing(log_budget)
        if not (np.abs(still) > TOLERANCE).any():  # NaN, a draw without a law, stays NaN
            break
        slope = (missing(log_budget + NEWTON_STEP) - still) / NEWTON_STEP
        log_budget = log_budget - still / slope
    if (lost := ~(np.abs(still) <= TOLERANCE))[0]:
        if not law.params_at(budget)[0] > 0:
            raise no_best_size(law, f" at {flops:g} FLOPs")
        raise DataError(
            f"{law.name} has no best size whose budget is {flops:g} FLOPs in {count} params",
            remedy=f"Count parameters as the law does ({own}), or plan for another budget.",
        )
    budget = np.where(lost, math.nan, np.exp(log_budget))
    return budget, converted(law.params_at(budget), own, count, shape)
