"""What it costs to train another size than the best one, and which sizes cost little."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling_utils.allocation.optimum import allocate, size_cost
from scaling_utils.allocation.rule import Source, as_rule, no_best_size
from scaling_utils.errors import DataError
from scaling_utils.fitting.intervals import estimate
from scaling_utils.results import Estimate

MORE_COMPUTE = 0.2
"""Kaplan et al. 2020, appendix B.4, give the sizes that cost at most so much more compute."""

FAR, HALVINGS = 50.0, 60
"""Where a size is hopeless (a term of the loss grew by e^50), and halvings of the way there."""


def cost_curve(source: Source, flops: float, ratios: ArrayLike) -> pd.DataFrame:
    """What sizes beside the best one cost at a budget.

    Parameters
    ----------
    source
        A fit of Approach 3, or a published law of the loss in N and D.
    flops
        Budget (FLOPs).
    ratios
        Sizes as multiples of the best one.

    Returns
    -------
    DataFrame
        One row per ratio, the index: `params`; `penalty`, the loss above the best, with `penalty low` and
        `penalty high`; `wasted`, the share of the budget that the best size would have saved, likewise.
        The intervals are those of one size, for which the best is not known exactly: where the ratio is 1
        they do not vanish.

    Examples
    --------
    >>> from scaling_utils.laws import published_law
    >>> cost_curve(published_law("besiroglu2024"), 1e24, [0.5, 1, 2])["wasted"].round(3).tolist()
    [0.156, 0.0, 0.157]
    """
    best = allocate(source, flops).params.value
    rows = {}
    for ratio in np.asarray(ratios, dtype=float):
        cost = size_cost(source, flops, best * ratio)
        rows[float(ratio)] = {
            "params": cost.params,
            "penalty": cost.penalty.value,
            "penalty low": cost.penalty.low,
            "penalty high": cost.penalty.high,
            "wasted": cost.wasted.value,
            "wasted low": cost.wasted.low,
            "wasted high": cost.wasted.high,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("N / N_opt")


def tolerated(source: Source, *, extra: float = MORE_COMPUTE) -> tuple[Estimate, Estimate]:
    r"""The sizes, as multiples of the best, that reach its loss with at most so much more compute.

    Parameters
    ----------
    source
        A fit of Approach 3, or a published law of the loss in N and D.
    extra
        More compute, as a share.

    Returns
    -------
    smaller, larger : Estimate
        Multiples of the best size at the smaller budget. They do not depend on the budget.

    Raises
    ------
    DataError
        If the source has no loss, or leaves no best size.

    Notes
    -----
    The loss above the floor at size r N* is :math:`(\beta r^{-\alpha} + \alpha r^{\beta}) / (\alpha + \beta)`
    times the least one at the same budget; 1 + x of the compute takes the least one down by the factor
    :math:`(1 + x)^{-\alpha\beta/(\alpha+\beta)}`, and the best size up by :math:`(1 + x)^a`.

    Examples
    --------
    >>> from scaling_utils.laws import published_law
    >>> smaller, larger = tolerated(published_law("besiroglu2024"))
    >>> round(smaller.value, 2), round(larger.value, 2)
    (0.53, 2.25)
    """
    law = as_rule(source)
    if law.theta is None:
        raise DataError(
            f"{law.name} says nothing about the loss, so the cost of a size cannot be computed",
            remedy="Use a fit of Approach 3, or a published law of the loss in N and D.",
        )
    if np.isnan(law.theta[:, 0]).any():
        raise no_best_size(law)
    alpha, beta = law.theta[3:]
    allowed = (1 + extra) ** (alpha * beta / (alpha + beta))
    ends = []
    for within, beyond in ((np.zeros_like(alpha), -FAR / alpha), (np.zeros_like(beta), FAR / beta)):
        for _ in range(HALVINGS):
            middle = (within + beyond) / 2
            above = (beta * np.exp(-alpha * middle) + alpha * np.exp(beta * middle)) / (alpha + beta)
            within = np.where(above > allowed, within, middle)
            beyond = np.where(above > allowed, middle, beyond)
        ends.append(np.exp(within) * (1 + extra) ** (beta / (alpha + beta)))
    smaller, larger = (estimate(float(end[0]), end[1:], kind=law.interval) for end in ends)
    return smaller, larger


def tolerance_table(sources: Mapping[str, Source], *, extra: float = MORE_COMPUTE) -> pd.DataFrame:
    """`tolerated` for every source that has a loss.

    Returns
    -------
    DataFrame
        One row per source, the index: `smaller` and `larger`, multiples of the best size, each with its
        interval (NaN for published laws).
    """
    rows = {}
    for name, source in sources.items():
        if as_rule(source).theta is None:
            continue
        smaller, larger = tolerated(source, extra=extra)
        rows[name] = {
            "smaller": smaller.value,
            "smaller low": smaller.low,
            "smaller high": smaller.high,
            "larger": larger.value,
            "larger low": larger.low,
            "larger high": larger.high,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("law")
