"""Figures to look around in: the runs of a static figure, each with its numbers where one points."""

from __future__ import annotations

from scaling_utils.figures.interactive.curves import (
    explore_envelope,
    explore_pair,
    explore_trailing,
    thinned_curves,
)
from scaling_utils.figures.interactive.surface import explore_surface
from scaling_utils.figures.interactive.valleys import explore_compute, explore_isoflop, explore_steps

__all__ = [
    "explore_compute",
    "explore_envelope",
    "explore_isoflop",
    "explore_pair",
    "explore_steps",
    "explore_surface",
    "explore_trailing",
    "thinned_curves",
]
