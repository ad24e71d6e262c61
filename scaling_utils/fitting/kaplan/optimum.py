"""Kaplan's law at fixed compute, and the size with the lowest loss there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import FLOPS_PER_PARAM_TOKEN
from scaling_utils.laws import KAPLAN_BATCH_TOKENS, KaplanLaw, flops_min

MAX_STEPS = 50
TOLERANCE = 1e-14


@dataclass(frozen=True, eq=False)
class OptimalSizes:
    """The model sizes with the lowest loss at given compute and batch size.

    Parameters
    ----------
    flops
        Compute C, 6 N B S (FLOPs), shape (n,), as are the others.
    params
        Best non-embedding model size (params).
    loss
        Its loss (nats/token).
    steps, steps_min
        Its steps S, and S_min.
    flops_min
        C_min, the compute that a batch far below the critical one would need for that loss (FLOPs).
    slope
        d ln N_opt / d ln C along the curve, at fixed batch size.
    """

    flops: FloatArray
    params: FloatArray
    loss: FloatArray
    steps: FloatArray
    steps_min: FloatArray
    flops_min: FloatArray
    slope: FloatArray


def fixed_compute_curve(
    law: KaplanLaw, flops: ArrayLike, params: ArrayLike, *, batch: float = KAPLAN_BATCH_TOKENS
) -> FloatArray:
    """Loss by model size at fixed compute, S = C / 6 N B.

    Parameters
    ----------
    law
        The law of training curves.
    flops
        Compute C (FLOPs); broadcasts against `params`.
    params
        Non-embedding parameters, shape (n,).
    batch
        Batch B (tokens).

    Returns
    -------
    ndarray
        Nats/token, shape (n,).

    Notes
    -----
    *Source*: Kaplan et al. 2020, figure 11 (left), equations 5.4 and 5.6.

    Examples
    --------
    >>> from scaling_utils.laws import published_law
    >>> law = KaplanLaw(**published_law("kaplan2020-ns").values)
    >>> fixed_compute_curve(law, 8.64e16, [2.5e5, 2.5e6, 2.5e7]).round(2)
    array([4.51, 4.1 , 4.98])
    """
    n = np.asarray(params, dtype=float)
    return law.loss(n, np.asarray(flops, dtype=float) / (FLOPS_PER_PARAM_TOKEN * n * batch), batch=batch)


def optimal_size(law: KaplanLaw, flops: ArrayLike, *, batch: float = KAPLAN_BATCH_TOKENS) -> OptimalSizes:
    r"""The minima of `fixed_compute_curve`.

    Parameters
    ----------
    law
        The law of training curves.
    flops
        Compute C (FLOPs), shape (n,).
    batch
        Batch B (tokens).

    Returns
    -------
    OptimalSizes

    Notes
    -----
    *Source*: Kaplan et al. 2020, section 6.1 and appendix B.1.

    In the minimum :math:`\alpha_N (N_c/N)^{\alpha_N} = \alpha_S (S_c/S_{min})^{\alpha_S}`. So the loss
    gives N and S_min, and with them :math:`C = 6 N S_{min} (B + B_{crit}(L))`, which falls with the loss:
    one equation in ln L, solved by Newton's method. The same N is the best at
    :math:`C_{min} = 6 N S_{min} B_{crit}(L)`: batch size moves a point along the compute axis, not along N.

    Examples
    --------
    >>> from scaling_utils.laws import published_law
    >>> best = optimal_size(KaplanLaw(**published_law("kaplan2020-ns").values), [8.64e14, 8.64e19])
    >>> best.loss.round(2), best.slope.round(2)
    (array([5.55, 2.73]), array([0.88, 0.72]))
    """
    log_flops = np.log(np.asarray(flops, dtype=float))
    spend = 1 / law.alpha_N + 1 / law.alpha_S
    log_loss = np.zeros_like(log_flops)
    for _ in range(MAX_STEPS):
        point = _optimum(law, np.exp(log_loss), batch)
        critical = law.critical(point.loss)
        slope = -spend - critical / (batch + critical) / law.critical.exponent
        step = (log_flops - np.log(point.flops)) / slope
        log_loss = log_loss + step
        if not (np.abs(step) > TOLERANCE).any():
            break
    return _optimum(law, np.exp(log_loss), batch)


def _optimum(law: KaplanLaw, loss: FloatArray, batch: float) -> OptimalSizes:
    """The best size to reach a loss, and what it takes."""
    of_n = loss * law.alpha_S / (law.alpha_N + law.alpha_S)
    params = law.N_c * of_n ** (-1 / law.alpha_N)
    least = law.S_c * (loss - of_n) ** (-1 / law.alpha_S)
    critical = law.critical(loss)
    share = critical / (batch + critical)
    flops = FLOPS_PER_PARAM_TOKEN * params * least * (batch + critical)
    return OptimalSizes(
        flops=flops,
        params=params,
        loss=loss,
        steps=least * (1 + critical / batch),
        steps_min=least,
        flops_min=flops_min(flops, batch, loss, critical=law.critical),
        slope=np.asarray(1 / (1 + law.alpha_N * (1 / law.alpha_S + share / law.critical.exponent))),
    )
