"""Approach 2: IsoFLOP profiles, their minima by three ways, and the power laws through them."""

from __future__ import annotations

from scaling_utils.fitting.isoflop.checks import answers_by_key, lack_of_fit, parabola_bias, vary_choices
from scaling_utils.fitting.isoflop.fit import fit_isoflop, isoflop_slices
from scaling_utils.fitting.isoflop.interpolated import InterpolatedFit, fit_interpolated, interpolated_minima
from scaling_utils.fitting.isoflop.prediction import predict_largest
from scaling_utils.fitting.isoflop.surface import fit_isoflop_surface

__all__ = [
    "InterpolatedFit",
    "answers_by_key",
    "fit_interpolated",
    "fit_isoflop",
    "fit_isoflop_surface",
    "interpolated_minima",
    "isoflop_slices",
    "lack_of_fit",
    "parabola_bias",
    "predict_largest",
    "vary_choices",
]
