"""Between parameter counts, for models of a stated shape."""

from __future__ import annotations

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
    """Counts converted with the width that the shape gives to the size without embeddings."""
    inner = params
    if source != "non-embedding":
        for _ in range(200):
            # the width follows from the size without embeddings, which follows from the width
            embedding = _count(inner, source, shape) - inner
            updated = np.maximum(params - embedding, params * 1e-6)
            converged = np.abs(updated / inner - 1).max() < 1e-12
            inner = updated
            if converged:
                break
    return _count(inner, target, shape)


def _count(inner: FloatArray, target: ParamCount, shape: ModelShape) -> FloatArray:
    """Count models of `inner` params outside of their embeddings."""
    counted = convert_params(
        inner, "non-embedding", target, vocab=shape.vocab, width=shape.width(inner), tied=shape.tied
    )
    return np.asarray(counted)
