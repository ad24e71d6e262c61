"""The critical batch size, and what steps and compute would be without its cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from scaling_utils.arrays import FloatArray

KAPLAN_BATCH_TOKENS = float(2**19)
"""Batch (tokens) of Kaplan's runs: 512 sequences of 1,024 tokens."""


@dataclass(frozen=True)
class CriticalBatch:
    r"""The critical batch size by loss, :math:`B_{crit}(L) = B_* / L^{1/\alpha_B}`.

    Parameters
    ----------
    scale
        B_*, in tokens, for a loss in nats/token.
    exponent
        alpha_B.

    Notes
    -----
    *Source*: Kaplan et al. 2020, equations 1.4 and 5.3: B_* = 2e8 tokens, alpha_B = 0.21. Their table 5
    gives 2.1e8, and the legend of their figure 10 has 2.1e8 and L^4.8; `KAPLAN_CRITICAL_BATCH` is that of
    the equations.

    Examples
    --------
    >>> round(CriticalBatch(2e8, 0.21)(3.0) / 1e6, 2)
    np.float64(1.07)
    """

    scale: float
    exponent: float

    @property
    def known(self) -> bool:
        """Whether it is a batch size at all, see `NO_CRITICAL_BATCH`."""
        return self.scale > 0

    def __call__(self, loss: Any) -> FloatArray:
        """Tokens a batch at which training takes twice the fewest steps."""
        return np.asarray(self.scale * np.asarray(loss, dtype=float) ** (-1 / self.exponent))


KAPLAN_CRITICAL_BATCH = CriticalBatch(scale=2e8, exponent=0.21)
"""Kaplan et al. 2020, equation 5.3 with the numbers of equation 1.4."""

NO_CRITICAL_BATCH = CriticalBatch(scale=0.0, exponent=math.inf)
"""For losses whose critical batch size is not known: S_min is S, and C_min has no value."""


def steps_min(
    steps: Any, batch: Any, loss: Any, *, critical: CriticalBatch = KAPLAN_CRITICAL_BATCH
) -> FloatArray:
    r"""The steps that the same loss would take with a batch far above the critical one.

    :math:`S_{min} = S / (1 + B_{crit}(L) / B)`.

    Parameters
    ----------
    steps
        Steps S, shape (n,).
    batch
        Batch B (tokens).
    loss
        Loss reached (nats/token), shape (n,).
    critical
        The critical batch size by loss.

    Returns
    -------
    ndarray
        Steps, shape (n,).

    Notes
    -----
    *Source*: Kaplan et al. 2020, equation 5.4.

    Examples
    --------
    >>> steps_min(1e5, 2**19, 3.0).round()
    np.float64(32904.0)
    """
    ratio = critical(loss) / np.asarray(batch, dtype=float)
    return np.asarray(np.asarray(steps, dtype=float) / (1 + ratio))


def flops_min(
    flops: Any, batch: Any, loss: Any, *, critical: CriticalBatch = KAPLAN_CRITICAL_BATCH
) -> FloatArray:
    r"""The compute that the same loss would take with a batch far below the critical one.

    :math:`C_{min} = C / (1 + B / B_{crit}(L))`; at the critical batch size it is C / 2.

    Parameters
    ----------
    flops
        Compute C, in FLOPs or PF-days, shape (n,).
    batch
        Batch B (tokens).
    loss
        Loss reached (nats/token), shape (n,).
    critical
        The critical batch size by loss.

    Returns
    -------
    ndarray
        In the unit of `flops`, shape (n,); NaN by `NO_CRITICAL_BATCH`.

    Notes
    -----
    *Source*: Kaplan et al. 2020, equation 5.5.

    Examples
    --------
    >>> flops_min(1e21, KAPLAN_CRITICAL_BATCH(3.0), 3.0)
    array(5.e+20)
    """
    if not critical.known:
        return np.full(np.broadcast(flops, batch, loss).shape, np.nan)
    ratio = np.asarray(batch, dtype=float) / critical(loss)
    return np.asarray(np.asarray(flops, dtype=float) / (1 + ratio))
