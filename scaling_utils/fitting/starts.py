"""Where the fits of the loss surface start."""

from __future__ import annotations

from itertools import product

import numpy as np

from scaling_utils.arrays import FloatArray
from scaling_utils.fitting.surface import Surface

EXPONENTS = np.geomspace(0.02, 2.0, 24)
"""The grid of both exponents; measured ones lie between 0.05 and 0.8."""

KEPT = 8
"""Starts taken from the grid."""

APART = 3
"""Smallest distance of two kept starts, in steps of the grid."""

_LARGEST = 60.0
"""Logarithm of a number whose products with others in the sums are still numbers."""

SMALLEST_SHARE = 1e-3
"""What a term that linear least squares makes negative is set to, as a share of the loss."""


def hoffmann_starts() -> FloatArray:
    """The 4,500 published starts, shape (4500, 5).

    Notes
    -----
    *Source*: Hoffmann et al. 2022, appendix D.4.

    Examples
    --------
    >>> hoffmann_starts().shape
    (4500, 5)
    """
    five = np.arange(0.0, 30.0, 5.0)
    half, around = np.arange(0.0, 2.5, 0.5), np.arange(-1.0, 1.5, 0.5)
    return np.array(list(product(five, five, around, half, half)))


def grid_starts(surface: Surface) -> FloatArray:
    """Starts at well separated good places of a grid of exponents, shape (KEPT, 5), best first.

    For each pair of exponents E, A and B follow by least squares of the relative error of the loss, which
    is linear in them (variable projection); the pairs are then ranked by the objective itself.
    """
    theta, total = _projected(surface)
    order = np.argsort(total, kind="stable")
    row, column = np.divmod(order, len(EXPONENTS))
    free = np.ones(len(order), dtype=bool)
    kept: list[int] = []
    while len(kept) < KEPT and free.any():
        first = int(np.argmax(free))
        kept.append(int(order[first]))
        free &= np.maximum(abs(row - row[first]), abs(column - column[first])) >= APART
    return theta[kept]


def _projected(surface: Surface) -> tuple[FloatArray, FloatArray]:
    """Parameters (pairs, 5) and objective (pairs,) for every pair of exponents."""
    weight = np.exp(np.clip(surface.log_loss.mean() - surface.log_loss, -_LARGEST, _LARGEST))
    u, v = (
        np.exp(np.clip(np.multiply.outer(EXPONENTS, -z), -_LARGEST, _LARGEST)) * weight
        for z in (surface.x, surface.y)
    )
    grid = len(EXPONENTS)
    normal = np.empty((grid, grid, 3, 3))
    normal[..., 0, 0] = weight @ weight
    normal[..., 0, 1] = normal[..., 1, 0] = (u @ weight)[:, None]
    normal[..., 0, 2] = normal[..., 2, 0] = v @ weight
    normal[..., 1, 1] = np.einsum("ij,ij->i", u, u)[:, None]
    normal[..., 2, 2] = np.einsum("ij,ij->i", v, v)
    normal[..., 1, 2] = normal[..., 2, 1] = u @ v.T
    right = np.empty((grid, grid, 3))
    right[..., 0], right[..., 1], right[..., 2] = weight.sum(), u.sum(axis=1)[:, None], v.sum(axis=1)
    # a ridge far below the data keeps the system solvable where N and D move together
    size = np.sqrt(np.einsum("...ii->...i", normal))
    scaled = normal / (size[..., :, None] * size[..., None, :]) + 1e-10 * np.eye(3)
    level = np.linalg.solve(scaled, (right / size)[..., None])[..., 0] / size
    level = np.maximum(level, SMALLEST_SHARE)  # in units of the typical loss
    ratio = level[..., 1:2] * u[:, None]
    ratio += level[..., 2:] * v
    ratio += level[..., :1] * weight
    total = surface.totals(np.log(ratio, out=ratio).reshape(grid * grid, -1))
    log_level = np.log(level).reshape(-1, 3) + surface.log_loss.mean()
    alpha, beta = (values.ravel() for values in np.meshgrid(EXPONENTS, EXPONENTS, indexing="ij"))
    return surface.uncentred(np.column_stack([log_level[:, [1, 2, 0]], alpha, beta])), total
