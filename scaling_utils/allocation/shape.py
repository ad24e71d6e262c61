"""Between parameter counts, for models of a stated shape."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import ParamCount, convert_params

PARAMS_PER_LAYER = 12
"""Parameters of a transformer layer of width d: 12 d^2 (Kaplan et al. 2020, section 2.1)."""


@dataclass(frozen=True)
class ModelShape:
    """What converts between parameter counts: a vocabulary, and how wide a model of given size is.

    Parameters
    ----------
    vocab
        Vocabulary size (tokens).
    aspect
        Width divided by number of layers.
    tied
        Whether the output layer shares the weights of the input embedding.
    """

    vocab: int = 50_257
    aspect: float = 64.0
    tied: bool = True

    def width(self, params: FloatArray) -> FloatArray:
        """Width d of a model with `params` outside of its embeddings, 12 d^3 / aspect."""
        return np.asarray((self.aspect * params / PARAMS_PER_LAYER) ** (1 / 3))


def converted(params: FloatArray, source: ParamCount, target: ParamCount, shape: ModelShape) -> FloatArray:
    """Counts converted with the width that the shape gives to the size without embeddings; NaN stays NaN.

    Notes
    -----
    The width grows as the cube root of the size n without embeddings, so a count that includes them is
    x^3 + k x with x the cube root of n. Its only real root for a given count has a closed form.

    Examples
    --------
    >>> inner = converted(np.array([1e7, 1e9]), "total", "non-embedding", ModelShape())
    >>> converted(inner, "non-embedding", "total", ModelShape()).round()
    array([1.e+07, 1.e+09])
    """
    inner = params
    if k := _embedding(source, shape):
        scale = 2 * math.sqrt(k / 3)
        inner = (scale * np.sinh(np.arcsinh(4 * params / scale**3) / 3)) ** 3
    return np.asarray(inner + _embedding(target, shape) * np.cbrt(inner))


def _embedding(count: ParamCount, shape: ModelShape) -> float:
    """What a count adds for the embeddings of a model with one parameter outside of them."""
    width = shape.width(np.asarray(1.0))
    return float(
        convert_params(1.0, "non-embedding", count, vocab=shape.vocab, width=width, tied=shape.tied) - 1
    )
