"""Small symmetric systems of equations, thousands at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scaling_utils.arrays import FloatArray

SINGULAR = 1e-13
"""A pivot below this share of its diagonal element is rounding."""


def solve_rows(
    hessian: FloatArray, gradient: FloatArray, damping: FloatArray
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Solve (H + damping) s = g for every row by L D L^T; and whether the matrix was positive definite.

    Parameters
    ----------
    hessian
        Symmetric matrices, shape (k, k, rows); only the upper triangles are read.
    gradient
        Right-hand sides, shape (k, rows).
    damping
        Additions to the diagonals, shape (k, rows).

    Returns
    -------
    step, definite : ndarray
        Solutions (k, rows), without meaning where `definite` (rows,) is false.

    Examples
    --------
    >>> identity = np.eye(2)[..., None]
    >>> step, definite = solve_rows(2 * identity, np.array([[2.0], [6.0]]), np.zeros((2, 1)))
    >>> step[:, 0], definite
    (array([1., 3.]), array([ True]))
    """
    k = len(gradient)
    upper = hessian.copy()
    for i in range(k):
        upper[i, i] += damping[i]
    limit = SINGULAR * np.abs(upper[range(k), range(k)])
    definite = np.ones(gradient.shape[1], dtype=bool)
    step = gradient.copy()
    for i in range(k):
        definite &= upper[i, i] > limit[i]
        for j in range(i + 1, k):
            factor = upper[i, j] / upper[i, i]
            upper[j, j:] -= factor * upper[i, j:]
            step[j] -= factor * step[i]
            upper[i, j] = factor
    for i in range(k - 1, -1, -1):
        step[i] /= upper[i, i]
        for j in range(i + 1, k):
            step[i] -= upper[i, j] * step[j]
    return step, definite
