"""Scaling laws: their forms, the numbers that papers give them, and batch-size corrections."""

from __future__ import annotations

from scaling_utils.laws.batch import (
    KAPLAN_BATCH_TOKENS,
    KAPLAN_CRITICAL_BATCH,
    NO_CRITICAL_BATCH,
    CriticalBatch,
    flops_min,
    steps_min,
)
from scaling_utils.laws.forms import (
    HOFFMANN,
    KAPLAN_C,
    KAPLAN_CMIN,
    KAPLAN_D,
    KAPLAN_N,
    KAPLAN_ND,
    KAPLAN_NS,
    LAWS,
    POWER_LAW,
    POWER_LAW_FLOOR,
    Law,
    Parameter,
)
from scaling_utils.laws.hoffmann import HoffmannLaw
from scaling_utils.laws.kaplan import KaplanLaw
from scaling_utils.laws.known import (
    AllocationLaw,
    KnownLaw,
    allocation_law,
    allocation_laws,
    published_law,
    published_laws,
)

__all__ = [
    "HOFFMANN",
    "KAPLAN_BATCH_TOKENS",
    "KAPLAN_C",
    "KAPLAN_CMIN",
    "KAPLAN_CRITICAL_BATCH",
    "KAPLAN_D",
    "KAPLAN_N",
    "KAPLAN_ND",
    "KAPLAN_NS",
    "LAWS",
    "NO_CRITICAL_BATCH",
    "POWER_LAW",
    "POWER_LAW_FLOOR",
    "AllocationLaw",
    "CriticalBatch",
    "HoffmannLaw",
    "KaplanLaw",
    "KnownLaw",
    "Law",
    "Parameter",
    "allocation_law",
    "allocation_laws",
    "flops_min",
    "published_law",
    "published_laws",
    "steps_min",
]
