"""Minima of many parabolas at once: resamples of one slice, or other losses for its sizes."""

from __future__ import annotations

import math

import numpy as np

from scaling_utils.arrays import FloatArray

MIN_SIZES = 4
"""Three sizes fix a parabola exactly; a fourth is needed before it can be wrong."""

WINDOW = 4.0
"""Largest ratio of a size to the best measured one, by default."""


def parabola_vertices(
    log_params: FloatArray,
    loss: FloatArray,
    weights: FloatArray,
    *,
    window: float,
    fewest: int = 3,
) -> FloatArray:
    """Sizes and losses at the minima of parabolas of loss in ln N, one for each column.

    The normal equations need only the weighted sums of x^0..x^4 and of loss x^0..x^2, so all columns are
    a few matrix products.

    Parameters
    ----------
    log_params
        Logarithms of the sizes of a slice, shape (n,).
    loss
        Losses, shape (n, columns), or (n, 1) where all columns have the same.
    weights
        How often each run counts in each column, shape (n, columns), or (n, 1).
    window
        A run counts if its size lies within this factor of the size with the lowest loss of the column.
    fewest
        Sizes that a parabola needs.

    Returns
    -------
    ndarray
        ln N_opt and the loss there, shape (2, columns); NaN where there is no minimum inside the sizes.

    Examples
    --------
    >>> x = np.log([1e8, 2e8, 4e8, 8e8])
    >>> loss = 2 + (x[:, None] - np.log([3e8, 1e9])) ** 2
    >>> log_n, lowest = parabola_vertices(x, loss, np.ones((4, 1)), window=np.inf)
    >>> np.exp(log_n).round(), lowest.round(6)
    (array([3.e+08,     nan]), array([ 2., nan]))
    """
    centre = log_params.mean()
    x = log_params - centre
    level = loss.mean(axis=0)
    loss = loss - level
    lowest = np.argmin(np.where(weights > 0, loss, np.inf), axis=0)
    weights = weights * (np.abs(x[:, None] - x) <= math.log(window) * (1 + 1e-12)).take(lowest, axis=1)

    by_size = np.argsort(x, kind="stable")
    drawn = weights[by_size] > 0
    _, size_starts = np.unique(x[by_size], return_index=True)
    sizes_drawn = np.logical_or.reduceat(drawn, size_starts, axis=0).sum(axis=0)
    powers = np.vander(x, 5, increasing=True).T
    s0, s1, s2, s3, s4 = powers @ weights
    t0, t1, t2 = powers[:3] @ (loss * weights)
    # Cramer's rule, the common determinant aside: it is positive wherever there are three sizes.
    m0, m1, m2 = s2 * s4 - s3 * s3, s1 * s4 - s2 * s3, s1 * s3 - s2 * s2
    constant = t0 * m0 - t1 * m1 + t2 * m2
    slope = s0 * (t1 * s4 - t2 * s3) - t0 * m1 + s2 * (s1 * t2 - s2 * t1)
    curvature = s0 * (s2 * t2 - s3 * t1) - s1 * (s1 * t2 - s2 * t1) + t0 * m2
    solvable = (sizes_drawn >= fewest) & (curvature > 0)
    vertex = -slope / (2 * np.where(solvable, curvature, 1.0))
    left = x[by_size[np.argmax(drawn, axis=0)]]
    right = x[by_size[::-1][np.argmax(drawn[::-1], axis=0)]]
    determinant = np.where(solvable, s0 * m0 - s1 * m1 + s2 * m2, 1.0)
    at_vertex = np.stack([centre + vertex, level + (constant + slope * vertex / 2) / determinant])
    inside: FloatArray = np.where(solvable & (left < vertex) & (vertex < right), at_vertex, np.nan)
    return inside
