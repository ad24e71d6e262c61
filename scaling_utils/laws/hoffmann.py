"""Hoffmann's law with its numbers, and the compute-optimal sizes that follow from it."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

import numpy as np

from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import FLOPS_PER_PARAM_TOKEN
from scaling_utils.laws.forms import HOFFMANN


@dataclass(frozen=True)
class HoffmannLaw:
    r"""The parametric loss :math:`L(N, D) = E + A N^{-\alpha} + B D^{-\beta}`.

    Parameters
    ----------
    E
        Entropy floor (nats/token).
    A, B
        Coefficients (nats/token times params^alpha, tokens^beta).
    alpha, beta
        Exponents.

    Notes
    -----
    *Source*: Hoffmann et al. 2022, equations 2 (loss) and 4 (efficient frontier).

    Examples
    --------
    >>> law = HoffmannLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
    >>> round(float(law.loss(280e9, 300e9)), 3)
    1.993
    >>> f"{float(law.params_opt(5.76e23)):.3g}"
    '3.22e+10'
    """

    E: float
    A: float
    B: float
    alpha: float
    beta: float

    def loss(self, params: Any, tokens: Any) -> FloatArray:
        """Loss (nats/token) of a model with `params` trained on `tokens`."""
        return HOFFMANN.value(astuple(self), params, tokens)

    @property
    def a(self) -> float:
        """Exponent of N_opt in C, beta / (alpha + beta)."""
        return self.beta / (self.alpha + self.beta)

    def params_opt(self, flops: Any) -> FloatArray:
        """Compute-optimal params at a budget (FLOPs), with C = 6 N D."""
        scale = (self.alpha * self.A / (self.beta * self.B)) ** (1 / (self.alpha + self.beta))
        return np.asarray(scale * (np.asarray(flops, dtype=float) / FLOPS_PER_PARAM_TOKEN) ** self.a)
