"""The array type of signatures."""

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
