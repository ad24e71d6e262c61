"""The array type of signatures, and small helpers for arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def covering(first: FloatArray, last: FloatArray, levels: FloatArray) -> np.ndarray:
    """How many intervals hold each level, their ends included.

    Parameters
    ----------
    first, last
        Ends of the intervals, shape (n,).
    levels
        Shape (m,).

    Returns
    -------
    ndarray
        Shape (m,).

    Examples
    --------
    >>> covering(np.array([1.0, 2.0]), np.array([3.0, 5.0]), np.array([0.5, 1.0, 2.5, 3.0, 4.0])).tolist()
    [0, 1, 2, 2, 1]
    """
    return np.searchsorted(np.sort(first), levels, "right") - np.searchsorted(np.sort(last), levels, "left")


def spaced(n: int, most: int) -> np.ndarray:
    """Indices of `n` ordered things: all, or so many of them, evenly from the first to the last.

    >>> spaced(3, 12).tolist(), spaced(100, 4).tolist()
    ([0, 1, 2], [0, 33, 66, 99])
    """
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int))
