"""Kaplan's law of training curves: its fit, its minima at fixed compute, and N_opt in two accountings."""

from __future__ import annotations

from scaling_utils.fitting.kaplan.accountings import Accountings, both_accountings, published_accountings
from scaling_utils.fitting.kaplan.checks import vary_minima
from scaling_utils.fitting.kaplan.curves import as_curves, at_fixed_compute, at_fixed_steps, numbers
from scaling_utils.fitting.kaplan.fit import fit_kaplan
from scaling_utils.fitting.kaplan.minima import MeasuredMinima, measured_minima
from scaling_utils.fitting.kaplan.optimum import fixed_compute_curve, optimal_size
from scaling_utils.fitting.kaplan.simulated import simulate_curves
from scaling_utils.fitting.kaplan.study import KaplanStudy, study_kaplan

__all__ = [
    "Accountings",
    "KaplanStudy",
    "MeasuredMinima",
    "as_curves",
    "at_fixed_compute",
    "at_fixed_steps",
    "both_accountings",
    "fit_kaplan",
    "fixed_compute_curve",
    "measured_minima",
    "numbers",
    "optimal_size",
    "published_accountings",
    "simulate_curves",
    "study_kaplan",
    "vary_minima",
]
