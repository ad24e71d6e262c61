"""L(C) of two attention methods by place in the context: the laws, their gap, and where they cross."""

from __future__ import annotations

from scaling_utils.fitting.trailing.checks import (
    bowed_laws,
    compute_ratio,
    exponent_difference,
    gap_band,
    law_band,
    loss_difference,
    narrowing_verdict,
    residuals,
    vary_choices,
)
from scaling_utils.fitting.trailing.fit import (
    TrailingFit,
    fit_trailing,
    has_curves,
    in_text,
    named_in_text,
)
from scaling_utils.fitting.trailing.places import (
    LinePair,
    computes_of_gap,
    drawn_lines,
    fit_places,
    listed_places,
    method_name,
    place_key,
    place_name,
    printed_lines,
)
from scaling_utils.fitting.trailing.tables import (
    crossing_interval,
    crossing_text,
    gaps_table,
    laws_table,
    main_results,
    results_by_key,
)
from scaling_utils.fitting.trailing.told import drawn_in_words, reach_in_words

__all__ = [
    "LinePair",
    "TrailingFit",
    "bowed_laws",
    "compute_ratio",
    "computes_of_gap",
    "crossing_interval",
    "crossing_text",
    "drawn_in_words",
    "drawn_lines",
    "exponent_difference",
    "fit_places",
    "fit_trailing",
    "gap_band",
    "gaps_table",
    "has_curves",
    "in_text",
    "law_band",
    "laws_table",
    "listed_places",
    "loss_difference",
    "main_results",
    "method_name",
    "named_in_text",
    "narrowing_verdict",
    "place_key",
    "place_name",
    "printed_lines",
    "reach_in_words",
    "residuals",
    "results_by_key",
    "vary_choices",
]
