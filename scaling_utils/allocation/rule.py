"""Fits, published laws and published allocations as one: the best size at a budget, and perhaps a loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any, get_args

import numpy as np

from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import Conventions, tokens_for
from scaling_utils.errors import DataError, clip, did_you_mean
from scaling_utils.fitting.intervals import IntervalKind
from scaling_utils.laws import HOFFMANN, AllocationLaw, HoffmannLaw, KnownLaw, allocation_laws, published_laws
from scaling_utils.laws.formulas import hoffmann
from scaling_utils.results import FitResult, IsoflopFit
from scaling_utils.results.envelope import EnvelopeFit

Fit = FitResult | EnvelopeFit | IsoflopFit
Source = Fit | KnownLaw | AllocationLaw


@dataclass(frozen=True)
class Rule:
    """A law and its bootstrap draws as one: entry 0 of every array is the law itself, the rest are draws."""

    name: str
    params_at: Callable[[FloatArray], FloatArray]
    loss_at: Callable[[FloatArray, FloatArray], FloatArray] | None
    n: int
    conventions: Conventions
    status: str
    note: str = ""
    theta: FloatArray | None = None
    largest_flops: float = math.nan
    tokens_at: Callable[[FloatArray], FloatArray] | None = None
    """Where the FLOPs are not 6 N D but as reported."""
    interval: IntervalKind = "percentile"


def known_sources() -> dict[str, KnownLaw | AllocationLaw]:
    """Every published law that gives a best model size, by id: of the loss first, then of the allocation.

    >>> list(known_sources())[0], "kaplan2020-params" in known_sources()
    ('hoffmann2022', True)
    """
    return {
        **{law.id: law for law in published_laws().values() if law.form is HOFFMANN},
        **{law.id: law for law in allocation_laws().values() if law.coefficient is not None},
    }


def known_source(law_id: str) -> KnownLaw | AllocationLaw:
    """A published law by its id, of the loss or of the allocation.

    Raises
    ------
    DataError
        If there is no such law; the message lists those there are.

    Examples
    --------
    >>> known_source("hoffmann2022").values["alpha"], known_source("kaplan2020-params").exponent
    (0.34, 0.73)
    """
    usable = known_sources()
    if law_id not in usable:
        raise DataError(
            f"no published law '{clip(law_id, 60)}' gives a best model size",
            remedy=did_you_mean(law_id, usable),
        )
    return usable[law_id]


def distinct(names: Iterable[str]) -> list[str]:
    """Names told apart: one that came before gets a number.

    >>> distinct(["a", "b", "a"])
    ['a', 'b', 'a (2)']
    """
    told: list[str] = []
    for name in names:
        again = (f"{name} ({number})" for number in count(2))
        told.append(name if name not in told else next(other for other in again if other not in told))
    return told


def as_rule(source: Source) -> Rule:
    if isinstance(source, Fit):
        return _fit_rule(source if isinstance(source, FitResult) else source.as_fit_result())
    if not isinstance(source, KnownLaw | AllocationLaw):
        raise DataError(
            f"{clip(repr(source), 60)} is neither a fit nor a published law",
            remedy="Give what a fit returned, or a law by its id: published_law('hoffmann2022').",
        )
    common: dict[str, Any] = {
        "name": source.id,
        "conventions": source.conventions,
        "status": source.status,
        "note": source.note,
        "n": 1,
    }
    if isinstance(source, AllocationLaw):
        return Rule(params_at=lambda flops: _published_params(source, flops), loss_at=None, **common)
    if source.form is not HOFFMANN:
        raise DataError(
            f"the law '{source.id}' does not predict the loss from params and tokens, so it has no best size",
            remedy="Use a law of that form, or a law of the allocation.",
        )
    return _surface(source.theta[:, None], **common)


def no_best_size(law: Rule, where: str = "") -> DataError:
    """What there is to say of a law without a best size."""
    return DataError(
        f"{law.name} ({law.status}) leaves no best size{where}",
        remedy="Plan by another method, by more runs, or by a published law.",
    )


def _fit_rule(fit: FitResult) -> Rule:
    told = fit.provenance.get("interval")
    common: dict[str, Any] = {
        "name": f"{fit.method} on {clip(str(fit.provenance.get('source', 'runs')), 60)}",
        "conventions": fit.conventions,
        "status": fit.status,
        "largest_flops": fit.diagnostics.get("largest_flops", math.nan),
        "interval": told if told in get_args(IntervalKind) else "percentile",
    }
    if fit.law == HOFFMANN.id:
        theta = _with_draws(fit, HOFFMANN.names)
        theta[:, ~(theta[1:] > 0).all(axis=0)] = math.nan  # a term vanished: there is no best size
        return _surface(theta, n=theta.shape[1], **common)
    if {"a", "k_params"} <= fit.estimates.keys():
        exponent = _with_draws(fit, ("a",))[0]
        log_k = np.concatenate(
            [[math.log(fit.estimates["k_params"].value)], fit.draws.get("ln_k", np.empty(0))]
        )
        return Rule(
            params_at=lambda flops: np.exp(log_k + exponent * np.log(flops)),
            tokens_at=_reported_tokens(fit),
            loss_at=None,
            n=len(exponent),
            **common,
        )
    raise DataError(
        f"a fit of '{fit.law}' by {fit.method} says nothing about the best size",
        remedy="Use a fit by approach1, approach2 or approach3.",
    )


def _reported_tokens(fit: FitResult) -> Callable[[FloatArray], FloatArray] | None:
    if fit.conventions.flop_rule == "6ND" or not {"b", "k_tokens"} <= fit.estimates.keys():
        return None
    exponent = _with_draws(fit, ("b",))[0]
    log_k = np.concatenate(
        [[math.log(fit.estimates["k_tokens"].value)], fit.draws.get("ln_k_tokens", np.empty(0))]
    )
    return lambda flops: np.exp(log_k + exponent * np.log(flops))


def _surface(theta: FloatArray, **common: Any) -> Rule:
    laws: Any = HoffmannLaw(*theta)  # every column of theta is one law
    e, a, b, alpha, beta = theta

    def loss_at(params: FloatArray, tokens: FloatArray) -> FloatArray:
        return hoffmann(e, a, b, alpha, beta, params, tokens)

    def params_at(flops: FloatArray) -> FloatArray:
        """The best sizes; NaN where the best model has less than one parameter or token."""
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            best = laws.params_opt(flops)
        return np.where((best >= 1) & (tokens_for(flops, np.maximum(best, 1)) >= 1), best, math.nan)

    return Rule(params_at=params_at, loss_at=loss_at, theta=theta, **common)


def _with_draws(fit: FitResult, names: Iterable[str]) -> FloatArray:
    return np.array(
        [np.concatenate([[fit.estimates[name].value], fit.draws.get(name, np.empty(0))]) for name in names]
    )


def _published_params(law: AllocationLaw, flops: FloatArray) -> FloatArray:
    best = law.value(flops / 2 if law.variable == "flops_min" else flops)
    return best if law.quantity == "params" else np.asarray(tokens_for(flops, best))
