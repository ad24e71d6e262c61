"""The coordinates in which any law is fitted."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from scaling_utils.arrays import FloatArray
from scaling_utils.fitting.problem import Problem
from scaling_utils.laws import Law

JITTER, COMPANY = 0.1, 11
"""A start that is alone gets so many others, off by about this much in each coordinate."""

_LARGEST = 690.0
"""Logarithm of a number that still has a product with others."""


class Coordinates:
    """A law in the coordinates of a fit: logarithms of the parameters that cannot be negative.

    Parameters
    ----------
    law
        The form.
    columns
        Its variables, each (n,).
    log_loss
        Logarithm of the measured loss, shape (n,).
    bounds
        Bounds of natural values by parameter, where they are not the law's own.
    """

    def __init__(
        self,
        law: Law,
        columns: list[FloatArray],
        log_loss: FloatArray,
        bounds: Mapping[str, tuple[float, float]],
    ) -> None:
        self.law, self.columns, self.log_loss = law, columns, log_loss
        low, high = np.array([bounds.get(p.name, (p.low, p.high)) for p in law.parameters], dtype=float).T
        self.in_logs = low >= 0
        self.low, self.high = self.internal(low), self.internal(high)

    def problem(self) -> Problem:
        """The fit as lmfit sees it."""
        names = [
            f"ln_{name}" if log else name for name, log in zip(self.law.names, self.in_logs, strict=True)
        ]
        return Problem(tuple(names), self.residuals, self.jacobian, self.low, self.high)

    def internal(self, values: FloatArray) -> FloatArray:
        """Coordinates of natural values (..., P)."""
        with np.errstate(divide="ignore"):
            return np.where(self.in_logs, np.log(np.where(self.in_logs, values, 1.0)), values)

    def natural(self, theta: FloatArray) -> FloatArray:
        """Natural values of coordinates (..., P)."""
        return np.where(self.in_logs, np.exp(np.clip(theta, -_LARGEST, _LARGEST)), theta)

    def starts(self, starts: ArrayLike) -> FloatArray:
        """Coordinates (starts, P) of natural starts; one that is alone gets company."""
        natural = np.atleast_2d(np.asarray(starts, dtype=float))
        if natural.shape[1:] != (len(self.law.names),):
            raise ValueError(f"starts need the parameters {self.law.names}, not the shape {natural.shape}")
        theta = self.internal(np.where(self.in_logs & ~(natural > 0), np.nan, natural))
        if not ((theta >= self.low) & (theta <= self.high)).all():
            raise ValueError(f"a start of {self.law.id} does not lie inside the bounds")
        if len(theta) > 1:
            return np.asarray(theta)
        jitter = JITTER * np.random.default_rng(0).standard_normal((COMPANY, theta.shape[1]))
        return np.clip(np.vstack([theta, theta + jitter]), self.low, self.high)

    def residuals(self, theta: FloatArray) -> FloatArray:
        """Residuals in ln loss, shape (n,)."""
        return np.log(self._value(self.natural(theta))) - self.log_loss

    def jacobian(self, theta: FloatArray) -> FloatArray:
        """Derivatives of the residuals, shape (n, P)."""
        natural = self.natural(theta)
        with np.errstate(all="ignore"):
            gradient = self.law.gradient(natural, *self.columns) * np.where(self.in_logs, natural, 1.0)
            relative = gradient / self._value(natural)[:, None]
            return np.where(np.isfinite(relative), relative, 0.0)

    def relative_errors(self, errors: FloatArray, theta: FloatArray) -> FloatArray:
        """Those of the exponents: the coefficients of a law say nothing without them."""
        size = np.where(self.in_logs, 1.0, np.maximum(np.abs(theta), np.finfo(float).tiny))
        return (errors / size)[[p.unit == "" for p in self.law.parameters]]

    def _value(self, natural: FloatArray) -> FloatArray:
        with np.errstate(all="ignore"):
            value = self.law.value(natural, *self.columns)
        return np.clip(np.where(np.isnan(value), np.inf, value), math.exp(-_LARGEST), math.exp(_LARGEST))
