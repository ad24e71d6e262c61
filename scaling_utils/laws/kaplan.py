"""Kaplan's law of training curves with its numbers, at batches of a finite size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from scaling_utils.arrays import FloatArray
from scaling_utils.laws.batch import KAPLAN_BATCH_TOKENS, KAPLAN_CRITICAL_BATCH, CriticalBatch
from scaling_utils.laws.forms import KAPLAN_NS

MAX_STEPS = 50
TOLERANCE = 1e-14


@dataclass(frozen=True)
class KaplanLaw:
    r"""The training curve :math:`L(N, S_{min}) = (N_c/N)^{\alpha_N} + (S_c/S_{min})^{\alpha_S}`.

    Parameters
    ----------
    N_c, S_c
        Scales (non-embedding params, steps).
    alpha_N, alpha_S
        Exponents.
    critical
        The critical batch size by loss; it turns steps taken into S_min.

    Notes
    -----
    *Source*: Kaplan et al. 2020, equations 5.6 (loss) and 5.4 (S_min).

    Examples
    --------
    >>> from scaling_utils.laws import published_law
    >>> law = KaplanLaw(**published_law("kaplan2020-ns").values)
    >>> law.loss([1e6, 1e9], 1e5).round(2)
    array([4.07, 2.54])
    """

    N_c: float
    S_c: float
    alpha_N: float
    alpha_S: float
    critical: CriticalBatch = KAPLAN_CRITICAL_BATCH

    @property
    def theta(self) -> FloatArray:
        """The parameters in the order of the form."""
        return np.array([self.N_c, self.S_c, self.alpha_N, self.alpha_S])

    def loss_at(self, params: Any, steps_min: Any) -> FloatArray:
        """Loss (nats/token) after S_min steps with a batch far above the critical one."""
        return KAPLAN_NS.value(self.theta, params, steps_min)

    def loss(self, params: Any, steps: Any, *, batch: Any = KAPLAN_BATCH_TOKENS) -> FloatArray:
        r"""Loss after S steps with a batch of B tokens.

        The loss sets the critical batch size, which sets S_min, which sets the loss: the one solution of
        :math:`L = L(N, S / (1 + B_{crit}(L) / B))`.

        Parameters
        ----------
        params
            Non-embedding parameters N, shape (n,).
        steps
            Steps S, shape (n,).
        batch
            Batch B (tokens).

        Returns
        -------
        ndarray
            Nats/token, shape (n,).

        Notes
        -----
        ln of the right-hand side falls with u = ln L and is convex, so Newton's method in u, started at
        the loss of an infinite batch, rises to the solution and never passes it.
        """
        n, s, b = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (params, steps, batch)))
        of_n, of_s = (self.N_c / n) ** self.alpha_N, (self.S_c / s) ** self.alpha_S
        log_loss = np.log(of_n + of_s)
        for _ in range(MAX_STEPS):
            ratio = self.critical(np.exp(log_loss)) / b
            slow = of_s * (1 + ratio) ** self.alpha_S
            loss = of_n + slow
            slope = -slow / loss * self.alpha_S / self.critical.exponent * ratio / (1 + ratio)
            step = (np.log(loss) - log_loss) / (1 - slope)
            log_loss = log_loss + step
            if not (np.abs(step) > TOLERANCE).any():
                break
        return np.asarray(np.exp(log_loss))
