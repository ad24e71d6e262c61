"""Approach 1: the lower envelope of training curves, its bend, and the power laws along it."""

from __future__ import annotations

from scaling_utils.fitting.envelope.checks import recovery, vary_choices
from scaling_utils.fitting.envelope.curves import Curves
from scaling_utils.fitting.envelope.fit import fit_envelope
from scaling_utils.fitting.envelope.floor import FlooredFrontier, fit_floor
from scaling_utils.fitting.envelope.frontier import Frontier
from scaling_utils.fitting.envelope.simulated import law_frontier, simulate_runs, within_shapes
from scaling_utils.fitting.envelope.told import bend_in_words, frontier_facts, schedule_in_words

__all__ = [
    "Curves",
    "FlooredFrontier",
    "Frontier",
    "bend_in_words",
    "fit_envelope",
    "fit_floor",
    "frontier_facts",
    "law_frontier",
    "recovery",
    "schedule_in_words",
    "simulate_runs",
    "vary_choices",
    "within_shapes",
]
