"""The forms of scaling laws: value, gradient, equation, and the names, units and bounds of parameters.

A form has no numbers in it; `scaling_utils.laws.known` has the numbers that papers give.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from scaling_utils.arrays import FloatArray
from scaling_utils.laws import formulas

MAX_EXPONENT = 5.0
"""No measured exponent comes near it; a fit that gets there has lost its hold on the data."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a form.

    Parameters
    ----------
    name
        Name in code.
    symbol
        LaTeX.
    unit
        Unit; empty for a pure number. ``"loss"`` stands for the unit of the loss, ``"compute"`` for that
        of compute, which may be FLOPs or PF-days.
    low, high
        Bounds of its natural value.
    """

    name: str
    symbol: str
    unit: str
    low: float
    high: float


@dataclass(frozen=True)
class Law:
    """A form of scaling law, without numbers.

    Parameters
    ----------
    id
        Its name in `LAWS`.
    title
        What depends on what, in words.
    equation
        LaTeX.
    variables
        What it takes, in order: ``params``, ``tokens``, ``steps_min`` (the steps S_min that training far
        above the critical batch would take), ``flops``, ``flops_min`` (C_min, far below it).
        Compute may be in PF-days too if the parameters are.
    parameters
        Its parameters, in the order of `theta`.
    source
        Key of the bibliography, and place.

    Examples
    --------
    >>> HOFFMANN.names
    ('E', 'A', 'B', 'alpha', 'beta')
    >>> theta = [1.69, 406.4, 410.7, 0.34, 0.28]
    >>> round(float(HOFFMANN.value(theta, 280e9, 300e9)), 3)
    1.993
    >>> HOFFMANN.gradient(theta, [1e9, 1e10], [1e10, 1e10]).shape
    (2, 5)
    """

    id: str
    title: str
    equation: str
    variables: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    source: str
    _value: Callable[..., FloatArray] = field(repr=False)
    _gradient: Callable[..., formulas.Columns] = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, in the order of `theta`."""
        return tuple(parameter.name for parameter in self.parameters)

    def value(self, theta: ArrayLike, *variables: ArrayLike) -> FloatArray:
        """The law's value.

        Parameters
        ----------
        theta
            Parameters in their order, shape (P,).
        *variables
            Positive numbers in the order of `self.variables`, shape (n,) or shapes that broadcast to it.

        Returns
        -------
        ndarray
            Shape (n,), in the unit of the loss.

        Raises
        ------
        ValueError
            If there are not as many parameters or variables as the law has.
        """
        return np.asarray(self._value(*self._checked(theta, variables)))

    def gradient(self, theta: ArrayLike, *variables: ArrayLike) -> FloatArray:
        """The derivatives of `value` by each parameter.

        Parameters
        ----------
        theta, *variables
            As for `value`.

        Returns
        -------
        ndarray
            Shape (n, P).

        Raises
        ------
        ValueError
            As for `value`.
        """
        arguments = self._checked(theta, variables)
        shape = np.broadcast_shapes(*(v.shape for v in arguments[len(self.parameters) :]))
        columns = [np.broadcast_to(column, shape) for column in self._gradient(*arguments)]
        return np.stack(columns, axis=-1)

    def _checked(self, theta: ArrayLike, variables: tuple[ArrayLike, ...]) -> list[FloatArray]:
        numbers = np.asarray(theta, dtype=float)
        if numbers.shape != (len(self.parameters),):
            raise ValueError(
                f"{self.id} has the parameters {self.names}; theta has the shape {numbers.shape}"
            )
        if len(variables) != len(self.variables):
            raise ValueError(f"{self.id} is a law in {self.variables}, not in {len(variables)} variables")
        return [*numbers, *(np.asarray(v, dtype=float) for v in variables)]


def _scale(name: str, unit: str, *, symbol: str = "") -> Parameter:
    return Parameter(name, symbol or name, unit, 0.0, math.inf)


def _exponent(name: str, symbol: str) -> Parameter:
    return Parameter(name, symbol, "", 0.0, MAX_EXPONENT)


_FLOOR = _scale("E", "loss")
_ALPHA_N = _exponent("alpha_N", r"\alpha_N")
_ALPHA_D = _exponent("alpha_D", r"\alpha_D")
_N_C = _scale("N_c", "params")
_D_C = _scale("D_c", "tokens")

HOFFMANN = Law(
    id="hoffmann",
    title="Loss by parameters and tokens, with an entropy floor",
    equation=r"L(N, D) = E + \frac{A}{N^\alpha} + \frac{B}{D^\beta}",
    variables=("params", "tokens"),
    parameters=(
        _FLOOR,
        _scale("A", "loss params^alpha"),
        _scale("B", "loss tokens^beta"),
        _exponent("alpha", r"\alpha"),
        _exponent("beta", r"\beta"),
    ),
    source="hoffmann2022training, equation 2",
    _value=formulas.hoffmann,
    _gradient=formulas.hoffmann_gradient,
)
"""Hoffmann et al. 2022: the loss of a model of N parameters trained on D tokens."""

