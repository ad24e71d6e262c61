"""How to split a compute budget between model size and tokens, by any law."""

from __future__ import annotations

from scaling_utils.allocation.optimum import Allocation, SizeCost, allocate, compare_laws, size_cost
from scaling_utils.allocation.rule import Source, known_source
from scaling_utils.allocation.shape import ModelShape

__all__ = [
    "Allocation",
    "ModelShape",
    "SizeCost",
    "Source",
    "allocate",
    "compare_laws",
    "known_source",
    "size_cost",
]
