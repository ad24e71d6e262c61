"""Values and derivatives of the scaling laws, one pair of functions a form.

Each takes the parameters of its form in order, then the variables; a gradient gives one array a
parameter. `scaling_utils.laws.forms` says what the letters mean.
"""

from __future__ import annotations

import numpy as np

from scaling_utils.arrays import FloatArray

Columns = tuple[FloatArray, ...]


def hoffmann(
    e: float, a: float, b: float, alpha: float, beta: float, n: FloatArray, d: FloatArray
) -> FloatArray:
    """E + A N^-alpha + B D^-beta."""
    return e + a * n**-alpha + b * d**-beta


def hoffmann_gradient(
    e: float, a: float, b: float, alpha: float, beta: float, n: FloatArray, d: FloatArray
) -> Columns:
    """By E, A, B, alpha, beta."""
    of_n, of_d = n**-alpha, d**-beta
    return np.ones_like(n), of_n, of_d, -a * of_n * np.log(n), -b * of_d * np.log(d)


def ratio_power(x_c: float, alpha: float, x: FloatArray) -> FloatArray:
    """(X_c / X)^alpha."""
    return (x_c / x) ** alpha


def ratio_power_gradient(x_c: float, alpha: float, x: FloatArray) -> Columns:
    """By X_c, alpha."""
    value = (x_c / x) ** alpha
    return alpha * value / x_c, value * np.log(x_c / x)


def kaplan_nd(
    n_c: float, d_c: float, alpha_n: float, alpha_d: float, n: FloatArray, d: FloatArray
) -> FloatArray:
    """[(N_c / N)^(alpha_N / alpha_D) + D_c / D]^alpha_D."""
    return ((n_c / n) ** (alpha_n / alpha_d) + d_c / d) ** alpha_d


def kaplan_nd_gradient(
    n_c: float, d_c: float, alpha_n: float, alpha_d: float, n: FloatArray, d: FloatArray
) -> Columns:
    """By N_c, D_c, alpha_N, alpha_D."""
    ratio, log_n = alpha_n / alpha_d, np.log(n_c / n)
    of_n = np.exp(ratio * log_n)
    inner = of_n + d_c / d
    outer = inner ** (alpha_d - 1)
    return (
        alpha_n * outer * of_n / n_c,
        alpha_d * outer / d,
        outer * of_n * log_n,
        outer * (inner * np.log(inner) - ratio * of_n * log_n),
    )


def kaplan_ns(
    n_c: float, s_c: float, alpha_n: float, alpha_s: float, n: FloatArray, s: FloatArray
) -> FloatArray:
    """(N_c / N)^alpha_N + (S_c / S)^alpha_S."""
    return ratio_power(n_c, alpha_n, n) + ratio_power(s_c, alpha_s, s)


def kaplan_ns_gradient(
    n_c: float, s_c: float, alpha_n: float, alpha_s: float, n: FloatArray, s: FloatArray
) -> Columns:
    """By N_c, S_c, alpha_N, alpha_S."""
    by_n_c, by_alpha_n = ratio_power_gradient(n_c, alpha_n, n)
    by_s_c, by_alpha_s = ratio_power_gradient(s_c, alpha_s, s)
    return by_n_c, by_s_c, by_alpha_n, by_alpha_s


def power(a: float, g: float, c: FloatArray) -> FloatArray:
    """A C^-g."""
    return a * c**-g


def power_gradient(a: float, g: float, c: FloatArray) -> Columns:
    """By A, g."""
    of_c = c**-g
    return of_c, -a * of_c * np.log(c)


def power_floor(e: float, a: float, g: float, c: FloatArray) -> FloatArray:
    """E + A C^-g."""
    return e + power(a, g, c)


def power_floor_gradient(e: float, a: float, g: float, c: FloatArray) -> Columns:
    """By E, A, g."""
    return np.ones_like(c), *power_gradient(a, g, c)
