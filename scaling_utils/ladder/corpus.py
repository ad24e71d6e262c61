"""A corpus: bytes to train on and bytes held out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scaling_utils.errors import clip
from scaling_utils.ladder.config import LadderError

BLOCK = 2**14
"""Bytes per block of the split."""

HELD_OUT_EVERY = 50
"""Every 50th block is held out, so that held-out text comes from all over the corpus."""


@dataclass(frozen=True, eq=False)
class Corpus:
    """Bytes to train on and bytes held out.

    Parameters
    ----------
    name, sha256
        Of the whole.
    train
        The training part, blocks joined in order.
    held_out
        The held-out blocks, shape (blocks, bytes of a block).
    """

    name: str
    sha256: str
    train: NDArray[np.uint8]
    held_out: NDArray[np.uint8]

    @classmethod
    def from_bytes(cls, text: bytes, *, name: str) -> Corpus:
        """Split a corpus; a last block that is not whole is trained on.

        Raises
        ------
        LadderError
            If there is not one held-out block.

        Examples
        --------
        >>> corpus = Corpus.from_bytes(bytes(100 * BLOCK + 1), name="zeros")
        >>> corpus.train.size == 98 * BLOCK + 1, corpus.held_out.shape
        (True, (2, 16384))
        """
        data = np.frombuffer(text, dtype=np.uint8)
        whole = len(data) // BLOCK
        blocks = data[: whole * BLOCK].reshape(whole, BLOCK)
        held_out = np.arange(whole) % HELD_OUT_EVERY == HELD_OUT_EVERY - 1
        if not held_out.any():
            raise LadderError(
                f"a corpus of {len(data):,} bytes is too small; {HELD_OUT_EVERY * BLOCK:,} are needed"
            )
        train = np.concatenate([blocks[~held_out].ravel(), data[whole * BLOCK :]])
        return cls(name, hashlib.sha256(text).hexdigest(), train, blocks[held_out])

    def held_out_sequences(self, count: int, context: int) -> NDArray[np.uint8]:
        """Held-out sequences of context + 1 bytes, spread evenly over the corpus: the same for every run.

        Raises
        ------
        LadderError
            If the held-out part does not hold that many.
        """
        per_block = BLOCK // (context + 1)
        available = per_block * len(self.held_out)
        if count > available:
            raise LadderError(
                f"the held-out part of '{clip(self.name, 40)}' has {available} sequences of {context + 1} "
                f"bytes, not {count}; take a larger corpus"
            )
        cut = self.held_out[:, : per_block * (context + 1)].reshape(available, context + 1)
        return cut[np.arange(count) * available // count]
