"""A fit as lmfit sees it: residuals, Jacobian, bounds; and one descent from one start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scaling_utils.arrays import FloatArray
from scaling_utils.fitting.least_absolute import least_absolute
from scaling_utils.fitting.newton import newton
from scaling_utils.fitting.objective import GENTLE, Objective

HANDOVER = 1e-12
"""Delta of a Huber function that no residual but rounding tells from the absolute value."""

_TIGHT = {"ftol": 1e-14, "xtol": 1e-14, "gtol": 1e-14}


@dataclass(frozen=True)
class Problem:
    """Residuals in ln loss as a function of the parameters.

    Parameters
    ----------
    names
        Names of the parameters, as lmfit shows them.
    residuals, jacobian
        Functions of the parameters (P,), giving (n,) and (n, P); finite wherever the bounds allow.
    low, high
        Bounds, shape (P,).
    """

    names: tuple[str, ...]
    residuals: Callable[[FloatArray], FloatArray]
    jacobian: Callable[[FloatArray], FloatArray]
    low: FloatArray
    high: FloatArray

    def inside(self, theta: FloatArray) -> FloatArray:
        """`theta` moved between the bounds."""
        return np.clip(theta, self.low, self.high)

    def at_bound(self, theta: FloatArray) -> bool:
        """Whether a parameter of the optimum `theta` lies on a bound."""
        near = 1e-6 * np.maximum(1, np.abs(theta))
        return bool(((theta - self.low < near) | (self.high - theta < near)).any())

    def polish(self, start: FloatArray, objective: Objective, *, max_nfev: int = 2000) -> Any:
        """Minimise from one start with lmfit.

        Returns
        -------
        lmfit.minimizer.MinimizerResult
            Its standard errors are removed: they do not hold for a robust objective, and for the others
            the bootstrap is used as well.
        """
        if objective.name == "least-absolute":
            near = self.theta(self.polish(start, Objective("huber", GENTLE)))
            start = least_absolute(self.residuals, self.jacobian, near, low=self.low, high=self.high)
            # lmfit takes the point over: seen through so sharp a function it cannot be improved
            options: dict[str, Any] = {"loss": "huber", "f_scale": HANDOVER}
        else:
            options = objective.lmfit_options()
        import lmfit

        parameters = lmfit.Parameters()
        for name, value, low, high in zip(self.names, self.inside(start), self.low, self.high, strict=True):
            parameters.add(name, value=value, min=low, max=high)
        minimizer = lmfit.Minimizer(
            lambda p: self.residuals(_values(p)), parameters, calc_covar=False, nan_policy="raise"
        )
        with np.errstate(all="ignore"):
            result = minimizer.least_squares(
                jac=lambda p: self.jacobian(_values(p)),
                x_scale="jac",
                max_nfev=max_nfev,
                **_TIGHT,
                **options,
            )
        result.errorbars, result.covar = False, None
        for parameter in result.params.values():
            parameter.stderr = parameter.correl = None
        return result

    def polish_weighted(
        self, start: FloatArray, weights: NDArray[Any], objective: Objective
    ) -> tuple[FloatArray, bool]:
        """Minimise with points that count several times: parameters, and whether they are a minimum.

        By Newton's method, and by scipy where that fails.
        """
        drawn = np.flatnonzero(weights)
        counts = np.asarray(weights, dtype=float)[drawn]

        def residuals(theta: FloatArray) -> FloatArray:
            return self.residuals(theta)[drawn]

        def jacobian(theta: FloatArray) -> FloatArray:
            return self.jacobian(theta)[drawn]

        if objective.name == "least-absolute":
            near, arrived = self.polish_weighted(start, weights, Objective("huber", GENTLE))
            theta = least_absolute(residuals, jacobian, near, low=self.low, high=self.high, weights=counts)
            return theta, arrived
        theta = self.inside(start)
        for turn in objective.turns:
            with np.errstate(all="ignore"):
                theta, arrived = newton(residuals, jacobian, theta, counts, turn=turn)
        if arrived and (theta == self.inside(theta)).all():
            return theta, True
        from scipy.optimize import least_squares

        square = objective.name == "least-squares"

        def weighted(z: FloatArray) -> FloatArray:
            """Value and two derivatives of the loss as scipy wants them, z being a squared residual."""
            inner = np.ones_like(z, dtype=bool) if square else z <= 1
            root = np.sqrt(np.where(inner, 1.0, z))
            value, bend = np.where(inner, z, 2 * root - 1), np.where(inner, 0.0, -0.5 / root**3)
            return np.asarray(np.stack([value, 1 / root, bend]) * counts)

        with np.errstate(all="ignore"):
            end = least_squares(
                residuals,
                self.inside(start),
                jac=jacobian,
                bounds=(self.low, self.high),
                loss=weighted,
                f_scale=1.0 if square else objective.delta,
                x_scale="jac",
                max_nfev=500,
                **_TIGHT,
            )
        return np.asarray(end.x), bool(end.success)

    def theta(self, result: Any) -> FloatArray:
        """The parameters of an lmfit result, shape (P,)."""
        return _values(result.params)


def _values(parameters: Any) -> FloatArray:
    return np.array([float(parameter.value) for parameter in parameters.values()])
