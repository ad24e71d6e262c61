"""Transformers of whole layers and heads near a wanted size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from scaling_utils.allocation.shape import PARAMS_PER_LAYER, ModelShape
from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import ParamCount, convert_params
from scaling_utils.errors import DataError

HEAD = 64
"""Width of an attention head; the width of a model is a multiple of it."""

MOST_LAYERS, MOST_HEADS = 200, 512

SIZE_FIRST = 10.0
"""A size that is off by a share counts so many times as much as an aspect that is off by the same share."""

FAR = 4.0
"""Largest ratio of a transformer's aspect to the wanted one."""

OFF = 0.2
"""Largest share by which a transformer may miss the wanted size."""


@dataclass(frozen=True)
class Transformer:
    """A model that can be built.

    Parameters
    ----------
    layers, width
        Layers, and width d, a multiple of the width of a head.
    params
        Its parameters, counted as was asked.
    """

    layers: int
    width: int
    params: float


def nearest_transformer(params: float, *, count: ParamCount, shape: ModelShape) -> Transformer:
    """The transformer that has about so many parameters, and about the aspect of the shape.

    Parameters
    ----------
    params
        Wanted size (params), counted as `count` says.
    count
        How to count.
    shape
        Vocabulary, and width over layers to come near to.

    Returns
    -------
    Transformer

    Raises
    ------
    DataError
        If there is none within a fifth of the size.

    Notes
    -----
    A layer of width d has 12 d^2 parameters (Kaplan et al. 2020, section 2.1).

    Examples
    --------
    >>> nearest_transformer(1.2e8, count="total", shape=ModelShape())
    Transformer(layers=12, width=768, params=123532032.0)
    """
    layers, width, sizes, aspect_off = _transformers(count, shape)
    miss = np.abs(np.log(sizes / params))
    best = int(np.argmin(SIZE_FIRST * miss + aspect_off))
    if miss[best] > math.log1p(OFF):
        raise DataError(
            f"no transformer of heads of width {HEAD} and a vocabulary of {shape.vocab:,} has about "
            f"{params:.3g} params ({count})",
            remedy="Spend more, state a smaller vocabulary, or do without the rounding to transformers.",
        )
    return Transformer(int(layers[best]), int(width[best]), float(sizes[best]))


@cache
def _transformers(count: ParamCount, shape: ModelShape) -> tuple[FloatArray, ...]:
    """Layers, width and params of all models, and how far each is off the aspect."""
    layers, heads = (grid.ravel() for grid in np.mgrid[1.0 : MOST_LAYERS + 1, 1.0 : MOST_HEADS + 1])
    width = HEAD * heads
    near = np.abs(np.log(width / layers / shape.aspect)) < math.log(FAR)
    layers, width = layers[near], width[near]
    inner = PARAMS_PER_LAYER * layers * width**2
    sizes = convert_params(inner, "non-embedding", count, vocab=shape.vocab, width=width, tied=shape.tied)
    return layers, width, np.asarray(sizes), np.abs(np.log(width / layers / shape.aspect))
