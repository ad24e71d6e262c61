"""Approach 3: the parametric loss surface, its checks, and what the reading of losses does to it."""

from __future__ import annotations

from scaling_utils.fitting.parametric.checks import (
    ABSOLUTE,
    EVERY_RUN,
    HUBER,
    SQUARES,
    bootstrap_summary,
    residual_spread,
    standard_deviations,
    surface_residuals,
    vary_fit,
    wald_distance,
)
from scaling_utils.fitting.parametric.fit import drop_largest_losses, fit_parametric
from scaling_utils.fitting.parametric.reading import as_if_coarse, match_runs, reading_effects, redraw_losses

__all__ = [
    "ABSOLUTE",
    "EVERY_RUN",
    "HUBER",
    "SQUARES",
    "as_if_coarse",
    "bootstrap_summary",
    "drop_largest_losses",
    "fit_parametric",
    "match_runs",
    "reading_effects",
    "redraw_losses",
    "residual_spread",
    "standard_deviations",
    "surface_residuals",
    "vary_fit",
    "wald_distance",
]