KAPLAN_N = Law(
    id="kaplan-n",
    title="Loss by parameters, trained to convergence",
    equation=r"L(N) = \left(\frac{N_c}{N}\right)^{\alpha_N}",
    variables=("params",),
    parameters=(_N_C, _ALPHA_N),
    source="kaplan2020scaling, equation 1.1",
    _value=formulas.ratio_power,
    _gradient=formulas.ratio_power_gradient,
)
"""Kaplan et al. 2020: large enough data and training, N limits."""

KAPLAN_D = Law(
    id="kaplan-d",
    title="Loss by tokens, of a large model stopped early",
    equation=r"L(D) = \left(\frac{D_c}{D}\right)^{\alpha_D}",
    variables=("tokens",),
    parameters=(_D_C, _ALPHA_D),
    source="kaplan2020scaling, equation 1.2",
    _value=formulas.ratio_power,
    _gradient=formulas.ratio_power_gradient,
)
"""Kaplan et al. 2020: the data limits."""

KAPLAN_C = Law(
    id="kaplan-c",
    title="Loss by compute at a fixed batch size, with the best model size",
    equation=r"L(C) = \left(\frac{C_c}{C}\right)^{\alpha_C}",
    variables=("flops",),
    parameters=(_scale("C_c", "compute"), _exponent("alpha_C", r"\alpha_C")),
    source="kaplan2020scaling, table 5",
    _value=formulas.ratio_power,
    _gradient=formulas.ratio_power_gradient,
)
"""Kaplan et al. 2020: compute limits, as spent at the batch size that was used."""

KAPLAN_CMIN = Law(
    id="kaplan-cmin",
    title="Loss by the least compute, with the best model size and a small batch",
    equation=r"L(C_{\min}) = \left(\frac{C_c^{\min}}{C_{\min}}\right)^{\alpha_C^{\min}}",
    variables=("flops_min",),
    parameters=(
        _scale("C_c_min", "compute", symbol=r"C_c^{\min}"),
        _exponent("alpha_C_min", r"\alpha_C^{\min}"),
    ),
    source="kaplan2020scaling, equation 1.3",
    _value=formulas.ratio_power,
    _gradient=formulas.ratio_power_gradient,
)
"""Kaplan et al. 2020: compute limits, as it would be far below the critical batch size."""

KAPLAN_ND = Law(
    id="kaplan-nd",
    title="Loss by parameters and tokens, stopped early",
    equation=(
        r"L(N, D) = \left[\left(\frac{N_c}{N}\right)^{\alpha_N / \alpha_D} + \frac{D_c}{D}\right]^{\alpha_D}"
    ),
    variables=("params", "tokens"),
    parameters=(_N_C, _D_C, _ALPHA_N, _ALPHA_D),
    source="kaplan2020scaling, equation 1.5",
    _value=formulas.kaplan_nd,
    _gradient=formulas.kaplan_nd_gradient,
)
"""Kaplan et al. 2020: how much data a model needs before it overfits."""

KAPLAN_NS = Law(
    id="kaplan-ns",
    title="Loss by parameters and steps, along the training curve",
    equation=(
        r"L(N, S_{\min}) = \left(\frac{N_c}{N}\right)^{\alpha_N}"
        r" + \left(\frac{S_c}{S_{\min}}\right)^{\alpha_S}"
    ),
    variables=("params", "steps_min"),
    parameters=(_N_C, _scale("S_c", "steps"), _ALPHA_N, _exponent("alpha_S", r"\alpha_S")),
    source="kaplan2020scaling, equation 5.6",
    _value=formulas.kaplan_ns,
    _gradient=formulas.kaplan_ns_gradient,
)
"""Kaplan et al. 2020: training curves after the warm-up, data without limit."""

POWER_LAW = Law(
    id="power-law",
    title="Loss by compute",
    equation=r"L(C) = A\,C^{-g}",
    variables=("flops",),
    parameters=(_scale("A", "loss compute^g"), _exponent("g", "g")),
    source="lu2025moba, table 3",
    _value=formulas.power,
    _gradient=formulas.power_gradient,
)
"""A straight line in logarithms, such as Lu et al. 2025 draw."""

POWER_LAW_FLOOR = Law(
    id="power-law-floor",
    title="Loss by compute, with an entropy floor",
    equation=r"L(C) = E + A\,C^{-g}",
    variables=("flops",),
    parameters=(_FLOOR, *POWER_LAW.parameters),
    source="dey2023cerebras, equation 1",
    _value=formulas.power_floor,
    _gradient=formulas.power_floor_gradient,
)
"""The same above a loss that no compute removes."""

LAWS: dict[str, Law] = {
    law.id: law
    for law in (
        *(HOFFMANN, POWER_LAW, POWER_LAW_FLOOR),
        *(KAPLAN_N, KAPLAN_D, KAPLAN_C, KAPLAN_CMIN, KAPLAN_ND, KAPLAN_NS),
    )
}
"""The forms by id."""
